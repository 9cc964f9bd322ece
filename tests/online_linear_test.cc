// SPDX-License-Identifier: BSD-3-Clause
// The kernels of models that learn as they go: all instruction sets compute what the definitions
// say, up to the limits of what they take.
#include "codec/bits/online_linear.h"

#include <array>
#include <catch2/catch.hpp>

#include "tests/every_target.h"
#include "tests/tiny_model.h"

namespace flowzip {
namespace {

using testing::OnEveryTarget;
using testing::Random;

constexpr int kModels = 3, kRow = RowOf(43);
using Row = std::array<int32_t, kRow>;
using Weights = std::array<Row, kModels>;

// Half of the rounds at the limits.
int32_t Upto(Random& random, int32_t most, int round) {
  const uint64_t choices = 2 * uint64_t{static_cast<uint32_t>(most)} + 1;
  if (round % 2 == 0)
    return static_cast<int32_t>(static_cast<int64_t>(random.Word() % choices) - most);
  return std::array<int32_t, 5>{-most, -1, 0, 1, most}[static_cast<size_t>(random.Between(0, 4))];
}

struct Problem {
  Row inputs{};
  Weights weights{};
  std::array<int32_t, kModels> steps{};

  Problem(Random& random, int round, int32_t most_input, int32_t most_weight, int32_t most_step) {
    const int count = random.Between(1, kRow);
    for (int i = 0; i < count; ++i)
      inputs[static_cast<size_t>(i)] = Upto(random, most_input, round);
    for (Row& row : weights) {
      for (int32_t& weight : row) weight = Upto(random, most_weight, round);
    }
    for (int32_t& step : steps) step = Upto(random, most_step, round);
  }
};

template <class T>
std::array<T*, kModels> Rows(Weights& weights) {
  return {weights[0].data(), weights[1].data(), weights[2].data()};
}

using Step = void (*)(const int32_t*, int, int32_t* const*, int, const int32_t*);

void CheckStep(Step kernel, Step definition, int32_t most_input, int32_t most_weight,
               int32_t most_step) {
  Random random(7);
  for (int round = 0; round < 200; ++round) {
    CAPTURE(round);
    Problem problem(random, round, most_input, most_weight, most_step);
    Weights expected = problem.weights;
    definition(problem.inputs.data(), kRow, Rows<int32_t>(expected).data(), kModels,
               problem.steps.data());
    CHECK((expected != problem.weights || round % 2 == 1));
    OnEveryTarget([&] {
      Weights weights = problem.weights;
      kernel(problem.inputs.data(), kRow, Rows<int32_t>(weights).data(), kModels,
             problem.steps.data());
      CHECK(weights == expected);
    });
  }
}

TEST_CASE("weighed inputs are the same on every instruction set") {
  Random random(5);
  for (int round = 0; round < 200; ++round) {
    CAPTURE(round);
    Problem problem(random, round, 4096, kMaxMixerWeight, 1);
    const auto rows = Rows<const int32_t>(problem.weights);
    std::array<int64_t, kModels> expected{}, sums{};
    online_scalar::WeighInputs(problem.inputs.data(), kRow, rows.data(), kModels, expected.data());
    OnEveryTarget([&] {
      WeighInputs(problem.inputs.data(), kRow, rows.data(), kModels, sums.data());
      CHECK(sums == expected);
    });
  }
}

TEST_CASE("steps of weights are the same on every instruction set") {
  CheckStep(StepMixers, online_scalar::StepMixers, 4095, kMaxMixerWeight, (1 << 23) - 1);
  CheckStep(StepFilters, online_scalar::StepFilters, 4096, kMaxFilterWeight, INT32_MAX);
}

}  // namespace
}  // namespace flowzip
