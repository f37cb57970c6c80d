// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "gsteer/field/field.hpp"
#include "gsteer/field/graph.hpp"

namespace gsteer {
namespace detail {

[[gnu::cold]] inline Eigen::MatrixXd positions_of_grid(const std::array<int, 3>& zyx,
                                                       double spacing) {
  Eigen::MatrixXd positions(3, zyx[0] * zyx[1] * zyx[2]);
  for (int i = 0; i < positions.cols(); ++i) {
    positions(0, i) = spacing * (i % zyx[2]);
    positions(1, i) = -spacing * (i / zyx[2] % zyx[1]);
    positions(2, i) = -spacing * (i / zyx[2] / zyx[1]);
  }
  return positions;
}

[[gnu::cold]] inline Graph graph_of_grid(const std::array<int, 3>& zyx, int taps, double spacing) {
  expect(taps >= 1 && taps % 2 == 1, "grid_graph: expected an odd number of taps, got ", taps);
  // Along an axis point i hears of those from first to last.
  const auto window = [&](std::size_t axis, int i) {
    return std::pair(std::max(i - taps / 2, 0), std::min(i + taps / 2, zyx[axis] - 1));
  };
  std::vector<Edge> edges;
  for (int receiver = 0; receiver < zyx[0] * zyx[1] * zyx[2]; ++receiver) {
    const auto x = window(2, receiver % zyx[2]), y = window(1, receiver / zyx[2] % zyx[1]),
               z = window(0, receiver / zyx[2] / zyx[1]);
    for (int k = z.first; k <= z.second; ++k)
      for (int j = y.first; j <= y.second; ++j)
        for (int i = x.first; i <= x.second; ++i)
          edges.push_back({(k * zyx[1] + j) * zyx[2] + i, receiver});
  }
  return make_graph(positions_of_grid(zyx, spacing), edges);
}

}  // namespace detail

/// Where the points of a grid lie, 3 x points, in the order in which a field has them: the last
/// axis is +x, the one before runs along -y, the one before along -z. The first point is the
/// origin, neighbors are `spacing` apart.
template <int Dimension>
Eigen::MatrixXd grid_positions(const Grid<Dimension>& grid, double spacing = 1) {
  return detail::positions_of_grid(grid.zyx(), spacing);
}

/// The points of a grid as a graph, on which PointConv computes what a convolution of `taps` taps
/// with zero padding computes on the grid: each hears of those in the window around it, itself
/// included. \throws Error unless taps is odd and positive
template <int Dimension>
Graph grid_graph(const Grid<Dimension>& grid, int taps, double spacing = 1) {
  return detail::graph_of_grid(grid.zyx(), taps, spacing);
}

}  // namespace gsteer
