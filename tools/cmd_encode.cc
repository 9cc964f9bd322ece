// SPDX-License-Identifier: BSD-3-Clause
// flowzip encode IN... [-o OUT.flz | --output-dir DIR]
#include <algorithm>
#include <chrono>
#include <cstdio>

#include "codec/tiles/memory.h"
#include "tools/codec_calls.h"
#include "tools/picture_file.h"
#include "tools/read_file.h"

namespace flowzip {
namespace {

struct Arguments {
  CommonOptions common;
  FileArguments files;
  bool verify = true, strip = false, recover_colour = true, preview = true;
};

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// What the encoder needs, and the picture that it is given; verifying takes no more than that.
uint64_t MemoryFor(const Image& image, const EncoderHandle& encoder) {
  const flz_image picture = ToPicture(image);
  return AddMemory(flz_encoder_memory(encoder.get(), &picture), SampleMemory(Describe(image)));
}

// All but the samples.
PictureReader OpenPicture(const FileTask& task, const EncoderHandle& encoder,
                          const CommonOptions& common) {
  const auto check = [&](const Image& header) {
    // Beside the picture, the encoder may have what that leaves; 0 would be no limit.
    const uint64_t left = MemoryLeft(common.max_memory, SampleMemory(Describe(header)));
    const uint64_t limit = left == kNoMemoryLimit ? 0 : std::max<uint64_t>(left, 1);
    Check(flz_encoder_set_max_memory(encoder.get(), limit), encoder);
    RequireMemory(MemoryFor(header, encoder), common.max_memory);
  };
  return PictureReader(ReadInput(task.input, common.force, common.max_memory), common.max_pixels,
                       check);
}

// Some tiles at a time, one for each thread: the picture is not held twice.
void Verify(const Image& image, ByteSpan file, const CommonOptions& common) {
  CommonOptions options = common;
  options.max_memory = kNoMemoryLimit;  // within what encoding took
  options.max_pixels = UINT64_MAX;
  const DecoderHandle decoder = NewDecoder(options);
  const flz_info info = OpenFile(decoder, file);
  Progress progress("verifying", common.quiet);
  const auto show = progress.Callback();
  const auto require = [](bool same) {
    Require(same, ErrorCode::kCorrupt,
            "internal error: what was encoded does not decode to the same");
  };
  require(info.width == image.width && info.height == image.height);
  if (info.preview_width > 0) {
    std::vector<uint8_t> preview(size_t{info.preview_width} * info.preview_height *
                                 info.preview_channels);
    Check(flz_decoder_preview(decoder.get(), preview.data(), preview.size(), 0), decoder);
  }
  const uint64_t across = (uint64_t{info.width} + info.tile_size - 1) / info.tile_size;
  const uint64_t columns = std::min(across, static_cast<uint64_t>(common.jobs));
  const uint64_t rows = (static_cast<uint64_t>(common.jobs) + columns - 1) / columns;
  const uint64_t width = columns * info.tile_size, height = rows * info.tile_size;
  uint64_t done = 0;
  for (uint64_t y = 0; y < info.height; y += height) {
    for (uint64_t x = 0; x < info.width; x += width) {
      const Rect rect{static_cast<uint32_t>(x), static_cast<uint32_t>(y),
                      static_cast<uint32_t>(std::min(width, info.width - x)),
                      static_cast<uint32_t>(std::min(height, info.height - y))};
      Check(flz_decoder_set_region(decoder.get(), rect.x, rect.y, rect.width, rect.height),
            decoder);
      const Image part = DecodeOpen(decoder, info, 0, options);
      require(SameKind(part, image) && part.width == rect.width && part.height == rect.height);
      for (uint32_t i = 0; i < rect.height; ++i) {
        require(
            std::equal(part.Row(i), part.Row(i) + part.row_bytes(), image.At(rect.x, rect.y + i)));
      }
      done += uint64_t{rect.width} * rect.height;
      if (show) show(done, uint64_t{info.width} * info.height);
    }
  }
}

void EncodeOne(const FileTask& task, const EncoderHandle& encoder, const Arguments& arguments) {
  const CommonOptions& common = arguments.common;
  const std::string input = InputName(task.input), output = OutputName(task.output);
  PictureReader reader = WithFile(input, [&] { return OpenPicture(task, encoder, common); });
  if (arguments.strip) StripMetadata(reader.image());
  const Image& image = reader.image();
  // Before the work, so that an output that cannot be is refused at once.
  const auto file =
      WithFile(output, [&] { return std::make_unique<Output>(task.output, common.force); });

  double encode_seconds = 0, verify_seconds = 0;
  const ByteSpan bytes = WithFile(input, [&] {
    const flz_image picture = ToPicture(image);
    SetChunks(image, encoder);
    const uint8_t* data = nullptr;
    size_t size = 0;
    Clock::time_point start = Clock::now();
    {
      HandleProgress progress("encoding", encoder, common.quiet);
      HandleRows rows(encoder, [&](uint32_t count) { reader.ReadRows(count); });
      rows.Check(flz_encoder_encode(encoder.get(), &picture, &data, &size));
    }
    encode_seconds = SecondsSince(start);
    start = Clock::now();
    if (arguments.verify) Verify(image, {data, size}, common);
    verify_seconds = SecondsSince(start);
    return ByteSpan(data, size);
  });
  WithFile(output, [&] {
    file->Write(bytes);
    file->Commit(task.input);
  });
  if (common.quiet) return;
  std::fprintf(stderr, "%s: %zu bytes, %.3f bits per sub-pixel\n", output.c_str(), bytes.size(),
               8.0 * static_cast<double>(bytes.size()) / static_cast<double>(image.sub_pixels()));
  if (!common.verbose) return;
  std::fprintf(stderr, "  %u x %u, %d channels of %d bits; %d threads, %s, at most %s of memory\n",
               image.width, image.height, image.channels, image.bit_depth, common.jobs,
               flz_simd_target(), HumanBytes(MemoryFor(image, encoder)).c_str());
  std::fprintf(stderr, "  encoded in %.2f s (%.2f megapixels/s)", encode_seconds,
               1e-6 * image.width * image.height / std::max(encode_seconds, 1e-9));
  if (arguments.verify) std::fprintf(stderr, ", verified in %.2f s", verify_seconds);
  std::fprintf(stderr, "\n");
}

void Run(const Arguments& arguments) {
  ApplySimd(arguments.common);
  const std::vector<FileTask> tasks =
      PlanFiles(arguments.files, {".png", ".pgm", ".ppm", ".pnm", ".pbm", ".pam"}, ".flz");
  const EncoderHandle encoder = WithFile(arguments.common.effort.empty() ? "encoder" : "--effort",
                                         [&] { return NewEncoder(arguments.common); });
  flz_encoder_set_recover_colour(encoder.get(), arguments.recover_colour ? 1 : 0);
  flz_encoder_set_preview(encoder.get(), arguments.preview ? 1 : 0);
  ForEachFile(tasks, [&](const FileTask& task) { EncodeOne(task, encoder, arguments); });
}

}  // namespace

void AddEncodeCommand(CLI::App& app, Action& run) {
  CLI::App* command = app.add_subcommand("encode", "Compress PNG or PNM images into .flz files");
  const auto arguments = std::make_shared<Arguments>();
  AddFileArguments(*command, arguments->files, "PNG or PNM images", "IN with .flz for .png");
  command->add_flag("--verify,!--no-verify", arguments->verify,
                    "Decode the result and compare before writing it [on]");
  command->add_flag("--strip", arguments->strip, "Leave out metadata");
  command->add_flag("--recover-colour,!--no-recover-colour", arguments->recover_colour,
                    "Find and code the YCbCr or PhotoCD values that RGB was converted from [on]");
  command->add_flag("--preview,!--no-preview", arguments->preview,
                    "Put a small preview into files of a megapixel and more [on]");
  AddCommonOptions(*command, arguments->common, true);
  AddEffortOption(*command, arguments->common);
  AddLimitOptions(*command, arguments->common);
  command->callback([arguments, &run] { run = [arguments] { Run(*arguments); }; });
}

}  // namespace flowzip
