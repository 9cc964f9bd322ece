// SPDX-License-Identifier: BSD-3-Clause
// The differentiable twin against the integers: the same network, the same bits.
#include <algorithm>
#include <cmath>
#include <string>

#include "codec/api/codec.h"
#include "codec/coders/flow/flow_tile.h"
#include "model/embedded.h"
#include "model/mixture.h"
#include "tests/tiny_model.h"
#include "tools/png_io.h"
#include "tools/read_file.h"
#include "tools/train/clamp.h"
#include "tools/train/dataset.h"
#include "tools/train/likelihood.h"
#include "tools/train/prepare.h"
#include "tools/train/twin.h"

// LibTorch brings a CHECK of its own, which ends the program.
#undef CHECK
#include <catch2/catch.hpp>

namespace flowzip {
namespace {

using testing::Random;

// Prepared features [1, kPreparedChannels, H, W] of random integers up to +-most.
torch::Tensor RandomFeatures(int height, int width, int most) {
  return torch::randint(-most, most + 1, {1, kPreparedChannels, height, width}, torch::kDouble) /
         256.0;
}

// Channels of a prepared tensor as the runtime's activations.
Tensor ToTensor(const torch::Tensor& prepared, const std::vector<int>& channels) {
  const auto view = prepared.accessor<double, 4>();
  const int height = static_cast<int>(prepared.size(2)), width = static_cast<int>(prepared.size(3));
  Tensor out(width, height, static_cast<int>(channels.size()));
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (size_t i = 0; i < channels.size(); ++i) {
        out.At(x, y)[i] = static_cast<int16_t>(std::lround(view[0][channels[i]][y][x] * 256));
      }
    }
  }
  return out;
}

std::vector<int> TrunkChannels(int group) {
  std::vector<int> channels;
  for (int i = 0; i < kTrunkInputs[group]; ++i) channels.push_back(TrunkStart(group) + i);
  return channels;
}

// As HeadFeatures: residuals and their logarithms, residuals clamped, then p - m.
Tensor HeadTensor(const torch::Tensor& prepared, int group, int channel) {
  std::vector<int> channels;
  for (int k = 0; k < channel; ++k) {
    const int at = HeadStart(group) + kResidualPlane[k];
    channels.insert(channels.end(), {at, at + 1});
  }
  channels.push_back(HeadStart(group) + kResidualPlane[channel] - 1);
  Tensor out = ToTensor(prepared, channels);
  for (int y = 0; y < out.height(); ++y) {
    for (int x = 0; x < out.width(); ++x) {
      for (int k = 0; k < channel; ++k) {
        int16_t& r = out.At(x, y)[2 * k];
        r = static_cast<int16_t>(std::clamp<int>(r, -kMaxDifference, kMaxDifference));
      }
    }
  }
  return out;
}

void Prepare(LevelNet& net) {
  for (GroupNet& group : net.groups) {
    if (group.scale.in > 0) group.scale.Prepare();
    group.input.Prepare();
    for (ResidualBlock& block : group.blocks) {
      block.first.Prepare();
      block.second.Prepare();
    }
    for (int c = 0; c < kChannels; ++c) {
      group.heads[c].hidden.Prepare();
      if (c > 0) group.heads[c].extra.Prepare();
      group.heads[c].out.Prepare();
    }
  }
}

