// SPDX-License-Identifier: BSD-3-Clause
#include "model/model.h"

#include <algorithm>
#include <array>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace flowzip {
namespace {

constexpr std::array<uint8_t, 8> kMagic = {0x8F, 'F', 'L', 'M', 0x0D, 0x0A, 0x1A, 0x0A};
constexpr uint8_t kVersion = 1;
constexpr int kMaxNameLength = 64;

uint64_t Hash(ByteSpan bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

}  // namespace

std::vector<uint8_t> Model::Serialize() {
  Require(name.size() <= kMaxNameLength, ErrorCode::kInvalidArgument, "model name is too long");
  ByteWriter writer;
  writer.PutBytes(kMagic);
  writer.Put(kVersion);
  writer.Put(static_cast<uint8_t>(name.size()));
  for (const char c : name) writer.Put(static_cast<uint8_t>(c));
  flow.Write(writer);
  content_hash = Hash(writer.bytes());
  writer.Put(content_hash);
  return writer.Take();
}

Model Model::Parse(ByteSpan bytes) {
  ByteReader reader(bytes);
  const ByteSpan magic = reader.GetBytes(kMagic.size());
  Require(std::equal(magic.begin(), magic.end(), kMagic.begin()), ErrorCode::kCorrupt,
          "not a flowzip model file");
  Require(reader.Get<uint8_t>() == kVersion, ErrorCode::kUnsupported,
          "model file of an unknown version");
  constexpr size_t kHashBytes = sizeof(uint64_t);
  Require(bytes.size() >= reader.position() + kHashBytes, ErrorCode::kTruncated,
          "model file is cut short");
  Model model;
  model.content_hash = ByteReader(bytes.last(kHashBytes)).Get<uint64_t>();
#ifndef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
  Require(model.content_hash == Hash(bytes.first(bytes.size() - kHashBytes)), ErrorCode::kCorrupt,
          "model file is damaged (content hash differs)");
#endif
  const int name_length = reader.Get<uint8_t>();
  Require(name_length <= kMaxNameLength, ErrorCode::kCorrupt, "model name is too long");
  for (const uint8_t c : reader.GetBytes(name_length)) {
    Require(c >= 0x20 && c != 0x7F, ErrorCode::kCorrupt, "model name has control characters");
    model.name.push_back(static_cast<char>(c));
  }
  model.flow = FlowModel::Read(reader);
  Require(reader.remaining() == kHashBytes, ErrorCode::kCorrupt, "model file has surplus bytes");
  return model;
}

std::string HashName(uint64_t hash) {
  std::string name(16, '0');
  for (int i = 0; i < 16; ++i) name[i] = "0123456789abcdef"[(hash >> (60 - 4 * i)) & 15];
  return name;
}

}  // namespace flowzip
