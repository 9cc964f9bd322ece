// SPDX-License-Identifier: BSD-3-Clause
// Every index once, exceptions passed on, no pool that hangs.
#include "base/thread_pool.h"

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace flowzip {
namespace {

TEST_CASE("every index is visited once, for any number of threads") {
  for (const int threads : {1, 2, 3, 8}) {
    ThreadPool pool(threads);
    CHECK(pool.threads() == threads);
    for (const int64_t count : {0, 1, 2, 7, 1000}) {
      std::vector<std::atomic<int>> visits(static_cast<size_t>(count));
      pool.ParallelFor(count, [&](int64_t i) { ++visits[static_cast<size_t>(i)]; });
      for (const auto& n : visits) REQUIRE(n == 1);
    }
  }
}

TEST_CASE("many short loops in a row: none is lost and none ends too early") {
  ThreadPool pool(4);
  std::vector<int> values(5);
  for (int loop = 0; loop < 20000; ++loop) {
    // Plain ints: a loop that returned before its bodies ended would be a data race.
    pool.ParallelFor(5, [&](int64_t i) { ++values[static_cast<size_t>(i)]; });
    REQUIRE(values[4] == loop + 1);
  }
  for (const int v : values) CHECK(v == 20000);
}

TEST_CASE("an exception comes out, ends the loop, and leaves the pool usable") {
  for (const int threads : {1, 2, 5}) {
    ThreadPool pool(threads);
    for (int round = 0; round < 50; ++round) {
      std::atomic<int> after{0};
      const auto body = [&](int64_t i) {
        if (i == 3) throw std::runtime_error("three");
        if (i > 1000) ++after;
      };
      REQUIRE_THROWS_WITH(pool.ParallelFor(1'000'000, body), "three");
      CHECK(after < 999'000);
      std::atomic<int64_t> sum{0};
      pool.ParallelFor(100, [&](int64_t i) { sum += i; });
      REQUIRE(sum == 4950);
    }
  }
}

TEST_CASE("loops inside loops") {
  for (const int threads : {1, 2, 3, 8}) {
    ThreadPool pool(threads);
    for (int round = 0; round < 200; ++round) {
      std::vector<std::atomic<int>> visits(5 * 7);
      pool.ParallelFor(5, [&](int64_t i) {
        pool.ParallelFor(7, [&](int64_t j) { ++visits[static_cast<size_t>(7 * i + j)]; });
        // All of the inner loop has ended, whoever ran it.
        for (int64_t j = 0; j < 7; ++j) {
          if (visits[static_cast<size_t>(7 * i + j)] != 1) throw std::runtime_error("missing");
        }
      });
      for (const auto& n : visits) REQUIRE(n == 1);
      const auto failing = [&](int64_t i) {
        pool.ParallelFor(7, [&](int64_t j) {
          if (i == 2 && j == 3) throw std::runtime_error("inner");
        });
      };
      REQUIRE_THROWS_WITH(pool.ParallelFor(5, failing), "inner");
    }
  }
}

TEST_CASE("a caller whose own bodies have ended helps with loops inside the others") {
  using Clock = std::chrono::steady_clock;
  ThreadPool pool(2);
  const auto caller = std::this_thread::get_id();
  for (int round = 0; round < 20; ++round) {
    const auto end = Clock::now() + std::chrono::seconds(20);
    // Whether both threads came at once.
    const auto meet = [&](std::atomic<int>& here) {
      for (++here; here < 2;) {
        if (Clock::now() > end) return false;
        std::this_thread::yield();
      }
      return true;
    };
    std::atomic<int> outer{0}, inner{0};
    std::atomic<bool> met{true};
    pool.ParallelFor(2, [&](int64_t) {
      if (!meet(outer)) met = false;
      if (std::this_thread::get_id() == caller) return;
      pool.ParallelFor(2, [&](int64_t) {
        if (!meet(inner)) met = false;
      });
    });
    REQUIRE(met);
    REQUIRE(inner == 2);
  }
}

TEST_CASE("when all bodies throw, exactly one exception arrives") {
  ThreadPool pool(4);
  for (int round = 0; round < 200; ++round) {
    int caught = 0;
    try {
      pool.ParallelFor(64, [](int64_t i) { throw static_cast<int>(i); });
    } catch (int) {
      ++caught;
    }
    REQUIRE(caught == 1);
  }
}

TEST_CASE("a pool that was never used goes away quietly") {
  for (int i = 0; i < 100; ++i) ThreadPool pool(3);
}

}  // namespace
}  // namespace flowzip
