// SPDX-License-Identifier: BSD-3-Clause
#include "tools/bench/selection.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <set>

#include "tools/bench/pnm.h"
#include "tools/picture_file.h"
#include "tools/read_file.h"

namespace flowzip::bench {
namespace {

namespace fs = std::filesystem;

// "zstd" means all whose names begin with "zstd-".
bool Matches(const std::string& name, const std::string& wanted) {
  return name == wanted || name.rfind(wanted + "-", 0) == 0;
}

bool MatchesAny(const std::string& name, const std::vector<std::string>& wanted) {
  return std::any_of(wanted.begin(), wanted.end(),
                     [&](const std::string& w) { return Matches(name, w); });
}

bool IsPngName(const fs::path& path) {
  std::string extension = path.extension().string();
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return extension == ".png";
}

void AddImage(const std::string& path, bool must, Results& results) {
  ImageInfo info;
  info.path = path;
  info.name = fs::path(path).stem().string();
  try {
    FileBytes file = ReadFile(path);
    info.file_bytes = file.size();
    const Image image = PlainPixels(ReadPicture(std::move(file)));
    info.width = image.width;
    info.height = image.height;
    info.channels = image.channels;
    info.bit_depth = image.bit_depth;
  } catch (const Error& error) {
    if (must || error.code() != ErrorCode::kUnsupported) throw RunError(path, error.what());
    results.skipped.push_back({fs::path(path).filename().string(), error.what()});
    return;
  }
  results.images.push_back(std::move(info));
}

}  // namespace

void ChooseCodecs(const RunOptions& options, Launcher& launcher, Results& results) {
  std::vector<Codec> all = AllCodecs(options.codecs, launcher);
  std::set<std::string> names_seen;
  for (const Codec& codec : all) {
    Require(names_seen.insert(codec.name).second, ErrorCode::kInvalidArgument,
            "two codecs have the same name");
  }
  for (const auto* names : {&options.only, &options.also}) {
    for (const std::string& name : *names) {
      if (std::none_of(all.begin(), all.end(),
                       [&](const Codec& codec) { return Matches(codec.name, name); })) {
        std::string known;
        for (const Codec& codec : all) known += " " + codec.name;
        throw Error(ErrorCode::kInvalidArgument, name + " is no codec; there are" + known);
      }
    }
  }
  for (Codec& codec : all) {
    const bool named =
        MatchesAny(codec.name, options.also) ||
        std::find(options.only.begin(), options.only.end(), codec.name) != options.only.end();
    const bool chosen = options.only.empty() || MatchesAny(codec.name, options.only) ||
                        codec.family == "external" || codec.name == options.reference;
    if (!named && (!chosen || codec.slow)) continue;
    if (!codec.missing.empty()) {
      results.missing.push_back({codec.name, codec.missing});
    } else {
      results.codecs.push_back(std::move(codec));
    }
  }
  Require(!results.codecs.empty(), ErrorCode::kInvalidArgument, "no codec is left to run");
}

void ChooseImages(const RunOptions& options, Results& results) {
  for (const std::string& input : options.inputs) {
    if (!fs::is_directory(input)) {
      AddImage(input, true, results);
      continue;
    }
    std::vector<std::string> paths;
    try {
      for (const fs::directory_entry& entry : fs::directory_iterator(input)) {
        if (IsPngName(entry.path())) paths.push_back(entry.path().string());
      }
    } catch (const fs::filesystem_error& error) {
      throw RunError(input, error.code().message());
    }
    if (paths.empty()) throw RunError(input, "holds no .png files");
    std::sort(paths.begin(), paths.end());
    for (const std::string& path : paths) AddImage(path, false, results);
  }
  Require(!results.images.empty(), ErrorCode::kUnsupported,
          "flowzip takes none of these images yet");
}

void DropUnfit(Results& results) {
  std::vector<Codec> fit;
  for (Codec& codec : results.codecs) {
    std::string why;
    for (const ImageInfo& image : results.images) {
      if (image.bit_depth > codec.max_bit_depth) {
        why = "takes no " + std::to_string(image.bit_depth) + "-bit samples (" + image.name + ")";
      } else if (image.channels % 2 == 0 && !codec.takes_alpha) {
        why = "takes no alpha channel here (" + image.name + ")";
      }
    }
    if (why.empty()) {
      fit.push_back(std::move(codec));
    } else {
      results.missing.push_back({codec.name, why});
    }
  }
  Require(!fit.empty(), ErrorCode::kInvalidArgument, "no codec takes all these images");
  results.codecs = std::move(fit);
}

void ChooseReference(const RunOptions& options, Results& results) {
  const auto find = [&](const std::string& name) {
    const auto found = std::find_if(results.codecs.begin(), results.codecs.end(),
                                    [&](const Codec& codec) { return codec.name == name; });
    results.reference = static_cast<size_t>(found - results.codecs.begin());
    return found != results.codecs.end();
  };
  if (!options.reference.empty()) {
    if (find(options.reference)) return;
    for (const Skipped& missing : results.missing) {
      if (missing.name == options.reference) {
        throw Error(ErrorCode::kInvalidArgument,
                    "the reference " + missing.name + " is missing: " + missing.reason);
      }
    }
    throw Error(ErrorCode::kInvalidArgument,
                "the reference " + options.reference + " is not among the codecs of this run");
  }
  for (const char* name : {"jxl-e7", "png-9", "png-shipped"}) {
    if (find(name)) return;
  }
  results.reference = 0;
  while (results.reference + 1 < results.codecs.size() &&
         results.codecs[results.reference].is_flowzip()) {
    ++results.reference;  // any rival says more than flowzip itself
  }
}

}  // namespace flowzip::bench
