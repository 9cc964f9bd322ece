// SPDX-License-Identifier: BSD-3-Clause
#include "codec/metadata/shown_colours.h"

#include <algorithm>

#include "codec/bits/number_model.h"
#include "codec/coders/contexts/context_tile.h"
#include "codec/metadata/chunk_store.h"
#include "codec/metadata/value_map.h"
#include "rans/binary_coder.h"

namespace flowzip {
namespace {

constexpr uint8_t kKeyMask = 7, kByCount = 8, kWithAlpha = 16, kWithUnused = 32, kOfRanks = 64;
constexpr int kKeys = 5;
constexpr size_t kMostColours = 256;

struct PaletteColour {
  std::array<uint8_t, 4> value{};  // red, green, blue, alpha
  uint32_t count = 0;
};

// What palettes are sorted by, all rising; what is equal comes as it does in the picture.
int32_t KeyOf(const PaletteColour& colour, int key) {
  const auto& [red, green, blue, alpha] = colour.value;
  const int32_t sum = red + green + blue, luma = 2126 * red + 7152 * green + 722 * blue;
  switch (key) {
    case 1: return sum;
    case 2: return -sum;
    case 3: return luma;
    case 4: return -luma;
    default: return 0;
  }
}

// The colours of a picture in the order in which they come, and of each pixel the number of its.
std::vector<PaletteColour> ColoursOf(const Image& shown, std::vector<uint8_t>* numbers) {
  std::vector<PaletteColour> colours;
  const auto channels = static_cast<size_t>(shown.channels);
  for (size_t i = 0; i < shown.samples.size(); i += channels) {
    PaletteColour colour{{0, 0, 0, 255}};
    std::copy_n(&shown.samples[i], channels, colour.value.begin());
    const auto known = std::find_if(colours.begin(), colours.end(), [&](const PaletteColour& c) {
      return c.value == colour.value;
    });
    const auto number = static_cast<size_t>(known - colours.begin());
    Require(number < kMostColours, ErrorCode::kCorrupt, "more colours than a palette has");
    if (known == colours.end()) colours.push_back(colour);
    ++colours[number].count;
    numbers->push_back(static_cast<uint8_t>(number));
  }
  return colours;
}

// Numbers of colours in the order of `key`, the colours that are most of the picture first if
// `by_count` says so.
std::vector<uint8_t> Sorted(const std::vector<PaletteColour>& colours, int key, bool by_count) {
  std::vector<std::array<int32_t, 3>> keys;
  for (const PaletteColour& colour : colours) {
    keys.push_back({by_count ? -static_cast<int32_t>(colour.count) : 0, KeyOf(colour, key),
                    static_cast<int32_t>(keys.size())});
  }
  std::sort(keys.begin(), keys.end());
  std::vector<uint8_t> order;
  for (const auto& [count, rank, number] : keys) order.push_back(static_cast<uint8_t>(number));
  return order;
}

constexpr int kUnused = -1;

// The palette, as numbers of colours or kUnused: of each whether it is unused, and the place among
// the colours left in `order`.
template <class Coder>
void CodePalette(Coder& coder, std::vector<uint8_t> order, size_t unused,
                 std::vector<int>* palette) {
  BitSlot is_unused, is_other;
  NumberModel<28> places;
  for (int& entry : *palette) {
    if (unused > 0) {
      const bool none =
          order.empty() || CodeBySlot(coder, entry == kUnused ? 1 : 0, is_unused) != 0;
      if (none) {
        entry = kUnused;
        --unused;
        continue;
      }
    }
    uint32_t place = 0;
    if (Coder::kEncodes) {
      place = static_cast<uint32_t>(std::find(order.begin(), order.end(), entry) - order.begin());
    }
    if (CodeBySlot(coder, place != 0 ? 1 : 0, is_other) != 0)
      place = 1 + places.Code(coder, place - 1);
    Require(place < order.size(), ErrorCode::kCorrupt, "no such colour");
    entry = order[place];
    order.erase(order.begin() + static_cast<ptrdiff_t>(place));
  }
}

bool IsColours(const Chunk& chunk) { return chunk.name() == kColoursChunk; }

const Chunk* OnlyChunk(const Image& image, std::string_view type) {
  const Chunk* found = FindChunk(image, type);
  const auto same = [&](const Chunk& chunk) { return chunk.name() == type; };
  return std::count_if(image.chunks.begin(), image.chunks.end(), same) == 1 ? found : nullptr;
}

// What a picture's palette says.
struct Palette {
  const Chunk *colours = nullptr, *alpha = nullptr;
  size_t size() const { return colours->data.size() / 3; }
  std::array<uint8_t, 4> at(size_t i) const {
    const uint8_t* rgb = colours->data.data() + 3 * i;
    const bool opaque = alpha == nullptr || i >= alpha->data.size();
    return {rgb[0], rgb[1], rgb[2], opaque ? uint8_t{255} : alpha->data[i]};
  }
};

// The header's chunks of a picture whose palette, and what its alpha is, are made from the colours.
std::vector<Chunk> OtherChunks(const Image& image, const Palette& palette) {
  const size_t own = palette.alpha != nullptr ? 2 : 1;
  if (image.chunks.size() == own && palette.colours == image.chunks.data()) return {};
  Image without = KindOf({});
  without.indexed = true;
  without.chunks = image.chunks;
  for (Chunk& chunk : without.chunks) {
    if (chunk.name() == "PLTE" || chunk.name() == "tRNS") chunk.data.clear();
  }
  return StoreChunks(without);
}

uint64_t StoredBytes(const std::vector<Chunk>& chunks) {
  uint64_t bytes = 0;
  for (const Chunk& chunk : chunks) {
    ByteWriter size;
    size.PutVarint(chunk.data.size());
    bytes += chunk.type.size() + size.size() + chunk.data.size();
  }
  return bytes;
}

Rect Whole(const Image& image) { return {0, 0, image.width, image.height}; }

// Samples, or ranks of them; empty if that is none that `fits`.
std::vector<uint8_t> EncodeShown(const Image& shown, const WorthFn& fits,
                                 std::vector<float>* bits) {
  return EncodeContextTile(ReadBlock(shown, Whole(shown)), {.candidates = kTries}, bits, fits);
}

}  // namespace

std::optional<ShownColours> StoreAsColours(const Image& image, uint64_t most) {
  const uint64_t pixels = uint64_t{image.width} * image.height;
  if (!image.indexed || pixels > kMostShownPixels) return std::nullopt;
  const Palette from{OnlyChunk(image, "PLTE"), OnlyChunk(image, "tRNS")};
  if (from.colours == nullptr || (from.alpha == nullptr && FindChunk(image, "tRNS") != nullptr) ||
      (from.alpha != nullptr && from.alpha->data.size() > from.size())) {
    return std::nullopt;
  }
  Image picture;
  picture.width = image.width;
  picture.height = image.height;
  picture.channels = from.alpha != nullptr ? 4 : 3;
  std::array<int, kMostColours> number_of{};  // of a colour, by index
  number_of.fill(kUnused);
  std::vector<uint8_t> indices;
  for (uint32_t y = 0; y < image.height; ++y) {
    for (uint32_t x = 0; x < image.width; ++x) {
      const uint8_t index = *image.At(x, y);
      if (index >= from.size()) return std::nullopt;
      const auto colour = from.at(index);
      picture.samples.insert(picture.samples.end(), colour.begin(),
                             colour.begin() + picture.channels);
      indices.push_back(index);
    }
  }
  std::vector<uint8_t> numbers;
  const std::vector<PaletteColour> colours = ColoursOf(picture, &numbers);
  for (size_t i = 0; i < indices.size(); ++i) number_of[indices[i]] = numbers[i];
  std::vector<int> palette(number_of.begin(),
                           number_of.begin() + static_cast<ptrdiff_t>(from.size()));
  SampleBlock unused{0, 1, picture.channels, 8, {}};
  for (size_t i = 0; i < palette.size(); ++i) {
    if (palette[i] != kUnused) continue;
    const auto colour = from.at(i);
    unused.samples.insert(unused.samples.end(), colour.begin(), colour.begin() + unused.channels);
    ++unused.width;
  }
  const auto left = static_cast<size_t>(unused.width);
  // Two entries of the same colour are not told apart.
  if (colours.size() + left != palette.size()) return std::nullopt;

  uint8_t head = 0;
  std::vector<uint8_t> order;
  for (int key = 0; key < kKeys; ++key) {
    for (const bool by_count : {false, true}) {
      BinaryEncoder coder;
      std::vector<int> same = palette;
      CodePalette(coder, Sorted(colours, key, by_count), left, &same);
      std::vector<uint8_t> tried = coder.Finish();
      if (!order.empty() && tried.size() >= order.size()) continue;
      order = std::move(tried);
      head = static_cast<uint8_t>(key | (by_count ? kByCount : 0));
    }
  }
  if (from.alpha != nullptr) head |= kWithAlpha;
  if (left > 0) head |= kWithUnused;
  ByteWriter data;
  data.Put(head);
  if (left > 0) {
    const std::vector<uint8_t> stream = EncodeContexts(unused, {});
    data.PutVarint(left);
    data.PutVarint(stream.size());
    data.PutBytes(stream);
  }
  if (from.alpha != nullptr) data.PutVarint(from.alpha->data.size());
  data.PutVarint(order.size());
  data.PutBytes(order);

  ShownColours shown{OtherChunks(image, from), std::vector<float>(static_cast<size_t>(pixels))};
  const uint64_t others = StoredBytes(shown.chunks) + data.size();
  std::vector<uint8_t> coded = EncodeShown(
      picture, [&](uint64_t bytes) { return others + bytes < most; }, &shown.bits);
  const ValueMap map = ValuesOf(picture);
  ByteWriter as_ranks;
  const std::vector<uint8_t> list = StoreValues(map).data;
  as_ranks.PutVarint(list.size());
  as_ranks.PutBytes(list);
  const uint64_t to_beat = coded.empty() ? most - std::min(most, others) : coded.size();
  std::vector<float> bits(shown.bits.size());
  const std::vector<uint8_t> ranks = EncodeShown(
      ToRanks(picture, Whole(picture), map),
      [&](uint64_t bytes) { return as_ranks.size() + bytes < to_beat; }, &bits);
  if (!ranks.empty() && as_ranks.size() + ranks.size() < to_beat) {
    as_ranks.PutBytes(ranks);
    coded = as_ranks.Take();
    shown.bits = std::move(bits);
    head |= kOfRanks;
  }
  if (coded.empty()) return std::nullopt;
  data.PutBytes(coded);
  std::vector<uint8_t> bytes = data.Take();
  bytes[0] = head;
  shown.chunks.push_back(MakeChunk(kColoursChunk, bytes));
  if (StoredBytes(shown.chunks) >= most) return std::nullopt;
  return shown;
}

bool HasColours(const FileInfo& info) {
  return std::any_of(info.chunks.begin(), info.chunks.end(), IsColours);
}

uint64_t ColoursMemory(uint32_t width, uint32_t height) {
  const uint64_t pixels = uint64_t{width} * height;
  if (pixels > kMostShownPixels) return 0;  // is refused
  const uint64_t samples = 2 * 4 * pixels;
  // The samples three times, and what the search for copies and the colours themselves take.
  return ContextMemory(static_cast<int>(width), static_cast<int>(height), 4) + 3 * samples +
         64 * pixels + (uint64_t{1} << 20);
}

std::optional<Image> RestoreColours(const FileInfo& info) {
  const auto chunk = std::find_if(info.chunks.begin(), info.chunks.end(), IsColours);
  if (chunk == info.chunks.end()) return std::nullopt;
  const auto require = [](bool ok) {
    Require(ok, ErrorCode::kCorrupt, "malformed colours of a palette");
  };
  require(std::count_if(chunk, info.chunks.end(), IsColours) == 1 && info.indexed &&
          info.pixels() <= kMostShownPixels && info.tile_count() == 1 && !info.is_whole());
  try {
    ByteReader reader(chunk->data);
    const auto head = reader.Get<uint8_t>();
    const bool with_alpha = (head & kWithAlpha) != 0;
    require((head & kKeyMask) < kKeys && head < 2 * kOfRanks);
    SampleBlock unused{0, 1, with_alpha ? 4 : 3, 8, {}};
    if ((head & kWithUnused) != 0) {
      const uint64_t left = reader.GetVarint();
      require(left >= 1 && left < kMostColours);
      unused.width = static_cast<int>(left);
      DecodeContexts(reader.GetBytes(reader.GetVarint()), {}, &unused);
    }
    const uint64_t alphas = with_alpha ? reader.GetVarint() : 0;
    BinaryDecoder coder(reader.GetBytes(reader.GetVarint()));
    Image shown;
    shown.width = info.width;
    shown.height = info.height;
    shown.channels = unused.channels;
    std::optional<ValueMap> map;
    if ((head & kOfRanks) != 0) {
      map = ParseValues(reader.GetBytes(reader.GetVarint()), shown.channels, 8);
    }
    SampleBlock block{static_cast<int>(info.width),
                      static_cast<int>(info.height),
                      shown.channels,
                      map ? map->bit_depth : 8,
                      {}};
    DecodeContextTile(reader.GetBytes(reader.remaining()), (1 << block.bit_depth) - 1, &block);
    shown.samples.resize(shown.row_bytes() * shown.height);
    WriteBlock(block, Whole(shown), 0, &shown);
    if (map) {
      const Image ranks = shown;
      FromRanks(ranks, Whole(ranks), *map, 0, 0, &shown);
    }
    std::vector<uint8_t> numbers;
    const std::vector<PaletteColour> colours = ColoursOf(shown, &numbers);
    const size_t size = colours.size() + static_cast<size_t>(unused.width);
    require(size <= kMostColours && alphas <= size);
    std::vector<int> palette(size);
    CodePalette(coder, Sorted(colours, head & kKeyMask, (head & kByCount) != 0),
                static_cast<size_t>(unused.width), &palette);
    coder.CheckEnd();

    std::vector<uint8_t> rgb, alpha;
    std::array<uint8_t, kMostColours> index_of{};
    size_t next = 0;
    for (size_t i = 0; i < size; ++i) {
      std::array<uint8_t, 4> colour{0, 0, 0, 255};
      if (palette[i] == kUnused) {
        for (int c = 0; c < unused.channels; ++c) {
          colour[static_cast<size_t>(c)] = static_cast<uint8_t>(unused.samples[next++]);
        }
      } else {
        require(i >> info.bit_depth == 0);
        const auto number = static_cast<size_t>(palette[i]);
        colour = colours[number].value;
        index_of[number] = static_cast<uint8_t>(i);
      }
      rgb.insert(rgb.end(), colour.begin(), colour.begin() + 3);
      if (i < alphas) {
        alpha.push_back(colour[3]);
      } else {
        require(colour[3] == 255);
      }
    }
    Image image = KindOf(info);
    image.width = info.width;
    image.height = info.height;
    for (const uint8_t number : numbers) image.samples.push_back(index_of[number]);
    image.chunks.push_back(MakeChunk("PLTE", rgb));
    if (with_alpha) image.chunks.push_back(MakeChunk("tRNS", alpha));
    return image;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kTruncated) throw;
    throw Error(ErrorCode::kCorrupt, "malformed colours of a palette");
  }
}

}  // namespace flowzip
