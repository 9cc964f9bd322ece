// SPDX-License-Identifier: BSD-3-Clause
// .flz files for the tests of plug-ins, made by the library: known pixels, and metadata.
#pragma once

#define XXH_INLINE_ALL
#include <xxhash.h>
#include <zlib.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "flowzip/flowzip.h"

namespace made {

using Bytes = std::vector<uint8_t>;

inline int g_failures = 0;

inline void Expect(bool ok, const std::string& what) {
  if (ok) return;
  std::printf("FAILED: %s\n", what.c_str());
  ++g_failures;
}

inline Bytes ReadAll(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Colours that change slowly, with a little noise: as in a photograph, no preview costs too much.
inline uint8_t Sample(uint32_t x, uint32_t y, uint32_t c) {
  const uint32_t noise = (x * 2654435761u ^ y * 2246822519u ^ c * 3266489917u) * 668265263u >> 28;
  return static_cast<uint8_t>(x * (c + 1) / 12 % 120 + y / 9 % 100 + noise);
}

inline const Bytes& Profile() {  // no real one, which no loader but Qt's looks into
  static const Bytes profile(3000, 0x42);
  return profile;
}

// RGB with that EXIF orientation, a colour profile and XMP.
inline Bytes MakeFile(uint32_t width, uint32_t height, int orientation) {
  Bytes pixels;
  pixels.reserve(size_t{3} * width * height);
  for (uint32_t y = 0; y < height; ++y) {
    for (uint32_t x = 0; x < width; ++x) {
      for (uint32_t c = 0; c < 3; ++c) pixels.push_back(Sample(x, y, c));
    }
  }
  flz_encoder* encoder = flz_encoder_new();
  flz_encoder_set_effort(encoder, FLZ_EFFORT_FAST);
  Bytes icc = {'t', 'e', 's', 't', 0, 0};
  uLongf size = compressBound(Profile().size());
  icc.resize(6 + size);
  compress(icc.data() + 6, &size, Profile().data(), Profile().size());
  icc.resize(6 + size);
  flz_encoder_add_chunk(encoder, "iCCP", icc.data(), icc.size());
  const Bytes exif = {'I',
                      'I',
                      '*',
                      0,
                      8,
                      0,
                      0,
                      0,
                      1,
                      0,
                      0x12,
                      0x01,
                      3,
                      0,
                      1,
                      0,
                      0,
                      0,
                      static_cast<uint8_t>(orientation),
                      0,
                      0,
                      0,
                      0,
                      0,
                      0,
                      0};
  flz_encoder_add_chunk(encoder, "eXIf", exif.data(), exif.size());
  const std::string xmp = std::string("XML:com.adobe.xmp\0\0\0\0\0", 22) + "<x:xmpmeta/>";
  flz_encoder_add_chunk(encoder, "iTXt", xmp.data(), xmp.size());
  const flz_image image = {width, height, 3, 8, pixels.data(), 0, 0, 0};
  const uint8_t* data = nullptr;
  size_t bytes = 0;
  if (flz_encoder_encode(encoder, &image, &data, &bytes) != FLZ_OK) std::abort();
  Bytes file(data, data + bytes);
  flz_encoder_free(encoder);
  return file;
}

// Changes of a file that a loader must survive: cut, and with bits turned.
template <class F>
void Damaged(const Bytes& file, const F& body) {
  for (int i = 0; i < 12; ++i) body(Bytes(file.begin(), file.begin() + file.size() * i / 12));
  for (size_t at = 8; at < file.size(); at += file.size() / 40 + 1) {
    Bytes changed = file;
    changed[at] ^= static_cast<uint8_t>(1 << at % 8);
    body(changed);
  }
}

// Changes of a file's preview, and of what the header says of it, under checksums that are right again
// (docs/FORMAT.md, 2.4 and 2.5): what a loader hands to the decoder of previews.
template <class F>
void DamagedPreviews(const Bytes& file, const F& body) {
  flz_info info;
  if (flz_probe(file.data(), file.size(), &info, nullptr) != FLZ_OK) std::abort();
  const auto seal = [](Bytes& bytes, size_t at, size_t begin, size_t end, XXH32_hash_t seed) {
    const XXH32_hash_t sum = XXH32(bytes.data() + begin, end - begin, seed);
    for (size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<uint8_t>(sum >> (8 * i));
  };
  const size_t header = info.header_bytes, end = header + info.preview_bytes;
  for (size_t at = header + 8; at < end; at += (end - header) / 64 + 1) {
    for (const int bit : {0, 3, 7}) {
      Bytes changed = file;
      changed[at] ^= static_cast<uint8_t>(1 << bit);
      seal(changed, header, header + 4, end, 0xFFFFFFFF);
      body(changed);
    }
  }
  for (size_t at = 8; at < header - 4; ++at) {  // sizes among them
    Bytes changed = file;
    changed[at] ^= static_cast<uint8_t>(1 << at % 8);
    seal(changed, header - 4, 0, header - 4, 0);
    body(changed);
  }
}

}  // namespace made
