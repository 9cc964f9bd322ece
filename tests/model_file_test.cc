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
constexpr TinyShape kSmallest{1, 0, 1};

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
  Model model = TinyModel(1, {20, 2, 8});
  model.name = std::string(64, 'x');
  const std::vector<uint8_t> bytes = model.Serialize();
  Model again = Model::Parse(bytes);
  CHECK(again.name == model.name);
  CHECK(again.hash() == model.hash());
  for (size_t c = 0; c < FlowModel::kNets; ++c) {
    const ChannelNet& channel = again.flow.nets[c];
    CHECK(channel.scale_weights == model.flow.nets[c].scale_weights);
    CHECK(channel.net.width == 20);
    CHECK(channel.net.blocks == 2);
    CHECK(channel.net.components == 8);
  }
  CHECK(again.flow.MacsPerPixel() == model.flow.MacsPerPixel());
  // The networks too: every byte comes back.
  CHECK(again.Serialize() == bytes);
  ByteReader end(ByteSpan(bytes).last(kHashBytes));
  CHECK(end.Get<uint64_t>() == model.hash());
}

TEST_CASE("the hash is of the content: it changes with every parameter") {
  const Model model = TinyModel(1);
  Model other = model;
  other.flow.nets[1].net.layers[2].bias[0] += 1;
  other.Serialize();
  CHECK(other.hash() != model.hash());
  other = model;
  other.flow.nets[0].scale_weights[0] += 1;
  other.Serialize();
  CHECK(other.hash() != model.hash());
}

TEST_CASE("a model file cut anywhere is refused, with the right hash too") {
  const std::vector<uint8_t> bytes = TinyModel(2, kSmallest).Serialize();
  REQUIRE(bytes.size() < 2000);
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
  const std::vector<uint8_t> bytes = TinyModel(3, kSmallest).Serialize();
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
  const std::vector<uint8_t> bytes = TinyModel(4, kSmallest).Serialize();
  for (int trial = 0; trial < 3000; ++trial) {
    std::vector<uint8_t> damaged = bytes;
    const size_t from = random.Between(kNameLengthAt, static_cast<int>(bytes.size()) - 100);
    damaged.resize(from + random.Between(8, 200));
    for (size_t i = from; i < damaged.size(); ++i) damaged[i] = random.Byte();
    REQUIRE(IsRefused(Rehash(damaged)));
  }
}

TEST_CASE("foreign files and later versions are named") {
  std::vector<uint8_t> bytes = TinyModel(5, kSmallest).Serialize();
  CHECK(Refusal(std::vector<uint8_t>(100, 'x')) == "not a flowzip model file");
  ErrorCode code{};
  bytes[8] = 2;
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

TEST_CASE("names with control characters are refused") {
  CHECK(RefusalOf([](Model&) {}).empty());
  CHECK(RefusalOf([](Model& m) { m.name = "two\nlines"; }) == "model name has control characters");
  CHECK(RefusalOf([](Model& m) { m.name = "\x7F"; }) == "model name has control characters");
  CHECK(RefusalOf([](Model& m) { m.name = "mod\xC3\xA8le"; }).empty());
}

TEST_CASE("a name that is too long is neither read nor written") {
  Model model = TinyModel(7, kSmallest);
  model.name = std::string(64, 'n');
  std::vector<uint8_t> bytes = model.Serialize();
  bytes[kNameLengthAt] = 65;
  bytes.insert(bytes.begin() + kNameLengthAt + 1, 'n');
  CHECK(Refusal(Rehash(bytes)) == "model name is too long");
  model.name.push_back('n');
  CHECK_THROWS_WITH(model.Serialize(), "model name is too long");
}

TEST_CASE("networks of other features are refused") {
  Random random(9);
  CHECK(RefusalOf([&](Model& m) {
          m.flow.nets[1].net = testing::RandomNet(random, FeatureCount(1) - 1, {});
        }) == "a network of other features");
}

TEST_CASE("accumulators that could overflow are refused") {
  std::vector<uint8_t> bytes = TinyModel(11, kSmallest).Serialize();
  // The last parameter before the hash is the last bias.
  for (size_t i = 2; i <= 4; ++i) bytes[bytes.size() - kHashBytes - i] = 0xFF;
  bytes[bytes.size() - kHashBytes - 1] = 0x7F;
  bytes[bytes.size() - kHashBytes - 2] = bytes[bytes.size() - kHashBytes - 3] = 0xFF;
  CHECK(IsRefused(Rehash(bytes)));
}

TEST_CASE("surplus bytes are refused") {
  std::vector<uint8_t> bytes = TinyModel(12, kSmallest).Serialize();
  bytes.insert(bytes.end() - kHashBytes, 0);
  CHECK(Refusal(Rehash(bytes)) == "model file has surplus bytes");
}

TEST_CASE("the embedded models are whole, and the first one encodes") {
  REQUIRE_FALSE(EmbeddedModels().empty());
  for (const EmbeddedModel& embedded : EmbeddedModels()) {
    INFO(embedded.name);
    REQUIRE(Refusal(embedded.bytes).empty());
    Model model = Model::Parse(embedded.bytes);
    CHECK(model.hash() == embedded.hash());
    CHECK(FindModel(embedded.hash()) != nullptr);
    const std::vector<uint8_t> again = model.Serialize();
    CHECK(std::equal(again.begin(), again.end(), embedded.bytes.begin(), embedded.bytes.end()));
  }
  CHECK(&DefaultModel() == FindModel(EmbeddedModels().front().hash()));
  CHECK(FindModel(0x5A5A5A5A5A5A5A5A) == nullptr);
}

}  // namespace
}  // namespace flowzip
