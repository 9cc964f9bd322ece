// SPDX-License-Identifier: BSD-3-Clause
#include "model/lifting1x1.h"

#include <utility>

namespace flowzip {
namespace {

constexpr int kMaxSteps = 16;
constexpr int32_t kMaxCoefficient = 1 << 14;

// Modulo 2^32: a shear is a bijection of the 32-bit integers too, so nothing that a model file
// asks for can overflow or lose information.
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
  Require(steps_.size() <= kMaxSteps, ErrorCode::kCorrupt, "too many lifting steps");
  std::array<bool, kChannels> seen{};
  for (const int c : order_) {
    Require(c >= 0 && c < kChannels && !seen[c], ErrorCode::kCorrupt,
            "lifting order is not a permutation");
    seen[c] = true;
  }
  for (const LiftingStep& step : steps_) {
    Require(step.target >= 0 && step.target < kChannels && step.shift >= 0 && step.shift <= 14,
            ErrorCode::kCorrupt, "bad lifting step");
    // A step that read its own target would not be invertible.
    Require(step.coefficient[step.target] == 0, ErrorCode::kCorrupt,
            "lifting step reads its own target");
    for (const int32_t k : step.coefficient) {
      Require(k >= -kMaxCoefficient && k <= kMaxCoefficient, ErrorCode::kCorrupt,
              "lifting coefficient out of range");
    }
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

void Lifting1x1::Write(ByteWriter& writer) const {
  writer.Put(static_cast<uint8_t>(steps_.size()));
  for (const LiftingStep& step : steps_) {
    writer.Put(static_cast<uint8_t>(step.target));
    writer.Put(static_cast<uint8_t>(step.shift));
    for (const int32_t k : step.coefficient) writer.Put(static_cast<int16_t>(k));
  }
  for (const int c : order_) writer.Put(static_cast<uint8_t>(c));
}

Lifting1x1 Lifting1x1::Read(ByteReader& reader) {
  std::vector<LiftingStep> steps(reader.Get<uint8_t>());
  for (LiftingStep& step : steps) {
    step.target = reader.Get<uint8_t>();
    step.shift = reader.Get<uint8_t>();
    for (int32_t& k : step.coefficient) k = reader.Get<int16_t>();
  }
  std::array<int, kChannels> order;
  for (int& c : order) c = reader.Get<uint8_t>();
  return Lifting1x1(std::move(steps), order);
}

}  // namespace flowzip
