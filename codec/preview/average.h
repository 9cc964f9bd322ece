// SPDX-License-Identifier: BSD-3-Clause
// Small pictures for looking at: pixels averaged, 8 bits a sample, palettes and depths gone.
#pragma once

#include <cstdint>

#include "base/thread_pool.h"
#include "codec/picture/image.h"

namespace flowzip {

// Channels of what Averaged gives: gray or RGB, with alpha where the picture has any, be it by a
// palette's or a transparent colour's tRNS.
int AveragedChannels(const Image& kind);

// Each pixel the rounded mean of factor x factor pixels of the picture, fewer at the right and
// lower edges, of the samples as they are (no gamma is undone). Colours count by their alpha.
// Without chunks.
Image Averaged(const Image& image, uint32_t factor, ThreadPool& pool);

}  // namespace flowzip
