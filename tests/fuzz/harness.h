// SPDX-License-Identifier: BSD-3-Clause
// What the fuzz targets share: their entry, their models, and how they fail.
//
// A target returns 0 whatever the input is; an Error that its input deserves is caught. What
// must never happen aborts: Check(). Built with libFuzzer by the preset `fuzz` (checksums off,
// see FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION); with replay_main.cc, in every build, it runs
// over the files of tests/fuzz/corpus.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/error.h"
#include "codec/api/codec.h"
#include "tests/tiny_model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace flowzip::fuzz {

inline void Check(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "fuzz target: %s\n", what);
  std::abort();
}

// The smallest model there is: fast, and a file of 1 KB.
inline const Model& Micro() {
  static const Model model = testing::TinyModel(6, {1, 0, 1});
  return model;
}
// The model of tests/golden.
inline const Model& Golden() {
  static const Model model = testing::TinyModel(5, {12, 1, 3});
  return model;
}
// Whichever of the two a file names.
inline const Model& ModelFor(ByteSpan file) {
  return Probe(file).model_hash == Golden().hash() ? Golden() : Micro();
}

}  // namespace flowzip::fuzz
