// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>

#include "gsteer/core/buffer.hpp"

namespace gsteer::detail {

/// Memory that a thread keeps for its next task. A slot holds what the last call asked for, of any
/// content; a function that calls another one must use other slots than it.
enum class Slot : std::size_t {
  columns,
  tile,
  turned,
  picture,
  mixed,
  gradient,
  responses,
  panels,
  folded,
  last
};

template <class Scalar>
[[gnu::noinline]] Scalar* scratch(Slot slot, std::ptrdiff_t count) {
  const auto size = static_cast<std::size_t>(count);
  thread_local std::array<Buffer<Scalar>, static_cast<std::size_t>(Slot::last)> memory;
  auto& buffer = memory[static_cast<std::size_t>(slot)];
  if (MemoryPool::reuses ? buffer.size() < size : buffer.size() != size)
    buffer = Buffer<Scalar>::uninitialized(size);
  return buffer.data();
}

}  // namespace gsteer::detail
