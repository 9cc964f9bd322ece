// SPDX-License-Identifier: BSD-3-Clause
// The model file: what is written is read, and nothing else is.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <string>

#include "model/embedded.h"
#include "model/model.h"
#include "tests/tiny_model.h"

namespace flowzip {
namespace {

using testing::Random;
using testing::TinyModel;
using testing::TinyShape;

constexpr size_t kHashBytes = 8, kNameLengthAt = 9;

// Small enough to try every byte.
TinyShape Smallest() {
  TinyShape shape;
  shape.width = shape.inner = shape.head = 1;
  shape.blocks = {1, 0, 0};
  shape.components = shape.classes = 1;
  shape.radii = {{2, 1, 1}, {0, 0, 0}, {0, 0, 0}};
  return shape;
}

// Makes the content hash right again, as a hostile writer would.
std::vector<uint8_t> Rehash(std::vector<uint8_t> bytes) {
  const size_t covered = bytes.size() - kHashBytes;
  const uint64_t hash = XXH3_64bits(bytes.data(), covered);
  for (size_t i = 0; i < kHashBytes; ++i) bytes[covered + i] = static_cast<uint8_t>(hash >> 8 * i);
  return bytes;
}

// The message that reading causes; empty for none.
std::string Refusal(ByteSpan bytes, ErrorCode* code = nullptr) {
  try {
    Model::Parse(bytes);
  } catch (const Error& error) {
    if (code != nullptr) *code = error.code();
    return error.what();
  }
  return {};
}

bool IsRefused(ByteSpan bytes) { return !Refusal(bytes).empty(); }

TEST_CASE("what is written is read") {
  TinyShape shape;
  shape.classes = 4;
  shape.components = 8;
  shape.adaptive_levels = 8;
  shape.blocks = {0, 1, 3};
  Model model = TinyModel(1, shape);
  model.name = std::string(64, 'x');
  const std::vector<uint8_t> bytes = model.Serialize();
  Model again = Model::Parse(bytes);
  CHECK(again.name == model.name);
  CHECK(again.components == 8);
  CHECK(again.adaptive_levels == 8);
  CHECK(again.radii.own == model.radii.own);
  CHECK(again.radii.earlier == model.radii.earlier);
  CHECK(again.radii.later == model.radii.later);
  REQUIRE(again.classes.size() == 4);
  for (size_t i = 0; i < 4; ++i) CHECK(again.classes[i].filters == model.classes[i].filters);
  CHECK(&again.ForLevel(2) == &again.classes[2]);
  CHECK(&again.ForLevel(11) == &again.classes[3]);
  CHECK(again.hash() == model.hash());
  CHECK(again.MacsPerPixel() == model.MacsPerPixel());
  // The networks too: every byte comes back.
  CHECK(again.Serialize() == bytes);
  ByteReader end(ByteSpan(bytes).last(kHashBytes));
  CHECK(end.Get<uint64_t>() == model.hash());
}

TEST_CASE("the hash is of the content: it changes with every parameter") {
  const Model model = TinyModel(1);
  Model other = model;
  other.classes[1].net.groups[2].heads[2].out.bias[0] += 1;
  other.Serialize();
  CHECK(other.hash() != model.hash());
  other = model;
  other.classes[0].filters[0][0][0] += 1;
  other.Serialize();
  CHECK(other.hash() != model.hash());
}

TEST_CASE("a model file cut anywhere is refused, with the right hash too") {
  const std::vector<uint8_t> bytes = TinyModel(2, Smallest()).Serialize();
  REQUIRE(bytes.size() < 4000);
  for (size_t size = 0; size < bytes.size(); ++size) {
    INFO(size);
    REQUIRE(IsRefused(ByteSpan(bytes).first(size)));
    if (size < kHashBytes) continue;
    REQUIRE(IsRefused(Rehash({bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size)})));
  }
  CHECK(Refusal({}) == "data end too early");
  CHECK(Refusal(ByteSpan(bytes).first(9)) == "model file is cut short");
}

TEST_CASE("a bit flipped anywhere is detected") {
  const std::vector<uint8_t> bytes = TinyModel(3, Smallest()).Serialize();
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::vector<uint8_t> damaged = bytes;
      damaged[i] ^= static_cast<uint8_t>(1 << bit);
      INFO("byte " << i << " bit " << bit);
      REQUIRE(IsRefused(damaged));
      // With a hash that fits it may be another model, but never more than that.
      Refusal(Rehash(damaged));
    }
  }
}

TEST_CASE("random bytes behind a right beginning and hash are no model") {
  Random random(4);
  const std::vector<uint8_t> bytes = TinyModel(4, Smallest()).Serialize();
  for (int trial = 0; trial < 3000; ++trial) {
    std::vector<uint8_t> damaged = bytes;
    const size_t from = random.Between(kNameLengthAt, static_cast<int>(bytes.size()) - 100);
    damaged.resize(from + random.Between(8, 200));
    for (size_t i = from; i < damaged.size(); ++i) damaged[i] = random.Byte();
    REQUIRE(IsRefused(Rehash(damaged)));
  }
}

