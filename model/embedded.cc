// SPDX-License-Identifier: BSD-3-Clause
#include "model/embedded.h"

#include <cinttypes>
#include <cstdio>
#include <map>
#include <memory>
#include <mutex>

namespace flowzip {
uint64_t EmbeddedModel::hash() const {
  if (bytes.size() < sizeof(uint64_t)) return 0;
  return ByteReader(bytes.last(sizeof(uint64_t))).Get<uint64_t>();
}

const Model& EmbeddedModel::Parsed() const {
  if (bytes.size() == sizeof(uint64_t)) {
    char digits[17];
    std::snprintf(digits, sizeof digits, "%016" PRIx64, hash());
    throw Error(ErrorCode::kUnknownModel,
                std::string("needs model ") + digits + " (" + name + "), which is not loaded");
  }
  static std::mutex mutex;
  static std::map<const uint8_t*, std::unique_ptr<const Model>> models;
  const std::lock_guard lock(mutex);
  std::unique_ptr<const Model>& model = models[bytes.data()];
  if (model == nullptr) model = std::make_unique<const Model>(Model::Parse(bytes));
  return *model;
}

const EmbeddedModel& DefaultEmbedded() {
  const auto embedded = EmbeddedModels();
  Require(!embedded.empty(), ErrorCode::kUnknownModel,
          "this program was built without a model; name one with --model");
  return embedded.front();
}

const Model& DefaultModel() { return DefaultEmbedded().Parsed(); }

const Model* FindModel(uint64_t hash) {
  for (const EmbeddedModel& embedded : EmbeddedModels()) {
    if (embedded.hash() == hash) return &embedded.Parsed();
  }
  return nullptr;
}

const EmbeddedModel* EmbeddedForEffort(const std::string& effort) {
  for (const EmbeddedModel& embedded : EmbeddedModels()) {
    if (effort == embedded.name) return &embedded;
  }
  return effort == "best" && !EmbeddedModels().empty() ? &DefaultEmbedded() : nullptr;
}

const Model* ModelForEffort(const std::string& effort) {
  const EmbeddedModel* embedded = EmbeddedForEffort(effort);
  return embedded != nullptr ? &embedded->Parsed() : nullptr;
}

}  // namespace flowzip
