// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <atomic>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

#include "gsteer/core/error.hpp"

namespace gsteer {
namespace detail {

inline std::atomic<int>& thread_setting() {
  static std::atomic<int> setting{0};
  return setting;
}

inline bool& inside_parallel_loop() {
  thread_local bool inside = false;
  return inside;
}

/// Runs task(context, i) for i in [0, count) on up to `workers` threads. Not a template: one
/// instance for all loops.
inline void run_tasks(int count, int workers, void (*task)(void*, int), void* context) {
  std::atomic<int> next{0};
  std::exception_ptr error;
  std::mutex guard;
  const auto work = [&] {
    inside_parallel_loop() = true;
    try {
      for (int i = next++; i < count; i = next++) task(context, i);
    } catch (...) {
      const std::lock_guard lock(guard);
      if (!error) error = std::current_exception();
      next = count;
    }
    inside_parallel_loop() = false;
  };
  std::vector<std::thread> others;
  for (int i = 1; i < workers; ++i) others.emplace_back(work);
  work();
  for (auto& other : others) other.join();
  if (error) std::rethrow_exception(error);
}

}  // namespace detail

/// The number of threads that parallel_for uses: what set_threads asked for, else all hardware
/// threads.
inline int threads() {
  const int setting = detail::thread_setting();
  return setting > 0 ? setting : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

/// Sets the number of threads of all later parallel loops of this process; 0 means all hardware
/// threads. \throws Error if count is negative
inline void set_threads(int count) {
  expect(count >= 0, "set_threads: expected a count of threads >= 0, got ", count);
  detail::thread_setting() = count;
}

/// Calls body(i) once for every i in [0, count), in any order, on up to threads() threads.
///
/// Results of the library do not depend on the number of threads, bit for bit: what a task computes
/// must depend on i alone, and two tasks must not write to the same place. Sums over tasks are
/// therefore written task by task and added in order afterwards. A loop inside a loop runs on the
/// thread it is met on. The first exception is passed on to the caller.
template <class Body>
void parallel_for(int count, Body&& body) {
  const int workers = std::min(threads(), count);
  if (workers <= 1 || detail::inside_parallel_loop()) {
    for (int i = 0; i < count; ++i) body(i);
    return;
  }
  using B = std::remove_reference_t<Body>;
  detail::run_tasks(
      count, workers, [](void* context, int i) { (*static_cast<B*>(context))(i); },
      const_cast<void*>(static_cast<const void*>(std::addressof(body))));
}

}  // namespace gsteer
