// SPDX-License-Identifier: BSD-3-Clause
// PNG files: refused, or the picture that comes back is the one that libpng read, and is
// written as a PNG that reads the same.
#include <cstdio>
#include <memory>

#include "tests/fuzz/harness.h"
#include "tools/png_io.h"

namespace flowzip {
namespace {

std::vector<uint8_t> PngBytes(const Image& image) {
  char* bytes = nullptr;
  size_t size = 0;
  std::FILE* stream = open_memstream(&bytes, &size);
  fuzz::Check(stream != nullptr, "open_memstream");
  WritePng(image, stream);
  std::fclose(stream);
  const std::vector<uint8_t> result(bytes, bytes + size);
  std::free(bytes);
  return result;
}

void Run(ByteSpan data) {
  const Image image = ReadPng(data, /*max_pixels=*/1 << 12);
  EncodeOptions options;
  options.model = &fuzz::Micro();
  const std::vector<uint8_t> file = Encode(image, options);
  DecodeOptions decode;
  decode.model_override = &fuzz::Micro();
  const Image back = Decode(file, decode);
  fuzz::Check(back.width == image.width && back.height == image.height &&
                  back.channels == image.channels && back.bit_depth == image.bit_depth &&
                  back.samples == image.samples,
              "another picture comes back");
  fuzz::Check(ReadPng(PngBytes(back)).samples == image.samples, "another PNG is written");
}

}  // namespace
}  // namespace flowzip

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    flowzip::Run({data, size});
  } catch (const flowzip::Error&) {
  }
  return 0;
}
