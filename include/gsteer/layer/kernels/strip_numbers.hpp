// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>

#include "gsteer/core/buffer.hpp"
#include "gsteer/layer/kernels/windows.hpp"

namespace gsteer::detail {

/// The numbers that windows see by the taps of a strip, neighbors along x, in tiles of some: where
/// they stand, and in which windows of a line they are more than zeros of the padding.
class StripNumbers {
 public:
  /// Windows [first, last) of a line.
  struct Span {
    int first, last;
  };

  /// Strips of `run` taps, tiles of `together` numbers: `inputs` for each tap, in pixels that are
  /// `distance` numbers apart.
  [[gnu::cold]] StripNumbers(const Windows& w, int run, int inputs, std::ptrdiff_t distance,
                             int together)
      : spare_(together - 1),
        size_(run * inputs + spare_),
        kinds_(w.kernel[2] / run),
        place_(Buffer<std::ptrdiff_t>::uninitialized(static_cast<std::size_t>(size_))),
        seen_(Buffer<Span>::uninitialized(static_cast<std::size_t>(kinds_ * size_))) {
    const int width = w.output()[2];
    for (int i = 0; i < kinds_ * size_; ++i) {
      // Behind the last number it stands again, for tiles to read.
      const int number = std::min(i % size_, run * inputs - 1), tap = number / inputs;
      place_[static_cast<std::size_t>(i % size_)] = tap * distance + number % inputs;
      Span& s = seen_[static_cast<std::size_t>(i)] = {0, width};
      while (s.first < width && w.source(2, s.first, i / size_ * run + tap) < 0) ++s.first;
      while (s.last > 0 && w.source(2, s.last - 1, i / size_ * run + tap) < 0) --s.last;
    }
  }

  /// Where number m and those after it stand, from the first one of a window's strip.
  const std::ptrdiff_t* place(int m) const { return place_.data() + m; }

  /// Where a strip stands among those side by side.
  int kind(int strip) const { return strip % kinds_; }
  /// In which windows of a line the tile from number m on sees more than zeros. Taps go from left
  /// to right: the last one is the first to see something.
  Span seen(int kind, int m) const {
    const Span* const first = seen_.data() + kind * size_ + m;
    return {first[spare_].first, first->last};
  }

 private:
  int spare_, size_;
  int kinds_;  ///< of strips
  Buffer<std::ptrdiff_t> place_;
  Buffer<Span> seen_;  ///< by each number
};

}  // namespace gsteer::detail
