// SPDX-License-Identifier: BSD-3-Clause
// Networks made narrower, to be trained on from there.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "tools/train/checkpoint.h"

namespace flowzip {

// Gives every network that is wider than its width in `widths` so many units. Of a layer those stay
// whose outgoing weights carry the most on `crops`; the others' mean goes to the next layer's
// biases (Molchanov et al. 2017, section 3, without the data term). Widths are multiples of 16. A
// network that was changed starts anew with its moments and its steps.
void NarrowNets(TrainingState& state, const std::vector<std::shared_ptr<Crop>>& crops,
                const std::array<int, FlowModel::kNets>& widths);

}  // namespace flowzip
