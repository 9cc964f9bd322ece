// SPDX-License-Identifier: BSD-3-Clause
// From pictures to training tensors: the codec's own filters and features, precomputed.
//
// The adaptive filters are fitted per picture, not per crop, as the encoder does; so
// everything the network sees is prepared once per picture and only cropped while training.
#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "codec/picture/image.h"
#include "model/features.h"
#include "model/model.h"

namespace flowzip {

// Channels of a prepared level, in order: the trunk features of the three groups, then per
// group the union of its head features and the target:
//   r_0, log|r_0|, p_1 - m_1, r_1, log|r_1|, p_2 - m_2, r_2     (residuals in 1/16 steps)
inline constexpr int kTrunkTotal = kTrunkInputs[0] + kTrunkInputs[1] + kTrunkInputs[2];
inline constexpr int kHeadPlanes = 7;
inline constexpr int kPreparedChannels = kTrunkTotal + kGroups * kHeadPlanes;
constexpr int TrunkStart(int group) {
  return group == 0 ? 0 : TrunkStart(group - 1) + kTrunkInputs[group - 1];
}
constexpr int HeadStart(int group) { return kTrunkTotal + group * kHeadPlanes; }
inline constexpr int kResidualPlane[kChannels] = {0, 3, 6};

// One level on its grid: height x width x kPreparedChannels, int16.
struct PreparedLevel {
  int width = 0, height = 0;
  std::vector<int16_t> data;
};

struct PreparedImage {
  std::vector<PreparedLevel> levels;  // finest first; at most kPreparedLevels
  double filter_bits = 0;             // side information
};
inline constexpr int kPreparedLevels = 5;

// A picture's channels as the flow takes them.
using TrainingPlanes = std::array<IntPlane, kChannels>;

// Y, Co, Cg planes of a gray or RGB picture.
TrainingPlanes ToPlanes(const Image& image, const Model& model);

// The same, cropped to a multiple of 32.
TrainingPlanes Unaugmented(const Image& image, const Model& model);

// A random member of the picture's family: flips, transpose, reduction, simulated chroma
// subsampling, sharpening, noise, gray, or the integer luma and chroma of a recovered colour
// conversion (augment_ycc.h). Sizes are multiples of 32. `strength` 0 does nothing.
TrainingPlanes Augment(const Image& image, const Model& model, double strength, std::mt19937& rng);

// Fits filters and computes features. Sizes must be multiples of 32.
PreparedImage Prepare(const TrainingPlanes& planes, const Model& model, ThreadPool& pool);

// The model's default filters by least squares over all pictures.
void FitDefaultFilters(const std::vector<TrainingPlanes>& images, Model& model, ThreadPool& pool);

}  // namespace flowzip
