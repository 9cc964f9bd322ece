// SPDX-License-Identifier: BSD-3-Clause
#include "model/network.h"

#include <algorithm>
#include <cassert>

namespace flowzip {
namespace {

constexpr int kMaxWidth = 256, kMaxBlocks = 32;
// Rows of a trunk handed to a thread at a time, at the least.
constexpr int kMinTrunkRows = 32;

void RequireShape(const Conv2d& conv, int in, int out, int kernel) {
  Require(conv.in == in && conv.out == out && conv.kernel == kernel, ErrorCode::kCorrupt,
          "model layer has the wrong shape");
}

int64_t HeadMacs(const HeadNet& head) {
  return head.hidden.Macs() + head.extra.Macs() + head.out.Macs();
}

}  // namespace

int64_t LevelNet::MacsPerSite() const {
  int64_t macs = 0;
  for (const GroupNet& group : groups) {
    macs += group.input.Macs();
    for (const ResidualBlock& block : group.blocks) {
      macs += block.first.Macs() + block.second.Macs();
    }
    for (const HeadNet& head : group.heads) macs += HeadMacs(head);
    macs += group.scale.Macs();
  }
  return macs;
}

void LevelNet::Write(ByteWriter& writer) const {
  for (const GroupNet& group : groups) {
    group.input.Write(writer);
    writer.Put(static_cast<uint8_t>(group.blocks.size()));
    for (const ResidualBlock& block : group.blocks) {
      block.first.Write(writer);
      block.second.Write(writer);
    }
    for (int c = 0; c < kChannels; ++c) {
      group.heads[c].hidden.Write(writer);
      if (c > 0) group.heads[c].extra.Write(writer);
      group.heads[c].out.Write(writer);
    }
    if (group.scale.in > 0) group.scale.Write(writer);
  }
}

LevelNet LevelNet::Read(ByteReader& reader, int components, bool affine) {
  const auto read = [&reader] {
    Conv2d conv = Conv2d::Read(reader);
    conv.Prepare();
    return conv;
  };
  LevelNet net;
  for (int g = 0; g < kGroups; ++g) {
    GroupNet& group = net.groups[g];
    group.input = read();
    const int width = net.width();
    Require(width >= 1 && width <= kMaxWidth, ErrorCode::kCorrupt, "model is too wide");
    RequireShape(group.input, kTrunkInputs[g], width, 3);
    const int blocks = reader.Get<uint8_t>();
    Require(blocks <= kMaxBlocks, ErrorCode::kCorrupt, "model has too many blocks");
    for (int b = 0; b < blocks; ++b) {
      ResidualBlock block{read(), read()};
      const int inner = block.first.out;
      Require(inner <= kMaxWidth, ErrorCode::kCorrupt, "model is too wide");
      RequireShape(block.first, width, inner, 3);
      RequireShape(block.second, inner, width, 3);
      group.blocks.push_back(std::move(block));
    }
    for (int c = 0; c < kChannels; ++c) {
      HeadNet& head = group.heads[c];
      head.hidden = read();
      const int inner = head.hidden.out;
      Require(inner <= kMaxWidth, ErrorCode::kCorrupt, "model is too wide");
      RequireShape(head.hidden, width, inner, 1);
      if (c > 0) {
        head.extra = read();
        RequireShape(head.extra, kHeadInputs[c], inner, 3);
      }
      head.out = read();
      RequireShape(head.out, inner, 3 * components, 1);
    }
    if (affine) {
      group.scale = read();
      RequireShape(group.scale, width, kChannels, 1);
    }
  }
  return net;
}

NetworkState::NetworkState(const LevelNet& net, int width, int height)
    : net_(net),
      width_(width),
      height_(height),
      stream_(Tensor::Unset(width, height, net.width())) {}

Tensor NetworkState::RowsAround(int y, int distance) const {
  int rows = 1;
  while (rows < 2 * distance) rows *= 2;
  Tensor copy = Tensor::Ring(width_, height_, stream_.channels(), rows);
  for (int i = std::max(0, y - distance); i < std::min(height_, y + distance); ++i) {
    std::copy_n(stream_.At(-1, i), stream_.row_stride(), copy.At(-1, i));
  }
  return copy;
}

void NetworkState::RunTrunk(int group, const FillFn& fill, ThreadPool& pool) {
  // Few ranges: each computes rows beyond its ends, one more per layer.
  const int threads = pool.threads_free();
  const int64_t grain =
      threads == 1 ? height_ : std::max(kMinTrunkRows, (height_ - 1) / threads + 1);
  std::vector<Tensor> edges;  // before the second range, the third, ...
  const int distance = 2 * static_cast<int>(net_.groups[group].blocks.size());
  for (int64_t y = grain; y < height_; y += grain) {
    edges.push_back(group == 0 ? Tensor() : RowsAround(static_cast<int>(y), distance));
  }
  pool.ParallelRanges(height_, grain, [&](int64_t y0, int64_t y1) {
    const auto range = static_cast<size_t>(y0 / grain);
    TrunkRows(
        group, fill, static_cast<int>(y0), static_cast<int>(y1),
        {range > 0 ? &edges[range - 1] : nullptr, range < edges.size() ? &edges[range] : nullptr});
  });
}

// All layers advance together, a row at a time, each one row behind what it reads:
//
//   features -> input -> h0 -> first -> u1 -> second -> h1 -> ... -> stream
//
// A layer's output for row y needs rows y - 1 .. y + 1 of its input; a residual sum needs h a
// row behind that. So rings of four rows hold all that is still needed: after a layer has
// advanced to row n, those who read it are at n - 1 (or n - 2, the sum) and look one row up.
//
// The stream of the group before is read by the first layer and overwritten by the last, which
// is never ahead; outside [y0, y1) others overwrite it, and copies are read.
void NetworkState::TrunkRows(int group, const FillFn& fill, int y0, int y1, const Edges& edges) {
  constexpr int kRingRows = 4;
  const GroupNet& net = net_.groups[group];
  struct Stage {
    const Conv2d* conv;    // null: the features
    const Tensor* addend;  // or null
    Tensor* out;
    int next, end;  // rows
    bool relu;
  };
  std::vector<Tensor> rings(1 + 2 * net.blocks.size());
  std::vector<Stage> stages;
  const int layers = static_cast<int>(rings.size());
  const auto add_stage = [&](const Conv2d* conv, const Tensor* addend, int channels, bool relu) {
    const int s = static_cast<int>(stages.size());
    Tensor* out = s == layers ? &stream_ : &rings[s];
    if (s < layers) *out = Tensor::Ring(width_, height_, channels, kRingRows);
    const int beyond = layers - s;
    stages.push_back(
        {conv, addend, out, std::max(0, y0 - beyond), std::min(height_, y1 + beyond), relu});
  };
  add_stage(nullptr, nullptr, net.input.in, false);
  add_stage(&net.input, group == 0 ? nullptr : &stream_, net.input.out, false);
  for (const ResidualBlock& block : net.blocks) {
    const Tensor* stream = stages.back().out;
    add_stage(&block.first, nullptr, block.first.out, true);
    add_stage(&block.second, stream, block.second.out, false);
  }

  while (stages.back().next < stages.back().end) {
    for (size_t s = 0; s < stages.size(); ++s) {
      Stage& stage = stages[s];
      const int y = stage.next;
      if (y == stage.end) continue;
      if (s == 0) {
        fill(*stage.out, y, y + 1);
      } else {
        const int known = stages[s - 1].next;  // rows of the input
        if (known < height_ && y + 1 >= known) continue;
        const bool others = s == 1 && stage.addend != nullptr && (y < y0 || y >= y1);
        const Tensor* addend = !others ? stage.addend : y < y0 ? edges.above : edges.below;
        ConvRows(*stage.conv, *stages[s - 1].out, addend, stage.relu ? 0 : -kMaxActivation,
                 kMaxActivation, *stage.out, y, y + 1);
      }
      stage.next = y + 1;
      if (stage.next == height_ && s + 1 < stages.size()) stage.out->ZeroRow(height_);
    }
  }
}

const Tensor& NetworkState::HeadRows(int group, int channel, const FillFn& fill, int y0, int y1,
                                     HeadScratch& scratch) const {
  constexpr int kRingRows = 8;
  static_assert(kHeadRows + 2 <= kRingRows);
  assert(0 <= y0 && y0 < y1 && y1 <= std::min(height_, y0 + kHeadRows));
  const HeadNet& net = net_.groups[group].heads[channel];
  const auto shape = [&](Tensor& tensor, int channels) {
    if (tensor.width() == width_ && tensor.height() == height_ && tensor.channels() == channels) {
      return;
    }
    tensor = Tensor::Ring(width_, height_, channels, kRingRows);
  };
  shape(scratch.hidden, net.hidden.out);
  shape(scratch.out, net.out.out);
  const Tensor* addend = nullptr;
  if (channel > 0) {
    shape(scratch.features, net.extra.in);
    const int above = std::max(0, y0 - 1), below = std::min(height_, y1 + 1);
    fill(scratch.features, above, below);
    if (y0 == 0) scratch.features.ZeroRow(-1);
    if (y1 == height_) scratch.features.ZeroRow(height_);
    ConvRows(net.extra, scratch.features, nullptr, -kMaxActivation, kMaxActivation, scratch.hidden,
             y0, y1);
    addend = &scratch.hidden;
  }
  ConvRows(net.hidden, stream_, addend, 0, kMaxActivation, scratch.hidden, y0, y1);
  ConvRows(net.out, scratch.hidden, nullptr, -kMaxActivation, kMaxActivation, scratch.out, y0, y1);
  return scratch.out;
}

const Tensor& NetworkState::ScaleRows(int group, int y0, int y1, HeadScratch& scratch) const {
  constexpr int kRingRows = 8;
  static_assert(kHeadRows <= kRingRows);
  Tensor& scale = scratch.scale;
  if (scale.width() != width_ || scale.height() != height_ || scale.channels() != kChannels) {
    scale = Tensor::Ring(width_, height_, kChannels, kRingRows);
  }
  ConvRows(net_.groups[group].scale, stream_, nullptr, -kMaxActivation, kMaxActivation, scale, y0,
           y1);
  return scale;
}

Tensor NetworkState::RunHead(int group, int channel, const FillFn& fill, ThreadPool& pool) const {
  Tensor all(width_, height_, net_.groups[group].heads[channel].out.out);
  pool.ParallelRanges(height_, kHeadRows, [&](int64_t begin, int64_t end) {
    const int y0 = static_cast<int>(begin), y1 = static_cast<int>(end);
    HeadScratch scratch;
    const Tensor& rows = HeadRows(group, channel, fill, y0, y1, scratch);
    for (int y = y0; y < y1; ++y) {
      std::copy_n(rows.At(0, y), static_cast<ptrdiff_t>(width_) * rows.depth(), all.At(0, y));
    }
  });
  return all;
}

}  // namespace flowzip
