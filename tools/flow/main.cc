// SPDX-License-Identifier: BSD-3-Clause
// Trains the coupling networks of the autoregressive flow.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>

#include "tools/flow/crop.h"

namespace flowzip {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::map<std::string, std::string> map;
  std::string Get(const std::string& name, const std::string& other) const {
    const auto it = map.find(name);
    return it == map.end() ? other : it->second;
  }
  double Number(const std::string& name, double other) const {
    const auto it = map.find(name);
    return it == map.end() ? other : std::atof(it->second.c_str());
  }
};

std::vector<std::string> Files(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".ppm") names.push_back(entry.path());
  }
  std::sort(names.begin(), names.end());
  return names;
}

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void Put(std::ofstream& out, const std::vector<float>& v) {
  out.write(reinterpret_cast<const char*>(v.data()), std::streamsize(v.size() * 4));
}
void Get(std::ifstream& in, std::vector<float>& v) {
  in.read(reinterpret_cast<char*>(v.data()), std::streamsize(v.size() * 4));
}

struct State {
  ScaleWeights scale;
  std::vector<Net> nets;
  double done = 0;  // pixels

  void Save(const std::string& path) const {
    std::ofstream out(path + ".part", std::ios::binary);
    out.write("FLZNET03", 8);
    const NetShape& s = nets[0].shape_for_file();
    const int32_t head[4] = {s.width, s.blocks, s.components, 0};
    out.write(reinterpret_cast<const char*>(head), sizeof(head));
    out.write(reinterpret_cast<const char*>(&done), 8);
    for (const auto& w : scale.weight) Put(out, w);
    for (const Net& net : nets) {
      const double steps = double(net.steps_);
      out.write(reinterpret_cast<const char*>(&steps), 8);
      for (size_t l = 0; l < net.weights_.size(); ++l) {
        Put(out, net.average_[l]);
        Put(out, net.weights_[l]);
        Put(out, net.m_[l]);
        Put(out, net.v_[l]);
      }
    }
    out.close();
    fs::rename(path + ".part", path);
  }
  void Load(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    char magic[8];
    in.read(magic, 8);
    const bool old_format = magic[7] == '1';
    int32_t head[4];
    in.read(reinterpret_cast<char*>(head), sizeof(head));
    in.read(reinterpret_cast<char*>(&done), 8);
    for (int c = 0; c < 3; ++c) {
      scale.weight[c].resize(size_t(ScaleWeightCount(c)));
      Get(in, scale.weight[c]);
    }
    for (Net& net : nets) {
      double steps;
      in.read(reinterpret_cast<char*>(&steps), 8);
      net.steps_ = int64_t(steps);
      for (size_t l = 0; l < net.weights_.size(); ++l) {
        Get(in, net.average_[l]);
        if (!old_format) Get(in, net.weights_[l]);
        Get(in, net.m_[l]);
        Get(in, net.v_[l]);
        if (old_format) net.weights_[l] = net.average_[l];
      }
    }
    if (!in) std::fprintf(stderr, "cannot read %s\n", path.c_str()), std::exit(1);
  }
};

double Evaluate(State& state, const std::vector<std::shared_ptr<Crop>>& crops, int every,
                double* by_channel) {
  Sites sites;
  double total = 0;
  for (int c = 0; c < 3; ++c) {
    Net& net = state.nets[size_t(c)];
    net.SwapAverage();
    net.Begin();
    double bits = 0, count = 0;
    for (const auto& crop : crops) {
      for (int y = 0; y < crop->height; y += every) {
        for (int x = 0; x < crop->width; x += kRun) {
          const int n = std::min(kRun, crop->width - x);
          Gather(*crop, c, x, y, n, state.scale, &sites, net.features());
          bits += net.Run(sites, false);
          count += n;
        }
      }
    }
    net.SwapAverage();
    by_channel[c] = bits / count;
    total += bits / count;
  }
  return total / 3;
}

