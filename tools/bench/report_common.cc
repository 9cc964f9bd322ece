// SPDX-License-Identifier: BSD-3-Clause
// What the four reports share: order, numbers as text, the notes on how it was measured.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>

#include "tools/bench/report.h"

namespace flowzip::bench {

std::vector<size_t> ByDensity(const Results& results) {
  std::vector<uint64_t> bytes;
  for (size_t c = 0; c < results.codecs.size(); ++c) bytes.push_back(Summarize(results, c).bytes);
  std::vector<size_t> order(bytes.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return bytes[a] < bytes[b]; });
  return order;
}

std::string Fixed(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof(text), "%.*f", digits, value);
  return text;
}

std::string OverheadText(const ModelBits& bits) {
  return "the coder and the container add " + Fixed(bits.overhead, 4) + " (" +
         Fixed(100 * bits.overhead / bits.total, 2) + " %)";
}

std::string Grouped(uint64_t value) {
  std::string text = std::to_string(value);
  for (size_t at = text.size(); at > 3;) text.insert(at -= 3, 1, ',');
  return text;
}

std::string Percent(double value) {
  const std::string digits = Fixed(std::fabs(value), 1);
  const char* sign = digits == "0.0" ? "\u00b1" : value < 0 ? "\u2212" : "+";
  return sign + digits + " %";
}

std::string Speed(double value) {
  if (value <= 0) return kDash;
  const int digits = value < 0.0995 ? 3 : value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return Fixed(value, digits);
}

std::string Mebibytes(uint64_t bytes) {
  if (bytes == 0) return kDash;
  return Fixed(static_cast<double>(bytes) / (1 << 20), 0);
}

std::string Threads(const Codec& codec) {
  return codec.threads == 0 ? kDash : std::to_string(codec.threads);
}

std::string MachineLine(const Results& results) {
  const Machine& machine = results.machine;
  return machine.cpu + ", " + std::to_string(machine.cores) + " cores, " + machine.system +
         ", flowzip's instruction set " + machine.simd + ", load " + machine.load_before +
         " before and " + machine.load_after + " after";
}

std::string CorpusLine(const Results& results) {
  return std::to_string(results.images.size()) +
         (results.images.size() == 1 ? " image, " : " images, ") +
         Fixed(1e-6 * results.pixels(), 2) + " megapixels";
}

std::vector<std::string> Notes(const Results& results) {
  std::vector<std::string> notes = {
      "Every picture that was decoded equalled its source, pixel by pixel; otherwise there "
      "would be no report.",
      results.repeats == 1
          ? std::string("Speeds are all pixels divided by the sum of the times of single runs.")
          : "Speeds are all pixels divided by the sum over the images of the median time of " +
                std::to_string(results.repeats) +
                " runs; an operation whose first run took longer than " +
                Fixed(results.repeat_below, 2) + " s ran once per image.",
      "Codecs took turns, image by image and round by round. A busy machine slows all of "
      "them: ratios hold better than speeds.",
      "Whole process: from its start to its end, reading a PNG file without metadata and "
      "writing a file, both in " +
          results.scratch +
          ". Decoders write PPM or PGM; flowzip writes PNG, and its time has that in it. "
          "Inside: one call in a running process, from memory to memory.",
      "CPU: user and system time of all threads. MiB: peak resident memory of the whole "
      "process, on the image that needs most; 5 MiB or so are the floor."};
  if (DefaultFlowzip(results) != kNoCodec) {
    notes.push_back(
        "flowzip runs with --no-verify: the others do not decode again what they have written, "
        "which flowzip does by default.");
  }
  return notes;
}

}  // namespace flowzip::bench
