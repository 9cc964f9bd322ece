// SPDX-License-Identifier: BSD-3-Clause
// An interleaved rANS coder that is a stack in both directions.
//
// Encoder and decoder use the same two operations: Push(interval) writes a symbol
// on top, Peek() + Pop(interval) read the topmost one and remove it. Each undoes the
// other exactly, so an encoder may also pop (bits-back coding). A file's symbols are
// therefore pushed in the reverse of the order in which they are read; SymbolLog does it.
//
// There are `lanes` states, used in turn: Pop takes the lane at the cursor and moves
// the cursor forward, Push moves it back first. A state x lies in [2^24, 2^40):
//
//   Push (s, f):  if x >= f * 2^24, write word x mod 2^16 and set x = x >> 16;
//                 x = (x / f) * 2^16 + x mod f + s
//   Pop (s, f):   x = f * (x >> 16) + x mod 2^16 - s;
//                 if x < 2^24, read a word and set x = x * 2^16 + word
//
// Stream: the states (5 bytes each, from the cursor on), then the words (2 bytes each)
// in the order in which Pop reads them; little-endian. Once everything is popped, each
// state is 2^24 again and no word is left.
//
// Why 40 bits: 4 M symbols at 3.37 bits (0.58 bits), 8 lanes, measured excess over
// the exact information, flush included, and time per push / pop with its look-up:
//
//   state, word         excess, % of the bytes   flush per lane   ns
//   32, 16, L = 2^16        0.108  (0.192)          4 bytes       3.1 / 4.9
//   40, 16, L = 2^24        0.0018 (0.011)          5 bytes       3.3 / 4.8
//   48, 16, L = 2^32        0.0022 (0.013)          6 bytes       3.3 / 4.8
//   63, 32, L = 2^31        0.0026 (0.015)          8 bytes       2.6 / 3.7
//
// From 40 bits on, all of the excess is the flush. Besides, x >> 16 fits 32 bits and x
// fits a double exactly, so that vector code can multiply and divide.
#pragma once

#include <array>
#include <cassert>
#include <cstdint>
#include <vector>

#include "base/bytes.h"

namespace flowzip {

// Probabilities are multiples of 2^-16.
constexpr int kProbBits = 16;
constexpr uint32_t kProbScale = 1u << kProbBits;

// A symbol's share of [0, 2^16): freq >= 1 and start + freq <= 2^16.
struct Interval {
  uint32_t start, freq;
  friend bool operator==(const Interval&, const Interval&) = default;
};

// On cache lines of its own: the bands of a level have their stacks side by side, one per thread.
class alignas(64) RansStack {
 public:
  static constexpr int kMaxLanes = 16;
  static constexpr int kStateBytes = 5;
  static constexpr uint64_t kInitialState = uint64_t{1} << 24;  // also the lower bound
  static constexpr uint64_t kStateLimit = kInitialState << 16;

  // An empty stack. `lanes` in 1..kMaxLanes, else kInvalidArgument.
  explicit RansStack(int lanes);

  // Reads what Finish() wrote. Throws kTruncated if the states are cut short or a
  // word is cut in half, kCorrupt if a state is out of range.
  static RansStack FromBytes(ByteSpan bytes, int lanes);

  // The stream. The stack stays as it is.
  std::vector<uint8_t> Finish() const;

  // Throws kCorrupt unless everything that was pushed has been popped.
  void CheckEnd() const;

  void Push(Interval symbol) {
    Retreat();
    PushHere(symbol);
  }

  // The slot in [0, 2^16) in which the topmost symbol's interval lies.
  uint32_t Peek() const { return states_[cursor_] & (kProbScale - 1); }

  // Removes the topmost symbol; `symbol` must contain Peek(). Throws kTruncated if
  // the words are exhausted; the stack is then unchanged.
  void Pop(Interval symbol) {
    PopHere(symbol);
    Advance();
  }

  // The halves of Push and Pop, for several symbols on one lane: the cursor stays until
  // Advance() or Retreat(). Otherwise as Push and Pop.
  void PushHere(Interval symbol) {
    assert(symbol.freq >= 1 && symbol.start + symbol.freq <= kProbScale);
    uint64_t x = states_[cursor_];
    if (x >= uint64_t{symbol.freq} << 24) {
      words_.push_back(static_cast<uint16_t>(x));
      x >>= 16;
    }
    const uint64_t quotient = x / symbol.freq;
    states_[cursor_] = (quotient << kProbBits) + (x - quotient * symbol.freq) + symbol.start;
  }
  void PopHere(Interval symbol) {
    uint64_t x = states_[cursor_];
    assert(Peek() - symbol.start < symbol.freq);
    x = symbol.freq * (x >> kProbBits) + (x & (kProbScale - 1)) - symbol.start;
    if (x < kInitialState) {
      if (words_.empty()) ThrowTruncated();
      x = (x << 16) | words_.back();
      words_.pop_back();
    }
    states_[cursor_] = x;
  }
  // For coders whose lanes do not take turns: the next Peek, PushHere or PopHere is of this lane.
  // Finish writes the states from the cursor on: Select(0) first.
  void Select(int lane) { cursor_ = static_cast<uint32_t>(lane); }
  void Advance() { cursor_ = cursor_ + 1 == lanes_ ? 0 : cursor_ + 1; }
  void Retreat() { cursor_ = (cursor_ == 0 ? lanes_ : cursor_) - 1; }

  int lanes() const { return static_cast<int>(lanes_); }

 private:
  [[noreturn]] static void ThrowTruncated();
  uint64_t StateAt(uint32_t i) const { return states_[(cursor_ + i) % lanes_]; }

  std::array<uint64_t, kMaxLanes> states_;
  uint32_t cursor_ = 0;
  uint32_t lanes_;
  std::vector<uint16_t> words_;  // the back is read first
};

}  // namespace flowzip
