// SPDX-License-Identifier: BSD-3-Clause
#include "tools/picture_format.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <string_view>

#include "flowzip/flowzip.h"

namespace flowzip {
namespace {

struct Named {
  const char* name;
  std::optional<PnmKind> pnm;
};
const std::array<Named, 6> kFormats = {{{"png", std::nullopt},
                                        {"pbm", PnmKind::kBitmap},
                                        {"pgm", PnmKind::kGray},
                                        {"ppm", PnmKind::kColor},
                                        {"pnm", PnmKind::kSmallest},
                                        {"pam", PnmKind::kArbitrary}}};

constexpr std::string_view kForeign[] = {
    ".jpg", ".jpeg", ".jpe",  ".jfif", ".tif", ".tiff", ".webp", ".gif",  ".bmp", ".dib", ".pfm",
    ".jxl", ".avif", ".heic", ".heif", ".jp2", ".j2k",  ".jpx",  ".jls",  ".jxr", ".exr", ".hdr",
    ".tga", ".pcx",  ".ico",  ".cur",  ".svg", ".pdf",  ".ps",   ".eps",  ".psd", ".xcf", ".qoi",
    ".ff",  ".flif", ".dds",  ".dng",  ".cr2", ".nef",  ".arw",  ".apng", ".mng", ".raw"};

std::string Extension(const std::string& path) {
  std::string extension = std::filesystem::path(path).extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension;
}

bool HoldsPng(const Image& image) {
  const int depth = image.bit_depth;
  return image.max_value == 0 && (depth == 8 || depth == 16 ||
                                  (image.channels == 1 && (depth == 1 || depth == 2 || depth == 4)));
}

bool Holds(const Image& image, PnmKind kind) {
  switch (kind) {
    case PnmKind::kBitmap:
      return image.channels == 1 && image.largest() == 1;
    case PnmKind::kGray:
      return image.channels == 1;
    case PnmKind::kColor:
      return image.channels == 3;
    default:
      return true;
  }
}

}  // namespace

std::string PictureFormat::extension() const {
  for (const Named& format : kFormats) {
    if (format.pnm == pnm) return std::string(".") + format.name;
  }
  return ".png";
}

const std::vector<std::string>& FormatNames() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Named& format : kFormats) all.emplace_back(format.name);
    return all;
  }();
  return names;
}

PictureFormat FormatNamed(const std::string& name) { return *FormatOfName("x." + name); }

std::optional<PictureFormat> FormatOfName(const std::string& path) {
  const std::string extension = Extension(path);
  for (const Named& format : kFormats) {
    if (extension == std::string(".") + format.name) return PictureFormat{format.pnm};
  }
  return std::nullopt;
}

bool IsForeignName(const std::string& path, const std::string& also) {
  const std::string extension = Extension(path);
  if (extension.empty()) return false;
  return extension == also ||
         std::find(std::begin(kForeign), std::end(kForeign), extension) != std::end(kForeign);
}

PictureFormat FormatOfSource(const Image& image) {
  const std::optional<PnmKind> source = image.indexed ? std::nullopt : SourcePnm(image);
  if (source && Holds(image, *source)) return {source};
  if (HoldsPng(image)) return {};
  for (const PnmKind kind : {PnmKind::kGray, PnmKind::kColor}) {
    if (Holds(image, kind)) return {kind};
  }
  return {PnmKind::kArbitrary};
}

std::string ForeignFile(ByteSpan file) {
  const auto has = [&](std::string_view what, size_t at = 0) {
    return file.size() >= at + what.size() && std::equal(what.begin(), what.end(), file.begin() + static_cast<ptrdiff_t>(at),
                      [](char a, uint8_t b) { return static_cast<uint8_t>(a) == b; });
  };
  const auto convert = [](const std::string& name, const std::string& by) {
    return "is a " + name + " file; flowzip takes PNG and PNM, which " + by + " makes of it";
  };
  if (has("\xFF\xD8\xFF")) {
    return "is a JPEG file, which is smaller as it is; flowzip takes PNG and PNM (djpeg makes PNM of "
           "its pixels)";
  }
  if (has("RIFF") && has("WEBP", 8)) return convert("WebP", "dwebp");
  if (has(std::string_view("II*\0", 4)) || has(std::string_view("MM\0*", 4)) || has("II+") ||
      has(std::string_view("MM\0+", 4))) {
    return convert("TIFF", "tifftopnm");
  }
  if (has("GIF87a") || has("GIF89a")) return convert("GIF", "giftopnm");
  if (has("BM") && file.size() > 26 && file[6] == 0 && file[7] == 0) return convert("BMP", "bmptopnm");
  if (has(std::string_view("\0\0\0\x0CJXL ", 8)) || has("\xFF\x0A")) return convert("JPEG XL", "djxl");
  if (has("ftypavi", 4)) return convert("AVIF", "avifdec");
  if (has("ftyphei", 4) || has("ftypmif1", 4)) return convert("HEIF", "heif-convert");
  if (has(std::string_view("\0\0\0\x0CjP  ", 8))) return convert("JPEG 2000", "opj_decompress");
  if (has("qoif")) return convert("QOI", "ffmpeg");
  if (has("PF\n") || has("Pf\n")) {
    return "is a PFM file, of floating-point samples; flowzip takes PNG and PNM";
  }
  if (has("\x8AMNG\r\n\x1A\n")) return "is an MNG film; flowzip takes PNG and PNM";
  if (has("%PDF")) return convert("PDF", "pdftoppm");
  if (has("<?xml") || has("<svg")) return convert("SVG or XML", "rsvg-convert");
  if (flz_signature(file.data(), file.size()) == FLZ_OK) return "is a flowzip file already";
  return "";
}

}  // namespace flowzip
