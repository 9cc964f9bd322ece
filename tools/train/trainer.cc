// SPDX-License-Identifier: BSD-3-Clause
#include "tools/train/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>

namespace flowzip {
namespace {

using Clock = std::chrono::steady_clock;
// A validation figure this much above the best means that the run has gone astray.
constexpr double kAstray = 1.05;
// The same for the training figure of the last 20 steps against that of the last 500.
constexpr double kAstrayTraining = 1.5;
constexpr int kSubPixelsPerSite = 4 * kChannels;
constexpr double kBeta2 = 0.95;  // of Adam

double Seconds(Clock::time_point since) {
  return std::chrono::duration<double>(Clock::now() - since).count();
}

torch::Tensor Sum(const TwinNetImpl::Bits& bits) {
  torch::Tensor sum;
  for (const auto& group : bits) {
    for (const torch::Tensor& b : group) sum = sum.defined() ? sum + b : b;
  }
  return sum;
}

}  // namespace

void ReplaceFile(const std::string& path, const std::vector<uint8_t>& bytes) {
  const std::string temporary = path + ".tmp";
  std::ofstream out(temporary, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()),
            static_cast<std::streamsize>(bytes.size()));
  out.close();
  Require(out.good(), ErrorCode::kIo, "cannot write the model file");
  std::filesystem::rename(temporary, path);
}

double Evaluation::level(size_t l) const {
  double sum = 0;
  for (const auto& group : levels[l]) {
    for (const double b : group) sum += b;
  }
  return sum;
}

double Evaluation::total() const {
  double sum = 0;
  for (size_t l = 0; l < levels.size(); ++l) sum += level(l);
  return sum;
}

Trainer::Trainer(const TrainOptions& options, std::vector<Image> images)
    : options_(options),
      device_(options.device),
      fine_(options.fine),
      coarse_(options.coarse),
      rng_(static_cast<uint32_t>(options.seed)) {
  // Every n-th picture validates.
  const size_t every = std::max<size_t>(2, images.size() / std::max(1, options.validation_images));
  for (size_t i = 0; i < images.size(); ++i) {
    (i % every == every / 2 ? validation_ : train_).push_back(std::move(images[i]));
  }
  Require(!train_.empty() && !validation_.empty(), ErrorCode::kInvalidArgument,
          "too few pictures to train and validate");
  fine_->to(device_);
  coarse_->to(device_);
  for (TwinNet* net : {&fine_, &coarse_}) {
    optimisers_.emplace_back((*net)->parameters(), kBeta2, options.ema);
  }
  model_.name = options.name;
  model_.components = options.fine.components;
  model_.classes.resize(2);
  ThreadPool threads(static_cast<int>(std::max(1u, std::thread::hardware_concurrency())));
  if (!options.resume.empty()) Resume();
  model_.latent_components = options.latent_components;
  model_.affine = options.fine.affine;
  Require(options.fine.affine == options.coarse.affine, ErrorCode::kInvalidArgument,
          "affine couplings are for all levels or for none");
  if (options.adaptive_levels >= 0) model_.adaptive_levels = options.adaptive_levels;
  if (options.resume.empty() || options.refit_filters) {
    model_.radii = ContextRadii{};
    std::vector<TrainingPlanes> sample;
    for (size_t i = 0; i < train_.size(); i += 1 + train_.size() / 64) {
      sample.push_back(Unaugmented(train_[i], model_));
    }
    FitDefaultFilters(sample, model_, threads);
  }
  for (const Image& image : validation_) {
    prepared_validation_.push_back(Prepare(Unaugmented(image, model_), model_, threads));
  }
  std::fprintf(stderr, "preparing %zu pictures\n", train_.size());
  pool_ = std::make_unique<TrainingPool>(train_, model_, options.augment, options.pool_megapixels,
                                         options.refresh_seconds, options.seed + step_);
}

double Trainer::Step(double learning_rate, bool quantised) {
  const torch::ScalarType dtype = options_.bf16 && !quantised ? torch::kBFloat16 : torch::kFloat;
  double bits = 0;
  for (const bool coarse : {false, true}) {
    const torch::Tensor batch =
        pool_
            ->Batch(coarse ? options_.coarse_batch : options_.batch,
                    coarse ? options_.coarse_crop : options_.crop, coarse, rng_)
            .to(device_);
    const torch::Tensor loss = Sum((coarse ? coarse_ : fine_)->Forward(batch, dtype, quantised));
    loss.backward();
    optimisers_[coarse].Step(learning_rate);
    // Coarser levels hold a third as many sites in all.
    bits += loss.item<double>() / kSubPixelsPerSite * (coarse ? 1.0 / 3 : 1.0);
  }
  pixels_ += 4.0 * options_.batch * options_.crop * options_.crop;
  ++step_;
  return bits;
}

