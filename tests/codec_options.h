// SPDX-License-Identifier: BSD-3-Clause
// A small model, and the options that encode to it and decode from it.
#pragma once

#include "codec/api/codec.h"
#include "tests/tiny_model.h"

namespace flowzip::testing {

inline const Model& Tiny() {
  static const Model model = TinyModel(1);
  return model;
}

inline EncodeOptions To(const Model& model, int jobs = 1, int tile_log2 = kDefaultTileLog2,
                        Coding coding = Coding::kNetwork) {
  EncodeOptions options;
  options.model = &model;
  options.jobs = jobs;
  options.tile_log2 = tile_log2;
  options.coding = coding;
  return options;
}

inline DecodeOptions From(const Model& model, int jobs = 1) {
  DecodeOptions options;
  options.model_override = &model;
  options.jobs = jobs;
  return options;
}

}  // namespace flowzip::testing
