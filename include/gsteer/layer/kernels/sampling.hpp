// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "gsteer/core/memory.hpp"
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

 private:
  Windows windows_;
  std::array<int, 3> output_;
  std::array<PooledVector<int>, 3> source_, low_, high_;
};

}  // namespace gsteer::detail
