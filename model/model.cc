// SPDX-License-Identifier: BSD-3-Clause
#include "model/model.h"

#include <algorithm>
#include <array>
#include <cmath>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "model/squeeze.h"

namespace flowzip {
namespace {

constexpr std::array<uint8_t, 8> kMagic = {0x8F, 'F', 'L', 'M', 0x0D, 0x0A, 0x1A, 0x0A};
constexpr uint8_t kVersion = 1, kVersionWithOptions = 2, kVersionFlow = 3;
constexpr uint8_t kLatentComponents = 1, kAffine = 2;
constexpr int kMaxNameLength = 64, kMaxComponents = 8, kMaxClasses = 4, kMaxAdaptiveLevels = 8;
constexpr int kMaxRadius = 4 * kLatticeBorder * kLatticeBorder;

uint64_t Hash(ByteSpan bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

}  // namespace

double Model::MacsPerPixel() const {
  if (flow) return flow->MacsPerPixel();
  const TapSet taps(radii);
  int64_t filter_macs = 0;
  for (const auto& group : taps.taps) {
    for (const auto& channel : group) filter_macs += static_cast<int64_t>(channel.size());
  }
  double macs = 0;
  double share = 0.25;  // grid sites per pixel of the full picture
  for (int level = 0; level < 12; ++level, share /= 4) {
    macs += share * static_cast<double>(ForLevel(level).net.MacsPerSite() + filter_macs);
  }
  return macs;
}

std::vector<uint8_t> Model::Serialize() {
  Require(name.size() <= kMaxNameLength, ErrorCode::kInvalidArgument, "model name is too long");
  ByteWriter writer;
  writer.PutBytes(kMagic);
  const auto options =
      static_cast<uint8_t>((latent_components ? kLatentComponents : 0) | (affine ? kAffine : 0));
  writer.Put(flow ? kVersionFlow : options == 0 ? kVersion : kVersionWithOptions);
  writer.Put(static_cast<uint8_t>(name.size()));
  for (const char c : name) writer.Put(static_cast<uint8_t>(c));
  if (flow) {
    flow->Write(writer);
    content_hash = Hash(writer.bytes());
    writer.Put(content_hash);
    return writer.Take();
  }
  writer.Put(static_cast<uint8_t>(components));
  writer.Put(static_cast<uint8_t>(adaptive_levels));
  if (options != 0) writer.Put(options);
  for (const auto* r : {&radii.own, &radii.earlier, &radii.later}) {
    for (const uint8_t radius : *r) writer.Put(radius);
  }
  lifting.Write(writer);
  writer.Put(static_cast<uint8_t>(classes.size()));
  for (const LevelClass& level_class : classes) {
    for (const auto& group : level_class.filters) {
      for (const Filter& filter : group) {
        for (const int16_t w : filter) writer.Put(w);
      }
    }
    level_class.net.Write(writer);
  }
  content_hash = Hash(writer.bytes());
  writer.Put(content_hash);
  return writer.Take();
}

Model Model::Parse(ByteSpan bytes) {
  ByteReader reader(bytes);
  const ByteSpan magic = reader.GetBytes(kMagic.size());
  Require(std::equal(magic.begin(), magic.end(), kMagic.begin()), ErrorCode::kCorrupt,
          "not a flowzip model file");
  const uint8_t version = reader.Get<uint8_t>();
  Require(version >= kVersion && version <= kVersionFlow, ErrorCode::kUnsupported,
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
  if (version == kVersionFlow) {
    model.flow = FlowModel::Read(reader);
    Require(reader.remaining() == kHashBytes, ErrorCode::kCorrupt, "model file has surplus bytes");
    return model;
  }
  model.components = reader.Get<uint8_t>();
  Require(model.components >= 1 && model.components <= kMaxComponents, ErrorCode::kCorrupt,
          "bad number of mixture components");
  model.adaptive_levels = reader.Get<uint8_t>();
  Require(model.adaptive_levels <= kMaxAdaptiveLevels, ErrorCode::kCorrupt,
          "bad number of adaptive levels");
  if (version == kVersionWithOptions) {
    const uint8_t options = reader.Get<uint8_t>();
    Require(options >= 1 && options <= (kLatentComponents | kAffine), ErrorCode::kCorrupt,
            "unknown model options");
    model.latent_components = (options & kLatentComponents) != 0;
    model.affine = (options & kAffine) != 0;
  }
  for (auto* r : {&model.radii.own, &model.radii.earlier, &model.radii.later}) {
    for (uint8_t& radius : *r) {
      radius = reader.Get<uint8_t>();
      Require(radius <= kMaxRadius, ErrorCode::kCorrupt, "filter radius too large");
    }
  }
  model.lifting = Lifting1x1::Read(reader);
  const int classes = reader.Get<uint8_t>();
  Require(classes >= 1 && classes <= kMaxClasses, ErrorCode::kCorrupt, "bad number of classes");
  const TapSet taps(model.radii);
  for (int i = 0; i < classes; ++i) {
    LevelClass level_class;
    for (int g = 0; g < kGroups; ++g) {
      for (int c = 0; c < kChannels; ++c) {
        Filter& filter = level_class.filters[g][c];
        filter.resize(taps.taps[g][c].size());
        for (int16_t& w : filter) w = reader.Get<int16_t>();
        Require(FilterIsSafe(filter), ErrorCode::kCorrupt, "default filter could overflow");
      }
    }
    level_class.net = LevelNet::Read(reader, model.components, model.affine);
    model.classes.push_back(std::move(level_class));
  }
  Require(reader.remaining() == kHashBytes, ErrorCode::kCorrupt, "model file has surplus bytes");
  return model;
}

std::string HashName(uint64_t hash) {
  std::string name(16, '0');
  for (int i = 0; i < 16; ++i) name[i] = "0123456789abcdef"[(hash >> (60 - 4 * i)) & 15];
  return name;
}

}  // namespace flowzip
