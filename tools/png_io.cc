// SPDX-License-Identifier: BSD-3-Clause
//
// libpng reports errors by longjmp. A function that calls setjmp here therefore holds
// no object with a destructor, and no local that changes after setjmp; all state lives
// in Reader and Writer, outside the jump.
#include "tools/png_io.h"

#include <png.h>

#include <algorithm>
#include <cerrno>
#include <csetjmp>
#include <cstring>
#include <new>

#include "tools/atomic_file.h"
#include "tools/read_file.h"

namespace flowzip {
namespace {

constexpr char kCutShort[] = "PNG file is cut short";

std::string KindName(int color_type, int bit_depth) {
  const char* color = "";
  switch (color_type) {
    case PNG_COLOR_TYPE_PALETTE: return "palette PNG";
    case PNG_COLOR_TYPE_GRAY: color = "gray"; break;
    case PNG_COLOR_TYPE_GRAY_ALPHA: color = "gray+alpha"; break;
    case PNG_COLOR_TYPE_RGB: color = "RGB"; break;
    case PNG_COLOR_TYPE_RGB_ALPHA: color = "RGBA"; break;
    default: color = "unknown"; break;
  }
  return std::to_string(bit_depth) + "-bit " + color + " PNG";
}

void IgnoreWarning(png_structp, png_const_charp) {}

// What both directions share: the message of the error that libpng jumped out with.
struct Session {
  png_structp png = nullptr;
  png_infop info = nullptr;
  char message[200] = "";

  [[noreturn]] static void Fail(png_structp png, png_const_charp message) {
    auto* session = static_cast<Session*>(png_get_error_ptr(png));
    std::strncpy(session->message, message, sizeof(session->message) - 1);
    png_longjmp(png, 1);
  }
};

class Reader : public Session {
 public:
  explicit Reader(ByteSpan file) : rest_(file) {
    png = png_create_read_struct(PNG_LIBPNG_VER_STRING, static_cast<Session*>(this), Fail,
                                 IgnoreWarning);
    if (png != nullptr) info = png_create_info_struct(png);
    if (info == nullptr) {
      png_destroy_read_struct(&png, nullptr, nullptr);
      throw std::bad_alloc();
    }
  }
  ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  bool ReadHeader() {
    if (setjmp(png_jmpbuf(png))) return false;
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_read_fn(png, this, Take);
    png_read_info(png, info);
    return true;
  }

  bool ReadSamples(uint8_t* samples, size_t row_bytes, uint32_t height) {
    if (setjmp(png_jmpbuf(png))) return false;
    const int passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    if (png_get_rowbytes(png, info) != row_bytes) png_error(png, "unexpected row size");
    for (int pass = 0; pass < passes; ++pass) {
      for (uint32_t y = 0; y < height; ++y) png_read_row(png, samples + y * row_bytes, nullptr);
    }
    png_read_end(png, nullptr);
    return true;
  }

  [[noreturn]] void Throw() const {
    if (cut_) throw Error(ErrorCode::kTruncated, kCutShort);
    throw Error(ErrorCode::kCorrupt, std::string("PNG file is damaged (") + message + ")");
  }

 private:
  static void Take(png_structp png, png_bytep to, size_t count) {
    auto* self = static_cast<Reader*>(png_get_io_ptr(png));
    if (count > self->rest_.size()) {
      self->cut_ = true;
      png_error(png, "end of file");
    }
    std::memcpy(to, self->rest_.data(), count);
    self->rest_ = self->rest_.subspan(count);
  }

