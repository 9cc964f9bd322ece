// SPDX-License-Identifier: BSD-3-Clause
#include "codec/coders/contexts/quick_coder.h"

#include "codec/coders/contexts/block_run.h"
#include "codec/coders/contexts/pixel_model.h"
#include "codec/coders/contexts/sample_model.h"

namespace flowzip {
namespace {

int QuickTableBits(size_t pixels) { return std::min(TableBits(pixels, 3), 18); }
int QuickMemoryBits(size_t pixels) { return std::min(TableBits(pixels, 0), 16); }

// Whether the pixel is what followed the same neighbours the last time, or equals the one to its
// left or above; a label by its bits; a sample as its difference from the best of three guesses.
template <class Coder>
class QuickBlock {
 public:
  QuickBlock(Coder& coder, const SampleBlock& shape, const ContextOptions& options)
      : coder_(coder),
        shape_(shape),
        options_(options),
        packed_(shape.width),
        slots_(QuickTableBits(size_t(shape.width) * shape.height)),
        memory_(QuickMemoryBits(size_t(shape.width) * shape.height)),
        same_(2, 64),
        label_(256, 8),
        channels_(static_cast<size_t>(shape.channels), Channel(shape.width)) {}

  void BeginRow(int y) {
    packed_.BeginRow(y);
    here_ = packed_.Row(y);
    above_ = packed_.Row(y - 1);
    for (Channel& channel : channels_) channel.BeginRow(y);
  }
  void EndRow(int y) {
    packed_.EndRow(y);
    for (Channel& channel : channels_) {
      channel.samples.EndRow(y);
      channel.errors.EndRow(y);
    }
  }
  void CodePixel(uint16_t* samples, uint32_t at, int x, int) {
    uint16_t* pixel = samples + size_t{at} * static_cast<size_t>(shape_.channels);
    uint64_t* row = here_;
    uint64_t value = Coder::kEncodes ? PackPixel(pixel, shape_.channels) : 0;
    const uint64_t *n = above_, w = row[x - 1];
    const uint64_t h2 = HashStep(HashStep(1, w), n[x]);
    const uint64_t h4 = HashStep(HashStep(h2 + 1, n[x - 1]), n[x + 1]);
    bool found = false;
    Memory::Entry* entry = nullptr;
    if (options_.candidates > 0) {
      entry = memory_.Find(h4);
      found = CodeSame(row, n, x, h2, h4, *entry, &value);
    }
    if (!found) {
      value = options_.indices ? CodeLabel(w, h2, h4, value) : CodeSamples(value, x);
    } else if (!options_.indices) {
      PassSamples(value, x);
    }
    if (entry != nullptr) Memory::Learn(*entry, value);
    row[x] = value;
    if (!Coder::kEncodes) UnpackPixel(value, shape_.channels, pixel);
  }
  void PassPixel(const uint16_t* samples, uint32_t at, int x, int, uint32_t) {
    const uint64_t value =
        PackPixel(samples + size_t{at} * static_cast<size_t>(shape_.channels), shape_.channels);
    here_[x] = value;
    if (!options_.indices) PassSamples(value, x);
  }

 private:
  static constexpr int kSigns = 3, kOctaves = 16, kKinds = 1 + kSigns + 2 * kOctaves;
  // Energies are the sum of six sizes below 2^16; half of all sizes are below 0.7 of their mean.
  static constexpr int kEnergies = 37, kEnergyOctaves = 3, kOthers = 4;
  static constexpr size_t kGuesses = 3;

  struct Channel {
    explicit Channel(int width)
        : samples(width), errors(width), slots(size_t{kEnergies} * kOthers * kKinds) {}
    void BeginRow(int y) {
      samples.BeginRow(y);
      errors.BeginRow(y);
      here = samples.Row(y), above = samples.Row(y - 1);
      error = errors.Row(y), error_above = errors.Row(y - 1);
    }
    RecentRows<int32_t> samples, errors;
    int32_t *here = nullptr, *above = nullptr, *error = nullptr, *error_above = nullptr;
    std::vector<BitSlot> slots;
    std::array<uint32_t, kGuesses> missed{};  // by each guess, lately
  };

