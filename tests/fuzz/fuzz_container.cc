// SPDX-License-Identifier: BSD-3-Clause
// The container without its tiles' contents: what is read is written the same, all tiles lie
// inside the picture and the file, and recovery agrees with the strict reader.
#include "tests/fuzz/harness.h"

namespace flowzip {
namespace {

void Run(ByteSpan data) {
  const FileInfo info = ParseHeader(data);
  const std::vector<uint8_t> header = SerializeHeader(info);
  fuzz::Check(header.size() == info.header_bytes &&
                  std::equal(header.begin(), header.end() - sizeof(uint32_t), data.begin()),
              "a header is not written as it was read");
  fuzz::Check(info.payload_bytes.size() == info.tile_count(), "an index of another length");
  if (info.tile_count() > 100000) return;
  uint64_t pixels = 0;
  for (uint64_t tile = 0; tile < info.tile_count(); ++tile) {
    const Rect rect = info.TileRect(tile);
    fuzz::Check(rect.width > 0 && rect.height > 0 && rect.x + rect.width <= info.width &&
                    rect.y + rect.height <= info.height,
                "a tile outside the picture");
    pixels += uint64_t{rect.width} * rect.height;
  }
  fuzz::Check(pixels == info.pixels(), "the tiles do not cover the picture");
  Recovery recovery;
  size_t whole = 0;
  try {
    for (const auto& block : FindTiles(info, data, recovery)) whole += block.has_value();
  } catch (const Error&) {
  }
  fuzz::Check(whole + recovery.lost.size() == info.tile_count(), "tiles neither whole nor lost");
  fuzz::Check(SplitTiles(info, data).size() == whole && recovery.lost.empty(),
              "recovery lost what the strict reader has");
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
