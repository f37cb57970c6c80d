// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "gsteer/core/error.hpp"
#include "gsteer/core/memory.hpp"
#include "gsteer/core/parallel.hpp"
#include "gsteer/core/scratch.hpp"
#include "gsteer/layer/kernels/axis_map.hpp"
#include "gsteer/layer/kernels/windows.hpp"

namespace gsteer {

/// Values between cells: that of the nearest one; linear between cell centres, the outermost ones
/// kept beyond them; or linear with the outermost cells of both grids on the same points ("align
/// corners").
enum class Interpolation { nearest, linear, linear_aligned };

namespace detail {

/// out = map applied to each of `planes` grids. With transposed(map) it is the adjoint.
template <class Scalar>
void resample(Scalar* out, const Scalar* in, const GridMap& map, int planes) {
  std::array<int, 3> from{map[0].inputs, map[1].inputs, map[2].inputs};
  std::array<int, 3> to{map[0].outputs(), map[1].outputs(), map[2].outputs()};
  const auto volume = [](const std::array<int, 3>& n) {
    return static_cast<std::ptrdiff_t>(n[0]) * n[1] * n[2];
  };
  // The x axis is the slow one, turned there and back: it comes where the grid is smallest.
  std::array<std::size_t, 3> order{0, 1, 2};
  if (volume(to) > volume(from)) order = {2, 1, 0};
  PooledVector<std::size_t> steps;
  for (const std::size_t axis : order) {
    if (!map[axis].identity()) steps.push_back(axis);
  }
  std::ptrdiff_t largest = 0;
  auto now = from;
  for (const std::size_t axis : steps) {
    now[axis] = to[axis];
    largest = std::max(largest, volume(now));
  }
  parallel_for(planes, [&](int plane) {
    const Scalar* source = in + plane * volume(from);
    Scalar* target = out + plane * volume(to);
    if (steps.empty()) std::copy_n(source, volume(from), target);
    auto size = from;
    for (std::size_t s = 0; s < steps.size(); ++s) {
      const std::size_t axis = steps[s];
      Scalar* result = s + 1 == steps.size()
                           ? target
                           : scratch<Scalar>(s == 0 ? Slot::columns : Slot::tile, largest);
      const int before = axis == 0 ? 1 : axis == 1 ? size[0] : size[0] * size[1];
      const int after = axis == 2 ? 1 : axis == 1 ? size[2] : size[1] * size[2];
      apply_axis(result, source, map[axis], before, after);
      size[axis] = to[axis];
      source = result;
    }
  });
}

/// The mean of the cells that each window sees. Cells that padding with zeros adds do not count: at
/// the edge it is the mean of fewer cells, so that the mean of a constant is that constant
/// everywhere. (PyTorch: count_include_pad = false.) \throws Error if some window sees no cell
inline GridMap average_map(const Windows& w) {
  w.validate("average pooling");
  GridMap map;
  for (std::size_t a = 0; a < 3; ++a) {
    map[a].inputs = w.size[a];
    for (int o = 0; o < w.output()[a]; ++o) {
      int seen = 0;
      for (int k = 0; k < w.kernel[a]; ++k) seen += w.source(a, o, k) >= 0;
      expect(seen > 0,
             "average pooling: expected every window to see a cell, got one in the padding alone: "
             "size ",
             Axes{w.size}, ", kernel ", Axes{w.kernel}, ", padding ", Axes{w.padding},
             " (z, y, x)");
      for (int k = 0; k < w.kernel[a]; ++k) {
        if (const int i = w.source(a, o, k); i >= 0) map[a].add(i, 1.0 / seen);
      }
      map[a].finish_output();
    }
  }
  return map;
}

/// Samples of a Gaussian at the integers up to round(reach * sigma) on either side, with sum 1.
/// Half-integers round to even. escnn's antialiased max pooling has reach 4, its average pooling
/// reach 3.
inline PooledVector<double> gaussian_filter(double sigma, int reach) {
  expect(sigma > 0 && reach > 0 && reach * sigma < 1e6,
         "gaussian_filter: expected 0 < sigma, 0 < reach, reach * sigma < 1e6, ", "got sigma ",
         sigma, ", reach ", reach);
  const int radius = static_cast<int>(std::nearbyint(reach * sigma));
  PooledVector<double> filter;
  double sum = 0;
  for (int i = -radius; i <= radius; ++i) {
    filter.push_back(std::exp(-i * i / (2 * sigma * sigma)));
    sum += filter.back();
  }
  for (double& value : filter) value /= sum;
  return filter;
}

/// The windows of a filter of odd size on a grid: along every axis of more than one cell, centred
/// on every stride-th cell.
inline Windows blur_windows(const std::array<int, 3>& size, int filter_size, int stride) {
  Windows w{.size = size};
  for (std::size_t a = 0; a < 3; ++a) {
    if (size[a] == 1) continue;
    w.kernel[a] = filter_size;
    w.padding[a] = (filter_size - 1) / 2;
    w.stride[a] = stride;
  }
  return w;
}

/// Correlation of every channel with filter(z) filter(y) filter(x); axes with a kernel of size 1
/// are sampled but not blurred. With padding by zeros the weights at the edge add up to less than
/// 1, as in escnn.
inline GridMap blur_map(const Windows& w, const PooledVector<double>& filter) {
  w.validate("blur");
  GridMap map;
  for (std::size_t a = 0; a < 3; ++a) {
    const bool blurred = w.kernel[a] != 1;
    expect(!blurred || w.kernel[a] == static_cast<int>(filter.size()),
           "blur: expected kernels of size 1 or ", filter.size(), ", that of the filter, got ",
           Axes{w.kernel}, " (z, y, x)");
    map[a].inputs = w.size[a];
    for (int o = 0; o < w.output()[a]; ++o) {
      for (int k = 0; k < w.kernel[a]; ++k) {
        if (const int i = w.source(a, o, k); i >= 0)
          map[a].add(i, blurred ? filter[static_cast<std::size_t>(k)] : 1);
      }
      map[a].finish_output();
    }
  }
  return map;
}

/// Grid of factor times as many cells along each axis. Every choice commutes with reflections of
/// the axis.
inline GridMap upsample_map(const std::array<int, 3>& size, const std::array<int, 3>& factor,
                            Interpolation interpolation) {
  GridMap map;
  for (std::size_t a = 0; a < 3; ++a) {
    const int n = size[a], f = factor[a];
    expect(n > 0 && f > 0 && static_cast<double>(n) * f < 1e9,
           "upsampling: expected a size and a factor >= 1, got size ", Axes{size}, ", factor ",
           Axes{factor}, " (z, y, x)");
    map[a].inputs = n;
    for (int o = 0; o < n * f; ++o) {
      if (interpolation == Interpolation::nearest || n == 1) {
        map[a].add(o / f, 1);
      } else {
        // Position of cell o among the inputs as the exact fraction top / bottom, so that a cell on
        // a point has weight 1.
        const bool aligned = interpolation == Interpolation::linear_aligned;
        const std::ptrdiff_t bottom = aligned ? n * f - 1 : 2 * f, last = (n - 1) * bottom;
        const auto top = std::clamp<std::ptrdiff_t>(
            aligned ? std::ptrdiff_t{o} * (n - 1) : 2 * std::ptrdiff_t{o} + 1 - f, 0, last);
        const int left = static_cast<int>(top / bottom);
        const double t = static_cast<double>(top % bottom) / static_cast<double>(bottom);
        map[a].add(left, 1 - t);
        if (t > 0) map[a].add(left + 1, t);
      }
      map[a].finish_output();
    }
  }
  return map;
}

}  // namespace detail
}  // namespace gsteer
