// SPDX-License-Identifier: BSD-3-Clause
#include "codec/coders/contexts/bilevel_coder.h"

#include "codec/coders/contexts/bilevel_model.h"
#include "codec/coders/contexts/block_run.h"

namespace flowzip {
namespace {

template <class Coder>
class BilevelBlock {
 public:
  BilevelBlock(Coder& coder, const SampleBlock& shape, const ContextOptions&)
      : coder_(coder), model_(shape.width, shape.height) {}
  void BeginRow(int) { model_.BeginRow(); }
  void EndRow(int) {}
  void CodePixel(uint16_t* samples, uint32_t at, int x, int) {
    const int bit = Coder::kEncodes ? samples[at] : 0;
    samples[at] = static_cast<uint16_t>(model_.Code(coder_, bit, samples, at, x));
  }
  void PassPixel(const uint16_t* samples, uint32_t at, int x, int, uint32_t distance) {
    model_.Pass(samples[at], distance, at, x);
  }

 private:
  Coder& coder_;
  BilevelModel<Coder> model_;
};

}  // namespace

std::optional<std::vector<uint8_t>> TryBilevel(const SampleBlock& block,
                                               const ContextOptions& options, const WorthFn& worth,
                                               std::vector<float>* bits,
                                               const std::vector<Copy>& copies) {
  return EncodeRun<BilevelBlock>(block, options, worth, bits, copies);
}

void DecodeBilevel(ByteSpan stream, const ContextOptions& options, SampleBlock* block) {
  DecodeRun<BilevelBlock>(stream, options, block);
}

}  // namespace flowzip
