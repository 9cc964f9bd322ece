// SPDX-License-Identifier: BSD-3-Clause
// Which vector instruction sets the kernels are built for, and which one runs.
//
// Every source file with Highway kernels includes this header before <hwy/...>, so
// that all of them are built for the same list of targets.
#pragma once

// AVX-512 with VNNI (Ice Lake, Zen 4 and later) is opt-in in Highway.
#define HWY_WANT_AVX3_DL
// Kernels keep arrays of vectors, which the sizeless vectors of SVE and RISC-V forbid;
// an Arm machine with SVE runs the NEON kernels.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)

#include <string>
#include <vector>

namespace flowzip {

// The name under which the scalar definitions (ConvRowsScalar) can be forced.
inline constexpr char kScalarDefinition[] = "scalar-definition";

// Names of the targets that were built and that this machine supports, best first;
// the last is always kScalarDefinition.
std::vector<std::string> SupportedSimdTargets();

// The one that runs now.
std::string ActiveSimdTarget();

// Makes all kernels of the process run on the named target, for tests and benchmarks.
// Returns false, and changes nothing, if the name is not in SupportedSimdTargets().
// Not to be called while other threads compute.
bool ForceSimdTarget(const std::string& name);

// Back to the best target.
void ResetSimdTarget();

// Whether kScalarDefinition is forced; asked by the entry points of the kernels.
bool ScalarDefinitionForced();

}  // namespace flowzip
