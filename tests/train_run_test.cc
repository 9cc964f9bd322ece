// SPDX-License-Identifier: BSD-3-Clause
// The trainer from end to end, on a few of the bundled photographs' pixels: it learns, stops,
// goes on, and what it exports encodes.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <sstream>
#include <string>

#include "codec/api/codec.h"
#include "model/levels.h"
#include "tests/tiny_model.h"
#include "tools/read_file.h"
#include "tools/train/augment_ycc.h"
#include "tools/train/trainer.h"

// LibTorch brings a CHECK of its own, which ends the program.
#undef CHECK
#include <catch2/catch.hpp>

namespace flowzip {
namespace {

// A folder that goes away.
class Scratch {
 public:
  Scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "flowzip-train-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Scratch() { std::filesystem::remove_all(path_); }
  std::string operator/(const char* name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

std::vector<Image> Pictures() {
  std::vector<Image> images;
  for (uint32_t seed = 0; seed < 5; ++seed) images.push_back(testing::Scene(192, 160, 3, seed));
  return images;
}

TrainOptions SmallOptions(const Scratch& scratch) {
  TrainOptions options;
  options.output = scratch / "model.flzm";
  options.checkpoint = scratch / "run.ckpt";
  options.log = scratch / "run.csv";
  options.name = "test";
  options.fine.width = options.coarse.width = 8;
  options.fine.inner = options.coarse.inner = 8;
  options.fine.head = options.coarse.head = 8;
  options.fine.components = options.coarse.components = 2;
  options.fine.blocks = options.coarse.blocks = {1, 0, 0};
  options.steps = 40;
  options.batch = options.coarse_batch = 4;
  options.crop = 24;
  options.coarse_crop = 16;
  options.learning_rate = 1e-2;
  options.warmup = 5;
  options.ema = 0.9;
  options.pool_megapixels = 0.2;
  options.refresh_seconds = 0;
  options.report_seconds = 0;  // after every step
  options.validation_images = 1;
  options.quantise_share = 0.2;
  options.bf16 = false;
  return options;
}

struct Log {
  std::vector<double> step, train, validation;
};

Log ReadLog(const std::string& path) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  REQUIRE(line.rfind("step,gigapixels,minutes,train,validation,pixels_per_second,l0g0c0", 0) == 0);
  const auto columns = std::count(line.begin(), line.end(), ',');
  Log log;
  while (std::getline(in, line)) {
    REQUIRE(std::count(line.begin(), line.end(), ',') == columns);
    std::istringstream fields(line);
    std::vector<double> values;
    for (std::string field; std::getline(fields, field, ',');) values.push_back(std::stod(field));
    log.step.push_back(values[0]);
    log.train.push_back(values[3]);
    log.validation.push_back(values[4]);
  }
  return log;
}

// The last ten steps against the first five: single ones vary with their crops.
bool Learned(const Log& log) {
  const auto mean = [](auto begin, auto end) {
    return std::accumulate(begin, end, 0.0) / static_cast<double>(end - begin);
  };
  return mean(log.train.end() - 10, log.train.end()) <
         0.95 * mean(log.train.begin(), log.train.begin() + 5);
}

// Encodes and decodes; returns -log2 p in bits per sub-pixel.
double BitsPerSubPixel(const Model& model, const Image& image) {
  EncodeOptions options;
  options.coding = Coding::kFlow;
  options.model = &model;
  EncodeStats stats;
  const std::vector<uint8_t> file = Encode(image, options, &stats);
  DecodeOptions back;
  back.model_override = &model;
  REQUIRE(Decode(file, back).samples == image.samples);
  return stats.tiles.total_bits() / static_cast<double>(image.sub_pixels());
}

TEST_CASE("training lowers the loss, resumes, and exports a model that codes pictures") {
  const Scratch scratch;
  TrainOptions options = SmallOptions(scratch);
  torch::manual_seed(options.seed);
  Trainer(options, Pictures()).Run();

  const Log log = ReadLog(options.log);
  REQUIRE(log.step.size() == 40);
  CHECK(log.step.front() == 1);
  CHECK(log.step.back() == 40);
  CHECK(std::all_of(log.train.begin(), log.train.end(), [](double b) { return std::isfinite(b); }));
  CHECK(Learned(log));
  CHECK(log.validation.back() < log.validation.front());

  const Model model = Model::Parse(ReadFile(options.output));
  CHECK(model.name == "test");
  CHECK(model.components == 2);
  CHECK(model.classes.size() == 2);
  CHECK_FALSE(std::filesystem::exists(options.output + ".tmp"));
  CHECK_FALSE(std::filesystem::exists(options.checkpoint + ".tmp"));
  // The picture that validates: 5 pictures, every 5th, from the middle one on (trainer.cc).
  // Levels below the validation's five, the base and the filters' side information come on top.
  const Image validation = Pictures()[2];
  const double bits = BitsPerSubPixel(model, validation);
  CHECK(bits == Approx(log.validation.back()).epsilon(0.05));
  BitsPerSubPixel(model, testing::Noise(50, 40, 3, 1));
  BitsPerSubPixel(model, testing::Scene(50, 40, 1, 1));

  // Onwards: the weights, the step count and the filters come from the checkpoint.
  options.resume = options.checkpoint;
  options.steps = 10;
  Trainer(options, Pictures()).Run();
  const Log longer = ReadLog(options.log);
  REQUIRE(longer.step.size() == 50);
  CHECK(longer.step[40] == 41);
  CHECK(longer.step.back() == 50);
  CHECK(longer.validation[40] < 1.05 * log.validation.back());
  const Model resumed = Model::Parse(ReadFile(options.output));
  CHECK(resumed.hash() != model.hash());
  CHECK(resumed.classes[0].filters == model.classes[0].filters);
  BitsPerSubPixel(resumed, validation);

  // Other pictures give other filters, but only when asked to.
  std::vector<Image> others;
  for (uint32_t seed = 10; seed < 15; ++seed) others.push_back(testing::Noise(192, 160, 3, seed));
  options.steps = 1;
  for (const bool refit : {false, true}) {
    options.refit_filters = refit;
    Trainer(options, others).Run();
    const Model again = Model::Parse(ReadFile(options.output));
    CHECK((again.classes[0].filters != model.classes[0].filters) == refit);
  }
}

TEST_CASE("affine couplings and latent components train, and code what the training says") {
  const Scratch scratch;
  TrainOptions options = SmallOptions(scratch);
  options.fine.affine = options.coarse.affine = true;
  options.latent_components = true;
  options.adaptive_levels = 1;
  torch::manual_seed(3);
  Trainer(options, Pictures()).Run();
  const Log log = ReadLog(options.log);
  CHECK(Learned(log));
  const Model model = Model::Parse(ReadFile(options.output));
  CHECK(model.affine);
  CHECK(model.latent_components);
  CHECK(model.adaptive_levels == 1);
  // From another validation's noise: the place of a latent inside a sample's cell.
  CHECK(BitsPerSubPixel(model, Pictures()[2]) == Approx(log.validation.back()).epsilon(0.05));

  // A checkpoint without couplings grows them; one with them does not lose them.
  TrainOptions plain = SmallOptions(scratch);
  plain.steps = 3;
  plain.checkpoint = scratch / "plain.ckpt";
  Trainer(plain, Pictures()).Run();
  options.resume = plain.checkpoint;
  options.steps = 1;
  Trainer(options, Pictures()).Run();
  CHECK(Model::Parse(ReadFile(options.output)).affine);
  plain.resume = options.checkpoint;
  CHECK_THROWS_WITH(Trainer(plain, Pictures()),
                    "the checkpoint's network does not fit into this shape");
}

TEST_CASE("bfloat16 trains too, and the background refresh ends with the run") {
  const Scratch scratch;
  TrainOptions options = SmallOptions(scratch);
  options.checkpoint.clear();
  options.bf16 = true;
  options.refresh_seconds = 0.01;
  options.steps = 25;
  options.quantise_share = 0;
  torch::manual_seed(2);
  Trainer(options, Pictures()).Run();
  CHECK(Learned(ReadLog(options.log)));
}

TEST_CASE("too few pictures are refused") {
  const Scratch scratch;
  CHECK_THROWS_WITH(Trainer(SmallOptions(scratch), {testing::Scene(192, 160, 3, 1)}),
                    "too few pictures to train and validate");
}

TEST_CASE("crops that no picture holds are refused, not waited for") {
  const Scratch scratch;
  for (const bool coarse : {false, true}) {
    TrainOptions options = SmallOptions(scratch);
    (coarse ? options.coarse_crop : options.crop) = 100;
    CHECK_THROWS_WITH(Trainer(options, Pictures()).Run(),
                      "no training picture is large enough for the crops");
  }
}

TEST_CASE("a pack holds the pictures that were put in, gray ones as RGB") {
  const Scratch scratch;
  const std::string path = scratch / "pictures.pack";
  const std::vector<Image> images = {testing::Noise(130, 128, 3, 1), testing::Scene(128, 200, 3, 2),
                                     testing::Noise(3, 2, 3, 3)};
  WritePack(path, images);
  const std::vector<Image> again = ReadPack(path);
  REQUIRE(again.size() == 3);
  for (size_t i = 0; i < 3; ++i) {
    CHECK(again[i].width == images[i].width);
    CHECK(again[i].height == images[i].height);
    CHECK(again[i].channels == 3);
    CHECK(again[i].samples == images[i].samples);
  }
  // Pictures without a crop are left out of training.
  CHECK(LoadImages(path).size() == 2);

  const FileBytes bytes = ReadFile(path);
  for (const size_t size : {size_t{0}, size_t{7}, size_t{11}, size_t{15}, bytes.size() - 1}) {
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(size));
    CHECK_THROWS_AS(ReadPack(path), Error);
  }
  std::vector<uint8_t> huge(bytes.begin(), bytes.begin() + 12);  // one picture more, 2^32 wide
  huge.insert(huge.end(), 8, 0xFF);
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(huge.data()), static_cast<std::streamsize>(huge.size()));
  CHECK_THROWS_WITH(ReadPack(path), "impossible picture size in the pack file");
  CHECK_THROWS_WITH(ReadPack(scratch / "none"), "cannot open the pack file");
}

#ifdef FLOWZIP_HAVE_PNG
TEST_CASE("a folder of PNGs is read in the order of names, gray as RGB, others skipped") {
  const std::vector<Image> photos = LoadImages(std::string(FLOWZIP_SOURCE_DIR) + "/data/photos");
  REQUIRE(photos.size() >= 4);
  CHECK(photos[0].width == 512);  // colorado
  for (const Image& image : photos) CHECK(image.samples.size() == image.sub_pixels());
  CHECK(photos[3].channels == 3);  // moon-gray
  CHECK(photos[3].samples[0] == photos[3].samples[1]);

  const Scratch scratch;
  CHECK_THROWS_WITH(LoadImages(scratch / "."), "no usable training pictures");
  WritePack(scratch / "photos.pack", photos);
  const std::vector<Image> packed = LoadImages(scratch / "photos.pack");
  REQUIRE(packed.size() == photos.size());
  CHECK(packed[1].samples == photos[1].samples);
}
#endif

TEST_CASE("augmented pictures have sizes that the pyramid divides and samples in range") {
  std::mt19937 rng(1);
  Model model;
  const Image image = testing::Scene(300, 260, 3, 5);
  for (int trial = 0; trial < 60; ++trial) {
    const TrainingPlanes other = Augment(image, model, 1.0, rng);
    const auto ranges = FindRanges(other);
    CHECK(ranges[0].min >= 0);
    CHECK(ranges[0].max <= 255);
    for (int c = 0; c < kChannels; ++c) {
      CHECK(other[c].width() % 32 == 0);
      CHECK(other[c].height() % 32 == 0);
      CHECK(std::min(other[c].width(), other[c].height()) >= 128);
      CHECK(ranges[c].max - ranges[c].min <= 510);
    }
  }
  TrainingPlanes cropped = Augment(image, model, 0, rng);
  CHECK(cropped[0].width() == 288);
  CHECK(cropped[0].height() == 256);
  model.lifting.Inverse(cropped);
  for (int c = 0; c < kChannels; ++c) CHECK(cropped[c].At(7, 0) == image.samples[7 * 3 + c]);
}

TEST_CASE("simulated half-size chroma is what its interpolation says") {
  // Smooth but for noise in the blue: chroma of full size is not what an interpolation gives.
  std::mt19937 rng(4);
  Floats rgb(96, 64);
  for (int y = 0; y < 64; ++y) {
    for (int x = 0; x < 96; ++x) {
      for (int k = 0; k < 3; ++k) rgb.c[k][y * 96 + x] = 40.0f + k * 30 + x;
      rgb.c[2][y * 96 + x] += static_cast<float>(rng() % 64);
    }
  }
  int interpolated = 0;
  for (int trial = 0; trial < 40; ++trial) {
    const TrainingPlanes planes = SimulateYcc(rgb, rng);
    int hits = 0;
    for (int x = 0; x + 2 < 96; x += 2) {
      hits += planes[1].At(x + 1, 20) == (planes[1].At(x, 20) + planes[1].At(x + 2, 20) + 1) >> 1;
    }
    interpolated += hits == 47;
  }
  CHECK(interpolated > 4);   // co-sited
  CHECK(interpolated < 40);  // but not all
}

}  // namespace
}  // namespace flowzip
