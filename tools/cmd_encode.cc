// SPDX-License-Identifier: BSD-3-Clause
// flowzip encode IN... [-o OUT.flz | --output-dir DIR]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>

#include "codec/container/container.h"
#include "codec/options/limits.h"
#include "tools/apng.h"
#include "tools/batch/batch.h"
#include "tools/batch/sha256.h"
#include "tools/codec_calls.h"
#include "tools/picture_file.h"
#include "tools/read_file.h"

namespace flowzip {
namespace {

struct Arguments {
  CommonOptions common;
  FileArguments files;
  BatchOptions batch;
  bool verify = true, strip = false, recover_colour = true, repair = false, preview = true;
};

constexpr double kHardlySmaller = 0.95;

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// What the encoder needs, and the picture that it is given; verifying takes no more than that.
uint64_t MemoryFor(const Image& image, const EncoderHandle& encoder) {
  const flz_image picture = ToPicture(image);
  return AddMemory(flz_encoder_memory(encoder.get(), &picture), image.sample_bytes());
}

// All but the samples; before those are allocated, the file has its share of threads and memory.
PictureReader OpenPicture(FileBytes bytes, const EncoderHandle& encoder,
                          const CommonOptions& common, WorkShare& share, PngMending& mending) {
  Check(flz_encoder_set_threads(encoder.get(), share.wanted()), encoder);
  const auto check = [&](const Image& header) {
    // Beside the picture, the encoder may have what that leaves; 0 would be no limit.
    const uint64_t left = MemoryLeft(common.max_memory, header.sample_bytes());
    const uint64_t limit = left == kNoMemoryLimit ? 0 : std::max<uint64_t>(left, 1);
    Check(flz_encoder_set_max_memory(encoder.get(), limit), encoder);
    const uint64_t memory = MemoryFor(header, encoder);
    RequireMemory(memory, common.max_memory);
    Check(flz_encoder_set_threads(encoder.get(), share.Enter(memory)), encoder);
  };
  return PictureReader(std::move(bytes), common.max_pixels, check, &mending);
}

// Whether the .flz file holds the picture and its metadata. Some tiles at a time, one for each
// thread: the picture is not held twice.
bool Holds(ByteSpan file, const Image& image, const CommonOptions& common, int jobs,
           bool shows_progress) {
  CommonOptions options = common;
  options.max_memory = kNoMemoryLimit;  // within what encoding took
  options.max_pixels = UINT64_MAX;
  options.jobs = jobs;
  const DecoderHandle decoder = NewDecoder(options);
  const flz_info info = OpenFile(decoder, file);
  Progress progress("verifying", !shows_progress);
  const auto show = progress.Callback();
  if (info.width != image.width || info.height != image.height) return false;
  if (info.preview_width > 0) {
    std::vector<uint8_t> preview(size_t{info.preview_width} * info.preview_height *
                                 info.preview_channels);
    Check(flz_decoder_preview(decoder.get(), preview.data(), preview.size(), 0), decoder);
  }
  const FileInfo tiles = ParseHeader(file);
  const uint64_t columns = std::min<uint64_t>(tiles.tile_columns(), static_cast<uint64_t>(jobs));
  const uint64_t rows = (static_cast<uint64_t>(jobs) + columns - 1) / columns;
  const uint64_t width = columns << tiles.tile_width_log2(),
                 height = rows << tiles.tile_height_log2();
  uint64_t done = 0;
  for (uint64_t y = 0; y < info.height; y += height) {
    for (uint64_t x = 0; x < info.width; x += width) {
      const Rect rect{static_cast<uint32_t>(x), static_cast<uint32_t>(y),
                      static_cast<uint32_t>(std::min(width, info.width - x)),
                      static_cast<uint32_t>(std::min(height, info.height - y))};
      Check(flz_decoder_set_region(decoder.get(), rect.x, rect.y, rect.width, rect.height),
            decoder);
      const Image part = DecodeOpen(decoder, info, 0, options);
      if (!SameKind(part, image) || part.width != rect.width || part.height != rect.height) {
        return false;
      }
      for (uint32_t i = 0; i < rect.height; ++i) {
        if (!std::equal(part.Row(i), part.Row(i) + part.row_bytes(),
                        image.At(rect.x, rect.y + i))) {
          return false;
        }
      }
      done += uint64_t{rect.width} * rect.height;
      if (show) show(done, uint64_t{info.width} * info.height);
    }
  }
  return true;
}

// What is not in the result, or was put right, is said once.
void Warn(const std::string& input, const PngMending& mending, bool kept) {
  if (mending.notes.empty()) return;
  std::string line = input + ": warning: ";
  for (const std::string& note : mending.notes) {
    if (&note != &mending.notes.front()) line += "; ";
    line += note;
  }
  if (kept) line += "; not removed";
  Complain(line, kDone);
}

// A frame of an animation as a .flz file, verified.
std::vector<uint8_t> EncodeFrame(const Image& frame, const EncoderHandle& encoder,
                                 const CommonOptions& common) {
  const flz_image picture = ToPicture(frame);
  SetChunks(frame, encoder);
  const uint8_t* data = nullptr;
  size_t size = 0;
  Check(flz_encoder_encode(encoder.get(), &picture, &data, &size), encoder);
  std::vector<uint8_t> file(data, data + size);
  if (!Holds(file, frame, common, 1, false)) {
    throw FileError("frame", "internal error: what was encoded does not decode to the same");
  }
  return file;
}

// Whether the output is there and holds just that picture; what holds anything else is refused,
// with --rm whatever was forced: it may be all that is left of another source.
bool IsThere(const OneFile& one, PictureReader& reader, const Arguments& arguments) {
  const FileTask& task = one.task;
  FileRecord& record = one.record;
  std::error_code none;
  if (!std::filesystem::is_regular_file(task.output, none)) return false;
  const auto same = [&] {
    reader.ReadRows(reader.image().height);
    try {
      const FileBytes file = ReadFile(task.output, arguments.common.max_memory);
      if (!Holds(file, reader.image(), arguments.common, one.share.threads(), false)) return false;
      record.output_size = file.size();
      if (!record.sha256.empty()) record.output_sha256 = Sha256Of(file);
      return true;
    } catch (const Error&) {  // no .flz file, or a damaged one
      return false;
    }
  };
  const bool found = WithFile(InputName(task.input), same);
  if (found && arguments.batch.remove) {
    WithFile(task.output, [&] { FlushFile(task.output, one.folders); });
  }
  if (found || (arguments.common.force && !arguments.batch.remove)) return found;
  throw FileError(task.output, HoldsSomethingElse(arguments.batch));
}

std::string LineOf(const FileRecord& record, const Image& image) {
  char figures[120];
  const auto bytes = static_cast<double>(record.output_size);
  std::snprintf(figures, sizeof figures, ": %llu bytes, %.3f bits per sub-pixel",
                static_cast<unsigned long long>(record.output_size),
                8 * bytes / static_cast<double>(image.sub_pixels()));
  std::string line = Printable(OutputName(record.output)) + figures;
  if (record.size > 0) {
    std::snprintf(figures, sizeof figures, ", %.1f %% of the input",
                  100 * bytes / static_cast<double>(record.size));
    line += figures;
    if (bytes > kHardlySmaller * static_cast<double>(record.size)) {
      line += record.output_size < record.size ? ": hardly smaller" : ": no smaller";
    }
  }
  return line + "\n";
}

// Where the PNG file's compressed rows are smaller than all that was made of them, as where
// something repeats further away than a tile reaches, they are kept. Not if its file cannot be read
// again, or is damaged.
void KeepSmaller(const FileTask& task, PictureReader& reader, const EncoderHandle& encoder,
                 const uint8_t** data, size_t* size) {
  if (reader.deflated_bytes() == 0 || reader.deflated_bytes() >= *size) return;
  std::vector<uint8_t> rows;
  try {
    rows = reader.DeflatedRows(task.input);
  } catch (const Error&) {
    return;
  }
  const flz_image picture = ToPicture(reader.image());
  flz_encoder_keep_smaller(encoder.get(), &picture, rows.data(), rows.size(), data, size);
}

struct Seconds {
  double encode = 0, verify = 0;
};

std::string MoreOf(const Image& image, const EncoderHandle& encoder, int threads,
                   const Seconds& seconds, bool verified) {
  char text[300];
  const int used = std::snprintf(
      text, sizeof text,
      "  %u x %u, %d channels of %d bits; %d threads, %s, at most %s of memory\n"
      "  encoded in %.2f s (%.2f megapixels/s)",
      image.width, image.height, image.channels, image.bit_depth, threads, flz_simd_target(),
      HumanBytes(MemoryFor(image, encoder)).c_str(), seconds.encode,
      1e-6 * image.width * image.height / std::max(seconds.encode, 1e-9));
  if (verified) {
    std::snprintf(text + used, sizeof text - static_cast<size_t>(used), ", verified in %.2f s",
                  seconds.verify);
  }
  return std::string(text) + "\n";
}

std::string EncodeOne(OneFile& one, const EncoderHandle& encoder, const Arguments& arguments) {
  const CommonOptions& common = arguments.common;
  const FileTask& task = one.task;
  FileRecord& record = one.record;
  const std::string input = InputName(task.input), output = OutputName(task.output);
  PngMending mending{.repair = arguments.repair, .drops_metadata = arguments.strip};
  PictureReader reader = WithFile(input, [&] {
    FileBytes bytes = ReadInput(task.input, common.force, common.max_memory);
    record.size = bytes.size();
    if (one.hashes) record.sha256 = Sha256Of(bytes);
    return OpenPicture(std::move(bytes), encoder, common, one.share, mending);
  });
  std::error_code none;
  if (!std::filesystem::is_regular_file(task.input, none)) reader.Keep();
  if (arguments.strip) {
    if (reader.image().indexed) {
      WithFile(input, [&] { reader.ReadRows(reader.image().height); });
    }
    StripMetadata(reader.image());
  }
  WithFile(input, [&] {
    PackFrames(reader.image(), common.max_pixels,
               [&](const Image& frame) { return EncodeFrame(frame, encoder, common); });
  });
  const Image& image = reader.image();
  record.width = image.width;
  record.height = image.height;
  record.channels = image.channels;
  record.bit_depth = image.bit_depth;
  record.effort = common.model_path.empty() ? common.effort : "model";
  if (record.effort.empty()) record.effort = "standard";
  const int threads = one.share.threads();
  if (ComparesExisting(arguments.batch, common)) {
    if (IsThere(one, reader, arguments)) {
      if (one.hashes) record.pixels_sha256 = PixelSha256(image);
      record.status = FileStatus::kSkipped;
      record.reason = "is there already";
      return Printable(output) + ": is there already\n";
    }
  }
  // Before the work, so that an output that cannot be is refused at once.
  const auto file = WithFile(output, [&] {
    MakeFolders(task, arguments.files);
    return std::make_unique<Output>(task.output, common.force);
  });

  Seconds seconds;
  const ByteSpan bytes = WithFile(input, [&] {
    const flz_image picture = ToPicture(image);
    SetChunks(image, encoder);
    const uint8_t* data = nullptr;
    size_t size = 0;
    Clock::time_point start = Clock::now();
    {
      HandleProgress progress("encoding", encoder, common.quiet || !one.alone);
      HandleRows rows(encoder, [&](uint32_t count) { reader.ReadRows(count); });
      rows.Check(flz_encoder_encode(encoder.get(), &picture, &data, &size));
    }
    KeepSmaller(task, reader, encoder, &data, &size);
    seconds.encode = SecondsSince(start);
    start = Clock::now();
    if (arguments.verify &&
        !Holds({data, size}, image, common, threads, !common.quiet && one.alone)) {
      throw Error(ErrorCode::kCorrupt,
                  "internal error: what was encoded does not decode to the same");
    }
    seconds.verify = SecondsSince(start);
    return ByteSpan(data, size);
  });
  record.output_size = bytes.size();
  if (one.hashes) {
    record.output_sha256 = Sha256Of(bytes);
    record.pixels_sha256 = PixelSha256(image);
  }
  one.share.Leave();
  WithFile(output, [&] {
    file->Write(bytes);
    file->Commit(task.input, common.attributes, &one.folders);
  });
  record.status = FileStatus::kDone;
  one.keep_source = arguments.batch.remove && !mending.notes.empty();
  Warn(input, mending, one.keep_source);
  std::string line = LineOf(record, image);
  if (common.verbose) line += MoreOf(image, encoder, threads, seconds, arguments.verify);
  return line;
}

void Run(const Arguments& arguments) {
  ApplySimd(arguments.common);
  if (IsForeignName(arguments.files.output) || FormatOfName(arguments.files.output)) {
    throw UsageError(arguments.files.output +
                     ": encode writes .flz files, which are not to have another format's name");
  }
  if (arguments.batch.remove && !arguments.verify) {
    throw UsageError("--rm: not with --no-verify");
  }
  const std::vector<std::string> extensions = {".png", ".pgm", ".ppm", ".pnm", ".pbm", ".pam"};
  const FileList list = ListFiles(arguments.batch.list, extensions);
  std::vector<FileTask> tasks = PlanFiles(arguments.files, list, extensions, ".flz");
  CheckBatchOptions(arguments.batch, tasks);
  const auto new_encoder = [&] {
    const char* what = arguments.common.effort.empty() ? "encoder" : "--effort";
    EncoderHandle encoder = WithFile(what, [&] { return NewEncoder(arguments.common); });
    flz_encoder_set_recover_colour(encoder.get(), arguments.recover_colour ? 1 : 0);
    flz_encoder_set_preview(encoder.get(), arguments.preview ? 1 : 0);
    return encoder;
  };
  new_encoder();  // an effort or a model that is not there is said once, before anything is done
  if (!arguments.batch.dry_run) MakeOutputDir(arguments.files, tasks);
  RunBatch({.command = "encode",
            .common = arguments.common,
            .batch = arguments.batch,
            .tasks = std::move(tasks),
            .list = list,
            .make = [&]() -> FileFn {
              const std::shared_ptr<const EncoderHandle> encoder =
                  std::make_shared<const EncoderHandle>(new_encoder());
              return [encoder, &arguments](OneFile& file) {
                return EncodeOne(file, *encoder, arguments);
              };
            }});
}

}  // namespace

void AddEncodeCommand(CLI::App& app, Action& run) {
  CLI::App* command = app.add_subcommand("encode", "Compress PNG or PNM images into .flz files");
  const auto arguments = std::make_shared<Arguments>();
  AddListOptions(*command, arguments->batch, "PNG or PNM images, and with -r folders");
  AddOutputArguments(*command, arguments->files, arguments->common, "IN with .flz for .png");
  AddOutputOptions(*command, arguments->batch);
  command->add_flag("--verify,!--no-verify", arguments->verify,
                    "Decode the result and compare before writing it [on]");
  command->add_flag("--strip", arguments->strip, "Leave out metadata");
  command->add_flag("--repair", arguments->repair,
                    "Take PNG files whose pixels are whole though other parts are damaged");
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
