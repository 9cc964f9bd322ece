// SPDX-License-Identifier: BSD-3-Clause
#include "tools/bench/results.h"

#include <sys/utsname.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <numeric>
#include <thread>

namespace flowzip::bench {
namespace {

double MedianOf(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

}  // namespace

Seconds Runs::Median() const {
  std::vector<double> wall, cpu;
  for (const Seconds& run : seconds) {
    wall.push_back(run.wall);
    cpu.push_back(run.cpu);
  }
  return {MedianOf(std::move(wall)), MedianOf(std::move(cpu))};
}

double Results::pixels() const {
  double sum = 0;
  for (const ImageInfo& image : images) sum += image.pixels();
  return sum;
}

double Results::sub_pixels() const {
  double sum = 0;
  for (const ImageInfo& image : images) sum += image.sub_pixels();
  return sum;
}

Summary Summarize(const Results& results, size_t codec) {
  Summary summary;
  uint64_t reference = 0;
  Seconds sums[kOperations];
  for (size_t i = 0; i < results.images.size(); ++i) {
    const Cell& cell = results.cells[codec][i];
    summary.bytes += cell.bytes;
    reference += results.cells[results.reference][i].bytes;
    for (int op = 0; op < kOperations; ++op) {
      const Seconds median = cell.runs[op].Median();
      sums[op].wall += median.wall;
      sums[op].cpu += median.cpu;
      summary.peak_bytes[op] = std::max(summary.peak_bytes[op], cell.runs[op].peak_bytes);
    }
  }
  summary.bits_per_sub_pixel = 8.0 * static_cast<double>(summary.bytes) / results.sub_pixels();
  summary.percent =
      100.0 * static_cast<double>(summary.bytes) / static_cast<double>(reference) - 100.0;
  const double megapixels = 1e-6 * results.pixels();
  for (int op = 0; op < kOperations; ++op) {
    if (sums[op].wall > 0) summary.rates[op].wall = megapixels / sums[op].wall;
    if (sums[op].cpu > 0) summary.rates[op].cpu = megapixels / sums[op].cpu;
  }
  return summary;
}

double BitsPerSubPixel(const Results& results, size_t codec, size_t image) {
  return 8.0 * static_cast<double>(results.cells[codec][image].bytes) /
         results.images[image].sub_pixels();
}

ModelBits SumModelBits(const Results& results, size_t codec) {
  ModelBits sum;
  const double sub_pixels = results.sub_pixels();
  double written = 0;
  for (const Cell& cell : results.cells[codec]) {
    written += 8.0 * static_cast<double>(cell.bytes) / sub_pixels;
    sum.other += 8.0 * static_cast<double>(cell.stats.other_bytes) / sub_pixels;
    for (size_t c = 0; c < sum.channel.size(); ++c) {
      sum.channel[c] += cell.stats.channel_bits[c] / sub_pixels;
    }
    sum.side += cell.stats.side_bits / sub_pixels;
    sum.total += cell.stats.total_bits() / sub_pixels;
  }
  sum.total += sum.other;
  sum.overhead = written - sum.total;
  return sum;
}

std::vector<size_t> ParetoFront(const std::vector<std::pair<double, double>>& points) {
  std::vector<size_t> order(points.size()), front;
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    if (points[a].first != points[b].first) return points[a].first < points[b].first;
    return points[a].second > points[b].second;
  });
  for (const size_t i : order) {
    if (front.empty() || points[i].second > points[front.back()].second) front.push_back(i);
  }
  return front;
}

size_t DefaultFlowzip(const Results& results) {
  for (size_t i = 0; i < results.codecs.size(); ++i) {
    if (results.codecs[i].is_flowzip()) return i;
  }
  return kNoCodec;
}

std::vector<size_t> HardestImages(const Results& results, size_t codec) {
  std::vector<size_t> order(results.images.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return BitsPerSubPixel(results, codec, a) > BitsPerSubPixel(results, codec, b);
  });
  return order;
}

std::string LoadAverage() {
  double load[1];
  if (getloadavg(load, 1) != 1) return "unknown";
  char text[32];
  std::snprintf(text, sizeof(text), "%.1f", load[0]);
  return text;
}

Machine DescribeMachine() {
  Machine machine;
  machine.cores = static_cast<int>(std::thread::hardware_concurrency());
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; std::getline(cpuinfo, line);) {
    const size_t colon = line.find(": ");
    if (line.rfind("model name", 0) != 0 || colon == std::string::npos) continue;
    machine.cpu = line.substr(colon + 2);
    break;
  }
  if (machine.cpu.empty()) machine.cpu = "unknown processor";
  utsname system = {};
  if (uname(&system) == 0) {
    machine.system = std::string(system.sysname) + " " + system.release + " " + system.machine;
  }
  std::time_t now = std::time(nullptr);
  if (const char* epoch = std::getenv("SOURCE_DATE_EPOCH")) now = std::atoll(epoch);
  char date[32];
  std::strftime(date, sizeof(date), "%Y-%m-%d", std::gmtime(&now));
  machine.date = date;
  machine.load_before = LoadAverage();
  return machine;
}

}  // namespace flowzip::bench
