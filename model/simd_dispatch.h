// SPDX-License-Identifier: BSD-3-Clause
// Calls the best of the targets that a kernel was built for: HWY_EXPORT and HWY_DYNAMIC_DISPATCH
// without Highway's library, of which only the headers are used. Loading the library cost every
// start of the program 6 ms (it measures a timer), and valgrind could not run it.
//
//   FLOWZIP_EXPORT(Kernel);                 once, in namespace flowzip
//   FLOWZIP_DISPATCH(Kernel)(arguments);
#pragma once

#include <hwy/targets.h>

namespace flowzip {

// What runs now; ForceSimdTarget (model/simd_targets.h) changes it.
hwy::ChosenTarget& ChosenSimdTarget();

}  // namespace flowzip

#if (HWY_TARGETS & (HWY_TARGETS - 1)) == 0
#define FLOWZIP_EXPORT(kernel) static_assert(true)
#define FLOWZIP_DISPATCH(kernel) HWY_STATIC_DISPATCH(kernel)
#else
// Entry 0 is of a choice that was never made, which ChosenSimdTarget rules out.
#define FLOWZIP_EXPORT(kernel)                               \
  static decltype(&HWY_STATIC_DISPATCH(kernel))              \
      const kernel##Targets[HWY_MAX_DYNAMIC_TARGETS + 2] = { \
          nullptr, HWY_CHOOSE_TARGET_LIST(kernel), HWY_CHOOSE_FALLBACK(kernel)}
#define FLOWZIP_DISPATCH(kernel) (*kernel##Targets[ChosenSimdTarget().GetIndex()])
#endif
