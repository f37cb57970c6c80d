// SPDX-License-Identifier: MIT
#include "gsteer/core/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "catch.hpp"

using namespace gsteer;

namespace {

/// Sets the number of threads for one test.
struct Threads {
  explicit Threads(int count) { set_threads(count); }
  ~Threads() { set_threads(0); }
};

}  // namespace

TEST_CASE("every index is visited once, whatever the number of threads") {
  for (const int workers : {1, 2, 3, 8})
    for (const int count : {-1, 0, 1, 2, 7, 1000}) {
      CAPTURE(workers, count);
      const Threads setting(workers);
      std::vector<std::atomic<int>> visits(static_cast<std::size_t>(std::max(count, 0)));
      parallel_for(count, [&](int i) { ++visits[static_cast<std::size_t>(i)]; });
      int wrong = 0;
      for (const auto& n : visits) wrong += n != 1;
      CHECK(wrong == 0);
    }
}

TEST_CASE("pieces follow each other and cover the range", "[parallel]") {
  for (const int count : {-1, 0, 1, 7, 8, 9, 1000})
    for (const int piece : {1, 8, 2000}) {
      CAPTURE(count, piece);
      std::vector<std::atomic<int>> visits(static_cast<std::size_t>(std::max(count, 0)));
      std::atomic<int> pieces{0}, wrong{0};
      parallel_pieces(count, piece, [&](int first, int last) {
        ++pieces;
        if (first % piece != 0 || last <= first || (last - first != piece && last != count))
          ++wrong;
        for (int i = first; i < last; ++i) ++visits[static_cast<std::size_t>(i)];
      });
      for (const auto& n : visits) wrong += n != 1;
      CHECK(wrong == 0);
      CHECK(pieces == (std::max(count, 0) + piece - 1) / piece);
    }
}

TEST_CASE("several threads take part, and one if one is asked for") {
  const auto threads_of_a_loop = [] {
    std::mutex guard;
    std::set<std::thread::id> seen;
    std::atomic<int> waiting{0};
    parallel_for(2, [&](int) {
      ++waiting;  // nobody leaves before the other came, unless the loop runs on one thread
      for (int i = 0; threads() > 1 && waiting < 2 && i < 1'000'000; ++i) std::this_thread::yield();
      const std::lock_guard lock(guard);
      seen.insert(std::this_thread::get_id());
    });
    return seen.size();
  };
  {
    const Threads setting(2);
    CHECK(threads() == 2);
    CHECK(threads_of_a_loop() == 2);
  }
  {
    const Threads setting(1);
    CHECK(threads_of_a_loop() == 1);
  }
  CHECK(threads() >= 1);
  CHECK_THROWS_AS(set_threads(-1), Error);
}

TEST_CASE("an exception reaches the caller, and later loops work") {
  for (const int workers : {1, 4}) {
    const Threads setting(workers);
    std::atomic<int> calls{0};
    CHECK_THROWS_WITH(parallel_for(10'000,
                                   [&](int i) {
                                     ++calls;
                                     if (i == 5) throw std::runtime_error("the fifth");
                                   }),
                      "the fifth");
    CHECK(calls >= 1);
    CHECK(calls <= 10'000);
    std::atomic<int> sum{0};
    parallel_for(10, [&](int i) { sum += i; });
    CHECK(sum == 45);
  }
}

TEST_CASE("a loop inside a loop runs on the thread it is met on") {
  const Threads setting(4);
  std::atomic<int> sum{0}, strangers{0};
  parallel_for(8, [&](int i) {
    const auto here = std::this_thread::get_id();
    parallel_for(8, [&](int j) {
      strangers += std::this_thread::get_id() != here;
      sum += i * j;
    });
  });
  CHECK(sum == 28 * 28);
  CHECK(strangers == 0);
  int order = 0,
      out_of_order = 0;  // outside, a loop is parallel again; with one thread it is in order
  set_threads(1);
  parallel_for(10, [&](int i) { out_of_order += i != order++; });
  CHECK(out_of_order == 0);
}

TEST_CASE("a loop that meets the threads busy runs on the thread it is met on") {
  const Threads setting(2);
  std::atomic<int> calls{0}, strangers{0};
  parallel_for(2, [&](int i) {
    if (i != 0) return;
    std::thread user([&] {
      const auto here = std::this_thread::get_id();
      parallel_for(100, [&](int) {
        strangers += std::this_thread::get_id() != here;
        ++calls;
      });
    });
    user.join();
  });
  CHECK(calls == 100);
  CHECK(strangers == 0);
}
