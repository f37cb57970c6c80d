// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "gsteer/layer/grid_trace.hpp"

namespace gsteer {

/// What every layer of a network does to a grid, up to the first that leaves it, and where a stride
/// or a pooling would break the symmetry of the grid. Computes no features. \throws Error if a
/// window does not fit
template <class Net, int Dimension>
std::vector<GridStep<Dimension>> symmetry_report(const Net& net, const Grid<Dimension>& grid) {
  std::vector<GridStep<Dimension>> steps;
  trace_grid("", net, grid, steps);
  return steps;
}

/// The same for pictures of height x width.
template <class Net>
std::vector<GridStep<2>> symmetry_report(const Net& net, int height, int width) {
  return symmetry_report(net, Grid<2>{{height, width}});
}

/// The sizes n in [from, to] for which no layer breaks the symmetry of pictures of n x n, or of
/// volumes of n x n x n.
template <class Net>
std::vector<int> symmetric_sizes(const Net& net, int from, int to) {
  std::vector<int> sizes;
  for (int n = from; n <= to; ++n) {
    Grid<Net::in::group::dimension> grid;
    for (int& size : grid.sizes) size = n;
    bool fits = true;
    try {
      for (const auto& step : symmetry_report(net, grid)) fits = fits && step.complaint.empty();
    } catch (const Error&) {  // too small for some window
      fits = false;
    }
    if (fits) sizes.push_back(n);
  }
  return sizes;
}

}  // namespace gsteer
