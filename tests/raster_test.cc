// SPDX-License-Identifier: BSD-3-Clause
// The raster coder: what comes back, that it is the same on every way, and that it pays.
#include <catch2/catch.hpp>
#include <cmath>
#include <set>

#include "codec/api/codec.h"
#include "codec/coders/raster/raster_coder.h"
#include "codec/coders/raster/raster_symbols.h"
#include "codec/tiles/tile_modes.h"
#include "model/fixed_log2.h"
#include "model/gram.h"
#include "tests/any_picture.h"
#include "tests/codec_options.h"
#include "tests/converted.h"
#include "tests/every_target.h"
#ifdef FLOWZIP_HAVE_PNG
#include "tests/photos.h"
#endif

namespace flowzip {
namespace {

EncodeOptions Raster(int jobs = 1, int tile_log2 = kDefaultTileLog2) {
  EncodeOptions options;
  options.coding = Coding::kRaster;
  options.jobs = jobs;
  options.tile_log2 = tile_log2;
  return options;
}

void RoundTrip(const Image& image, int tile_log2) {
  CAPTURE(image.width, image.height, image.channels, tile_log2);
  EncodeStats stats;
  const std::vector<uint8_t> file = Encode(image, Raster(1, tile_log2), &stats);
  const auto mode = image.has_alpha() ? TileMode::kRasterAlpha : TileMode::kRaster;
  REQUIRE(stats.tiles.mode_tiles[size_t(mode)] == stats.info.tile_count());
  REQUIRE(stats.info.model_hash == 0);
  REQUIRE(Decode(file, {}).samples == image.samples);
}

TEST_CASE("any picture comes back") { testing::ForEachPicture(18, RoundTrip); }

TEST_CASE("the same bytes on any number of threads and with every instruction set") {
  const Image image = testing::Scene(300, 210, 3, 7);
  const std::vector<uint8_t> file = Encode(image, Raster(1, 7));
  CHECK(Encode(image, Raster(3, 7)) == file);
  testing::OnEveryTarget([&] {
    CHECK(Encode(image, Raster(1, 7)) == file);
    CHECK(Decode(file, {}).samples == image.samples);
  });
}

// Rows and weights up to the limits that a file may have.
TEST_CASE("kernels equal their definitions") {
  testing::Random random(5);
  const auto value = [&](int limit) {
    return static_cast<int16_t>(random.Between(0, 3) == 0
                                    ? (random.Between(0, 1) != 0 ? limit : -limit)
                                    : random.Between(-limit, limit));
  };
  constexpr int kWidth = 83, kPadded = 88;
  for (int round = 0; round < 20; ++round) {
    const int taps = RasterTaps(round % 3), pairs = (taps + 1) / 2;
    RasterWeights filters[kMaxRasterFilters] = {};
    for (RasterWeights& filter : filters) {
      for (int k = 0; k < taps; ++k) filter[k] = value(kMaxRasterWeight);
      filter[0] = value(13 * kMaxRasterWeight + 256);
    }
    std::vector<std::vector<int16_t>> storage(kMaxRasterTaps, std::vector<int16_t>(kPadded));
    std::vector<const int16_t*> rows;
    for (auto& row : storage) {
      for (int16_t& x : row) x = value(kMaxRasterSample);
      rows.push_back(row.data());
    }
    uint8_t labels[kPadded / kRasterBlock];
    for (uint8_t& label : labels) label = static_cast<uint8_t>(random.Between(0, 15));
    RasterPair pixels[kMaxRasterTaps / 2] = {};
    for (int p = 0; p < pairs; ++p) {
      for (int t = 0; t < 2 * kRasterSites; ++t) {
        pixels[p][t] = 2 * p + t % 2 < taps ? value(kMaxRasterSample) : int16_t{0};
      }
    }
    int16_t target[kRasterSites];
    for (int16_t& x : target) x = value(kMaxRasterSample);

    std::vector<int32_t> sums(kPadded), expected_sums(kPadded);
    raster_scalar::RasterSums(rows.data(), taps, filters, labels, kWidth, expected_sums.data());
    std::vector<int32_t> first_sums(kPadded);
    raster_scalar::RasterSums(rows.data(), taps, filters, nullptr, kWidth, first_sums.data());
    uint32_t cost[kMaxRasterFilters], expected[kMaxRasterFilters];
    raster_scalar::RasterCosts(pixels, pairs, target, filters, 13, expected);
    CAPTURE(round);
    testing::OnEveryTarget([&] {
      RasterSums(rows.data(), taps, filters, labels, kWidth, sums.data());
      CHECK(sums == expected_sums);
      RasterSums(rows.data(), taps, filters, nullptr, kWidth, sums.data());
      CHECK(sums == first_sums);
      RasterCosts(pixels, pairs, target, filters, 13, cost);
      CHECK(std::equal(cost, cost + 13, expected));
    });
  }
}

TEST_CASE("the fit's kernels equal their definitions") {
  testing::Random random(6);
  for (const int count : {1, 4, 7, 33}) {
    std::vector<int16_t> rows(static_cast<size_t>(count) * kGramBlock);
    for (int16_t& v : rows) v = static_cast<int16_t>(random.Between(-kGramClip, kGramClip));
    const size_t products = static_cast<size_t>(count) * static_cast<size_t>(count + 1) / 2;
    std::vector<int64_t> expected_gram(products, 5);
    gram_scalar::AddGram(rows.data(), count, expected_gram.data());

    constexpr int kBlocks = 11;
    std::vector<std::vector<double>> blocks;
    const double* grams[kBlocks];
    for (const double*& gram : grams) {
      std::vector<double>& block = blocks.emplace_back();
      for (size_t i = 0; i < products; ++i) {
        block.push_back(random.Between(-2000000000, 2000000000));
      }
      gram = block.data();
    }
    std::vector<std::array<double, kFormLanes>> forms(products);
    for (auto& form : forms) {
      for (double& f : form) f = random.Between(-4190209, 4190209) / 65536.0 / 3;
    }
    const auto* lanes = reinterpret_cast<const FormLanes*>(forms.data());
    FormLanes expected[kBlocks], errors[kBlocks];
    gram_scalar::BlockErrors(grams, kBlocks, lanes, static_cast<int>(products), expected);
    CAPTURE(count);
    testing::OnEveryTarget([&] {
      std::vector<int64_t> gram(products, 5);
      AddGram(rows.data(), count, gram.data());
      CHECK(gram == expected_gram);
      BlockErrors(grams, kBlocks, lanes, static_cast<int>(products), errors);
      CHECK(std::equal(errors[0], errors[0] + kBlocks * kFormLanes, expected[0]));
    });
  }
}

TEST_CASE("tokens stand for every residual") {
  for (uint32_t symbol = 0; symbol < 4096; ++symbol) {
    const RasterToken token = TokenOf(symbol);
    REQUIRE(token.token < kRasterTokens);
    REQUIRE(token.extra_bits == ExtraBits(token.token));
    REQUIRE(SymbolOf(token.token, token.extra) == symbol);
    REQUIRE(RasterSymbol(RasterResidual(symbol)) == symbol);
  }
  CHECK(TokenOf(4095).token == kRasterTokens - 1);
}

TEST_CASE("frequencies leave no token out") {
  testing::Random random(6);
  for (int round = 0; round < 50; ++round) {
    const int tokens = random.Between(1, kRasterTokens);
    std::array<uint8_t, kRasterTokens> levels{};
    for (uint8_t& level : levels) {
      level = static_cast<uint8_t>(round == 0 ? 0 : round == 1 ? 63 : random.Between(0, kMaxLevel));
    }
    const RasterStarts starts = StartsOf(levels, tokens);
    CHECK(starts[0] == 0);
    CHECK(starts[static_cast<size_t>(tokens)] == kProbScale);
    for (int t = 0; t < tokens; ++t) {
      CHECK(starts[static_cast<size_t>(t) + 1] > starts[static_cast<size_t>(t)]);
    }
  }
  for (const uint32_t x : {1u, 2u, 3u, 255u, 256u, 1000u, 65536u, 4000000000u}) {
    CHECK(std::abs(FixedLog2(x) / 256.0 - std::log2(x)) < 0.012);
  }
}

TEST_CASE("contexts are those of coarser tables") {
  RasterTables finer;
  finer.end_patterns = kEndPatterns;
  finer.lattice_patterns = kLatticePatterns;
  for (int tables = 0; tables < 12; ++tables) {
    RasterTables coarser;
    coarser.coarseness = tables / 4;
    if (tables % 2 != 0) coarser.end_patterns = kEndPatterns;
    if (tables / 2 % 2 != 0) coarser.lattice_patterns = kLatticePatterns;
    std::set<int> seen;
    for (int energy = 0; energy <= kMaxEnergy; ++energy) {
      for (int place = 0; place < 16; ++place) {
        const int at_end = place / 2 % 2, on_lattice = place / 4;
        const bool far = place % 2 != 0;
        const int context = coarser.ContextOf(energy, far, at_end, on_lattice);
        REQUIRE(coarser.ContextIn(finer, finer.ContextOf(energy, far, at_end, on_lattice)) ==
                context);
        seen.insert(context);
      }
    }
    CHECK(seen.size() > size_t(coarser.contexts()) * 4 / 5);  // the least energies leave gaps
    CHECK(*seen.rbegin() == coarser.contexts() - 1);
  }
}

TEST_CASE("colours of a JPEG decoder are smaller where it is known which those are") {
  // One pixel in six is none of them.
  constexpr int kWidth = 240, kHeight = 200;
  const Image image = testing::Converted(testing::Scene(kWidth, kHeight, 3, 12),
                                         int(ColourConversion::kJfif), kWidth * kHeight / 6);
  std::array<RasterPlane, kChannels> planes;
  for (size_t c = 0; c < kChannels; ++c) {
    planes[c] = NewRasterPlane(kWidth, kHeight);
    constexpr std::array<size_t, kChannels> kGreenFirst{1, 0, 2};
    for (int i = 0; i < kWidth * kHeight; ++i) {
      planes[c].At(i % kWidth, i / kWidth) = image.samples[size_t(i) * 3 + kGreenFirst[c]];
    }
  }
  const RasterRanges ranges = FindRanges(planes);
  ThreadPool pool(1);
  const auto knows = EncodeRaster(planes, 3, PlaneColours::kGreenFirst, ranges, pool, nullptr);
  const auto plain = EncodeRaster(planes, 3, PlaneColours::kOther, ranges, pool, nullptr);
  CHECK(knows[0] == plain[0]);
  CHECK(knows[1] == plain[1]);
  CHECK(knows[2].size() < 0.9 * double(plain[2].size()));
  const auto out = DecodeRaster({knows.begin(), knows.end()}, 3, PlaneColours::kGreenFirst, ranges,
                                kWidth, kHeight);
  for (size_t c = 0; c < kChannels; ++c) {
    for (int y = 0; y < kHeight; ++y) {
      REQUIRE(std::equal(planes[c].Row(y), planes[c].Row(y) + kWidth, out[c].Row(y)));
    }
  }
}

TEST_CASE("bits are booked at their pixels") {
  const Image image = testing::Scene(120, 90, 3, 8);
  PixelBits bits;
  bits.Reset(image.width, image.height);
  EncodeOptions options = Raster();
  options.pixel_bits = &bits;
  const std::vector<uint8_t> file = Encode(image, options);
  double sum = 0;
  for (const float b : bits.bits) sum += b;
  CHECK(sum < 8.0 * static_cast<double>(file.size()));
  CHECK(sum > 8.0 * (static_cast<double>(file.size()) - 1500));  // header, filters and tables
}

// Whatever stands in the streams: an error or some picture, nothing else.
TEST_CASE("damaged streams do no harm") {
  const Image image = testing::Scene(70, 50, 3, 9);
  std::array<RasterPlane, kChannels> planes, out;
  for (int c = 0; c < kChannels; ++c) {
    planes[c] = NewRasterPlane(70, 50);
    for (int i = 0; i < 70 * 50; ++i)
      planes[c].At(i % 70, i / 70) = image.samples[size_t(i) * 3 + c];
  }
  const RasterRanges ranges = FindRanges(planes);
  ThreadPool pool(1);
  auto streams = EncodeRaster(planes, 3, PlaneColours::kGreenFirst, ranges, pool, nullptr);
  const auto decode = [&] {
    out = DecodeRaster({streams.begin(), streams.end()}, 3, PlaneColours::kGreenFirst, ranges, 70,
                       50);
  };
  decode();
  CHECK(out[2].At(69, 49) == planes[2].At(69, 49));
  int refused = 0, changes = 0;
  for (auto& stream : streams) {
    for (size_t i = 0; i < stream.size(); i += 1 + i / 64) {
      for (const uint8_t flip : {0x01, 0x80, 0xFF}) {
        stream[i] ^= flip;
        ++changes;
        try {
          decode();
        } catch (const Error& error) {
          CHECK((error.code() == ErrorCode::kCorrupt || error.code() == ErrorCode::kTruncated));
          ++refused;
        }
        stream[i] ^= flip;
      }
    }
  }
  CHECK(refused > changes / 2);
}

#ifdef FLOWZIP_HAVE_PNG
TEST_CASE("fast is small on a photograph") {
  const Image image = testing::Photo("colorado");
  EncodeOptions fast, flow;
  fast.coding = Coding::kFast;
  flow.coding = Coding::kNetwork;
  const size_t fast_size = Encode(image, fast).size();
  CHECK(static_cast<double>(fast_size) < 1.05 * static_cast<double>(Encode(image, flow).size()));
  EncodeOptions standard;
  CHECK(Encode(image, standard).size() <= fast_size);
}
#endif

}  // namespace
}  // namespace flowzip
