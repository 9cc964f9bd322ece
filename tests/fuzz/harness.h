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
#include "tests/tiny_flow.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace flowzip::fuzz {

inline void Check(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "fuzz target: %s\n", what);
  std::abort();
}

// The smallest model that has every part: fast, and a file of 2 KB.
inline testing::TinyShape MicroShape() {
  testing::TinyShape shape;
  shape.width = 2;
  shape.inner = 1;
  shape.head = 2;
  shape.blocks = {1, 0, 0};
  shape.components = 2;
  shape.classes = 1;
  shape.adaptive_levels = 1;
  shape.radii = {{2, 1, 1}, {1, 1, 1}, {1, 1, 1}};
  return shape;
}
inline const Model& Micro() {
  static const Model model = testing::TinyModel(3, MicroShape());
  return model;
}
// The model of tests/golden.
inline const Model& Golden() {
  static const Model model = [] {
    testing::TinyShape shape;
    shape.components = 3;
    shape.radii = {{13, 10, 5}, {4, 4, 2}, {5, 4, 2}};
    return testing::TinyModel(2, shape);
  }();
  return model;
}
// The autoregressive flow of tests/golden, and one as small as they get.
inline const Model& GoldenFlow() {
  static const Model model = testing::TinyFlowModel(5, {12, 1, 3});
  return model;
}
inline const Model& MicroFlow() {
  static const Model model = testing::TinyFlowModel(6, {1, 0, 1});
  return model;
}
// Whichever of these a file names.
inline const Model& ModelFor(ByteSpan file) {
  const uint64_t hash = Probe(file).model_hash;
  for (const Model* model : {&Golden(), &GoldenFlow(), &MicroFlow()}) {
    if (hash == model->hash()) return *model;
  }
  return Micro();
}

}  // namespace flowzip::fuzz
