// SPDX-License-Identifier: BSD-3-Clause
// Which coders an encoder may use, and how hard it tries.
#pragma once

namespace flowzip {

// What an encoder may use.
enum class Coding {
  kFast,      // whatever is smallest of what takes no model
  kSmallest,  // whatever is smallest, without trying what has little chance
  kThorough,  // whatever is smallest, by adaptive planes; several times the work
  kNetwork,   // the network coder wherever it can be used: its likelihood is what is asked for
  kAdaptive,  // the same with adaptive planes: for tests
  kRaster,    // the raster coder wherever it can be used: for previews and tests
  kContexts,  // neither network nor raster coder: for pictures of all kinds, and for tests
};

// Whether planes by the network coder learn.
inline bool Adapts(Coding coding) {
  return coding == Coding::kThorough || coding == Coding::kAdaptive;
}

// Whether a model is needed.
inline bool TakesModel(Coding coding) {
  return coding != Coding::kFast && coding != Coding::kRaster && coding != Coding::kContexts;
}

// Whether the size decides how a tile is coded.
inline bool ChoosesSmallest(Coding coding) {
  return coding == Coding::kFast || coding == Coding::kSmallest || coding == Coding::kThorough;
}

}  // namespace flowzip