TEST_CASE("foreign files and later versions are named") {
  std::vector<uint8_t> bytes = TinyModel(5, Smallest()).Serialize();
  CHECK(Refusal(std::vector<uint8_t>(100, 'x')) == "not a flowzip model file");
  ErrorCode code{};
  bytes[8] = 3;
  CHECK(Refusal(bytes, &code) == "model file of an unknown version");
  CHECK(code == ErrorCode::kUnsupported);
  bytes[8] = 1;
  bytes[20] ^= 1;
  CHECK(Refusal(bytes, &code) == "model file is damaged (content hash differs)");
  CHECK(code == ErrorCode::kCorrupt);
}

// Changes a model as its parts allow, writes it with a right hash, and says why it is refused.
std::string RefusalOf(const std::function<void(Model&)>& change) {
  Model model = TinyModel(6);
  change(model);
  ErrorCode code{};
  const std::string message = Refusal(model.Serialize(), &code);
  if (!message.empty()) CHECK(code == ErrorCode::kCorrupt);
  return message;
}

TEST_CASE("options that are none, or unknown, are refused; so is a scale of the wrong shape") {
  TinyShape shape = Smallest();
  shape.latent_components = shape.affine = true;
  const std::vector<uint8_t> good = TinyModel(5, shape).Serialize();
  REQUIRE(Refusal(good).empty());
  const size_t options_at = 8 + 2 + good[9] + 2;  // magic, version, name, K, adaptive levels
  REQUIRE(good[options_at] == 3);
  for (const uint8_t options : {0, 4, 7, 255}) {
    std::vector<uint8_t> bytes = good;
    bytes[options_at] = options;
    CHECK(Refusal(Rehash(bytes)) == "unknown model options");
  }
  // Without the affine bit, its layers are surplus.
  std::vector<uint8_t> bytes = good;
  bytes[options_at] = 1;
  CHECK(IsRefused(Rehash(bytes)));
  Model wrong = TinyModel(5, shape);
  Conv2d& scale = wrong.classes[0].net.groups[1].scale;
  scale.out = 2;
  scale.weight.resize(2);
  scale.bias.resize(2);
  CHECK(Refusal(wrong.Serialize()) == "model layer has the wrong shape");
}

TEST_CASE("counts out of range") {
  CHECK(RefusalOf([](Model&) {}).empty());
  CHECK(RefusalOf([](Model& m) { m.components = 0; }) == "bad number of mixture components");
  CHECK(RefusalOf([](Model& m) { m.components = 9; }) == "bad number of mixture components");
  CHECK(RefusalOf([](Model& m) { m.adaptive_levels = 9; }) == "bad number of adaptive levels");
  CHECK(RefusalOf([](Model& m) { m.classes.clear(); }) == "bad number of classes");
  CHECK(RefusalOf([](Model& m) { m.classes.resize(5, m.classes[0]); }) == "bad number of classes");
  CHECK(RefusalOf([](Model& m) { m.radii.own[1] = 37; }) == "filter radius too large");
  CHECK(RefusalOf([](Model& m) { m.radii.later[2] = 255; }) == "filter radius too large");
  CHECK(RefusalOf([](Model& m) { m.name = "two\nlines"; }) == "model name has control characters");
  CHECK(RefusalOf([](Model& m) { m.name = "\x7F"; }) == "model name has control characters");
  CHECK(RefusalOf([](Model& m) { m.name = "mod\xC3\xA8le"; }).empty());
}

TEST_CASE("a name that is too long is neither read nor written") {
  Model model = TinyModel(7, Smallest());
  model.name = std::string(64, 'n');
  std::vector<uint8_t> bytes = model.Serialize();
  bytes[kNameLengthAt] = 65;
  bytes.insert(bytes.begin() + kNameLengthAt + 1, 'n');
  CHECK(Refusal(Rehash(bytes)) == "model name is too long");
  model.name.push_back('n');
  CHECK_THROWS_WITH(model.Serialize(), "model name is too long");
}

TEST_CASE("liftings are checked") {
  Model model = TinyModel(8, Smallest());
  const std::vector<uint8_t> bytes = model.Serialize();
  // Steps follow name, K, adaptive levels and nine radii: target, shift, three i16.
  const size_t lifting = kNameLengthAt + 1 + model.name.size() + 2 + 9;
  REQUIRE(bytes[lifting] == 4);
  const auto with = [&](size_t offset, uint8_t value) {
    std::vector<uint8_t> changed = bytes;
    changed[lifting + offset] = value;
    return Refusal(Rehash(changed));
  };
  CHECK(with(1, 3) == "bad lifting step");
  CHECK(with(2, 15) == "bad lifting step");
  CHECK(with(3, 1) == "lifting step reads its own target");
  CHECK(with(6, 0x41) == "lifting coefficient out of range");
  CHECK(with(1 + 4 * 8, 0) == "lifting order is not a permutation");
  CHECK(with(0, 17) != "");
}

