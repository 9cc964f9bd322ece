// SPDX-License-Identifier: BSD-3-Clause
#include "codec/metadata/byte_coder.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "codec/metadata/byte_model.h"
#include "rans/binary_coder.h"

namespace flowzip {
namespace {

uint32_t Behind(const uint8_t* bytes, size_t at) {
  uint32_t behind = 0;
  for (size_t i = std::min<size_t>(at, 3); i > 0; --i) behind = behind << 8 | bytes[at - i];
  return behind;
}

constexpr int kFarBits = 20;

// Where the same bytes were before, the latest first, as far back as there is room for places.
template <size_t kBytes, int kHeadBits, int kRoomBits>
class Places {
 public:
  static constexpr uint32_t kNone = ~uint32_t{0};

  explicit Places(ByteSpan bytes)
      : bytes_(bytes),
        head_bits_(std::min(TableBits(bytes.size(), 0), kHeadBits)),
        heads_(size_t{1} << head_bits_, kNone),
        before_(size_t{1} << std::min(TableBits(bytes.size(), 1), kRoomBits), kNone) {}

  void Insert(uint32_t at) {
    if (at + kBytes > bytes_.size()) return;
    uint32_t& head = heads_[Hash(at)];
    before_[at & (before_.size() - 1)] = head;
    head = at;
    if (at + kAhead + kBytes > bytes_.size()) return;
    __builtin_prefetch(&heads_[Hash(at + kAhead)], /*rw=*/1);
  }
  uint32_t First(uint32_t at) const {
    return at + kBytes > bytes_.size() ? kNone : Near(heads_[Hash(at)], at);
  }
  // Of places for `at`, the one before `place`.
  uint32_t Next(uint32_t place, uint32_t at) const {
    const uint32_t next = before_[place & (before_.size() - 1)];
    return next < place ? Near(next, at) : kNone;
  }

 private:
  static constexpr uint32_t kAhead = 16;  // bytes
  uint32_t Near(uint32_t place, uint32_t at) const {
    return place != kNone && at - place < before_.size() ? place : kNone;
  }
  size_t Hash(size_t at) const {
    uint64_t value = 0;
    for (size_t i = 0; i < kBytes; ++i) value |= uint64_t{bytes_[at + i]} << (8 * i);
    return (value * 0x9E3779B97F4A7C15u) >> (64 - head_bits_);
  }

  ByteSpan bytes_;
  int head_bits_;
  std::vector<uint32_t> heads_, before_;
};

// Matches of four bytes are looked for near by, which is in the caches; from afar, those of eight,
// since less is not worth its distance. So many bytes take no longer each than few.
class Matches {
 public:
  explicit Matches(ByteSpan bytes)
      : bytes_(bytes),
        literal_bits_(MixesLiterals(bytes.size()) ? 1 : 3),
        near_(bytes),
        far_(bytes) {}

  void Insert(size_t at) {
    near_.Insert(static_cast<uint32_t>(at));
    far_.Insert(static_cast<uint32_t>(at));
  }

  struct Match {
    uint32_t length = 0, distance = 0;
    int gain = 0;  // bits saved, roughly
  };
  static constexpr uint32_t kTries = 32;  // for each

  // What saves most, of at most `most` bytes; nothing where nothing does. `at` is not inserted yet.
  Match Find(size_t at, size_t most, uint32_t tries = kTries) const {
    Match best;
    if (most < kLeastMatch) return best;
    Try(far_, at, most, tries, &best);
    if (best.length < kEnough) Try(near_, at, most, tries, &best);
    return best;
  }

  uint32_t Length(size_t from, size_t at, size_t most) const {
    size_t length = 0;
    while (length < most && bytes_[from + length] == bytes_[at + length]) ++length;
    return static_cast<uint32_t>(length);
  }

 private:
  static constexpr uint32_t kEnough = 256, kStrange = 16;