Evaluation Trainer::Evaluate(bool quantised) {
  torch::NoGradGuard no_grad;
  for (Optimiser& optimiser : optimisers_) optimiser.SwapEma();
  Evaluation sum;
  sum.levels.resize(kPreparedLevels);
  double sites = 0;
  for (const PreparedImage& image : prepared_validation_) {
    sites += static_cast<double>(image.levels[0].width) * image.levels[0].height;
    for (size_t l = 0; l < image.levels.size(); ++l) {
      const PreparedLevel& level = image.levels[l];
      const auto bits =
          (l == 0 ? fine_ : coarse_)
              ->Forward(LevelTensor(level, 0, 0, level.width, level.height).to(device_),
                        torch::kFloat, quantised);
      for (int g = 0; g < kGroups; ++g) {
        for (int c = 0; c < kChannels; ++c) {
          sum.levels[l][g][c] += bits[g][c].item<double>() * level.width * level.height;
        }
      }
    }
  }
  for (auto& level : sum.levels) {
    for (auto& group : level) {
      for (double& bits : group) bits /= sites * kSubPixelsPerSite;
    }
  }
  for (Optimiser& optimiser : optimisers_) optimiser.SwapEma();
  return sum;
}

void Trainer::Export() {
  for (Optimiser& optimiser : optimisers_) optimiser.SwapEma();
  model_.classes[0].net = fine_->Export();
  model_.classes[1].net = coarse_->Export();
  for (Optimiser& optimiser : optimisers_) optimiser.SwapEma();
  if (!options_.output.empty()) ReplaceFile(options_.output, model_.Serialize());
}

void Trainer::Checkpoint() {
  Export();
  if (options_.checkpoint.empty()) return;
  torch::serialize::OutputArchive archive;
  optimisers_[0].Save(archive, "fine.");
  optimisers_[1].Save(archive, "coarse.");
  const std::vector<uint8_t> bytes = model_.Serialize();
  archive.write("model",
                torch::from_blob(const_cast<uint8_t*>(bytes.data()),
                                 {static_cast<int64_t>(bytes.size())}, torch::kByte)
                    .clone(),
                true);
  archive.write("progress",
                torch::tensor({static_cast<double>(step_), pixels_, minutes_}, torch::kDouble),
                true);
  archive.save_to(options_.checkpoint + ".tmp");
  std::filesystem::rename(options_.checkpoint + ".tmp", options_.checkpoint);
}

void Trainer::Resume() {
  torch::serialize::InputArchive archive;
  archive.load_from(options_.resume);
  torch::Tensor bytes, progress;
  archive.read("model", bytes, true);
  archive.read("progress", progress, true);
  // Filters and radii come with the checkpoint: the network was trained behind them.
  const std::string name = model_.name;
  model_ = Model::Parse(ByteSpan(bytes.data_ptr<uint8_t>(), bytes.numel()));
  model_.name = name;
  step_ = static_cast<int64_t>(progress[0].item<double>());
  pixels_ = progress[1].item<double>();
  minutes_ = progress[2].item<double>();
  for (const bool coarse : {false, true}) {
    const std::string prefix = coarse ? "coarse." : "fine.";
    const TwinShape shape = TwinShape::Of(model_.classes[coarse].net, model_.components);
    if (shape == (coarse ? options_.coarse : options_.fine)) {
      optimisers_[coarse].Load(archive, prefix);
      if (options_.fresh_moments) optimisers_[coarse].StartFromEma();
      continue;
    }
    TwinNet smaller(shape);
    Optimiser averaged(smaller->parameters(), kBeta2, options_.ema);
    averaged.Load(archive, prefix);
    averaged.SwapEma();
    TwinNet& net = coarse ? coarse_ : fine_;
    net->GrowFrom(*smaller);
    optimisers_[coarse] = Optimiser(net->parameters(), kBeta2, options_.ema);
  }
}

