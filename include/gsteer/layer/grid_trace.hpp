// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "gsteer/field/field.hpp"
#include "gsteer/layer/remembered.hpp"
#include "gsteer/layer/symmetry.hpp"

namespace gsteer {

/// What one layer does to the grid.
template <int Dimension>
struct GridStep {
  std::string layer;  ///< its place in the network, as in the names of parameters: "2", "3.body.0"
  Grid<Dimension> input, output;  ///< pixels before and after
  std::string complaint;          ///< why it breaks the symmetry of the grid; empty if it does not
};

namespace detail {

/// The space on which the result of a layer lives when its input lives on a grid.
template <class Layer, int Dimension>
using space_after = typename decltype(std::declval<Layer&>().forward(
    std::declval<Field<typename Layer::in, typename Layer::Scalar, Grid<Dimension>>>()))::Space;

}  // namespace detail

/// Appends what a layer does to a grid, and gives the grid after it, if it is still one. A layer
/// that contains others has a member trace; one that samples the grid has windows(grid); one that
/// enlarges it has output_grid(grid).
template <class Layer, int Dimension>
std::optional<Grid<Dimension>> trace_grid(const std::string& name, const Layer& layer,
                                          const Grid<Dimension>& grid,
                                          std::vector<GridStep<Dimension>>& steps) {
  if constexpr (requires { layer.trace(name, grid, steps); }) {
    return layer.trace(name, grid, steps);
  } else if constexpr (std::is_same_v<detail::space_after<Layer, Dimension>, Point>) {
    return std::nullopt;
  } else {
    GridStep<Dimension> step{name, grid, grid, {}};
    if constexpr (requires { layer.windows(grid); }) {
      const Windows w = layer.windows(grid);
      w.validate(name.empty() ? "the layer" : "layer " + name);
      step.complaint = symmetry_complaint<typename Layer::in::group>(w);
      step.output = detail::space_of<Grid<Dimension>>(w.output());
    } else if constexpr (requires { layer.output_grid(grid); }) {
      step.output = layer.output_grid(grid);
    }
    steps.push_back(step);
    return step.output;
  }
}

}  // namespace gsteer
