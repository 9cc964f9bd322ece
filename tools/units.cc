// SPDX-License-Identifier: BSD-3-Clause
#include "tools/units.h"

#include <cctype>

namespace flowzip {

std::optional<uint64_t> ParseUnits(const std::string& text, uint64_t step) {
  if (text == "none") return UINT64_MAX;
  size_t at = 0;
  const auto digit = [&] { return at < text.size() && text[at] >= '0' && text[at] <= '9'; };
  // Digits before and after the point as one integer, times 10^-decimals; exact.
  unsigned __int128 value = 0;
  int decimals = 0;
  bool any = false;
  for (; digit(); ++at, any = true) {
    value = value * 10 + static_cast<unsigned>(text[at] - '0');
    if (value > UINT64_MAX) return std::nullopt;
  }
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (!digit()) return std::nullopt;
    for (; digit(); ++at, ++decimals, any = true) {
      if (decimals == 6) return std::nullopt;
      value = value * 10 + static_cast<unsigned>(text[at] - '0');
    }
  }
  if (!any) return std::nullopt;
  if (at < text.size()) {
    const size_t power = std::string("KMGT").find(
        static_cast<char>(std::toupper(static_cast<unsigned char>(text[at]))));
    if (power != std::string::npos) {
      ++at;
      for (size_t i = 0; i <= power; ++i) value *= step;
    }
    const std::string rest = text.substr(at);
    const bool bytes =
        step == 1024 && (rest == "B" || (power != std::string::npos && rest == "iB"));
    if (!rest.empty() && !bytes) return std::nullopt;
  }
  for (; decimals > 0; --decimals) value /= 10;
  if (value < 1 || value > UINT64_MAX) return std::nullopt;
  return static_cast<uint64_t>(value);
}

}  // namespace flowzip
