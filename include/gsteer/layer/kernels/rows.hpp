// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "gsteer/core/parallel.hpp"

namespace gsteer::detail {

/// Calls body(row) for each of `rows` rows of `length` numbers, in parallel. Short rows share a task, so that feature vectors
/// on points (length 1) are no slower than feature maps.
template <class Body>
void for_each_row(int rows, int length, Body&& body) {
  const int block = std::max(1, 16384 / std::max(1, length));
  parallel_for((rows - 1) / block + 1, [&](int task) {
    const int last = std::min(rows - task * block, block) + task * block;
    for (int row = task * block; row < last; ++row) body(row);
  });
}

/// term(0) + ... + term(count - 1) in double, in sixteen interleaved sums, which the compiler turns into vector instructions. The
/// order depends on the count alone.
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

}  // namespace gsteer::detail
