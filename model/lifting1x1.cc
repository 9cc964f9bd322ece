// SPDX-License-Identifier: BSD-3-Clause
#include "model/lifting1x1.h"

#include <cassert>
#include <utility>

namespace flowzip {
namespace {

// Modulo 2^32: a shear is a bijection of the 32-bit integers too.
template <int kSign>
void Apply(const LiftingStep& step, const std::array<int32_t*, kChannels>& rows, int width) {
  int32_t* out = rows[step.target];
  for (int x = 0; x < width; ++x) {
    int64_t sum = 0;
    for (int c = 0; c < kChannels; ++c) sum += int64_t{step.coefficient[c]} * rows[c][x];
    const auto shear = static_cast<uint32_t>(sum >> step.shift);
    out[x] = static_cast<int32_t>(static_cast<uint32_t>(out[x]) + (kSign > 0 ? shear : 0 - shear));
  }
}

// Calls fn(rows) for every row of the planes.
template <class Fn>
void ForEachRow(std::array<IntPlane, kChannels>& planes, const Fn& fn) {
  for (int y = 0; y < planes[0].height(); ++y) {
    std::array<int32_t*, kChannels> rows;
    for (int c = 0; c < kChannels; ++c) rows[c] = planes[c].Row(y);
    fn(rows);
  }
}

}  // namespace

Lifting1x1 Lifting1x1::YCoCgR() {
  constexpr int r = 0, g = 1, b = 2;
  return Lifting1x1({{r, {0, 0, -1}, 0},  // Co = R - B
                     {b, {1, 0, 0}, 1},   // t  = B + floor(Co / 2)
                     {g, {0, 0, -1}, 0},  // Cg = G - t
                     {b, {0, 1, 0}, 1}},  // Y  = t + floor(Cg / 2)
                    {b, r, g});
}

Lifting1x1::Lifting1x1(std::vector<LiftingStep> steps, std::array<int, kChannels> order)
    : steps_(std::move(steps)), order_(order) {
  for (const LiftingStep& step : steps_) {
    // A step that read its own target would not be invertible.
    assert(step.coefficient[step.target] == 0);
    (void)step;
  }
}

void Lifting1x1::Forward(std::array<int32_t*, kChannels>& rows, int width) const {
  for (const LiftingStep& step : steps_) Apply<1>(step, rows, width);
  const std::array<int32_t*, kChannels> lifted = rows;
  for (int c = 0; c < kChannels; ++c) rows[c] = lifted[order_[c]];
}

void Lifting1x1::Inverse(std::array<int32_t*, kChannels>& rows, int width) const {
  const std::array<int32_t*, kChannels> lifted = rows;
  for (int c = 0; c < kChannels; ++c) rows[order_[c]] = lifted[c];
  for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) Apply<-1>(*step, rows, width);
}

void Lifting1x1::Forward(std::array<IntPlane, kChannels>& planes) const {
  const int width = planes[0].width();
  ForEachRow(planes, [&](auto& rows) { Forward(rows, width); });
  std::array<IntPlane, kChannels> lifted = std::move(planes);
  for (int c = 0; c < kChannels; ++c) planes[c] = std::move(lifted[order_[c]]);
}

void Lifting1x1::Inverse(std::array<IntPlane, kChannels>& planes) const {
  const int width = planes[0].width();
  std::array<IntPlane, kChannels> lifted = std::move(planes);
  ForEachRow(lifted, [&](auto& rows) { Inverse(rows, width); });
  for (int c = 0; c < kChannels; ++c) planes[order_[c]] = std::move(lifted[c]);
}

}  // namespace flowzip
