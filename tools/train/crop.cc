// SPDX-License-Identifier: BSD-3-Clause
#include "tools/train/crop.h"

#include <algorithm>
#include <cmath>

#include "codec/filters/fit_filters.h"
#include "codec/planes/recovered_colour.h"
#include "model/lifting1x1.h"
#include "tools/train/variant.h"

namespace flowzip {
namespace {

struct Predicted {
  std::array<RasterPlane, 3> planes;
  std::array<std::vector<int32_t>, 3> eighths;
  std::array<SampleRange, 3> ranges;
  double cost = 0;
  bool squeezed = false;  // planes 1 and 2 lie between plane 0's samples
};

// Planes with their borders.
Predicted Planes(const std::array<IntPlane, 3>& in) {
  Predicted out;
  const int width = in[0].width(), height = in[0].height();
  for (int c = 0; c < 3; ++c) {
    int32_t lo = INT32_MAX, hi = INT32_MIN;
    out.planes[c] = NewRasterPlane(width, height);
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        const int32_t v = in[c].At(x, y);
        lo = std::min(lo, v);
        hi = std::max(hi, v);
        out.planes[c].Row(y)[x] = int16_t(v);
      }
    }
    out.ranges[c] = SampleRange{lo, hi};
    ExtendPlane(out.planes[c], out.ranges[c]);
    if (lo < hi) out.cost += EstimateFilterBits(RefsTo(out.planes.data(), c), c);
  }
  return out;
}

// Of every 16th row's samples, how many are predicted exactly.
double ShareOfMeans(const PlaneRefs& refs, int channel, const LinearFilters& model) {
  const RasterPlane& own = *refs[size_t(channel)];
  std::vector<int32_t> sums(size_t(own.width()) + kRasterBlock);
  int64_t exact = 0, count = 0;
  for (int y = 1; y < own.height(); y += 16) {
    RasterSums(FilterRows(refs, channel, y).data(), RasterTaps(channel), model.filters, nullptr,
               own.width(), sums.data());
    for (int x = 0; x < own.width(); ++x, ++count) {
      exact += std::abs(8 * own.Row(y)[x] - ((sums[x] + 16) >> 5) - model.biases[0]) < 4;
    }
  }
  return double(exact) / double(std::max<int64_t>(count, 1));
}

Predicted Predict(Predicted out) {
  const int width = out.planes[0].width(), height = out.planes[0].height();
  std::vector<int32_t> sums(size_t(width) + kRasterBlock);
  for (int c = 0; c < 3; ++c) {
    LinearFilters model;
    const PlaneRefs refs = RefsTo(out.planes.data(), c);
    if (out.squeezed && c > 0) {
      model.SetMean(c, 1, c - 1, width, height);
      FitBiases(refs, c, &model);
      if (ShareOfMeans(refs, c, model) < 0.7) model.base = FilterBase::kFirst;
      if (ShareOfMeans(refs, c, model) < 0.7) FitFilters(refs, c, &model);
    } else {
      FitFilters(refs, c, &model);
    }
    FitBiases(refs, c, &model);
    out.eighths[c].resize(size_t(width) * height);
    const int across = RasterBlocks(width);
    for (int y = 0; y < height; ++y) {
      const RasterRows rows = FilterRows(refs, c, y);
      RasterSums(rows.data(), RasterTaps(c), y == 0 ? kFirstRowFilter : model.filters,
                 y == 0 ? nullptr : model.labels.data() + size_t(y / kRasterBlock) * across, width,
                 sums.data());
      for (int x = 0; x < width; ++x) {
        const int32_t bias =
            y == 0 ? 0 : model.biases[model.labels[size_t(y / kRasterBlock) * across + x / 8]];
        out.eighths[c][size_t(y) * width + x] =
            std::clamp(((sums[x] + 16) >> 5) + bias, 8 * out.ranges[c].min, 8 * out.ranges[c].max);
      }
    }
  }
  return out;
}

std::array<IntPlane, 3> Lift(const Image& image, int lifting) {
  std::array<IntPlane, 3> planes;
  const int width = int(image.width), height = int(image.height);
  for (auto& plane : planes) plane = IntPlane(width, height);
  constexpr int kOrders[2][3] = {{0, 1, 2}, {1, 0, 2}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < 3; ++c) {
        planes[c].At(x, y) =
            image.samples[(size_t(y) * width + x) * 3 + size_t(kOrders[lifting][c])];
      }
    }
  }
  if (lifting == 0) Lifting1x1::YCoCgR().Forward(planes);
  return planes;
}

// Half of the time as codec/coders/network/plane_order.h squeezes planes: the even lattices of all
// three, or three lattices of a chroma plane.
std::array<IntPlane, 3> MaybeSqueezed(const std::vector<IntPlane>& ycc, std::mt19937& rng,
                                      bool* between) {
  const int way = std::uniform_int_distribution<>(0, 3)(rng);
  *between = way == 3;
  if (way < 2) return {ycc[0], ycc[1], ycc[2]};
  const size_t chroma = std::uniform_int_distribution<size_t>(1, 2)(rng);
  constexpr int kLattices[3][2] = {{0, 0}, {1, 0}, {1, 1}};
  std::array<IntPlane, 3> out;
  for (size_t c = 0; c < 3; ++c) {
    const IntPlane& from = ycc[way == 2 ? c : chroma];
    const int ox = way == 2 ? 0 : kLattices[c][0], oy = way == 2 ? 0 : kLattices[c][1];
    out[c] = IntPlane(from.width() / 2, from.height() / 2);
    for (int y = 0; y < out[c].height(); ++y) {
      for (int x = 0; x < out[c].width(); ++x) out[c].At(x, y) = from.At(2 * x + ox, 2 * y + oy);
    }
  }
  return out;
}

