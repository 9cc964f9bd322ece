// SPDX-License-Identifier: BSD-3-Clause
// A model with every parameter at the limit of what the reader accepts, on pictures made to
// drive it there: files and pixels of every target equal the scalar definition's. Under
// UndefinedBehaviorSanitizer (preset `asan`) this is also the proof that nothing overflows.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <limits>

#include "codec/api/codec.h"
#include "model/simd_targets.h"
#include "tests/tiny_model.h"

namespace flowzip {
namespace {

using testing::Random;

enum class Signs { kPositive, kNegative, kRandom };

int Sign(Random& random, Signs signs) {
  if (signs == Signs::kRandom) return random.Between(0, 1) ? 1 : -1;
  return signs == Signs::kPositive ? 1 : -1;
}

// Weights as large as CheckBounds accepts; the bias takes what is left to the last unit.
Conv2d ExtremeConv(Random& random, Signs signs, int in, int out, int kernel, int shift) {
  Conv2d conv{in, out, kernel, shift, {}, {}, {}};
  const int64_t room =
      int64_t{std::numeric_limits<int32_t>::max()} - kMaxActivation - (int64_t{1} << (shift - 1));
  const int taps = in * kernel * kernel;
  for (int o = 0; o < out; ++o) {
    int64_t gain = room / kMaxActivation;
    for (int t = 0; t < taps; ++t) {
      const int64_t w = std::min<int64_t>(gain / (taps - t), 32767);
      gain -= w;
      conv.weight.push_back(static_cast<int16_t>(Sign(random, signs) * w));
    }
    int64_t spent = 0;
    for (int t = 0; t < taps; ++t) spent += std::abs(int{conv.weight[o * taps + t]});
    conv.bias.push_back(
        static_cast<int32_t>(Sign(random, signs) * (room - spent * kMaxActivation)));
  }
  conv.Prepare();
  // One more is refused: the limit it is.
  Conv2d beyond = conv;
  beyond.bias[0] += beyond.bias[0] < 0 ? -1 : 1;
  REQUIRE_THROWS_AS(beyond.CheckBounds(), Error);
  return conv;
}

LevelNet ExtremeNet(Random& random, Signs signs, const testing::TinyShape& shape, int shift) {
  LevelNet net;
  const auto conv = [&](int in, int out, int kernel) {
    return ExtremeConv(random, signs, in, out, kernel, shift);
  };
  for (int g = 0; g < kGroups; ++g) {
    GroupNet& group = net.groups[g];
    group.input = conv(kTrunkInputs[g], shape.width, 3);
    for (int b = 0; b < shape.blocks[g]; ++b) {
      group.blocks.push_back(
          {conv(shape.width, shape.inner, 3), conv(shape.inner, shape.width, 3)});
    }
    for (int c = 0; c < kChannels; ++c) {
      group.heads[c].hidden = conv(shape.width, shape.head, 1);
      if (c > 0) group.heads[c].extra = conv(kHeadInputs[c], shape.head, 3);
      group.heads[c].out = conv(shape.head, 3 * shape.components, 1);
    }
  }
  return net;
}

// Filters with sum |w| = 2^20 where their taps allow it.
Filter ExtremeFilter(Random& random, Signs signs, size_t taps) {
  Filter filter;
  int32_t norm = kMaxFilterNorm;
  for (size_t t = 0; t < taps; ++t) {
    const int32_t w = std::min(norm, 32767);
    norm -= w;
    filter.push_back(static_cast<int16_t>(Sign(random, signs) * w));
  }
  return filter;
}

Model ExtremeModel(uint32_t seed, Signs signs, int shift) {
  Random random(seed);
  testing::TinyShape shape;
  shape.components = 8;
  shape.radii = {{26, 17, 13}, {5, 5, 4}, {10, 5, 5}};
  Model model;
  model.name = "extreme";
  model.components = shape.components;
  model.adaptive_levels = 2;
  model.radii = shape.radii;
  const TapSet taps(shape.radii);
  LevelClass& level_class = model.classes.emplace_back();
  for (int g = 0; g < kGroups; ++g) {
    for (int c = 0; c < kChannels; ++c) {
      level_class.filters[g][c] = ExtremeFilter(random, signs, taps.taps[g][c].size());
    }
  }
  level_class.net = ExtremeNet(random, signs, shape, shift);
  model = Model::Parse(model.Serialize());  // every limit is one that the reader accepts
  return model;
}

std::vector<Image> Pictures() {
  std::vector<Image> pictures = {testing::Checkerboard(38, 35, 3), testing::Noise(33, 20, 1, 1)};
  // All samples at one of the ends, at random: large differences in every direction.
  Image ends = testing::Noise(72, 66, 3, 2);
  for (uint8_t& s : ends.samples) s = s & 1 ? 255 : 0;
  pictures.push_back(ends);
  pictures.push_back(testing::Scene(40, 44, 3, 3));
  return pictures;
}

void CheckModel(const Model& model) {
  EncodeOptions encode;
  encode.model = &model;
  DecodeOptions decode;
  decode.model_override = &model;
  for (const Image& image : Pictures()) {
    CAPTURE(image.width, image.channels);
    REQUIRE(ForceSimdTarget(kScalarDefinition));
    const std::vector<uint8_t> file = Encode(image, encode);
    REQUIRE(Decode(file, decode).samples == image.samples);
    for (const std::string& target : SupportedSimdTargets()) {
      INFO(target);
      REQUIRE(ForceSimdTarget(target));
      REQUIRE(Encode(image, encode) == file);
      REQUIRE(Decode(file, decode).samples == image.samples);
    }
    ResetSimdTarget();
  }
}

TEST_CASE("every weight at its limit, all of one sign") {
  CheckModel(ExtremeModel(1, Signs::kPositive, 20));
  CheckModel(ExtremeModel(2, Signs::kNegative, 12));
}

TEST_CASE("every weight at its limit, signs at random") {
  for (const int shift : {1, 14, 18, 20}) {
    CAPTURE(shift);
    CheckModel(ExtremeModel(3 + shift, Signs::kRandom, shift));
  }
}

}  // namespace
}  // namespace flowzip