  template <class SomePlaces>
  void Try(const SomePlaces& places, size_t at, size_t most, uint32_t tries, Match* best) const {
    const auto here = static_cast<uint32_t>(at);
    uint32_t place = places.First(here);
    for (; place != SomePlaces::kNone && tries > 0; --tries, place = places.Next(place, here)) {
      if (best->length == most) return;
      // What is longer differs from the best behind it.
      if (bytes_[place + best->length] != bytes_[at + best->length]) {
        // Others of that hash, of which there may be any number.
        if (best->length == 0) tries = std::max(tries, kStrange) - kStrange + 1;
        continue;
      }
      const uint32_t length = Length(place, at, most);
      const int gain = Gain(length, here - place);
      if (length >= kLeastMatch && gain > best->gain) *best = {length, here - place, gain};
      if (length >= kEnough) return;
    }
  }
  // A literal where there are matches costs so many bits, a distance of o octaves o and some more.
  int Gain(uint32_t length, uint32_t distance) const {
    return literal_bits_ * static_cast<int>(length) - (31 - __builtin_clz(distance)) - 8;
  }

  ByteSpan bytes_;
  int literal_bits_;
  Places<4, 16, 16> near_;
  Places<8, kFarBits, kFarBits> far_;
};

// Whether models would not make the block smaller: its bytes are as good as random.
bool IsNoise(ByteSpan block) {
  if (block.size() < 4096) return false;
  std::array<uint32_t, 256> counts{};
  for (const uint8_t byte : block) ++counts[byte];
  // Random bytes leave counts that vary as much as their mean; text and numbers vary far more, what
  // was made by counting far less.
  const double mean = static_cast<double>(block.size()) / 256;
  double deviation = 0;
  for (const uint32_t count : counts) deviation += (count - mean) * (count - mean);
  return deviation < 256 * mean * 1.5 && deviation > 256 * mean * 0.6;
}

class Packer {
 public:
  explicit Packer(ByteSpan bytes) : bytes_(bytes), model_(coder_, bytes.size()), matches_(bytes) {}

  std::vector<uint8_t> Pack() {
    for (size_t at = 0; at < bytes_.size(); at += kByteBlock) {
      const size_t end = std::min(bytes_.size(), at + kByteBlock);
      const ByteSpan block = bytes_.subspan(at, end - at);
      if (model_.CodeRaw(IsNoise(block) && !Repeats(at, end))) {
        raw_.insert(raw_.end(), block.begin(), block.end());
        for (size_t i = at; i < end; i += kRawStep) matches_.Insert(i);
      } else {
        PackBlock(at, end);
      }
    }
    const std::vector<uint8_t> stream = coder_.Finish();
    ByteWriter out;
    out.PutVarint(bytes_.size());
    out.PutVarint(stream.size());
    out.PutBytes(stream);
    out.PutBytes(raw_);
    return out.Take();
  }

 private:
  // Of a raw block, every sixteenth position can be found again.
  static constexpr size_t kRawStep = 16;
  // After so many literals one after another, half as many places are tried.
  static constexpr uint32_t kPatience = 256;

  // Whether a part of the block is a copy of what came before, which is no noise, however it looks.
  // Some places are tried, each at all distances from the positions that a raw block leaves.
  bool Repeats(size_t at, size_t end) const {
    for (size_t place = at; place < end; place += kByteBlock / 16) {
      for (size_t i = place; i < std::min(end, place + kRawStep); ++i) {
        if (matches_.Find(i, end - i).length >= 32) return true;
      }
    }
    return false;
  }

  void PackBlock(size_t at, size_t end) {
    while (at < end) {
      const uint32_t repeat = last_ <= at ? matches_.Length(at - last_, at, end - at) : 0;
      Matches::Match match =
          matches_.Find(at, end - at, std::max(Matches::kTries >> alone_ / kPatience, 1u));
      const bool repeats = repeat >= kLeastRepeat && 2 * static_cast<int>(repeat) > match.gain + 4;
      if (!repeats && match.length > 0 && at + 1 < end) {
        // Perhaps a byte alone, and then a longer match.
        matches_.Insert(at);
        const Matches::Match next = matches_.Find(at + 1, end - at - 1);
        if (next.gain > match.gain + 3) match.length = 0;
        if (match.length == 0) {
          Literal(at++, /*inserted=*/true);
          continue;
        }
        Step(ByteStep::kMatch, at, match.length, match.distance, /*inserted=*/true);
        at += match.length;
      } else if (repeats) {
        Step(ByteStep::kRepeat, at, repeat, last_, false);
        at += repeat;
      } else if (match.length > 0) {
        Step(ByteStep::kMatch, at, match.length, match.distance, false);
        at += match.length;
      } else {
        Literal(at++, false);
      }
    }
  }