  // A sample as its difference from a guess, as in difference_code.h, but from the octave on that
  // its context makes likely: up while it is beyond, else down. Deep noise would take a bit for
  // each of a dozen octaves.
  int32_t CodeSample(BitSlot* slots, int sign, int likely, int32_t guess, int32_t max,
                     int32_t actual) {
    if (CodeBySlot(coder_, actual != guess, slots[0]) == 0) return guess;
    const bool negative =
        guess != 0 && (guess == max || CodeBySlot(coder_, actual < guess, slots[1 + sign]) != 0);
    const auto most = static_cast<uint32_t>(negative ? guess : max - guess);
    const auto size = static_cast<uint32_t>(std::abs(actual - guess));
    const int last = std::bit_width(most) - 1, wanted = std::bit_width(size | 1) - 1;
    BitSlot *const beyond = slots + 1 + kSigns, *const upper = beyond + kOctaves;
    int octave = std::min(likely, last);
    const auto is_beyond = [&](int o) { return CodeBySlot(coder_, o < wanted, beyond[o]) != 0; };
    if (octave < last && is_beyond(octave)) {
      for (++octave; octave < last && is_beyond(octave);) ++octave;
    } else {
      while (octave > 0 && !is_beyond(octave - 1)) --octave;
    }
    uint32_t got = 1;
    if (octave > 0) {
      const int rest = octave - 1;  // bits below the upper half's, which are even
      got = 2 | static_cast<uint32_t>(
                    CodeBySlot(coder_, static_cast<int>(size >> rest & 1), upper[octave]));
      if (rest > 0) got = got << rest | coder_.CodeEven(size & ((1u << rest) - 1), rest);
    }
    Require(got <= most, ErrorCode::kCorrupt, "sample out of range");
    return negative ? guess - static_cast<int32_t>(got) : guess + static_cast<int32_t>(got);
  }

  // Whether the pixel is one of at most two candidates; then *value is that.
  bool CodeSame(const uint64_t* row, const uint64_t* n, int x, uint64_t h2, uint64_t h4,
                const Memory::Entry& entry, uint64_t* value) {
    const uint64_t w = row[x - 1];
    const uint64_t first = entry.sure > 0 ? entry.value : w;
    const uint64_t second = w != first ? w : n[x];
    const uint32_t equal = (w == n[x]) | (w == n[x - 1]) << 1 | (n[x] == n[x + 1]) << 2 |
                           (n[x] == n[x - 1]) << 3 | (w == row[x - 2]) << 4 | (first == w) << 5;
    for (uint64_t i = 0; i < 2; ++i) {
      const uint64_t candidate = i == 0 ? first : second;
      if (i == 1 && second == first) break;
      const std::array<BitSlot*, 3> slots = {
          slots_.Find(HashStep(i << 9 | equal << 3 | entry.sure, 11)),
          slots_.Find(HashStep(h2 + i, 12)), slots_.Find(HashStep(h4 + i, 13))};
      const bool other = Coder::kEncodes && *value != candidate;
      if (same_.Code(coder_, other, slots, {}, static_cast<int>(i), static_cast<int>(equal)) == 0) {
        *value = candidate;
        return true;
      }
    }
    return false;
  }

  uint64_t CodeLabel(uint64_t w, uint64_t h2, uint64_t h4, uint64_t wanted) {
    uint32_t node = 1;
    for (int i = shape_.bit_depth - 1; i >= 0; --i) {
      const std::array<BitSlot*, 4> slots = {
          slots_.Find(HashStep(40, node)), slots_.Find(HashStep(HashStep(41, w), node)),
          slots_.Find(HashStep(h2 + 42, node)), slots_.Find(HashStep(h4 + 43, node))};
      const int bit = Coder::kEncodes ? static_cast<int>(wanted >> i & 1) : 0;
      node = node << 1 | static_cast<uint32_t>(
                             label_.Code(coder_, bit, slots, {}, static_cast<int>(node & 255), i));
    }
    return node - (uint32_t{1} << shape_.bit_depth);
  }

