// SPDX-License-Identifier: BSD-3-Clause
// The tiles of a file, decoded into the picture or the part of it that is asked for.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>

#include "base/thread_pool.h"
#include "codec/account/account.h"
#include "codec/metadata/value_map.h"
#include "codec/options/options.h"

namespace flowzip {

class TileDecoder {
 public:
  // `region` as WantedRegion gives it. `info` and `options` must outlive the decoder.
  TileDecoder(const FileInfo& info, const DecodeOptions& options, const Rect& region);

  bool Wanted(const Rect& rect) const;

  // Of several tiles at once, from several threads. `block` may be missing only where the caller
  // wants what is left.
  void Decode(uint64_t tile, const std::optional<TileBlock>& block, ThreadPool& pool,
              Account& account);

  Image Take() { return std::move(image_); }

 private:
  void DecodeBlock(uint64_t tile, const TileBlock& block, ThreadPool& pool, Account& account);
  void TakeShown(uint64_t tile, const TileBlock& block, Account& account);
  void FillLost(const Rect& rect);

  const FileInfo& info_;
  const DecodeOptions& options_;
  const Model* model_;
  bool whole_;
  Rect target_;
  std::optional<ValueMap> map_;  // if set: tiles are of ranks
  std::optional<Image> shown_;   // if set: the picture, which the header has
  Image image_, like_;
  std::mutex mutex_;  // of the recovery's report
};

}  // namespace flowzip
