// SPDX-License-Identifier: BSD-3-Clause
#include "tools/train/pictures.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "base/error.h"
#include "codec/tiles/tile_modes.h"
#include "tools/png_io.h"

namespace flowzip {
namespace {

Image ToRgb(Image image) {
  Require(image.full_bytes() && !image.has_alpha(), ErrorCode::kUnsupported,
          "neither 8-bit gray nor 8-bit RGB");
  Require(std::min(image.width, image.height) >= kMinTrainingSide, ErrorCode::kUnsupported,
          "less than 128 pixels on a side");
  if (image.channels == 3) return image;
  Image rgb{image.width, image.height, 3, 8, {}};
  for (const uint8_t v : image.samples) rgb.samples.insert(rgb.samples.end(), 3, v);
  return rgb;
}

}  // namespace

std::vector<Image> LoadFolder(const std::string& folder) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".png") paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<Image> images;
  for (const std::string& path : paths) {
    try {
      images.push_back(ToRgb(ReadPng(path)));
    } catch (const Error& error) {
      std::fprintf(stderr, "flowzip-train: skipping %s: %s\n", path.c_str(), error.what());
    }
  }
  Require(!images.empty(), ErrorCode::kInvalidArgument, "no usable training pictures");
  return images;
}

}  // namespace flowzip
