// SPDX-License-Identifier: BSD-3-Clause
#include "rans/escape.h"

#include <bit>
#include <cassert>

namespace flowzip {
namespace {

// Bits of the first piece when `left` bits follow the prefix; the others have 16.
int FirstPiece(int left) { return (left + 15) % 16 + 1; }

}  // namespace

void PushUniform(RansStack& stack, uint32_t value, int bits) {
  assert(bits >= 0 && bits <= kProbBits && value >> bits == 0);
  if (bits > 0) stack.Push(UniformInterval(value, bits));
}

uint32_t PopUniform(RansStack& stack, int bits) {
  assert(bits >= 0 && bits <= kProbBits);
  if (bits == 0) return 0;
  const uint32_t value = stack.Peek() >> (kProbBits - bits);
  stack.Pop(UniformInterval(value, bits));
  return value;
}

uint32_t PopExpGolomb(RansStack& stack, int k) {
  assert(k >= 0 && k <= kMaxExpGolombK);
  int extra = 0;
  while (PopUniform(stack, 1) == 0) {
    Require(++extra + k <= 32, ErrorCode::kCorrupt, "Exp-Golomb prefix too long");
  }
  uint64_t v = 1;
  int left = extra + k;
  for (int bits = FirstPiece(left); left > 0; left -= bits, bits = 16) {
    v = v << bits | PopUniform(stack, bits);
  }
  const uint64_t value = v - (uint64_t{1} << k);
  Require(value <= UINT32_MAX, ErrorCode::kCorrupt, "Exp-Golomb code exceeds 32 bits");
  return static_cast<uint32_t>(value);
}

void SymbolLog::AddExpGolomb(uint32_t value, int k) {
  assert(k >= 0 && k <= kMaxExpGolombK);
  const uint64_t v = value + (uint64_t{1} << k);
  const int extra = static_cast<int>(std::bit_width(v)) - 1 - k;
  for (int i = 0; i < extra; ++i) AddUniform(0, 1);
  AddUniform(1, 1);
  int left = extra + k;
  for (int bits = FirstPiece(left); left > 0; left -= bits, bits = 16) {
    AddUniform(static_cast<uint32_t>(v >> (left - bits)) & ((1u << bits) - 1), bits);
  }
}

void SymbolLog::PushAll(RansStack& stack) const {
  for (size_t i = size(); i-- > 0;) stack.Push(at(i));
}

std::vector<uint8_t> SymbolLog::EncodeAll(int lanes) const {
  RansStack stack(lanes);
  PushAll(stack);
  return stack.Finish();
}

}  // namespace flowzip