// Compares every output of the twin with the integer runtime's; returns the share at the limit.
double CheckTwin(TwinNet& twin, const torch::Tensor& prepared) {
  torch::NoGradGuard no_grad;
  LevelNet net = twin->Export();
  Prepare(net);
  const int height = static_cast<int>(prepared.size(2)), width = static_cast<int>(prepared.size(3));
  ThreadPool pool(1);
  NetworkState state(net, width, height);
  TwinNetImpl::Scales scales;
  const auto heads = twin->Heads(prepared, /*quantised=*/true, &scales);
  int64_t clamped = 0, total = 0;
  for (int g = 0; g < kGroups; ++g) {
    const Tensor trunk = ToTensor(prepared, TrunkChannels(g));
    state.RunTrunk(
        g, [&](Tensor& out, int, int) { out = trunk; }, pool);
    HeadScratch scratch;
    for (int y = 0; y < height && net.groups[g].scale.in > 0; ++y) {
      const Tensor& integers = state.ScaleRows(g, y, y + 1, scratch);
      for (int x = 0; x < width; ++x) {
        for (int c = 0; c < kChannels; ++c) {
          CAPTURE(g, c, y, x);
          REQUIRE(scales[g][0][c][y][x].item<double>() * 256 == integers.At(x, y)[c]);
        }
      }
    }
    for (int c = 0; c < kChannels; ++c) {
      Tensor extra;
      if (c > 0) extra = HeadTensor(prepared, g, c);
      const Tensor integers = state.RunHead(
          g, c, [&](Tensor& out, int, int) { out = extra; }, pool);
      const torch::Tensor floats = heads[g][c].contiguous() * 256.0;
      REQUIRE(floats.size(1) == integers.channels());
      const auto view = floats.accessor<double, 4>();
      for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
          for (int i = 0; i < integers.channels(); ++i) {
            const int16_t expected = integers.At(x, y)[i];
            CAPTURE(g, c, y, x, i);
            if (view[0][i][y][x] != expected) REQUIRE(view[0][i][y][x] == expected);
            clamped += std::abs(int{expected}) == kMaxActivation;
            ++total;
          }
        }
      }
    }
  }
  return static_cast<double>(clamped) / static_cast<double>(total);
}

TwinShape SmallShape() {
  TwinShape shape;
  shape.width = 7;
  shape.inner = 5;
  shape.head = 6;
  shape.components = 2;
  shape.blocks = {2, 1, 0};
  return shape;
}

TEST_CASE("in double precision the quantised twin equals the integer runtime, every output") {
  torch::manual_seed(1);
  for (int trial = 0; trial < 6; ++trial) {
    TwinShape shape = SmallShape();
    shape.affine = trial % 2 == 1;
    TwinNet twin(shape);
    {
      torch::NoGradGuard no_grad;
      for (torch::Tensor& p : twin->parameters()) {
        if (p.dim() == 1) p.add_(torch::randn_like(p) * 0.3);
      }
    }
    twin->to(torch::kDouble);
    CheckTwin(twin, RandomFeatures(9, 14, 2000));
    CheckTwin(twin, RandomFeatures(1, 17, kMaxActivation));
    CheckTwin(twin, RandomFeatures(17, 1, 100));
  }
}

TEST_CASE("also where activations reach their limit, and with weights that force small shifts") {
  torch::manual_seed(2);
  for (const double gain : {4.0, 40.0, 3000.0}) {
    TwinNet twin(SmallShape());
    {
      torch::NoGradGuard no_grad;
      for (torch::Tensor& p : twin->parameters()) p.mul_(gain).add_(torch::randn_like(p) * 0.1);
    }
    twin->to(torch::kDouble);
    CAPTURE(gain);
    const double at_limit = CheckTwin(twin, RandomFeatures(8, 11, kMaxActivation));
    if (gain > 10) CHECK(at_limit > 0.02);
  }
}

torch::Tensor RandomHead(int components, int height, int width, torch::ScalarType type) {
  const torch::Tensor head = torch::randn({2, 3 * components, height, width}, type);
  head.slice(1, components, 2 * components).mul_(0.3);
  return head;
}

struct ValueAndGradient {
  double value;
  torch::Tensor gradient;
};

template <class Fn>
ValueAndGradient Differentiate(const Fn& fn, const torch::Tensor& head) {
  const torch::Tensor leaf = head.detach().clone().set_requires_grad(true);
  const torch::Tensor bits = fn(leaf);
  (bits * 3).backward();
  return {bits.template item<double>(), leaf.grad().to(torch::kDouble)};
}

