// SPDX-License-Identifier: BSD-3-Clause
#include "codec/tiles/tile_encoder.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>
#include <vector>

#include "codec/coders/contexts/context_tile.h"
#include "codec/coders/network/network_tile.h"
#include "codec/coders/plain/plain_tile.h"
#include "codec/coders/raster/raster_tile.h"
#include "codec/picture/sample_block.h"
#include "codec/tiles/differences.h"
#include "codec/tiles/tile_modes.h"
#include "codec/tiles/tile_payload.h"
#include "codec/tiles/tile_plan.h"

namespace flowzip {
namespace {

constexpr uint64_t kFewBits = 1;             // per sub-pixel
constexpr uint64_t kNetworkSurely = 65536;   // pixels above which the network beats raster tiles
constexpr uint64_t kAdaptiveSurely = 65536;  // pixels above which adaptive planes are smaller

// What a file of one tile takes more where it names a model: such a file is no short one.
constexpr size_t kModelBytes = 24;

// A coder that is tried, and what came of it.
struct Candidate {
  const TileEncoder* encoder;
  bool adaptive = false;              // as in TileSource
  std::vector<uint8_t> payload = {};  // empty: given up, or not run
  TileStats stats = {};
};
using Candidates = std::vector<Candidate>;

class TileTrial {
 public:
  TileTrial(const TileSource& tile, const EncodeOptions& options, bool count)
      : tile_(tile), options_(options), count_(count) {
    // What comes out largest takes longest, and is given up as soon as it is above the smallest so
    // far: that never changes what is smallest.
    tile_.worth = [this](size_t bytes) { return bytes <= least_.load(); };
  }

  Candidate Smallest();

 private:
  void SettleByProbes(TilePlan* plan);
  Candidates Choose();
  void Run(Candidate& candidate, PixelBits* pixels);
  void RunAll(Candidates& candidates, PixelBits* pixels);
  void TryToo(const TileEncoder& encoder, Candidates& candidates);
  void TryTheRest(Candidates& candidates);
  static bool Tried(const Candidates& candidates, const TileEncoder& encoder);
  size_t FileBytes(const Candidate& candidate) const;
  Candidate& Least(Candidates& candidates) const;

  uint64_t pixels() const { return uint64_t{tile_.rect.width} * tile_.rect.height; }