int Main(const Options& o) {
  InitGemm();
  std::mt19937 rng(unsigned(o.Number("seed", 1)));
  const int pool_size = int(o.Number("pool", 64)), runs = int(o.Number("runs", 32));
  const double strength = o.Number("strength", 1);
  const auto names = Files(o.Get("train", "/tmp/train"));
  std::vector<Image> images;
  for (const auto& name : names) images.push_back(ReadPpm(name));
  std::printf("%zu pictures\n", images.size());

  std::vector<std::shared_ptr<Crop>> eval;
  for (const auto& name : Files(o.Get("eval", "/tmp/eval"))) {
    eval.push_back(MakeCrop(ReadPpm(name), 0, rng));
    std::printf("%s lifting %d\n", name.c_str(), eval.back()->lifting);
  }
  std::vector<size_t> order(images.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::shuffle(order.begin(), order.end(), rng);
  size_t next = 0;
  const auto draw = [&] {
    if (next == order.size()) {
      std::shuffle(order.begin(), order.end(), rng);
      next = 0;
    }
    return MakeCrop(images[order[next++]], strength, rng);
  };
  std::vector<std::shared_ptr<Crop>> pool;
  const double start_pool = Now();
  for (int i = 0; i < pool_size; ++i) pool.push_back(draw());
  std::printf("pool in %.1f s\n", Now() - start_pool);

  State state;
  const int widths[3] = {int(o.Number("width", 48)), int(o.Number("width1", o.Number("width", 48))),
                         int(o.Number("width2", o.Number("width", 48)))};
  // Those of planes between others come last.
  for (const int c : {0, 1, 2, 1, 2}) {
    state.nets.emplace_back(NetShape{FeatureCount(c), widths[c], int(o.Number("blocks", 1)),
                                     int(o.Number("k", 3))},
                            rng);
  }
  double macs = 0;
  for (const Net& net : state.nets) macs += net.shape().macs();
  const std::string out = o.Get("out", "/tmp/net.ckpt");
  if (o.map.count("resume")) {
    state.Load(o.Get("resume", ""));
    if (o.Number("restart", 0) > 0) state.done = 0;
  } else {
    state.scale = FitScales(pool);
  }
  if (o.map.count("from")) state.done = o.Number("from", 0);

  const double pixels = o.Number("mpx", 200) * 1e6, rate0 = o.Number("rate", 3e-3),
               minutes = o.Number("minutes", 1e9);
  const double reuse = o.Number("reuse", 1);
  const int threads_unused = 0;
  (void)threads_unused;
  Sites sites;
  double loss[3] = {}, seen = 0, used = 0;
  const double begin = Now();
  double last_log = begin, last_eval = begin, done_begin = state.done;
  size_t victim = 0;
  while (state.done < pixels && Now() - begin < minutes * 60) {
    const double at = std::min(1.0, std::max(state.done / pixels, (Now() - begin) / 60 / minutes));
    const double warm = std::min(1.0, state.done / 1e6 + 0.02);
    const double rate = warm * rate0 * (0.01 + 0.99 * 0.5 * (1 + std::cos(M_PI * at)));
    for (Net& net : state.nets) net.Begin();
    double count = 0, counts[5] = {};
    for (int run = 0; run < runs; ++run) {
      const Crop& crop = *pool[std::uniform_int_distribution<size_t>(0, pool.size() - 1)(rng)];
      const int y = std::uniform_int_distribution<int>(0, crop.height - 1)(rng);
      const int x = std::uniform_int_distribution<int>(0, std::max(0, crop.width - kRun))(rng);
      const int n = std::min(kRun, crop.width - x);
      for (int c = 0; c < 3; ++c) {
        const size_t which = size_t(crop.squeezed && c > 0 ? c + 2 : c);
        Net& net = state.nets[which];
        Gather(crop, c, x, y, n, state.scale, &sites, net.features());
        const double bits = net.Run(sites, true);
        counts[which] += n;
        loss[c] += which == size_t(c) ? bits : 0;
      }
      count += n;
    }
    for (size_t i = 0; i < state.nets.size(); ++i) {
      if (counts[i] > 0) state.nets[i].Step(rate, counts[i]);
    }
    seen += count;
    state.done += count;
    used += count;
    const double crop_sites = double(pool[victim]->width) * pool[victim]->height * reuse;
    if (used > crop_sites) {
      used -= crop_sites;
      pool[victim] = draw();
      victim = (victim + 1) % pool.size();
    }
    if (Now() - last_log > 20) {
      std::printf("%.1f Mpx  %.3f  (%.3f %.3f %.3f)  rate %.2e  %.3f Mpx/s\n", state.done / 1e6,
                  (loss[0] + loss[1] + loss[2]) / seen / 3, loss[0] / seen, loss[1] / seen,
                  loss[2] / seen, rate, (state.done - done_begin) / 1e6 / (Now() - begin));
      std::fflush(stdout);
      loss[0] = loss[1] = loss[2] = seen = 0;
      last_log = Now();
    }
    if (Now() - last_eval > o.Number("every", 180)) {
      double by[3];
      const double bits = Evaluate(state, eval, 4, by);
      std::printf("EVAL %.1f Mpx %.4f (%.3f %.3f %.3f)\n", state.done / 1e6, bits, by[0], by[1],
                  by[2]);
      std::fflush(stdout);
      state.Save(out);
      last_eval = Now();
    }
  }
  state.Save(out);
  double by[3];
  const double bits = Evaluate(state, eval, 1, by);
  std::printf("FINAL %s width %d blocks %d k %d %.1f kMAC %.1f Mpx: %.4f (%.3f %.3f %.3f)\n",
              out.c_str(), widths[0], int(o.Number("blocks", 1)), int(o.Number("k", 3)),
              macs / 1000, state.done / 1e6, bits, by[0], by[1], by[2]);
  for (const auto& crop : eval) {
    std::printf(" %.3f/%d", Evaluate(state, {crop}, 2, by), crop->lifting);
  }
  std::printf("\n");
  return 0;
}

}  // namespace
}  // namespace flowzip

int main(int argc, char** argv) {
  flowzip::Options options;
  for (int i = 1; i + 1 < argc; i += 2) options.map[argv[i] + 2] = argv[i + 1];
  return flowzip::Main(options);
}
