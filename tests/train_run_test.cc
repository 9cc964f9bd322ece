// SPDX-License-Identifier: BSD-3-Clause
// Training, and that the codec's integers are what was trained.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <numeric>

#include "codec/api/codec.h"
#include "model/site_step.h"
#include "tools/train/pictures.h"
#include "tools/train/trainer.h"

namespace flowzip {
namespace {

const std::vector<Image>& Photos() {
  static const std::vector<Image> photos = LoadFolder(FLOWZIP_SOURCE_DIR "/data/photos");
  return photos;
}

TrainOptions Options(double megapixels) {
  TrainOptions options;
  options.width = 16;
  options.megapixels = megapixels;
  options.runs = 8;
  options.pool = 6;
  options.quiet = true;
  return options;
}

// A network that has learnt a little, once for all tests.
TrainingState& Trained() {
  static TrainingState state = Train(Options(0.4), Photos(), {});
  return state;
}

TEST_CASE("training makes pictures likelier") {
  std::mt19937 rng(1);
  const std::vector<std::shared_ptr<Crop>> crops = {MakeCrop(Photos()[0], 0, rng)};
  TrainingState begun = Train(Options(0.002), Photos(), {});
  const double first = Evaluate(begun, crops, 2), then = Evaluate(Trained(), crops, 2);
  CAPTURE(first, then);
  CHECK(then < first - 0.05);
}

TEST_CASE("the codec spends the bits that the trainer foresaw") {
  Model model;
  model.name = "trained";
  model.flow = Export(Trained());
  model.Serialize();
  std::mt19937 rng(1);
  for (const Image& photo : Photos()) {
    std::array<double, kChannels> foreseen{};
    Evaluate(Trained(), {MakeCrop(photo, 0, rng)}, 1, &foreseen);
    EncodeOptions options;
    options.model = &model;
    options.coding = Coding::kNetwork;
    PixelBits spent;
    spent.with_detail = true;
    options.pixel_bits = &spent;
    const std::vector<uint8_t> file = Encode(photo, options);
    DecodeOptions decode;
    decode.model_override = &model;
    CHECK(Decode(file, decode).samples == photo.samples);
    const double pixels = static_cast<double>(photo.width) * photo.height;
    double sum = 0, coded = 0;
    for (size_t c = 0; c < kChannels; ++c) {
      sum += foreseen[c];
      // The network's share: the codec tilts its distributions.
      const std::vector<float>& bits = spent.channel[c].bits;
      coded += std::accumulate(bits.begin(), bits.end(), 0.0) / pixels;
    }
    CAPTURE(photo.width, photo.height, sum, coded);
    // A gray photograph as RGB: of equal channels, what is foreseen is next to nothing.
    CHECK(coded == Approx(sum).epsilon(0.015));
  }
}

TEST_CASE("exported layers give what the trained ones give") {
  // In the trainer, activations have 8 significant bits. An output is 1/256 of an octave or of a
  // scale; the tolerance is a twentieth on the average and a half at most.
  std::mt19937 rng(1);
  const FlowModel flow = Export(Trained());
  const std::shared_ptr<Crop> crop = MakeCrop(Photos()[1], 0, rng);
  for (int c = 0; c < kChannels; ++c) {
    Net& net = Trained().nets[static_cast<size_t>(c)];
    const CouplingNet& exported = flow.nets[static_cast<size_t>(c)].net;
    net.SwapAverage();
    net.Begin();
    Sites sites;
    double sum = 0, most = 0, count = 0;
    for (int y = 10; y < 200; y += 30) {
      Gather(*crop, c, 0, y, kRun, Trained().scale, &sites, net.features());
      net.Run(sites, false);
      for (int x = 0; x < kRun; x += kNetSites) {
        alignas(64) int32_t pairs[(kMaxFeatures + 1) / 2 * kNetSites] = {};
        alignas(64) int32_t out[3 * 8 * kNetSites];
        for (int f = 0; f < exported.features; ++f) {
          for (int s = 0; s < kNetSites; ++s) {
            const float feature = net.features()[f * kStride + x + s];
            const auto value = static_cast<int32_t>(std::lround(feature * 128));
            pairs[f / 2 * kNetSites + s] |= f % 2 == 0 ? value & 0xFFFF : value * 65536;
          }
        }
        exported.Evaluate(pairs, out);
        for (int k = 0; k < exported.outputs(); ++k) {
          for (int s = 0; s < kNetSites; ++s) {
            const double octaves = k < exported.components ? 1.44269504 : 1;
            const double difference = std::abs(net.outputs()[k * kStride + x + s] * octaves -
                                               out[k * kNetSites + s] / 256.0);
            sum += difference;
            most = std::max(most, difference);
            count += 1;
          }
        }
      }
    }
    net.SwapAverage();
    std::printf("channel %d: outputs differ by %.4f on the average, %.3f at most\n", c, sum / count,
                most);
    CHECK(sum / count < 0.05);
    CHECK(most < 0.5);
  }
}

TEST_CASE("a checkpoint is the state") {
  const std::string path = std::filesystem::temp_directory_path() / "flowzip_train_run_test.ckpt";
  Trained().Save(path);
  TrainingState again = TrainingState::Load(path);
  CHECK(again.pixels == Trained().pixels);
  for (size_t c = 0; c < kChannels; ++c) {
    CHECK(again.scale.weight[c] == Trained().scale.weight[c]);
    CHECK(again.nets[c].weights == Trained().nets[c].weights);
    CHECK(again.nets[c].average == Trained().nets[c].average);
    CHECK(again.nets[c].first_moment == Trained().nets[c].first_moment);
    CHECK(again.nets[c].second_moment == Trained().nets[c].second_moment);
    CHECK(again.nets[c].steps == Trained().nets[c].steps);
  }
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 1);
  CHECK_THROWS_WITH(TrainingState::Load(path), "the checkpoint is cut short");
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace flowzip
