// SPDX-License-Identifier: BSD-3-Clause
#include "tools/png_deflate.h"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

#include "base/thread_pool.h"
#include "tools/read_file.h"

namespace flowzip {
namespace {

constexpr size_t kPieceBytes = size_t{1} << 20, kWindow = size_t{1} << 15;
constexpr int kLevel = 1;
constexpr uint8_t kUp = 2;  // PNG's filter type
constexpr uint8_t kIdat[] = {'I', 'D', 'A', 'T'};
constexpr uint8_t kZlibHeader[] = {0x78, 0x01};  // window of 32 KiB, fastest

// Appends rows [y0, y1) in the file's byte order, each behind its filter type.
void FilterRows(const Image& image, uint32_t y0, uint32_t y1, std::vector<uint8_t>& out) {
  const size_t bytes = image.row_bytes();
  const std::vector<uint8_t> zeros(bytes);
  out.resize((bytes + 1) * (y1 - y0));
  uint8_t* to = out.data();
  // Samples of two bytes lie low byte first in memory (on the machines that this runs on), high
  // byte first in the file.
  const size_t swap = image.bytes_per_sample() == 2 && kLittleEndian;
  for (uint32_t y = y0; y < y1; ++y) {
    const uint8_t* row = image.samples.data() + size_t{y} * bytes;
    const uint8_t* above = y == 0 ? zeros.data() : row - bytes;
    *to++ = kUp;
    if (swap == 0) {
      for (size_t i = 0; i < bytes; ++i) to[i] = static_cast<uint8_t>(row[i] - above[i]);
    } else {
      for (size_t i = 0; i < bytes; ++i) to[i] = static_cast<uint8_t>(row[i ^ 1] - above[i ^ 1]);
    }
    to += bytes;
  }
}

struct Piece {
  std::vector<uint8_t> deflated;  // never empty once it is done
  uLong crc = 0;                  // of the chunk so far
  uLong adler = 0;                // of the filtered bytes
  size_t bytes = 0;

  void Append(const uint8_t* more, size_t count) {
    deflated.insert(deflated.end(), more, more + count);
    crc = crc32(crc, more, static_cast<uInt>(count));
  }
};

// Rows [y0, y1) as part of a deflate stream that ends at a byte.
Piece DeflateRows(const Image& image, uint32_t y0, uint32_t y1) {
  std::vector<uint8_t> rows, before;
  FilterRows(image, y0, y1, rows);
  const size_t row = image.row_bytes() + 1;
  const auto rows_before = static_cast<uint32_t>(std::min<size_t>(y0, (kWindow + row - 1) / row));
  FilterRows(image, y0 - rows_before, y0, before);

  z_stream stream = {};
  if (deflateInit2(&stream, kLevel, Z_DEFLATED, -MAX_WBITS, MAX_MEM_LEVEL - 1, Z_FILTERED) !=
      Z_OK) {
    throw std::bad_alloc();
  }
  const size_t known = std::min(before.size(), kWindow);
  if (known > 0) {
    deflateSetDictionary(&stream, before.data() + before.size() - known, static_cast<uInt>(known));
  }
  Piece piece;
  piece.bytes = rows.size();
  piece.adler = adler32(adler32(0, nullptr, 0), rows.data(), static_cast<uInt>(rows.size()));
  piece.deflated.resize(deflateBound(&stream, static_cast<uLong>(rows.size())) + 16);
  stream.next_in = rows.data();
  stream.avail_in = static_cast<uInt>(rows.size());
  stream.next_out = piece.deflated.data();
  stream.avail_out = static_cast<uInt>(piece.deflated.size());
  const bool last = y1 == image.height;
  const int result = deflate(&stream, last ? Z_FINISH : Z_SYNC_FLUSH);
  piece.deflated.resize(stream.total_out);
  deflateEnd(&stream);
  Require(result == (last ? Z_STREAM_END : Z_OK) && stream.avail_in == 0,
          ErrorCode::kInvalidArgument, "cannot be deflated");
  if (y0 == 0) {
    piece.deflated.insert(piece.deflated.begin(), std::begin(kZlibHeader), std::end(kZlibHeader));
  }
  piece.crc = crc32(crc32(0, kIdat, sizeof kIdat), piece.deflated.data(),
                    static_cast<uInt>(piece.deflated.size()));
  return piece;
}

void PutBigEndian(uint32_t value, uint8_t* to) {
  for (int i = 0; i < 4; ++i) to[i] = static_cast<uint8_t>(value >> (24 - 8 * i));
}

void Put(const uint8_t* bytes, size_t count, std::FILE* stream) {
  if (std::fwrite(bytes, 1, count, stream) != count) throw SystemError(errno);
}

void WriteChunk(const Piece& piece, std::FILE* stream) {
  uint8_t size[4], crc[4];
  PutBigEndian(static_cast<uint32_t>(piece.deflated.size()), size);
  PutBigEndian(static_cast<uint32_t>(piece.crc), crc);
  Put(size, sizeof size, stream);
  Put(kIdat, sizeof kIdat, stream);
  Put(piece.deflated.data(), piece.deflated.size(), stream);
  Put(crc, sizeof crc, stream);
}

}  // namespace

bool IdatInPieces(const Image& image) {
  // A piece's sizes must fit zlib's 32 bits.
  return !image.indexed && !image.interlaced && (image.bit_depth == 8 || image.bit_depth == 16) &&
         image.row_bytes() < (size_t{1} << 30);
}

void WriteIdat(const Image& image, int jobs, std::FILE* stream) {
  const auto rows = static_cast<uint32_t>(
      std::clamp<size_t>(kPieceBytes / (image.row_bytes() + 1), 1, image.height));
  const uint32_t pieces = (image.height - 1) / rows + 1;
  // Threads wait for each other after so many pieces, which are in memory if the first is the last
  // to be done.
  const auto batch_size = static_cast<uint32_t>(std::max(1, jobs)) * 8;
  ThreadPool pool(static_cast<int>(std::min<uint32_t>(static_cast<uint32_t>(jobs), pieces)));
  uLong adler = adler32(0, nullptr, 0);
  for (uint32_t first = 0; first < pieces; first += batch_size) {
    std::vector<Piece> batch(std::min(batch_size, pieces - first));
    std::mutex mutex;
    size_t next = 0;  // to be written
    pool.ParallelFor(static_cast<int64_t>(batch.size()), [&](int64_t i) {
      const uint32_t y = (first + static_cast<uint32_t>(i)) * rows;
      Piece piece = DeflateRows(image, y, std::min(image.height - y, rows) + y);
      const std::lock_guard lock(mutex);
      batch[static_cast<size_t>(i)] = std::move(piece);
      for (; next < batch.size() && !batch[next].deflated.empty(); ++next) {
        Piece& done = batch[next];
        adler = adler32_combine(adler, done.adler, static_cast<z_off_t>(done.bytes));
        if (first + next + 1 == pieces) {
          uint8_t sum[4];
          PutBigEndian(static_cast<uint32_t>(adler), sum);
          done.Append(sum, sizeof sum);
        }
        WriteChunk(done, stream);
        Release(done.deflated);
      }
    });
  }
}

}  // namespace flowzip
