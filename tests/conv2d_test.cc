// SPDX-License-Identifier: BSD-3-Clause
// The convolution kernels of every target against the definition, and the model file's
// limits.
#include "model/conv2d.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.h"
#include "model/simd_targets.h"

namespace flowzip {
namespace {

// Largest sum |w| that CheckBounds accepts with this shift and no bias.
int64_t LargestGain(int shift) {
  const int64_t room =
      std::numeric_limits<int32_t>::max() - kMaxActivation - (int64_t{1} << (shift - 1));
  return room / kMaxActivation;
}

class Source {
 public:
  explicit Source(uint32_t seed) : engine_(seed) {}
  int Between(int lo, int hi) { return std::uniform_int_distribution<int>(lo, hi)(engine_); }

  Tensor RandomTensor(int width, int height, int channels, bool extreme) {
    Tensor t(width, height, channels);
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        for (int i = 0; i < channels; ++i) {
          t.At(x, y)[i] =
              static_cast<int16_t>(extreme ? (Between(0, 1) ? kMaxActivation : -kMaxActivation)
                                           : Between(-kMaxActivation, kMaxActivation));
        }
      }
    }
    return t;
  }

  // Weights as large as CheckBounds lets them be on average, or exactly at the limit.
  Conv2d RandomLayer(int kernel, int in, int out, bool extreme) {
    Conv2d conv;
    conv.kernel = kernel;
    conv.in = in;
    conv.out = out;
    conv.shift = extreme ? 20 : Between(6, 20);
    const int taps = in * kernel * kernel;
    const int64_t gain = LargestGain(conv.shift);
    for (int o = 0; o < out; ++o) {
      int64_t left = gain;
      for (int t = 0; t < taps; ++t) {
        const int64_t most =
            std::min<int64_t>(extreme ? left / (taps - t) : gain / taps / 2, 32767);
        const int size = extreme ? static_cast<int>(most) : Between(0, static_cast<int>(most));
        left -= size;
        conv.weight.push_back(static_cast<int16_t>(Between(0, 1) ? size : -size));
      }
      conv.bias.push_back(extreme ? 0 : Between(-1'000'000, 1'000'000));
    }
    conv.Prepare();
    return conv;
  }

 private:
  std::mt19937 engine_;
};

// Compares everything stored: border and surplus channel too.
bool Same(const Tensor& a, const Tensor& b) {
  const size_t row = static_cast<size_t>(a.row_stride());
  for (int y = -1; y <= a.height(); ++y) {
    if (!std::equal(a.At(-1, y), a.At(-1, y) + row, b.At(-1, y))) return false;
  }
  return true;
}

// Runs `test` once per target; leaves the best one selected.
template <class Test>
void ForEachTarget(Test test) {
  for (const std::string& name : SupportedSimdTargets()) {
    REQUIRE(ForceSimdTarget(name));
    REQUIRE(ActiveSimdTarget() == name);
    INFO("target " << name);
    test();
  }
  ResetSimdTarget();
}

void CheckLayer(Source& source, int kernel, int in, int out, int width, int height, bool extreme) {
  CAPTURE(kernel, in, out, width, height, extreme);
  const Conv2d conv = source.RandomLayer(kernel, in, out, extreme);
  const Tensor from = source.RandomTensor(width, height, in, extreme);
  const Tensor addend = source.RandomTensor(width, height, out, extreme);
  const int lo = source.Between(0, 1) ? 0 : -kMaxActivation;
  Tensor plain(width, height, out), sum(width, height, out);
  ConvRowsScalar(conv, from, nullptr, lo, kMaxActivation, plain, 0, height);
  ConvRowsScalar(conv, from, &addend, -kMaxActivation, kMaxActivation, sum, 0, height);
  ForEachTarget([&] {
    Tensor to(width, height, out);
    ConvRows(conv, from, nullptr, lo, kMaxActivation, to, 0, height);
    CHECK(Same(to, plain));
    ConvRows(conv, from, &addend, -kMaxActivation, kMaxActivation, to, 0, height);
    CHECK(Same(to, sum));
    to = addend;
    ConvRows(conv, from, &to, -kMaxActivation, kMaxActivation, to, 0, height);
    CHECK(Same(to, sum));
  });
}

ErrorCode CodeOf(const std::vector<uint8_t>& bytes) {
  try {
    ByteReader reader(bytes);
    Conv2d::Read(reader);
  } catch (const Error& error) {
    return error.code();
  }
  FAIL("accepted");
  return ErrorCode::kIo;
}

