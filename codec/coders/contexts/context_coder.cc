// SPDX-License-Identifier: BSD-3-Clause
#include "codec/coders/contexts/context_coder.h"

#include <bit>
#include <memory>

#include "codec/bits/difference_code.h"
#include "codec/coders/contexts/bilevel_coder.h"
#include "codec/coders/contexts/block_run.h"
#include "codec/coders/contexts/pixel_model.h"
#include "codec/coders/contexts/quick_coder.h"
#include "codec/coders/contexts/sample_model.h"
#include "rans/binary_coder.h"

namespace flowzip {
namespace {

int PixelTableBits(size_t pixels) { return TableBits(pixels, 3); }
int SlotTableBits(size_t samples) { return TableBits(samples, 4); }
// Of large tables nothing more comes: 9 bytes of 1.26 million on screenshots.
int GuessTableBits(size_t samples) { return std::min(TableBits(samples, 1), 17); }

template <class Coder>
class BlockCoder {
 public:
  BlockCoder(Coder& coder, const SampleBlock& shape, const ContextOptions& options)
      : coder_(coder),
        shape_(shape),
        options_(options),
        packed_(shape.width),
        pixels_(shape.width, PixelTableBits(size_t(shape.width) * shape.height),
                options.candidates),
        slots_(SlotTableBits(shape.count())),
        guesses_(GuessTableBits(shape.count())),
        difference_(kBitKinds, kBitKinds * 16),
        index_(256, 8) {
    for (int c = 0; c < shape.channels; ++c) {
      planes_.emplace_back(shape.width);
      residuals_.emplace_back(shape.width);
      blends_.emplace_back(shape.width, shape.bit_depth);
      plain_.emplace_back(kPlainSlots, BitSlot::Even(kPlainCount));
      spreads_.emplace_back(64 * 42);
    }
  }

  void BeginRow(int y) {
    packed_.BeginRow(y);
    pixels_.BeginRow();
    for (int c = 0; c < shape_.channels; ++c) {
      planes_[c].BeginRow(y);
      residuals_[c].BeginRow(y);
      blends_[c].BeginRow();
    }
  }
  void EndRow(int y) {
    packed_.EndRow(y);
    for (int c = 0; c < shape_.channels; ++c) {
      planes_[c].EndRow(y);
      residuals_[c].EndRow(y);
    }
  }
  void CodePixel(uint16_t* samples, uint32_t at, int x, int y) {
    uint16_t* pixel = samples + size_t{at} * shape_.channels;
    uint64_t* row = packed_.Row(y);
    if (Coder::kEncodes) row[x] = PackPixel(pixel, shape_.channels);
    CodeValue(row, x, y);
    if (!Coder::kEncodes) UnpackPixel(row[x], shape_.channels, pixel);
  }
  // The models learn nothing of it.
  void PassPixel(const uint16_t* samples, uint32_t at, int x, int y, uint32_t) {
    const uint64_t value = packed_.Row(y)[x] =
        PackPixel(samples + size_t{at} * shape_.channels, shape_.channels);
    if (options_.candidates > 0) pixels_.Pass(x);
    if (options_.indices) return;
    for (int c = 0; c < shape_.channels; ++c) {
      planes_[c].Row(y)[x] = SampleOf(value, c);
      residuals_[c].Row(y)[x] = 0;
      blends_[c].Pass(x);
    }
  }

 private:
  // Bits of a difference's code: octaves add to kBeyond and kInside.
  static constexpr int kDiffers = 0, kNegative = 1, kBeyond = 2, kInside = 18, kGuessMisses = 39,
                       kBitKinds = 40;
  static constexpr int kInputs = 8, kSpreads = 3, kIndexInputs = 6;
  // Lower bits are hardly ever other than even: their slots start as if 32 had been seen.
  static constexpr int kPlainSlots = 1024, kPlainCount = 32;

  // By slots of eight contexts and three logistics; lower bits by what they were before.
  struct DifferenceBits {
    BlockCoder& own;
    int channel, set;
    std::array<uint64_t, kInputs> hashes;
    std::array<Logistic, kSpreads> shapes;
    bool negative = false;
    int last = 0;  // the octave of the largest size

