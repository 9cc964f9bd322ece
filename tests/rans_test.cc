// SPDX-License-Identifier: BSD-3-Clause
// The entropy coder as a stack: round trips at the ideal size, and streams that are no streams.
#include "rans/rans.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

#include "rans/escape.h"

namespace flowzip {
namespace {

using Rng = std::mt19937;

// Symbols 0..n-1 tiling [0, 2^16).
struct Distribution {
  std::vector<uint32_t> bounds;
  Interval At(size_t i) const { return {bounds[i], bounds[i + 1] - bounds[i]}; }
  Interval Find(uint32_t slot) const {
    return At(std::upper_bound(bounds.begin(), bounds.end(), slot) - bounds.begin() - 1);
  }
};

// `spread` = 0: many symbols of frequency 1 and one that takes nearly everything.
Distribution MakeDistribution(Rng& rng, size_t symbols, bool spread) {
  Distribution d;
  if (spread) {
    std::vector<uint32_t> all(kProbScale - 1);
    std::iota(all.begin(), all.end(), 1);
    std::sample(all.begin(), all.end(), std::back_inserter(d.bounds), symbols - 1, rng);
  } else {
    for (uint32_t i = 1; i < symbols; ++i) d.bounds.push_back(i);
  }
  d.bounds.insert(d.bounds.begin(), 0);
  d.bounds.push_back(kProbScale);
  return d;
}

std::vector<Distribution> MakeDistributions(Rng& rng) {
  std::vector<Distribution> all;
  for (size_t symbols : {1, 2, 3, 17, 256, 5000}) {
    for (bool spread : {false, true}) all.push_back(MakeDistribution(rng, symbols, spread));
  }
  return all;
}

// A random message: which distribution each symbol is from, and the symbol's interval.
// Drawn by slot (so at the ideal rate) or uniformly over the symbols (rare ones often).
struct Message {
  std::vector<const Distribution*> source;
  SymbolLog log;
};

Message MakeMessage(Rng& rng, const std::vector<Distribution>& all, size_t size, bool by_slot) {
  Message m;
  for (size_t i = 0; i < size; ++i) {
    const Distribution& d = all[rng() % all.size()];
    m.source.push_back(&d);
    m.log.Add(by_slot ? d.Find(rng() % kProbScale) : d.At(rng() % (d.bounds.size() - 1)));
  }
  return m;
}

// The information content: the sum of -log2(freq / 2^16).
double IdealBits(const SymbolLog& log) {
  double bits = 0;
  for (size_t i = 0; i < log.size(); ++i) bits += kProbBits - std::log2(log.at(i).freq);
  return bits;
}

// Number of symbols that differ from the message. Throws what the stack throws.
size_t DecodeAndCount(const Message& m, ByteSpan bytes, int lanes) {
  RansStack stack = RansStack::FromBytes(bytes, lanes);
  size_t wrong = 0;
  for (size_t i = 0; i < m.log.size(); ++i) {
    const Interval symbol = m.source[i]->Find(stack.Peek());
    wrong += !(symbol == m.log.at(i));
    stack.Pop(symbol);
  }
  stack.CheckEnd();
  return wrong;
}

template <class F>
bool Throws(ErrorCode code, F&& f) {
  try {
    f();
  } catch (const Error& e) {
    return e.code() == code;
  }
  return false;
}

}  // namespace

TEST_CASE("rANS round trip near the ideal size, every lane count", "[rans]") {
  Rng rng(1);
  const auto all = MakeDistributions(rng);
  for (int lanes = 1; lanes <= RansStack::kMaxLanes; ++lanes) {
    for (size_t size : {0, 1, 2, 15, 16, 17, 1000, 20000}) {
      for (bool by_slot : {true, false}) {
        const Message m = MakeMessage(rng, all, size, by_slot);
        const auto bytes = m.log.EncodeAll(lanes);
        REQUIRE(DecodeAndCount(m, bytes, lanes) == 0);
        const double flush = lanes * RansStack::kStateBytes * 8;
        CHECK(bytes.size() * 8 <= IdealBits(m.log) * 1.0001 + flush + 1);
        CHECK(bytes.size() * 8 >= IdealBits(m.log) * 0.9999);
      }
    }
  }
}

TEST_CASE("rANS costs nothing for certain symbols and 16 bits for freq 1", "[rans]") {
  SymbolLog log;
  for (int i = 0; i < 1000; ++i) log.Add({0, kProbScale});
  CHECK(IdealBits(log) == 0);
  CHECK(log.EncodeAll(4) == RansStack(4).Finish());
  log.clear();
  for (uint32_t i = 0; i < 1000; ++i) log.Add({i % 2 == 0 ? 0 : kProbScale - 1, 1});
  CHECK(IdealBits(log) == 16000);
  CHECK(log.EncodeAll(4).size() == 2000 + 4 * RansStack::kStateBytes);
}

TEST_CASE("Empty rANS stream and bad lane counts", "[rans]") {
  for (int lanes : {1, 16}) {
    const auto bytes = RansStack(lanes).Finish();
    CHECK(bytes.size() == size_t(lanes) * RansStack::kStateBytes);
    RansStack::FromBytes(bytes, lanes).CheckEnd();
    RansStack stack(lanes);
    CHECK(Throws(ErrorCode::kTruncated, [&] { stack.Pop({0, 1}); }));
    CHECK(stack.Finish() == RansStack(lanes).Finish());
  }
  for (int lanes : {0, -1, 17}) {
    CHECK(Throws(ErrorCode::kInvalidArgument, [&] { RansStack stack(lanes); }));
  }
}

TEST_CASE("rANS stream cut anywhere, extended or with low states is refused", "[rans]") {
  Rng rng(2);
  const auto all = MakeDistributions(rng);
  for (int lanes : {1, 3, 8}) {
    const Message m = MakeMessage(rng, all, 400, true);
    const auto bytes = m.log.EncodeAll(lanes);
    for (size_t size = 0; size < bytes.size(); ++size) {
      CHECK(Throws(ErrorCode::kTruncated,
                   [&] { DecodeAndCount(m, ByteSpan(bytes).first(size), lanes); }));
    }
    auto longer = bytes;
    longer.push_back(0);
    CHECK(Throws(ErrorCode::kTruncated, [&] { DecodeAndCount(m, longer, lanes); }));
    longer.push_back(0);
    CHECK(Throws(ErrorCode::kCorrupt, [&] { DecodeAndCount(m, longer, lanes); }));
    for (int lane = 0; lane < lanes; ++lane) {
      auto low = bytes;
      low[lane * RansStack::kStateBytes + 3] = low[lane * RansStack::kStateBytes + 4] = 0;
      CHECK(Throws(ErrorCode::kCorrupt, [&] { RansStack::FromBytes(low, lanes); }));
    }
  }
}

TEST_CASE("Flipped bits in a rANS stream throw or change symbols", "[rans]") {
  Rng rng(3);
  const auto all = MakeDistributions(rng);
  for (int lanes : {1, 5}) {
    const Message m = MakeMessage(rng, all, 300, true);
    const auto bytes = m.log.EncodeAll(lanes);
    for (size_t i = 0; i < bytes.size(); ++i) {
      for (int mask : {0x01, 0x80, 0xFF}) {
        auto bad = bytes;
        bad[i] ^= mask;
        bool noticed = false;
        try {
          noticed = DecodeAndCount(m, bad, lanes) != 0;
        } catch (const Error&) {
          noticed = true;
        }
        CHECK(noticed);
      }
    }
  }
}

TEST_CASE("The encoder may pop: any mix of pops is undone by pushes", "[rans]") {
  Rng rng(4);
  const auto all = MakeDistributions(rng);
  for (int lanes : {1, 2, 7, 16}) {
    RansStack stack(lanes);
    MakeMessage(rng, all, 5000, true).log.PushAll(stack);
    const RansStack before = stack;
    std::vector<Interval> history;
    // A random walk that pushes only what it popped, and at last everything.
    for (int step = 0; step < 20000; ++step) {
      if (history.size() < 1500 && (history.empty() || rng() % 3 != 0)) {
        history.push_back(all[rng() % all.size()].Find(stack.Peek()));
        stack.Pop(history.back());
      } else {
        stack.Push(history.back());
        history.pop_back();
      }
    }
    for (; !history.empty(); history.pop_back()) stack.Push(history.back());
    CHECK(stack.Finish() == before.Finish());
    CHECK(stack.Finish() == before.Finish());
    // The other way round, and across serialisation at an odd cursor.
    for (int i = 0; i < 3; ++i) stack.Push({100, 7});
    stack = RansStack::FromBytes(stack.Finish(), lanes);
    for (int i = 0; i < 3; ++i) stack.Pop({100, 7});
    CHECK(stack.Finish() == before.Finish());
  }
}

TEST_CASE("ZigZag", "[rans]") {
  constexpr int32_t kMin = std::numeric_limits<int32_t>::min();
  CHECK(ZigZag(0) == 0);
  CHECK(ZigZag(-1) == 1);
  CHECK(ZigZag(1) == 2);
  CHECK(ZigZag(kMin) == UINT32_MAX);
  for (int32_t v : {0, 1, -1, 1000, -1000, kMin, kMin + 1, -(kMin + 1)}) {
    CHECK(UnZigZag(ZigZag(v)) == v);
  }
}

TEST_CASE("Uniform and Exp-Golomb codes", "[rans]") {
  Rng rng(5);
  std::vector<uint32_t> values = {0, 1, 2, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF};
  for (int bits = 1; bits < 32; ++bits) {
    for (int delta : {-1, 0, 1}) values.push_back((1u << bits) + delta);
    values.push_back(rng() >> bits);
  }
  SymbolLog log;
  for (int k = 0; k <= kMaxExpGolombK; ++k) {
    for (uint32_t v : values) log.AddExpGolomb(v, k);
  }
  for (int bits = 0; bits <= 16; ++bits) log.AddUniform(0xABCD >> (16 - bits), bits);
  const auto bytes = log.EncodeAll(3);

  CHECK(bytes.size() * 8 <= IdealBits(log) + 3 * RansStack::kStateBytes * 8 + 1);

  RansStack stack = RansStack::FromBytes(bytes, 3);
  for (int k = 0; k <= kMaxExpGolombK; ++k) {
    for (uint32_t v : values) REQUIRE(PopExpGolomb(stack, k) == v);
  }
  for (int bits = 0; bits <= 16; ++bits) {
    REQUIRE(PopUniform(stack, bits) == 0xABCDu >> (16 - bits));
  }
  stack.CheckEnd();
}

TEST_CASE("Exp-Golomb code lengths and overflow", "[rans]") {
  SymbolLog log;
  log.AddExpGolomb(0, 0);
  CHECK(IdealBits(log) == 1);
  log.AddExpGolomb(6, 2);  // v = 10 = 1010b: one zero, one, 010
  CHECK(IdealBits(log) == 1 + 5);
  log.clear();
  log.AddExpGolomb(UINT32_MAX, 0);
  CHECK(IdealBits(log) == 65);

  for (int k : {0, 5, 31}) {
    RansStack stack(2);
    for (int i = 0; i < 40; ++i) PushUniform(stack, 0, 1);
    CHECK(Throws(ErrorCode::kCorrupt, [&] { PopExpGolomb(stack, k); }));
    // The longest prefix is allowed, but the largest suffix exceeds 32 bits.
    PushUniform(stack, 0xFFFF, 16);
    PushUniform(stack, 0xFFFF, 16);
    PushUniform(stack, 1, 1);
    for (int i = k; i < 32; ++i) PushUniform(stack, 0, 1);
    CHECK(Throws(ErrorCode::kCorrupt, [&] { PopExpGolomb(stack, k); }));
  }
}

}  // namespace flowzip
