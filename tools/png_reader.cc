// SPDX-License-Identifier: BSD-3-Clause
#include "tools/png_reader.h"

#include <png.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "codec/options/limits.h"
#include "tools/png_chunks.h"
#include "tools/png_session.h"

namespace flowzip {
namespace {

constexpr char kCutShort[] = "PNG file is cut short";

// The stream of samples says how far it looks back, which some writers understate.
void NoteWindow(const std::vector<ByteSpan>& pieces, PngMending& mending, uint64_t bytes) {
  for (const ByteSpan& piece : pieces) {
    constexpr size_t kType = 4, kData = 8;
    if (piece.size() <= kData || std::memcmp(&piece[kType], "IDAT", 4) != 0) continue;
    const uint64_t window = uint64_t{256} << (piece[kData] >> 4);
    if (window < 32768 && bytes > window) {
      mending.notes.push_back("zlib window of " + std::to_string(window) +
                              " bytes in IDAT taken as 32 KiB");
    }
    return;
  }
}

}  // namespace

class PngReader::Session : public PngSession {
 public:
  // `pieces`: the file.
  Session(std::vector<ByteSpan> pieces, PngMending* mending)
      : pieces_(std::move(pieces)), mending_(mending) {
    png = png_create_read_struct(PNG_LIBPNG_VER_STRING, static_cast<PngSession*>(this), Fail,
                                 IgnoreWarning);
    if (png != nullptr) info = png_create_info_struct(png);
    if (info == nullptr) {
      png_destroy_read_struct(&png, nullptr, nullptr);
      throw std::bad_alloc();
    }
  }
  ~Session() { png_destroy_read_struct(&png, &info, nullptr); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  bool ReadHeader(size_t row_bytes) {
    if (setjmp(png_jmpbuf(png))) return false;
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_read_fn(png, this, Take);
    // SplitPng has verified all checksums: not once more.
    png_set_crc_action(png, PNG_CRC_QUIET_USE, PNG_CRC_QUIET_USE);
#ifdef PNG_MAXIMUM_INFLATE_WINDOW
    // A window that is larger than the file says makes no difference where it says the truth.
    if (mending_ != nullptr && mending_->repair) {
      png_set_option(png, PNG_MAXIMUM_INFLATE_WINDOW, PNG_OPTION_ON);
    }
#endif
    png_read_info(png, info);
    passes_ = png_set_interlace_handling(png);
    png_set_packing(png);
    if (kLittleEndian) png_set_swap(png);
    png_set_check_for_invalid_index(png, -1);  // kept as it is
    png_read_update_info(png, info);
    if (png_get_rowbytes(png, info) != row_bytes) png_error(png, "unexpected row size");
    return true;
  }

  // Of an interlaced file every pass fills in some pixels of all rows, the last one too.
  bool ReadRows(uint8_t* samples, size_t row_bytes, uint32_t height, uint32_t rows) {
    const uint64_t earlier_passes = static_cast<uint64_t>(passes_ - 1) * height;
    if (done_ >= earlier_passes + rows) return true;
    if (setjmp(png_jmpbuf(png))) return false;
    for (; done_ < earlier_passes + rows; ++done_) {
      png_read_row(png, samples + done_ % height * row_bytes, nullptr);
    }
    if (rows == height) png_read_end(png, nullptr);
    return true;
  }

  // Where it goes on reading; null at the end.
  const uint8_t* next() const { return next_ < pieces_.size() ? pieces_[next_].data() : nullptr; }

  [[noreturn]] void Throw() const {
    if (cut_) throw Error(ErrorCode::kTruncated, kCutShort);
    const std::string why(message);
    // What zlib says where the window is smaller than what the stream looks back.
    const bool window = why.find("too far back") != std::string::npos;
    throw Error(ErrorCode::kCorrupt,
                "PNG file is damaged (" + why + (window ? "; see --repair" : "") + ")");
  }

 private:
  static void Take(png_structp png, png_bytep to, size_t count) {
    auto* self = static_cast<Session*>(png_get_io_ptr(png));
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
  PngMending* mending_;
  size_t next_ = 0;
  bool cut_ = false;
  int passes_ = 1;
  uint64_t done_ = 0;  // rows, of all passes
};

PngReader::PngReader(ByteSpan file, uint64_t max_pixels, const ImageCheck& check,
                     PngMending* mending)
    : file_(file) {
  PngFile png = SplitPng(file, mending);
  const PngHeader& header = png.header;
  image_.width = header.width;
  image_.height = header.height;
  image_.bit_depth = header.bit_depth;
  image_.indexed = header.color_type == PNG_COLOR_TYPE_PALETTE;
  image_.interlaced = header.interlace != 0;
  image_.channels = image_.indexed ? 1
                                   : ((header.color_type & PNG_COLOR_MASK_COLOR) != 0 ? 3 : 1) +
                                         ((header.color_type & PNG_COLOR_MASK_ALPHA) != 0 ? 1 : 0);
  RequirePixels(image_.width, image_.height, max_pixels);
  if (check) check(image_);
  // Deflate expands at most 1032 times, so that a short file cannot ask for gigabytes.
  const uint64_t row_bits = uint64_t{image_.width} * image_.channels * image_.bit_depth;
  Require((row_bits + 7) / 8 * image_.height / 1032 <= file.size(), ErrorCode::kTruncated,
          kCutShort);
  image_.chunks = std::move(png.chunks);
  deflated_bytes_ = DeflatedBytes(png);
  if (mending != nullptr && mending->repair)
    NoteWindow(png.data, *mending, (row_bits + 7) / 8 * image_.height);
  session_ = std::make_unique<Session>(std::move(png.data), mending);
  if (!session_->ReadHeader(image_.row_bytes())) session_->Throw();
  image_.samples.resize(image_.row_bytes() * image_.height);
}

PngReader::~PngReader() = default;

void PngReader::ReadRows(uint32_t rows) {
  if (!session_->ReadRows(image_.samples.data(), image_.row_bytes(), image_.height, rows)) {
    session_->Throw();
  }
}

size_t PngReader::read_to() const {
  const uint8_t* next = session_->next();
  return next != nullptr ? static_cast<size_t>(next - file_.data()) : file_.size();
}

}  // namespace flowzip
