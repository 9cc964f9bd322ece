// SPDX-License-Identifier: BSD-3-Clause
#include "codec/options/options.h"

#include "base/error.h"

namespace flowzip {

const Model* ModelOf(const FileInfo& info, const DecodeOptions& options) {
  if (info.model_hash == 0) return nullptr;
  if (options.model_override != nullptr && options.model_override->hash() == info.model_hash) {
    return options.model_override;
  }
  const Model* model = FindModel(info.model_hash);
  if (model == nullptr) {
    throw Error(ErrorCode::kUnknownModel, "was written with model " + HashName(info.model_hash) +
                                              ", which this decoder does not have");
  }
  return model;
}

}  // namespace flowzip