TEST_CASE("the fused likelihood equals its definition, value and gradient") {
  torch::manual_seed(3);
  for (const int components : {1, 2, 3, 5, 8}) {
    for (const double spread : {1.0, 10.0, 500.0}) {
      CAPTURE(components, spread);
      torch::Tensor head = RandomHead(components, 9, 13, torch::kDouble);
      const torch::Tensor residual =
          torch::round(torch::randn({2, 9, 13}, torch::kDouble) * spread * 16) / 16;
      const auto expected =
          Differentiate([&](const auto& h) { return MixtureBitsReference(h, residual); }, head);
      const auto fused =
          Differentiate([&](const auto& h) { return MixtureBits(h, residual.to(torch::kFloat)); },
                        head.to(torch::kFloat));
      CHECK(fused.value == Approx(expected.value).epsilon(1e-4));
      const torch::Tensor difference = fused.gradient - expected.gradient;
      CHECK(difference.norm().item<double>() <= 2e-3 * expected.gradient.norm().item<double>());
    }
  }
}

TEST_CASE("in double precision MixtureBits is its definition, with a right gradient") {
  torch::manual_seed(4);
  const torch::Tensor head = RandomHead(2, 2, 3, torch::kDouble).set_requires_grad(true);
  const torch::Tensor residual = torch::round(torch::randn({2, 2, 3}, torch::kDouble) * 5);
  const torch::Tensor bits = MixtureBits(head, residual);
  CHECK(bits.item<double>() == MixtureBitsReference(head, residual).item<double>());
  bits.backward();
  torch::NoGradGuard no_grad;
  const torch::Tensor flat = head.view({-1}), gradient = head.grad().view({-1});
  for (int64_t i = 0; i < flat.numel(); ++i) {
    constexpr double kStep = 1e-5;
    const double before = flat[i].item<double>();
    flat[i] = before + kStep;
    const double up = MixtureBits(head, residual).item<double>();
    flat[i] = before - kStep;
    const double down = MixtureBits(head, residual).item<double>();
    flat[i] = before;
    CHECK(gradient[i].item<double>() ==
          Approx((up - down) / (2 * kStep)).epsilon(1e-4).margin(1e-8));
  }
}

TEST_CASE("beyond its limits a scale keeps the gradient that it has at the limit") {
  // The definition's gradient is zero there; the fused one lets a scale come back.
  for (const float outside : {-8.0f, 9.0f}) {
    const float limit = outside < 0 ? -5.99f : 5.89f;  // 2^(1 + s) with 1 + s in [-5, 6.9]
    torch::Tensor beyond = torch::tensor({0.0f, 0.1f, outside}).view({1, 3, 1, 1});
    torch::Tensor inside = torch::tensor({0.0f, 0.1f, limit}).view({1, 3, 1, 1});
    const torch::Tensor residual = torch::full({1, 1, 1}, 1.0f);
    beyond.set_requires_grad(true);
    inside.set_requires_grad(true);
    MixtureBits(beyond, residual).backward();
    MixtureBits(inside, residual).backward();
    const double a = beyond.grad()[0][2][0][0].item<double>();
    const double b = inside.grad()[0][2][0][0].item<double>();
    CAPTURE(outside, a, b);
    CHECK(a == Approx(b).epsilon(0.1).margin(1e-6));
  }
}

