// SPDX-License-Identifier: BSD-3-Clause
#include "codec/container/recover.h"

#include <algorithm>
#include <cstring>

namespace flowzip {
namespace {

// A header longer than this (large metadata) is not repaired: the search takes a hash of it
// for each of the 255 other values of each of its bytes.
constexpr size_t kMaxRepairBytes = 2048;
// A short file is hashed as a whole each time: bytes of header times bytes of file.
constexpr uint64_t kMaxShortRepair = uint64_t{1} << 24;

// True if `bytes` begin with a header that is right and at least one tile agrees with it.
bool Convincing(ByteSpan bytes) {
  try {
    Recovery ignored;
    const FileInfo info = ParseHeader(bytes);
    FindTiles(info, bytes, ignored);
    return true;
  } catch (const Error&) {
    return false;
  }
}

// The header's size as it says itself; SIZE_MAX if it is no size.
size_t DeclaredSize(ByteSpan file) {
  try {
    return static_cast<size_t>(std::min<uint64_t>(HeaderBytes(file), SIZE_MAX));
  } catch (const Error&) {
    return SIZE_MAX;
  }
}

// Tries every other value of every byte in [begin, end); returns the byte that it put right.
std::optional<size_t> RepairByte(std::vector<uint8_t>& file, size_t begin, size_t end) {
  for (size_t at = begin; at < std::min(end, file.size()); ++at) {
    const uint8_t before = file[at];
    for (int change = 1; change < 256; ++change) {
      file[at] = static_cast<uint8_t>(before ^ change);
      if (DeclaredSize(file) > kMaxRepairBytes) continue;
      if (HeaderIsWhole(file) && Convincing(file)) return at;
    }
    file[at] = before;
  }
  return std::nullopt;
}

std::optional<size_t> RepairHeader(std::vector<uint8_t>& file) {
  // The size itself, which bounds the search, is among the first fields.
  if (const auto at = RepairByte(file, 0, kFixedHeaderBytes)) return at;
  const size_t size = DeclaredSize(file);
  if (size > std::min(kMaxRepairBytes, file.size())) return std::nullopt;
  if (SaysShort(file) && uint64_t{size} * file.size() > kMaxShortRepair) return std::nullopt;
  return RepairByte(file, kFixedHeaderBytes, size);
}

}  // namespace

FileInfo RecoverHeader(ByteSpan file, std::vector<uint8_t>& repaired, Recovery& recovery) {
  repaired.clear();
  try {
    const FileInfo info = ParseHeader(file);
    if (!info.is_short) return info;
    // What looks like a short file cut short may have a damaged size.
    Require(HeaderIsWhole(file), ErrorCode::kTruncated, "file is cut short");
    return info;
  } catch (const Error&) {
    if (HeaderIsWhole(file)) throw;  // it is not damage that is wrong with it
    repaired.assign(file.begin(), file.end());
    const std::optional<size_t> at = RepairHeader(repaired);
    if (!at) throw;
    recovery.damage = "byte " + std::to_string(*at) + " of the header was damaged";
  }
  return ParseHeader(repaired);
}

std::vector<std::optional<TileBlock>> FindTiles(const FileInfo& info, ByteSpan file,
                                                Recovery& recovery) {
  recovery.tiles = info.tile_count();
  std::vector<std::optional<TileBlock>> blocks(info.payload_bytes.size());
  uint64_t begin = info.tiles_at();
  for (uint64_t tile = 0; tile < blocks.size(); ++tile) {
    const uint64_t size = info.tile_overhead() + info.payload_bytes[tile];
    if (begin + size > file.size()) {
      LoseTile(info, tile,
               begin < file.size() ? "the file ends inside it" : "the file ends before it",
               recovery);
    } else {
      try {
        const ByteSpan block = file.subspan(static_cast<size_t>(begin), size);
        blocks[tile] = info.is_short ? TileBlock{std::nullopt, block} : ReadTile(tile, block);
      } catch (const Error& error) {
        LoseTile(info, tile, error.what(), recovery);
      }
    }
    begin += size;
  }
  Require(recovery.lost.size() < blocks.size(), ErrorCode::kCorrupt,
          "no tile of it is whole: nothing can be recovered");
  if (begin != file.size()) {
    if (!recovery.damage.empty()) recovery.damage += "; ";
    recovery.damage +=
        begin > file.size() ? "the file is cut short" : "surplus bytes follow the last tile";
  }
  return blocks;
}

void LoseTile(const FileInfo& info, uint64_t tile, const std::string& reason, Recovery& recovery) {
  const auto after =
      std::upper_bound(recovery.lost.begin(), recovery.lost.end(), tile,
                       [](uint64_t t, const LostTile& lost) { return t < lost.tile; });
  recovery.lost.insert(after, {tile, info.TileRect(tile), reason});
}

void FillGray(const Rect& rect, Image& image) {
  const auto half = static_cast<uint16_t>(1 << (image.bit_depth - 1));
  const size_t samples = size_t{rect.width} * image.channels;
  for (uint32_t y = rect.y; y < rect.y + rect.height; ++y) {
    uint8_t* to = image.At(rect.x, y);
    if (image.bytes_per_sample() == 1) {
      std::fill_n(to, samples, static_cast<uint8_t>(half));
    } else {
      for (size_t i = 0; i < samples; ++i) std::memcpy(to + 2 * i, &half, sizeof(half));
    }
  }
}

}  // namespace flowzip
