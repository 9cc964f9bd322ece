// SPDX-License-Identifier: BSD-3-Clause
#include "codec/options/limits.h"

#include <cstdio>

#include "base/error.h"

namespace flowzip {

void RequireMemory(uint64_t needed, uint64_t limit) {
  if (needed <= limit) return;
  throw Error(ErrorCode::kLimit, "needs about " + HumanBytes(needed) +
                                     " of memory, more than the limit of " + HumanBytes(limit));
}

void RequirePixels(uint32_t width, uint32_t height, uint64_t limit) {
  if (uint64_t{width} * height <= limit) return;
  throw Error(ErrorCode::kLimit, std::to_string(width) + " x " + std::to_string(height) +
                                     " pixels exceed the limit of " + std::to_string(limit) +
                                     " pixels");
}

std::string HumanBytes(uint64_t bytes) {
  constexpr const char* kUnits[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  int unit = 0;
  auto value = static_cast<double>(bytes);
  for (; value >= 1024 && unit < 6; value /= 1024) ++unit;
  char text[32];
  const bool whole = unit == 0 || value >= 99.95;
  std::snprintf(text, sizeof text, whole ? "%.0f %s" : "%.1f %s", value, kUnits[unit]);
  return text;
}

}  // namespace flowzip