  void PassSamples(uint64_t value, int x) {
    for (int c = 0; c < shape_.channels; ++c) {
      channels_[static_cast<size_t>(c)].here[x] = SampleOf(value, c);
      channels_[static_cast<size_t>(c)].error[x] = 0;
    }
  }

  uint64_t CodeSamples(uint64_t wanted, int x) {
    uint64_t value = 0;
    const int32_t max = (1 << shape_.bit_depth) - 1;
    Channel* base = nullptr;  // the first colour
    for (const int c : order_) {
      Channel& channel = channels_[static_cast<size_t>(c)];
      int32_t* row = channel.here;
      const int32_t* n = channel.above;
      const int32_t w = row[x - 1];
      const int32_t median = Median(w, n[x], n[x - 1]);
      std::array<int32_t, kGuesses> guesses = {median, (w + n[x]) >> 1, median};
      int32_t other = 0;
      if (base != nullptr) {
        const int32_t *b = base->here, *bn = base->above;
        guesses[2] =
            std::clamp(b[x] + Median(w - b[x - 1], n[x] - bn[x], n[x - 1] - bn[x - 1]), 0, max);
        other = base->error[x];
      }
      const auto& missed = channel.missed;
      size_t best = missed[1] < missed[0] ? 1 : 0;
      if (missed[2] < missed[best]) best = 2;
      const int32_t *err = channel.error, *err_n = channel.error_above;
      const auto energy = static_cast<uint32_t>(2 * std::abs(err[x - 1]) + 2 * std::abs(err_n[x]) +
                                                std::abs(err_n[x - 1]) + std::abs(err_n[x + 1]));
      const int e = HalfOctave(energy);
      const int context =
          e * kOthers +
          std::min(static_cast<int>(std::bit_width(static_cast<uint32_t>(std::abs(other)))),
                   kOthers - 1);
      const int sign = other < 0 ? 2 : other > 0 ? 1 : 0;
      const int32_t v =
          CodeSample(channel.slots.data() + static_cast<ptrdiff_t>(context) * kKinds, sign,
                     std::max(e / 2 - kEnergyOctaves, 0), guesses[best], max, SampleOf(wanted, c));
      row[x] = v;
      channel.error[x] = v - guesses[best];
      for (size_t i = 0; i < kGuesses; ++i) {
        uint32_t& sum = channel.missed[i];
        sum += 16 * static_cast<uint32_t>(std::abs(v - guesses[i])) - (sum >> 5);
      }
      value |= static_cast<uint64_t>(v) << (16 * c);
      if (base == nullptr && c != 3 && !(shape_.channels == 2 && c == 1)) base = &channel;
    }
    return value;
  }

  Coder& coder_;
  SampleBlock shape_;
  ContextOptions options_;
  RecentRows<uint64_t> packed_;
  uint64_t *here_ = nullptr, *above_ = nullptr;
  SlotTable slots_;
  Memory memory_;
  BitPredictor<3> same_;
  BitPredictor<4> label_;
  std::vector<Channel> channels_;
  std::vector<int> order_ = ChannelOrder(shape_.channels);
};

}  // namespace

uint64_t QuickMemory(int width, int height, int channels) {
  const size_t pixels = size_t(width) * height;
  return (256 << 10) + uint64_t{64} * static_cast<uint64_t>(channels + 1) * (width + 16) +
         (sizeof(BitSlot) << QuickTableBits(pixels)) +
         (sizeof(Memory::Entry) << QuickMemoryBits(pixels));
}

std::optional<std::vector<uint8_t>> TryQuick(const SampleBlock& block,
                                             const ContextOptions& options, const WorthFn& worth,
                                             std::vector<float>* bits,
                                             const std::vector<Copy>& copies) {
  return EncodeRun<QuickBlock>(block, options, worth, bits, copies);
}

void DecodeQuick(ByteSpan stream, const ContextOptions& options, SampleBlock* block) {
  DecodeRun<QuickBlock>(stream, options, block);
}

}  // namespace flowzip
