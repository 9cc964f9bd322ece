// SPDX-License-Identifier: BSD-3-Clause
// The pixels of a block one after the other: copies, and the rest by a model.
#pragma once

#include <vector>

#include "codec/coders/contexts/context_coder.h"
#include "codec/coders/contexts/copy_coder.h"
#include "codec/coders/contexts/counting_encoder.h"

namespace flowzip {

// `samples` are those of all the block, which are read or filled in. A model has
//   BeginRow(y), EndRow(y)
//   CodePixel(samples, at, x, y)             codes pixel `at`, in column x of row y
//   PassPixel(samples, at, x, y, distance)   learns of a pixel that is a copy
// `bits`, for an encoder, may be null: gets the bits of each pixel added. False if `worth` said no.
template <class Coder, class Model>
bool RunBlock(Coder& coder, const SampleBlock& shape, const ContextOptions& options,
              const std::vector<Copy>& copies, Model& model, uint16_t* samples,
              [[maybe_unused]] std::vector<float>* bits, [[maybe_unused]] const WorthFn& worth) {
  CopyCoder<Coder> copy_coder(coder, shape.width, size_t(shape.width) * shape.height, copies);
  const auto channels = static_cast<size_t>(shape.channels);
  uint32_t at = 0;
  for (int y = 0; y < shape.height; ++y) {
    if constexpr (Coder::kEncodes) {
      if (worth && !worth(coder.least_size())) return false;
    }
    model.BeginRow(y);
    for (int x = 0; x < shape.width; ++x, ++at) {
      [[maybe_unused]] double before = 0;
      if constexpr (Coder::kEncodes) before = coder.bits;
      const uint32_t distance = options.copies ? copy_coder.Distance(at, x) : 0;
      if (distance > 0) {
        if constexpr (!Coder::kEncodes) {
          uint16_t* pixel = samples + at * channels;
          for (size_t c = 0; c < channels; ++c) pixel[c] = (pixel - distance * channels)[c];
        }
        model.PassPixel(samples, at, x, y, distance);
      } else {
        model.CodePixel(samples, at, x, y);
      }
      if constexpr (Coder::kEncodes) {
        if (bits != nullptr) (*bits)[at] += static_cast<float>(coder.bits - before);
      }
    }
    model.EndRow(y);
  }
  return true;
}

// Without the samples.
inline SampleBlock ShapeOf(const SampleBlock& block) {
  return {block.width, block.height, block.channels, block.bit_depth, {}};
}

// A block by Model<Coder>(coder, shape, options), as TryContexts and DecodeContexts have it.
template <template <class> class Model>
std::optional<std::vector<uint8_t>> EncodeRun(const SampleBlock& block,
                                              const ContextOptions& options, const WorthFn& worth,
                                              std::vector<float>* bits,
                                              const std::vector<Copy>& copies) {
  std::vector<uint16_t> samples = block.samples;
  CountingEncoder coder;
  Model<CountingEncoder> model(coder, ShapeOf(block), options);
  if (!RunBlock(coder, block, options, copies, model, samples.data(), bits, worth)) {
    return std::nullopt;
  }
  return coder.Finish();
}

template <template <class> class Model>
void DecodeRun(ByteSpan stream, const ContextOptions& options, SampleBlock* block) {
  BinaryDecoder coder(stream);
  block->samples.resize(block->count());
  Model<BinaryDecoder> model(coder, ShapeOf(*block), options);
  RunBlock(coder, *block, options, {}, model, block->samples.data(), nullptr, {});
  coder.CheckEnd();
}

}  // namespace flowzip