  void Literal(size_t at, bool inserted) {
    model_.CodeStep(ByteStep::kLiteral);
    model_.CodeLiteral(bytes_[at], Behind(bytes_.data(), at));
    if (!inserted) matches_.Insert(at);
    alone_ = std::min(alone_ + 1, 8 * kPatience);
  }

  void Step(ByteStep step, size_t at, uint32_t length, uint32_t distance, bool inserted) {
    model_.CodeStep(step);
    model_.CodeLength(step == ByteStep::kRepeat, length);
    if (step == ByteStep::kMatch) model_.CodeDistance(length, distance);
    last_ = distance;
    alone_ = 0;
    for (size_t i = inserted ? 1 : 0; i < length; ++i) matches_.Insert(at + i);
  }

  ByteSpan bytes_;
  BinaryEncoder coder_;
  ByteModel<BinaryEncoder> model_;
  Matches matches_;
  std::vector<uint8_t> raw_;
  uint32_t last_ = 1;
  uint32_t alone_ = 0;  // literals since the last match
};

// Fills in bytes [at, end).
void UnpackBlock(ByteModel<BinaryDecoder>& model, uint8_t* bytes, size_t at, size_t end,
                 uint32_t& last) {
  while (at < end) {
    const ByteStep step = model.CodeStep(ByteStep::kLiteral);
    if (step == ByteStep::kLiteral) {
      bytes[at] = model.CodeLiteral(0, Behind(bytes, at));
      ++at;
      continue;
    }
    const uint32_t length = model.CodeLength(step == ByteStep::kRepeat, kLeastMatch);
    if (step == ByteStep::kMatch) last = model.CodeDistance(length, 1);
    Require(length <= end - at && last <= at, ErrorCode::kCorrupt, "malformed metadata");
    for (size_t i = 0; i < length; ++i, ++at) bytes[at] = bytes[at - last];
  }
}

}  // namespace

std::vector<uint8_t> PackBytes(ByteSpan bytes) {
  Require(!bytes.empty() && bytes.size() <= kMostPackedBytes, ErrorCode::kInvalidArgument,
          "so many bytes are not packed");
  return Packer(bytes).Pack();
}

uint64_t UnpackedSize(ByteSpan packed) {
  const uint64_t size = ByteReader(packed).GetVarint();
  Require(size >= 1 && size <= kMostPackedBytes, ErrorCode::kCorrupt, "malformed metadata");
  return size;
}

std::vector<uint8_t> UnpackBytes(ByteSpan packed) {
  ByteReader reader(packed);
  std::vector<uint8_t> bytes(UnpackedSize(packed));
  reader.GetVarint();
  BinaryDecoder coder(reader.GetBytes(reader.GetVarint()));
  ByteModel<BinaryDecoder> model(coder, bytes.size());
  uint32_t last = 1;
  for (size_t at = 0; at < bytes.size(); at += kByteBlock) {
    const size_t end = std::min(bytes.size(), at + kByteBlock);
    if (model.CodeRaw(false)) {
      const ByteSpan raw = reader.GetBytes(end - at);
      std::copy(raw.begin(), raw.end(), bytes.begin() + static_cast<ptrdiff_t>(at));
    } else {
      UnpackBlock(model, bytes.data(), at, end, last);
    }
  }
  coder.CheckEnd();
  Require(reader.remaining() == 0, ErrorCode::kCorrupt, "malformed metadata");
  return bytes;
}

uint64_t PackingMemory(uint64_t bytes) {
  // Near places, slots of one byte before, mixers; far places; result and raw bytes as they grow.
  constexpr uint64_t kFixed = 2 << 20;
  const uint64_t far = 2 * sizeof(uint32_t) << std::min(TableBits(bytes, 1), kFarBits);
  return kFixed + far + (sizeof(BitSlot) << ByteTableBits(bytes)) + (1 + 2 * 2) * bytes;
}

}  // namespace flowzip