void SetPlane(const RasterPlane& plane, const std::vector<int32_t>& eighths,
              const SampleRange& range, CropPlane* out) {
  constexpr int B = CropPlane::kBorder;
  out->width = plane.width();
  out->height = plane.height();
  out->stride = out->width + 2 * B + kRun;
  const size_t size = size_t(out->height + 2 * B) * out->stride;
  out->min = float(range.min);
  out->max = float(range.max);
  const float middle = 8.0f * float(MiddleOf(range));
  out->v.assign(size, middle);
  out->p.assign(size, middle);
  out->r.assign(size, 0.0f);
  for (int y = 0; y < out->height; ++y) {
    const size_t at = out->At(0, y);
    for (int x = 0; x < out->width; ++x) {
      out->v[at + x] = 8.0f * float(plane.Row(y)[x]);
      out->p[at + x] = float(eighths[size_t(y) * out->width + x]);
      out->r[at + x] = out->v[at + x] - out->p[at + x];
    }
    // To the left the first sample of the row above, to the right the last one; residuals 0.
    const float left = y > 0 ? out->v[out->At(0, y - 1)] : middle;
    std::fill_n(out->v.data() + at - B, B, left);
    std::fill_n(out->v.data() + at + out->width, B, out->v[at + out->width - 1]);
  }
  std::copy_n(out->v.data() + out->At(-B, out->height - 1), out->stride,
              out->v.data() + out->At(-B, out->height));
}

}  // namespace

ScaleWeights FitScales(const std::vector<std::shared_ptr<Crop>>& crops) {
  // Non-negative least squares of |residual|, errors relative to the scale, by multiplicative
  // updates.
  ScaleWeights result;
  for (int c = 0; c < 3; ++c) {
    const size_t terms = size_t(kOwnScaleSites + c * kCrossSites);
    std::vector<double> w(terms, 1.0 / double(terms));
    for (int round = 0; round < 4; ++round) {
      std::vector<double> gram(terms * terms), target(terms);
      for (const auto& crop : crops) {
        for (int y = 4; y + 1 < crop->height; y += 5) {
          for (int x = 4; x + 4 < crop->width; x += 3) {
            double a[64];
            size_t n = 0;
            for (int k = 0; k < kOwnScaleSites; ++k) {
              a[n++] = std::fabs(*crop->planes[c].Residual(x + kOwnOffsets[size_t(k)].dx,
                                                           y + kOwnOffsets[size_t(k)].dy));
            }
            for (int e = 0; e < c; ++e) {
              for (const SiteOffset& o : kCrossOffsets) {
                a[n++] = std::fabs(*crop->planes[e].Residual(x + o.dx, y + o.dy));
              }
            }
            double s = 3.2;
            for (size_t i = 0; i < n; ++i) s += w[i] * a[i];
            const double weight = 1 / (s * s), b = std::fabs(*crop->planes[c].Residual(x, y));
            for (size_t i = 0; i < n; ++i) {
              target[i] += weight * a[i] * b;
              for (size_t k = 0; k < n; ++k) gram[i * n + k] += weight * a[i] * a[k];
            }
          }
        }
      }
      for (int step = 0; step < 3000; ++step) {
        for (size_t i = 0; i < terms; ++i) {
          double sum = 1e-9;
          for (size_t k = 0; k < terms; ++k) sum += gram[i * terms + k] * w[k];
          w[i] *= target[i] / sum;
        }
      }
    }
    // Whole 256ths.
    for (double& f : w) {
      f = std::max(0.0, std::round(f * 256)) / 256;
      result.weight[c].push_back(float(f));
    }
  }
  return result;
}

std::shared_ptr<Crop> MakeCrop(const Image& image, double strength, std::mt19937& rng) {
  const Variant variant = strength > 0 ? MakeVariant(image, strength, rng) : Variant{image, {}};
  Predicted best;
  RecoveredColour recovered;
  if (strength <= 0) {
    recovered = RecoveredColour::Recover(image, Rect{0, 0, image.width, image.height}, 0);
  }
  if (recovered.conversion != ColourConversion::kNone) {
    std::array<IntPlane, 3> planes;
    for (int c = 0; c < 3; ++c) {
      planes[c] = IntPlane(int(image.width), int(image.height));
      for (int y = 0; y < int(image.height); ++y) {
        for (int x = 0; x < int(image.width); ++x)
          planes[c].At(x, y) = recovered.planes[c].At(x, y);
      }
    }
    best = Planes(planes);
  } else if (!variant.ycc.empty()) {
    bool between = false;
    best = Planes(MaybeSqueezed(variant.ycc, rng, &between));
    best.squeezed = between;
  } else if (strength > 0 && std::uniform_real_distribution<>(0, 1)(rng) < 0.15) {
    best = Planes(Lift(variant.rgb, std::uniform_int_distribution<>(0, 1)(rng)));  // any
  } else {
    best = Planes(Lift(variant.rgb, 0));
    Predicted other = Planes(Lift(variant.rgb, 1));
    if (other.cost < best.cost) best = std::move(other);
  }
  best = Predict(std::move(best));
  auto crop = std::make_shared<Crop>();
  crop->squeezed = best.squeezed;
  crop->width = best.planes[0].width();
  crop->height = best.planes[0].height();
  crop->planes.resize(3);
  for (int c = 0; c < 3; ++c) {
    SetPlane(best.planes[c], best.eighths[c], best.ranges[c], &crop->planes[c]);
  }
  return crop;
}

}  // namespace flowzip
