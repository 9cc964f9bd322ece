// SPDX-License-Identifier: BSD-3-Clause
// Small models and pictures from formulas and seeds, the same on every machine for ever:
// the tests' models differ in shape from the embedded ones, and never change with them.
//
// Random numbers are raw outputs of mt19937, which the C++ standard fixes; its distributions
// are left to the library.
#pragma once

#include <array>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "codec/picture/image.h"
#include "model/model.h"

namespace flowzip::testing {

class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}
  // Both ends included.
  int Between(int lo, int hi) {
    return lo + static_cast<int>(engine_() % (static_cast<uint32_t>(hi - lo) + 1));
  }
  uint8_t Byte() { return static_cast<uint8_t>(engine_() >> 24); }
  uint32_t Word() { return static_cast<uint32_t>(engine_()); }

 private:
  std::mt19937 engine_;
};

struct TinyShape {
  int width = 8, inner = 6, head = 8;
  std::array<int, kGroups> blocks{1, 1, 0};
  int components = 2, classes = 2, adaptive_levels = 2;
  ContextRadii radii{{10, 5, 5}, {2, 2, 2}, {2, 2, 2}};
  bool latent_components = false, affine = false;
};

// Weights of random size up to `gain` / sqrt(inputs), where 1 keeps the size of activations.
inline Conv2d RandomConv(Random& random, int in, int out, int kernel, double gain) {
  Conv2d conv{in, out, kernel, /*shift=*/12, {}, {}, {}};
  int root = 1;
  while ((root + 1) * (root + 1) <= in * kernel * kernel) ++root;
  const int most = static_cast<int>(gain * 4096 * 2) / root;
  for (int64_t i = 0; i < conv.Macs(); ++i) {
    conv.weight.push_back(static_cast<int16_t>(random.Between(-most, most)));
  }
  for (int o = 0; o < out; ++o) conv.bias.push_back(random.Between(-100'000, 100'000));
  conv.Prepare();
  return conv;
}

// A network that predicts nothing useful but uses every part: mixtures of different weights,
// means and scales that depend on the picture.
inline LevelNet RandomNet(Random& random, const TinyShape& shape) {
  LevelNet net;
  const int k = shape.components;
  for (int g = 0; g < kGroups; ++g) {
    GroupNet& group = net.groups[g];
    group.input = RandomConv(random, kTrunkInputs[g], shape.width, 3, 0.6);
    for (int b = 0; b < shape.blocks[g]; ++b) {
      group.blocks.push_back({RandomConv(random, shape.width, shape.inner, 3, 0.8),
                              RandomConv(random, shape.inner, shape.width, 3, 0.5)});
    }
    for (int c = 0; c < kChannels; ++c) {
      HeadNet& head = group.heads[c];
      head.hidden = RandomConv(random, shape.width, shape.head, 1, 0.6);
      if (c > 0) head.extra = RandomConv(random, kHeadInputs[c], shape.head, 3, 0.4);
      head.out = RandomConv(random, shape.head, 3 * k, 1, 0.3);
      // Scales of 2 steps, one octave apart.
      for (int i = 0; i < k; ++i) head.out.bias[2 * k + i] = (2 * i - k + 1) * 128 * 4096;
    }
  }
  return net;
}

inline Model TinyModel(uint32_t seed, const TinyShape& shape = {}) {
  Random random(seed);
  Model model;
  model.name = "tiny-" + std::to_string(seed);
  model.components = shape.components;
  model.adaptive_levels = shape.adaptive_levels;
  model.radii = shape.radii;
  const TapSet taps(shape.radii);
  for (int i = 0; i < shape.classes; ++i) {
    LevelClass& level_class = model.classes.emplace_back();
    for (int g = 0; g < kGroups; ++g) {
      for (int c = 0; c < kChannels; ++c) {
        for (size_t t = 0; t < taps.taps[g][c].size(); ++t) {
          level_class.filters[g][c].push_back(static_cast<int16_t>(random.Between(-60, 60)));
        }
      }
    }
    level_class.net = RandomNet(random, shape);
  }
  model.latent_components = shape.latent_components;
  model.affine = shape.affine;
  for (size_t i = 0; shape.affine && i < model.classes.size(); ++i) {
    for (GroupNet& group : model.classes[i].net.groups) {
      group.scale = RandomConv(random, shape.width, kChannels, 1, 2.0);
    }
  }
  model.Serialize();  // sets the hash
  return model;
}

inline Image MakeImage(uint32_t width, uint32_t height, int channels) {
  Image image;
  image.width = width;
  image.height = height;
  image.channels = channels;
  image.samples.assign(image.row_bytes() * height, 0);
  return image;
}

inline Image Flat(uint32_t width, uint32_t height, int channels, uint8_t value) {
  Image image = MakeImage(width, height, channels);
  for (uint8_t& s : image.samples) s = value;
  return image;
}

inline Image Noise(uint32_t width, uint32_t height, int channels, uint32_t seed) {
  Image image = MakeImage(width, height, channels);
  Random random(seed);
  for (uint8_t& s : image.samples) s = random.Byte();
  return image;
}

// 0 and 255 by turns in both directions, the channels in opposite phase.
inline Image Checkerboard(uint32_t width, uint32_t height, int channels) {
  Image image = MakeImage(width, height, channels);
  uint8_t* to = image.samples.data();
  for (uint32_t y = 0; y < height; ++y) {
    for (uint32_t x = 0; x < width; ++x) {
      for (int c = 0; c < channels; ++c) *to++ = (x + y + c) % 2 ? 255 : 0;
    }
  }
  return image;
}

inline Image Gradient(uint32_t width, uint32_t height, int channels) {
  Image image = MakeImage(width, height, channels);
  uint8_t* to = image.samples.data();
  for (uint32_t y = 0; y < height; ++y) {
    for (uint32_t x = 0; x < width; ++x) {
      for (int c = 0; c < channels; ++c) *to++ = static_cast<uint8_t>((c + 1) * x / 2 + y);
    }
  }
  return image;
}

// Something like a photograph: smooth shapes with edges, texture that the adaptive filters can
// learn, correlated channels, and a little noise.
inline Image Scene(uint32_t width, uint32_t height, int channels, uint32_t seed) {
  Image image = MakeImage(width, height, channels);
  Random random(seed);
  const int period = random.Between(5, 9), slope = random.Between(2, 5);
  const int cx = random.Between(0, static_cast<int>(width)),
            cy = random.Between(0, static_cast<int>(height));
  const auto wave = [](int phase, int length) {  // a triangle of height 16
    const int at = phase % (2 * length);
    return 16 * (at < length ? at : 2 * length - at) / length;
  };
  uint8_t* to = image.samples.data();
  for (int y = 0; y < static_cast<int>(height); ++y) {
    for (int x = 0; x < static_cast<int>(width); ++x) {
      const int dx = x - cx, dy = y - cy;
      const bool inside = dx * dx + 2 * dy * dy < static_cast<int>(width * height) / 9;
      const int texture = wave(slope * x + 3 * y, period * slope);
      for (int c = 0; c < channels; ++c) {
        int v = inside ? 150 - 20 * c + texture : 60 + 15 * c + wave(x + 2 * y, 97) * 4;
        v += random.Between(-2, 2);
        *to++ = static_cast<uint8_t>(v < 0 ? 0 : v > 255 ? 255 : v);
      }
    }
  }
  return image;
}

}  // namespace flowzip::testing