    static uint64_t Hash(uint64_t context, int kind) {
      return HashStep(context, static_cast<uint64_t>(kind + 1000));
    }
    void Prefetch(int kind) const {
      for (const uint64_t h : hashes) own.slots_.Prefetch(Hash(h, kind));
    }
    template <class OddsFn>
    int Code(int bit, int kind, const OddsFn& odds_of) {
      std::array<BitSlot*, kInputs> slots;
      std::array<int32_t, kSpreads> odds;
      for (int i = 0; i < kInputs; ++i) slots[i] = own.slots_.Find(Hash(hashes[i], kind));
      for (int i = 0; i < kSpreads; ++i) odds[i] = odds_of(shapes[i]);
      return own.difference_.Code(own.coder_, bit, slots, odds, kind, kind * 16 + set);
    }

    int Differs(int bit) {
      Prefetch(kNegative);
      bit = Code(bit, kDiffers, [](const Logistic& l) { return l.Differs(); });
      if (bit != 0) Prefetch(kBeyond);
      return bit;
    }
    int Negative(int bit) {
      return Code(bit, kNegative, [](const Logistic& l) { return l.Negative(); });
    }
    void Towards(bool is_negative, uint32_t most) {
      negative = is_negative;
      last = std::bit_width(most) - 1;
    }
    int Beyond(int octave, int bit) {
      if (octave + 1 < last) Prefetch(kBeyond + octave + 1);
      if (octave > 0) Prefetch(kInside + octave);
      return Code(bit, kBeyond + octave,
                  [&](const Logistic& l) { return l.Beyond(octave, negative); });
    }
    int Inside(int octave, int place, uint32_t above, int bit) {
      if (place == octave - 1) {
        return Code(bit, kInside + octave,
                    [&](const Logistic& l) { return l.UpperHalf(octave, negative); });
      }
      const uint32_t seen = place == octave - 2 ? 16 + (above & 3) : static_cast<uint32_t>(place);
      BitSlot& slot = own.plain_[channel][static_cast<uint32_t>(octave) << 5 | seen];
      return CodeBySlot<64>(own.coder_, bit, slot);
    }
  };

  void CodeValue(uint64_t* row, int x, int y) {
    bool found = false;
    if (options_.candidates > 0) {
      found =
          pixels_.Code(coder_, row, packed_.Row(y - 1), packed_.Row(y - 2), packed_.Row(y - 3), x);
    }
    if (options_.indices) {
      if (!found) row[x] = CodeIndex(row, x, y);
    } else {
      uint64_t value = 0;
      Surround base, second;
      int previous = -1;
      for (const int c : order_) {
        const int32_t actual = SampleOf(row[x], c);
        int32_t v = actual;
        const Surround own = {planes_[c].Row(y), planes_[c].Row(y - 1), planes_[c].Row(y - 2)};
        const int32_t prediction = blends_[c].Predict(own, base, second, x);
        if (!found) v = CodeSample(c, previous, prediction, actual, value, x, y);
        planes_[c].Row(y)[x] = v;
        residuals_[c].Row(y)[x] = v - ((prediction + 4) >> Blend::kScale);
        blends_[c].Learn(v, x);
        value |= static_cast<uint64_t>(v) << (16 * c);
        if (base) {
          second = own;
        } else if (c != 3 && !(shape_.channels == 2 && c == 1)) {
          base = own;
          previous = c;
        }
      }
      row[x] = value;
    }
    if (options_.candidates > 0) pixels_.Learn(row[x]);
  }

  static uint64_t SeedOf(int c) { return static_cast<uint64_t>(c) << 56; }