  TileSource tile_;
  const EncodeOptions& options_;
  bool count_;
  std::atomic<size_t> least_ = SIZE_MAX;
  // The raster coder has the network coder's filters, and its tables win on small tiles and where
  // rows repeat: on others it is tried only where the network came to little, or to more than the
  // samples.
  bool raster_later_ = false;
};

// Codes two samples of the tile in all ways.
void TileTrial::SettleByProbes(TilePlan* plan) {
  const TileEncoder& smooth = plan->network ? kNetworkEncoder : kRasterEncoder;
  ProbeBytes bytes;
  for (const Rect& probe : ProbeParts(tile_.rect)) {
    TileSource part{tile_.image,
                    probe,
                    tile_.pool,
                    tile_.model,
                    tile_.recover_colour,
                    tile_.repeats,
                    plan->quick_probe || plan->hurry};
    Account closed;
    bytes.smooth += EncodePayload(smooth, part, closed).size();
    bytes.contexts += kContextsEncoder.encode(part, closed).size();
    if (!plan->network || !plan->adaptive) continue;
    part.adaptive = true;
    bytes.adaptive += EncodePayload(kNetworkEncoder, part, closed).size();
  }
  JudgeProbes(bytes, plan);
}

// In the order in which the first of equal size wins.
Candidates TileTrial::Choose() {
  TilePlan plan = PlanTile(tile_.image, tile_.rect, options_.coding);
  tile_.repeats = plan.repeats;
  if (plan.probe || plan.quick_probe) SettleByProbes(&plan);
  tile_.quick = plan.contexts == Contexts::kQuick || Hurries(options_.coding, tile_.rect);
  tile_.copies = plan.copies;

  Candidates candidates;
  const auto add = [&](const TileEncoder& encoder, bool adaptive = false) {
    candidates.push_back({&encoder, adaptive});
  };
  if (plan.contexts != Contexts::kNone)
    add(IsConstant(tile_.image, tile_.rect) ? kConstantEncoder : kContextsEncoder);
  raster_later_ = plan.raster && plan.network && options_.coding == Coding::kSmallest &&
                  pixels() > kNetworkSurely && !plan.repeated_rows;
  if (plan.raster && !raster_later_) add(kRasterEncoder);
  if (plan.network && plan.adaptive) add(kNetworkEncoder, /*adaptive=*/true);
  // What a small tile teaches may not be worth its being learnt.
  const bool maybe_static = options_.coding == Coding::kThorough && pixels() <= kAdaptiveSurely;
  if (plan.network && (!plan.adaptive || maybe_static)) add(kNetworkEncoder);
  return candidates;
}

void TileTrial::Run(Candidate& candidate, PixelBits* pixels) {
  Account account{count_, pixels, {}};
  TileSource tile = tile_;
  tile.adaptive = candidate.adaptive;
  candidate.payload = EncodePayload(*candidate.encoder, tile, account);
  candidate.stats = std::move(account.stats);
  if (candidate.payload.empty()) return;
  const size_t bytes = FileBytes(candidate);
  for (size_t before = least_; bytes < before && !least_.compare_exchange_weak(before, bytes);) {
  }
}

// Side by side what takes longest first, one after another the contexts last.
void TileTrial::RunAll(Candidates& candidates, PixelBits* pixels) {
  const bool together = IsSmall(tile_.rect) && tile_.pool.threads() > 1;
  const size_t first = together ? 0 : 1;
  const auto number = static_cast<int64_t>(candidates.size());
  const auto run_nth = [&](int64_t i) {
    Run(candidates[(static_cast<size_t>(i) + first) % candidates.size()], pixels);
  };
  if (together) {
    tile_.pool.ParallelFor(number, run_nth);
  } else {
    for (int64_t i = 0; i < number; ++i) run_nth(i);
  }
}

// What the payload adds to the file; empty ones come last.
size_t TileTrial::FileBytes(const Candidate& candidate) const {
  if (candidate.payload.empty()) return SIZE_MAX;
  const bool alone =
      tile_.rect.width == tile_.image.width && tile_.rect.height == tile_.image.height;
  return candidate.payload.size() +
         (alone && candidate.encoder->coder->needs_model ? kModelBytes : 0);
}

Candidate& TileTrial::Least(Candidates& candidates) const {
  return *std::min_element(
      candidates.begin(), candidates.end(),
      [&](const Candidate& a, const Candidate& b) { return FileBytes(a) < FileBytes(b); });
}

bool TileTrial::Tried(const Candidates& candidates, const TileEncoder& encoder) {
  return std::any_of(candidates.begin(), candidates.end(),
                     [&](const Candidate& candidate) { return candidate.encoder == &encoder; });
}

void TileTrial::TryToo(const TileEncoder& encoder, Candidates& candidates) {
  candidates.push_back({&encoder});
  Run(candidates.back(), nullptr);
}

// What is tried only once it is known what the others came to.
void TileTrial::TryTheRest(Candidates& candidates) {
  const size_t raw = RawBytes(tile_.image, tile_.rect) + 1;
  const auto least = [&] { return Least(candidates).payload.size(); };
  if (raster_later_) {
    const uint64_t few = kFewBits * pixels() * static_cast<uint64_t>(tile_.image.channels);
    if (least() * 8 < few || least() > raw) TryToo(kRasterEncoder, candidates);
  }
  const bool chooses = ChoosesSmallest(options_.coding);
  const bool by_contexts =
      Tried(candidates, kContextsEncoder) || Tried(candidates, kConstantEncoder);
  const bool alpha_is_large =
      AlphaIsLarge(Least(candidates).payload) && options_.coding != Coding::kFast;
  if (chooses && !by_contexts && (alpha_is_large || least() > raw)) {
    tile_.quick = !alpha_is_large;
    TryToo(kContextsEncoder, candidates);
  }
  if ((chooses || by_contexts) && (least() == 0 || least() > raw)) TryToo(kRawEncoder, candidates);
}

Candidate TileTrial::Smallest() {
  Candidates candidates = Choose();
  // Only the winner books its pixels, in a second run if there are several.
  const bool sure = candidates.size() == 1 && !ChoosesSmallest(options_.coding) &&
                    candidates[0].encoder != &kContextsEncoder;
  RunAll(candidates, sure ? options_.pixel_bits : nullptr);
  TryTheRest(candidates);
  Candidate& best = Least(candidates);
  if (options_.pixel_bits != nullptr && !sure) {
    Candidate again{best.encoder, best.adaptive};
    Run(again, options_.pixel_bits);
  }
  return std::move(best);
}

// A tile as it is or as its differences, coded in one of several ways.
class TileWay {
 public:
  TileWay(const Image& image, const Rect& rect, const EncodeOptions& options, ThreadPool& pool)
      : image_(image), rect_(rect), options_(options), pool_(pool) {}

  Coding coding() const { return options_.coding; }
  const Rect& rect() const { return rect_; }

  // All of it; `pixels` as in EncodeOptions.
  Candidate Smallest(Coding coding, PixelBits* pixels, bool count) const {
    return Smallest(rect_, coding, pixels, count);
  }
  size_t BytesOf(Rect part, Coding coding) const {
    part.x += rect_.x;
    part.y += rect_.y;
    return Smallest(part, coding, nullptr, false).payload.size();
  }

