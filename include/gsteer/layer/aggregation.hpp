// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>

namespace gsteer {

/// What becomes of the messages that reach a node.
enum class Aggregation {
  sum,
  mean,       ///< divided by how many there are
  normalized  ///< divided by the square root of how many there are on average, a setting
};

namespace detail {

/// What the sum of `count` messages is multiplied by.
inline double aggregation_factor(Aggregation aggregation, double average_neighbors, int count) {
  if (aggregation == Aggregation::normalized) return 1 / std::sqrt(average_neighbors);
  return aggregation == Aggregation::mean ? 1.0 / std::max(1, count) : 1.0;
}

}  // namespace detail
}  // namespace gsteer
