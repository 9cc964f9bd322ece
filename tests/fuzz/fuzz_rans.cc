// SPDX-License-Identifier: BSD-3-Clause
// The entropy decoder: any bytes as a stream, read by a program that the first bytes make up.
// What was popped is pushed back, and gives the stack that was there before.
#include <algorithm>

#include "rans/escape.h"
#include "rans/rans.h"
#include "tests/fuzz/harness.h"

namespace flowzip {
namespace {

// Four symbols, whose borders come from the input.
Interval SymbolAt(uint32_t slot, const uint32_t (&border)[5]) {
  int s = 0;
  while (slot >= border[s + 1]) ++s;
  return {border[s], border[s + 1] - border[s]};
}

void Run(ByteSpan data) {
  ByteReader reader(data);
  const int lanes = 1 + reader.Get<uint8_t>() % RansStack::kMaxLanes;
  const int golomb = reader.Get<uint8_t>() % (kMaxExpGolombK + 1);
  const int bits = reader.Get<uint8_t>() % (kProbBits + 1);
  const auto program = reader.Get<uint32_t>();  // two bits a step: what to read
  uint32_t border[5] = {0, 1, 2, 3, kProbScale};
  for (int i = 1; i < 4; ++i) border[i] = 1 + reader.Get<uint16_t>() % (kProbScale - 4);
  std::sort(border + 1, border + 4);
  for (int i = 2; i < 4; ++i) border[i] = std::max(border[i], border[i - 1] + 1);

  RansStack stack = RansStack::FromBytes(reader.GetBytes(reader.remaining()), lanes);
  const RansStack before = stack;
  SymbolLog log;
  try {
    for (int step = 0; step < 2000; ++step) {
      RansStack saved = stack;
      switch ((program >> (2 * (step % 16))) & 3) {
        case 0: {
          const Interval symbol = SymbolAt(stack.Peek(), border);
          stack.Pop(symbol);
          log.Add(symbol);
          break;
        }
        case 1: log.AddUniform(PopUniform(stack, bits), bits); break;
        case 2: log.AddExpGolomb(PopExpGolomb(stack, golomb), golomb); break;
        default: {
          const uint32_t value = PopExpGolomb(stack, 3);
          fuzz::Check(ZigZag(UnZigZag(value)) == value, "zig-zag");
          log.AddExpGolomb(value, 3);
        }
      }
      if (step % 97 == 0) {
        RansStack copy = RansStack::FromBytes(stack.Finish(), lanes);
        fuzz::Check(copy.Finish() == stack.Finish(), "a stack does not survive its own bytes");
      }
    }
    stack.CheckEnd();
  } catch (const Error&) {
    return;  // ended in the middle of a symbol; what was popped of it is not in the log
  }
  log.PushAll(stack);
  fuzz::Check(stack.Finish() == before.Finish(), "pushing back what was popped gives another stack");
}

}  // namespace
}  // namespace flowzip

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    flowzip::Run({data, size});
  } catch (const flowzip::Error&) {
  }
  return 0;
}