 private:
  Candidate Smallest(const Rect& part, Coding coding, PixelBits* pixels, bool count) const {
    EncodeOptions options = options_;
    options.coding = coding;
    options.pixel_bits = pixels;
    TileTrial trial({image_, part, pool_, options.source(), options.recover_colour}, options,
                    count);
    return trial.Smallest();
  }

  const Image& image_;
  const Rect rect_;
  const EncodeOptions& options_;
  ThreadPool& pool_;
};

// Whether the differences are clearly smaller, of two parts, by what codes most of large pictures:
// all is tried on one as small as the parts.
bool PartsAreSmaller(const TileWay& differences, const TileWay& plain) {
  constexpr double kClearly = 0.96;  // parts show less of what plain samples teach
  const Coding main = plain.coding() == Coding::kFast       ? Coding::kRaster
                      : plain.coding() == Coding::kThorough ? Coding::kAdaptive
                                                            : Coding::kNetwork;
  size_t plain_bytes = 0, difference_bytes = 0;
  for (const Rect& part : ProbeParts({0, 0, plain.rect().width, plain.rect().height})) {
    plain_bytes += plain.BytesOf(part, main);
    difference_bytes +=
        std::min(differences.BytesOf(part, main), differences.BytesOf(part, Coding::kRaster));
  }
  return static_cast<double>(difference_bytes) < kClearly * static_cast<double>(plain_bytes);
}

// A way to code all of a tile, and what that makes.
struct Way {
  const TileWay* tile;
  Coding coding;
  size_t head = 0;  // bytes before the payload
  Candidate made = {};
  size_t bytes() const { return head + made.payload.size(); }
};

// The smallest way to code a tile as its differences or as it is: small ones in both ways.
Way ChooseWay(const TileWay& plain, const TileWay& differences, size_t head, bool count) {
  constexpr uint64_t kSmall = 65536;
  const auto make = [&](const TileWay& tile, Coding coding, size_t before) {
    return Way{&tile, coding, before, tile.Smallest(coding, nullptr, count)};
  };
  const auto smaller = [](Way a, Way b) {  // the second of two as small
    return a.bytes() < b.bytes() ? std::move(a) : std::move(b);
  };
  const auto plainly = [&] { return make(plain, plain.coding(), 0); };
  const auto as_differences = [&](Coding coding) { return make(differences, coding, head); };
  const bool small = uint64_t{plain.rect().width} * plain.rect().height <= kSmall;
  Way best = small ? smaller(as_differences(plain.coding()), plainly())
             : PartsAreSmaller(differences, plain) ? as_differences(plain.coding())
                                                   : plainly();
  // Of noise, the raster coder's tables may know more than the network, which parts do not show.
  if (plain.coding() == Coding::kFast) return best;
  return smaller(as_differences(Coding::kFast), std::move(best));
}

}  // namespace

TileResult EncodeOneTile(const Image& image, const Rect& rect, uint64_t tile,
                         const EncodeOptions& options, ThreadPool& pool, bool count) {
  const TileWay plain(image, rect, options, pool);
  TileResult result;
  result.pixel_checksum = PixelChecksum(image, rect, tile);
  Way way{&plain, options.coding};
  std::optional<Differences> differences;
  if (ChoosesSmallest(options.coding)) differences = TakeDifferences(image, rect);
  std::optional<TileWay> other;
  if (differences) {
    other.emplace(differences->image, Rect{0, 0, rect.width, rect.height}, options, pool);
    way = ChooseWay(plain, *other, differences->head.size(), count);
  }
  if (way.tile == &plain) {
    if (way.bytes() == 0 || options.pixel_bits != nullptr) {
      way.made = plain.Smallest(way.coding, options.pixel_bits, count);
    }
  } else {
    if (options.pixel_bits != nullptr) {
      PixelBits pixels;
      pixels.Reset(rect.width, rect.height);
      way.made = other->Smallest(way.coding, &pixels, count);
      options.pixel_bits->Add(rect, pixels.bits);
    }
    result.payload.assign(differences->head.begin(), differences->head.end());
    if (count) {
      way.made.stats.other_bytes += way.head;
      way.made.stats.mode_tiles = {};
      way.made.stats.mode_tiles[static_cast<size_t>(TileMode::kDifferences)] = 1;
    }
  }
  result.payload.insert(result.payload.end(), way.made.payload.begin(), way.made.payload.end());
  if (NeedsModel(result.payload)) result.model_hash = options.source().Get().hash();
  result.stats = std::move(way.made.stats);
  return result;
}

}  // namespace flowzip
