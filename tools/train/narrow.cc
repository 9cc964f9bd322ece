// SPDX-License-Identifier: BSD-3-Clause
#include "tools/train/narrow.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace flowzip {
namespace {

// Of each unit of each hidden layer: the mean and the mean square of its activation.
struct Activity {
  std::vector<std::vector<double>> mean, square;  // [layer][unit]
};

Activity Measure(TrainingState& state, size_t index,
                 const std::vector<std::shared_ptr<Crop>>& crops) {
  Net& net = state.nets[index];
  const int hidden = net.shape().layers() - 1, width = net.shape().width;
  Activity activity;
  activity.mean.assign(size_t(hidden), std::vector<double>(size_t(width)));
  activity.square = activity.mean;
  net.SwapAverage();
  net.Begin();
  Sites sites;
  double count = 0;
  for (const auto& crop : crops) {
    for (int c = 0; c < kChannels; ++c) {
      if (NetFor(*crop, c) != index) continue;
      for (int y = 2; y < crop->height; y += 7) {
        const int n = std::min(kRun, crop->width);
        Gather(*crop, c, 0, y, n, state.scale, &sites, net.features());
        net.Run(sites, false);
        count += n;
        for (int l = 0; l < hidden; ++l) {
          for (int u = 0; u < width; ++u) {
            const float* a = net.Activations(l, u);
            for (int j = 0; j < n; ++j) {
              activity.mean[size_t(l)][size_t(u)] += a[j];
              activity.square[size_t(l)][size_t(u)] += double(a[j]) * a[j];
            }
          }
        }
      }
    }
  }
  net.SwapAverage();
  for (auto* sums : {&activity.mean, &activity.square}) {
    for (auto& layer : *sums) {
      for (double& v : layer) v /= std::max(count, 1.0);
    }
  }
  return activity;
}

// The stream of a residual network is one set of units: layers 0, 2, 4, ... have the same.
bool IsStream(int layer) { return layer % 2 == 0; }

Net Narrowed(const Net& from, const Activity& activity, int width) {
  const NetShape& old = from.shape();
  const int hidden = old.layers() - 1;
  // What a unit's variance adds to the sums of the layer it goes to.
  std::vector<std::vector<double>> carried(size_t(hidden), std::vector<double>(size_t(old.width)));
  for (int l = 0; l < hidden; ++l) {
    const std::vector<float>& out = from.average[size_t(l) + 1];
    const int rows = l + 1 == hidden ? old.outputs() : old.width;
    for (int u = 0; u < old.width; ++u) {
      const double m = activity.mean[size_t(l)][size_t(u)];
      const double variance = activity.square[size_t(l)][size_t(u)] - m * m;
      double norm = 0;
      for (int o = 0; o < rows; ++o) {
        const double w = out[size_t(o) * old.columns(l + 1) + size_t(u)];
        norm += w * w;
      }
      carried[size_t(IsStream(l) ? 0 : l)][size_t(u)] += norm * variance;
    }
  }
  std::vector<std::vector<int>> kept(static_cast<size_t>(hidden));
  for (int l = 0; l < hidden; ++l) {
    const std::vector<double>& value = carried[size_t(IsStream(l) ? 0 : l)];
    std::vector<int>& units = kept[size_t(l)];
    units.resize(size_t(old.width));
    std::iota(units.begin(), units.end(), 0);
    std::stable_sort(units.begin(), units.end(),
                     [&](int a, int b) { return value[size_t(a)] > value[size_t(b)]; });
    units.resize(size_t(width));
    std::sort(units.begin(), units.end());
  }
  std::mt19937 rng;
  Net to({old.features, width, old.blocks, old.components}, rng);
  for (int l = 0; l <= hidden; ++l) {
    const NetShape& shape = to.shape();
    const std::vector<float>& source = from.average[size_t(l)];
    std::vector<float>& target = to.weights[size_t(l)];
    std::fill(target.begin(), target.end(), 0.0f);
    const int rows = l == hidden ? old.outputs() : width;
    for (int o = 0; o < rows; ++o) {
      const int row = l == hidden ? o : kept[size_t(l)][size_t(o)];
      const float* w = source.data() + size_t(row) * old.columns(l);
      float* v = target.data() + size_t(o) * shape.columns(l);
      double bias = w[old.inputs(l)];
      if (l == 0) {
        std::copy_n(w, old.features, v);
      } else {
        const std::vector<int>& units = kept[size_t(l) - 1];
        for (int u = 0; u < width; ++u) v[u] = w[units[size_t(u)]];
        for (int u = 0; u < old.width; ++u) {
          if (!std::binary_search(units.begin(), units.end(), u)) {
            bias += w[u] * activity.mean[size_t(l) - 1][size_t(u)];
          }
        }
      }
      v[shape.inputs(l)] = float(bias);
    }
    to.average[size_t(l)] = target;
  }
  return to;
}

}  // namespace

void NarrowNets(TrainingState& state, const std::vector<std::shared_ptr<Crop>>& crops,
                const std::array<int, FlowModel::kNets>& widths) {
  for (size_t i = 0; i < state.nets.size(); ++i) {
    if (widths[i] >= state.nets[i].shape().width) continue;
    state.nets[i] = Narrowed(state.nets[i], Measure(state, i, crops), widths[i]);
    state.pixels = 0;
  }
}

}  // namespace flowzip
