// SPDX-License-Identifier: BSD-3-Clause
#include "model/network.h"

#include <algorithm>
#include <cassert>

#include "model/trunk_range.h"

namespace flowzip {
namespace {

constexpr int kMaxWidth = 256, kMaxBlocks = 32;

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

void NetworkState::RunTrunk(int group, const FillFn& fill, ThreadPool& pool) {
  TrunkRange(net_.groups[group], group == 0, fill, stream_).Run(pool);
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
