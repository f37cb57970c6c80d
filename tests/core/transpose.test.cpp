// SPDX-License-Identifier: MIT
#include "gsteer/core/transpose.hpp"

#include <cstddef>
#include <vector>

#include "catch.hpp"

// Squares of vectors overlap where sizes do not divide: every size around those of vectors counts.
TEMPLATE_TEST_CASE("transpose moves every number of a part of a matrix, and nothing else", "",
                   float, double) {
  using Scalar = TestType;
  for (int rows = 0; rows <= 19; ++rows)
    for (int cols = 0; cols <= 19; ++cols) {
      const int from_row = rows + 3, to_row = cols + 2;
      std::vector<Scalar> from(static_cast<std::size_t>(cols * from_row));
      for (std::size_t i = 0; i < from.size(); ++i) from[i] = static_cast<Scalar>(i + 1);
      std::vector<Scalar> to(static_cast<std::size_t>(rows * to_row), Scalar{-1}), expected = to;
      for (int i = 0; i < rows; ++i)
        for (int p = 0; p < cols; ++p)
          expected[static_cast<std::size_t>(i * to_row + p)] =
              from[static_cast<std::size_t>(p * from_row + i)];
      gsteer::detail::transpose(to.data(), to_row, from.data(), from_row, rows, cols);
      CAPTURE(rows, cols);
      CHECK(to == expected);
    }
}
