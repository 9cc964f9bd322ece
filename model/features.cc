// SPDX-License-Identifier: BSD-3-Clause
#include "model/features.h"

#include <algorithm>
#include <cstdlib>

#include "model/squeeze.h"

namespace flowzip {
namespace {

constexpr int kLogTableSize = 2 * kMaxActivation + 1;

// floor(256 * log2(n)) for n >= 1 by repeated squaring, in integers only.
int IntegerLog2(uint32_t n) {
  int whole = 31 - __builtin_clz(n);
  uint64_t mantissa = (uint64_t{n} << 32) >> whole;  // in [2^32, 2^33)
  int result = whole;
  for (int bit = 0; bit < 8; ++bit) {
    // Square with 31 fractional bits kept: (m / 2^32)^2 in the same scale.
    mantissa = ((mantissa >> 1) * (mantissa >> 1)) >> 30;
    result <<= 1;
    if (mantissa >= (uint64_t{1} << 33)) {
      mantissa >>= 1;
      result |= 1;
    }
  }
  return result;
}

struct LogTable {
  std::array<int16_t, kLogTableSize> value;
  int16_t operator()(int32_t residual) const {
    return value[std::min(std::abs(residual), kLogTableSize - 1)];
  }
  LogTable() {
    for (int r = 0; r < kLogTableSize; ++r) {
      value[r] = static_cast<int16_t>(IntegerLog2(16 + r) - 4 * 256);
    }
  }
};

const LogTable& Logs() {
  static const LogTable table;
  return table;
}

int16_t Activation(int32_t v) {
  return static_cast<int16_t>(std::clamp(v, -kMaxActivation, kMaxActivation));
}
int16_t Difference(int32_t v) {
  return static_cast<int16_t>(std::clamp(v, -kMaxDifference, kMaxDifference));
}

// Writes one feature plane's row: value(j) for every grid column.
template <class Fn>
void PutRow(Tensor& out, int y, int channel, Fn&& value) {
  int16_t* to = out.At(0, y) + channel;
  for (int j = 0; j < out.width(); ++j, to += out.depth()) *to = value(j);
}

}  // namespace

int16_t LogMagnitude(int32_t residual) { return Logs()(residual); }

void TrunkFeatures(const LevelPlanes& level, const std::array<SitePlane, kChannels>& coarse,
                   int group, int bit_depth, Tensor& out, int y0, int y1) {
  const LogTable& log = Logs();
  for (int y = y0; y < y1; ++y) {
    int plane = 0;
    for (const Lattice lattice : {kA, kB, kD}) {
      if (!KnownBefore(lattice, group)) continue;
      for (int c = 0; c < kChannels; ++c) {
        const int16_t *x = level.x[lattice][c].Row(y), *m = level.reference[c].Row(y);
        PutRow(out, y, plane++, [=](int j) { return Difference(16 * (x[j] - m[j])); });
      }
    }
    if (group == 0) {
      const int scale = bit_depth - 8;
      for (int c = 0; c < kChannels; ++c) {
        const int16_t* x = level.x[kA][c].Row(y);
        const int32_t centre = c == 0 ? 128 : 0;
        PutRow(out, y, plane++, [=](int j) { return Activation(8 * ((x[j] >> scale) - centre)); });
      }
    } else {
      for (int c = 0; c < kChannels; ++c) {
        const int16_t* r = level.residual[group - 1][c].Row(y);
        PutRow(out, y, plane + c, [=](int j) { return Difference(r[j]); });
        PutRow(out, y, plane + kChannels + c, [&log, r](int j) { return log(r[j]); });
      }
      plane += 2 * kChannels;
    }
    const int16_t *p = level.prediction[0].Row(y), *m = level.reference[0].Row(y);
    PutRow(out, y, plane++, [=](int j) { return Difference(p[j] - 16 * m[j]); });
    if (group == 0) {
      for (int c = 0; c < kChannels; ++c) {
        if (coarse[c].empty()) {
          PutRow(out, y, plane++, [](int) { return int16_t{0}; });
        } else {
          const int16_t* r = coarse[c].Row(y);
          PutRow(out, y, plane++, [&log, r](int j) { return log(r[j]); });
        }
      }
    }
  }
}

void HeadFeatures(const LevelPlanes& level, int group, int channel, Tensor& out, int y0, int y1) {
  const LogTable& log = Logs();
  for (int y = y0; y < y1; ++y) {
    int plane = 0;
    for (int c = 0; c < channel; ++c) {
      const int16_t* r = level.residual[group][c].Row(y);
      PutRow(out, y, plane++, [=](int j) { return Difference(r[j]); });
      PutRow(out, y, plane++, [&log, r](int j) { return log(r[j]); });
    }
    const int16_t *p = level.prediction[channel].Row(y), *m = level.reference[channel].Row(y);
    PutRow(out, y, plane++, [=](int j) { return Difference(p[j] - 16 * m[j]); });
  }
}

std::array<SitePlane, kChannels> AssembleResiduals(const LevelPlanes& level) {
  std::array<SitePlane, kChannels> pictures;
  for (int c = 0; c < kChannels; ++c) {
    pictures[c] = SitePlane(level.size.width, level.size.height);
    for (int g = 0; g < kGroups; ++g) {
      UnsqueezeLattice(level.residual[g][c], kGroupLattice[g], pictures[c]);
    }
  }
  return pictures;
}

}  // namespace flowzip
