// SPDX-License-Identifier: BSD-3-Clause
#include "tools/train/dataset.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "base/error.h"
#ifdef FLOWZIP_HAVE_PNG
#include "codec/tiles/tile_modes.h"
#include "tools/png_io.h"
#endif

namespace flowzip {
namespace {

constexpr char kPackMagic[8] = {'F', 'L', 'Z', 'P', 'A', 'C', 'K', '1'};
constexpr uint32_t kMaxPackSide = 1 << 20;
constexpr int kMinSide = 128;  // smaller pictures have no crop at level 0
// Draws without a usable picture before a batch is given up.
constexpr int kMaxTries = 100'000;
// How often each level is drawn for a coarse crop, from level 1 on.
constexpr double kCoarseShare[] = {0.65, 0.25, 0.10};

void CopyCrop(const PreparedLevel& level, int x0, int y0, int width, int height, float* to) {
  for (int y = 0; y < height; ++y) {
    const int16_t* from =
        &level.data[(static_cast<size_t>(y0 + y) * level.width + x0) * kPreparedChannels];
    for (int i = 0; i < width * kPreparedChannels; ++i) *to++ = from[i] * (1.0f / 256);
  }
}

Image ToRgb(Image image) {
  if (!FlowTakes(image) || image.has_alpha()) {
    throw Error(ErrorCode::kUnsupported, "neither 8-bit gray nor 8-bit RGB");
  }
  if (image.channels == 3) return image;
  Image rgb{image.width, image.height, 3, 8, {}};
  for (const uint8_t v : image.samples) rgb.samples.insert(rgb.samples.end(), 3, v);
  return rgb;
}

}  // namespace

std::vector<Image> LoadFolder(const std::string& folder) {
#ifdef FLOWZIP_HAVE_PNG
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".png") paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<Image> images;
  for (const std::string& path : paths) {
    try {
      images.push_back(ToRgb(ReadPng(path)));
    } catch (const Error& error) {
      std::fprintf(stderr, "flowzip-train: skipping %s: %s\n", path.c_str(), error.what());
    }
  }
  return images;
#else
  throw Error(ErrorCode::kUnsupported, "built without libpng: " + folder + " must be a pack file");
#endif
}

void WritePack(const std::string& path, const std::vector<Image>& images) {
  std::ofstream out(path, std::ios::binary);
  ByteWriter head;
  for (const char c : kPackMagic) head.Put(static_cast<uint8_t>(c));
  head.Put(static_cast<uint32_t>(images.size()));
  out.write(reinterpret_cast<const char*>(head.bytes().data()), head.size());
  for (const Image& image : images) {
    ByteWriter size;
    size.Put(image.width);
    size.Put(image.height);
    out.write(reinterpret_cast<const char*>(size.bytes().data()), size.size());
    out.write(reinterpret_cast<const char*>(image.samples.data()), image.samples.size());
  }
  Require(out.good(), ErrorCode::kIo, "cannot write the pack file");
}

std::vector<Image> ReadPack(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  Require(in.good(), ErrorCode::kIo, "cannot open the pack file");
  std::vector<uint8_t> bytes((std::istreambuf_iterator<char>(in)), {});
  ByteReader reader(bytes);
  for (const char c : kPackMagic) {
    Require(reader.Get<uint8_t>() == static_cast<uint8_t>(c), ErrorCode::kCorrupt,
            "not a pack file");
  }
  std::vector<Image> images;
  for (uint32_t n = reader.Get<uint32_t>(); n > 0; --n) {
    Image image{reader.Get<uint32_t>(), 0, 3, 8, {}};
    image.height = reader.Get<uint32_t>();
    // No product of such sizes overflows.
    Require(image.width <= kMaxPackSide && image.height <= kMaxPackSide, ErrorCode::kCorrupt,
            "impossible picture size in the pack file");
    const ByteSpan samples = reader.GetBytes(image.sub_pixels());
    image.samples.assign(samples.begin(), samples.end());
    images.push_back(std::move(image));
  }
  return images;
}

std::vector<Image> LoadImages(const std::string& path) {
  std::vector<Image> images =
      std::filesystem::is_directory(path) ? LoadFolder(path) : ReadPack(path);
  std::erase_if(images, [](const Image& i) {
    return std::min(i.width, i.height) < static_cast<uint32_t>(kMinSide);
  });
  Require(!images.empty(), ErrorCode::kInvalidArgument, "no usable training pictures");
  return images;
}

