// SPDX-License-Identifier: BSD-3-Clause
// The density is one: over all pictures it sums to 1, and its inverse is exact.
#include <catch2/catch.hpp>
#include <cmath>

#include "analysis/sampler.h"
#include "codec/coders/flow/level_coder.h"
#include "codec/coders/flow/level_sites.h"
#include "model/factor_out.h"
#include "model/levels.h"
#include "tests/density_model.h"

namespace flowzip {
namespace {

using Planes = std::array<IntPlane, kChannels>;
using Ranges = std::array<SampleRange, kChannels>;

// -log2 of the probability that the codec gives to a lifted picture, given the sample at the
// corner, all else of the base being one sample: two levels at most, as EncodeTile codes them.
double BitsGivenCorner(const Model& model, const Planes& picture, const Ranges& ranges,
                       const TapSet& taps, ThreadPool& pool) {
  std::vector<LevelPlanes> levels;
  Planes a = picture;
  while (a[0].width() > 1 || a[0].height() > 1) {
    const LevelSize size{a[0].width(), a[0].height()};
    LevelPlanes& level = levels.emplace_back(size);
    Planes next;
    for (int c = 0; c < kChannels; ++c) {
      for (int l = 0; l < kLattices; ++l) {
        SitePlane& x = level.x[l][c];
        for (int i = 0; i < size.grid_height(); ++i) {
          for (int j = 0; j < size.grid_width(); ++j) {
            const int px = 2 * j + OffsetX(static_cast<Lattice>(l));
            const int py = 2 * i + OffsetY(static_cast<Lattice>(l));
            x.At(j, i) =
                static_cast<int16_t>(px < size.width && py < size.height ? a[c].At(px, py) : 99);
          }
        }
        x.ExtendBorder();
      }
      next[c] = IntPlane(size.grid_width(), size.grid_height());
      for (int i = 0; i < size.grid_height(); ++i) {
        std::copy_n(level.x[kA][c].Row(i), size.grid_width(), next[c].Row(i));
      }
    }
    a = next;
  }
  double bits = 0;
  std::array<SitePlane, kChannels> coarse;
  for (int l = static_cast<int>(levels.size()) - 1; l >= 0; --l) {
    LevelEncoder encoder(levels[l].size, pool, {true, {}});
    FactorOut(model, l, levels[l], coarse, model.ForLevel(l).filters, taps, ranges, pool,
              [&](const ChannelPass& pass) { encoder.Put(pass); });
    for (const double b : encoder.channel_bits()) bits += b;
    coarse = AssembleResiduals(levels[l]);
  }
  return bits;
}

// Sum of p over all pictures of that size in those ranges whose corner has the lowest values.
double TotalProbability(const Model& model, int width, int height, const Ranges& ranges) {
  ThreadPool pool(1);
  const TapSet taps(model.radii);
  Planes picture;
  for (int c = 0; c < kChannels; ++c) {
    picture[c] = IntPlane(width, height);
    picture[c].Fill(ranges[c].min);
  }
  double total = 0;
  for (bool more = true; more;) {
    total += std::exp2(-BitsGivenCorner(model, picture, ranges, taps, pool));
    more = false;
    for (int i = 1; i < width * height && !more; ++i) {  // the next picture, as one counts
      for (int c = 0; c < kChannels && !more; ++c) {
        int32_t& v = picture[c].At(i % width, i / width);
        more = v < ranges[c].max;
        v = more ? v + 1 : ranges[c].min;
      }
    }
  }
  return total;
}

TEST_CASE("Probabilities of all pictures sum to 1") {
  for (const uint64_t seed : {1, 2, 3}) {
    const Model model = TinyModel(seed, 0);
    // Gray, odd, two levels: 2^11 pictures. Then colour: 12^3 pictures.
    CHECK(TotalProbability(model, 4, 3, {{{0, 1}, {0, 0}, {0, 0}}}) == Approx(1).epsilon(1e-9));
    CHECK(TotalProbability(model, 2, 2, {{{0, 2}, {-1, 0}, {3, 4}}}) == Approx(1).epsilon(1e-9));
    // Many values: 256 (some behind escapes, see below) and 24^2 pictures.
    CHECK(TotalProbability(model, 2, 1, {{{0, 255}, {0, 0}, {0, 0}}}) == Approx(1).epsilon(1e-3));
    CHECK(TotalProbability(model, 1, 3, {{{10, 33}, {0, 0}, {0, 0}}}) == Approx(1).epsilon(1e-9));
  }
}

TEST_CASE("Escapes leave next to nothing uncoded") {
  // Scales of 1/32 step: a window of a few values and escapes on both sides. What is lost lies
  // behind the range's ends, where the escapes' code goes on.
  for (const uint64_t seed : {1, 2, 3, 4}) {
    const double total =
        TotalProbability(TinyModel(seed, -4000), 2, 1, {{{-60, 60}, {0, 0}, {0, 0}}});
    CHECK(total <= 1 + 1e-9);
    CHECK(total > 1 - 4.0 / 65536);
  }
}

// Decodes a level from a stack of random bits, encodes it again by pushing: the stack must be
// what it was, bit by bit. This is the inverse flow and the flow, on samples.
TEST_CASE("Random bits become a level and the level becomes the same bits") {
  ThreadPool pool(1);
  for (const uint64_t seed : {1, 2, 3, 4, 5}) {
    const Model model = TinyModel(seed, int(seed) * 300 - 900);
    const TapSet taps(model.radii);
    const Ranges ranges{{{0, 255}, {-255, 255}, {-255, 255}}};
    SplitMix64 random(seed);
    std::vector<uint8_t> bytes(4001);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random.Next() >> 56 | 1);
    bytes.resize(4 * 5 + 3980);
    const RansStack before = RansStack::FromBytes(bytes, 4);
    RansStack stack = before;

    const LevelSize size{19, 14};
    LevelPlanes level(size);
    for (int c = 0; c < kChannels; ++c) {
      SitePlane& a = level.x[kA][c];
      for (int i = 0; i < size.grid_height(); ++i) {
        for (int j = 0; j < size.grid_width(); ++j) {
          a.At(j, i) = static_cast<int16_t>(c == 0 ? 100 + int(random.Below(60))
                                                   : int(random.Below(31)) - 15);
        }
      }
      a.ExtendBorder();
    }
    LevelPlanes again = level;
    const auto all = [&](const ChannelPass& pass, const auto& fn) {
      ForEachSite(pass, {0, size.valid_height(pass.lattice())}, fn);
    };
    uint64_t symbols = 0;
    FactorOut(model, 0, level, {}, model.classes[0].filters, taps, ranges, pool,
              [&](const ChannelPass& pass) {
                SitePlane& x = pass.level.x[pass.lattice()][pass.channel];
                all(pass, [&](int i, int j, const Mixture& mixture) {
                  CdfRange range;
                  x.At(j, i) = static_cast<int16_t>(mixture.Find(stack.Peek(), &range));
                  stack.Pop({range.start, range.freq});
                  ++symbols;
                });
              });
    CHECK(symbols == 3 * (19 * 14 - 10 * 7));
    CHECK_FALSE(stack == before);

    SymbolLog log;
    for (int l = kB; l < kLattices; ++l) again.x[l] = level.x[l];
    FactorOut(model, 0, again, {}, model.classes[0].filters, taps, ranges, pool,
              [&](const ChannelPass& pass) {
                const SitePlane& x = pass.level.x[pass.lattice()][pass.channel];
                all(pass, [&](int i, int j, const Mixture& mixture) {
                  const CdfRange range = mixture.Range(x.At(j, i));
                  log.Add({range.start, range.freq});
                });
              });
    log.PushAll(stack);
    CHECK(stack == before);
  }
}

}  // namespace
}  // namespace flowzip