TEST_CASE("filters that could overflow are refused") {
  CHECK(RefusalOf([](Model& m) {
          m.radii.own = {36, 36, 36};
          const TapSet taps(m.radii);
          for (LevelClass& level_class : m.classes) {
            for (int g = 0; g < kGroups; ++g) {
              for (int c = 0; c < kChannels; ++c) {
                level_class.filters[g][c].assign(taps.taps[g][c].size(), 32767);
              }
            }
          }
        }) == "default filter could overflow");
}

TEST_CASE("layers of the wrong shape are refused") {
  Random random(9);
  const auto conv = [&](int in, int out, int kernel) {
    return testing::RandomConv(random, in, out, kernel, 0.1);
  };
  const char* const wrong = "model layer has the wrong shape";
  CHECK(RefusalOf([&](Model& m) {
          m.classes[0].net.groups[0].input = conv(kTrunkInputs[0] + 1, 8, 3);
        }) == wrong);
  CHECK(RefusalOf([&](Model& m) {
          m.classes[0].net.groups[1].input = conv(kTrunkInputs[1], 7, 3);
        }) == wrong);
  CHECK(RefusalOf([&](Model& m) {
          m.classes[1].net.groups[2].input = conv(kTrunkInputs[2], 8, 1);
        }) == wrong);
  CHECK(RefusalOf([&](Model& m) { m.classes[0].net.groups[0].blocks[0].first = conv(7, 6, 3); }) ==
        wrong);
  CHECK(RefusalOf([&](Model& m) {
          m.classes[0].net.groups[0].blocks[0].first = conv(8, 5, 3);  // second has 6
        }) == wrong);
  CHECK(RefusalOf([&](Model& m) { m.classes[0].net.groups[0].blocks[0].second = conv(6, 9, 3); }) ==
        wrong);
  CHECK(RefusalOf([&](Model& m) { m.classes[0].net.groups[0].heads[0].hidden = conv(9, 8, 1); }) ==
        wrong);
  CHECK(RefusalOf([&](Model& m) {
          m.classes[0].net.groups[0].heads[1].extra = conv(kHeadInputs[2], 8, 3);
        }) == wrong);
  CHECK(RefusalOf([&](Model& m) {
          m.classes[0].net.groups[0].heads[2].extra = conv(kHeadInputs[2], 7, 3);
        }) == wrong);
  CHECK(RefusalOf([&](Model& m) { m.classes[0].net.groups[0].heads[2].out = conv(8, 5, 1); }) ==
        wrong);
  CHECK(RefusalOf([&](Model& m) { m.classes[0].net.groups[0].heads[2].out = conv(8, 6, 3); }) ==
        wrong);
}

TEST_CASE("networks that are too wide or too deep are refused") {
  Random random(10);
  const auto shaped = [&](int width, int inner, int head, int blocks) {
    TinyShape shape;
    shape.width = width;
    shape.inner = inner;
    shape.head = head;
    shape.blocks = {blocks, 0, 0};
    return RefusalOf([&](Model& m) { m.classes[0].net = testing::RandomNet(random, shape); });
  };
  CHECK(shaped(8, 6, 8, 1).empty());
  CHECK(shaped(257, 1, 1, 0) == "model is too wide");
  CHECK(shaped(1, 257, 1, 1) == "model is too wide");
  CHECK(shaped(1, 1, 257, 0) == "model is too wide");
  CHECK(shaped(256, 1, 1, 0).empty());
  CHECK(shaped(1, 1, 1, 32).empty());
  CHECK(shaped(1, 1, 1, 33) == "model has too many blocks");
}

TEST_CASE("accumulators that could overflow are refused") {
  std::vector<uint8_t> bytes = TinyModel(11, Smallest()).Serialize();
  // The last parameter before the hash is the last bias.
  bytes[bytes.size() - kHashBytes - 1] = 0x7F;
  CHECK(Refusal(Rehash(bytes)) == "convolution could overflow its accumulator");
}

TEST_CASE("surplus bytes are refused") {
  std::vector<uint8_t> bytes = TinyModel(12, Smallest()).Serialize();
  bytes.insert(bytes.end() - kHashBytes, 0);
  CHECK(Refusal(Rehash(bytes)) == "model file has surplus bytes");
}

TEST_CASE("the embedded models are whole, and the first one encodes") {
  for (const EmbeddedModel& embedded : EmbeddedModels()) {
    INFO(embedded.name);
    REQUIRE(Refusal(embedded.bytes).empty());
    Model model = Model::Parse(embedded.bytes);
    CHECK(model.hash() == embedded.hash());
    CHECK(FindModel(embedded.hash()) != nullptr);
    const std::vector<uint8_t> again = model.Serialize();
    CHECK(std::equal(again.begin(), again.end(), embedded.bytes.begin(), embedded.bytes.end()));
  }
  if (!EmbeddedModels().empty()) {
    CHECK(&DefaultModel() == FindModel(EmbeddedModels().front().hash()));
  }
  CHECK(FindModel(0x5A5A5A5A5A5A5A5A) == nullptr);
}

}  // namespace
}  // namespace flowzip
