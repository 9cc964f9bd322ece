// SPDX-License-Identifier: BSD-3-Clause
#include "codec/metadata/byte_coder.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "codec/metadata/byte_model.h"
#include "rans/binary_coder.h"

namespace flowzip {
namespace {

constexpr uint32_t kNone = ~uint32_t{0};

uint32_t Behind(const uint8_t* bytes, size_t at) {
  uint32_t behind = 0;
  for (size_t i = std::min<size_t>(at, 3); i > 0; --i) behind = behind << 8 | bytes[at - i];
  return behind;
}

// Where the same four bytes were before: chains of positions, the latest first.
class Matches {
 public:
  explicit Matches(ByteSpan bytes)
      : bytes_(bytes), bits_(std::min(TableBits(bytes.size(), 0), 18)) {
    heads_.assign(size_t{1} << bits_, kNone);
    before_.assign(bytes.size(), kNone);
  }

  void Insert(size_t at) {
    if (at + kLeastMatch > bytes_.size()) return;
    uint32_t& head = heads_[Hash(at)];
    before_[at] = head;
    head = static_cast<uint32_t>(at);
  }

  struct Match {
    uint32_t length = 0, distance = 0;
    int gain = 0;  // bits saved, roughly
  };
  // What saves most, of at most `most` bytes; nothing where nothing does. `at` is not inserted yet.
  Match Find(size_t at, size_t most) const {
    Match best;
    if (most < kLeastMatch || at + kLeastMatch > bytes_.size()) return best;
    uint32_t candidate = heads_[Hash(at)];
    for (int tries = kTries; candidate != kNone && tries > 0; --tries) {
      const auto length = Length(candidate, at, most);
      const auto distance = static_cast<uint32_t>(at - candidate);
      const int gain = Gain(length, distance);
      if (length >= kLeastMatch && gain > best.gain) best = {length, distance, gain};
      if (length >= kEnough || length == most) break;
      candidate = before_[candidate];
    }
    return best;
  }

  uint32_t Length(size_t from, size_t at, size_t most) const {
    size_t length = 0;
    while (length < most && bytes_[from + length] == bytes_[at + length]) ++length;
    return static_cast<uint32_t>(length);
  }

 private:
  static constexpr int kTries = 48;
  static constexpr uint32_t kEnough = 256;
  // A literal costs some two bits here, a distance of o octaves o and some more.
  static int Gain(uint32_t length, uint32_t distance) {
    return static_cast<int>(2 * length) - (31 - __builtin_clz(distance)) - 8;
  }
  size_t Hash(size_t at) const {
    uint32_t four;
    std::memcpy(&four, bytes_.data() + at, sizeof four);
    if (!kLittleEndian) four = __builtin_bswap32(four);
    return (four * 0x9E3779B1U) >> (32 - bits_);
  }

  ByteSpan bytes_;
  int bits_;
  std::vector<uint32_t> heads_, before_;
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
      Matches::Match match = matches_.Find(at, end - at);
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
  }

  void Step(ByteStep step, size_t at, uint32_t length, uint32_t distance, bool inserted) {
    model_.CodeStep(step);
    model_.CodeLength(step == ByteStep::kRepeat, length);
    if (step == ByteStep::kMatch) model_.CodeDistance(length, distance);
    last_ = distance;
    for (size_t i = inserted ? 1 : 0; i < length; ++i) matches_.Insert(at + i);
  }

  ByteSpan bytes_;
  BinaryEncoder coder_;
  ByteModel<BinaryEncoder> model_;
  Matches matches_;
  std::vector<uint8_t> raw_;
  uint32_t last_ = 1;
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
  constexpr uint64_t kFixed = 2 << 20;
  // The positions, and result and raw bytes as they grow.
  return kFixed + (sizeof(BitSlot) << ByteTableBits(bytes)) + (4 + 1 + 2 * 2) * bytes;
}

}  // namespace flowzip
