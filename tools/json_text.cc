// SPDX-License-Identifier: BSD-3-Clause
// JsonString and JsonName of cli_common.h.
#include <cstdint>
#include <cstdio>

#include "tools/cli_common.h"

namespace flowzip {
namespace {

constexpr char kReplacement[] = "\xEF\xBF\xBD";  // U+FFFD

// The bytes of the UTF-8 character at `at`; 0 if there is none (RFC 3629: no over-long forms, no
// surrogates, nothing above U+10FFFF).
size_t CharacterBytes(const std::string& text, size_t at) {
  const auto byte = [&](size_t i) -> uint32_t {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0;
  };
  const uint32_t first = byte(0);
  if (first < 0x80) return 1;
  const size_t size = first >> 5 == 6 ? 2 : first >> 4 == 14 ? 3 : first >> 3 == 30 ? 4 : 0;
  uint32_t code = first & (0x7FU >> size);
  for (size_t i = 1; i < size; ++i) {
    if (byte(i) >> 6 != 2) return 0;
    code = code << 6 | (byte(i) & 63);
  }
  constexpr uint32_t kLeast[5] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xD800 && code < 0xE000;
  return size == 0 || code < kLeast[size] || surrogate || code > 0x10FFFF ? 0 : size;
}

}  // namespace

std::string JsonString(const std::string& text) {
  std::string out = "\"";
  for (size_t at = 0; at < text.size();) {
    const size_t size = CharacterBytes(text, at);
    const char c = text[at];
    if (size == 0) {
      out += kReplacement;
      ++at;
      continue;
    }
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7F) {
      char code[8];
      std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned>(c));
      out += code;
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out.append(text, at, size);
    }
    at += size;
  }
  return out + '"';
}

std::string JsonName(const std::string& key, const std::string& path) {
  std::string out = "\"" + key + "\": " + JsonString(path);
  bool valid = true;
  for (size_t at = 0; at < path.size() && valid;) {
    const size_t size = CharacterBytes(path, at);
    valid = size != 0;
    at += size;
  }
  if (valid) return out;
  out += ", \"" + key + "_hex\": \"";
  for (const char c : path) {
    char code[3];
    std::snprintf(code, sizeof code, "%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
    out += code;
  }
  return out + "\"";
}

}  // namespace flowzip
