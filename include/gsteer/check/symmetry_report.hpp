// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "gsteer/layer/grid_trace.hpp"

namespace gsteer {

/// What every layer of a network does to pictures of height x width, up to the first that leaves
/// the grid, and where a stride or a pooling would break the symmetry of the grid. Computes no
/// features. \throws Error if a window does not fit
template <class Net>
std::vector<GridStep> symmetry_report(const Net& net, int height, int width) {
  std::vector<GridStep> steps;
  trace_grid("", net, Grid<2>{{height, width}}, steps);
  return steps;
}

/// The sizes n in [from, to] for which no layer breaks the symmetry of n x n pictures.
template <class Net>
std::vector<int> symmetric_sizes(const Net& net, int from, int to) {
  std::vector<int> sizes;
  for (int n = from; n <= to; ++n) {
    bool fits = true;
    try {
      for (const auto& step : symmetry_report(net, n, n)) fits = fits && step.complaint.empty();
    } catch (const Error&) {  // too small for some window
      fits = false;
    }
    if (fits) sizes.push_back(n);
  }
  return sizes;
}

}  // namespace gsteer
