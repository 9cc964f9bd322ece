// SPDX-License-Identifier: BSD-3-Clause
// The network coder's kernels: all instruction sets compute what the definitions say, up to the
// limits that a model file and a tile may reach.
#include "model/site_step.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <set>

#include "base/error.h"
#include "model/fixed_log2.h"
#include "model/simd_targets.h"
#include "tests/every_target.h"
#include "tests/tiny_model.h"

namespace flowzip {
namespace {

using testing::OnEveryTarget;
using testing::Random;
using testing::TinyShape;

TEST_CASE("a network is the same on every instruction set") {
  Random random(1);
  for (int round = 0; round < 60; ++round) {
    const TinyShape shape{random.Between(1, 2) == 1 ? random.Between(1, 20)
                                                        : random.Between(60, 256),
                              random.Between(0, 4), random.Between(1, 8)};
    const int features = random.Between(1, 2) == 1 ? random.Between(1, 110) : 256;
    CAPTURE(shape.width, shape.blocks, shape.components, features);
    const CouplingNet net = testing::RandomNet(random, features, shape);
    alignas(64) int32_t pairs[kMaxFeatures / 2 * kNetSites] = {};
    for (int i = 0; i < features; ++i) {
      for (int s = 0; s < kNetSites; ++s) {
        const int32_t f = round % 3 == 0 ? (random.Between(0, 1) != 0 ? kMaxFeature : -kMaxFeature)
                                         : random.Between(-1536, 1536);
        pairs[i / 2 * kNetSites + s] |= static_cast<int32_t>(static_cast<uint32_t>(f) & 0xFFFF)
                                        << i % 2 * 16;
      }
    }
    alignas(64) int32_t expected[24 * kNetSites] = {}, out[24 * kNetSites] = {};
    net.EvaluateScalar(pairs, expected);
    std::set<int32_t> values(expected, expected + net.outputs() * kNetSites);
    CHECK(values.size() > (shape.width > 3 ? 8u : 0u));  // no constant
    OnEveryTarget([&] {
      net.Evaluate(pairs, out);
      CHECK(std::equal(out, out + net.outputs() * kNetSites, expected));
    });
  }
}

// A layer of one weight, input and bias each.
DenseLayer OneWeight(int16_t weight, int32_t bias, int shift) {
  DenseLayer layer;
  layer.inputs = layer.outputs = 1;
  layer.weight = {weight};
  layer.bias = {bias};
  layer.shift = shift;
  return layer;
}

TEST_CASE("layers that could overflow are refused, those at the limit are not") {
  constexpr int32_t kRest = (1 << 4) + kMaxHidden;  // rounding of shift 5, what a block adds
  const int32_t most = INT32_MAX - kRest - 32768 * kMaxFeature;
  for (const int32_t sign : {1, -1}) {
    CHECK_NOTHROW(OneWeight(-32768, sign * most, 5).Prepare(kMaxFeature));
    CHECK_THROWS_WITH(OneWeight(-32768, sign * (most + 1), 5).Prepare(kMaxFeature),
                      "network layer could overflow");
  }
  CHECK_THROWS_AS(OneWeight(0, INT32_MIN, 5).Prepare(kMaxFeature), Error);

  FlowModel flow = testing::RandomFlow(2);
  const auto read = [&] {
    ByteWriter writer;
    flow.Write(writer);
    ByteReader reader(writer.bytes());
    FlowModel::Read(reader);
    return reader.remaining() == 0;
  };
  CHECK(read());
  flow.nets[2].scale_weights.assign(ScaleWeightCount(2), 136);  // 4080
  CHECK(read());
  flow.nets[2].scale_weights[0] += 16;
  CHECK_THROWS_WITH(read(), "weights of a scale could overflow");
  flow.nets[2].scale_weights[0] = 0;
  flow.nets[1].net.layers[0].shift = 21;
  CHECK_THROWS_WITH(read(), "bad shift of a layer");
  flow.nets[1].net.layers[0].shift = 10;
  flow.nets[1].net.components = 9;
  CHECK_THROWS_WITH(read(), "bad shape of a network");
}

// Planes of random samples and residuals, up to the limits, and a walk over all of their steps.
struct Steps {
  std::vector<SkewedPlane> planes;
  FlowModel flow;
  SiteStep step;

