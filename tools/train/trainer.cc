// SPDX-License-Identifier: BSD-3-Clause
#include "tools/train/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <numbers>
#include <numeric>

#include "tools/train/narrow.h"

namespace flowzip {
namespace {

using Crops = std::vector<std::shared_ptr<Crop>>;

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Crops of all pictures in turn, in random order.
class Source {
 public:
  Source(const std::vector<Image>& images, double strength, std::mt19937& rng)
      : images_(images), strength_(strength), rng_(rng), order_(images.size()) {
    std::iota(order_.begin(), order_.end(), size_t{0});
    next_ = order_.size();
  }
  std::shared_ptr<Crop> Draw() {
    if (next_ == order_.size()) {
      std::shuffle(order_.begin(), order_.end(), rng_);
      next_ = 0;
    }
    return MakeCrop(images_[order_[next_++]], strength_, rng_);
  }

 private:
  const std::vector<Image>& images_;
  double strength_;
  std::mt19937& rng_;
  std::vector<size_t> order_;
  size_t next_;
};

TrainingState NewState(const TrainOptions& options, const Crops& pool, std::mt19937& rng) {
  TrainingState state;
  for (size_t i = 0; i < FlowModel::kNets; ++i) {
    const int width = options.widths[i] > 0 ? options.widths[i] : options.width;
    state.nets.emplace_back(
        NetShape{FeatureCount(FlowModel::kEarlier[i]), width, options.blocks, options.components},
        rng);
  }
  state.scale = FitScales(pool);
  return state;
}

}  // namespace

double Evaluate(TrainingState& state, const Crops& crops, int every,
                std::array<double, kChannels>* by_channel) {
  for (Net& net : state.nets) {
    net.SwapAverage();
    net.Begin();
  }
  Sites sites;
  double total = 0;
  for (int c = 0; c < kChannels; ++c) {
    double bits = 0, count = 0;
    for (const auto& crop : crops) {
      Net& net = state.nets[NetFor(*crop, c)];
      for (int y = 0; y < crop->height; y += every) {
        for (int x = 0; x < crop->width; x += kRun) {
          const int n = std::min(kRun, crop->width - x);
          Gather(*crop, c, x, y, n, state.scale, &sites, net.features());
          bits += net.Run(sites, false);
          count += n;
        }
      }
    }
    if (by_channel != nullptr) (*by_channel)[static_cast<size_t>(c)] = bits / count;
    total += bits / count;
  }
  for (Net& net : state.nets) net.SwapAverage();
  return total / kChannels;
}

TrainingState Train(const TrainOptions& options, const std::vector<Image>& images,
                    const std::vector<Image>& validation) {
  InitGemm();
  std::mt19937 rng(options.seed);
  Crops held_out, pool;
  for (const Image& image : validation) held_out.push_back(MakeCrop(image, 0, rng));
  Source source(images, options.augment, rng);
  for (int i = 0; i < options.pool; ++i) pool.push_back(source.Draw());
  TrainingState state =
      options.resume.empty() ? NewState(options, pool, rng) : TrainingState::Load(options.resume);
  if (!options.resume.empty()) {
    std::array<int, FlowModel::kNets> widths = options.widths;
    for (int& width : widths) width = width > 0 ? width : kMaxNetWidth;
    NarrowNets(state, pool, widths);
  }

  const double begin = Now(), pixels = options.megapixels * 1e6;
  const double seconds = options.minutes > 0 ? 60 * options.minutes : 1e12;
  double last_report = begin, last_save = begin, seen = 0, used = 0;
  std::array<double, kChannels> loss{};
  size_t oldest = 0;
  Sites sites;
  while (state.pixels < pixels && Now() - begin < seconds) {
    const double at = std::min(1.0, std::max(state.pixels / pixels, (Now() - begin) / seconds));
    const double warm = std::min(1.0, state.pixels / 1e6 + 0.02);
    const double rate =
        warm * options.rate * (0.01 + 0.99 * 0.5 * (1 + std::cos(std::numbers::pi * at)));
    for (Net& net : state.nets) net.Begin();
    double count = 0;
    std::array<double, FlowModel::kNets> counts{};
    for (int run = 0; run < options.runs; ++run) {
      const Crop& crop = *pool[std::uniform_int_distribution<size_t>(0, pool.size() - 1)(rng)];
      const int y = std::uniform_int_distribution<int>(0, crop.height - 1)(rng);
      const int x = std::uniform_int_distribution<int>(0, std::max(0, crop.width - kRun))(rng);
      const int n = std::min(kRun, crop.width - x);
      for (int c = options.first_plane; c < kChannels; ++c) {
        const size_t i = NetFor(crop, c);
        Net& net = state.nets[i];
        counts[i] += n;
        Gather(crop, c, x, y, n, state.scale, &sites, net.features());
        loss[static_cast<size_t>(c)] += net.Run(sites, true);
      }
      count += n;
    }
    for (size_t i = 0; i < state.nets.size(); ++i) {
      if (counts[i] > 0) state.nets[i].Step(rate, counts[i]);
    }
    seen += count;
    used += count;
    state.pixels += count;
    const double lifetime =
        static_cast<double>(pool[oldest]->width) * pool[oldest]->height * options.reuse;
    if (used > lifetime) {
      used -= lifetime;
      pool[oldest] = source.Draw();
      oldest = (oldest + 1) % pool.size();
    }
    if (!options.quiet && Now() - last_report > options.report_s) {
      std::printf("%.1f Mpx  %.3f  (%.3f %.3f %.3f)  rate %.2e\n", state.pixels / 1e6,
                  (loss[0] + loss[1] + loss[2]) / seen / kChannels, loss[0] / seen, loss[1] / seen,
                  loss[2] / seen, rate);
      std::fflush(stdout);
      loss = {};
      seen = 0;
      last_report = Now();
    }
    if (Now() - last_save > options.save_s) {
      if (!options.checkpoint.empty()) state.Save(options.checkpoint);
      if (!options.quiet && !held_out.empty()) {
        std::printf("%.1f Mpx  validation %.4f\n", state.pixels / 1e6,
                    Evaluate(state, held_out, 4));
        std::fflush(stdout);
      }
      last_save = Now();
    }
  }
  if (!options.checkpoint.empty()) state.Save(options.checkpoint);
  if (!options.quiet && !held_out.empty()) {
    std::array<double, kChannels> by;
    const double bits = Evaluate(state, held_out, 1, &by);
    std::printf("%.1f Mpx  validation %.4f  (%.3f %.3f %.3f)\n", state.pixels / 1e6, bits, by[0],
                by[1], by[2]);
  }
  return state;
}

}  // namespace flowzip
