// SPDX-License-Identifier: BSD-3-Clause
// Training pictures in memory: loading, packing, preparing, cropping into batches.
#pragma once

#include <torch/torch.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tools/train/prepare.h"

namespace flowzip {

// All 8-bit gray and RGB PNGs of a folder in the order of their names; others are skipped with
// a line on stderr.
std::vector<Image> LoadFolder(const std::string& folder);

// The packed tensor file: "FLZPACK1", u32 count, then per picture u32 width, u32 height and
// width * height * 3 bytes. Needs no libpng to read.
void WritePack(const std::string& path, const std::vector<Image>& images);
std::vector<Image> ReadPack(const std::string& path);

// A folder or a pack, by what the path is.
std::vector<Image> LoadImages(const std::string& path);

// Prepared pictures, refreshed with new augmentations by a background thread.
class TrainingPool {
 public:
  TrainingPool(const std::vector<Image>& images, const Model& model, double strength,
               double megapixels, double refresh_seconds, uint64_t seed);
  ~TrainingPool();

  // Random crops of grid size `size`, level 0 or coarser: [batch, kPreparedChannels, size, size]
  // float, channels last, in network units (integers / 256).
  torch::Tensor Batch(int batch, int size, bool coarse, std::mt19937& rng) const;

 private:
  void Refresh(double seconds, uint64_t seed);

  const std::vector<Image>& images_;
  const Model& model_;
  const double strength_;
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<const PreparedImage>> pool_;
  std::vector<size_t> source_;  // index of each pool entry's picture
  std::atomic<bool> stop_ = false;
  std::thread refresher_;
};

// A crop of a prepared level as a tensor [1, kPreparedChannels, h, w].
torch::Tensor LevelTensor(const PreparedLevel& level, int x0, int y0, int width, int height);

}  // namespace flowzip
