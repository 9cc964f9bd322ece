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
#include <optional>

#include "base/map_ahead.h"
#include "codec/memory.h"
#include "tools/atomic_file.h"
#include "tools/png_chunks.h"
#include "tools/png_deflate.h"
#include "tools/read_file.h"

namespace flowzip {
namespace {

constexpr char kCutShort[] = "PNG file is cut short";

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
  // `pieces`: the file.
  explicit Reader(std::vector<ByteSpan> pieces) : pieces_(std::move(pieces)) {
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
    // SplitPng has verified all checksums: not once more.
    png_set_crc_action(png, PNG_CRC_QUIET_USE, PNG_CRC_QUIET_USE);
    png_read_info(png, info);
    return true;
  }

  bool ReadSamples(uint8_t* samples, size_t row_bytes, uint32_t height) {
    if (setjmp(png_jmpbuf(png))) return false;
    const int passes = png_set_interlace_handling(png);
    png_set_packing(png);
    if (kLittleEndian) png_set_swap(png);
    png_set_check_for_invalid_index(png, -1);  // kept as it is
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
    while (count > 0) {
      if (self->next_ == self->pieces_.size()) {
        self->cut_ = true;
        png_error(png, "end of file");
      }
      ByteSpan& piece = self->pieces_[self->next_];
      const size_t taken = std::min(count, piece.size());
      std::memcpy(to, piece.data(), taken);
      piece = piece.subspan(taken);
      to += taken;
      count -= taken;
      if (piece.empty()) ++self->next_;
    }
  }

  std::vector<ByteSpan> pieces_;
  size_t next_ = 0;
  bool cut_ = false;
};

int ColorType(const Image& image) {
  constexpr int kTypes[5] = {0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                             PNG_COLOR_TYPE_RGB_ALPHA};
  return image.indexed ? PNG_COLOR_TYPE_PALETTE : kTypes[image.channels];
}

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

  bool WriteHead(const Image& image) {
    if (setjmp(png_jmpbuf(png))) return false;
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_write_fn(png, this, Put, nullptr);
    // A photograph's pixels hardly repeat: level 1 with one filter takes a third of the time of
    // level 3 with the choice of five, and 5 to 9 % more bytes (docs/performance.md).
    png_set_compression_level(png, 1);
    png_set_filter(png, PNG_FILTER_TYPE_BASE,
                   image.indexed || image.bit_depth < 8 ? PNG_FILTER_NONE : PNG_FILTER_UP);
    png_set_IHDR(png, info, image.width, image.height, image.bit_depth, ColorType(image),
                 image.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_check_for_invalid_index(png, -1);
    // The signature and IHDR. The other chunks are ours: libpng would put them in its own order.
    png_write_info_before_PLTE(png, info);
    next_ = WriteChunks(image, 0);
    return true;
  }

  bool WriteSamples(const Image& image) {
    if (setjmp(png_jmpbuf(png))) return false;
    const int passes = png_set_interlace_handling(png);
    png_set_packing(png);
    if (kLittleEndian) png_set_swap(png);
    for (int pass = 0; pass < passes; ++pass) {
      for (uint32_t y = 0; y < image.height; ++y) {
        png_write_row(png, image.samples.data() + y * image.row_bytes());
      }
    }
    return true;
  }

  bool WriteTail(const Image& image) {
    if (setjmp(png_jmpbuf(png))) return false;
    if (next_ < image.chunks.size()) WriteChunks(image, next_ + 1);
    png_write_chunk(png, reinterpret_cast<png_const_bytep>("IEND"), nullptr, 0);
    return true;
  }

  // Those from `first` up to the samples' mark, whose number is returned, or to the end.
  size_t WriteChunks(const Image& image, size_t first) {
    for (size_t i = first; i < image.chunks.size(); ++i) {
      const Chunk& chunk = image.chunks[i];
      if (chunk.name() == "IDAT") return i;
      png_write_chunk(png, reinterpret_cast<png_const_bytep>(chunk.type.data()), chunk.data.data(),
                      chunk.data.size());
    }
    return image.chunks.size();
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
  size_t next_ = 0;  // of the chunks: the samples' mark
  int errno_ = 0;
};

}  // namespace

Image ReadPng(const std::string& path, uint64_t max_pixels) {
  return ReadPng(ReadFile(path), max_pixels);
}

Image ReadPng(ByteSpan file, uint64_t max_pixels, const ImageCheck& check, int jobs) {
  PngFile png = SplitPng(file);
  const PngHeader& header = png.header;
  Image image;
  image.width = header.width;
  image.height = header.height;
  image.bit_depth = header.bit_depth;
  image.indexed = header.color_type == PNG_COLOR_TYPE_PALETTE;
  image.interlaced = header.interlace != 0;
  image.channels = image.indexed ? 1
                                 : ((header.color_type & PNG_COLOR_MASK_COLOR) != 0 ? 3 : 1) +
                                       ((header.color_type & PNG_COLOR_MASK_ALPHA) != 0 ? 1 : 0);
  RequirePixels(image.width, image.height, max_pixels);
  if (check) check(image);
  // Deflate expands at most 1032 times, so that a short file cannot ask for gigabytes.
  const uint64_t row_bits = uint64_t{image.width} * image.channels * image.bit_depth;
  Require((row_bits + 7) / 8 * image.height / 1032 <= file.size(), ErrorCode::kTruncated,
          kCutShort);
  image.chunks = std::move(png.chunks);
  Reader reader(std::move(png.data));
  if (!reader.ReadHeader()) reader.Throw();
  image.samples.resize(image.row_bytes() * image.height);
  std::optional<MapAhead> ahead;
  if (jobs > 1 && image.samples.size() >= kOwnMapping) {
    ahead.emplace(image.samples.data(), image.samples.size());
  }
  if (!reader.ReadSamples(image.samples.data(), image.row_bytes(), image.height)) reader.Throw();
  return image;
}

void WritePng(const Image& image, std::FILE* stream, int jobs) {
  const int depth = image.bit_depth;
  const bool whole_depth = depth == 8 || depth == 16 ||
                           (image.channels == 1 && (depth == 1 || depth == 2 || depth == 4));
  if (!whole_depth || image.max_value != 0) {
    throw Error(ErrorCode::kUnsupported, "no PNG file has samples from 0 to " +
                                             std::to_string(image.largest()) +
                                             " in such a picture (a PAM file has)");
  }
  CheckImage(image);
  Writer writer(stream);
  if (!writer.WriteHead(image)) writer.Throw();
  if (IdatInPieces(image)) {
    WriteIdat(image, jobs, stream);
  } else if (!writer.WriteSamples(image)) {
    writer.Throw();
  }
  if (!writer.WriteTail(image)) writer.Throw();
}

void WritePng(const Image& image, const std::string& path) {
  AtomicFile file(path, true);
  WritePng(image, file.stream());
  file.Commit();
}

}  // namespace flowzip
