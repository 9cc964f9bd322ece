// SPDX-License-Identifier: BSD-3-Clause
// The results in four forms, each a complete document.
#pragma once

#include <string>

#include "tools/bench/results.h"

namespace flowzip::bench {

std::string TerminalReport(const Results& results);
std::string MarkdownReport(const Results& results);
std::string JsonReport(const Results& results);
// One page without anything outside itself; no scripts.
std::string HtmlReport(const Results& results);

// --- What the forms share ---------------------------------------------------------------

// Codecs by growing number of bytes.
std::vector<size_t> ByDensity(const Results& results);

std::string Fixed(double value, int digits);
std::string Grouped(uint64_t value);                 // 1,234,567
std::string Percent(double value);                   // +1.2 %, with a true minus sign
std::string Speed(double value);                     // three digits; a dash for none
std::string Mebibytes(uint64_t bytes);               // a dash for none
std::string Threads(const Codec& codec);             // a dash for unknown
// What files need beyond the model's bits.
std::string OverheadText(const ModelBits& bits);

// Sentences on how it was done, for the forms that have room.
std::vector<std::string> Notes(const Results& results);
std::string MachineLine(const Results& results);
std::string CorpusLine(const Results& results);

inline constexpr const char* kDash = "\u2013";

}  // namespace flowzip::bench
