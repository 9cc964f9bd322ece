// SPDX-License-Identifier: BSD-3-Clause
// Any picture comes back: sides, kind, tile size and samples are the input's.
#include "tests/fuzz/harness.h"

namespace flowzip {
namespace {

void Run(ByteSpan data) {
  ByteReader reader(data);
  const uint32_t width = 1 + reader.Get<uint8_t>() % 70, height = 1 + reader.Get<uint8_t>() % 70;
  const auto kind = reader.Get<uint8_t>();
  Image image;
  image.width = width;
  image.height = height;
  image.channels = kind % 2 ? 3 : 1;
  // Deep from 192 on.
  if (kind >= 192) image.bit_depth = 16;
  image.samples.assign(image.row_bytes() * height, 0);
  // What is missing repeats what is there.
  const ByteSpan samples = reader.GetBytes(reader.remaining());
  for (size_t i = 0; i < image.samples.size() && !samples.empty(); ++i) {
    image.samples[i] = samples[i % samples.size()];
  }
  EncodeOptions options;
  options.model = kind & 2 ? &fuzz::Golden() : &fuzz::Micro();
  options.tile_log2 = kMinTileLog2 + (kind >> 2) % 3;
  options.jobs = 1;
  constexpr Coding kCodings[] = {Coding::kSmallest, Coding::kNetwork, Coding::kAdaptive,
                                 Coding::kThorough, Coding::kFast, Coding::kRaster};
  options.coding = kCodings[(kind >> 4) % 6];
  const std::vector<uint8_t> file = Encode(image, options);
  DecodeOptions decode;
  decode.model_override = options.model;
  fuzz::Check(Decode(file, decode).samples == image.samples, "another picture comes back");
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