  // What is known around a sample of channel c before it is.
  struct Nearby {
    uint32_t energy;  // of the residuals around it
    int e;            // the same in half octaves
    int32_t own;      // the residual of the channel before, at the same place
    int32_t center;   // the prediction, rounded
    int fraction;     // and what is left of it, in 1/8
    std::array<uint64_t, kInputs> hashes;
  };
  Nearby LookAround(int c, int previous, int32_t prediction, uint64_t known, int x, int y) {
    const int32_t *row = planes_[c].Row(y), *n = planes_[c].Row(y - 1), *err = residuals_[c].Row(y),
                  *err_n = residuals_[c].Row(y - 1);
    const int32_t w = row[x - 1], no = n[x], nw = n[x - 1], ne = n[x + 1];
    Nearby near;
    near.energy = 2 * std::abs(err[x - 1]) + 2 * std::abs(err_n[x]) + std::abs(err_n[x - 1]) +
                  std::abs(err_n[x + 1]) + std::abs(err[x - 2]) +
                  std::abs(residuals_[c].Row(y - 2)[x]);
    const uint32_t energy = near.energy;
    const int e = near.e = HalfOctave(energy);
    const int32_t own = near.own = previous >= 0 ? residuals_[previous].Row(y)[x] : 0;
    const int own_q = SignedHalfOctave(own);
    const int32_t center = near.center = (prediction + 4) >> Blend::kScale;
    near.fraction = prediction - 8 * center;
    auto& h = near.hashes;
    const uint64_t seed = SeedOf(c);
    h[0] = HashStep(seed | 21, energy < 64 ? energy : 64 + 4 * e + (energy >> (e / 2 - 2) & 3));
    h[1] = HashStep(seed | 22, own_q * 64 + e / 3);
    h[2] = HashStep(seed | 23, (SignedHalfOctave(w - nw) * 128 + SignedHalfOctave(no - ne)) * 8 +
                                   std::min(e / 4, 7));
    h[3] = HashStep(seed | 24, SignedHalfOctave(err[x - 1]) * 128 + SignedHalfOctave(err_n[x]));
    h[4] = HashStep(seed | 25, known);
    h[5] = HashStep(seed | 26, center);
    h[6] = HashStep(seed | 27, 0);
    h[7] =
        HashStep(HashStep(seed | 28, SignedHalfOctave(own) * 128 + SignedHalfOctave(err_n[x + 1])),
                 SignedHalfOctave(err[x - 1] + err_n[x]));
    return near;
  }

  int32_t CodeSample(int c, int previous, int32_t prediction, int32_t actual, uint64_t known, int x,
                     int y) {
    const Nearby near = LookAround(c, previous, prediction, known, x, y);
    const auto& [energy, e, own, center, fraction, hashes] = near;
    const int32_t max = (1 << shape_.bit_depth) - 1;
    const int set = std::min(e, 31) / 2;

    const std::array<Spread*, kSpreads> spreads = {
        &spreads_[c][e], &spreads_[c][64 + 64 * (HalfOctave(std::abs(own)) / 2) + e / 2],
        &spreads_[c][64 * 21 + 64 * (HalfOctave(blends_[c].spread()) / 2) + e / 2]};
    std::array<Logistic, kSpreads> shapes = {ShapeOf(*spreads[0], energy, fraction),
                                             ShapeOf(*spreads[1], energy, fraction),
                                             ShapeOf(*spreads[2], energy, fraction)};
    DifferenceBits bits = {*this, c, set, hashes, shapes};
    bits.Prefetch(kDiffers);

    int32_t v;
    if (c != order_[0] && options_.candidates > 0) {
      Memory::Entry* guess = guesses_.Find(HashStep(HashStep(SeedOf(c) | 30, known), 7));
      bool right = false;
      if (guess->sure > 0) {
        bits.hashes[0] = HashStep(bits.hashes[0], guess->sure);
        right = bits.Code(static_cast<int32_t>(guess->value) != actual, kGuessMisses,
                          [](const Logistic&) { return 0; }) == 0;
      }
      v = right ? static_cast<int32_t>(guess->value) : CodeDifference(bits, center, 0, max, actual);
      Memory::Learn(*guess, static_cast<uint64_t>(v));
    } else {
      v = CodeDifference(bits, center, 0, max, actual);
    }
    for (Spread* s : spreads) s->Learn(std::abs(v - center));
    return v;
  }

  static Logistic ShapeOf(const Spread& spread, uint32_t energy, int fraction) {
    // Before anything was seen: what the neighbourhood says.
    const int32_t mean = spread.seen > 0 ? spread.mean : static_cast<int32_t>(10 * energy + 2);
    return {mean, fraction};
  }

