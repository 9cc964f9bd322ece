// SPDX-License-Identifier: BSD-3-Clause
// flowzip-train: trains the flow's networks on a folder of PNG files and writes a model file.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "model/model.h"
#include "tools/atomic_file.h"
#include "tools/train/pictures.h"
#include "tools/train/trainer.h"

namespace flowzip {
namespace {

void WriteModel(const TrainingState& state, const std::string& name, const std::string& path) {
  Model model;
  model.name = name;
  model.flow = Export(state);
  const std::vector<uint8_t> bytes = model.Serialize();
  AtomicFile file(path, /*overwrite=*/true);
  file.Write(bytes);
  file.Commit();
  std::printf("%s: model %s, %.1f kMAC per pixel\n", path.c_str(), HashName(model.hash()).c_str(),
              model.flow.MacsPerPixel() / 1000);
}

std::string IsWidth(const std::string& text) {
  return std::atoi(text.c_str()) % 16 == 0 ? "" : "not a multiple of 16: " + text;
}

int Main(int argc, char** argv) {
  CLI::App app{"Trains a flowzip model by maximum likelihood"};
  app.require_subcommand(1);
  std::string data, validation, output, name;
  TrainOptions o;
  std::vector<int> widths;
  const auto add_output = [&](CLI::App& command) {
    command.add_option("-o,--output", output, "model file to write")->required();
    command.add_option("--name", name, "the model's name")->required();
  };

  CLI::App* train = app.add_subcommand("train", "train and write a model");
  train->add_option("--data", data, "folder of PNG files")->required();
  train->add_option("--validation", validation, "folder of PNG files, never learnt from");
  add_output(*train);
  train->add_option("--checkpoint", o.checkpoint, "checkpoint to write");
  train->add_option("--resume", o.resume, "checkpoint to start from; its shapes are kept");
  train->add_option("--width", o.width, "units of a layer; a multiple of 16")
      ->check(CLI::Range(16, kMaxNetWidth) & CLI::Validator(IsWidth, ""))
      ->capture_default_str();
  train
      ->add_option("--widths", widths,
                   "of each network instead of --width, 0 for that; with --resume "
                   "wider networks are made narrower")
      ->delimiter(',')
      ->expected(FlowModel::kNets)
      ->check(CLI::Range(0, kMaxNetWidth) & CLI::Validator(IsWidth, ""));
  train->add_option("--first-plane", o.first_plane, "networks of planes before it are left alone")
      ->check(CLI::Range(0, kChannels - 1))
      ->capture_default_str();
  train->add_option("--blocks", o.blocks, "residual blocks")
      ->check(CLI::Range(0, 16))
      ->capture_default_str();
  train->add_option("--components", o.components, "logistics in a mixture")
      ->check(CLI::Range(1, 8))
      ->capture_default_str();
  train->add_option("--megapixels", o.megapixels, "to learn from, those of --resume included")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  train->add_option("--minutes", o.minutes, "end earlier; the schedule follows")
      ->check(CLI::NonNegativeNumber);
  train->add_option("--rate", o.rate, "peak of the cosine schedule")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  train->add_option("--runs", o.runs, "runs of 256 sites in a step")
      ->check(CLI::Range(1, 1 << 16))
      ->capture_default_str();
  train->add_option("--pool", o.pool, "crops at hand")
      ->check(CLI::Range(1, 1 << 16))
      ->capture_default_str();
  train->add_option("--reuse", o.reuse, "how often a crop is seen")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  train->add_option("--augment", o.augment, "strength of augmentation; 0: none")
      ->check(CLI::Range(0.0, 2.0))
      ->capture_default_str();
  train->add_option("--report", o.report_s, "seconds between lines of progress")
      ->capture_default_str();
  train->add_option("--save-every", o.save_s, "seconds between checkpoints")->capture_default_str();
  train->add_option("--seed", o.seed, "random seed")->capture_default_str();

  std::string checkpoint;
  CLI::App* exporter = app.add_subcommand("export", "write a checkpoint as a model");
  exporter->add_option("--checkpoint", checkpoint, "checkpoint to read")->required();
  add_output(*exporter);

  CLI11_PARSE(app, argc, argv);
  try {
    if (*exporter) {
      WriteModel(TrainingState::Load(checkpoint), name, output);
      return 0;
    }
    std::copy(widths.begin(), widths.end(), o.widths.begin());
    const std::vector<Image> images = LoadFolder(data);
    std::vector<Image> held_out;
    if (!validation.empty()) held_out = LoadFolder(validation);
    WriteModel(Train(o, images, held_out), name, output);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "flowzip-train: %s\n", error.what());
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace flowzip

int main(int argc, char** argv) { return flowzip::Main(argc, argv); }
