// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "gsteer/core/scratch.hpp"
#include "gsteer/layer/kernels/windows.hpp"

namespace gsteer::detail {

/// Windows with their sources tabulated, so that inner loops neither divide nor branch on the
/// padding.
class Sampling {
 public:
  explicit Sampling(const Windows& windows) : windows_(windows), output_(windows.output()) {
    for (std::size_t a = 0; a < 3; ++a) {
      const int n = windows.size[a], m = output_[a], s = windows.stride[a];
      for (int k = 0; k < windows.kernel[a]; ++k) {
        for (int o = 0; o < m; ++o) source_[a].push_back(windows.source(a, o, k));
        const int shift = k * windows.dilation[a] - windows.padding[a];
        const int low = std::clamp(shift < 0 ? (-shift - 1) / s + 1 : 0, 0, m);
        low_[a].push_back(low);
        high_[a].push_back(std::clamp(n > shift ? (n - shift - 1) / s + 1 : 0, low, m));
      }
    }
  }

  const Windows& windows() const { return windows_; }
  const std::array<int, 3>& output() const { return output_; }

  /// Cell seen by tap k of every window of the axis; -1: none.
  const int* source(std::size_t axis, int k) const {
    return source_[axis].data() + std::ptrdiff_t{k} * output_[axis];
  }
  /// Windows [low, high) see through tap k a cell inside the grid, o * stride + shift, without help
  /// of the padding.
  int low(std::size_t axis, int k) const { return low_[axis][static_cast<std::size_t>(k)]; }
  int high(std::size_t axis, int k) const { return high_[axis][static_cast<std::size_t>(k)]; }
  int shift(std::size_t axis, int k) const {
    return k * windows_.dilation[axis] - windows_.padding[axis];
  }

  /// Rows of output are as long and as far apart as rows of input: a block of rows is one shifted
  /// copy but for its edges.
  bool rows_align() const {
    return windows_.stride[2] == 1 && windows_.stride[1] == 1 && output_[2] == windows_.size[2];
  }

