// SPDX-License-Identifier: BSD-3-Clause
// Coding that borrows bits from the stack: latent components and affine couplings.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>
#include <string>

#include "analysis/sampler.h"
#include "analysis/score.h"
#include "codec/api/codec.h"
#include "codec/coders/flow/borrow_log.h"
#include "codec/coders/flow/level_coder.h"
#include "codec/coders/flow/site_row.h"
#include "model/levels.h"
#include "model/mixture_component.h"
#include "model/simd_targets.h"
#include "rans/escape.h"
#include "tests/tiny_model.h"
#include "tools/read_file.h"
#ifdef FLOWZIP_HAVE_PNG
#include "tools/png_io.h"
#endif

namespace flowzip {
namespace {

using testing::Random;

constexpr BorrowKinds kAllKinds[] = {{false, false}, {true, false}, {false, true}, {true, true}};

TEST_CASE("affine scales are half octaves, in lowest terms") {
  for (int n = kMinHalfOctaves; n <= kMaxHalfOctaves; ++n) {
    const AffineScale scale = AffineClass(n);
    CAPTURE(n, scale.r, scale.s);
    CHECK(scale.half_octaves == n);
    CHECK(std::gcd(scale.r, scale.s) == 1);
    CHECK(std::log2(scale.r) - std::log2(scale.s) == Approx(n / 2.0).margin(0.003));
    CHECK(std::max(scale.r, scale.s) < 1 << 15);
  }
  CHECK(AffineScaleOf(0).half_octaves == 0);
  CHECK(AffineScaleOf(63).half_octaves == 0);
  CHECK(AffineScaleOf(64).half_octaves == 1);
  CHECK(AffineScaleOf(-65).half_octaves == -1);
  CHECK(AffineScaleOf(INT16_MAX).half_octaves == kMaxHalfOctaves);
  CHECK(AffineScaleOf(INT16_MIN).half_octaves == kMinHalfOctaves);
}

TEST_CASE("the modular scale transform is a bijection between (e, r) and (z, s)") {
  for (int n = kMinHalfOctaves; n <= kMaxHalfOctaves; ++n) {
    const AffineScale scale = AffineClass(n);
    int64_t wrong = 0, last = INT64_MIN;
    for (int32_t e = -2048; e <= 2047; ++e) {
      for (int32_t r = 0; r < scale.r; ++r) {
        const AffineLatent latent = AffineForward(scale, e, r);
        const AffineResidual back = AffineInverse(scale, latent.z, latent.remainder);
        const int64_t y = int64_t{latent.z} * scale.s + latent.remainder;
        wrong += latent.remainder < 0 || latent.remainder >= scale.s;
        wrong += back.e != e || back.remainder != r;
        wrong += std::abs(latent.z) >= kMaxAffineLatent;
        wrong += last != INT64_MIN && y != last + 1;  // every (z, s) is met once, in order
        last = y;
      }
    }
    CAPTURE(n);
    CHECK(wrong == 0);
  }
}

TEST_CASE("equal shares tile 2^16 and know their slots") {
  for (const uint32_t n : {1u, 2u, 3u, 17u, 136u, 384u, 1000u, 32767u, 32768u}) {
    uint32_t next = 0, wrong = 0;
    for (uint32_t value = 0; value < n; ++value) {
      const Interval share = ShareInterval(value, n);
      wrong += share.start != next || share.freq < 1;
      next = share.start + share.freq;
      wrong += ShareAt(share.start, n) != value || ShareAt(next - 1, n) != value;
    }
    CAPTURE(n);
    CHECK(wrong == 0);
    CHECK(next == kProbScale);
  }
}

// 64 sites of a row with everything that a site can be. `extremity` 0: what a trained network
// puts out; 1: any int16.
struct Sites {
  int components, step;
  std::vector<int16_t> heads, scales;
  std::vector<int16_t> predictions;
  SampleRange range;

