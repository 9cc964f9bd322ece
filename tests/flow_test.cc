// SPDX-License-Identifier: BSD-3-Clause
// FactorOut as a whole: a coder that records what the encoder passes and replays it on the
// decoder's side restores the samples, with the same priors at every site.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "model/factor_out.h"
#include "model/levels.h"
#include "model/simd_targets.h"
#include "model/squeeze.h"
#include "tests/tiny_model.h"

namespace flowzip {
namespace {

using testing::Random;
using testing::TinyModel;
using Planes = std::array<IntPlane, kChannels>;

// What one channel pass showed: the prior of every site and the samples coded under it.
struct Record {
  int group, channel;
  std::vector<int16_t> head;
  std::vector<int32_t> prediction, samples;
  friend bool operator==(const Record&, const Record&) = default;
};

Record Observe(const ChannelPass& pass) {
  Record record{pass.group, pass.channel, {}, {}, {}};
  const LevelSize& size = pass.level.size;
  HeadScratch scratch;
  for (int i = 0; i < size.valid_height(pass.lattice()); ++i) {
    const Tensor& rows = pass.HeadRows(i, i + 1, scratch);
    for (int j = 0; j < size.valid_width(pass.lattice()); ++j) {
      const int16_t* head = rows.At(j, i);
      record.head.insert(record.head.end(), head, head + 3 * pass.components);
      record.prediction.push_back(pass.level.prediction[pass.channel].At(j, i));
      record.samples.push_back(pass.level.x[pass.lattice()][pass.channel].At(j, i));
    }
  }
  return record;
}

Planes RandomPicture(Random& random, int width, int height, bool gray) {
  Planes planes;
  for (int c = 0; c < kChannels; ++c) {
    planes[c] = IntPlane(width, height);
    if (gray && c > 0) continue;
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        planes[c].At(x, y) = (x * y / 7) % 200 + random.Between(-3, 3) - 100 * (c > 0);
      }
    }
  }
  return planes;
}

// All levels of the encoder, coarsest first; the levels come back complete.
std::vector<std::vector<Record>> Encode(const Model& model, const Planes& picture, int threads,
                                        std::vector<LevelPlanes>* out = nullptr) {
  ThreadPool pool(threads);
  const auto ranges = FindRanges(picture);
  const TapSet taps(model.radii);
  std::vector<LevelPlanes> levels = MakeLevels(picture);
  std::vector<std::vector<Record>> all;
  std::array<SitePlane, kChannels> coarse;
  for (int l = static_cast<int>(levels.size()) - 1; l >= 0; --l) {
    std::vector<Record>& records = all.emplace_back();
    FactorOut(model, l, levels[l], coarse, model.ForLevel(l).filters, taps, ranges, pool,
              [&](const ChannelPass& pass) { records.push_back(Observe(pass)); });
    coarse = AssembleResiduals(levels[l]);
  }
  if (out != nullptr) *out = std::move(levels);
  return all;
}

void CheckReplay(const Model& model, const Planes& picture, int threads) {
  Random random(99);
  std::vector<LevelPlanes> sent;
  const auto records = Encode(model, picture, 1, &sent);
  const auto ranges = FindRanges(picture);
  const TapSet taps(model.radii);
  ThreadPool pool(threads);
  std::array<SitePlane, kChannels> coarse;
  for (size_t n = 0; n < records.size(); ++n) {
    const int l = static_cast<int>(records.size() - 1 - n);
    LevelPlanes level(sent[l].size);
    for (int c = 0; c < kChannels; ++c) {
      level.x[kA][c] = sent[l].x[kA][c];
      for (const Lattice other : {kB, kC, kD}) {
        // What is not known yet must not matter, whatever it is.
        level.x[other][c].Fill(static_cast<int16_t>(random.Between(-32768, 32767)));
      }
    }
    size_t at = 0;
    FactorOut(model, l, level, coarse, model.ForLevel(l).filters, taps, ranges, pool,
              [&](const ChannelPass& pass) {
                const Record& record = records[n].at(at++);
                size_t site = 0;
                for (int i = 0; i < pass.level.size.valid_height(pass.lattice()); ++i) {
                  for (int j = 0; j < pass.level.size.valid_width(pass.lattice()); ++j) {
                    pass.level.x[pass.lattice()][pass.channel].At(j, i) =
                        static_cast<int16_t>(record.samples[site++]);
                  }
                }
                REQUIRE(Observe(pass) == record);
              });
    CHECK(at == records[n].size());
    for (int k = 0; k < kLattices; ++k) {
      for (int c = 0; c < kChannels; ++c) {
        for (int y = 0; y < level.size.grid_height(); ++y) {
          const int16_t* row = level.x[k][c].Row(y);
          REQUIRE(std::equal(row, row + level.size.grid_width(), sent[l].x[k][c].Row(y)));
        }
      }
    }
    coarse = AssembleResiduals(level);
  }
}

