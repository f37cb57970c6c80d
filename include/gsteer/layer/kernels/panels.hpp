// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "gsteer/core/product.hpp"

namespace gsteer::detail {

/// Where numbers stand in panels of columns, as tiles of products take them: a matrix for each
/// group, [group][panel][row][column]. The last panel of a group may have columns to spare.
template <class Scalar>
struct Panels {
  static constexpr int width = Product<Scalar>::panel;

  int groups, rows, columns;

  /// Panels of one group.
  int count() const { return (columns + width - 1) / width; }
  std::size_t size() const { return static_cast<std::size_t>(begin(groups, 0, 0)); }

  /// A row of a panel.
  std::ptrdiff_t begin(int group, int panel, int row) const {
    return ((std::ptrdiff_t{group} * count() + panel) * rows + row) * width;
  }
  std::ptrdiff_t at(int group, int row, int column) const {
    return begin(group, column / width, row) + column % width;
  }
};

}  // namespace gsteer::detail