  uint64_t CodeIndex(const uint64_t* row, int x, int y) {
    const uint64_t *n = packed_.Row(y - 1), *nn = packed_.Row(y - 2);
    const uint64_t w = row[x - 1], no = n[x], nw = n[x - 1], ne = n[x + 1];
    const uint64_t two = HashStep(HashStep(40, w), no);
    const std::array<uint64_t, kIndexInputs> h = {
        41,
        HashStep(42, w),
        HashStep(43, no),
        two,
        HashStep(HashStep(two + 1, nw), ne),
        HashStep(HashStep(HashStep(two + 2, nw), row[x - 2]), nn[x])};
    uint32_t node = 1;
    for (int i = shape_.bit_depth - 1; i >= 0; --i) {
      std::array<BitSlot*, kIndexInputs> slots;
      for (int k = 0; k < kIndexInputs; ++k) slots[k] = slots_.Find(HashStep(h[k], node));
      const int bit = Coder::kEncodes ? static_cast<int>(row[x] >> i & 1) : 0;
      node = node << 1 | static_cast<uint32_t>(
                             index_.Code(coder_, bit, slots, {}, static_cast<int>(node & 255), i));
    }
    return node - (1u << shape_.bit_depth);
  }

  Coder& coder_;
  SampleBlock shape_;
  ContextOptions options_;
  RecentRows<uint64_t> packed_;
  PixelModel<Coder> pixels_;
  SlotTable slots_;
  Memory guesses_;
  BitPredictor<kInputs, kSpreads> difference_;
  std::vector<std::vector<Spread>> spreads_;
  BitPredictor<kIndexInputs> index_;
  std::vector<RecentRows<int32_t>> planes_, residuals_;
  std::vector<Blend> blends_;
  std::vector<std::vector<BitSlot>> plain_;
  std::vector<int> order_ = ChannelOrder(shape_.channels);
};

}  // namespace

uint64_t ContextMemory(int width, int height, int channels) {
  // Mixers and what else does not grow; rows of neighbours and of the predictors' errors.
  constexpr uint64_t kFixed = 256 << 10, kPerChannel = 96 << 10, kPerColumn = 64,
                     kPerColumnAndChannel = 160;
  const auto columns = static_cast<uint64_t>(width) + 16, planes = static_cast<uint64_t>(channels);
  const size_t pixels = size_t(width) * height, samples = pixels * channels;
  return kFixed + kPerChannel * planes + columns * (kPerColumn + kPerColumnAndChannel * planes) +
         (sizeof(BitSlot) << PixelTableBits(pixels)) +
         (2 * sizeof(Memory::Entry) << std::max(PixelTableBits(pixels) - 4, 6)) +
         (sizeof(BitSlot) << SlotTableBits(samples)) +
         (sizeof(Memory::Entry) << GuessTableBits(samples));
}

std::vector<uint8_t> EncodeContexts(const SampleBlock& block, const ContextOptions& options,
                                    std::vector<float>* bits, const std::vector<Copy>& copies) {
  return *TryContexts(block, options, {}, bits, copies);
}

std::optional<std::vector<uint8_t>> TryContexts(const SampleBlock& block,
                                                const ContextOptions& options, const WorthFn& worth,
                                                std::vector<float>* bits,
                                                const std::vector<Copy>& copies) {
  switch (options.model) {
    case BlockModel::kQuick: return TryQuick(block, options, worth, bits, copies);
    case BlockModel::kBilevel: return TryBilevel(block, options, worth, bits, copies);
    default: return EncodeRun<BlockCoder>(block, options, worth, bits, copies);
  }
}

void DecodeContexts(ByteSpan stream, const ContextOptions& options, SampleBlock* block) {
  switch (options.model) {
    case BlockModel::kQuick: return DecodeQuick(stream, options, block);
    case BlockModel::kBilevel: return DecodeBilevel(stream, options, block);
    default: return DecodeRun<BlockCoder>(stream, options, block);
  }
}

}  // namespace flowzip
