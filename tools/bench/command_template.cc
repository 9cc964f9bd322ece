// SPDX-License-Identifier: BSD-3-Clause
// A rival's command line: {in}, {out} and their like replaced by files, quoted for the shell.
#include <sstream>

#include "tools/bench/codec_table.h"

namespace flowzip::bench {
namespace {

std::string Quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

// Replaces the {names} of one word or, for the shell, of the whole command.
std::string Replace(const std::string& pattern, bool shell, const Replacements& with,
                    std::string& out) {
  std::string text;
  for (size_t at = 0; at < pattern.size();) {
    const size_t open = pattern.find('{', at), close = pattern.find('}', open);
    if (open == std::string::npos || close == std::string::npos) {
      return text + pattern.substr(at);
    }
    text += pattern.substr(at, open - at);
    const std::string name = pattern.substr(open + 1, close - open - 1);
    std::string value;
    if (name == "in") {
      value = with.in;
    } else if (name == "out" || name.rfind("out.", 0) == 0) {
      std::string extension = name == "out" ? "" : name.substr(3);
      if (extension == ".pnm") extension = with.alpha ? ".png" : with.color ? ".ppm" : ".pgm";
      value = out = with.out + extension;
    } else if (name == "model") {
      value = with.model;
    } else if (name == "jobs") {
      value = std::to_string(with.jobs);
    } else if (name == "self") {
      value = "/proc/self/exe";
    } else {  // a brace of somebody's own
      text += pattern.substr(open, close - open + 1);
      at = close + 1;
      continue;
    }
    text += shell ? Quoted(value) : value;
    at = close + 1;
  }
  return text;
}

}  // namespace

Command Expand(const std::string& pattern, bool shell, const Replacements& with) {
  Command command;
  command.out = with.out;
  if (shell) {
    command.argv = {"sh", "-c", Replace(pattern, true, with, command.out)};
    return command;
  }
  std::istringstream words(pattern);
  for (std::string word; words >> word;) {
    command.argv.push_back(Replace(word, false, with, command.out));
  }
  return command;
}

}  // namespace flowzip::bench
