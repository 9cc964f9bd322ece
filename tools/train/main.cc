// SPDX-License-Identifier: BSD-3-Clause
// flowzip-train: trains a model on a folder of PNGs or a pack and writes a model file.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "tools/read_file.h"
#include "tools/train/trainer.h"

namespace flowzip {
namespace {

void AddShape(CLI::App& app, const std::string& prefix, TwinShape& shape) {
  app.add_option("--" + prefix + "width", shape.width, "channels of the residual stream");
  app.add_option("--" + prefix + "inner", shape.inner, "channels inside a block");
  app.add_option("--" + prefix + "head", shape.head, "hidden channels of a head");
  app.add_option("--" + prefix + "blocks", shape.blocks, "residual blocks of the three groups");
}

std::string IsCudaNumber(std::string& text) {
  int number = 0;
  char end = 0;
  const bool good = std::sscanf(text.c_str(), "cuda:%2d%c", &number, &end) == 1 && number >= 0;
  return good ? "" : "not a device: " + text;
}

int Main(int argc, char** argv) {
  CLI::App app{"Trains a flowzip model by maximum likelihood"};
  app.require_subcommand(1);
  std::string data;
  TrainOptions o;

  CLI::App* train = app.add_subcommand("train", "train and export a model");
  train->add_option("--data", data, "folder of PNGs, or a pack file")->required();
  train->add_option("-o,--output", o.output, "model file to write")->required();
  train->add_option("--checkpoint", o.checkpoint, "checkpoint to write");
  train->add_option("--resume", o.resume, "checkpoint to start from");
  train->add_option("--log", o.log, "CSV file to append to");
  train->add_option("--name", o.name, "the model's name");
  train->add_option("--device", o.device, "cpu, cuda or cuda:N")
      ->check(CLI::IsMember({"cpu", "cuda"}) | CLI::Validator(IsCudaNumber, "cuda:N"));
  AddShape(*train, "", o.fine);
  AddShape(*train, "coarse-", o.coarse);
  train->add_option("--components", o.fine.components, "logistics in a mixture")
      ->check(CLI::Range(1, 8));
  train->add_flag("--affine", o.fine.affine, "affine couplings (docs/flows.md)");
  train->add_flag("--latent-components", o.latent_components,
                  "code the mixture's component as a latent variable (docs/flows.md)");
  train
      ->add_option("--adaptive-levels", o.adaptive_levels,
                   "levels with filters fitted to the picture; 0: additive couplings")
      ->check(CLI::Range(0, 8));
  train->add_option("--steps", o.steps, "stop after so many steps");
  train->add_option("--minutes", o.minutes, "stop after so many minutes");
  train->add_option("--batch", o.batch, "level-0 crops in a step");
  train->add_option("--crop", o.crop, "size of a level-0 crop on the grid (half the pixels)");
  train->add_option("--coarse-batch", o.coarse_batch, "coarse crops in a step");
  train->add_option("--coarse-crop", o.coarse_crop, "size of a coarse crop on the grid");
  train->add_option("--learning-rate", o.learning_rate, "peak of the cosine schedule");
  train->add_option("--final-rate", o.final_rate, "end of the schedule, share of the peak");
  train->add_option("--warmup", o.warmup, "steps of linear warm-up");
  train->add_option("--ema", o.ema, "decay of the averaged weights");
  train->add_option("--quantise-share", o.quantise_share, "last share with fake quantisation");
  train->add_option("--augment", o.augment, "strength of augmentation, 0 for none");
  train->add_option("--pool", o.pool_megapixels, "megapixels prepared at a time");
  train->add_option("--refresh", o.refresh_seconds, "seconds between renewed pictures");
  train->add_option("--report", o.report_seconds, "seconds between progress lines");
  train->add_option("--save-every", o.checkpoint_seconds, "seconds between checkpoints");
  train->add_option("--validation", o.validation_images, "pictures kept for validation");
  train->add_option("--bf16", o.bf16, "bfloat16 convolutions outside the quantised phase");
  train->add_flag("--refit-filters", o.refit_filters, "with --resume: fit the filters anew");
  train->add_flag("--fresh-moments", o.fresh_moments,
                  "with --resume: start from the averaged weights, moments anew");
  train->add_option("--seed", o.seed, "random seed");

  std::string pack;
  CLI::App* packer = app.add_subcommand("pack", "write a folder of PNGs as one pack file");
  packer->add_option("--data", data, "folder of PNGs")->required();
  packer->add_option("-o,--output", pack, "pack file to write")->required();

  std::string model;
  CLI::App* recode = app.add_subcommand("recode", "write a model that codes otherwise");
  recode->add_option("--model", model, "model file")->required();
  recode->add_option("-o,--output", o.output, "model file to write")->required();
  recode->add_option("--name", o.name, "the new model's name")->required();
  recode->add_flag("--latent-components,!--no-latent-components", o.latent_components,
                   "code the mixture's component as a latent variable, or do not");

  CLI11_PARSE(app, argc, argv);
  try {
    if (*recode) {
      Model changed = Model::Parse(ReadFile(model));
      changed.name = o.name;
      changed.latent_components = o.latent_components;
      ReplaceFile(o.output, changed.Serialize());
      return 0;
    }
    if (*packer) {
      WritePack(pack, LoadFolder(data));
      return 0;
    }
    o.coarse.components = o.fine.components;
    o.coarse.affine = o.fine.affine;
    Require(o.steps > 0 || o.minutes > 0, ErrorCode::kInvalidArgument,
            "one of --steps and --minutes is needed");
    Require(o.device == "cpu" || torch::cuda::is_available(), ErrorCode::kInvalidArgument,
            "this LibTorch finds no CUDA device");
    torch::manual_seed(o.seed);
    Trainer(o, LoadImages(data)).Run();
  } catch (const c10::Error& error) {  // what() has a backtrace of many lines
    std::fprintf(stderr, "flowzip-train: %s\n", error.what_without_backtrace());
    return 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "flowzip-train: %s\n", error.what());
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace flowzip

int main(int argc, char** argv) { return flowzip::Main(argc, argv); }
