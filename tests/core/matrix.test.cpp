// SPDX-License-Identifier: MIT
#include "gsteer/core/matrix.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "gsteer/core/random.hpp"

using namespace gsteer;

namespace {

/// A matrix whose rows lie further apart than they are long.
template <class Scalar>
struct Padded {
  int rows, cols, stride;
  std::vector<Scalar> values;

  Padded(int r, int c, Rng& rng) : rows(r), cols(c), stride(c + 3) {
    for (int i = 0; i < rows * stride; ++i)
      values.push_back(static_cast<Scalar>(rng.uniform(-1, 1)));
  }
  Scalar& at(int i, int j) { return values[static_cast<std::size_t>(i * stride + j)]; }
};

}  // namespace

TEMPLATE_TEST_CASE(
    "the three products agree with sums by hand and leave the rest of the rows alone", "", float,
    double) {
  using Scalar = TestType;
  Rng rng(1);
  for (const auto& [m, n, k] :
       // with all heights and widths of the tiles, and longer than each kind of block
       {std::array{1, 1, 1},
        {5, 7, 3},
        {16, 33, 20},
        {2, 1, 40},
        {3, 4, 0},
        {15, 40, 70},
        {6, 16, 33},
        {250, 21, 19},
        {4, 1030, 9},
        {14, 1030, 18},
        {27, 50, 300}})
    for (const bool add : {false, true})
      for (const int which : {0, 1, 2}) {
        CAPTURE(m, n, k, add, which);
        Padded<Scalar> a(which == 1 ? k : m, which == 1 ? m : k, rng);
        Padded<Scalar> b(which == 2 ? n : k, which == 2 ? k : n, rng), c(m, n, rng);
        const auto before = c;
        const auto product = which == 0   ? detail::multiply<Scalar>
                             : which == 1 ? detail::multiply_transposed_a<Scalar>
                                          : detail::multiply_transposed_b<Scalar>;
        if (!add) c.at(0, 0) = std::numeric_limits<Scalar>::quiet_NaN();  // is overwritten
        product(c.values.data(), c.stride, a.values.data(), a.stride, b.values.data(), b.stride, m,
                n, k, add);
        auto old = before;
        double worst = 0;
        for (int i = 0; i < m; ++i)
          for (int j = 0; j < c.stride; ++j) {
            double expected = add || j >= n ? static_cast<double>(old.at(i, j)) : 0;
            for (int l = 0; j < n && l < k; ++l)
              expected += static_cast<double>(which == 1 ? a.at(l, i) : a.at(i, l)) *
                          static_cast<double>(which == 2 ? b.at(j, l) : b.at(l, j));
            const double off = std::abs(static_cast<double>(c.at(i, j)) - expected);
            if (!(off <= worst)) worst = off;
          }
        CHECK(worst < (50 + k) * static_cast<double>(std::numeric_limits<Scalar>::epsilon()));
      }
}
