// SPDX-License-Identifier: BSD-3-Clause
// The models of the library, known by name and hash, that JavaScript brings when they are asked
// for. The library looks its models up here as it does where they are inside it, so an effort
// means the same model, and a picture becomes the same bytes.
#include "model/embedded.h"

#include <cstring>
#include <deque>
#include <new>
#include <vector>

#include "web/wasm/shim.h"

namespace flowzip {
namespace {

struct Known {
  const char* name;
  uint8_t hash[8];
};

// As cmake/EmbedModels.cmake orders them; ends with one without a name.
constexpr Known kKnown[] = {
#include "model_hashes.inc"
    {nullptr, {}}};

// Kept until the instance ends: a parsed model may refer to them.
std::deque<std::vector<uint8_t>>& Files() {
  static std::deque<std::vector<uint8_t>> files;
  return files;
}

std::vector<EmbeddedModel>& Table() {
  static std::vector<EmbeddedModel> table = [] {
    std::vector<EmbeddedModel> known;
    for (const Known* model = kKnown; model->name != nullptr; ++model) {
      known.push_back({model->name, ByteSpan(model->hash)});
    }
    return known;
  }();
  return table;
}

}  // namespace

std::span<const EmbeddedModel> EmbeddedModels() { return Table(); }

namespace web {

// A model file (.flzm), which is copied: one of those known, or another. Not while a file is open
// or a picture is being encoded.
FLW_EXPORT(flw_add_model)(const uint8_t* data, size_t size)->int {
  try {
    const ByteSpan bytes(data, size);
    Model::Parse(bytes);
    Files().emplace_back(data, data + size);
    const EmbeddedModel added{"", Files().back()};
    for (EmbeddedModel& model : Table()) {
      if (model.hash() != added.hash()) continue;
      model.bytes = added.bytes;
      return FLZ_OK;
    }
    Table().push_back(added);
    return FLZ_OK;
  } catch (const Error& error) {
    SetMessage(error.what());
    return static_cast<int>(error.code());
  } catch (const std::bad_alloc&) {
    SetMessage("out of memory");
    return FLZ_OUT_OF_MEMORY;
  }
}

}  // namespace web
}  // namespace flowzip
