// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>

#include "gsteer/core/error.hpp"
#include "gsteer/core/workers.hpp"

#ifdef _OPENMP
#include <omp.h>
#endif

namespace gsteer {
namespace detail {

/// Whose threads run the loops.
struct Threading {
  int (*available)();
  void (*run)(Loop& loop, int threads);
};

inline constexpr Threading own_threads{
    [] {
      // Asked once: the answer takes longer than a small loop.
      static const int all = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
      return all;
    },
    [](Loop& loop, int threads) { workers().run(loop, std::min(threads, loop.count()) - 1); }};

inline std::atomic<const Threading*> threading{&own_threads};
inline std::atomic<int> thread_setting{0};
inline std::mutex one_loop_at_a_time;

#ifdef _OPENMP
// If one file of a program is compiled with OpenMP, the loops of all its files run on OpenMP's
// threads: of two sets of threads, each would wait for cores that the other one keeps busy. Every
// such file says so before main starts, in functions of its own: those that files share must be the
// same with OpenMP and without.
namespace {

int threads_of_openmp() { return omp_get_max_threads(); }

// On all threads, however short the loop: OpenMP ends those that a smaller team leaves out.
void run_on_openmp(Loop& loop, int threads) {
#pragma omp parallel num_threads(threads) if (!omp_in_parallel())
  loop.work();
}

constexpr Threading openmp{threads_of_openmp, run_on_openmp};
[[maybe_unused]] const bool openmp_runs_loops = (threading = &openmp, true);

}  // namespace
#endif

}  // namespace detail

/// The number of threads that parallel_for uses: what set_threads asked for, else all hardware
/// threads or, with OpenMP, what it gives its own loops (OMP_NUM_THREADS).
inline int threads() {
  const int setting = detail::thread_setting;
  return setting > 0 ? setting : detail::threading.load()->available();
}

/// Sets the number of threads of all later parallel loops of this process; 0 means the default.
/// \throws Error if count is negative
inline void set_threads(int count) {
  expect(count >= 0, "set_threads: expected a count of threads >= 0, got ", count);
  detail::thread_setting = count;
}

namespace detail {

inline void run_loop(int count, Loop::Task task, void* context) {
  const int team = count > 1 && !inside_parallel_loop() ? threads() : 1;
  std::unique_lock alone(one_loop_at_a_time, std::defer_lock);
  if (team > 1 && alone.try_lock()) {
    Loop loop(count, task, context);
    threading.load()->run(loop, team);
    return loop.pass_on_exception();
  }
  for (int i = 0; i < count; ++i) task(context, i);
}

}  // namespace detail

/// Calls body(i) once for every i in [0, count), in any order, on up to threads() threads: those of
/// OpenMP in a program that is compiled with it, even if only in part, else the library's own.
///
/// Results of the library do not depend on the number of threads, bit for bit: what a task computes
/// must depend on i alone, and two tasks must not write to the same place. Sums over tasks are
/// therefore written task by task and added in order afterwards. A loop inside a loop or inside a
/// parallel region of OpenMP, and one that meets the threads busy with another, runs on the thread
/// it is met on. The first exception is passed on to the caller.
template <class Body>
void parallel_for(int count, Body&& body) {
  using B = std::remove_reference_t<Body>;
  // One function for all threads and for none: the body is compiled once.
  detail::run_loop(
      count, [](void* context, int i) { (*static_cast<B*>(context))(i); },
      const_cast<void*>(static_cast<const void*>(std::addressof(body))));
}

/// body(first, last) for consecutive pieces [first, last) of [0, count), of `piece` numbers each
/// but the last: parallel_for where one number is too little work for a task.
template <class Index, class Body>
void parallel_pieces(Index count, std::type_identity_t<Index> piece, const Body& body) {
  parallel_for(static_cast<int>(count / piece + (count % piece > 0)), [&](int i) {
    const Index first = static_cast<Index>(i) * piece;
    body(first, first + std::min<Index>(piece, count - first));
  });
}

}  // namespace gsteer
