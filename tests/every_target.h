// SPDX-License-Identifier: BSD-3-Clause
// A check on every instruction set.
#pragma once

#include <catch2/catch.hpp>
#include <string>

#include "model/simd_targets.h"

namespace flowzip::testing {

// On each that this machine has, the scalar definition among them.
template <class Fn>
void OnEveryTarget(const Fn& fn) {
  for (const std::string& target : SupportedSimdTargets()) {
    CAPTURE(target);
    REQUIRE(ForceSimdTarget(target));
    fn();
  }
  ResetSimdTarget();
}

}  // namespace flowzip::testing
