// SPDX-License-Identifier: BSD-3-Clause
#include "model/site_step.h"

#include <algorithm>
#include <cstdlib>

#include "model/fixed_log2.h"

namespace flowzip {
namespace {

constexpr std::array<SiteOffset, kOwnSites> FindOwnOffsets() {
  std::array<SiteOffset, kOwnSites> found{};
  size_t count = 0;
  for (int distance = 1; distance <= 16; ++distance) {
    for (int dy = -4; dy <= 0; ++dy) {
      for (int dx = -4; dx <= 4; ++dx) {
        if (dx * dx + dy * dy != distance || (dy == 0 && dx > 0)) continue;
        found[count++] = {dx, dy};
      }
    }
  }
  return found;
}

// round(2^14 / 2^(i / 16)) and round(2^8 * 2^(i / 16)).
constexpr std::array<int32_t, 16> kMantissa{16384, 15689, 15024, 14387, 13777, 13193, 12634, 12098,
                                            11585, 11094, 10624, 10173, 9742,  9329,  8933,  8555};
constexpr std::array<int32_t, 16> kRatio{256, 267, 279, 292, 304, 318, 332, 347,
                                         362, 378, 395, 412, 431, 450, 470, 490};

}  // namespace

constexpr std::array<SiteOffset, kOwnSites> kOwnOffsets = FindOwnOffsets();
constexpr std::array<SiteOffset, kCrossSites> kCrossOffsets{
    {{0, 0}, {-1, 0}, {1, 0}, {0, -1}, {0, 1}, {-1, -1}, {1, -1}, {-1, 1}, {1, 1}}};

void SiteStep::Normalise() {
  for (int i = 0; i < kNetSites; ++i) {
    const auto q = static_cast<int32_t>(FixedLog2(static_cast<uint32_t>(sum[i])) >> 4);
    const int32_t e = q >> 4, m = q & 15, u = deep ? std::max(0, e - 15) : 0;
    const int32_t b = std::max(0, e - 16);
    log_scale[i] = q;
    mantissa[i] = kMantissa[static_cast<size_t>(m)];
    pre_shift[i] = u;
    post_shift[i] = e - 1 - u;
    ratio[i] = kRatio[static_cast<size_t>(m)];
    mean_shift[i] = 23 + b - e;
    low_bits[i] = b;
    center[i] = ((2 * prediction[i] + 8) >> b) - 8;
    min_high[i] = min >> b;
    max_high[i] = max >> b;
  }
}

void SiteStep::ToMixture() {
  const int components = net->net.components;
  for (int k = 0; k < components; ++k) {
    int32_t* mean = heads[components + k];
    int32_t* scale = heads[2 * components + k];
    for (int i = 0; i < kNetSites; ++i) {
      const int32_t shift = mean_shift[i];
      mean[i] = (mean[i] * ratio[i] + (1 << (shift - 1))) >> shift;
      scale[i] += 16 * log_scale[i] - 256 * (12 + low_bits[i]);
    }
  }
}

namespace site_scalar {

void Predict(SiteStep& s, int step) {
  for (int i = 0; i < kNetSites; ++i) {
    int32_t p = 16;
    for (int k = 0; k < s.taps; ++k) {
      p += s.filter[k][i] * s.planes[s.tap_plane[k]]->Values(step)[s.tap_distance[k] + i];
    }
    s.prediction[i] = std::clamp((p >> 5) + s.bias[i], 8 * s.min, 8 * s.max);
    const uint8_t* weight = s.net->scale_weights.data();
    int32_t sum = kScaleFloor;
    const auto add = [&](int plane, const SiteOffset& o) {
      const int32_t* r = s.planes[plane]->Residuals(step) + SkewedPlane::Distance(o.dx, o.dy);
      sum += *weight++ * std::abs(r[i]);
    };
    for (int k = 0; k < kOwnScaleSites; ++k) add(s.channel, kOwnOffsets[static_cast<size_t>(k)]);
    for (int c = 0; c < s.channel; ++c) {
      for (const SiteOffset& o : kCrossOffsets) add(c, o);
    }
    s.sum[i] = sum;
  }
}

void Features(SiteStep& s, int step) {
  const int32_t middle = 4 * (s.min + s.max);
  const int32_t span = (512 << 12) / (s.max - s.min + 1);
  for (int i = 0; i < kNetSites; ++i) {
    int count = 0;
    const auto put = [&](int32_t f) {
      int32_t& pair = s.pairs[count / 2 * kNetSites + i];
      pair = count % 2 == 0 ? f & 0xFFFF : pair | static_cast<int32_t>(static_cast<uint32_t>(f) << 16);
      ++count;
    };
    const auto relative = [&](int32_t d) {
      const int32_t cut = std::clamp(d >> s.pre_shift[i], -65535, 65535);
      return std::clamp((cut * s.mantissa[i]) >> s.post_shift[i], -kFeatureLimit, kFeatureLimit);
    };
    const auto residual = [&](int plane, const SiteOffset& o) {
      const int32_t f =
          relative(s.planes[plane]->Residuals(step)[SkewedPlane::Distance(o.dx, o.dy) + i]);
      put(f);
      put(std::abs(f));
    };
    const int32_t p = s.prediction[i];
    put(std::min(8 * s.log_scale[i] - 1408, kFeatureLimit));
    put(relative(8 * s.max - p));
    put(relative(p - 8 * s.min));
    put(((p - middle) * span) >> 12);
    const int32_t* own = s.planes[s.channel]->Values(step) + i;
    for (const SiteOffset& o : kOwnOffsets) {
      put(relative(8 * own[SkewedPlane::Distance(o.dx, o.dy)] - p));
    }
    for (int k = 0; k < kOwnScaleSites; ++k) {
      residual(s.channel, kOwnOffsets[static_cast<size_t>(k)]);
    }
    for (int c = 0; c < s.channel; ++c) {
      const int32_t* other = s.planes[c]->Values(step) + i;
      for (const SiteOffset& o : kCrossOffsets) {
        residual(c, o);
        if (o.dx == 0 && o.dy == 0) continue;
        put(relative(8 * (other[SkewedPlane::Distance(o.dx, o.dy)] - other[0])));
      }
    }
  }
}

}  // namespace site_scalar

}  // namespace flowzip