TEST_CASE("every target equals the definition", "[conv2d]") {
  Source source(1);
  const int ins[] = {1, 3, 10, 13, 16, 32, 48, 64};
  const int outs[] = {1, 2, 9, 12, 15, 17, 32, 33, 48, 63, 64};
  const int sizes[][2] = {{1, 1}, {1, 5}, {7, 1}, {5, 3}, {12, 2}, {13, 3}, {31, 2}};
  for (const int in : ins) {
    for (const int out : outs) {
      const auto& size = sizes[source.Between(0, 6)];
      for (const int kernel : {1, 3}) CheckLayer(source, kernel, in, out, size[0], size[1], false);
    }
  }
}

TEST_CASE("every width from one to several blocks", "[conv2d]") {
  Source source(2);
  for (int width = 1; width <= 60; ++width) {
    CheckLayer(source, 3, 10, 9, width, 2, false);
    CheckLayer(source, 1, 13, 32, width, 1, false);
    CheckLayer(source, 3, 4, 48, width, 1, false);
  }
  CheckLayer(source, 3, 3, 12, 3001, 2, false);
}

TEST_CASE("extreme activations and weights at the bound", "[conv2d]") {
  Source source(3);
  for (const int in : {1, 3, 16, 32}) {
    for (const int out : {9, 16, 32, 48}) {
      for (const int kernel : {1, 3}) CheckLayer(source, kernel, in, out, 17, 4, true);
    }
  }
}

TEST_CASE("row ranges write their rows and nothing else", "[conv2d]") {
  Source source(4);
  const int width = 21, height = 9;
  for (const int out : {1, 9, 32}) {
    const Conv2d conv = source.RandomLayer(3, 6, out, false);
    const Tensor from = source.RandomTensor(width, height, 6, false);
    const Tensor before = source.RandomTensor(width, height, out, false);
    Tensor expected = before;
    ConvRowsScalar(conv, from, nullptr, -100, 100, expected, 3, 7);
    ForEachTarget([&] {
      Tensor to = before;
      ConvRows(conv, from, nullptr, -100, 100, to, 5, 5);
      CHECK(Same(to, before));
      ConvRows(conv, from, nullptr, -100, 100, to, 3, 7);
      CHECK(Same(to, expected));
    });
  }
}

TEST_CASE("rows may be computed at once", "[conv2d]") {
  Source source(5);
  for (const int out : {1, 9, 32}) {
    const Conv2d conv = source.RandomLayer(3, 8, out, false);
    const Tensor from = source.RandomTensor(19, 40, 8, false);
    const Tensor addend = source.RandomTensor(19, 40, out, false);
    Tensor expected = addend;
    ConvRowsScalar(conv, from, &expected, -8191, 8191, expected, 0, 40);
    ForEachTarget([&] {
      Tensor to = addend;
      const auto half = [&](int parity) {
        for (int y = parity; y < 40; y += 2) {
          ConvRows(conv, from, &to, -8191, 8191, to, y, y + 1);
        }
      };
      std::thread other(half, 1);
      half(0);
      other.join();
      CHECK(Same(to, expected));
    });
  }
}

