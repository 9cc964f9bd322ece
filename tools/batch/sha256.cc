// SPDX-License-Identifier: BSD-3-Clause
#include "tools/batch/sha256.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

namespace flowzip {
namespace {

// The first 32 bits of the fractions of the cube roots of the first 64 primes.
constexpr uint32_t kRound[64] = {
    0x428A2F98, 0x71374491, 0xB5C0FBCF, 0xE9B5DBA5, 0x3956C25B, 0x59F111F1, 0x923F82A4, 0xAB1C5ED5,
    0xD807AA98, 0x12835B01, 0x243185BE, 0x550C7DC3, 0x72BE5D74, 0x80DEB1FE, 0x9BDC06A7, 0xC19BF174,
    0xE49B69C1, 0xEFBE4786, 0x0FC19DC6, 0x240CA1CC, 0x2DE92C6F, 0x4A7484AA, 0x5CB0A9DC, 0x76F988DA,
    0x983E5152, 0xA831C66D, 0xB00327C8, 0xBF597FC7, 0xC6E00BF3, 0xD5A79147, 0x06CA6351, 0x14292967,
    0x27B70A85, 0x2E1B2138, 0x4D2C6DFC, 0x53380D13, 0x650A7354, 0x766A0ABB, 0x81C2C92E, 0x92722C85,
    0xA2BFE8A1, 0xA81A664B, 0xC24B8B70, 0xC76C51A3, 0xD192E819, 0xD6990624, 0xF40E3585, 0x106AA070,
    0x19A4C116, 0x1E376C08, 0x2748774C, 0x34B0BCB5, 0x391C0CB3, 0x4ED8AA4A, 0x5B9CCA4F, 0x682E6FF3,
    0x748F82EE, 0x78A5636F, 0x84C87814, 0x8CC70208, 0x90BEFFFA, 0xA4506CEB, 0xBEF9A3F7, 0xC67178F2};

std::string Hexadecimal(const Sha256::Digest& digest) {
  std::string text;
  for (const uint8_t byte : digest) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

}  // namespace

void Sha256::Block(const uint8_t* block) {
  uint32_t w[64];
  for (int i = 0; i < 16; ++i) {
    w[i] = uint32_t{block[4 * i]} << 24 | uint32_t{block[4 * i + 1]} << 16 |
           uint32_t{block[4 * i + 2]} << 8 | block[4 * i + 3];
  }
  for (int i = 16; i < 64; ++i) {
    const uint32_t a = w[i - 15], b = w[i - 2];
    w[i] = w[i - 16] + (std::rotr(a, 7) ^ std::rotr(a, 18) ^ (a >> 3)) + w[i - 7] +
           (std::rotr(b, 17) ^ std::rotr(b, 19) ^ (b >> 10));
  }
  auto [a, b, c, d, e, f, g, h] = state_;
  for (int i = 0; i < 64; ++i) {
    const uint32_t one = h + (std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25)) +
                         ((e & f) ^ (~e & g)) + kRound[i] + w[i];
    const uint32_t two = (std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22)) +
                         ((a & b) ^ (a & c) ^ (b & c));
    h = g, g = f, f = e, e = d + one, d = c, c = b, b = a, a = one + two;
  }
  const uint32_t add[8] = {a, b, c, d, e, f, g, h};
  for (size_t i = 0; i < 8; ++i) state_[i] += add[i];
}

void Sha256::Update(ByteSpan bytes) {
  size_t waiting = bytes_ % waiting_.size();
  bytes_ += bytes.size();
  while (!bytes.empty()) {
    if (waiting == 0 && bytes.size() >= waiting_.size()) {
      Block(bytes.data());
      bytes = bytes.subspan(waiting_.size());
      continue;
    }
    const size_t taken = std::min(waiting_.size() - waiting, bytes.size());
    std::memcpy(&waiting_[waiting], bytes.data(), taken);
    bytes = bytes.subspan(taken);
    waiting += taken;
    if (waiting < waiting_.size()) return;
    Block(waiting_.data());
    waiting = 0;
  }
}

Sha256::Digest Sha256::Finish() {
  const uint64_t bits = 8 * bytes_;
  const size_t waiting = bytes_ % waiting_.size();
  uint8_t end[72] = {0x80};
  const size_t zeros = (waiting < 56 ? 56 : 120) - waiting;
  for (size_t i = 0; i < 8; ++i) end[zeros + i] = static_cast<uint8_t>(bits >> (56 - 8 * i));
  Update({end, zeros + 8});
  Digest digest;
  for (size_t i = 0; i < digest.size(); ++i) {
    digest[i] = static_cast<uint8_t>(state_[i / 4] >> (24 - 8 * (i % 4)));
  }
  return digest;
}

std::string Sha256Of(ByteSpan bytes) {
  Sha256 hash;
  hash.Update(bytes);
  return Hexadecimal(hash.Finish());
}

std::string PixelSha256(const Image& image) {
  Sha256 hash;
  const bool swap = image.bytes_per_sample() == 2 && !kLittleEndian;
  std::vector<uint8_t> swapped;
  for (uint32_t y = 0; y < image.height; ++y) {
    const ByteSpan row(image.Row(y), image.row_bytes());
    if (!swap) {
      hash.Update(row);
      continue;
    }
    swapped.assign(row.begin(), row.end());
    for (size_t i = 0; i + 1 < swapped.size(); i += 2) std::swap(swapped[i], swapped[i + 1]);
    hash.Update(swapped);
  }
  return Hexadecimal(hash.Finish());
}

}  // namespace flowzip
