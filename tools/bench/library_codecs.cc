// SPDX-License-Identifier: BSD-3-Clause
// Rivals that are called as libraries: libpng and zstd here, CharLS in charls_codec.cc.
#include <png.h>
#ifdef FLOWZIP_HAVE_ZSTD
#include <zstd.h>
#endif

#include <fstream>
#include <string>

#include "tools/bench/codec_table.h"
#include "tools/bench/png_filter.h"
#include "tools/bench/png_writer.h"
#include "tools/bench/pnm.h"
#include "tools/png_io.h"
#include "tools/pnm_io.h"
#include "tools/read_file.h"

namespace flowzip::bench {

Codec LibraryCodec(std::string name, std::string family, std::string version, std::string options) {
  Codec codec;
  codec.name = std::move(name);
  codec.family = std::move(family);
  codec.version = std::move(version);
  codec.options = std::move(options);
  codec.encode_command = "{self} bench --worker " + codec.name + ":encode {in} {out}";
  codec.decode_command = "{self} bench --worker " + codec.name + ":decode {in} {out.pnm}";
  return codec;
}

Codec MissingLibrary(const std::string& name, const std::string& family, const std::string& why) {
  Codec codec = LibraryCodec(name, family, "", "");
  codec.missing = why;
  return codec;
}

namespace {

void AddPng(std::vector<Codec>& codecs) {
  const std::string version = std::string("libpng ") + png_get_libpng_ver(nullptr);
  Codec shipped =
      LibraryCodec("png-shipped", "PNG", version, "the file as it is; decoded by libpng");
  shipped.encode_command.clear();
  shipped.decode = [](ByteSpan file) { return PlainPixels(ReadPng(file)); };
  codecs.push_back(shipped);

  Codec best = LibraryCodec("png-9", "PNG", version,
                            "png_set_compression_level(9), png_set_filter(PNG_ALL_FILTERS)");
  best.encode = [](const Image& image) { return PngBytes(image, 9); };
  best.decode = shipped.decode;
  codecs.push_back(best);
}

#ifdef FLOWZIP_HAVE_ZSTD
std::vector<uint8_t> Compress(ByteSpan from, int level) {
  std::vector<uint8_t> to(ZSTD_compressBound(from.size()));
  const size_t size = ZSTD_compress(to.data(), to.size(), from.data(), from.size(), level);
  Require(ZSTD_isError(size) == 0, ErrorCode::kInvalidArgument, "zstd cannot compress this");
  to.resize(size);
  return to;
}

std::vector<uint8_t> Decompress(ByteSpan from) {
  const unsigned long long size = ZSTD_getFrameContentSize(from.data(), from.size());
  Require(size < (1ULL << 40), ErrorCode::kCorrupt, "zstd frame without a size");
  std::vector<uint8_t> to(size);
  const size_t got = ZSTD_decompress(to.data(), to.size(), from.data(), from.size());
  Require(ZSTD_isError(got) == 0 && got == size, ErrorCode::kCorrupt, "zstd frame is damaged");
  return to;
}

// A PNM file is a line of text and the raw samples: a fair "raw" that can be decoded.
size_t PnmHeaderBytes(ByteSpan pnm) {
  int lines = 0;
  size_t at = 0;
  while (lines < 3 && at < pnm.size()) lines += pnm[at++] == '\n';
  return at;
}

struct RowShape {
  size_t header, row, pixel;  // bytes
};

RowShape ShapeOf(ByteSpan pnm) {
  const size_t header = PnmHeaderBytes(pnm);
  const std::string text(pnm.begin(), pnm.begin() + static_cast<ptrdiff_t>(header));
  const size_t pixel = (text[1] == '5' ? 1 : 3) * (text.find("65535") != std::string::npos ? 2 : 1);
  return {header, std::stoul(text.substr(3)) * pixel, pixel};
}

std::vector<uint8_t> Concatenate(ByteSpan a, const std::vector<uint8_t>& b) {
  std::vector<uint8_t> all(a.begin(), a.end());
  all.insert(all.end(), b.begin(), b.end());
  return all;
}

void AddZstd(std::vector<Codec>& codecs) {
  const std::string version = std::string("libzstd ") + ZSTD_versionString();
  for (const int level : {3, 19, 22}) {
    const std::string call =
        "ZSTD_compress(level " + std::to_string(level) + (level > 19 ? ", --ultra)" : ")");
    Codec raw = LibraryCodec("zstd-" + std::to_string(level), "zstd", version,
                             call + " of the PNM file, raw samples");
    raw.encode = [level](const Image& image) { return Compress(ToPnm(image), level); };
    raw.decode = [](ByteSpan file) { return FromPnm(Decompress(file)); };
    raw.takes_alpha = false;
    codecs.push_back(raw);

    Codec filtered = LibraryCodec("zstd-" + std::to_string(level) + "-rows", "zstd", version,
                                  call + " of PNG-filtered rows (least sum of differences)");
    filtered.encode = [level](const Image& image) {
      const std::vector<uint8_t> pnm = ToPnm(image);
      const RowShape shape = ShapeOf(pnm);
      const ByteSpan all = pnm;
      return Compress(Concatenate(all.first(shape.header),
                                  FilterRows(all.subspan(shape.header), shape.row, shape.pixel)),
                      level);
    };
    filtered.decode = [](ByteSpan file) {
      const std::vector<uint8_t> rows = Decompress(file);
      const RowShape shape = ShapeOf(rows);
      const ByteSpan all = rows;
      return FromPnm(Concatenate(all.first(shape.header),
                                 UnfilterRows(all.subspan(shape.header), shape.row, shape.pixel)));
    };
    filtered.takes_alpha = false;
    codecs.push_back(filtered);
  }
}
#else
void AddZstd(std::vector<Codec>& codecs) {
  codecs.push_back(MissingLibrary("zstd", "zstd", "flowzip was built without libzstd"));
}
#endif

}  // namespace

std::vector<Codec> LibraryCodecs() {
  std::vector<Codec> codecs;
  AddPng(codecs);
  AddZstd(codecs);
  AddJpegLs(codecs);
  return codecs;
}

void RunWorker(const std::string& task, const std::string& in, const std::string& out) {
  std::vector<uint8_t> result;
  for (const Codec& codec : LibraryCodecs()) {
    if (task == codec.name + ":encode" && codec.encode) result = codec.encode(ReadPixels(in));
    if (task == codec.name + ":decode" && codec.decode) {
      const Image image = codec.decode(ReadFile(in));
      result = image.channels % 2 == 0 ? PngBytes(image, 1) : ToPnm(image);
    }
  }
  Require(!result.empty(), ErrorCode::kInvalidArgument, "no such task");
  std::ofstream file(out, std::ios::binary);  // as plainly as the other rivals write
  file.write(reinterpret_cast<const char*>(result.data()),
             static_cast<std::streamsize>(result.size()));
  Require(static_cast<bool>(file.flush()), ErrorCode::kIo, "output cannot be written");
}

}  // namespace flowzip::bench
