// SPDX-License-Identifier: BSD-3-Clause
#include "codec/metadata/value_map.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "codec/bits/number_model.h"
#include "rans/binary_coder.h"

namespace flowzip {
namespace {

// Where values occur less often than that, gaps are by chance.
constexpr uint64_t kOften = 8;
// Where more pixels equal the one to their left, it is a drawing, which gaps do not make larger, at
// least of 8 bits.
constexpr double kDrawing = 0.6;
// At least one in so many values of a channel's middle does not occur.
constexpr uint64_t kGapShare = 12;
constexpr size_t kLeastMiddle = 8;

using Histogram = std::vector<uint32_t>;

uint16_t SampleAt(const Image& image, const uint8_t* pixels, size_t i) {
  uint16_t sample = pixels[i];
  if (image.bit_depth > 8) std::memcpy(&sample, pixels + 2 * i, sizeof(sample));
  return sample;
}

void SetSampleAt(const Image& image, uint8_t* pixels, size_t i, uint16_t sample) {
  if (image.bit_depth > 8) {
    std::memcpy(pixels + 2 * i, &sample, sizeof(sample));
  } else {
    pixels[i] = static_cast<uint8_t>(sample);
  }
}

std::vector<Histogram> Count(const Image& image, uint32_t rows) {
  std::vector<Histogram> counts(static_cast<size_t>(image.channels),
                                Histogram(size_t{1} << image.bit_depth));
  const auto channels = static_cast<size_t>(image.channels);
  for (uint32_t y = 0; y < rows; ++y) {
    const uint8_t* row = image.Row(y);
    for (size_t i = 0; i < image.width * channels; ++i) {
      ++counts[i % channels][SampleAt(image, row, i)];
    }
  }
  return counts;
}

// Between the values that a sixteenth of the samples lie below and above.
bool LeavesGaps(const Histogram& counts, uint64_t samples) {
  const auto edge = [&](auto begin, auto end) {
    uint64_t seen = 0;
    return std::find_if(begin, end, [&](uint32_t n) { return (seen += n) * 16 > samples; });
  };
  const auto first = edge(counts.begin(), counts.end());
  const auto last = edge(counts.rbegin(), counts.rend()).base();
  if (last - first < static_cast<ptrdiff_t>(kLeastMiddle)) return false;
  const auto size = static_cast<uint64_t>(last - first);
  const auto unused = static_cast<uint64_t>(std::count(first, last, 0u));
  return unused * kGapShare >= size && samples >= kOften * (size - unused);
}

bool Leaves(const std::vector<Histogram>& counts, uint64_t samples) {
  return std::any_of(counts.begin(), counts.end(),
                     [&](const Histogram& h) { return LeavesGaps(h, samples); });
}

// The steps from value to value, by the size of the step before.
template <class Coder>
void CodeSteps(Coder& coder, std::vector<uint16_t>* values) {
  std::array<NumberModel<28>, 5> models;
  uint32_t before = 0, value = 0;
  for (size_t i = 0; i < values->size(); ++i) {
    const uint32_t wanted = Coder::kEncodes ? (*values)[i] - value : 0;
    const uint32_t step =
        models[std::min<size_t>(static_cast<size_t>(std::bit_width(before)), 4)].Code(coder,
                                                                                      wanted);
    Require(step <= 0xFFFF && value + step <= 0xFFFF, ErrorCode::kCorrupt, "value out of range");
    value += step;
    (*values)[i] = static_cast<uint16_t>(value);
    ++value;  // the least that the next one may be
    before = step;
  }
}

}  // namespace

bool MayLeaveGaps(const Image& image, uint32_t rows) {
  if (image.indexed || image.bit_depth < 4) return false;
  uint64_t same = 0;
  const size_t bytes = image.pixel_bytes();
  for (uint32_t y = 0; y < rows; y += 4) {
    const uint8_t* row = image.Row(y);
    for (uint32_t x = 1; x < image.width; ++x) {
      same += std::memcmp(row + x * bytes, row + (x - 1) * bytes, bytes) == 0 ? 1 : 0;
    }
  }
  const bool drawing = static_cast<double>(4 * same) > kDrawing * image.width * rows;
  if (drawing && image.bit_depth <= 8) return false;
  return Leaves(Count(image, rows), uint64_t{image.width} * rows);
}

namespace {

ValueMap MapOf(const Image& image, const std::vector<Histogram>& counts) {
  ValueMap map;
  size_t most = 0;
  for (const Histogram& histogram : counts) {
    std::vector<uint16_t>& values = map.values.emplace_back();
    for (size_t v = 0; v < histogram.size(); ++v) {
      if (histogram[v] > 0) values.push_back(static_cast<uint16_t>(v));
    }
    most = std::max(most, values.size());
  }
  map.bit_depth = image.bit_depth;
  if (image.bit_depth > 8) {
    map.bit_depth = std::max(8, static_cast<int>(std::bit_width(most - 1)));
  }
  return map;
}

}  // namespace

ValueMap ValuesOf(const Image& image) { return MapOf(image, Count(image, image.height)); }

std::optional<ValueMap> FindValues(const Image& image) {
  const std::vector<Histogram> counts = Count(image, image.height);
  if (!Leaves(counts, uint64_t{image.width} * image.height)) return std::nullopt;
  return MapOf(image, counts);
}

Image ToRanks(const Image& image, const Rect& part, const ValueMap& map) {
  Image ranks;
  ranks.width = part.width;
  ranks.height = part.height;
  ranks.channels = image.channels;
  ranks.bit_depth = map.bit_depth;
  ranks.samples.resize(ranks.row_bytes() * ranks.height);
  std::vector<std::vector<uint16_t>> rank_of;
  for (const auto& values : map.values) {
    std::vector<uint16_t>& of = rank_of.emplace_back(size_t{1} << image.bit_depth);
    for (size_t r = 0; r < values.size(); ++r) of[values[r]] = static_cast<uint16_t>(r);
  }
  const size_t channels = rank_of.size();
  for (uint32_t y = 0; y < part.height; ++y) {
    const uint8_t* from = image.At(part.x, part.y + y);
    uint8_t* to = ranks.Row(y);
    for (size_t i = 0; i < part.width * channels; ++i) {
      SetSampleAt(ranks, to, i, rank_of[i % channels][SampleAt(image, from, i)]);
    }
  }
  return ranks;
}

void FromRanks(const Image& ranks, const Rect& part, const ValueMap& map, uint32_t x, uint32_t y,
               Image* image) {
  const size_t channels = map.values.size();
  for (uint32_t row = 0; row < part.height; ++row) {
    const uint8_t* from = ranks.At(part.x, part.y + row);
    uint8_t* to = image->At(x, y + row);
    for (size_t i = 0; i < part.width * channels; ++i) {
      const std::vector<uint16_t>& values = map.values[i % channels];
      const uint16_t rank = SampleAt(ranks, from, i);
      Require(rank < values.size(), ErrorCode::kCorrupt, "rank of no value");
      SetSampleAt(*image, to, i, values[rank]);
    }
  }
}

Chunk StoreValues(const ValueMap& map) {
  ByteWriter data;
  data.Put(static_cast<uint8_t>(map.bit_depth));
  for (const auto& values : map.values) data.PutVarint(values.size() - 1);
  BinaryEncoder coder;
  for (std::vector<uint16_t> values : map.values) CodeSteps(coder, &values);
  data.PutBytes(coder.Finish());
  return MakeChunk(kValuesChunk, data.bytes());
}

namespace {
bool IsValues(const Chunk& chunk) { return chunk.name() == kValuesChunk; }
}  // namespace

bool HasValues(const FileInfo& info) {
  return std::any_of(info.chunks.begin(), info.chunks.end(), IsValues);
}

std::optional<ValueMap> RestoreValues(const FileInfo& info) {
  const auto chunk = std::find_if(info.chunks.begin(), info.chunks.end(), IsValues);
  if (chunk == info.chunks.end()) return std::nullopt;
  Require(std::count_if(chunk, info.chunks.end(), IsValues) == 1 && !info.indexed,
          ErrorCode::kCorrupt, "malformed list of values");
  return ParseValues(chunk->data, info.channels, info.bit_depth);
}

ValueMap ParseValues(ByteSpan data, int channels, int bit_depth) {
  try {
    ByteReader reader(data);
    ValueMap map;
    map.bit_depth = reader.Get<uint8_t>();
    Require(map.bit_depth >= 1 && map.bit_depth <= bit_depth, ErrorCode::kCorrupt,
            "malformed list of values");
    for (int c = 0; c < channels; ++c) {
      const uint64_t last = reader.GetVarint();
      Require(last < uint64_t{1} << map.bit_depth, ErrorCode::kCorrupt, "malformed list of values");
      map.values.emplace_back(static_cast<size_t>(last + 1));
    }
    BinaryDecoder coder(reader.GetBytes(reader.remaining()));
    for (auto& values : map.values) {
      CodeSteps(coder, &values);
      Require(values.back() >> bit_depth == 0, ErrorCode::kCorrupt, "value out of range");
    }
    coder.CheckEnd();
    return map;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kTruncated) throw;
    throw Error(ErrorCode::kCorrupt, "malformed list of values");
  }
}

}  // namespace flowzip
