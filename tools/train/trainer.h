// SPDX-License-Identifier: BSD-3-Clause
// Training by maximum likelihood on one thread: runs of neighbouring sites from a pool of crops
// that is renewed bit by bit.
#pragma once

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tools/train/checkpoint.h"

namespace flowzip {

struct TrainOptions {
  // Of the networks; widths are multiples of 16, and may be 0 for `width`.
  int width = 64, blocks = 1, components = 3;
  std::array<int, FlowModel::kNets> widths{};
  int first_plane = 0;                   // networks of planes before it stay as they are
  double megapixels = 200, minutes = 0;  // to learn from; minutes end it earlier unless 0
  double rate = 3e-3;                    // peak of the cosine schedule
  int runs = 32;                         // of 256 sites, in a step
  int pool = 64;                         // crops at hand
  double reuse = 1;                      // how often a crop's pixels are seen before it is replaced
  double augment = 1;                    // strength
  double report_s = 20, save_s = 180;
  uint32_t seed = 1;
  std::string checkpoint;  // to write; "" for none
  std::string resume;      // to start from; networks wider than the above are narrowed
  bool quiet = false;
};

// Mean bits per sub-pixel over every `every`-th row of the crops, by the averaged weights.
double Evaluate(TrainingState& state, const std::vector<std::shared_ptr<Crop>>& crops, int every,
                std::array<double, kChannels>* by_channel = nullptr);

// Pictures are RGB. `validation` may be empty.
TrainingState Train(const TrainOptions& options, const std::vector<Image>& images,
                    const std::vector<Image>& validation);

}  // namespace flowzip
