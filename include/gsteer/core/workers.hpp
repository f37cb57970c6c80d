// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace gsteer::detail {

inline bool& inside_parallel_loop() {
  thread_local bool inside = false;
  return inside;
}

/// The calls task(context, i), 0 <= i < count, that threads share: each takes the next one that
/// nobody took.
class Loop {
 public:
  using Task = void (*)(void* context, int index);

  Loop(int count, Task task, void* context) : task_(task), context_(context), count_(count) {}

  int count() const { return count_; }

  /// One thread's part. After an exception, nobody takes another call.
  void work() noexcept {
    inside_parallel_loop() = true;
    try {
      for (int i = next_++; i < count_; i = next_++) task_(context_, i);
    } catch (...) {
      next_ = count_;
      if (!failed_.exchange(true)) error_ = std::current_exception();
    }
    inside_parallel_loop() = false;
  }

  /// The first exception, when all threads are done.
  void pass_on_exception() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  Task task_;
  void* context_;
  int count_;
  std::atomic<int> next_{0};
  std::atomic<bool> failed_{false};
  std::exception_ptr error_;
};

/// Threads that wait for loops to help with. They stay, so that a loop costs microseconds and the
/// memory that a thread keeps for its work is kept; they sleep when there is nothing to do.
class Workers {
 public:
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

  /// Runs a loop, one at a time, on this thread and up to `helpers` others: those that come before
  /// nothing is left to do. Nobody waits for a thread that a busy machine wakes late.
  void run(Loop& loop, int helpers) {
    {
      const std::lock_guard lock(guard_);
      while (static_cast<int>(threads_.size()) < helpers)
        threads_.emplace_back([this, id = static_cast<int>(threads_.size()), seen = loops_.load()] {
          serve(id, seen);
        });
      helpers_ = helpers;
      loop_ = &loop;
      ++loops_;
    }
    wake_.notify_all();
    loop.work();
    {
      const std::lock_guard lock(guard_);
      loop_ = nullptr;
    }
    spin([this] { return working_ == 0; });
    std::unique_lock lock(guard_);
    done_.wait(lock, [this] { return working_ == 0; });
  }

 private:
  void serve(int id, long seen) {
    while (true) {
      spin([&] { return loops_ != seen; });
      std::unique_lock lock(guard_);
      wake_.wait(lock, [&] { return stop_ || (loops_ != seen && id < helpers_); });
      if (stop_) return;
      seen = loops_;
      if (!loop_) continue;  // it is over; the next one is near
      ++working_;
      Loop& loop = *loop_;
      lock.unlock();
      loop.work();
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

  std::mutex guard_;
  std::condition_variable wake_, done_;
  std::vector<std::thread> threads_;
  Loop* loop_ = nullptr;         ///< that can be joined
  int helpers_ = 0;              ///< who may
  std::atomic<int> working_{0};  ///< who did and has not left
  std::atomic<long> loops_{0};   ///< that were begun
  bool stop_ = false;
};

inline Workers& workers() {
  static Workers all;
  return all;
}

}  // namespace gsteer::detail
