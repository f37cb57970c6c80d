// SPDX-License-Identifier: MIT
#pragma once

#include "tetris/shapes.hpp"

namespace example {

namespace fields {
inline constexpr auto ones = irreps<"1x0e">;
inline constexpr auto edge = irreps<"1x0e + 1x1o + 1x2e">;
// Both parities: only with 1e can a message be a pseudoscalar, 1e (x) 1o -> 0o.
inline constexpr auto hidden = irreps<"8x0e + 4x0o + 4x1o + 4x1e + 4x2e + 4x2o">;
inline constexpr auto first = interaction_output<ones, edge, hidden>;
inline constexpr auto second = interaction_output<first, edge, hidden>;
}  // namespace fields

/// [cube, 1x0e] -> [shape, 1x0o + 6x0e]
template <class Scalar>
auto make_network() {
  using namespace fields;
  const MessagePassingOptions options{
      .cutoff = 1.5, .radial_functions = 3, .hidden = {32}, .average_neighbors = 1.5};
  return Sequential{make_interaction<ones, edge, hidden, Scalar>(1, options),
                    make_interaction<first, edge, hidden, Scalar>(1, options),
                    MessagePassing<second, edge, answer, Scalar>{options},
                    GraphPool<answer, Scalar>{GraphReduction::mean}};
}

}  // namespace example
