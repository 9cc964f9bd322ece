// SPDX-License-Identifier: BSD-3-Clause
// The estimates of codec/tiles/memory.h against what is really allocated: every operator new of
// this program is counted.
#include "codec/tiles/memory.h"

#include <catch2/catch.hpp>

#include "codec/api/codec.h"
#include "codec/preview/preview.h"
#include "model/embedded.h"
#include "tests/converted.h"
#include "tests/counted_heap.h"
#include "tests/landscape.h"
#include "tests/picture_kinds.h"
#include "tests/tiny_model.h"

namespace flowzip {
namespace {

// The estimate must hold, and be worth something: a fixed part aside, within a factor.
void CheckEstimate(uint64_t estimate, uint64_t peak, double slack) {
  constexpr double kFixedPart = 8 << 20;
  INFO("estimate " << HumanBytes(estimate) << ", peak " << HumanBytes(peak));
  CHECK(peak <= estimate);
  CHECK(static_cast<double>(estimate) <= slack * static_cast<double>(peak) + kFixedPart);
}

void Measure(const Image& image, const Model& model, int jobs, double slack,
             Coding coding = Coding::kNetwork) {
  INFO(image.width << " x " << image.height << " x " << image.channels << ", " << model.name
                   << ", jobs " << jobs);
  EncodeOptions encode;
  encode.model = &model;
  encode.jobs = jobs;
  encode.coding = coding;
  std::vector<uint8_t> file;
  const uint64_t encoding = testing::HeapPeakOf([&] { file = Encode(image, encode); });
  const FileInfo info = Probe(file);
  CheckEstimate(PlanEncode(info, /*network=*/true, jobs, kNoMemoryLimit).bytes, encoding, slack);

  DecodeOptions decode;
  decode.model_override = &model;
  decode.jobs = jobs;
  Image again;
  const uint64_t decoding = testing::HeapPeakOf([&] { again = Decode(file, decode); });
  CHECK(again.samples == image.samples);
  CheckEstimate(PlanDecode(info, jobs, kNoMemoryLimit, SampleMemory(info)).bytes, decoding, slack);
}

}  // namespace

TEST_CASE("memory stays below the estimate, and not by far") {
  const Model narrow = testing::TinyModel(1), broad = testing::TinyModel(2, {40, 2, 5});
  // Any tile may be by contexts, which take several times as much, with a search for copies.
  // Network tiles are planned for with escapes and deep samples, which decoding does not keep.
  constexpr double kByRaster = 9, kByNetwork = 6.5, kPlannedForNetwork = 14;
  for (const Model* model : {&narrow, &broad}) {
    Measure(testing::Scene(900, 700, 3, 1), *model, 1, kByNetwork);
    Measure(testing::Scene(900, 700, 1, 2), *model, 2, kByNetwork);
  }
  Measure(testing::Scene(900, 700, 3, 1), narrow, 1, kPlannedForNetwork, Coding::kRaster);
  Measure(testing::Noise(1024, 1024, 3, 3), narrow, 2, kPlannedForNetwork, Coding::kRaster);
  Measure(testing::Scene(900, 700, 3, 1), narrow, 2, kPlannedForNetwork, Coding::kFast);
  Measure(testing::Scene(900, 700, 3, 1), narrow, 1, kByRaster, Coding::kSmallest);
  // What comes again, by the contexts and the quick model.
  for (const Coding coding : {Coding::kFast, Coding::kSmallest}) {
    Measure(testing::OfKind({3, 8, 1}, 600, 500, 1), narrow, 2, kPlannedForNetwork, coding);
    Measure(testing::OfKind({1, 16, 4}, 600, 500, 1), narrow, 1, 18, coding);
  }
  // Adaptive planes have tables of their own.
  Measure(testing::Scene(900, 700, 3, 1), narrow, 1, kByNetwork, Coding::kAdaptive);
  Measure(testing::Scene(900, 700, 1, 2), broad, 2, kByNetwork, Coding::kAdaptive);
  // The network coder: planes side by side, squeezed ones, deep ones.
  const Model flow = testing::TinyModel(9);
  for (const int jobs : {1, 3}) {
    const Image half = testing::Converted(testing::Scene(900, 700, 3, 1), 2, 9, true);
    Measure(testing::Scene(900, 700, 3, 1), flow, jobs, kByNetwork);
    Measure(half, flow, jobs, kByNetwork);
    Measure(half, flow, jobs, kByNetwork, Coding::kAdaptive);
    Measure(testing::OfKind({3, 16, 2}, 700, 600, 2), flow, jobs, kByNetwork);
    Measure(testing::Noise(900, 700, 3, 3), flow, jobs, kByNetwork);
  }
  // Noise makes the largest files; a thin picture has many small tiles.
  Measure(testing::Noise(1024, 1024, 3, 3), narrow, 3, kByNetwork, Coding::kNetwork);
  Measure(testing::Noise(1500, 600, 3, 4), narrow, 1, kByNetwork, Coding::kNetwork);
}

TEST_CASE("small pictures, where the fixed part rules") {
  const Model model = testing::TinyModel(3);
  for (const auto& [width, height] : {std::pair{1, 1}, {1, 3000}, {3000, 1}, {64, 48}}) {
    Measure(testing::Noise(width, height, 3, 5), model, 1, 4.5);
    Measure(testing::Scene(width, height, 3, 5), model, 1, 4.5, Coding::kSmallest);
  }
}

TEST_CASE("the default model") {
  REQUIRE_FALSE(EmbeddedModels().empty());
  Measure(testing::Scene(512, 400, 3, 6), DefaultModel(), 2, 4.0);
}

TEST_CASE("the limits are applied before anything large is allocated") {
  const Model model = testing::TinyModel(4);
  const Image image = testing::Scene(640, 480, 3, 7);
  EncodeOptions encode;
  encode.model = &model;
  const std::vector<uint8_t> file = Encode(image, encode);
  const FileInfo info = Probe(file);

  const auto refused = [](const auto& body) {
    try {
      body();
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::kLimit);
      const std::string text = error.what();
      CHECK(text.find("MiB of memory, more than the limit of ") != std::string::npos);
      return;
    }
    FAIL("not refused");
  };
  encode.max_memory = PlanEncode(info, /*network=*/true, 1, kNoMemoryLimit).bytes - 1;
  CHECK(testing::HeapPeakOf([&] { refused([&] { Encode(image, encode); }); }) < 100'000);
  encode.max_memory += 1;
  CHECK(Encode(image, encode) == file);

  DecodeOptions decode;
  decode.model_override = &model;
  decode.max_memory = PlanDecode(info, 1, kNoMemoryLimit, SampleMemory(info)).bytes - 1;
  CHECK(testing::HeapPeakOf([&] { refused([&] { Decode(file, decode); }); }) < 100'000);
  decode.max_memory += 1;
  CHECK(Decode(file, decode).samples == image.samples);
}

TEST_CASE("bytes for people") {
  CHECK(HumanBytes(0) == "0 bytes");
  CHECK(HumanBytes(1023) == "1023 bytes");
  CHECK(HumanBytes(1024) == "1.0 KiB");
  CHECK(HumanBytes(1536 * 1024) == "1.5 MiB");
  CHECK(HumanBytes(uint64_t{4} << 30) == "4.0 GiB");
  CHECK(HumanBytes(uint64_t{150} << 30) == "150 GiB");
  CHECK(HumanBytes(UINT64_MAX) == "16.0 EiB");
}

TEST_CASE("a preview's memory stays within the plans") {
  const Image image = testing::Landscape(1200, 900, 3, 7);
  EncodeOptions options;
  options.coding = Coding::kFast;
  options.preview = true;
  options.jobs = 2;
  std::vector<uint8_t> file;
  CHECK(testing::HeapPeakOf([&] { file = Encode(image, options); }) <=
        EncodingMemory(image, options));
  const FileInfo info = Probe(file);
  REQUIRE(info.preview.channels == 3);
  Image preview;
  CHECK(testing::HeapPeakOf([&] { preview = DecodePreview(info, file); }) <= PreviewMemory(info));
}

}  // namespace flowzip
