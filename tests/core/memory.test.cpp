// SPDX-License-Identifier: MIT
#include "gsteer/core/memory.hpp"

#include <cstdint>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "gsteer/core/buffer.hpp"

using gsteer::detail::MemoryPool;

TEST_CASE("memory that was given back is used again by requests of nearly its size") {
  if (!MemoryPool::reuses) return;
  MemoryPool pool;
  void* const first = pool.take(100000);
  pool.give_back(first, 100000);
  CHECK(pool.take(99000) == first);
  void* const other = pool.take(100000);
  CHECK(other != first);
  void* const larger = pool.take(120000);
  pool.give_back(first, 99000);
  void* const another = pool.take(120000);
  CHECK(another != first);
  CHECK(pool.take(100000) == first);
  for (void* const memory : {first, other}) pool.give_back(memory, 100000);
  for (void* const memory : {larger, another}) pool.give_back(memory, 120000);
}

TEST_CASE("every request is met by memory of its own, aligned, of all that was asked for") {
  MemoryPool pool;
  std::vector<std::pair<unsigned char*, std::size_t>> taken;
  for (int round = 0; round < 2; ++round) {
    for (std::size_t bytes = 0; bytes < 300000; bytes += 1 + bytes / 7) {
      auto* const memory = static_cast<unsigned char*>(pool.take(bytes));
      CHECK(reinterpret_cast<std::uintptr_t>(memory) % 64 == 0);
      std::memset(memory, static_cast<int>(taken.size() % 251), bytes);
      taken.emplace_back(memory, bytes);
    }
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < taken.size(); ++i)
      for (std::size_t b = 0; b < taken[i].second; ++b) wrong += taken[i].first[b] != i % 251;
    CHECK(wrong == 0);
    for (const auto& [memory, bytes] : taken) pool.give_back(memory, bytes);
    taken.clear();
  }
  pool.release();
}

TEST_CASE(
    "no more memory waits than twice what was in use at once, and what waits is what was used "
    "last") {
  if (!MemoryPool::reuses) return;
  MemoryPool pool;
  // In use: one block at a time, of ever new sizes. Of those that could wait, the sum is seven
  // times the largest.
  const auto size = [](std::size_t i) { return 1000000 - 70000 * i; };
  for (std::size_t i = 0; i < 10; ++i) {
    void* const memory = pool.take(size(i));
    pool.give_back(memory, size(i));
  }
  CHECK(pool.waiting() <= 2200000);
  const std::size_t waiting = pool.waiting();
  CHECK(waiting >= size(9));
  pool.give_back(pool.take(size(9)), size(9));
  CHECK(pool.waiting() == waiting);
  pool.release();
  CHECK(pool.waiting() == 0);
}

TEST_CASE("buffers come and go on many threads") {
  std::vector<std::thread> threads;
  std::vector<int> wrong(4);
  for (std::size_t t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      std::vector<gsteer::Buffer<double>> kept(8);
      for (std::size_t i = 0; i < 4000; ++i) {
        auto& buffer = kept[i % 8];
        for (const double x : buffer) wrong[t] += x != static_cast<double>(t);
        buffer = gsteer::Buffer<double>(1 + (i * 37) % 500);
        for (double& x : buffer) {
          wrong[t] += x != 0;
          x = static_cast<double>(t);
        }
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(wrong == std::vector<int>(4));
  gsteer::release_memory();
}