TEST_CASE("the trainer's bits are the integer mixture's, on the same heads") {
  torch::manual_seed(5);
  Random random(5);
  for (const int components : {1, 2, 3, 4}) {
    for (const double scale_shift : {-3.0, 0.0, 3.0}) {
      const int height = 40, width = 50, k = components;
      torch::Tensor head = RandomHead(k, height, width, torch::kDouble).slice(0, 0, 1);
      head.slice(1, 2 * k, 3 * k).mul_(0.5).add_(scale_shift);
      head = torch::floor(head * 256 + 0.5).clamp(-kMaxActivation, kMaxActivation);
      torch::Tensor residual = torch::empty({1, height, width}, torch::kDouble);
      const auto view = head.accessor<double, 4>();
      auto target = residual.accessor<double, 3>();
      double bits = 0;
      for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
          std::vector<int16_t> outputs(3 * k);
          for (int i = 0; i < 3 * k; ++i) outputs[i] = static_cast<int16_t>(view[0][i][y][x]);
          const int32_t center = random.Between(-1000, 1000);
          const Mixture mixture(outputs.data(), k, center, -100'000, 100'000);
          // A sample of the mixture itself.
          CdfRange range{};
          int32_t v = 0;
          do {
            v = mixture.Find(random.Word() >> 16, &range);
          } while (v < mixture.lo() || v > mixture.hi());
          bits += Bits(range);
          target[0][y][x] = v - center / 16.0;
        }
      }
      bits /= height * width;
      const double twin =
          MixtureBits((head / 256).to(torch::kFloat), residual.to(torch::kFloat)).item<double>();
      CAPTURE(components, scale_shift);
      CHECK(twin == Approx(bits).epsilon(0.005));
    }
  }
}

TEST_CASE("FusedClamp is torch::clamp, with a gradient that also leads back inside") {
  torch::manual_seed(6);
  for (const auto type : {torch::kFloat, torch::kBFloat16}) {
    for (const auto& [lo, hi] : {std::pair{-1.0, 1.0}, {0.0, 1.0}, {-31.99609375, 31.99609375}}) {
      CAPTURE(type, lo, hi);
      const torch::Tensor x = (torch::randn({2, 5, 7, 9}) * 1.5 * hi).to(type);
      const torch::Tensor up = torch::randn({2, 5, 7, 9}).to(type);
      const torch::Tensor leaf = x.clone().set_requires_grad(true);
      const torch::Tensor fused = FusedClamp(leaf, lo, hi);
      fused.backward(up);
      CHECK(fused.scalar_type() == type);
      CHECK((fused.to(torch::kFloat) - x.to(torch::kFloat).clamp(lo, hi))
                .abs()
                .max()
                .item<double>() <= (type == torch::kFloat ? 0 : hi / 128));
      // The limits as this type has them: 31.996 is not a bfloat16.
      const double low = fused.min().item<double>(), high = fused.max().item<double>();
      const torch::Tensor inside = x.gt(low).logical_and(x.lt(high));
      const torch::Tensor back_down = x.ge(high).logical_and(up.gt(0));
      const torch::Tensor back_up =
          x.le(low).logical_and(up.lt(0)).logical_and(torch::full({}, lo < 0, torch::kBool));
      const torch::Tensor passes = inside.logical_or(back_down).logical_or(back_up);
      CHECK(torch::equal(leaf.grad(), up * passes));
    }
  }
  // Other types and shapes take torch's own.
  const torch::Tensor d = torch::randn({3, 4}, torch::kDouble);
  CHECK(torch::equal(FusedClamp(d, -0.5, 0.5), d.clamp(-0.5, 0.5)));
  // Not every layout comes contiguous.
  const torch::Tensor t = torch::randn({2, 3, 4, 5}).transpose(2, 3);
  CHECK(torch::equal(FusedClamp(t, -0.5, 0.5), t.clamp(-0.5, 0.5)));
}

// Puts an integer network's parameters into a twin of the same shape.
void Import(const Conv2d& conv, const std::string& name, TwinNet& twin) {
  torch::NoGradGuard no_grad;
  auto parameters = twin->named_parameters();
  auto buffers = twin->named_buffers();
  const double scale = std::ldexp(1.0, -conv.shift);
  torch::Tensor weight =
      torch::empty({conv.out, conv.kernel, conv.kernel, conv.in}, torch::kDouble);
  std::copy(conv.weight.begin(), conv.weight.end(), weight.data_ptr<double>());
  torch::Tensor bias = torch::empty({conv.out}, torch::kDouble);
  std::copy(conv.bias.begin(), conv.bias.end(), bias.data_ptr<double>());
  const torch::Tensor row_scale = buffers[name + ".row_scale"].to(torch::kDouble);
  parameters[name + ".weight"].copy_(weight.permute({0, 3, 1, 2}) * scale / row_scale);
  parameters[name + ".bias"].copy_(bias * scale / 256 / row_scale.view({-1}));
}

