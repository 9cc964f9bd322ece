// SPDX-License-Identifier: BSD-3-Clause
// Which codecs and which images a benchmark has; what it leaves out, and why.
#pragma once

#include "tools/bench/runner.h"

namespace flowzip::bench {

// Fills results.codecs and results.missing. Throws kInvalidArgument for a name that is
// none.
void ChooseCodecs(const RunOptions& options, Launcher& launcher, Results& results);

// Fills results.images and, with pictures of folders that flowzip does not take yet,
// results.skipped. Throws RunError for a file that cannot be read.
void ChooseImages(const RunOptions& options, Results& results);

// Moves codecs that cannot hold one of the images to results.missing.
void DropUnfit(Results& results);

// Sets results.reference.
void ChooseReference(const RunOptions& options, Results& results);

}  // namespace flowzip::bench
