// SPDX-License-Identifier: BSD-3-Clause
// Maximum-likelihood training of a whole model.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tools/train/dataset.h"
#include "tools/train/optimiser.h"
#include "tools/train/twin.h"

namespace flowzip {

struct TrainOptions {
  std::string output;      // model file; written at every checkpoint
  std::string checkpoint;  // torch archive; empty for none
  std::string resume;      // checkpoint to start from
  std::string log;         // CSV, appended
  std::string name = "flowzip";
  std::string device = "cpu";
  TwinShape fine, coarse;          // shapes of level 0 and of all coarser levels
  bool latent_components = false;  // how the exported model codes (model.h)
  int adaptive_levels = -1;        // -1: the model's default, or the checkpoint's
  int64_t steps = 0;               // stop after so many steps, or
  double minutes = 0;              // after so much time: whichever comes first; 0 = no limit
  int batch = 16, crop = 48;       // level-0 crops, size on the grid
  int coarse_batch = 16, coarse_crop = 32;
  double learning_rate = 2e-3, final_rate = 0.01;  // cosine from the one to a share of it
  int warmup = 200;
  double ema = 0.999;
  double quantise_share = 0.03;  // last part of the run with fake quantisation
  double augment = 1.0;
  double pool_megapixels = 250;
  double refresh_seconds = 2;
  double report_seconds = 60, checkpoint_seconds = 300;
  int validation_images = 16;
  bool bf16 = true;
  bool refit_filters = false;  // on resuming: default radii and newly fitted default filters
  bool fresh_moments = false;  // on resuming: from the averaged weights, moments anew
  uint64_t seed = 1;
};

// Bits per sub-pixel of whole pictures by level, group and channel.
struct Evaluation {
  std::vector<std::array<std::array<double, kChannels>, kGroups>> levels;
  double total() const;
  double level(size_t l) const;
};

// Writes to a neighbour and renames, so that a killed run leaves a whole file.
void ReplaceFile(const std::string& path, const std::vector<uint8_t>& bytes);

class Trainer {
 public:
  Trainer(const TrainOptions& options, std::vector<Image> images);
  // Trains until the limit; prints progress on stderr, writes log, checkpoint and model.
  void Run();

 private:
  void Checkpoint();
  void Resume();
  Evaluation Evaluate(bool quantised);
  double Step(double learning_rate, bool quantised);
  void Report(double elapsed, double progress, double train_bits, double pixels_per_second);
  void Export();
  // Restores the state of the best validation, with a lower learning rate.
  void GoBack(const char* what, double bits);

  TrainOptions options_;
  torch::Device device_;
  std::vector<Image> train_, validation_;
  Model model_;
  TwinNet fine_, coarse_;
  std::vector<Optimiser> optimisers_;
  std::unique_ptr<TrainingPool> pool_;
  std::vector<PreparedImage> prepared_validation_;
  std::mt19937 rng_;
  int64_t step_ = 0;
  double pixels_ = 0;  // level-0 pixels seen, all runs
  double minutes_ = 0;
  double best_ = 0;         // lowest validation figure of this run
  double rate_factor_ = 1;  // lowered each time the run goes astray
};

}  // namespace flowzip
