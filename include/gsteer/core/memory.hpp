// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <mutex>
#include <new>
#include <vector>

namespace gsteer {
namespace detail {

/// Memory that was given back and waits for the next request of its size. A network makes the same
/// results again and again; fresh memory for each costs a page fault every 4 kB, a fifth of the
/// time of a fast convolution, and a call of the system's allocator for each of them.
///
/// Sizes are rounded up, by an eighth at most, so that requests of nearly one size share blocks. No
/// more waits than twice what was in use at once.
class MemoryPool {
 public:
  static constexpr std::align_val_t alignment{64};

  // A sanitizer of addresses must see every block come and go, in the size that was asked for.
#if defined(__SANITIZE_ADDRESS__)
  static constexpr bool reuses = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
  static constexpr bool reuses = false;
#else
  static constexpr bool reuses = true;
#endif
#else
  static constexpr bool reuses = true;
#endif

  MemoryPool() = default;
  MemoryPool(const MemoryPool&) = delete;
  MemoryPool& operator=(const MemoryPool&) = delete;
  ~MemoryPool() { release(); }

  /// \throws std::bad_alloc
  void* take(std::size_t bytes) {
    const Class c = class_of(bytes);
    {
      const std::lock_guard lock(guard_);
      used_ += c.bytes;
      most_used_ = std::max(most_used_, used_);
      if (Block*& first = free_[c.index]) {
        waiting_ -= c.bytes;
        Block* const block = first;
        first = block->next;
        return block;
      }
    }
    try {
      return ::operator new(c.bytes, alignment);
    } catch (...) {
      const std::lock_guard lock(guard_);
      used_ -= c.bytes;
      throw;
    }
  }

  /// `bytes` as they were asked for.
  void give_back(void* memory, std::size_t bytes) noexcept {
    const Class c = class_of(bytes);
    {
      const std::lock_guard lock(guard_);
      used_ -= c.bytes;
      if (reuses) {
        // Too much waits that nobody asks for any more.
        if (waiting_ + c.bytes > 2 * most_used_) clear();
        waiting_ += c.bytes;
        free_[c.index] = new (memory) Block{free_[c.index]};
        return;
      }
    }
    ::operator delete(memory, alignment);
  }

  /// Bytes that wait.
  std::size_t waiting() {
    const std::lock_guard lock(guard_);
    return waiting_;
  }

  void release() noexcept {
    const std::lock_guard lock(guard_);
    clear();
    most_used_ = used_;
  }

 private:
  struct Block {
    Block* next;
  };
  struct Class {
    std::size_t index, bytes;
  };

  void clear() noexcept {
    for (Block*& first : free_)
      while (first) {
        Block* const block = first;
        first = block->next;
        ::operator delete(static_cast<void*>(block), alignment);
      }
    waiting_ = 0;
  }

  /// Eight sizes from each power of two to the next: 64, 72, ..., 128, 144, ...
  static Class class_of(std::size_t bytes) {
    if (!reuses) return {0, bytes};
    const std::size_t wanted = std::max<std::size_t>(bytes, 64);
    const auto octave = static_cast<std::size_t>(std::bit_width(wanted) - 1);
    const std::size_t step = std::size_t{1} << (octave - 3);
    const std::size_t eighth = (wanted - (std::size_t{1} << octave) + step - 1) / step;
    return {8 * (octave - 6) + eighth, (std::size_t{1} << octave) + eighth * step};
  }

  std::mutex guard_;
  std::array<Block*, 8 * 59> free_{};
  std::size_t used_ = 0, most_used_ = 0, waiting_ = 0;
};

/// The memory of all threads. Never destroyed: what is destroyed at the very end gives its memory
/// back, too.
inline MemoryPool& memory_pool() {
  static MemoryPool& pool = *new MemoryPool;
  return pool;
}

/// Memory for `count` objects of `size` bytes, and back to where it came from. Not inlined: every
/// container of the library does this, in every function that makes one.
/// \throws std::bad_alloc
[[gnu::noinline]] inline void* take_memory(std::size_t count, std::size_t size) {
  if (count > std::size_t(-1) / 2 / size) throw std::bad_array_new_length();
  return memory_pool().take(count * size);
}
[[gnu::noinline]] inline void give_back_memory(void* memory, std::size_t bytes) noexcept {
  memory_pool().give_back(memory, bytes);
}

/// For standard containers that are made for a call and gone after it.
template <class T>
struct PoolAllocator {
  using value_type = T;
  PoolAllocator() = default;
  template <class U>
  PoolAllocator(const PoolAllocator<U>&) noexcept {}

  T* allocate(std::size_t n) { return static_cast<T*>(take_memory(n, sizeof(T))); }
  void deallocate(T* p, std::size_t n) noexcept { give_back_memory(p, n * sizeof(T)); }
  friend bool operator==(const PoolAllocator&, const PoolAllocator&) { return true; }
};

template <class T>
using PooledVector = std::vector<T, PoolAllocator<T>>;

}  // namespace detail

/// Gives memory that the library keeps for its next results back to the system. Networks work as
/// before; their next step takes longer.
inline void release_memory() noexcept { detail::memory_pool().release(); }

}  // namespace gsteer