TwinNet Import(const LevelNet& net, int components) {
  TwinShape shape;
  shape.width = net.width();
  shape.components = components;
  shape.head = net.groups[0].heads[0].hidden.out;
  shape.affine = net.groups[0].scale.in > 0;
  for (int g = 0; g < kGroups; ++g) {
    shape.blocks[g] = static_cast<int>(net.groups[g].blocks.size());
    if (shape.blocks[g] > 0) shape.inner = net.groups[g].blocks[0].first.out;
  }
  TwinNet twin(shape);
  for (int g = 0; g < kGroups; ++g) {
    const std::string prefix = "group" + std::to_string(g) + "_";
    const GroupNet& group = net.groups[g];
    Import(group.input, prefix + "input", twin);
    for (size_t b = 0; b < group.blocks.size(); ++b) {
      const std::string block = prefix + "block" + std::to_string(b) + "_";
      Import(group.blocks[b].first, block + "first", twin);
      Import(group.blocks[b].second, block + "second", twin);
    }
    for (int c = 0; c < kChannels; ++c) {
      const std::string head = prefix + "head" + std::to_string(c) + "_";
      Import(group.heads[c].hidden, head + "hidden", twin);
      if (c > 0) Import(group.heads[c].extra, head + "extra", twin);
      Import(group.heads[c].out, head + "out", twin);
    }
    if (shape.affine) Import(group.scale, prefix + "scale", twin);
  }
  return twin;
}

// Bits of all levels that Prepare() keeps, by the codec and by the twin as in Trainer::Evaluate.
void CheckBits(const Model& model, const Image& image) {
  torch::NoGradGuard no_grad;
  EncodeOptions options;
  options.coding = Coding::kFlow;
  options.model = &model;
  options.jobs = 2;
  EncodeStats stats;
  Encode(image, options, &stats);
  std::vector<TwinNet> twins;
  for (const LevelClass& level_class : model.classes) {
    twins.push_back(Import(level_class.net, model.components));
  }
  ThreadPool pool(2);
  const PreparedImage prepared = Prepare(ToPlanes(image, model), model, pool);
  CHECK(prepared.filter_bits == Approx(stats.tiles.side_bits));
  double codec_total = 0, twin_total = 0;
  for (size_t l = 0; l < prepared.levels.size(); ++l) {
    const PreparedLevel& level = prepared.levels[l];
    TwinNet& twin = twins[std::min(l, twins.size() - 1)];
    const auto bits = twin->Forward(LevelTensor(level, 0, 0, level.width, level.height),
                                    torch::kFloat, /*quantised=*/false);
    for (int c = 0; c < kChannels; ++c) {
      double sum = 0;
      for (int g = 0; g < kGroups; ++g) sum += bits[g][c].item<double>();
      twin_total += sum * level.width * level.height;
      codec_total += stats.tiles.level_channel_bits[l][c];
      // Small levels are dominated by a few sites.
      if (l > 1) continue;
      CAPTURE(l, c);
      CHECK(sum * level.width * level.height ==
            Approx(stats.tiles.level_channel_bits[l][c]).epsilon(0.01));
    }
  }
  CAPTURE(codec_total, twin_total);
  CHECK(twin_total == Approx(codec_total).epsilon(0.005));
}

#ifdef FLOWZIP_HAVE_PNG
TEST_CASE("the validation bits that training reports are the codec's own") {
  torch::manual_seed(7);
  // A photograph: its samples span their whole range, so that it makes no difference that only
  // the codec knows the range of each tile.
  const Image image = ReadPng(std::string(FLOWZIP_SOURCE_DIR) + "/data/photos/colorado.png");
  if (!EmbeddedModels().empty()) CheckBits(DefaultModel(), image);
  CheckBits(Model::Parse(ReadFile(std::string(FLOWZIP_SOURCE_DIR) + "/tests/models/affine.flzm")),
            image);
}
#endif

}  // namespace
}  // namespace flowzip
