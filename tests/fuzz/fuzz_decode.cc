// SPDX-License-Identifier: BSD-3-Clause
// Whole files: refused, or decoded to a picture that survives another round trip; and
// recovery gives the same picture, or more of it.
#include "tests/fuzz/harness.h"

namespace flowzip {
namespace {

constexpr uint64_t kMaxPixels = 1 << 12;

Image DecodeWith(ByteSpan data, Recovery* recovery) {
  DecodeOptions options;
  options.model_override = &fuzz::ModelFor(data);
  options.max_pixels = kMaxPixels;
  options.recovery = recovery;
  return Decode(data, options);
}

void Run(ByteSpan data) {
  Image saved;
  Recovery recovery;
  bool can_be_saved = true;
  try {
    saved = DecodeWith(data, &recovery);
  } catch (const Error&) {
    can_be_saved = false;
  }
  const Image image = DecodeWith(data, nullptr);
  fuzz::Check(can_be_saved && recovery.intact() && saved.samples == image.samples,
              "recovery fails where decoding does not");
  EncodeOptions options;
  options.model = &fuzz::ModelFor(data);
  options.tile_log2 = Probe(data).tile_log2;
  if (Probe(data).adaptive) options.coding = Coding::kAdaptive;
  fuzz::Check(DecodeWith(Encode(image, options), nullptr).samples == image.samples,
              "a decoded picture does not survive encoding");
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
