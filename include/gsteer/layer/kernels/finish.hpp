// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "gsteer/layer/kernels/rows.hpp"

namespace gsteer::detail {

/// What is done to results as soon as they are computed, while they are in the cache: a function
/// of numbers in a row, in place, or nothing. It refers to the function, which must outlive it, and
/// hides its type: a kernel that takes one is compiled once for each scalar type.
template <class Scalar>
class Finish {
 public:
  Finish() = default;
  /// `run(function, x, count)` replaces x[0], ..., x[count - 1].
  Finish(void (*run)(const void* function, Scalar* x, std::size_t count), const void* function)
      : run_(run), function_(function) {}

  explicit operator bool() const { return run_ != nullptr; }
  void operator()(Scalar* x, std::ptrdiff_t count) const {
    if (run_) run_(function_, x, static_cast<std::size_t>(count));
  }
  /// The same for a result as a whole.
  void in_parallel(Scalar* x, std::size_t count) const {
    if (run_)
      for_each_part(count, [&](std::size_t first, std::size_t last) {
        run_(function_, x + first, last - first);
      });
  }

 private:
  void (*run_)(const void*, Scalar*, std::size_t) = nullptr;
  const void* function_ = nullptr;
};

}  // namespace gsteer::detail