torch::Tensor LevelTensor(const PreparedLevel& level, int x0, int y0, int width, int height) {
  torch::Tensor crop = torch::empty({1, height, width, kPreparedChannels});
  CopyCrop(level, x0, y0, width, height, crop.data_ptr<float>());
  return crop.permute({0, 3, 1, 2});
}

TrainingPool::TrainingPool(const std::vector<Image>& images, const Model& model, double strength,
                           double megapixels, double refresh_seconds, uint64_t seed)
    : images_(images), model_(model), strength_(strength) {
  std::mt19937 rng(static_cast<uint32_t>(seed));
  double pixels = 0;
  for (size_t n = 0; pixels < megapixels * 1e6; ++n) {
    const Image& image = images[n % images.size()];
    pixels += static_cast<double>(image.width) * image.height;
    source_.push_back(n % images.size());
  }
  pool_.resize(source_.size());
  std::vector<uint32_t> seeds(pool_.size());
  for (uint32_t& s : seeds) s = rng();
  ThreadPool outer(static_cast<int>(std::max(1u, std::thread::hardware_concurrency())));
  outer.ParallelFor(static_cast<int64_t>(pool_.size()), [&](int64_t i) {
    ThreadPool inner(1);
    std::mt19937 own(seeds[i]);
    pool_[i] = std::make_shared<PreparedImage>(
        Prepare(Augment(images_[source_[i]], model_, strength_, own), model_, inner));
  });
  if (refresh_seconds > 0) {
    refresher_ = std::thread([this, refresh_seconds, seed] { Refresh(refresh_seconds, seed + 1); });
  }
}

TrainingPool::~TrainingPool() {
  stop_ = true;
  if (refresher_.joinable()) refresher_.join();
}

void TrainingPool::Refresh(double seconds, uint64_t seed) {
  std::mt19937 rng(static_cast<uint32_t>(seed));
  ThreadPool inner(1);
  while (!stop_) {
    const size_t slot = rng() % pool_.size();
    auto fresh = std::make_shared<PreparedImage>(
        Prepare(Augment(images_[source_[slot]], model_, strength_, rng), model_, inner));
    {
      const std::lock_guard lock(mutex_);
      pool_[slot] = std::move(fresh);
    }
    for (double waited = 0; waited < seconds && !stop_; waited += 0.1) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  }
}

torch::Tensor TrainingPool::Batch(int batch, int size, bool coarse, std::mt19937& rng) const {
  torch::Tensor crops = torch::empty({batch, size, size, kPreparedChannels});
  const int64_t one = int64_t{size} * size * kPreparedChannels;
  for (int b = 0, tries = 0; b < batch;) {
    Require(++tries < kMaxTries, ErrorCode::kInvalidArgument,
            "no training picture is large enough for the crops");
    std::shared_ptr<const PreparedImage> image;
    {
      const std::lock_guard lock(mutex_);
      image = pool_[rng() % pool_.size()];
    }
    size_t l = 0;
    if (coarse) {
      double draw = std::uniform_real_distribution<double>(0, 1)(rng);
      for (l = 1; l < std::size(kCoarseShare) && draw >= kCoarseShare[l - 1]; ++l) {
        draw -= kCoarseShare[l - 1];
      }
    }
    if (l >= image->levels.size()) continue;
    const PreparedLevel& level = image->levels[l];
    if (level.width < size || level.height < size) continue;
    // Larger pictures must come up more often: keep with a chance in proportion to area.
    const double area = static_cast<double>(level.width) * level.height;
    const double largest = 512.0 * 512.0 / std::ldexp(1.0, 2 * static_cast<int>(l));
    if (std::uniform_real_distribution<double>(0, 1)(rng) > area / largest + 0.05) continue;
    const int x0 = static_cast<int>(rng() % (level.width - size + 1));
    const int y0 = static_cast<int>(rng() % (level.height - size + 1));
    CopyCrop(level, x0, y0, size, size, crops.data_ptr<float>() + b * one);
    ++b;
    tries = 0;
  }
  return crops.permute({0, 3, 1, 2});
}

}  // namespace flowzip
