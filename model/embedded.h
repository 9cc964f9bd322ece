// SPDX-License-Identifier: BSD-3-Clause
// The model files inside the program (model/data/*.flzm, see cmake/EmbedModels.cmake).
//
// Parsed when first asked for, once, and kept until the process ends; safe to call
// from several threads.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/bytes.h"
#include "model/model.h"

namespace flowzip {

struct EmbeddedModel {
  const char* name;  // the file's name without .flzm
  // The file; or its last eight bytes alone, the hash: a model that is known and not here yet (the
  // web build, which fetches models when they are asked for).
  ByteSpan bytes;

  // The content hash that closes the file, read without parsing. Zero if too short.
  uint64_t hash() const;

  // Throws kUnknownModel, naming the hash, if the model is not here yet.
  const Model& Parsed() const;
};

// The default model first. Empty in a build without model files.
std::span<const EmbeddedModel> EmbeddedModels();

// The model that encodes, if no other is asked for. Throws kUnknownModel in a build without model
// files.
const EmbeddedModel& DefaultEmbedded();
const Model& DefaultModel();

// The embedded model of that hash; null if there is none.
const Model* FindModel(uint64_t hash);

// The model that an effort (fast, standard, best) encodes with: the one of that name; for best, as
// long as none is better, the default one. Null if there is none.
const EmbeddedModel* EmbeddedForEffort(const std::string& effort);
const Model* ModelForEffort(const std::string& effort);

// The model that encodes. An embedded one is parsed when it is first needed.
struct ModelSource {
  const Model* own = nullptr;               // the caller's, if set
  const EmbeddedModel* embedded = nullptr;  // else this one; null: DefaultEmbedded()

  const Model& Get() const {
    return own != nullptr ? *own : (embedded != nullptr ? *embedded : DefaultEmbedded()).Parsed();
  }
};

}  // namespace flowzip
