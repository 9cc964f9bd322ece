// SPDX-License-Identifier: BSD-3-Clause
// flowzip decode IN.flz... [-o OUT.png | --output-dir DIR] [--region X,Y,W,H] [--scale 1/2]
//                          [--fit N] [--recover]
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "base/thread_pool.h"
#include "codec/api/codec.h"
#include "codec/container/recover.h"
#include "codec/options/limits.h"
#include "codec/preview/average.h"
#include "tools/apng.h"
#include "tools/batch/batch.h"
#include "tools/batch/sha256.h"
#include "tools/codec_calls.h"
#include "tools/picture_file.h"

namespace flowzip {
namespace {

struct Arguments {
  CommonOptions common;
  FileArguments files;
  BatchOptions batch;
  std::string region, scale, format;
  uint32_t fit = 0;  // 0: not asked for
  bool recover = false, clamp = false;
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

// A picture of another format is named.
void RequireFlowzip(ByteSpan file) {
  if (flz_signature(file.data(), file.size()) == FLZ_OK) return;
  constexpr uint8_t kPng[] = {0x89, 'P', 'N', 'G'};
  const bool png = file.size() >= 4 && std::equal(std::begin(kPng), std::end(kPng), file.begin());
  Require(!png, ErrorCode::kCorrupt,
          "not a flowzip file, but a PNG file; flowzip encode makes one of it");
  Require(!IsPnm(file), ErrorCode::kCorrupt,
          "not a flowzip file, but a PNM file; flowzip encode makes one of it");
}

// No longer than `side` on the longer side, by whole factors.
Image Fitted(const Image& image, uint32_t side, int jobs) {
  const uint32_t longer = std::max(image.width, image.height);
  if (longer <= side) return image;
  ThreadPool pool(jobs);
  return Averaged(image, (longer - 1) / side + 1, pool);
}

// Whether the preview has a third of the pixels on a side that are asked for.
bool PreviewServes(const flz_info& info, uint32_t side) {
  return std::max(info.width, info.height) > side && info.preview_bytes > 0 &&
         std::max(info.preview_width, info.preview_height) >= side / 3;
}

// A file from which a picture is made to fit: no more of it than header and preview where these are
// enough, since a disk may take longer to read the rest than all else.
FileBytes ReadToFit(const FileTask& task, uint32_t side, const CommonOptions& common) {
  std::error_code none;
  constexpr size_t kFirst = size_t{1} << 16;
  if (std::filesystem::is_regular_file(task.input, none)) {
    for (size_t most = kFirst;;) {
      FileBytes bytes = ReadBeginning(task.input, most);
      flz_info info;
      size_t needed = 0;
      const flz_status status = flz_probe(bytes.data(), bytes.size(), &info, &needed);
      if (status == FLZ_OK && PreviewServes(info, side)) {
        needed = info.header_bytes + info.preview_bytes;
      } else if (status != FLZ_NEED_MORE) {
        break;
      }
      if (bytes.size() < most || needed <= most) return bytes;
      if (needed > common.max_memory) break;
      most = needed;
    }
  }
  return ReadInput(task.input, common.force, common.max_memory);
}

Image DecodeToFit(ByteSpan bytes, const DecoderHandle& decoder, const flz_info& info,
                  uint32_t side, const CommonOptions& common) {
  if (!PreviewServes(info, side)) {
    const Image whole = DecodeOpen(decoder, info, bytes.size(), common);
    Image fitted = Fitted(whole, side, common.jobs);
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

// --format, what the output's name says, or what the picture came from; a derived name gets the
// extension.
PictureFormat ChooseFormat(const Image& header, const Arguments& arguments, FileTask& task) {
  PictureFormat format = FormatOfSource(header);
  if (!arguments.format.empty()) {
    format = FormatNamed(arguments.format);
  } else if (const auto named = task.derived ? std::nullopt : FormatOfName(task.output)) {
    format = *named;
  }
  if (task.derived) {
    task.output = std::filesystem::path(task.output).replace_extension(format.extension()).string();
  }
  return format;
}

// The part of the region that is in the picture.
void SetRegion(const DecoderHandle& decoder, const flz_info& info, Rect region, bool clamp) {
  if (clamp && region.x < info.width && region.y < info.height) {
    region.width = std::min(region.width, info.width - region.x);
    region.height = std::min(region.height, info.height - region.y);
  }
  Check(flz_decoder_set_region(decoder.get(), region.x, region.y, region.width, region.height),
        decoder);
}

// An animation's, as PNG has them.
void RestoreFrames(Image& image, const CommonOptions& common) {
  UnpackFrames(image, [&](ByteSpan file) {
    const DecoderHandle decoder = NewDecoder(common);
    const flz_info info = OpenFile(decoder, file);
    return DecodeOpen(decoder, info, 0, common);
  });
}

// Whether the file holds that picture, as far as its format can.
bool Holds(const std::string& path, const Image& image, const PictureFormat& format,
           const CommonOptions& common) {
  try {
    Image found = ReadPicture(path, common.max_pixels);
    if (!format.pnm) return SameImage(found, image);
    const Image plain = WithoutPalette(image);
    return found.width == plain.width && found.height == plain.height &&
           found.channels == plain.channels && found.largest() == plain.largest() &&
           found.samples == plain.samples;
  } catch (const Error&) {  // no picture, or a damaged one
    return false;
  }
}

std::string DecodeOne(OneFile& one, const DecoderHandle& decoder, const Arguments& arguments) {
  CommonOptions common = arguments.common;
  FileTask task = one.task;
  FileRecord& record = one.record;
  const std::string input = InputName(task.input);
  const bool looks = arguments.fit > 0 && !one.hashes;
  const FileBytes bytes = WithFile(input, [&] {
    return looks ? ReadToFit(task, arguments.fit, common)
                 : ReadInput(task.input, common.force, common.max_memory);
  });
  std::error_code none;
  const uintmax_t size = looks ? std::filesystem::file_size(task.input, none) : bytes.size();
  record.size = none ? bytes.size() : size;
  if (one.hashes) record.sha256 = Sha256Of(bytes);
  // What is no .flz file at all is said before anything about the output.
  flz_info info = {};
  Image image;
  Recovery recovery;
  WithFile(input, [&] {
    RequireFlowzip(bytes);
    if (arguments.recover) {
      common.jobs = one.share.Enter(0);
      image = DecodeRest(bytes, common, &recovery);
      return;
    }
    Check(flz_decoder_set_threads(decoder.get(), one.share.wanted()), decoder);
    info = OpenFile(decoder, bytes);
    if (!arguments.region.empty()) {
      SetRegion(decoder, info, ParseRegion(arguments.region), arguments.clamp);
    }
    image = HeaderOpen(decoder, info);
    const uint64_t memory = flz_decoder_memory(decoder.get());
    common.jobs = one.share.Enter(
        AddMemory(AddMemory(memory, uint64_t{image.row_bytes()} * image.height), bytes.size()));
    Check(flz_decoder_set_threads(decoder.get(), common.jobs), decoder);
    if (arguments.fit > 0) {
      HandleProgress progress("decoding", decoder, common.quiet || !one.alone);
      image = DecodeToFit(bytes, decoder, info, arguments.fit, common);
    }
  });
  const PictureFormat format = ChooseFormat(image, arguments, task);
  record.output = task.output;
  record.width = image.width;
  record.height = image.height;
  record.channels = image.channels;
  record.bit_depth = image.bit_depth;
  const std::string output = OutputName(task.output);
  const auto decode = [&] {
    if (arguments.recover || !image.samples.empty()) return;
    image = WithFile(input, [&] {
      HandleProgress progress("decoding", decoder, common.quiet || !one.alone);
      Image whole = DecodeOpen(decoder, info, bytes.size(), common);
      if (!format.pnm) RestoreFrames(whole, common);
      return whole;
    });
  };
  const auto finish = [&] {
    struct stat status;
    if (stat(task.output.c_str(), &status) == 0 && S_ISREG(status.st_mode)) {
      record.output_size = static_cast<uint64_t>(status.st_size);
      if (one.hashes) record.output_sha256 = Sha256Of(ReadFile(task.output));
    }
    if (one.hashes) record.pixels_sha256 = PixelSha256(image);
  };
  if (arguments.batch.remove && format.pnm != FormatOfSource(image).pnm) {
    throw FileError(input, "--rm: only for the kind of file that it was made of, " +
                               FormatOfSource(image).extension() + "; another does not hold all");
  }
  if (ComparesExisting(arguments.batch, common) &&
      std::filesystem::is_regular_file(task.output, none)) {
    decode();
    if (Holds(task.output, image, format, common)) {
      WithFile(output, [&] {
        finish();
        if (arguments.batch.remove) FlushFile(task.output, one.folders);
      });
      record.status = FileStatus::kSkipped;
      record.reason = "is there already";
      return Printable(output) + ": is there already\n";
    }
    if (!common.force || arguments.batch.remove) {
      throw FileError(output, HoldsSomethingElse(arguments.batch));
    }
  }
  const auto file = WithFile(output, [&] {
    CheckNotSameFile(task.input, task.output);
    MakeFolders(task, arguments.files);
    return std::make_unique<Output>(task.output, common.force);
  });
  decode();
  WithFile(output, [&] {
    WritePicture(image, format, file->stream(), common.jobs);
    one.share.Leave();
    file->Commit(task.input, common.attributes, &one.folders);
    finish();
    Require(!arguments.batch.remove || Holds(task.output, image, format, common),
            ErrorCode::kIo, "does not hold what was written");
  });
  Report(recovery, input, output);
  record.status = FileStatus::kDone;
  char line[100];
  std::snprintf(line, sizeof line, ": %u x %u, %d channels of %d bits\n", image.width, image.height,
                image.channels, image.bit_depth);
  return common.verbose ? Printable(output) + line : "";
}

void Run(const Arguments& arguments) {
  ApplySimd(arguments.common);
  if (IsForeignName(arguments.files.output, ".flz")) {
    throw UsageError(arguments.files.output + ": decode writes PNG and PNM files, not this format");
  }
  if (!arguments.region.empty()) ParseRegion(arguments.region);
  if (arguments.clamp && arguments.region.empty()) throw UsageError("--clamp: needs --region");
  const bool part = !arguments.region.empty() || !arguments.scale.empty();
  if (arguments.fit > 0 && (part || arguments.recover)) {
    throw UsageError("--fit: not with --region, --scale or --recover");
  }
  if (arguments.recover && part) throw UsageError("--recover: only whole pictures are recovered");
  if (arguments.batch.remove && (arguments.recover || part || arguments.fit > 0)) {
    throw UsageError("--rm: only after a whole picture was decoded");
  }
  const int scale = arguments.scale.empty() ? 0 : ParseScale(arguments.scale);
  const FileList list = ListFiles(arguments.batch.list, {".flz"});
  std::vector<FileTask> tasks = PlanFiles(arguments.files, list, {".flz"}, ".png");
  CheckBatchOptions(arguments.batch, tasks);
  const auto new_decoder = [&] {
    DecoderHandle decoder = WithFile("decoder", [&] { return NewDecoder(arguments.common); });
    Check(flz_decoder_set_scale(decoder.get(), scale), decoder);
    return decoder;
  };
  new_decoder();  // a model that is not there is said once, before anything is done
  if (!arguments.batch.dry_run) MakeOutputDir(arguments.files, tasks);
  RunBatch({.command = "decode",
            .common = arguments.common,
            .batch = arguments.batch,
            .tasks = std::move(tasks),
            .list = list,
            .make = [&]() -> FileFn {
              const std::shared_ptr<const DecoderHandle> decoder =
                  std::make_shared<const DecoderHandle>(new_decoder());
              return [decoder, &arguments](OneFile& file) {
                return DecodeOne(file, *decoder, arguments);
              };
            }});
}

}  // namespace

void AddDecodeCommand(CLI::App& app, Action& run) {
  CLI::App* command = app.add_subcommand("decode", "Restore the PNG or PNM images of .flz files");
  const auto arguments = std::make_shared<Arguments>();
  AddListOptions(*command, arguments->batch, ".flz files, and with -r folders");
  AddOutputArguments(*command, arguments->files, arguments->common,
                     "IN with .png, or what it came from, for .flz");
  AddOutputOptions(*command, arguments->batch);
  command
      ->add_option("--format", arguments->format,
                   "png, pnm, pbm, pgm, ppm or pam, whatever the output is called")
      ->check(CLI::IsMember(FormatNames()))
      ->type_name("NAME");
  command->add_option("--region", arguments->region, "Only this part: x,y,width,height")
      ->type_name("X,Y,W,H");
  command->add_flag("--clamp", arguments->clamp, "Of a region over the edge, what is inside");
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
