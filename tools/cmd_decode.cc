// SPDX-License-Identifier: BSD-3-Clause
// flowzip decode IN.flz... [-o OUT.png | --output-dir DIR] [--region X,Y,W,H] [--scale 1/2]
//                          [--fit N] [--recover]
#include <algorithm>
#include <cstdio>

#include "base/thread_pool.h"
#include "codec/api/codec.h"
#include "codec/container/recover.h"
#include "codec/preview/average.h"
#include "tools/codec_calls.h"
#include "tools/picture_file.h"

namespace flowzip {
namespace {

struct Arguments {
  CommonOptions common;
  FileArguments files;
  std::string region, scale;
  uint32_t fit = 0;  // 0: not asked for
  bool recover = false;
};

// "x,y,width,height"
Rect ParseRegion(const std::string& text) {
  Rect rect;
  char rest = 0;
  if (std::sscanf(text.c_str(), "%u,%u,%u,%u%c", &rect.x, &rect.y, &rect.width, &rect.height,
                  &rest) != 4 ||
      text.find('-') != std::string::npos || rect.width == 0) {
    throw UsageError("--region: a region is four numbers: x,y,width,height");
  }
  return rect;
}

int ParseScale(const std::string& text) {
  if (text == "1") return 0;
  for (int log2 = 0; log2 <= 3; ++log2) {
    if (text == "1/" + std::to_string(1 << log2)) return log2;
  }
  throw UsageError("--scale: the scale is 1, 1/2, 1/4 or 1/8");
}

// What makes of samples a colour, and which side is up: nothing of palettes and transparent
// colours, which an averaged picture has resolved.
void KeepColourSpace(const Image& from, Image& to) {
  if (from.width == to.width && from.height == to.height) return;
  for (const Chunk& chunk : from.chunks) {
    for (const char* name : {"gAMA", "cHRM", "sRGB", "iCCP", "cICP", "eXIf"}) {
      if (chunk.name() == name) to.chunks.push_back(chunk);
    }
  }
}

// What --recover could not save, tile by tile; throws unless nothing was wrong.
void Report(const Recovery& recovery, const std::string& input, const std::string& output) {
  if (recovery.intact()) return;
  for (const LostTile& lost : recovery.lost) {
    std::fprintf(stderr, "flowzip: %s: lost: tile %llu, %u x %u pixels at (%u, %u): %s\n",
                 input.c_str(), static_cast<unsigned long long>(lost.tile + 1), lost.rect.width,
                 lost.rect.height, lost.rect.x, lost.rect.y, lost.reason.c_str());
  }
  const uint64_t saved = recovery.tiles - recovery.lost.size();
  throw FileError(input, (recovery.damage.empty() ? "damaged" : recovery.damage) + "; " +
                             std::to_string(saved) + " of " + std::to_string(recovery.tiles) +
                             " tiles recovered exactly in " + output +
                             (recovery.lost.empty() ? "" : ", gray in the place of the others"));
}

Image DecodeWhole(ByteSpan bytes, const DecoderHandle& decoder, const flz_info& info,
                  const CommonOptions& common) {
  HandleProgress progress("decoding", decoder, common.quiet);
  return DecodeOpen(decoder, info, bytes.size(), common);
}

// No longer than `side` on the longer side, by whole factors.
Image Fitted(const Image& image, uint32_t side, int jobs) {
  const uint32_t longer = std::max(image.width, image.height);
  if (longer <= side) return image;
  ThreadPool pool(jobs);
  return Averaged(image, (longer - 1) / side + 1, pool);
}

// The preview if it has a third of the pixels on a side that are asked for; else of the picture.
Image DecodeToFit(ByteSpan bytes, const DecoderHandle& decoder, const flz_info& info,
                  const Arguments& arguments) {
  const uint32_t side = arguments.fit, longer = std::max(info.preview_width, info.preview_height);
  if (std::max(info.width, info.height) <= side || longer < side / 3) {
    const Image whole = DecodeWhole(bytes, decoder, info, arguments.common);
    Image fitted = Fitted(whole, side, arguments.common.jobs);
    KeepColourSpace(whole, fitted);
    return fitted;
  }
  Image preview;
  preview.width = info.preview_width;
  preview.height = info.preview_height;
  preview.channels = static_cast<int>(info.preview_channels);
  preview.samples.resize(preview.row_bytes() * preview.height);
  Check(flz_decoder_preview(decoder.get(), preview.samples.data(), preview.samples.size(), 0),
        decoder);
  Image fitted = Fitted(preview, side, 1);
  Image whole;
  whole.chunks = ChunksOf(decoder);
  KeepColourSpace(whole, fitted);
  return fitted;
}

Image DecodeRest(ByteSpan bytes, const CommonOptions& common, Recovery* recovery) {
  const std::shared_ptr<const Model> model = Prepare(common);
  DecodeOptions options;
  options.model_override = model.get();
  options.jobs = common.jobs;
  options.max_pixels = common.max_pixels;
  options.max_memory = common.max_memory;
  options.recovery = recovery;
  Progress progress("decoding", common.quiet);
  return Decode(bytes, options, nullptr, progress.Callback());
}

void DecodeOne(const FileTask& task, const DecoderHandle& decoder, const Arguments& arguments) {
  const CommonOptions& common = arguments.common;
  const std::string input = InputName(task.input), output = OutputName(task.output);
  const FileBytes bytes =
      WithFile(input, [&] { return ReadInput(task.input, common.force, common.max_memory); });
  // What is no .flz file at all is said before anything about the output.
  flz_info info = {};
  if (!arguments.recover) info = WithFile(input, [&] { return OpenFile(decoder, bytes); });
  const auto file =
      WithFile(output, [&] { return std::make_unique<Output>(task.output, common.force); });
  Recovery recovery;
  const Image image = WithFile(input, [&] {
    return arguments.recover   ? DecodeRest(bytes, common, &recovery)
           : arguments.fit > 0 ? DecodeToFit(bytes, decoder, info, arguments)
                               : DecodeWhole(bytes, decoder, info, common);
  });
  WithFile(output, [&] {
    WritePicture(image, task.output, file->stream(), common.jobs);
    file->Commit(task.input);
  });
  if (common.verbose && !common.quiet) {
    std::fprintf(stderr, "%s: %u x %u, %d channels of %d bits\n", output.c_str(), image.width,
                 image.height, image.channels, image.bit_depth);
  }
  Report(recovery, input, output);
}

void Run(const Arguments& arguments) {
  ApplySimd(arguments.common);
  const std::vector<FileTask> tasks = PlanFiles(arguments.files, {".flz"}, ".png");
  const DecoderHandle decoder = WithFile("decoder", [&] { return NewDecoder(arguments.common); });
  if (!arguments.region.empty()) {
    const Rect region = ParseRegion(arguments.region);
    Check(flz_decoder_set_region(decoder.get(), region.x, region.y, region.width, region.height),
          decoder);
  }
  if (!arguments.scale.empty()) {
    Check(flz_decoder_set_scale(decoder.get(), ParseScale(arguments.scale)), decoder);
  }
  if (arguments.fit > 0 &&
      !(arguments.region.empty() && arguments.scale.empty() && !arguments.recover)) {
    throw UsageError("--fit: not with --region, --scale or --recover");
  }
  if (arguments.recover && !(arguments.region.empty() && arguments.scale.empty())) {
    throw UsageError("--recover: only whole pictures are recovered");
  }
  ForEachFile(tasks, [&](const FileTask& task) { DecodeOne(task, decoder, arguments); });
}

}  // namespace

void AddDecodeCommand(CLI::App& app, Action& run) {
  CLI::App* command = app.add_subcommand("decode", "Restore the PNG or PNM images of .flz files");
  const auto arguments = std::make_shared<Arguments>();
  AddFileArguments(*command, arguments->files, ".flz files", "IN with .png for .flz");
  command->add_option("--region", arguments->region, "Only this part: x,y,width,height")
      ->type_name("X,Y,W,H");
  command->add_option("--scale", arguments->scale, "Every 2nd, 4th or 8th pixel: 1/2, 1/4, 1/8")
      ->type_name("SCALE");
  command
      ->add_option("--fit", arguments->fit,
                   "8 bits a sample, averaged to at most N pixels on a side; of the stored "
                   "preview, if that has a third of them")
      ->check(CLI::Range(1, 0x7FFFFFFF))
      ->type_name("N");
  command->add_flag("--recover", arguments->recover,
                    "Of damaged files, decode the tiles that are whole; exit 1 if any is not");
  AddCommonOptions(*command, arguments->common, true);
  AddLimitOptions(*command, arguments->common);
  command->callback([arguments, &run] { run = [arguments] { Run(*arguments); }; });
}

}  // namespace flowzip
