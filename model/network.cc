// SPDX-License-Identifier: BSD-3-Clause
#include "model/network.h"

namespace flowzip {
namespace {

constexpr int kMaxWidth = 256, kMaxBlocks = 32;
// Rows handed to a thread at a time.
constexpr int kRowGrain = 16;

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
  }
}

LevelNet LevelNet::Read(ByteReader& reader, int components) {
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
  }
  return net;
}

NetworkState::NetworkState(const LevelNet& net, int width, int height)
    : net_(net), width_(width), height_(height), stream_(width, height, net.width()) {}

void NetworkState::Run(const Conv2d& conv, const Tensor& in, const Tensor* addend, bool relu,
                       Tensor& out, ThreadPool& pool) {
  pool.ParallelRanges(height_, kRowGrain, [&](int64_t y0, int64_t y1) {
    ConvRows(conv, in, addend, relu ? 0 : -kMaxActivation, kMaxActivation, out,
             static_cast<int>(y0), static_cast<int>(y1));
  });
}

void NetworkState::RunTrunk(int group, const FillFn& fill, ThreadPool& pool) {
  const GroupNet& net = net_.groups[group];
  Tensor features(width_, height_, net.input.in);
  pool.ParallelRanges(height_, kRowGrain, [&](int64_t y0, int64_t y1) {
    fill(features, static_cast<int>(y0), static_cast<int>(y1));
  });
  Run(net.input, features, &stream_, /*relu=*/false, stream_, pool);
  for (const ResidualBlock& block : net.blocks) {
    if (hidden_.channels() != block.first.out) hidden_ = Tensor(width_, height_, block.first.out);
    Run(block.first, stream_, nullptr, /*relu=*/true, hidden_, pool);
    Run(block.second, hidden_, &stream_, /*relu=*/false, stream_, pool);
  }
}

Tensor NetworkState::RunHead(int group, int channel, const FillFn& fill, ThreadPool& pool) {
  const HeadNet& net = net_.groups[group].heads[channel];
  Tensor hidden(width_, height_, net.hidden.out);
  if (channel > 0) {
    Tensor features(width_, height_, net.extra.in);
    pool.ParallelRanges(height_, kRowGrain, [&](int64_t y0, int64_t y1) {
      fill(features, static_cast<int>(y0), static_cast<int>(y1));
    });
    Run(net.extra, features, nullptr, /*relu=*/false, hidden, pool);
  }
  Run(net.hidden, stream_, channel > 0 ? &hidden : nullptr, /*relu=*/true, hidden, pool);
  Tensor out(width_, height_, net.out.out);
  Run(net.out, hidden, nullptr, /*relu=*/false, out, pool);
  return out;
}

}  // namespace flowzip
