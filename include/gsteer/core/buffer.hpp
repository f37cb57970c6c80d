// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

#include "gsteer/core/memory.hpp"

namespace gsteer {

/// Contiguous memory of numbers, or structures of them, that is either owned (zero-filled, aligned
/// to a cache line) or borrowed from the caller.
///
/// A copy always owns its memory; a moved-from buffer is empty. Memory is kept for the next buffer,
/// see release_memory. A borrowed buffer must not outlive
/// the memory it maps.
template <class Scalar>
class Buffer {
 public:
  Buffer() = default;

  explicit Buffer(std::size_t size) : Buffer(uninitialized(size)) {
    std::fill_n(data_, size_, Scalar{0});
  }

  /// Owned memory of any content, for what is overwritten as a whole.
  static Buffer uninitialized(std::size_t size) {
    Buffer buffer;
    buffer.data_ = allocate(size);
    buffer.size_ = size;
    buffer.owned_ = true;
    return buffer;
  }

  /// Borrows `size` numbers that belong to the caller.
  static Buffer map(Scalar* data, std::size_t size) {
    Buffer buffer;
    buffer.data_ = data;
    buffer.size_ = size;
    return buffer;
  }

  Buffer(const Buffer& other) : data_(allocate(other.size_)), size_(other.size_), owned_(true) {
    std::copy_n(other.data_, size_, data_);
  }
  Buffer(Buffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        owned_(std::exchange(other.owned_, false)) {}
  /// Into the memory that is there, if it is owned and of this size.
  Buffer& operator=(const Buffer& other) {
    if (owned_ && size_ == other.size_ && this != &other)
      std::copy_n(other.data_, size_, data_);
    else
      *this = Buffer(other);
    return *this;
  }
  Buffer& operator=(Buffer&& other) noexcept {
    Buffer taken(std::move(other));
    std::swap(data_, taken.data_);
    std::swap(size_, taken.size_);
    std::swap(owned_, taken.owned_);
    return *this;
  }
  ~Buffer() {
    if (owned_ && data_) detail::give_back_memory(data_, size_ * sizeof(Scalar));
  }

  Scalar* data() { return data_; }
  const Scalar* data() const { return data_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  bool owns_memory() const { return owned_; }
  /// Copies what is borrowed.
  void own() {
    if (!owned_) *this = Buffer(std::as_const(*this));
  }

  Scalar& operator[](std::size_t i) { return data_[i]; }
  const Scalar& operator[](std::size_t i) const { return data_[i]; }
  Scalar* begin() { return data_; }
  Scalar* end() { return data_ + size_; }
  const Scalar* begin() const { return data_; }
  const Scalar* end() const { return data_ + size_; }

 private:
  static Scalar* allocate(std::size_t size) {
    return size == 0 ? nullptr : static_cast<Scalar*>(detail::take_memory(size, sizeof(Scalar)));
  }

  Scalar* data_ = nullptr;
  std::size_t size_ = 0;
  bool owned_ = false;
};

}  // namespace gsteer
