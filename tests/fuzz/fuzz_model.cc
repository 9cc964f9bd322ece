// SPDX-License-Identifier: BSD-3-Clause
// Model files: any bytes are refused, or are a model that codes pictures without loss; with
// UndefinedBehaviorSanitizer also the proof that no accepted weights can overflow.
#include "tests/fuzz/harness.h"
#include "tests/picture_kinds.h"

namespace flowzip {
namespace {

Image Extremes() {
  Image image = testing::Noise(19, 11, 3, 5);
  for (size_t i = 0; i < image.samples.size(); i += 2) image.samples[i] = i % 4 ? 255 : 0;
  return image;
}

void Run(ByteSpan data) {
  Model model = Model::Parse(data);
  const std::vector<uint8_t> bytes = model.Serialize();
  fuzz::Check(bytes.size() == data.size() &&
                  std::equal(bytes.begin(), bytes.end() - sizeof(uint64_t), data.begin()),
              "a model is not written as it was read");
  if (model.flow.MacsPerPixel() > 30000) return;  // slow, and no different
  std::vector<Image> images = {Extremes(), testing::Checkerboard(10, 17, 1)};
  images.push_back(testing::OfKind({3, 16, 2}, 19, 18, 6));
  for (const Image& image : images) {
    EncodeOptions options;
    options.model = &model;
    try {
      const std::vector<uint8_t> file = Encode(image, options);
      DecodeOptions decode;
      decode.model_override = &model;
      fuzz::Check(Decode(file, decode).samples == image.samples, "other pixels");
    } catch (const Error& error) {
      // The one thing that may be wrong with a model that was accepted.
      fuzz::Check(error.code() == ErrorCode::kInvalidArgument, error.what());
    }
  }
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
