// SPDX-License-Identifier: BSD-3-Clause
#include "codec/coders/refined/refined_coder.h"

#include <utility>

#include "codec/coders/refined/refined_pass.h"

namespace flowzip {
namespace {

Neighbours MakeNeighbours(int group) {
  const Lattice own = kGroupLattice[group];
  std::vector<std::pair<int, Offset>> known;
  for (int dy = -Neighbours::kReach; dy <= Neighbours::kReach; ++dy) {
    for (int dx = -Neighbours::kReach; dx <= Neighbours::kReach; ++dx) {
      const int right = (OffsetX(own) + dx) & 1, down = (OffsetY(own) + dy) & 1;
      const auto lattice = static_cast<Lattice>(right + 2 * down);
      const bool before = dy < 0 || (dy == 0 && dx < 0);
      if (lattice == own ? before : KnownBefore(lattice, group)) {
        known.push_back({dx * dx + dy * dy, {dx, dy}});
      }
    }
  }
  std::stable_sort(known.begin(), known.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  Neighbours neighbours;
  for (int k = 0; k < Neighbours::kMost; ++k) neighbours.at[k] = known.at(k).second;
  return neighbours;
}

template <class Coder>
double Code(Coder& coder, RefinedState& state, const ChannelPass& pass, int level,
            const LevelLedger& ledger) {
  if (ledger.active()) {
    return RefinedPass<Coder, OpenLedger>(coder, state, pass, level, ledger).Run();
  }
  return RefinedPass<Coder, NoLedger>(coder, state, pass, level, ledger).Run();
}

}  // namespace

const Neighbours& Neighbours::Of(int group) {
  static const std::array<Neighbours, kGroups> all = {MakeNeighbours(0), MakeNeighbours(1),
                                                      MakeNeighbours(2)};
  return all[group];
}

RefinedEncoder::RefinedEncoder(RefinedState& state, const LevelPlanes& level, int level_index,
                               const LevelLedger& ledger)
    : state_(state), level_(level_index), ledger_(ledger) {
  state.BeginLevel(level);
}

void RefinedEncoder::PutFilters(const FilterCodes& codes,
                                const std::array<SampleRange, kChannels>& ranges) {
  LogFilters(codes, ranges, filters_, &side_bits_);
}

void RefinedEncoder::Put(const ChannelPass& pass) {
  bits_[pass.channel] += Code(coder_, state_, pass, level_, ledger_);
}

std::vector<std::vector<uint8_t>> RefinedEncoder::Finish() {
  std::vector<std::vector<uint8_t>> streams(kRefinedStreams);
  if (filters_.size() > 0) streams[0] = filters_.EncodeAll(/*lanes=*/1);
  streams[1] = coder_.Finish();
  return streams;
}

RefinedDecoder::RefinedDecoder(RefinedState& state, const LevelPlanes& level, int level_index,
                               const std::vector<ByteSpan>& streams, const LevelLedger& ledger)
    : state_(state),
      level_(level_index),
      ledger_(ledger),
      filters_(streams[0]),
      coder_(streams[1]) {
  state.BeginLevel(level);
}

FilterCodes RefinedDecoder::GetFilters(const TapSet& taps,
                                       const std::array<SampleRange, kChannels>& ranges) {
  RansStack stack = RansStack::FromBytes(filters_, /*lanes=*/1);
  FilterCodes codes = PopFilters(stack, taps, ranges, &side_bits_);
  stack.CheckEnd();
  filters_ = {};
  return codes;
}

void RefinedDecoder::Get(const ChannelPass& pass) {
  bits_[pass.channel] += Code(coder_, state_, pass, level_, ledger_);
}

void RefinedDecoder::CheckEnd() const {
  Require(filters_.empty(), ErrorCode::kCorrupt, "filters where there are none");
  coder_.CheckEnd();
}

}  // namespace flowzip
