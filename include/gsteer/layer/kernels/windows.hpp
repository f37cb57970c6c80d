// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <ostream>
#include <string_view>

#include "gsteer/core/error.hpp"

namespace gsteer {

/// What a window sees beyond the edge of the grid: nothing, the opposite edge, or the mirror image
/// (the edge cell is not repeated).
enum class Padding { zero, circular, reflect };

/// The windows of a sliding-window layer on a grid: window o sees, on every axis, the cells o *
/// stride - padding + k * dilation, k in [0, kernel). Axes are ordered z, y, x; a 2-D grid has z =
/// 1, a signal has z = y = 1.
struct Windows {
  std::array<int, 3> size{1, 1, 1};
  std::array<int, 3> kernel{1, 1, 1};
  std::array<int, 3> stride{1, 1, 1};
  std::array<int, 3> padding{0, 0, 0};
  std::array<int, 3> dilation{1, 1, 1};
  Padding mode = Padding::zero;

  /// Cells from the first to the last that one window sees.
  int extent(std::size_t axis) const { return dilation[axis] * (kernel[axis] - 1) + 1; }

  /// Windows along each axis.
  std::array<int, 3> output() const {
    std::array<int, 3> count{};
    for (std::size_t a = 0; a < 3; ++a)
      count[a] = (size[a] + 2 * padding[a] - extent(a)) / stride[a] + 1;
    return count;
  }

  int taps() const { return kernel[0] * kernel[1] * kernel[2]; }
  int cells() const { return size[0] * size[1] * size[2]; }
  int outputs() const {
    const auto count = output();
    return count[0] * count[1] * count[2];
  }

  /// The cell that tap k of window o sees, or -1 where it sees nothing.
  int source(std::size_t axis, int o, int k) const {
    const int n = size[axis];
    const int i = o * stride[axis] - padding[axis] + k * dilation[axis];
    if (i >= 0 && i < n) return i;
    if (mode == Padding::circular) return i < 0 ? i + n : i - n;
    if (mode == Padding::reflect) return i < 0 ? -i : 2 * (n - 1) - i;
    return -1;
  }

  /// Whether reflecting the axis, cell i -> size - 1 - i, maps windows to windows.
  ///
  /// The centre of window o is o * stride - padding + (extent - 1) / 2. The reflection takes the
  /// first centre to the last one exactly if the two add up to size - 1, that is if the stride
  /// leaves no cells over at the far edge. Otherwise the samples sit to one side of the grid, and
  /// no rotation or reflection of the input is one of the output.
  bool symmetric(std::size_t axis) const {
    return (size[axis] + 2 * padding[axis] - extent(axis)) % stride[axis] == 0;
  }
  bool symmetric() const { return symmetric(0) && symmetric(1) && symmetric(2); }

  /// \throws Error unless every size is positive, the window fits into the padded grid and the
  /// padding can be filled
  void validate(std::string_view name) const;
};

namespace detail {

/// Sizes along the axes (z, y, x) in a message.
struct Axes {
  const std::array<int, 3>& zyx;

  friend std::ostream& operator<<(std::ostream& text, const Axes& a) {
    return text << '(' << a.zyx[0] << ", " << a.zyx[1] << ", " << a.zyx[2] << ')';
  }
};

}  // namespace detail

[[gnu::cold]] inline void Windows::validate(std::string_view name) const {
  constexpr int most = std::numeric_limits<int>::max();
  const auto positive = [&](const char* what, const std::array<int, 3>& value) {
    expect(std::min({value[0], value[1], value[2]}) > 0, name, ": expected a positive ", what,
           " on every axis (z, y, x), got ", detail::Axes{value});
  };
  const auto countable = [&](const char* what, const std::array<int, 3>& value) {
    positive(what, value);
    expect(static_cast<double>(value[0]) * value[1] * value[2] <= most, name, ": expected a ", what,
           " whose product over the axes (z, y, x) is at most ", most, ", got ",
           detail::Axes{value});
  };
  countable("size", size);
  countable("kernel size", kernel);
  positive("stride", stride);
  positive("dilation", dilation);
  expect(std::min({padding[0], padding[1], padding[2]}) >= 0, name,
         ": expected padding >= 0 on every axis (z, y, x), got ", detail::Axes{padding});
  for (std::size_t a = 0; a < 3; ++a) {
    const double padded = size[a] + 2.0 * padding[a];
    expect(padded <= most, name, ": expected a padded grid of at most ", most,
           " cells an axis, got ", padded);
    expect(mode != Padding::circular || padding[a] <= size[a], name,
           ": circular padding can be no larger than the grid: expected at most ",
           detail::Axes{size}, ", got ", detail::Axes{padding});
    expect(mode != Padding::reflect || padding[a] < size[a], name,
           ": reflect padding must be smaller than the grid: expected less than ",
           detail::Axes{size}, ", got ", detail::Axes{padding});
    const double window = 1.0 + static_cast<double>(dilation[a]) * (kernel[a] - 1);
    expect(window <= padded, name, ": expected a window that fits into the padded grid, got size ",
           detail::Axes{size}, ", padding ", detail::Axes{padding}, ", kernel ",
           detail::Axes{kernel}, ", dilation ", detail::Axes{dilation}, " (z, y, x)");
  }
  countable("number of windows", output());
}

}  // namespace gsteer
