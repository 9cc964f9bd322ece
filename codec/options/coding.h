// SPDX-License-Identifier: BSD-3-Clause
// Which coders an encoder may use, and how hard it tries.
#pragma once

namespace flowzip {

// What an encoder may use.
enum class Coding {
  kFast,      // whatever is smallest of what takes no model
  kSmallest,  // whatever is smallest, without trying what has little chance
  kThorough,  // whatever is smallest; several times the work
  kFlow,      // the model wherever it can be used: its likelihood is what is asked for
  kRefined,   // the same with refined tiles: for tests
  kRaster,    // the raster coder wherever it can be used: for tests
  kNoFlow,    // neither model nor raster coder: for pictures of all kinds, and for tests
};

// Whether tiles by the model are refined, where the model allows it.
inline bool Refines(Coding coding) {
  return coding == Coding::kThorough || coding == Coding::kRefined;
}

// Whether a model is needed.
inline bool TakesModel(Coding coding) {
  return coding != Coding::kFast && coding != Coding::kRaster && coding != Coding::kNoFlow;
}

// Whether the size decides how a tile is coded.
inline bool ChoosesSmallest(Coding coding) {
  return coding == Coding::kFast || coding == Coding::kSmallest || coding == Coding::kThorough;
}

}  // namespace flowzip