void Trainer::GoBack(const char* what, double bits) {
  rate_factor_ *= 0.7;
  std::fprintf(stderr, "step %lld: %s at %.4f; back to the best state, learning rate x %.2f\n",
               static_cast<long long>(step_), what, bits, rate_factor_);
  for (Optimiser& optimiser : optimisers_) optimiser.Restore();
}

void Trainer::Report(double elapsed, double progress, double train_bits, double pixels_per_second) {
  const bool quantised = progress > 1 - options_.quantise_share;
  const Evaluation e = Evaluate(quantised);
  const bool astray = best_ > 0 && !(e.total() < kAstray * best_);
  if (best_ == 0 || e.total() < best_) {
    best_ = e.total();
    for (Optimiser& optimiser : optimisers_) optimiser.Snapshot();
  }
  const double left = progress > 0 ? elapsed * (1 - progress) / progress : 0;
  std::fprintf(stderr,
               "step %lld  train %.4f  validation %.4f (%.3f %.3f %.3f %.3f %.3f)  %.2f MP/s  "
               "%.2f GP  %.0f min left\n",
               static_cast<long long>(step_), train_bits, e.total(), e.level(0), e.level(1),
               e.level(2), e.level(3), e.level(4), pixels_per_second / 1e6, pixels_ / 1e9,
               left / 60);
  if (astray) GoBack("validation", e.total());
  if (options_.log.empty()) return;
  const bool fresh = !std::filesystem::exists(options_.log);
  std::ofstream log(options_.log, std::ios::app);
  if (fresh) {
    log << "step,gigapixels,minutes,train,validation,pixels_per_second";
    for (size_t l = 0; l < e.levels.size(); ++l) {
      for (int g = 0; g < kGroups; ++g) {
        for (int c = 0; c < kChannels; ++c) log << ",l" << l << "g" << g << "c" << c;
      }
    }
    log << "\n";
  }
  log << step_ << "," << pixels_ / 1e9 << "," << minutes_ << "," << train_bits << "," << e.total()
      << "," << pixels_per_second;
  for (const auto& level : e.levels) {
    for (const auto& group : level) {
      for (const double b : group) log << "," << b;
    }
  }
  log << "\n";
}

void Trainer::Run() {
  const auto start = Clock::now();
  const double minutes_before = minutes_;
  const int64_t first = step_;
  double reported = 0, saved = 0, sum = 0;
  double slow = 0, fast = 0;  // running means of the training figure
  int64_t since = 0;
  for (;;) {
    const double elapsed = Seconds(start);
    minutes_ = minutes_before + elapsed / 60;
    double progress = 0;
    if (options_.minutes > 0) progress = elapsed / (60 * options_.minutes);
    if (options_.steps > 0) {
      progress = std::max(progress,
                          static_cast<double>(step_ - first) / static_cast<double>(options_.steps));
    }
    const bool done = progress >= 1;
    if (since > 0 && (done || elapsed - reported >= options_.report_seconds)) {
      const double rate =
          4.0 * options_.batch * options_.crop * options_.crop * since / (elapsed - reported);
      Report(elapsed, std::min(progress, 1.0), sum / since, rate);
      sum = 0;
      since = 0;
      reported = Seconds(start);  // validation time is not training time
    }
    if (done || elapsed - saved >= options_.checkpoint_seconds) {
      Checkpoint();
      saved = elapsed;
    }
    if (done) break;
    const double warm = std::min(1.0, (step_ - first + 1.0) / options_.warmup);
    const double cosine = 0.5 * (1 + std::cos(M_PI * progress));
    const double rate = options_.learning_rate * rate_factor_ * warm *
                        (options_.final_rate + (1 - options_.final_rate) * cosine);
    const double bits = Step(rate, progress > 1 - options_.quantise_share);
    sum += bits;
    ++since;
    // A single batch may cost anything; only a row of bad ones counts.
    const double capped = slow > 0 ? std::min(bits, 3 * slow) : bits;
    slow = slow > 0 ? 0.998 * slow + 0.002 * capped : capped;
    fast = fast > 0 ? 0.95 * fast + 0.05 * capped : capped;
    if (best_ > 0 && !(fast < kAstrayTraining * slow)) {
      GoBack("training", fast);
      fast = slow = 0;
    }
  }
}

}  // namespace flowzip
