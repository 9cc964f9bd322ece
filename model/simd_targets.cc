// SPDX-License-Identifier: BSD-3-Clause
#include "model/simd_targets.h"

#include <hwy/highway.h>

#include <atomic>
#include <cstdint>

namespace flowzip {
namespace {

std::atomic<bool> g_scalar_definition{false};

#if (HWY_TARGETS & (HWY_TARGETS - 1)) == 0

// One target only (anything but x86): nothing to choose, and Highway's library, which Debian
// has for few architectures, is not needed.
void SetMask(int64_t) {}
std::vector<int64_t> MachineTargets() { return {HWY_STATIC_TARGET}; }
int64_t ChosenTarget() { return HWY_STATIC_TARGET; }

#else

// `mask` 0 is Highway's word for "whatever the machine has".
void SetMask(int64_t mask) {
  hwy::SetSupportedTargetsForTest(mask);
  // The choice is cached per process; recompute it now rather than at the next call.
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

// Highway's own list is of what is chosen from now, so look behind a forced choice.
std::vector<int64_t> MachineTargets() {
  const int64_t now = hwy::SupportedTargets();
  hwy::SetSupportedTargetsForTest(0);
  const bool forced = hwy::SupportedTargets() != now;
  const std::vector<int64_t> targets = hwy::SupportedAndGeneratedTargets();
  SetMask(forced ? now : 0);
  return targets;
}

int64_t ChosenTarget() { return hwy::SupportedAndGeneratedTargets().front(); }

#endif

}  // namespace

std::vector<std::string> SupportedSimdTargets() {
  std::vector<std::string> names;
  for (const int64_t target : MachineTargets()) names.emplace_back(hwy::TargetName(target));
  names.emplace_back(kScalarDefinition);
  return names;
}

std::string ActiveSimdTarget() {
  if (ScalarDefinitionForced()) return kScalarDefinition;
  return hwy::TargetName(ChosenTarget());
}

bool ForceSimdTarget(const std::string& name) {
  if (name == kScalarDefinition) {
    SetMask(0);
    g_scalar_definition = true;
    return true;
  }
  for (const int64_t target : MachineTargets()) {
    if (name != hwy::TargetName(target)) continue;
    SetMask(target);
    g_scalar_definition = false;
    return true;
  }
  return false;
}

void ResetSimdTarget() {
  SetMask(0);
  g_scalar_definition = false;
}

bool ScalarDefinitionForced() { return g_scalar_definition.load(std::memory_order_relaxed); }

}  // namespace flowzip
