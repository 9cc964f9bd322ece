// SPDX-License-Identifier: BSD-3-Clause
// Pictures that the model makes up: random bits, decoded by the network coder's own walk.
//
// A density that codes a picture in n bits turns n random bits into a picture, drawn with the
// probability that the density gives it (the inverse flow of a latent sample). Channel by channel,
// 16 rows at a time, each lane pops its samples from a rANS stack that was filled with random
// bits: nothing else differs from decoding. The same seed gives the same picture everywhere.
//
// What is not the model's:
//   - the linear filters, which come with every tile: (W + N) / 2, or those of a given picture;
//   - the channels are independent ranges, but not every (Y, Co, Cg) is an RGB colour. A drawn
//     value is moved to the nearest one that, with the channels drawn before, still leads to a
//     colour, as soon as it is drawn: what follows sees what the encoder would see. SampleStats
//     counts them;
//   - a temperature other than 1 divides logits and multiplies scales.
#pragma once

#include <cstdint>

#include "codec/picture/image.h"
#include "model/model.h"

namespace flowzip {

inline constexpr uint32_t kMaxSampleSide = 4096;

struct SampleOptions {
  const Model* model = nullptr;  // null: DefaultModel()
  int jobs = 1;
  uint64_t seed = 0;
  double temperature = 1;  // 1/16 .. 16; rounded to 1/256 and to 1/256 of an octave
  uint32_t width = 0, height = 0;
  int channels = 3;  // 1 gray, 3 RGB
  // If set, size, kind and filters are this picture's, and so are its first `kept_rows` rows.
  const Image* from = nullptr;
  uint32_t kept_rows = 0;
};

struct SampleStats {
  double bits = 0;           // -log2 p of what was drawn, at temperature 1 the information used
  uint64_t random_bits = 0;  // taken from the stacks, in whole words
  uint64_t symbols = 0, moved = 0;
};

// Throws kInvalidArgument or kUnsupported for sizes, temperatures and pictures that cannot be.
Image Sample(const SampleOptions& options, SampleStats* stats = nullptr);

}  // namespace flowzip
