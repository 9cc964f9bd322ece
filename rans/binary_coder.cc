// SPDX-License-Identifier: BSD-3-Clause
#include "rans/binary_coder.h"

namespace flowzip {

std::vector<uint8_t> BinaryEncoder::Finish() {
  // The smallest number of bytes whose continuation by zeros lies in the interval. low_ = 0 needs
  // none; else round up to a multiple of 2^(64 - 8n). Bytes of zero at the end are implied.
  for (int n = 1; low_ != 0 && n <= 8; ++n) {
    const uint64_t step = n == 8 ? 1 : uint64_t{1} << (64 - 8 * n);
    const uint64_t value = low_ + (step - 1) < low_ ? 0 : (low_ + (step - 1)) / step * step;
    if (value < low_ || value > high_) continue;
    for (int i = 0; i < n; ++i) bytes_.push_back(static_cast<uint8_t>(value >> (56 - 8 * i)));
    break;
  }
  while (!bytes_.empty() && bytes_.back() == 0) bytes_.pop_back();
  return std::move(bytes_);
}

BinaryDecoder::BinaryDecoder(ByteSpan bytes) : bytes_(bytes) {
  for (size_t i = 0; i < kAhead; ++i) value_ = value_ << 8 | NextByte();
}

void BinaryDecoder::CheckEnd() const {
  Require(position_ >= bytes_.size() && (bytes_.empty() || bytes_.back() != 0), ErrorCode::kCorrupt,
          "stream has surplus bytes");
}

}  // namespace flowzip