TEST_CASE("bounds: at the limit passes, beyond is refused", "[conv2d]") {
  Conv2d conv;
  conv.in = 9;
  conv.out = 2;
  conv.kernel = 1;
  conv.shift = 20;
  const int64_t gain = LargestGain(20);
  conv.weight.assign(18, 0);
  int64_t left = gain;
  for (int i = 0; i < 9; ++i) {
    const int64_t w = std::min<int64_t>(left, 32768);
    conv.weight[9 + i] = static_cast<int16_t>(-w);
    left -= w;
  }
  REQUIRE(left == 0);
  const int64_t room =
      std::numeric_limits<int32_t>::max() - kMaxActivation - (1 << 19) - gain * kMaxActivation;
  for (const int sign : {-1, 1}) {
    conv.bias = {0, static_cast<int32_t>(sign * room)};
    REQUIRE_NOTHROW(conv.Prepare());
    // Every product has the sign of the bias: the accumulator at its very end.
    Tensor from(3, 1, 9), addend(3, 1, 2), expected(3, 1, 2);
    for (int x = 0; x < 3; ++x) {
      for (int i = 0; i < 9; ++i) from.At(x, 0)[i] = static_cast<int16_t>(-sign * kMaxActivation);
      addend.At(x, 0)[1] = static_cast<int16_t>(sign * kMaxActivation);
    }
    ConvRowsScalar(conv, from, &addend, -8191, 8191, expected, 0, 1);
    // |acc| is just below 2^31, so acc >> 20 is about 2^11 and the clamp must act.
    CHECK(expected.At(1, 0)[1] == sign * kMaxActivation);
    Tensor shifted(3, 1, 2);
    ConvRowsScalar(conv, from, nullptr, -8191, 8191, shifted, 0, 1);
    CHECK(std::abs(shifted.At(1, 0)[1]) >= 2040);
    ForEachTarget([&] {
      Tensor to(3, 1, 2);
      ConvRows(conv, from, &addend, -8191, 8191, to, 0, 1);
      CHECK(Same(to, expected));
      ConvRows(conv, from, nullptr, -8191, 8191, to, 0, 1);
      CHECK(Same(to, shifted));
    });
    conv.bias[1] += sign;
    CHECK_THROWS_AS(conv.CheckBounds(), Error);
    CHECK_THROWS_AS(conv.Prepare(), Error);
  }
  conv.bias = {0, 0};
  conv.weight[9 + 8] -= 1;
  CHECK_THROWS_AS(conv.CheckBounds(), Error);
  conv.weight.assign(18, 0);
  conv.bias = {std::numeric_limits<int32_t>::min(), 0};
  CHECK_THROWS_AS(conv.CheckBounds(), Error);
  conv.bias = {0};
  CHECK_THROWS_AS(conv.CheckBounds(), Error);
}

TEST_CASE("layers survive the file, damaged ones do not", "[conv2d]") {
  Source source(6);
  const Conv2d conv = source.RandomLayer(3, 5, 7, false);
  ByteWriter writer;
  conv.Write(writer);
  const std::vector<uint8_t> bytes = writer.bytes();
  CHECK(bytes.size() == 6 + 2 * 3 * 3 * 5 * 7 + 4 * 7);
  ByteReader reader(bytes);
  const Conv2d back = Conv2d::Read(reader);
  CHECK(reader.remaining() == 0);
  CHECK(back.in == 5);
  CHECK(back.out == 7);
  CHECK(back.kernel == 3);
  CHECK(back.shift == conv.shift);
  CHECK(back.weight == conv.weight);
  CHECK(back.bias == conv.bias);

  for (size_t size = 0; size < bytes.size(); ++size) {
    CHECK(CodeOf({bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size)}) ==
          ErrorCode::kTruncated);
  }
  const auto with = [&](std::vector<std::pair<size_t, uint8_t>> changes) {
    std::vector<uint8_t> changed = bytes;
    for (const auto& [at, value] : changes) changed[at] = value;
    return CodeOf(changed);
  };
  for (const uint8_t kernel : {0, 2, 4, 5, 255}) {
    CHECK(with({{0, kernel}}) == ErrorCode::kCorrupt);
  }
  for (const uint8_t shift : {0, 21, 32, 255}) {
    CHECK(with({{1, shift}}) == ErrorCode::kCorrupt);
  }
  for (const size_t at : {size_t{2}, size_t{4}}) {
    CHECK(with({{at, uint8_t{0}}}) == ErrorCode::kCorrupt);
    CHECK(with({{at, uint8_t{1}}, {at + 1, uint8_t{4}}}) == ErrorCode::kCorrupt);    // 1025
    CHECK(with({{at, uint8_t{0}}, {at + 1, uint8_t{4}}}) == ErrorCode::kTruncated);  // 1024
  }
  // The last bias made huge: in shape, but it could overflow.
  const size_t end = bytes.size();
  CHECK(with({{end - 1, uint8_t{0x7F}}, {end - 2, uint8_t{0xFF}}}) == ErrorCode::kCorrupt);
}

TEST_CASE("targets can be named and forced", "[conv2d]") {
  const std::vector<std::string> names = SupportedSimdTargets();
  REQUIRE(names.size() >= 1);
  CHECK(names.back() == kScalarDefinition);
  CHECK_FALSE(ForceSimdTarget("no such target"));
  CHECK(ForceSimdTarget(kScalarDefinition));
  CHECK(ActiveSimdTarget() == kScalarDefinition);
  CHECK(SupportedSimdTargets() == names);
  CHECK(ForceSimdTarget(names.front()));
  CHECK_FALSE(ForceSimdTarget("no such target"));
  CHECK(ActiveSimdTarget() == names.front());
  CHECK(SupportedSimdTargets() == names);
  ResetSimdTarget();
  CHECK(ActiveSimdTarget() == names.front());
}

}  // namespace
}  // namespace flowzip
