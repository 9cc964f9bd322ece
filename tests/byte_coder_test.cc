// SPDX-License-Identifier: BSD-3-Clause
// The byte coder: any bytes come back, and no packed bytes do harm.
#include "codec/metadata/byte_coder.h"

#include <zlib.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <ctime>
#include <random>
#include <string>

namespace flowzip {
namespace {

using Bytes = std::vector<uint8_t>;

Bytes Random(size_t size, uint32_t seed) {
  std::mt19937 random(seed);
  Bytes bytes(size);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  return bytes;
}

Bytes Text(size_t size, uint32_t seed) {
  static const std::string kWords[] = {"flow", "of ", "<rdf:li>", "integers", "\n", "a ", "prior "};
  std::mt19937 random(seed);
  Bytes bytes;
  while (bytes.size() < size) {
    const std::string& word = kWords[random() % std::size(kWords)];
    bytes.insert(bytes.end(), word.begin(), word.end());
  }
  bytes.resize(size);
  return bytes;
}

size_t GzipSize(const Bytes& bytes) {
  uLongf size = compressBound(bytes.size());
  Bytes out(size);
  REQUIRE(compress2(out.data(), &size, bytes.data(), bytes.size(), 9) == Z_OK);
  return size;
}

Bytes Joined(const std::vector<Bytes>& parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

TEST_CASE("bytes of every kind and size come back") {
  const Bytes noise = Random(200000, 1), text = Text(300000, 2);
  std::vector<Bytes> all = {noise, text, Bytes(1000000, 0), Joined({text, noise, noise, text}),
                            Joined({Random(70000, 3), Bytes(3, 7), Random(70000, 3)})};
  for (const size_t size : {1, 2, 3, 4, 5, 255, 4095, 65535, 65536, 65537, 131072}) {
    all.push_back(Text(size, static_cast<uint32_t>(size)));
    all.push_back(Random(size, static_cast<uint32_t>(size)));
    all.emplace_back(size, uint8_t{255});
  }
  // Coded in another way.
  all.push_back(Joined({Text(600000, 8), Random(5000, 9), Text(30000, 10), Bytes(70000, 1)}));
  all.push_back(Joined({noise, text, noise, text, Random(60, 11)}));
  for (const Bytes& bytes : all) {
    const Bytes packed = PackBytes(bytes);
    CAPTURE(bytes.size(), packed.size());
    CHECK(UnpackedSize(packed) == bytes.size());
    CHECK(packed.size() <= bytes.size() + bytes.size() / 16 + 24);
    REQUIRE(UnpackBytes(packed) == bytes);
  }
}

TEST_CASE("what repeats is small, however far back; what is random does not grow") {
  const Bytes noise = Random(500000, 4);
  CHECK(PackBytes(noise).size() < noise.size() + 16);
  // The block in which the copy begins is not raw any more: its noise costs a little.
  CHECK(PackBytes(Joined({noise, noise})).size() < noise.size() + 1500);
  CHECK(PackBytes(Bytes(5000000, 9)).size() < 100);
  CHECK(PackBytes(Text(100000, 5)).size() < GzipSize(Text(100000, 5)));
}

// Three thousand words, some of them far more often than others.
Bytes Prose(size_t size, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<std::string> words(3000);
  for (std::string& word : words) {
    for (uint32_t i = 2 + random() % 8; i > 0; --i) word += "etaoinshrdlucmfwypvbgk"[random() % 22];
    word += ' ';
  }
  Bytes bytes;
  while (bytes.size() < size) {
    const std::string& word = words[random() % (1 + random() % words.size())];
    bytes.insert(bytes.end(), word.begin(), word.end());
  }
  bytes.resize(size);
  return bytes;
}

// A 16-bit table with noise, as in profiles and maker notes.
Bytes Table(size_t size, uint32_t seed) {
  std::mt19937 random(seed);
  Bytes bytes;
  int32_t value = 20000;
  while (bytes.size() < size) {
    value = std::clamp<int32_t>(value + static_cast<int32_t>(random() % 61) - 30, 0, 65535);
    bytes.push_back(static_cast<uint8_t>(value >> 8));
    bytes.push_back(static_cast<uint8_t>(value));
  }
  return bytes;
}

TEST_CASE("megabytes take less than by gzip -9, and a time that grows with them") {
  const auto seconds = [](const Bytes& bytes) {
    const std::clock_t begin = std::clock();
    const Bytes packed = PackBytes(bytes);
    const double packing = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    CAPTURE(bytes.size(), packing);
    CHECK(packed.size() <= GzipSize(bytes));
    return packing;
  };
  for (const auto make : {Prose, Table, Random}) {
    const Bytes quarter = make(1000000, 20), once = make(4000000, 21);
    double ratio = seconds(once) / std::max(seconds(quarter), 1e-3);
    // Whatever else the machine does.
    for (int again = 0; again < 3 && ratio > 8; ++again) {
      ratio = seconds(once) / std::max(seconds(quarter), 1e-3);
    }
    CHECK(ratio <= 8);
  }
  for (const auto make : {Prose, Table}) {
    for (const size_t size : {3000, 100000, 500000, 540000}) {
      const Bytes bytes = make(size, 22);
      CAPTURE(size);
      CHECK(PackBytes(bytes).size() < GzipSize(bytes));
    }
  }
}

TEST_CASE("packed bytes that are damaged are refused or other bytes, and nothing worse") {
  const Bytes good = PackBytes(Joined({Text(3000, 6), Random(500, 7)}));
  for (size_t size = 0; size < good.size(); ++size) {
    CHECK_THROWS_AS(UnpackBytes(ByteSpan(good).first(size)), Error);
  }
  size_t refused = 0;
  for (size_t i = 0; i < good.size(); ++i) {
    Bytes bad = good;
    bad[i] ^= static_cast<uint8_t>(1 << (i % 8));
    try {
      UnpackBytes(bad);
    } catch (const Error&) {
      ++refused;
    }
  }
  CHECK(refused > 0);
  Bytes surplus = good;
  surplus.push_back(1);
  CHECK_THROWS_AS(UnpackBytes(surplus), Error);
  // Sizes that nobody has memory for.
  for (const Bytes& bad : {Bytes{0, 0}, Bytes{0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0}}) {
    CHECK_THROWS_AS(UnpackedSize(bad), Error);
  }
}

}  // namespace
}  // namespace flowzip
