// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>

#include "gsteer/core/error.hpp"
#include "gsteer/layer/kernels/windows.hpp"

namespace gsteer::detail {

/// Whether the adjoint is itself a convolution with stride 1, by the kernel turned around: where
/// steps are single and what the padding adds is nothing, or the same circle on both sides.
inline bool adjoint_is_convolution(const Windows& w) {
  const std::array<int, 3> none{0, 0, 0};
  if (w.stride != std::array{1, 1, 1} || (w.mode == Padding::reflect && w.padding != none))
    return false;
  for (std::size_t a = 0; a < 3; ++a) {
    const int reach = w.extent(a) - 1;
    if (w.padding[a] > reach) return false;
    if (w.mode == Padding::circular && w.padding != none && 2 * w.padding[a] != reach) return false;
  }
  return true;
}

/// The windows of a convolution. \throws Error if they do not fit, or groups do not divide channels
[[gnu::cold]] inline const Windows& validated(const Windows& w, int batch, int c_out, int c_in,
                                              int groups) {
  w.validate("convolution");
  expect(batch > 0 && c_out > 0 && c_in > 0,
         "convolution: expected at least one image and channel, got batch ", batch, ", ", c_out,
         " output and ", c_in, " input channels");
  expect(groups > 0 && c_out % groups == 0 && c_in % groups == 0,
         "convolution: expected a number of groups that divides the channels, got ", groups,
         " groups, ", c_out, " output and ", c_in, " input channels");
  constexpr int most = std::numeric_limits<int>::max();
  const double channels = static_cast<double>(std::max(c_in, c_out)) / groups;
  expect(channels * w.taps() <= most, "convolution: expected at most ", most,
         " weights for a channel, got ", channels, " channels of ", w.taps());
  return w;
}

/// Those of the adjoint, if it is a convolution: by the kernel that is turned by half a turn.
inline Windows turned(Windows w) {
  if (w.padding == std::array{0, 0, 0}) w.mode = Padding::zero;
  const auto size = w.output();
  for (std::size_t a = 0; a < 3; ++a) w.padding[a] = w.extent(a) - 1 - w.padding[a];
  w.size = size;
  return w;
}

}  // namespace gsteer::detail
