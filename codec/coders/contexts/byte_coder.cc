// SPDX-License-Identifier: BSD-3-Clause
#include "codec/coders/contexts/byte_coder.h"

#include "codec/coders/contexts/copy_finder.h"
#include "codec/coders/contexts/quick_coder.h"

namespace flowzip {
namespace {

// As one row of labels.
SampleBlock RowOf(size_t size) { return {static_cast<int>(size), 1, 1, 8, {}}; }
constexpr ContextOptions kPlain{
    .candidates = 1, .indices = true, .model = BlockModel::kQuick, .copies = false};
constexpr ContextOptions kWithCopies{
    .candidates = 1, .indices = true, .model = BlockModel::kQuick, .copies = true};

}  // namespace

std::vector<uint8_t> PackBytes(ByteSpan bytes) {
  SampleBlock row = RowOf(bytes.size());
  row.samples.assign(bytes.begin(), bytes.end());
  std::vector<float> bits(bytes.size(), 0);
  EncodeContexts(row, kPlain, &bits);
  return EncodeContexts(row, kWithCopies, nullptr, FindCopies(row, bits).copies);
}

std::vector<uint8_t> UnpackBytes(ByteSpan stream, size_t size) {
  SampleBlock row = RowOf(size);
  DecodeContexts(stream, kWithCopies, &row);
  return {row.samples.begin(), row.samples.end()};
}

uint64_t UnpackBytesMemory(uint64_t size) {
  return QuickMemory(static_cast<int>(size), 1, 1) + 16 * size;
}
uint64_t PackBytesMemory(uint64_t size) {
  return UnpackBytesMemory(size) + CopyFinderMemory(size) + 12 * size;
}

}  // namespace flowzip
