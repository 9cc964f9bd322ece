// SPDX-License-Identifier: BSD-3-Clause
#include "model/trunk_range.h"

#include <algorithm>
#include <utility>

namespace flowzip {
namespace {

constexpr int kRingRows = 4;
// Rows left for each half of a range that is cut; both compute some rows beyond the cut.
constexpr int kLeastRows = 32;

}  // namespace

TrunkRange::TrunkRange(const GroupNet& net, bool first_group, const NetworkState::FillFn& fill,
                       Tensor& stream)
    : net_(net),
      first_group_(first_group),
      fill_(fill),
      stream_(stream),
      height_(stream.height()),
      y0_(0),
      y1_(height_),
      rings_(1 + 2 * net.blocks.size()) {
  AddStages();
}

TrunkRange::TrunkRange(const TrunkRange& whole, int y0, Edge above)
    : net_(whole.net_),
      first_group_(whole.first_group_),
      fill_(whole.fill_),
      stream_(whole.stream_),
      height_(whole.height_),
      y0_(y0),
      y1_(whole.y1_),
      above_(std::move(above)),
      below_(whole.below_),
      rings_(whole.rings_.size()) {
  AddStages();
}

void TrunkRange::AddStages() {
  AddStage(nullptr, nullptr, net_.input.in, false);
  AddStage(&net_.input, first_group_ ? nullptr : &stream_, net_.input.out, false);
  for (const ResidualBlock& block : net_.blocks) {
    const Tensor* stream = stages_.back().out;
    AddStage(&block.first, nullptr, block.first.out, true);
    AddStage(&block.second, stream, block.second.out, false);
  }
}

void TrunkRange::AddStage(const Conv2d* conv, const Tensor* addend, int channels, bool relu) {
  const size_t s = stages_.size();
  const bool last = s == rings_.size();
  if (!last) rings_[s] = Tensor::Ring(stream_.width(), height_, channels, kRingRows);
  Tensor* const out = last ? &stream_ : &rings_[s];
  stages_.push_back({conv, addend, out, std::max(0, y0_ - Beyond(s)), EndOf(s), relu});
}

// Each stage computes a row more than the one behind it, which reads that.
int TrunkRange::Beyond(size_t stage) const { return static_cast<int>(rings_.size() - stage); }

int TrunkRange::EndOf(size_t stage) const { return std::min(height_, y1_ + Beyond(stage)); }

void TrunkRange::Run(ThreadPool& pool) {
  const Stage& last = stages_.back();
  // A cut is where the stream has its old rows still, as far as the range above reads them.
  const int least = std::max(kLeastRows, Beyond(0));
  while (last.next < last.end) {
    const int left = last.end - last.next;
    if (left >= 2 * least && pool.threads_free() > 1) return Split(last.next + left / 2, pool);
    for (size_t s = 0; s < stages_.size(); ++s) Advance(s);
  }
}

void TrunkRange::Split(int y, ThreadPool& pool) {
  const Edge edge = first_group_ ? nullptr : RowsAround(y);
  TrunkRange lower(*this, y, edge);
  y1_ = y;
  below_ = edge;
  for (size_t s = 0; s < stages_.size(); ++s) stages_[s].end = EndOf(s);
  pool.ParallelFor(2, [&](int64_t i) { (i == 0 ? *this : lower).Run(pool); });
}

TrunkRange::Edge TrunkRange::RowsAround(int y) const {
  const int distance = Beyond(1);
  int rows = 1;
  while (rows < 2 * distance) rows *= 2;
  auto copy =
      std::make_shared<Tensor>(Tensor::Ring(stream_.width(), height_, stream_.channels(), rows));
  for (int i = std::max(0, y - distance); i < std::min(height_, y + distance); ++i) {
    std::copy_n(stream_.At(-1, i), stream_.row_stride(), copy->At(-1, i));
  }
  return copy;
}

void TrunkRange::Advance(size_t s) {
  Stage& stage = stages_[s];
  const int y = stage.next;
  if (y == stage.end) return;
  if (s == 0) {
    fill_(*stage.out, y, y + 1);
  } else {
    const int known = stages_[s - 1].next;  // rows of the input
    if (known < height_ && y + 1 >= known) return;
    const bool others = s == 1 && stage.addend != nullptr && (y < y0_ || y >= y1_);
    const Tensor* addend = !others ? stage.addend : y < y0_ ? above_.get() : below_.get();
    ConvRows(*stage.conv, *stages_[s - 1].out, addend, stage.relu ? 0 : -kMaxActivation,
             kMaxActivation, *stage.out, y, y + 1);
  }
  stage.next = y + 1;
  if (stage.next == height_ && s + 1 < stages_.size()) stage.out->ZeroRow(height_);
}

}  // namespace flowzip
