// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
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

/// Threads that wait for loops to help with. They stay, so that a loop costs microseconds and the
/// memory that a thread keeps for its work is kept; they sleep when there is nothing to do.
class Workers {
 public:
  using Task = void (*)(void* context, int index);

  Workers() = default;
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;
  ~Workers() {
    {
      const std::lock_guard lock(guard_);
      stop_ = true;
    }
    wake_.notify_all();
    for (auto& thread : threads_) thread.join();
  }

  /// Runs task(context, i) for i in [0, count) on this thread and up to helpers others. False, and
  /// nothing done, if the workers are busy with a loop of another thread of the caller's.
  bool run(int count, int helpers, Task task, void* context) {
    const std::unique_lock busy(busy_, std::try_to_lock);
    if (!busy) return false;
    {
      const std::lock_guard lock(guard_);
      while (static_cast<int>(threads_.size()) < helpers)
        threads_.emplace_back([this, id = static_cast<int>(threads_.size()),
                               seen = loop_.load()]() mutable { serve(id, seen); });
      task_ = task;
      context_ = context;
      count_ = count;
      next_ = 0;
      helpers_ = helpers;
      working_ = helpers;
      error_ = nullptr;
      ++loop_;
    }
    wake_.notify_all();
    work();
    spin([this] { return working_ == 0; });
    std::unique_lock lock(guard_);
    done_.wait(lock, [this] { return working_ == 0; });
    if (error_) std::rethrow_exception(error_);
    return true;
  }

 private:
  void serve(int id, long seen) {
    while (true) {
      spin([&] { return loop_ != seen; });
      std::unique_lock lock(guard_);
      wake_.wait(lock, [&] { return stop_ || (loop_ != seen && id < helpers_); });
      if (stop_) return;
      seen = loop_;
      lock.unlock();
      work();
      lock.lock();
      if (--working_ == 0) done_.notify_one();
    }
  }

  /// Waits for some fifty microseconds without going to sleep: the next loop of a network is near,
  /// and to be woken takes longer than a loop over a small graph.
  template <class Condition>
  static void spin(const Condition& condition) {
    for (int i = 0; i < 2000 && !condition(); ++i) {
#if defined(__x86_64__) || defined(__i386__)
      __builtin_ia32_pause();
#elif defined(__aarch64__)
      asm volatile("yield");
#endif
    }
  }

  void work() {
    inside_parallel_loop() = true;
    try {
      for (int i = next_++; i < count_; i = next_++) task_(context_, i);
    } catch (...) {
      const std::lock_guard lock(guard_);
      if (!error_) error_ = std::current_exception();
      next_ = count_;
    }
    inside_parallel_loop() = false;
  }

  std::mutex busy_, guard_;
  std::condition_variable wake_, done_;
  std::vector<std::thread> threads_;
  Task task_ = nullptr;
  void* context_ = nullptr;
  int count_ = 0, helpers_ = 0;
  std::atomic<int> working_{0};
  std::atomic<long> loop_{0};
  std::atomic<int> next_{0};
  std::exception_ptr error_;
  bool stop_ = false;
};

inline Workers& workers() {
  static Workers all;
  return all;
}

}  // namespace detail

/// The number of threads that parallel_for uses: what set_threads asked for, else all hardware
/// threads.
inline int threads() {
  // Asked once: the answer takes longer than a small loop.
  static const int hardware = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  const int setting = detail::thread_setting();
  return setting > 0 ? setting : hardware;
}

/// Sets the number of threads of all later parallel loops of this process; 0 means all hardware
/// threads. \throws Error if count is negative
inline void set_threads(int count) {
  expect(count >= 0, "set_threads: expected a count of threads >= 0, got ", count);
  detail::thread_setting() = count;
}

namespace detail {

inline void run_loop(int count, Workers::Task task, void* context) {
  const int helpers = std::min(threads(), count) - 1;
  if (helpers > 0 && !inside_parallel_loop() && workers().run(count, helpers, task, context))
    return;
  for (int i = 0; i < count; ++i) task(context, i);
}

}  // namespace detail

/// Calls body(i) once for every i in [0, count), in any order, on up to threads() threads.
///
/// Results of the library do not depend on the number of threads, bit for bit: what a task computes
/// must depend on i alone, and two tasks must not write to the same place. Sums over tasks are
/// therefore written task by task and added in order afterwards. A loop inside a loop, and one
/// that meets the threads busy with another, runs on the thread it is met on. The first exception
/// is passed on to the caller.
template <class Body>
void parallel_for(int count, Body&& body) {
  using B = std::remove_reference_t<Body>;
  // One function for all threads and for none: the body is compiled once.
  detail::run_loop(
      count, [](void* context, int i) { (*static_cast<B*>(context))(i); },
      const_cast<void*>(static_cast<const void*>(std::addressof(body))));
}

}  // namespace gsteer
