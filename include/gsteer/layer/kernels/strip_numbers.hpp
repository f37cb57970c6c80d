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
      : count_(run * inputs),
        kinds_(w.kernel[2] / run),
        place_(Buffer<std::ptrdiff_t>::uninitialized(at(count_ + together - 1))),
        seen_(Buffer<Span>::uninitialized(at(kinds_ * count_))) {
    // Behind the last number it stands again, for tiles to read.
    const auto tap = [&](int number) { return std::min(number, count_ - 1) / inputs; };
    for (int i = 0; i < count_ + together - 1; ++i)
      place_[at(i)] = tap(i) * distance + std::min(i, count_ - 1) % inputs;

    const int width = w.output()[2];
    auto by_tap = Buffer<Span>::uninitialized(at(w.kernel[2]));
    for (int t = 0; t < w.kernel[2]; ++t) {
      Span& s = by_tap[at(t)] = {0, width};
      while (s.first < width && w.source(2, s.first, t) < 0) ++s.first;
      while (s.last > 0 && w.source(2, s.last - 1, t) < 0) --s.last;
    }
    for (int i = 0; i < kinds_ * count_; ++i) {
      const int kind = i / count_, m = i % count_;
      Span& all = seen_[at(i)] = {width, 0};
      for (int t = tap(m); t <= tap(m + together - 1); ++t) {
        const Span& one = by_tap[at(kind * run + t)];
        all = {std::min(all.first, one.first), std::max(all.last, one.last)};
      }
    }
  }

  /// Where number m and those after it stand, from the first one of a window's strip.
  const std::ptrdiff_t* place(int m) const { return place_.data() + m; }

  /// Where a strip stands among those side by side.
  int kind(int strip) const { return strip % kinds_; }
  /// In which windows of a line the tile from number m on sees more than zeros; in none of them if
  /// the last one is not behind the first.
  Span seen(int kind, int m) const { return seen_.data()[kind * count_ + m]; }

 private:
  static std::size_t at(int i) { return static_cast<std::size_t>(i); }

  int count_;  ///< numbers of a strip
  int kinds_;  ///< of strips
  Buffer<std::ptrdiff_t> place_;
  Buffer<Span> seen_;  ///< [kind][first number of a tile]
};

}  // namespace gsteer::detail