  Steps(int channel, int32_t min, int32_t max, bool extreme, uint32_t seed)
      : flow(testing::RandomFlow(seed, {12, 1, 1 + static_cast<int>(seed) % 8})) {
    constexpr int kWidth = 37, kHeight = 35;
    Random random(seed);
    const auto sample = [&](int x) {
      if (extreme) return random.Between(0, 1) != 0 ? max : min;
      return std::clamp(min + (x * 7 + random.Between(0, 9)) % (max - min + 1), min, max);
    };
    for (int c = 0; c <= channel; ++c) {
      SkewedPlane& plane = planes.emplace_back(kWidth, kHeight, (min + max) >> 1);
      for (int y = 0; y < kHeight; ++y) {
        for (int x = 0; x < kWidth; ++x) {
          const int32_t r = extreme ? 8 * (max - min) : random.Between(0, y * y);
          plane.Set(x, y, sample(x), random.Between(0, 1) != 0 ? r : -r);
        }
      }
    }
    for (int c = 0; c <= channel; ++c) step.planes[c] = &planes[static_cast<size_t>(c)];
    ChannelNet& net = flow.nets[static_cast<size_t>(channel)];
    if (extreme) {
      const auto each = static_cast<uint8_t>(std::min(255, kMaxScaleWeight / ScaleWeightCount(channel)));
      net.scale_weights.assign(net.scale_weights.size(), each);
    }
    step.channel = channel;
    step.net = &net;
    step.min = min;
    step.max = max;
    step.deep = max - min > kShallowSpan;
    step.taps = 14 + 9 * channel;
    for (int k = 0; k < step.taps; ++k) {
      step.tap_plane[k] = k < 14 ? channel : (k - 14) / 9;
      const SiteOffset o = k < 14 ? kOwnOffsets[static_cast<size_t>(k)]
                                  : kCrossOffsets[static_cast<size_t>((k - 14) % 9)];
      step.tap_distance[k] = SkewedPlane::Distance(o.dx, o.dy);
      for (int i = 0; i < kNetSites; ++i) {
        const int32_t most = 32767 / step.taps;
        step.filter[k][i] = extreme ? (random.Between(0, 1) != 0 ? most : -most)
                                    : random.Between(-most, most) / 8;
        step.bias[i] = random.Between(-4, 4);
      }
    }
  }

  // Everything that Run gives, of all steps.
  std::vector<int32_t> Results() {
    std::vector<int32_t> results;
    const auto keep = [&](const int32_t* values, int count) {
      results.insert(results.end(), values, values + count);
    };
    for (int at = 0; at < planes[0].steps(); ++at) {
      step.Run(at);
      keep(step.prediction, kNetSites);
      keep(step.low_bits, kNetSites);
      keep(step.center, kNetSites);
      keep(step.min_high, kNetSites);
      keep(step.max_high, kNetSites);
      keep(step.pairs, (FeatureCount(step.channel) + 1) / 2 * kNetSites);
      keep(step.heads[0], step.net->net.outputs() * kNetSites);
    }
    return results;
  }
};

TEST_CASE("a step is the same on every instruction set") {
  const std::pair<int32_t, int32_t> ranges[] = {{0, 255},       {-255, 255},   {0, 1},
                                                {-1023, 1023},  {-511, 512},   {-511, 513},
                                                {-32768, 32767}, {-300, 30000}};
  uint32_t seed = 0;
  for (const auto& [min, max] : ranges) {
    for (int channel = 0; channel < kChannels; ++channel) {
      for (const bool extreme : {false, true}) {
        CAPTURE(min, max, channel, extreme);
        Steps steps(channel, min, max, extreme, ++seed);
        REQUIRE(ForceSimdTarget(kScalarDefinition));
        const std::vector<int32_t> expected = steps.Results();
        OnEveryTarget([&] { CHECK(steps.Results() == expected); });
      }
    }
  }
}

TEST_CASE("features stay in their limits, and deep samples have low bits") {
  Steps steps(2, -32768, 32767, true, 5);
  int32_t largest = 0, most_bits = 0;
  for (int at = 0; at < steps.planes[0].steps(); ++at) {
    steps.step.Run(at);
    for (int i = 0; i < FeatureCount(2) / 2 * kNetSites; ++i) {
      const int32_t pair = steps.step.pairs[i];
      largest = std::max({largest, std::abs(pair >> 16), std::abs(int32_t{static_cast<int16_t>(pair)})});
    }
    for (const int32_t b : steps.step.low_bits) most_bits = std::max(most_bits, b);
  }
  CHECK(largest <= kMaxFeature);
  CHECK(largest >= kFeatureLimit);
  CHECK(most_bits == 14);
}

TEST_CASE("offsets are those of the format, nearest first") {
  int before = 0;
  std::set<std::pair<int, int>> seen;
  for (const SiteOffset& o : kOwnOffsets) {
    const int distance = o.dx * o.dx + o.dy * o.dy;
    CHECK(distance >= before);
    CHECK((o.dy < 0 || (o.dy == 0 && o.dx < 0)));
    CHECK(seen.emplace(o.dx, o.dy).second);
    before = distance;
  }
  CHECK(before == 16);
}

TEST_CASE("logarithms in integers") {
  for (uint32_t x = 1; x < 100'000; ++x) {
    const double error = std::log2(x) * 256 - FixedLog2(x);
    REQUIRE(error > -1e-6);
    REQUIRE(error < 2.5);  // of the table, and of what is below its 8 bits
  }
  CHECK(FixedLog2(UINT32_MAX) == 32 * 256 - 1);
}

}  // namespace
}  // namespace flowzip
