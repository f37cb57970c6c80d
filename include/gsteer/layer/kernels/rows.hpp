// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>

#include "gsteer/core/parallel.hpp"

namespace gsteer::detail {

/// Calls body(row) for each of `rows` rows of `length` numbers, in parallel. Short rows share a
/// task, so that feature vectors on points (length 1) are no slower than feature maps.
template <class Body>
void for_each_row(int rows, int length, Body&& body) {
  parallel_pieces(rows, std::max(1, 16384 / std::max(1, length)), [&](int first, int last) {
    for (int row = first; row < last; ++row) body(row);
  });
}

/// body(begin, end) for consecutive parts of [0, size), in parallel; a part and its copy fit into
/// the cache of a core.
template <class Body>
void for_each_part(std::size_t size, const Body& body) {
  parallel_pieces(size, 1 << 15, body);
}

/// term(0) + ... + term(count - 1) in double, in sixteen interleaved sums, which the compiler turns
/// into vector instructions. The order depends on the count alone.
template <class Term>
double sum_terms(int count, Term term) {
  constexpr int lanes = 16;
  double sums[lanes] = {};
  int i = 0;
  for (; i + lanes <= count; i += lanes)
    for (int lane = 0; lane < lanes; ++lane) sums[lane] += term(i + lane);
  double total = 0;
  for (; i < count; ++i) total += term(i);
  if (count >= lanes)
    for (const double sum : sums) total += sum;
  return total;
}

/// Mean of each row, and the sum of squares about it.
template <class Scalar>
void row_moments(const Scalar* x, int rows, int length, double* mean, double* squares) {
  if (length == 1) {
    std::copy_n(x, rows, mean);
    std::fill_n(squares, rows, 0.0);
    return;
  }
  for_each_row(rows, length, [&](int row) {
    const Scalar* r = x + std::ptrdiff_t{row} * length;
    const double m = sum_terms(length, [r](int i) { return static_cast<double>(r[i]); }) / length;
    mean[row] = m;
    squares[row] = sum_terms(length, [r, m](int i) {
      const double d = static_cast<double>(r[i]) - m;
      return d * d;
    });
  });
}

/// Sum of each row of g, and of its products with those of x - mean.
template <class Scalar>
void row_products(const Scalar* g, const Scalar* x, const double* mean, int rows, int length,
                  double* sum, double* product) {
  if (length == 1) {
    std::copy_n(g, rows, sum);
    std::fill_n(product, rows, 0.0);
    return;
  }
  for_each_row(rows, length, [&](int row) {
    const Scalar *a = g + std::ptrdiff_t{row} * length, *r = x + std::ptrdiff_t{row} * length;
    const double m = mean[row];
    sum[row] = sum_terms(length, [a](int i) { return static_cast<double>(a[i]); });
    product[row] = sum_terms(length, [a, r, m](int i) {
      return static_cast<double>(a[i]) * (static_cast<double>(r[i]) - m);
    });
  });
}

}  // namespace gsteer::detail
