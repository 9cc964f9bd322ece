// SPDX-License-Identifier: BSD-3-Clause
#include "model/embedded.h"

#include <map>
#include <memory>
#include <mutex>

namespace flowzip {
namespace {

const Model& Parsed(const EmbeddedModel& embedded) {
  static std::mutex mutex;
  static std::map<const uint8_t*, std::unique_ptr<const Model>> models;
  const std::lock_guard lock(mutex);
  std::unique_ptr<const Model>& model = models[embedded.bytes.data()];
  if (model == nullptr) model = std::make_unique<const Model>(Model::Parse(embedded.bytes));
  return *model;
}

}  // namespace

uint64_t EmbeddedModel::hash() const {
  if (bytes.size() < sizeof(uint64_t)) return 0;
  return ByteReader(bytes.last(sizeof(uint64_t))).Get<uint64_t>();
}

const Model& DefaultModel() {
  const auto embedded = EmbeddedModels();
  Require(!embedded.empty(), ErrorCode::kUnknownModel,
          "this program was built without a model; name one with --model");
  return Parsed(embedded.front());
}

const Model* FindModel(uint64_t hash) {
  for (const EmbeddedModel& embedded : EmbeddedModels()) {
    if (embedded.hash() == hash) return &Parsed(embedded);
  }
  return nullptr;
}

const Model* FindModel(const std::string& name) {
  for (const EmbeddedModel& embedded : EmbeddedModels()) {
    if (name == embedded.name) return &Parsed(embedded);
  }
  return nullptr;
}

const Model* ModelForEffort(const std::string& effort) {
  const Model* model = FindModel(effort);
  return model == nullptr && effort == "best" && !EmbeddedModels().empty() ? &DefaultModel() : model;
}

}  // namespace flowzip
