// SPDX-License-Identifier: BSD-3-Clause
#include "rans/rans.h"

#include <algorithm>

namespace flowzip {

RansStack::RansStack(int lanes) {
  Require(lanes >= 1 && lanes <= kMaxLanes, ErrorCode::kInvalidArgument,
          "number of rANS lanes out of range");
  lanes_ = static_cast<uint32_t>(lanes);
  states_.fill(kInitialState);
}

RansStack RansStack::FromBytes(ByteSpan bytes, int lanes) {
  RansStack stack(lanes);
  ByteReader reader(bytes);
  for (uint32_t lane = 0; lane < stack.lanes_; ++lane) {
    uint64_t state = reader.Get<uint32_t>();
    state |= uint64_t{reader.Get<uint8_t>()} << 32;
    Require(state >= kInitialState, ErrorCode::kCorrupt, "rANS state out of range");
    stack.states_[lane] = state;  // five bytes cannot reach kStateLimit
  }
  Require(reader.remaining() % 2 == 0, ErrorCode::kTruncated, "half a word in rANS stream");
  stack.words_.resize(reader.remaining() / 2);
  for (size_t i = stack.words_.size(); i-- > 0;) stack.words_[i] = reader.Get<uint16_t>();
  return stack;
}

std::vector<uint8_t> RansStack::Finish() const {
  std::vector<uint8_t> bytes;
  bytes.reserve(lanes_ * kStateBytes + words_.size() * 2);
  for (uint32_t i = 0; i < lanes_; ++i) {
    const uint64_t state = StateAt(i);
    for (int b = 0; b < kStateBytes; ++b) bytes.push_back(static_cast<uint8_t>(state >> (8 * b)));
  }
  for (size_t i = words_.size(); i-- > 0;) {
    bytes.push_back(static_cast<uint8_t>(words_[i]));
    bytes.push_back(static_cast<uint8_t>(words_[i] >> 8));
  }
  return bytes;
}

void RansStack::CheckEnd() const {
  Require(words_.empty(), ErrorCode::kCorrupt, "leftover bytes in rANS stream");
  Require(std::all_of(states_.begin(), states_.begin() + lanes_,
                      [](uint64_t state) { return state == kInitialState; }),
          ErrorCode::kCorrupt, "rANS stream ends in a wrong state");
}

void RansStack::ThrowTruncated() {
  throw Error(ErrorCode::kTruncated, "rANS stream ends too early");
}

}  // namespace flowzip
