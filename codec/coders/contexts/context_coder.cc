// SPDX-License-Identifier: BSD-3-Clause
#include "codec/coders/contexts/context_coder.h"

#include <memory>

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
      plain_.emplace_back(kPlainSlots, kNewSlot | kPlainCount << 8);
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
    if (Coder::kEncodes) row[x] = Pack(pixel);
    CodeValue(row, x, y);
    if (!Coder::kEncodes) Unpack(row[x], pixel);
  }
  // The models learn nothing of it.
  void PassPixel(const uint16_t* samples, uint32_t at, int x, int y, uint32_t) {
    const uint64_t value = packed_.Row(y)[x] = Pack(samples + size_t{at} * shape_.channels);
    if (options_.candidates > 0) pixels_.Pass(x);
    if (options_.indices) return;
    for (int c = 0; c < shape_.channels; ++c) {
      planes_[c].Row(y)[x] = static_cast<int32_t>(value >> (16 * c) & 0xFFFF);
      residuals_[c].Row(y)[x] = 0;
      blends_[c].Pass(x);
    }
  }

 private:
  static constexpr int kBitKinds = 40;  // nodes of a difference's code
  static constexpr int kInputs = 8, kSpreads = 3, kIndexInputs = 6;
  // Lower bits are hardly ever other than even: their slots start as if 32 had been seen.
  static constexpr int kPlainSlots = 1024, kPlainCount = 32;

  uint64_t Pack(const uint16_t* pixel) const {
    uint64_t value = 0;
    for (int c = 0; c < shape_.channels; ++c) value |= uint64_t{pixel[c]} << (16 * c);
    return value;
  }
  void Unpack(uint64_t value, uint16_t* pixel) const {
    for (int c = 0; c < shape_.channels; ++c) pixel[c] = static_cast<uint16_t>(value >> (16 * c));
  }

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
        const auto actual = static_cast<int32_t>(row[x] >> (16 * c) & 0xFFFF);
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

  int32_t CodeSample(int c, int previous, int32_t prediction, int32_t actual, uint64_t known, int x,
                     int y) {
    const int32_t max = (1 << shape_.bit_depth) - 1;
    const int32_t center = (prediction + 4) >> Blend::kScale;
    const int32_t *row = planes_[c].Row(y), *n = planes_[c].Row(y - 1), *err = residuals_[c].Row(y),
                  *err_n = residuals_[c].Row(y - 1);
    const int32_t w = row[x - 1], no = n[x], nw = n[x - 1], ne = n[x + 1];
    const uint32_t energy = 2 * std::abs(err[x - 1]) + 2 * std::abs(err_n[x]) +
                            std::abs(err_n[x - 1]) + std::abs(err_n[x + 1]) + std::abs(err[x - 2]) +
                            std::abs(residuals_[c].Row(y - 2)[x]);
    const int e = HalfOctave(energy);
    const int32_t own = previous >= 0 ? residuals_[previous].Row(y)[x] : 0;
    const int own_q = SignedHalfOctave(own);
    const int fraction = prediction - 8 * center;
    std::array<uint64_t, kInputs> h;
    const uint64_t seed = static_cast<uint64_t>(c) << 56;
    h[0] = HashStep(seed | 21, energy < 64 ? energy : 64 + 4 * e + (energy >> (e / 2 - 2) & 3));
    h[1] = HashStep(seed | 22, own_q * 64 + e);
    h[2] = HashStep(seed | 23, (SignedHalfOctave(w - nw) * 128 + SignedHalfOctave(no - ne)) * 8 +
                                   std::min(e / 4, 7));
    h[3] = HashStep(seed | 24, SignedHalfOctave(err[x - 1]) * 128 + SignedHalfOctave(err_n[x]));
    h[4] = HashStep(HashStep(seed | 25, known),
                    static_cast<uint64_t>(w) << 16 | static_cast<uint64_t>(no));
    h[5] = HashStep(HashStep(seed | 26, center), e / 2);
    h[6] = HashStep(seed | 27, (HalfOctave(blends_[c].spread()) * 64 + e) * 8 + (fraction + 4));
    h[7] =
        HashStep(HashStep(seed | 28, SignedHalfOctave(own) * 128 + SignedHalfOctave(err_n[x + 1])),
                 SignedHalfOctave(err[x - 1] + err_n[x]));
    const int set = std::min(e, 31) / 2;

    const std::array<Spread*, kSpreads> spreads = {
        &spreads_[c][e], &spreads_[c][64 + 64 * (HalfOctave(std::abs(own)) / 2) + e / 2],
        &spreads_[c][64 * 21 + 64 * (HalfOctave(blends_[c].spread()) / 2) + e / 2]};
    std::array<Logistic, kSpreads> shapes = {ShapeOf(*spreads[0], energy, fraction),
                                             ShapeOf(*spreads[1], energy, fraction),
                                             ShapeOf(*spreads[2], energy, fraction)};
    const auto ahead = [&](int kind) {
      for (const uint64_t hash : h) slots_.Prefetch(HashStep(hash, KindKey(kind)));
    };
    ahead(0);
    const auto code = [&](int bit, int kind, const auto& part) {
      std::array<BitSlot*, kInputs> slots;
      std::array<int32_t, kSpreads> odds;
      for (int i = 0; i < kInputs; ++i) slots[i] = slots_.Find(HashStep(h[i], KindKey(kind)));
      for (int i = 0; i < kSpreads; ++i) odds[i] = part(shapes[i]);
      return difference_.Code(coder_, bit, slots, odds, kind, kind * 16 + set);
    };

    int32_t v;
    if (c != order_[0] && options_.candidates > 0) {
      Memory::Entry* guess = guesses_.Find(HashStep(HashStep(seed | 30, known), 7));
      bool right = false;
      if (guess->sure > 0) {
        h[0] = HashStep(h[0], guess->sure);
        right = code(Coder::kEncodes && static_cast<int32_t>(guess->value) != actual, 39,
                     [](const Logistic&) { return 0; }) == 0;
      }
      v = right ? static_cast<int32_t>(guess->value)
                : CodeDifference(center, max, actual, c, code, ahead);
      Memory::Learn(*guess, static_cast<uint64_t>(v));
    } else {
      v = CodeDifference(center, max, actual, c, code, ahead);
    }
    for (Spread* s : spreads) s->Learn(std::abs(v - center));
    return v;
  }

  static Logistic ShapeOf(const Spread& spread, uint32_t energy, int fraction) {
    // Before anything was seen: what the neighbourhood says.
    const int32_t mean = spread.seen > 0 ? spread.mean : static_cast<int32_t>(2 * energy + 4);
    return {mean, fraction};
  }

  static uint64_t KindKey(int kind) { return static_cast<uint64_t>(kind + 1000); }

  template <class CodeFn, class AheadFn>
  int32_t CodeDifference(int32_t center, int32_t max, int32_t actual, int c, const CodeFn& code,
                         const AheadFn& ahead) {
    ahead(1);
    const int32_t r = actual - center;
    const auto differs = [](const Logistic& l) {
      return l.Odds(l.Tail(1, false) + l.Tail(1, true), int64_t{1} << 31);
    };
    if (code(Coder::kEncodes && r != 0, 0, differs) == 0) return center;
    ahead(2);
    bool negative = r < 0;
    if (center == 0) {
      negative = false;
    } else if (center == max) {
      negative = true;
    } else {
      negative = code(negative, 1, [](const Logistic& l) {
                   return l.Odds(l.Tail(1, true), l.Tail(1, false) + l.Tail(1, true));
                 }) != 0;
    }
    // |r| in octaves: [2^o, 2^(o+1)).
    const auto most = static_cast<uint32_t>(negative ? center : max - center);
    const auto size = static_cast<uint32_t>(std::abs(r));
    const int last = 31 - __builtin_clz(most);
    const int wanted = Coder::kEncodes ? 31 - __builtin_clz(size) : 0;
    int octave = 0;
    const auto farther = [&](const Logistic& l) {
      return l.Odds(l.Tail(2 << octave, negative), l.Tail(1 << octave, negative));
    };
    while (octave < last) {
      if (octave + 1 < last) ahead(3 + octave);
      if (octave > 0) ahead(18 + octave);
      if (code(octave < wanted, 2 + octave, farther) == 0) break;
      ++octave;
    }
    uint32_t v = 1;
    for (int i = octave - 1; i >= 0; --i) {
      const int bit = Coder::kEncodes ? static_cast<int>(size >> i & 1) : 0;
      int got;
      if (i == octave - 1) {
        got = code(bit, 18 + octave, [&](const Logistic& l) {
          const int64_t end = l.Tail(2 << octave, negative);
          return l.Odds(l.Tail(3 << (octave - 1), negative) - end,
                        l.Tail(1 << octave, negative) - end);
        });
      } else {
        // Lower bits: hardly to be predicted.
        BitSlot& slot = plain_[c][octave << 5 | (i == octave - 2 ? 16 + (v & 3) : i)];
        got = coder_.Code(bit, std::clamp<uint32_t>(slot >> 16, 64, 65472));
        UpdateSlot(slot, got);
      }
      v = v << 1 | static_cast<uint32_t>(got);
    }
    const int32_t value =
        negative ? center - static_cast<int32_t>(v) : center + static_cast<int32_t>(v);
    Require(value >= 0 && value <= max, ErrorCode::kCorrupt, "sample out of range");
    return value;
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