 private:
  Windows windows_;
  std::array<int, 3> output_;
  std::array<std::vector<int>, 3> source_, low_, high_;
};

/// What tap (kz, ky, kx) of the windows [first, first + count) sees in one channel.
template <class Scalar>
void gather_tap(Scalar* values, const Scalar* cells, const Sampling& s, std::array<int, 3> tap,
                int first, int count) {
  const Windows& w = s.windows();
  const int nx = w.size[2], ny = w.size[1], mx = s.output()[2], my = s.output()[1],
            stride = w.stride[2];
  const int low = s.low(2, tap[2]), high = s.high(2, tap[2]), shift = s.shift(2, tap[2]);
  const int y_low = s.low(1, tap[1]), y_high = s.high(1, tap[1]);
  const int *zs = s.source(0, tap[0]), *ys = s.source(1, tap[1]), *xs = s.source(2, tap[2]);
  const auto pick = [xs](Scalar* to, const Scalar* row, int begin, int end) {
    for (int i = begin; i < end; ++i) *to++ = xs[i] < 0 ? Scalar{0} : row[xs[i]];
  };

  int x = first % mx, y = first / mx % my, z = first / mx / my;
  for (const int end = first + count; first < end; x = 0) {
    int length = std::min(mx - x, end - first), rows = 1;
    if (zs[z] < 0 || ys[y] < 0) {
      std::fill_n(values, length, Scalar{0});
    } else {
      const std::ptrdiff_t start = (static_cast<std::ptrdiff_t>(zs[z]) * ny + ys[y]) * nx;
      if (s.rows_align() && y >= y_low && y < y_high) {
        const int all = std::min((y_high - y) * mx - x, end - first);
        rows = (x + all + mx - 1) / mx;
        const std::ptrdiff_t from = start + x + shift;
        const auto skip = std::clamp<std::ptrdiff_t>(-from, 0, all);
        const auto stop = std::clamp<std::ptrdiff_t>(w.cells() - from, skip, all);
        if (skip < stop) std::copy(cells + from + skip, cells + from + stop, values + skip);
        if (low > 0 || high < mx) {
          for (int r = 0; r < rows; ++r) {
            const Scalar* row = cells + start + std::ptrdiff_t{r} * nx;
            const int begin = r == 0 ? x : 0, close = std::min(mx, all + x - r * mx),
                      right = std::max(high, begin);
            pick(values + (r * mx - x + begin), row, begin, std::min(low, close));
            if (right < close) pick(values + (r * mx - x + right), row, right, close);
          }
        }
        length = all;
      } else {
        const Scalar* row = cells + start;
        const int close = x + length, a = std::clamp(low, x, close), b = std::clamp(high, a, close);
        pick(values, row, x, a);
        if (stride == 1 && a < b) {
          std::copy(row + (a + shift), row + (b + shift), values + (a - x));
        } else {
          for (int i = a; i < b; ++i) values[i - x] = row[i * stride + shift];
        }
        pick(values + (b - x), row, b, close);
      }
    }
    values += length;
    first += length;
    for (y += rows; y >= my; y -= my) ++z;
  }
}

/// The adjoint of gather_tap: adds the values to the cells they came from.
template <class Scalar>
void scatter_tap(Scalar* cells, const Scalar* values, const Sampling& s, std::array<int, 3> tap,
                 int first, int count) {
  const Windows& w = s.windows();
  const int nx = w.size[2], ny = w.size[1], mx = s.output()[2], my = s.output()[1],
            stride = w.stride[2];
  const int low = s.low(2, tap[2]), high = s.high(2, tap[2]), shift = s.shift(2, tap[2]);
  const int *zs = s.source(0, tap[0]), *ys = s.source(1, tap[1]), *xs = s.source(2, tap[2]);

  int x = first % mx, y = first / mx % my, z = first / mx / my;
  for (const int end = first + count; first < end; x = 0) {
    const int length = std::min(mx - x, end - first);
    if (zs[z] >= 0 && ys[y] >= 0) {
      Scalar* row = cells + (static_cast<std::ptrdiff_t>(zs[z]) * ny + ys[y]) * nx;
      const auto drop = [&](int begin, int close) {
        for (int i = begin; i < close; ++i) {
          if (xs[i] >= 0) row[xs[i]] += values[i - x];
        }
      };
      const int close = x + length, a = std::clamp(low, x, close), b = std::clamp(high, a, close);
      drop(x, a);
      for (int i = a; i < b; ++i) row[i * stride + shift] += values[i - x];
      drop(b, close);
    }
    values += length;
    first += length;
    if (++y == my) y = 0, ++z;
  }
}

/// Columns: row channel * taps + tap, one column for each of the windows [first, first + count).
/// Rows are `ld` apart.
template <class Scalar>
void gather_windows(Scalar* columns, int ld, const Scalar* in, int channels, const Sampling& s,
                    int first, int count) {
  const Windows& w = s.windows();
  for (int c = 0; c < channels; ++c, in += w.cells()) {
    for (int z = 0; z < w.kernel[0]; ++z) {
      for (int y = 0; y < w.kernel[1]; ++y) {
        for (int x = 0; x < w.kernel[2]; ++x, columns += ld)
          gather_tap(columns, in, s, {z, y, x}, first, count);
      }
    }
  }
}

/// The adjoint of gather_windows: adds to `in`.
template <class Scalar>
void scatter_windows(Scalar* in, const Scalar* columns, int ld, int channels, const Sampling& s,
                     int first, int count) {
  const Windows& w = s.windows();
  for (int c = 0; c < channels; ++c, in += w.cells()) {
    for (int z = 0; z < w.kernel[0]; ++z) {
      for (int y = 0; y < w.kernel[1]; ++y) {
        for (int x = 0; x < w.kernel[2]; ++x, columns += ld)
          scatter_tap(in, columns, s, {z, y, x}, first, count);
      }
    }
  }
}

}  // namespace gsteer::detail
