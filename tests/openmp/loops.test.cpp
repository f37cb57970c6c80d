// SPDX-License-Identifier: MIT
// A program of which this file alone is compiled with OpenMP. tests/core/parallel.test.cpp, the
// laws of loops, is another part of it.
#include <omp.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "gsteer/core/parallel.hpp"
#include "gsteer/core/random.hpp"
#include "gsteer/group/cyclic.hpp"
#include "gsteer/layer/conv.hpp"
#include "gsteer/layer/pointwise.hpp"
#include "gsteer/layer/sequential.hpp"
#include "gsteer/train/adam.hpp"
#include "gsteer/train/initialization.hpp"
#include "openmp/elsewhere.hpp"

using namespace gsteer;

namespace {

struct Threads {
  explicit Threads(int count) { set_threads(count); }
  ~Threads() { set_threads(0); }
};

std::atomic<int> calls, calls_in_parallel;

void note_region(int) {
  ++calls;
  calls_in_parallel += omp_in_parallel() != 0;
}

/// The threads that a loop or a region with as many tasks as threads runs on.
class Meeting {
 public:
  explicit Meeting(int expected) : expected_(expected) {}
  void attend() {
    ++arrived_;  // nobody leaves before all came, unless fewer threads take part
    for (int i = 0; arrived_ < expected_ && i < 1'000'000; ++i) std::this_thread::yield();
    const std::lock_guard lock(guard_);
    seen_.insert(std::this_thread::get_id());
  }
  const std::set<std::thread::id>& seen() const { return seen_; }

 private:
  int expected_;
  std::atomic<int> arrived_{0};
  std::mutex guard_;
  std::set<std::thread::id> seen_;
};

/// The parameters after some steps of training, on `threads` threads.
std::vector<float> trained(int threads) {
  const Threads setting(threads);
  constexpr auto G = C<4>;
  Sequential net{Conv2d<trivial<G>, 2 * regular<G>, 5>{{.padding = 2}}, ReLU<2 * regular<G>>{},
                 Conv2d<2 * regular<G>, 2 * regular<G>, 3>{{.padding = 1}}};
  initialize(net, Rng{7});
  Rng rng(8);
  GridField<trivial<G>> images(3, 17, 17);
  for (auto& v : images.values()) v = static_cast<float>(rng.normal());
  Adam optimizer(net, {.learning_rate = 1e-2});
  for (int step = 0; step < 3; ++step) {
    zero_gradients(net);
    const auto out = net.forward(images);
    net.backward(out);
    optimizer.step();
  }
  std::vector<float> all;
  for (const auto& [name, p] : parameters(net))
    all.insert(all.end(), p->value.begin(), p->value.end());
  return all;
}

}  // namespace

TEST_CASE("loops run on OpenMP's threads, those of files without OpenMP, too") {
  const auto check = [](bool parallel, auto&& loop) {
    calls = calls_in_parallel = 0;
    loop();
    CHECK(calls == 100);
    CHECK(calls_in_parallel == (parallel ? 100 : 0));
  };
  for (const int count : {1, 2, 3}) {
    CAPTURE(count);
    const Threads setting(count);
    check(count > 1, [] { parallel_for(100, [](int i) { note_region(i); }); });
    check(count > 1, [] { loop_without_openmp(100, note_region); });
  }
}

TEST_CASE("a loop and a region of the user's run on the same threads") {
  const Threads setting(3);
  Meeting loop(3), region(3);
  parallel_for(3, [&](int) { loop.attend(); });
#pragma omp parallel num_threads(3)
  region.attend();
  CHECK(region.seen().size() == 3);
  CHECK(loop.seen() == region.seen());
}

TEST_CASE("the number of threads is OpenMP's unless set") {
  const int before = omp_get_max_threads();
  CHECK(threads() == before);
  omp_set_num_threads(before + 1);
  CHECK(threads() == before + 1);
  {
    const Threads setting(before + 3);
    CHECK(threads() == before + 3);
    CHECK(omp_get_max_threads() == before + 1);  // the user's own regions are the user's business
  }
  omp_set_num_threads(before);
}

TEST_CASE("a loop inside a region of the user's runs on the thread it is met on") {
  const Threads setting(3);
  std::atomic<int> sum{0}, strangers{0}, caught{0};
  const int levels = omp_get_max_active_levels();
  omp_set_max_active_levels(2);  // a region inside a region would have threads of its own
#pragma omp parallel num_threads(3)
  {
    const auto here = std::this_thread::get_id();
    parallel_for(100, [&](int i) {
      for (int wait = 0; i == 0 && wait < 10'000; ++wait)
        std::this_thread::yield();  // for strangers
      strangers += std::this_thread::get_id() != here;
      sum += i;
    });
    try {
      parallel_for(100, [](int i) {
        if (i == 5) throw i;
      });
    } catch (int) {
      ++caught;
    }
  }
  omp_set_max_active_levels(levels);
  CHECK(strangers == 0);
  CHECK(sum == 3 * 4950);
  CHECK(caught == 3);
}

TEST_CASE("a network learns the same on any number of OpenMP's threads, bit for bit") {
  const auto one = trained(1);
  REQUIRE(one.size() > 20);
  CHECK(std::any_of(one.begin(), one.end(), [](float v) { return v != 0; }));
  for (const int count : {2, 3, 4}) CHECK(trained(count) == one);
}