  Sites(Random& random, int extremity) {
    components = random.Between(1, Mixture::kMaxComponents);
    step = 3 * components + random.Between(0, 1);
    const int typical[3] = {600, 100, 700};
    for (int j = 0; j < MixtureRow::kSites; ++j) {
      for (int i = 0; i < step; ++i) {
        const int most = extremity == 0 ? typical[std::min(2, i / components)] : 32767;
        heads.push_back(static_cast<int16_t>(random.Between(-most, most)));
      }
      scales.push_back(static_cast<int16_t>(extremity == 0 ? random.Between(-1500, 1800)
                                                           : random.Between(-32768, 32767)));
    }
    const int kinds[][2] = {{0, 255}, {-255, 255}, {0, 1}, {-2, 2}, {-1023, 1023}, {100, 103}};
    const auto& kind = kinds[random.Between(0, 5)];
    range = {kind[0], kind[1]};
    for (int j = 0; j < MixtureRow::kSites; ++j) {
      predictions.push_back(static_cast<int16_t>(random.Between(16 * range.min, 16 * range.max)));
    }
  }
  int32_t Value(Random& random, int j) const {  // near the prediction, or anywhere
    if (random.Between(0, 3) == 0) return random.Between(range.min, range.max);
    return std::clamp(AffineShift(predictions[j]) + random.Between(-4, 4), range.min, range.max);
  }
  void Set(SiteRow& row, bool borrow) const {
    row.Set(heads.data(), step, scales.data(), 1, components, predictions.data(), range,
            MixtureRow::kSites, borrow);
  }
};

TEST_CASE("every component's values tile 2^16, and so do components before and after a value") {
  Random random(1);
  int64_t wrong = 0;
  for (int trial = 0; trial < 60; ++trial) {
    const Sites sites(random, trial % 2);
    MixtureRow row;
    const std::vector<int32_t> centers(sites.predictions.begin(), sites.predictions.end());
    row.Set(sites.heads.data(), sites.step, sites.components, centers.data(), sites.range.min,
            sites.range.max, MixtureRow::kSites);
    for (int j = 0; j < MixtureRow::kSites; j += 7) {
      uint32_t next = 0;
      for (int k = 0; k < sites.components; ++k) {
        const CdfRange prior = ComponentPrior(row, j, k);
        wrong += prior.start != next;
        next += prior.freq;
        CdfRange found;
        if (prior.freq > 0) {
          wrong += FindComponent(row, j, prior.start, &found) != k || !(found == prior);
          wrong += FindComponent(row, j, next - 1, &found) != k;
        }
      }
      wrong += next != kProbScale;
      const int32_t first = row.lo[j] - row.low_escape[j], last = row.hi[j] + row.high_escape[j];
      for (int k = 0; k < sites.components; ++k) {
        next = 0;
        for (int32_t v = first; v <= last; ++v) {
          const CdfRange range = ComponentRange(row, j, k, v);
          wrong += range.start != next || range.freq < 1;
          next += range.freq;
          CdfRange found;
          for (const uint32_t slot : {range.start, next - 1}) {
            wrong += FindInComponent(row, j, k, slot, &found) != v || !(found == range);
          }
        }
        wrong += next != kProbScale;
      }
      for (int32_t v = first; v <= last; ++v) {
        const ComponentPosterior posterior(row, j, v);
        next = 0;
        double joint = 0;
        for (int k = 0; k < sites.components; ++k) {
          const CdfRange range = posterior.Range(k);
          wrong += range.start != next || (range.freq > 0) != (row.weight[k][j] > 0);
          next += range.freq;
          if (range.freq == 0) continue;
          wrong += posterior.Find(range.start) != k || posterior.Find(next - 1) != k;
          joint += row.weight[k][j] / 16384.0 * ComponentRange(row, j, k, v).freq;
        }
        wrong += next != kProbScale;
        // The sum over the components is the mixture, but for what both round down.
        wrong += std::abs(joint - row.Range(j, v).freq) > 3.01;
      }
    }
  }
  CHECK(wrong == 0);
}

RansStack RandomStack(Random& random, int lanes, int words) {
  std::vector<uint8_t> bytes;
  for (int i = 0; i < 5 * lanes + 2 * words; ++i) bytes.push_back(random.Byte() | 1);
  return RansStack::FromBytes(bytes, lanes);
}

TEST_CASE("push undoes pop and pop undoes push, whatever the site and the stack") {
  Random random(2);
  int wrong = 0;
  for (int trial = 0; trial < 400; ++trial) {
    const BorrowKinds kinds = kAllKinds[trial % 4];
    const Sites sites(random, trial % 8 / 4);
    const bool borrow = trial % 3 != 0;
    SiteRow row(kinds);
    sites.Set(row, borrow);
    RansStack stack = RandomStack(random, random.Between(1, 5), 2000);
    // Decoded and encoded again. Values far outside the range are a decoder's to refuse.
    for (int j = 0; j < MixtureRow::kSites; ++j) {
      const RansStack before = stack;
      double given = 0, taken = 0;
      const int64_t x = row.Pop(stack, j, &taken);
      if (x < sites.range.min || x > sites.range.max) {
        stack = before;
        continue;
      }
      RansStack again = stack;
      row.Push(again, j, static_cast<int32_t>(x), &given);
      wrong += !(again == before) || std::abs(given - taken) > 1e-9;
    }
    // Encoded and decoded.
    for (int j = 0; j < MixtureRow::kSites; ++j) {
      const RansStack before = stack;
      const int32_t x = sites.Value(random, j);
      double given = 0, taken = 0;
      row.Push(stack, j, x, &given);
      RansStack again = stack;
      wrong += row.Pop(again, j, &taken) != x || !(again == before);
      wrong += std::abs(given - taken) > 1e-9;
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("a latent component costs what the mixture does") {
  Random random(3);
  double sum = 0, absolute = 0;
  int64_t count = 0;
  for (int trial = 0; trial < 60; ++trial) {
    const Sites sites(random, 0);
    SiteRow latent({true, false});
    sites.Set(latent, true);
    for (int j = 0; j < MixtureRow::kSites; ++j) {
      const MixtureRow& row = latent.row();
      for (int draw = 0; draw < 20; ++draw) {
        CdfRange mixture;
        const int32_t x = row.Find(j, random.Word() >> 16, &mixture);
        if (x < row.lo[j] || x > row.hi[j]) continue;
        RansStack stack = RandomStack(random, 1, 20);
        double bits = 0;
        latent.Push(stack, j, x, &bits);
        sum += bits - Bits(mixture);
        absolute += std::abs(bits - Bits(mixture));
        ++count;
      }
    }
  }
  CHECK(std::abs(sum / static_cast<double>(count)) < 1e-4);
  // Whatever component was drawn; but for the few that the posterior's roundings made up.
  CHECK(absolute / static_cast<double>(count) < 2e-3);
}

Model OptionModel(uint32_t seed, BorrowKinds kinds) {
  testing::TinyShape shape;
  shape.components = 3;
  shape.latent_components = kinds.components;
  shape.affine = kinds.affine;
  return testing::TinyModel(seed, shape);
}

std::array<IntPlane, kChannels> PlanesOf(const Image& image) {
  std::array<IntPlane, kChannels> planes;
  for (IntPlane& plane : planes) {
    plane = IntPlane(static_cast<int>(image.width), static_cast<int>(image.height));
  }
  for (uint32_t y = 0; y < image.height; ++y) {
    for (uint32_t x = 0; x < image.width; ++x) {
      for (int c = 0; c < image.channels; ++c) {
        planes[c].At(x, y) = image.samples[(size_t{y} * image.width + x) * image.channels + c];
      }
    }
  }
  return planes;
}

// Codes the finest level by BorrowLog alone, with the reserve given; checks that it decodes.
void CheckLog(const Model& model, const Image& image, size_t reserve, size_t* plain,
              size_t* sites) {
  ThreadPool pool(1);
  const auto planes = PlanesOf(image);
  const auto ranges = FindRanges(planes);
  const TapSet taps(model.radii);
  LevelPlanes level = MakeLevels(planes)[0];
  LevelPlanes decoded(level.size);
  decoded.x[kA] = level.x[kA];
  BorrowLog log({model.latent_components, model.affine});
  FactorOut(model, 0, level, {}, model.classes[0].filters, taps, ranges, pool,
            [&](const ChannelPass& pass) {
              log.Add(pass, {0, level.size.valid_height(pass.lattice())});
            });
  ChannelBits bits{};
  const std::vector<uint8_t> stream =
      log.EncodeAll({}, LaneCount(level.size), {true, {}}, &bits, reserve);
  *plain = log.plain_sites();
  *sites = log.sites();
  CHECK(BandSites(level.size, ranges, 1, 0) == static_cast<int64_t>(log.sites()));
  // The stream is as long as it should be: what borrowing took came back.
  const double total = std::accumulate(bits.begin(), bits.end(), 0.0);
  const double head = ExpGolombBits(static_cast<uint32_t>(*plain), kPlainOrder);
  const double lanes = LaneCount(level.size);
  CHECK(8.0 * static_cast<double>(stream.size()) >= total + head + 24 * lanes - 1);
  CHECK(8.0 * static_cast<double>(stream.size()) <= total * 1.0001 + head + 40 * lanes + 1);

  LevelDecoder decoder(level.size, {stream}, pool, {true, {}}, Borrowing(model, ranges));
  FactorOut(model, 0, decoded, {}, model.classes[0].filters, taps, ranges, pool,
            [&](const ChannelPass& pass) { decoder.Get(pass); });
  decoder.CheckEnd();
  int64_t different = 0;
  for (const Lattice lattice : kGroupLattice) {
    for (int c = 0; c < kChannels; ++c) {
      const SitePlane &a = level.x[lattice][c], &b = decoded.x[lattice][c];
      for (int y = 0; y < a.height(); ++y) {
        different += !std::equal(a.Row(y), a.Row(y) + a.width(), b.Row(y));
      }
    }
  }
  CHECK(different == 0);
  const ChannelBits again = decoder.channel_bits();
  for (int c = 0; c < kChannels; ++c) CHECK(again[c] == Approx(bits[c]).margin(1e-6));
}

TEST_CASE("a stream starts without borrowing, and ends without where it must") {
  for (const BorrowKinds kinds : {kAllKinds[1], kAllKinds[2], kAllKinds[3]}) {
    const Model model = OptionModel(5, kinds);
    size_t plain = 0, sites = 0;
    // The reserve is there after some dozens of sites, and lasts.
    CheckLog(model, testing::Scene(90, 70, 3, 1), BorrowLog::kReserve, &plain, &sites);
    CHECK(plain > 2);
    CHECK(plain < 200);
    // Too few sites for a reserve; and a reserve that is never reached.
    CheckLog(model, testing::Scene(9, 1, 3, 2), BorrowLog::kReserve, &plain, &sites);
    CHECK(plain == sites);
    CheckLog(model, testing::Scene(90, 70, 3, 1), SIZE_MAX, &plain, &sites);
    CHECK(plain == sites);
    // Borrowing from an empty stack: it runs short, and no site borrows.
    CheckLog(model, testing::Scene(90, 70, 3, 1), 0, &plain, &sites);
    CHECK(plain == sites);
    // One channel only, and noise with its escapes.
    CheckLog(model, testing::Noise(60, 50, 1, 3), BorrowLog::kReserve, &plain, &sites);
    CHECK(plain < sites);
  }
}

void CheckRoundTrip(const Model& model, const Image& image, int tile_log2) {
  EncodeOptions options;
  options.model = &model;
  options.coding = Coding::kFlow;
  options.tile_log2 = tile_log2;
  EncodeStats stats;
  const std::vector<uint8_t> file = Encode(image, options, &stats);
  DecodeOptions back;
  back.model_override = &model;
  CHECK(Decode(file, back).samples == image.samples);
  options.jobs = 3;
  CHECK(Encode(image, options) == file);
  back.jobs = 3;
  CHECK(Decode(file, back).samples == image.samples);
}

TEST_CASE("pictures come back from models that borrow") {
  for (const BorrowKinds kinds : {kAllKinds[1], kAllKinds[2], kAllKinds[3]}) {
    const Model model = OptionModel(7, kinds);
    CheckRoundTrip(model, testing::Scene(61, 47, 3, 1), 10);
    CheckRoundTrip(model, testing::Scene(50, 35, 3, 2), 4);
    CheckRoundTrip(model, testing::Noise(40, 36, 3, 3), 10);
    CheckRoundTrip(model, testing::Checkerboard(34, 30, 3), 10);
    CheckRoundTrip(model, testing::Scene(1, 77, 1, 4), 10);
    CheckRoundTrip(model, testing::Flat(30, 30, 3, 9), 10);
    CheckRoundTrip(model, testing::Scene(512, 520, 1, 5), 10);  // two bands, four lanes
  }
}

TEST_CASE("the same bytes from every instruction set") {
  const Image image = testing::Scene(61, 47, 3, 8);
  for (const BorrowKinds kinds : {kAllKinds[1], kAllKinds[2], kAllKinds[3]}) {
    const Model model = OptionModel(9, kinds);
    EncodeOptions options;
    options.model = &model;
    options.coding = Coding::kFlow;
    DecodeOptions back;
    back.model_override = &model;
    std::vector<uint8_t> first;
    for (const std::string& target : SupportedSimdTargets()) {
      INFO(target);
      REQUIRE(ForceSimdTarget(target));
      const std::vector<uint8_t> file = Encode(image, options);
      if (first.empty()) first = file;
      CHECK(file == first);
      CHECK(Decode(first, back).samples == image.samples);
    }
    ResetSimdTarget();
  }
}

TEST_CASE("model files say what borrows, and only when something does") {
  const Model none = OptionModel(11, kAllKinds[0]);
  CHECK(Model(none).Serialize()[8] == 1);
  for (const BorrowKinds kinds : {kAllKinds[1], kAllKinds[2], kAllKinds[3]}) {
    Model model = OptionModel(11, kinds);
    std::vector<uint8_t> bytes = model.Serialize();
    CHECK(bytes[8] == 2);
    Model again = Model::Parse(bytes);
    CHECK(again.latent_components == kinds.components);
    CHECK(again.affine == kinds.affine);
    CHECK(again.Serialize() == bytes);
    CHECK(again.hash() != none.hash());
    CHECK((again.MacsPerPixel() > none.MacsPerPixel()) == kinds.affine);
  }
}

#ifdef FLOWZIP_HAVE_PNG
// A small network with affine couplings and latent components, trained on photographs
// (scripts/ablation-couplings.sh).
const Model& Trained() {
  static const Model model =
      Model::Parse(ReadFile(std::string(FLOWZIP_SOURCE_DIR) + "/tests/models/affine.flzm"));
  return model;
}

Image Photo(const char* name) {
  return ReadPng(std::string(FLOWZIP_SOURCE_DIR) + "/data/photos/" + name + ".png");
}

// The coupling alone, on all sites of level 0: from x - round(p) to z, whose own bits are left
// out, with numbers from and for a stack of random bits.
TEST_CASE("the stack changes by the log-determinant, within a thousandth of a bit per dimension") {
  const Model& model = Trained();
  REQUIRE(model.affine);
  ThreadPool pool(1);
  Random random(4);
  for (const char* name : {"dome", "moon-gray"}) {
    auto planes = PlanesOf(Photo(name));
    if (name[0] == 'd') model.lifting.Forward(planes);
    LevelPlanes level = MakeLevels(planes)[0];
    RansStack stack = RandomStack(random, 4, 400'000);
    const double before = stack.Bits();
    double log2_det = 0, size = 0;
    int64_t sites = 0;
    FactorOut(model, 0, level, {}, model.classes[0].filters, TapSet(model.radii),
              FindRanges(planes), pool, [&](const ChannelPass& pass) {
                const SitePlane& x = level.x[pass.lattice()][pass.channel];
                const SitePlane& p = level.prediction[pass.channel];
                ForEachRow(
                    pass, {0, level.size.valid_height(pass.lattice())},
                    [&](int i, const int16_t*, int, const int16_t* scale, int step) {
                      for (int j = 0; j < level.size.valid_width(pass.lattice()); ++j, ++sites) {
                        const AffineScale s = AffineScaleOf(scale[ptrdiff_t{j} * step]);
                        const uint32_t r = ShareAt(stack.Peek(), static_cast<uint32_t>(s.r));
                        stack.Pop(ShareInterval(r, static_cast<uint32_t>(s.r)));
                        const AffineLatent z = AffineForward(
                            s, x.At(j, i) - AffineShift(p.At(j, i)), static_cast<int32_t>(r));
                        stack.Push(ShareInterval(static_cast<uint32_t>(z.remainder),
                                                 static_cast<uint32_t>(s.s)));
                        const double share =
                            std::log2(s.r) - std::log2(s.s);  // of log2 |det dz/dx|
                        log2_det += share;
                        size += std::abs(share);
                      }
                    });
              });
    const double change = stack.Bits() - before;
    CAPTURE(name, sites, change, log2_det);
    CHECK(std::abs(change + log2_det) < 1e-3 * static_cast<double>(sites));
    CHECK(size > 0.2 * static_cast<double>(sites));  // it does scale
  }
}

TEST_CASE("photographs through trained affine couplings, on every instruction set") {
  for (const char* name : {"colorado", "dome", "dunes", "moon-gray"}) {
    INFO(name);
    const Image image = Photo(name);
    EncodeOptions options;
    options.model = &Trained();
    options.coding = Coding::kFlow;
    options.jobs = 2;
    const std::vector<uint8_t> file = Encode(image, options);
    DecodeOptions back;
    back.model_override = &Trained();
    back.jobs = 2;
    for (const std::string& target : SupportedSimdTargets()) {
      INFO(target);
      REQUIRE(ForceSimdTarget(target));
      CHECK(Decode(file, back).samples == image.samples);
      if (target == kScalarDefinition) CHECK(Encode(image, options) == file);
    }
    ResetSimdTarget();
  }
}

TEST_CASE("samples of a model that borrows are its own pictures") {
  SampleOptions options;
  options.model = &Trained();
  options.width = 120;
  options.height = 90;
  options.seed = 5;
  SampleStats stats;
  const Image sample = Sample(options, &stats);
  CHECK(std::abs(stats.bits - static_cast<double>(stats.random_bits)) < 2000);
  EncodeOptions encode;
  encode.model = &Trained();
  encode.coding = Coding::kFlow;
  const std::vector<uint8_t> file = Encode(sample, encode);
  DecodeOptions back;
  back.model_override = &Trained();
  CHECK(Decode(file, back).samples == sample.samples);
  const double bits = 8.0 * static_cast<double>(file.size());
  CAPTURE(bits, stats.random_bits, stats.moved);
  // As sampler_test, but with what affine couplings cost: where z lies inside the cell of its x
  // was drawn from the prior here, and is drawn evenly when the sample is encoded.
  CHECK(bits < 1.12 * static_cast<double>(stats.random_bits + 10 * stats.moved) + 8 * 400);
  CHECK(bits > 0.9 * static_cast<double>(stats.random_bits));
}

TEST_CASE("the score of a model that borrows is its files' size") {
  EncodeOptions options;
  options.model = &Trained();
  const Score score = ScoreImage(Photo("dunes"), options);
  CHECK(8.0 * static_cast<double>(score.stats.file_bytes) >= score.bits);
  CHECK(8.0 * static_cast<double>(score.stats.file_bytes) <=
        score.bits + 8.0 * static_cast<double>(score.overhead_limit));
}
#endif

}  // namespace
}  // namespace flowzip
