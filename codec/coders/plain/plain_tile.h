// SPDX-License-Identifier: BSD-3-Clause
// Tiles that need no model of anything: the samples as they are, or one pixel for all of them.
#pragma once

#include "codec/coders/coder.h"

namespace flowzip {

extern const TileCoder kRawCoder, kConstantCoder;
extern const TileEncoder kRawEncoder;
extern const TileEncoder kConstantEncoder;  // of tiles for which IsConstant() is true

}  // namespace flowzip