  ByteSpan rest_;
  bool cut_ = false;
};

class Writer : public Session {
 public:
  explicit Writer(std::FILE* stream) : stream_(stream) {
    png = png_create_write_struct(PNG_LIBPNG_VER_STRING, static_cast<Session*>(this), Fail,
                                  IgnoreWarning);
    if (png != nullptr) info = png_create_info_struct(png);
    if (info == nullptr) {
      png_destroy_write_struct(&png, nullptr);
      throw std::bad_alloc();
    }
  }
  ~Writer() { png_destroy_write_struct(&png, &info); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  bool Write(const Image& image) {
    if (setjmp(png_jmpbuf(png))) return false;
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_write_fn(png, this, Put, nullptr);
    // A photograph's pixels hardly repeat: level 1 with one filter takes a third of the time of
    // level 3 with the choice of five, and 5 to 9 % more bytes (docs/performance.md).
    png_set_compression_level(png, 1);
    png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_UP);
    png_set_IHDR(png, info, image.width, image.height, image.bit_depth,
                 image.channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (uint32_t y = 0; y < image.height; ++y) {
      png_write_row(png, image.samples.data() + y * image.row_bytes());
    }
    png_write_end(png, info);
    return true;
  }

  [[noreturn]] void Throw() const {
    if (errno_ != 0) throw SystemError(errno_);
    throw Error(ErrorCode::kInvalidArgument, std::string("cannot be a PNG file (") + message + ")");
  }

 private:
  static void Put(png_structp png, png_bytep bytes, size_t count) {
    auto* self = static_cast<Writer*>(png_get_io_ptr(png));
    if (std::fwrite(bytes, 1, count, self->stream_) == count) return;
    self->errno_ = errno;
    png_error(png, "write failed");
  }

  std::FILE* stream_;
  int errno_ = 0;
};

}  // namespace

Image ReadPng(const std::string& path, uint64_t max_pixels) {
  return ReadPng(ReadFile(path), max_pixels);
}

Image ReadPng(ByteSpan file, uint64_t max_pixels, const ImageCheck& check) {
  constexpr uint8_t kSignature[8] = {0x89, 'P', 'N', 'G', 0x0D, 0x0A, 0x1A, 0x0A};
  Require(!file.empty(), ErrorCode::kTruncated, "file is empty");
  const size_t present = std::min(file.size(), sizeof(kSignature));
  Require(std::memcmp(file.data(), kSignature, present) == 0, ErrorCode::kCorrupt,
          "not a PNG file");

  Reader reader(file);
  if (!reader.ReadHeader()) reader.Throw();
  Image image;
  image.width = png_get_image_width(reader.png, reader.info);
  image.height = png_get_image_height(reader.png, reader.info);
  image.bit_depth = png_get_bit_depth(reader.png, reader.info);
  const int color_type = png_get_color_type(reader.png, reader.info);
  const std::string kind = KindName(color_type, image.bit_depth);
  const bool gray = color_type == PNG_COLOR_TYPE_GRAY;
  if (image.bit_depth != 8 || !(gray || color_type == PNG_COLOR_TYPE_RGB)) {
    throw Error(ErrorCode::kUnsupported, kind + " is not supported yet");
  }
  if (png_get_valid(reader.png, reader.info, PNG_INFO_tRNS)) {
    throw Error(ErrorCode::kUnsupported,
                kind + " with a transparent colour (tRNS) is not supported yet");
  }
  if (uint64_t{image.width} * image.height > max_pixels) {
    throw Error(ErrorCode::kLimit,
                std::to_string(image.width) + " x " + std::to_string(image.height) +
                    " pixels exceed the limit of " + std::to_string(max_pixels) + " pixels");
  }
  image.channels = gray ? 1 : 3;
  if (check) check(image);
  // Deflate expands at most 1032 times, so that a short file cannot ask for gigabytes.
  Require(image.row_bytes() * image.height / 1032 <= file.size(), ErrorCode::kTruncated, kCutShort);
  image.samples.resize(image.row_bytes() * image.height);
  if (!reader.ReadSamples(image.samples.data(), image.row_bytes(), image.height)) reader.Throw();
  return image;
}

void WritePng(const Image& image, std::FILE* stream) {
  Require((image.channels == 1 || image.channels == 3) && image.bit_depth == 8,
          ErrorCode::kUnsupported, "PNG output of this kind of image is not supported yet");
  Require(image.samples.size() == image.row_bytes() * image.height, ErrorCode::kInvalidArgument,
          "the image's samples do not fill its size");
  Writer writer(stream);
  if (!writer.Write(image)) writer.Throw();
}

void WritePng(const Image& image, const std::string& path) {
  AtomicFile file(path, true);
  WritePng(image, file.stream());
  file.Commit();
}

}  // namespace flowzip
