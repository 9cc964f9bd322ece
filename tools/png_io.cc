// SPDX-License-Identifier: BSD-3-Clause
#include "tools/png_io.h"

#include <png.h>

#include <cerrno>
#include <new>
#include <utility>

#include "codec/picture/marks.h"
#include "tools/atomic_file.h"
#include "tools/png_deflate.h"
#include "tools/png_reader.h"
#include "tools/png_session.h"
#include "tools/read_file.h"

namespace flowzip {
namespace {

int ColorType(const Image& image) {
  constexpr int kTypes[5] = {0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                             PNG_COLOR_TYPE_RGB_ALPHA};
  return image.indexed ? PNG_COLOR_TYPE_PALETTE : kTypes[image.channels];
}

class Writer : public PngSession {
 public:
  explicit Writer(std::FILE* stream) : stream_(stream) {
    png = png_create_write_struct(PNG_LIBPNG_VER_STRING, static_cast<PngSession*>(this), Fail,
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
    if (const Chunk* tail = FindChunk(image, kTailMark)) {
      Put(png, const_cast<png_bytep>(tail->data.data()), tail->data.size());
    }
    return true;
  }

  // Those from `first` up to the samples' mark, whose number is returned, or to the end.
  size_t WriteChunks(const Image& image, size_t first) {
    for (size_t i = first; i < image.chunks.size(); ++i) {
      const Chunk& chunk = image.chunks[i];
      if (chunk.name() == "IDAT") return i;
      if (chunk.name() == kSourceMark || chunk.name() == kTailMark) continue;
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

Image ReadPng(ByteSpan file, uint64_t max_pixels) {
  PngReader reader(file, max_pixels);
  reader.ReadRows(reader.image().height);
  return std::move(reader.image());
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
