// SPDX-License-Identifier: BSD-3-Clause
// A picture's exact log-likelihood under a model: the bits that its symbols cost.
//
// A file is these bits and an overhead that is known without coding:
//   header, tile index, checksums, sample ranges, lengths     exactly `framing_bytes`
//   per plane, 5 bytes of state per lane and the length of its filters; and less than 1 in 10000
//   of the bits for the finite precision of a state
#pragma once

#include <cstdint>

#include "codec/api/codec.h"

namespace flowzip {

struct Score {
  CodecStats stats;
  double bits = 0;  // -log2 p: samples, filters and colour exceptions
  double bits_per_dimension = 0;
  uint64_t framing_bytes = 0;
  // bits <= 8 * stats.file_bytes <= bits + 8 * overhead_limit.
  uint64_t overhead_limit = 0;
};

// Runs the encoder (options as there) and keeps the account instead of the file.
Score ScoreImage(const Image& image, const EncodeOptions& options, const ProgressFn& progress = {});

}  // namespace flowzip
