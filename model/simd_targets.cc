// SPDX-License-Identifier: BSD-3-Clause
#include "model/simd_targets.h"

#include <hwy/highway.h>

#include <atomic>
#include <cstdint>

#include "model/simd_dispatch.h"

#if HWY_ARCH_X86
#include <cpuid.h>
#endif

namespace flowzip {
namespace {

std::atomic<bool> g_scalar_definition{false};

#if HWY_ARCH_X86

uint32_t CpuLeafEcx(uint32_t leaf) {
  uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
  __get_cpuid_count(leaf, 0, &eax, &ebx, &ecx, &edx);
  return ecx;
}

// Targets whose instructions processor and system know: those that Highway asks for, which are all
// that its target attributes let the compiler use. __builtin_cpu_supports also looks whether the
// system saves the registers; three features have no name there with every compiler.
int64_t DetectTargets() {
  __builtin_cpu_init();
  const bool f16c = CpuLeafEcx(1) >> 29 & 1, vaes = CpuLeafEcx(7) >> 9 & 1,
             lzcnt = CpuLeafEcx(0x80000001) >> 5 & 1;
  if (!__builtin_cpu_supports("ssse3")) return 0;
  int64_t targets = HWY_SSSE3;
  if (!__builtin_cpu_supports("sse4.1") || !__builtin_cpu_supports("sse4.2") ||
      !__builtin_cpu_supports("pclmul") || !__builtin_cpu_supports("aes")) {
    return targets;
  }
  targets |= HWY_SSE4;
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi") ||
      !__builtin_cpu_supports("bmi2") || !__builtin_cpu_supports("fma") || !f16c || !lzcnt) {
    return targets;
  }
  targets |= HWY_AVX2;
  if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512vl") ||
      !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512bw")) {
    return targets;
  }
  targets |= HWY_AVX3;
  if (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("vpclmulqdq") &&
      __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2") && vaes &&
      __builtin_cpu_supports("avx512vpopcntdq") && __builtin_cpu_supports("avx512bitalg")) {
    targets |= HWY_AVX3_DL;
  }
  return targets;
}

#else

// One target only: nothing to choose.
int64_t DetectTargets() { return HWY_STATIC_TARGET; }

#endif

// Of those that were built, best (lowest) first, as bits.
int64_t MachineTargets() {
  static const int64_t targets = (DetectTargets() | HWY_STATIC_TARGET) & HWY_TARGETS;
  return targets;
}

int64_t Lowest(int64_t targets) { return targets & -targets; }

// The bits that ChosenSimdTarget was made of, which it does not tell.
std::atomic<int64_t> g_chosen{0};

void Choose(int64_t targets) {
  ChosenSimdTarget().Update(targets);
  g_chosen = targets;
}

}  // namespace

hwy::ChosenTarget& ChosenSimdTarget() {
  struct Best : hwy::ChosenTarget {
    Best() { Update(MachineTargets()); }
  };
  static Best chosen;
  return chosen;
}

std::vector<std::string> SupportedSimdTargets() {
  std::vector<std::string> names;
  for (int64_t left = MachineTargets(); left != 0; left &= left - 1) {
    names.emplace_back(hwy::TargetName(Lowest(left)));
  }
  names.emplace_back(kScalarDefinition);
  return names;
}

std::string ActiveSimdTarget() {
  if (ScalarDefinitionForced()) return kScalarDefinition;
  return hwy::TargetName(Lowest(g_chosen != 0 ? g_chosen.load() : MachineTargets()));
}

bool ForceSimdTarget(const std::string& name) {
  if (name == kScalarDefinition) {
    Choose(MachineTargets());
    g_scalar_definition = true;
    return true;
  }
  for (int64_t left = MachineTargets(); left != 0; left &= left - 1) {
    if (name != hwy::TargetName(Lowest(left))) continue;
    Choose(Lowest(left));
    g_scalar_definition = false;
    return true;
  }
  return false;
}

void ResetSimdTarget() {
  Choose(MachineTargets());
  g_scalar_definition = false;
}

bool ScalarDefinitionForced() { return g_scalar_definition.load(std::memory_order_relaxed); }

}  // namespace flowzip
