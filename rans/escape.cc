// SPDX-License-Identifier: BSD-3-Clause
#include "rans/escape.h"

#include <array>
#include <bit>
#include <cassert>
#include <cmath>

namespace flowzip {
namespace {

// Bits of the first piece when `left` bits follow the prefix; the others have 16.
int FirstPiece(int left) { return (left + 15) % 16 + 1; }

// An Exp-Golomb code in reading order. Both writers take it from here, one forwards
// and one backwards, so that they cannot disagree.
struct ExpGolombCode {
  // 32 zeros and a one, then at most 32 bits in pieces of 16.
  std::array<Interval, 33 + 2> symbols;
  int size = 0;

  ExpGolombCode(uint32_t value, int k) {
    assert(k >= 0 && k <= kMaxExpGolombK);
    const uint64_t v = value + (uint64_t{1} << k);
    const int extra = static_cast<int>(std::bit_width(v)) - 1 - k;
    for (int i = 0; i < extra; ++i) Add(0, 1);
    Add(1, 1);
    int left = extra + k;
    for (int bits = FirstPiece(left); left > 0; left -= bits, bits = 16) {
      Add(static_cast<uint32_t>(v >> (left - bits)) & ((1u << bits) - 1), bits);
    }
  }

 private:
  void Add(uint32_t value, int bits) { symbols[size++] = UniformInterval(value, bits); }
};

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

void PushExpGolomb(RansStack& stack, uint32_t value, int k) {
  const ExpGolombCode code(value, k);
  for (int i = code.size; i-- > 0;) stack.Push(code.symbols[i]);
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
  const ExpGolombCode code(value, k);
  for (int i = 0; i < code.size; ++i) Add(code.symbols[i]);
}

void SymbolLog::PushAll(RansStack& stack) const {
  for (size_t i = size(); i-- > 0;) stack.Push(at(i));
}

std::vector<uint8_t> SymbolLog::EncodeAll(int lanes) const {
  RansStack stack(lanes);
  PushAll(stack);
  return stack.Finish();
}

double SymbolLog::IdealBits() const {
  double bits = 0;
  for (size_t i = 0; i < size(); ++i) bits += kProbBits - std::log2(at(i).freq);
  return bits;
}

}  // namespace flowzip
