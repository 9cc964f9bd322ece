// SPDX-License-Identifier: BSD-3-Clause
// Pictures that the model makes up: random bits, decoded by the codec's own passes.
//
// A density that codes a picture in n bits turns n random bits into a picture, drawn with the
// probability that the density gives it (the inverse flow of a latent sample). Level by level,
// coarsest first, each band pops its symbols from a rANS stack that was filled with random
// bits: nothing else differs from decoding. The same seed gives the same picture everywhere.
//
// What is not the model's:
//   - the base (8 x 8 or less) has no prior worth the name, its code being a plain Exp-Golomb
//     one; it is a random gradient (see MakeBase), or comes from a real picture;
//   - the model's channels are independent ranges, but not every (Y, Co, Cg) is an RGB colour.
//     A drawn value is moved to the nearest one that, with the channels drawn before, still
//     leads to a colour, as soon as it is drawn: what follows sees what the encoder would see.
//     So is a value behind an escape. SampleStats counts them;
//   - a temperature other than 1 divides logits and multiplies scales.
#pragma once

#include <cstdint>

#include "analysis/level_sampler.h"
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
  // If set, the size and kind are this picture's, and only the finest `levels` levels are drawn;
  // the coarser ones and the fitted filters are the picture's own.
  const Image* from = nullptr;
  int levels = 1;
};

// Throws kInvalidArgument for sizes, temperatures and pictures that cannot be.
Image Sample(const SampleOptions& options, SampleStats* stats = nullptr);

}  // namespace flowzip
