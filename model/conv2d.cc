// SPDX-License-Identifier: BSD-3-Clause
#include "model/conv2d.h"

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <limits>

#include "base/error.h"

namespace flowzip {
namespace {

constexpr int kMaxChannels = 1024;
constexpr int kMaxShift = 20;
// Output channels are padded to this many, the int32 lanes of the widest vector.
constexpr int kOutputGroup = 16;

void CheckShape(int kernel, int shift, int in, int out) {
  Require(kernel == 1 || kernel == 3, ErrorCode::kCorrupt, "convolution kernel is not 1 or 3");
  Require(shift >= 1 && shift <= kMaxShift, ErrorCode::kCorrupt, "convolution shift out of range");
  Require(in >= 1 && in <= kMaxChannels && out >= 1 && out <= kMaxChannels, ErrorCode::kCorrupt,
          "convolution channels out of range");
}

}  // namespace

void Conv2d::CheckBounds() const {
  CheckShape(kernel, shift, in, out);
  const size_t taps = static_cast<size_t>(in) * kernel * kernel;
  Require(weight.size() == taps * out && bias.size() == static_cast<size_t>(out),
          ErrorCode::kCorrupt, "convolution parameters do not fit its shape");
  for (int o = 0; o < out; ++o) {
    int64_t gain = 0;
    for (size_t t = 0; t < taps; ++t) gain += std::abs(int64_t{weight[o * taps + t]});
    const int64_t most = std::abs(int64_t{bias[o]}) + gain * kMaxActivation +
                         (int64_t{1} << (shift - 1)) + kMaxActivation;
    Require(most <= std::numeric_limits<int32_t>::max(), ErrorCode::kCorrupt,
            "convolution could overflow its accumulator");
  }
}

// Layout: [ky][kx][pair of input channels][output channel, padded][2]. For one pair
// the weights of consecutive output channels are consecutive, whatever the vector's
// size, and both weights of an output channel lie in one 32-bit lane, as the pair of
// activations they are multiplied by does. What pads is zero.
void Conv2d::Prepare() {
  CheckBounds();
  const int pairs = (in + 1) / 2;
  const int padded = (out + kOutputGroup - 1) / kOutputGroup * kOutputGroup;
  packed.assign(static_cast<size_t>(kernel) * kernel * pairs * padded * 2, 0);
  const int16_t* source = weight.data();
  for (int o = 0; o < out; ++o) {
    for (int tap = 0; tap < kernel * kernel; ++tap) {
      for (int i = 0; i < in; ++i) {
        const size_t pair = static_cast<size_t>(tap) * pairs + i / 2;
        packed[(pair * padded + o) * 2 + i % 2] = *source++;
      }
    }
  }
}

void Conv2d::Write(ByteWriter& writer) const {
  CheckBounds();
  writer.Put<uint8_t>(static_cast<uint8_t>(kernel));
  writer.Put<uint8_t>(static_cast<uint8_t>(shift));
  writer.Put<uint16_t>(static_cast<uint16_t>(in));
  writer.Put<uint16_t>(static_cast<uint16_t>(out));
  for (const int16_t w : weight) writer.Put(w);
  for (const int32_t b : bias) writer.Put(b);
}

Conv2d Conv2d::Read(ByteReader& reader) {
  Conv2d conv;
  conv.kernel = reader.Get<uint8_t>();
  conv.shift = reader.Get<uint8_t>();
  conv.in = reader.Get<uint16_t>();
  conv.out = reader.Get<uint16_t>();
  CheckShape(conv.kernel, conv.shift, conv.in, conv.out);
  const size_t weights = static_cast<size_t>(conv.Macs());
  const size_t biases = static_cast<size_t>(conv.out);
  // Take the bytes before allocating: a header alone must not cost memory.
  ByteReader raw(reader.GetBytes(weights * sizeof(int16_t) + biases * sizeof(int32_t)));
  conv.weight.resize(weights);
  conv.bias.resize(biases);
  for (int16_t& w : conv.weight) w = raw.Get<int16_t>();
  for (int32_t& b : conv.bias) b = raw.Get<int32_t>();
  conv.CheckBounds();
  return conv;
}

void ConvRowsScalar(const Conv2d& conv, const Tensor& in, const Tensor* addend, int lo, int hi,
                    Tensor& out, int y0, int y1) {
  assert(in.channels() == conv.in && out.channels() == conv.out);
  assert(in.width() == out.width() && in.height() == out.height());
  const int reach = conv.kernel / 2;
  const int32_t round = int32_t{1} << (conv.shift - 1);
  for (int y = y0; y < y1; ++y) {
    for (int x = 0; x < out.width(); ++x) {
      const int16_t* w = conv.weight.data();
      for (int o = 0; o < conv.out; ++o) {
        int32_t acc = conv.bias[o];
        for (int ky = -reach; ky <= reach; ++ky) {
          for (int kx = -reach; kx <= reach; ++kx) {
            const int16_t* pixel = in.At(x + kx, y + ky);
            for (int i = 0; i < conv.in; ++i) acc += int32_t{*w++} * pixel[i];
          }
        }
        int32_t value = (acc + round) >> conv.shift;
        if (addend != nullptr) value += addend->At(x, y)[o];
        out.At(x, y)[o] = static_cast<int16_t>(std::clamp(value, lo, hi));
      }
    }
  }
}

}  // namespace flowzip