TEST_CASE("what is recorded and replayed gives the same samples and the same priors") {
  Random random(1);
  testing::TinyShape one_class;
  one_class.classes = 1;
  one_class.blocks = {2, 0, 1};
  one_class.components = 3;
  one_class.radii = {{36, 36, 36}, {36, 36, 36}, {36, 36, 36}};
  for (const Model& model : {TinyModel(1), TinyModel(2, one_class)}) {
    for (const auto& [width, height] :
         {std::pair{9, 9}, {16, 16}, {33, 20}, {20, 33}, {1, 50}, {50, 1}, {2, 31}, {65, 65}}) {
      CAPTURE(width, height);
      CheckReplay(model, RandomPicture(random, width, height, false), 1);
      CheckReplay(model, RandomPicture(random, width, height, true), 2);
    }
  }
}

TEST_CASE("constant channels are skipped, and are what they are") {
  Random random(2);
  const Model model = TinyModel(3);
  Planes picture = RandomPicture(random, 21, 22, false);
  picture[1].Fill(-77);
  std::vector<LevelPlanes> levels;
  for (const auto& level : Encode(model, picture, 1, &levels)) {
    CHECK(level.size() == kGroups * 2);
    for (const Record& record : level) CHECK(record.channel != 1);
  }
  CHECK(levels[0].x[kD][1].At(5, 5) == -77);
  CHECK(levels[0].residual[0][1].At(5, 5) == 0);
}

TEST_CASE("priors do not depend on threads or on the instruction set") {
  Random random(3);
  const Model model = TinyModel(4);
  const Planes picture = RandomPicture(random, 75, 68, false);
  const auto expected = Encode(model, picture, 1);
  CHECK(Encode(model, picture, 2) == expected);
  CHECK(Encode(model, picture, 3) == expected);
  for (const std::string& target : SupportedSimdTargets()) {
    INFO(target);
    REQUIRE(ForceSimdTarget(target));
    CHECK(Encode(model, picture, 2) == expected);
  }
  ResetSimdTarget();
}

TEST_CASE("residual pictures are those of the sites, zero at A and where nothing is") {
  Random random(5);
  const Model model = TinyModel(6);
  std::vector<LevelPlanes> levels;
  Encode(model, RandomPicture(random, 13, 11, false), 1, &levels);
  const std::array<SitePlane, kChannels> residuals = AssembleResiduals(levels[0]);
  for (int c = 0; c < kChannels; ++c) {
    CHECK(residuals[c].width() == 13);
    CHECK(residuals[c].height() == 11);
    CHECK(residuals[c].At(4, 6) == 0);
    CHECK(residuals[c].At(5, 7) == levels[0].residual[0][c].At(2, 3));  // D
    CHECK(residuals[c].At(5, 6) == levels[0].residual[1][c].At(2, 3));  // B
    CHECK(residuals[c].At(4, 7) == levels[0].residual[2][c].At(2, 3));  // C
  }
}

}  // namespace
}  // namespace flowzip
