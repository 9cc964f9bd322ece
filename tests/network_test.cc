// SPDX-License-Identifier: BSD-3-Clause
// The network run row by row equals its definition, one whole layer after the other.
#include "model/network.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <thread>

#include "tests/tiny_model.h"

namespace flowzip {
namespace {

using testing::Random;

// A feature that depends on everything.
int16_t Feature(int x, int y, int channel, int seed) {
  const uint32_t mixed = (x * 7919u + y * 104729u + channel * 1299709u + seed) * 2654435761u;
  return static_cast<int16_t>(static_cast<int>(mixed >> 21) - 1024);
}

void Fill(Tensor& out, int y0, int y1, int seed) {
  for (int y = y0; y < y1; ++y) {
    for (int x = 0; x < out.width(); ++x) {
      for (int i = 0; i < out.channels(); ++i) out.At(x, y)[i] = Feature(x, y, i, seed);
    }
  }
}

Tensor Layer(const Conv2d& conv, const Tensor& in, const Tensor* addend, bool relu) {
  Tensor out(in.width(), in.height(), conv.out);
  ConvRowsScalar(conv, in, addend, relu ? 0 : -kMaxActivation, kMaxActivation, out, 0, in.height());
  return out;
}

bool Same(const Tensor& a, const Tensor& b) {
  for (int y = 0; y < a.height(); ++y) {
    for (int x = 0; x < a.width(); ++x) {
      if (!std::equal(a.At(x, y), a.At(x, y) + a.channels(), b.At(x, y))) return false;
    }
  }
  return a.channels() == b.channels();
}

// With a second thread that has other work until a quarter of the rows is done.
void RunWithLateHelp(NetworkState& state, int group, int height, const NetworkState::FillFn& fill,
                     ThreadPool& pool) {
  std::atomic<bool> free{false};
  const auto fill_and_free = [&](Tensor& out, int y0, int y1) {
    fill(out, y0, y1);
    if (y0 != height / 4 || free.exchange(true)) return;
    while (pool.threads_free() < 2) std::this_thread::yield();
  };
  pool.ParallelFor(2, [&](int64_t i) {
    if (i == 1) state.RunTrunk(group, fill_and_free, pool);
    while (!free) std::this_thread::yield();
  });
}

void Check(const LevelNet& net, int width, int height, int threads, bool late_help = false) {
  ThreadPool pool(threads);
  NetworkState state(net, width, height);
  Tensor h(width, height, net.width());
  for (int g = 0; g < kGroups; ++g) {
    const GroupNet& group = net.groups[g];
    Tensor features(width, height, kTrunkInputs[g]);
    Fill(features, 0, height, g);
    h = Layer(group.input, features, &h, false);
    for (const ResidualBlock& block : group.blocks) {
      h = Layer(block.second, Layer(block.first, h, nullptr, true), &h, false);
    }
    const auto trunk_fill = [g](Tensor& out, int y0, int y1) { Fill(out, y0, y1, g); };
    if (late_help) {
      RunWithLateHelp(state, g, height, trunk_fill, pool);
    } else {
      state.RunTrunk(g, trunk_fill, pool);
    }
    for (int c = 0; c < kChannels; ++c) {
      const HeadNet& head = group.heads[c];
      Tensor extra(width, height, head.hidden.out);
      const int seed = 100 + 10 * g + c;
      if (c > 0) {
        Tensor head_features(width, height, kHeadInputs[c]);
        Fill(head_features, 0, height, seed);
        extra = Layer(head.extra, head_features, nullptr, false);
      }
      const Tensor expected = Layer(head.out, Layer(head.hidden, h, &extra, true), nullptr, false);
      const auto fill = [seed](Tensor& out, int y0, int y1) { Fill(out, y0, y1, seed); };
      CAPTURE(width, height, threads, g, c);
      CHECK(Same(expected, state.RunHead(g, c, fill, pool)));
      // In steps of other sizes, with one scratch.
      HeadScratch scratch;
      bool same = true;
      for (int y = 0, rows = 1; y < height; y += rows, rows = rows % 4 + 1) {
        const int end = std::min(height, y + rows);
        const Tensor& some = state.HeadRows(g, c, fill, y, end, scratch);
        for (int i = y; i < end; ++i) {
          for (int x = 0; x < width; ++x) {
            same &= std::equal(some.At(x, i), some.At(x, i) + some.channels(), expected.At(x, i));
          }
        }
      }
      CHECK(same);
    }
  }
}

}  // namespace

TEST_CASE("rows in rings give what whole layers give", "[network]") {
  Random random(1);
  const int sizes[][2] = {{1, 1}, {5, 2}, {2, 3}, {3, 4}, {7, 33}, {4, 65}, {3, 140}};
  const std::array<int, kGroups> blocks[] = {{0, 1, 2}, {2, 2, 2}, {3, 0, 1}};
  for (const auto& counts : blocks) {
    testing::TinyShape shape;
    shape.blocks = counts;
    const LevelNet net = RandomNet(random, shape);
    for (const auto& [width, height] : sizes) {
      for (const int threads : {1, 2, 5}) Check(net, width, height, threads);
      Check(net, width, height, 2, true);
    }
  }
}

}  // namespace flowzip
