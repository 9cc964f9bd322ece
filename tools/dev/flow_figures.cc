// SPDX-License-Identifier: BSD-3-Clause
// Makes the pictures and the tables of docs/flows.md (scripts/make-flow-figures.sh runs it).
//
//   flow_figures pictures DIRECTORY     heat map, completed pictures, samples
//   flow_figures roc                    Markdown: ROC areas of planted anomalies
//   flow_figures likelihood NAME FILE... [-- NAME FILE...]...
//                                       Markdown: a row for each set of PNG files, and for noise
//                                       made here; how well each is told from the set "Kodak"
#include <algorithm>
#include <cstdio>
#include <functional>
#include <string>

#include "analysis/anomaly.h"
#include "analysis/heat_map.h"
#include "analysis/sampler.h"
#include "analysis/score.h"
#include "tests/photos.h"
#include "tests/planted.h"

namespace flowzip {
namespace {

using testing::DetailedBits;
using testing::Photo;

const char* const kPhotos[] = {"colorado", "dome", "dunes", "moon-gray"};

// Copies a rectangle of a picture into another, gray as RGB.
void Paste(const Image& from, const Rect& part, uint32_t x, uint32_t y, Image& to) {
  for (uint32_t j = 0; j < part.height; ++j) {
    for (uint32_t i = 0; i < part.width; ++i) {
      const uint8_t* p = Pixel(from, part.x + i, part.y + j);
      for (int c = 0; c < 3; ++c) Pixel(to, x + i, y + j)[c] = p[from.channels == 3 ? c : 0];
    }
  }
}

Image Blank(uint32_t width, uint32_t height) {
  return {width, height, 3, 8, Samples(size_t{width} * height * 3, 255)};
}

// Pictures with something planted, and below them their maps of bits with what stands out, all
// on one scale.
void HeatMapPicture(const std::string& directory) {
  constexpr uint32_t kPart = 144, kGap = 4, kWidth = 3 * (kPart + kGap) - kGap;
  constexpr double kMax = 30;
  constexpr float kThreshold = 4;
  Image all = Blank(kWidth, 2 * (kPart + kGap) + kScaleHeight);
  constexpr Rect kAt{160, 64, 80, 80};
  for (uint32_t i = 0; i < 3; ++i) {
    Image image = Photo(i == 0 ? "colorado" : i == 1 ? "dome" : "dunes");
    if (i == 0) PlantNoise(4, 1, kAt, image);
    if (i == 1) PlantJpeg(30, kAt, image);
    if (i == 2) PlantPatch(Photo("colorado"), 61, 271, kAt, image);
    const PixelBits bits = DetailedBits(image);
    const AnomalyMap anomalies = FindAnomalies(bits);
    const Rect part{kAt.x - 32, kAt.y - 32, kPart, kPart};
    Paste(image, part, i * (kPart + kGap), 0, all);
    Paste(DrawHeatMap(bits, {kMax, &anomalies, kThreshold}), part, i * (kPart + kGap), kPart + kGap,
          all);
  }
  PixelBits scale;
  scale.Reset(kWidth, 0);
  Paste(DrawHeatMap(scale, {kMax, nullptr, 0}), {0, 0, kWidth, kScaleHeight}, 0, 2 * (kPart + kGap),
        all);
  WritePng(all, directory + "/flows-heatmap.png");
}

// A part of a picture, and three ways to go on from its upper half.
void CompletedPicture(const std::string& directory) {
  Image all = Blank(2 * (256 + 4) - 4, 2 * (192 + 4) - 4);
  const Image photo = Photo("colorado");
  for (int i = 0; i < 4; ++i) {
    SampleOptions options;
    options.from = &photo;
    options.kept_rows = i == 0 ? photo.height : photo.height / 2;
    options.seed = static_cast<uint64_t>(i);
    Paste(Sample(options), {128, photo.height / 2 - 96, 256, 192}, i % 2 * 260, i / 2 * 196, all);
  }
  WritePng(all, directory + "/flows-completed.png");
}

// Seeds 1, 2, 3; below, seed 1 at temperatures 0.7, 0.85 and 1.15.
void SamplesPicture(const std::string& directory) {
  Image all = Blank(3 * 140 - 4, 2 * 108 - 4);
  for (int i = 0; i < 6; ++i) {
    SampleOptions options;
    options.width = 136;
    options.height = 104;
    options.seed = i < 3 ? 1 + i : 1;
    constexpr double kTemperature[] = {1, 1, 1, 0.7, 0.85, 1.15};
    options.temperature = kTemperature[i];
    Paste(Sample(options), {0, 0, 136, 104}, i % 3 * 140, i / 3 * 108, all);
  }
  WritePng(all, directory + "/flows-samples.png");
}

// Three places in each picture for noise, JPEG, and a patch of each other picture.
void Roc() {
  constexpr uint32_t kSide = 80;
  std::printf("| planted in | noise | JPEG | patches |\n|---|---|---|---|\n");
  for (int a = 0; a < 4; ++a) {
    std::string cells[3];
    for (int kind = 0; kind < 6; ++kind) {
      if (kind >= 2 && kind - 2 == a) continue;
      for (uint32_t place = 0; place < 3; ++place) {
        Image image = Photo(kPhotos[a]);
        constexpr uint32_t kRows[] = {10, 3, 7};
        const Rect at{(image.width - kSide) / 16 * (2 + 5 * place) / 13 * 16,
                      (image.height - kSide) / 16 * kRows[place] / 13 * 16, kSide, kSide};
        if (kind == 0) {
          PlantNoise(a == 3 ? 8 : 4, a * 7 + place, at, image);
        } else if (kind == 1) {
          PlantJpeg(30, at, image);
        } else {
          const Image from = Photo(kPhotos[kind - 2]);
          PlantPatch(from, (from.width - kSide) * (place + 1) / 4 | 1,
                     (from.height - kSide) * (3 - place) / 4 | 1, at, image);
        }
        char text[16];
        std::snprintf(text, sizeof text, "%.2f ",
                      AreaUnderRoc(FindAnomalies(DetailedBits(image)).score, image.width, at));
        cells[std::min(kind, 2)] += text;
      }
    }
    std::printf("| %s | %s| %s| %s|\n", kPhotos[a], cells[0].c_str(), cells[1].c_str(),
                cells[2].c_str());
  }
}

struct Measured {
  double bits_per_dimension, surprise;  // surprise: (bits - expected bits) per dimension
  double quiet;                         // share of pixels below one bit
};

Measured Measure(const Image& image) {
  const PixelBits bits = DetailedBits(image);
  double total = 0, difference = 0, quiet = 0;
  for (size_t i = 0; i < bits.bits.size(); ++i) {
    total += bits.bits[i];
    quiet += bits.bits[i] < 1;
    for (const PixelBits::Detail& channel : bits.channel) {
      if (channel.mean[i] > 0) difference += channel.bits[i] - channel.mean[i];
    }
  }
  const auto dimensions = static_cast<double>(image.sub_pixels());
  return {total / dimensions, difference / dimensions,
          quiet / static_cast<double>(bits.bits.size())};
}

std::string Spread(const std::vector<Measured>& all, double Measured::*member, double scale,
                   const char* format) {
  double sum = 0, low = 1e9, high = -1e9;
  for (const Measured& m : all) {
    sum += scale * m.*member / static_cast<double>(all.size());
    low = std::min(low, scale * m.*member);
    high = std::max(high, scale * m.*member);
  }
  char text[64];
  std::snprintf(text, sizeof text, format, sum, low, high);
  return text;
}

struct Set {
  std::string name;
  std::vector<Measured> all;
};

// How well a threshold on that figure tells two sets apart, in whichever direction: 0.5 to 1.
double Separation(const Set& a, const Set& b, double Measured::*member) {
  double above = 0;
  for (const Measured& x : a.all) {
    for (const Measured& y : b.all) {
      above += x.*member > y.*member ? 1 : x.*member == y.*member ? 0.5 : 0;
    }
  }
  above /= static_cast<double>(a.all.size() * b.all.size());
  return std::max(above, 1 - above);
}

// Means, and in brackets the lowest and the highest.
void PrintSets(const std::vector<Set>& sets) {
  const auto kodak =
      std::find_if(sets.begin(), sets.end(), [](const Set& set) { return set.name == "Kodak"; });
  std::printf(
      "| pictures | number | bits/dim | surprise/dim | %% of pixels below 1 bit | told from Kodak "
      "by each (AUC) |\n|---|---|---|---|---|---|\n");
  for (const Set& set : sets) {
    char apart[48] = "";
    if (kodak != sets.end() && &set != &*kodak) {
      std::snprintf(apart, sizeof apart, "%.2f, %.2f, %.2f",
                    Separation(set, *kodak, &Measured::bits_per_dimension),
                    Separation(set, *kodak, &Measured::surprise),
                    Separation(set, *kodak, &Measured::quiet));
    }
    std::printf("| %s | %zu | %s | %s | %s | %s |\n", set.name.c_str(), set.all.size(),
                Spread(set.all, &Measured::bits_per_dimension, 1, "%.2f (%.2f to %.2f)").c_str(),
                Spread(set.all, &Measured::surprise, 1, "%+.2f (%+.2f to %+.2f)").c_str(),
                Spread(set.all, &Measured::quiet, 100, "%.1f (%.1f to %.1f)").c_str(), apart);
  }
}

// Ten pictures of independent samples.
Set Noise(const char* name, const std::function<uint8_t(PlantRandom&)>& draw) {
  Set set{name, {}};
  for (uint64_t seed = 0; seed < 10; ++seed) {
    PlantRandom random(seed);
    Image image{256, 256, 3, 8, {}};
    for (uint64_t i = 0; i < image.sub_pixels(); ++i) image.samples.push_back(draw(random));
    set.all.push_back(Measure(image));
  }
  return set;
}

// The words of the command line: sets of files, with "--" between them.
void Likelihood(const std::vector<std::string>& words) {
  std::vector<Set> sets;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i == 0 || words[i] == "--") {
      if (i > 0) ++i;
      if (i < words.size()) sets.push_back({words[i], {}});
      continue;
    }
    try {
      sets.back().all.push_back(Measure(ReadPng(words[i])));
    } catch (const Error& error) {  // a kind of PNG that is not supported
      std::fprintf(stderr, "%s: %s\n", words[i].c_str(), error.what());
    }
  }
  std::erase_if(sets, [](const Set& set) { return set.all.empty(); });
  sets.push_back(Noise("Gaussian noise, sigma 16",
                       [](PlantRandom& random) { return ToSample(128 + 16 * random.Gauss()); }));
  sets.push_back(Noise("uniform noise",
                       [](PlantRandom& random) { return ToSample(256 * random.Uniform() - 0.5); }));
  PrintSets(sets);
}

int Main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "pictures" && argc == 3) {
    HeatMapPicture(argv[2]);
    CompletedPicture(argv[2]);
    SamplesPicture(argv[2]);
  } else if (what == "roc" && argc == 2) {
    Roc();
  } else if (what == "likelihood" && argc > 3) {
    Likelihood({argv + 2, argv + argc});
  } else {
    std::fprintf(stderr, "see the head of tools/dev/flow_figures.cc\n");
    return 2;
  }
  return 0;
}

}  // namespace
}  // namespace flowzip

int main(int argc, char** argv) {
  try {
    return flowzip::Main(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
