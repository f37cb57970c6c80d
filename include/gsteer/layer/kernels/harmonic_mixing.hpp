// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>

#include "gsteer/core/matrix.hpp"
#include "gsteer/kernel/harmonic_plan.hpp"

// The mixing of HarmonicPlan. Responses r of `count` nodes or pixels are rows [filter][channel] of
// one input group, `row` numbers apart; results v are rows of the plan's output channels, `width`
// apart.

namespace gsteer::detail {

/// Calls turn(c0, c1, s0, s1) with references to the four numbers that each couple of filters makes
/// of a component pair: its responses to the cosine and to the sine.
template <class Scalar, class Turn>
void for_each_couple(const typename HarmonicPlan<Scalar>::Group& group, Scalar* r, int row,
                     int count, const Turn& turn) {
  const int half = group.channels / 2;
  for (int node = 0; node < count; ++node, r += row)
    for (const auto& [cosine, sine] : group.couples) {
      Scalar* const c = r + std::ptrdiff_t{cosine} * group.channels;
      Scalar* const s = r + std::ptrdiff_t{sine} * group.channels;
      for (int i = 0; i < half; ++i) turn(c[i], c[half + i], s[i], s[half + i]);
    }
}

/// Turns responses from products of components to the frequencies j + l and j - l, in place.
template <class Scalar>
void couple_frequencies(const typename HarmonicPlan<Scalar>::Group& group, Scalar* r, int row,
                        int count) {
  for_each_couple<Scalar>(group, r, row, count, [](Scalar& c0, Scalar& c1, Scalar& s0, Scalar& s1) {
    const Scalar p0 = c0 - s1, p1 = c1 + s0, m0 = c0 + s1, m1 = c1 - s0;
    c0 = p0, c1 = p1, s0 = m0, s1 = m1;
  });
}

/// Its adjoint.
template <class Scalar>
void uncouple_frequencies(const typename HarmonicPlan<Scalar>::Group& group, Scalar* r, int row,
                          int count) {
  for_each_couple<Scalar>(group, r, row, count, [](Scalar& p0, Scalar& p1, Scalar& m0, Scalar& m1) {
    const Scalar c0 = p0 + m0, c1 = p1 + m1, s0 = p1 - m1, s1 = m0 - p0;
    p0 = c0, p1 = c1, m0 = s0, m1 = s1;
  });
}

/// v += what the matrices make of the coupled responses of input group g.
template <class Scalar>
void mix_responses(const HarmonicPlan<Scalar>& plan, int g, const Scalar* r, int row, int count,
                   const Scalar* matrices, Scalar* v, int width) {
  const auto& group = plan.in[static_cast<std::size_t>(g)];
  for (const auto& b : plan.blocks)
    if (b.in == g)
      multiply(v + plan.out[static_cast<std::size_t>(b.out)].first, width,
               r + std::ptrdiff_t{b.first_filter} * group.channels, row, matrices + b.offset,
               b.cols, count, b.cols, b.rows, true);
}

/// r, overwritten: the gradient of the responses, not coupled, from that of v.
template <class Scalar>
void unmix_responses(const HarmonicPlan<Scalar>& plan, int g, const Scalar* v, int width, int count,
                     const Scalar* matrices, Scalar* r, int row) {
  const auto& group = plan.in[static_cast<std::size_t>(g)];
  const auto numbers = static_cast<int>(group.filters.size()) * group.channels;
  for (int node = 0; node < count; ++node)
    std::fill_n(r + std::ptrdiff_t{node} * row, numbers, Scalar{0});
  for (const auto& b : plan.blocks)
    if (b.in == g)
      multiply_transposed_b(r + std::ptrdiff_t{b.first_filter} * group.channels, row,
                            v + plan.out[static_cast<std::size_t>(b.out)].first, width,
                            matrices + b.offset, b.cols, count, b.rows, b.cols, true);
  uncouple_frequencies<Scalar>(group, r, row, count);
}

/// Adds to the gradient of one matrix, from coupled responses of its input group.
template <class Scalar>
void add_matrix_gradient(const HarmonicPlan<Scalar>& plan,
                         const typename HarmonicPlan<Scalar>::Block& b, const Scalar* r, int row,
                         const Scalar* v, int width, int count, Scalar* d_matrices) {
  const auto& group = plan.in[static_cast<std::size_t>(b.in)];
  multiply_transposed_a(
      d_matrices + b.offset, b.cols, r + std::ptrdiff_t{b.first_filter} * group.channels, row,
      v + plan.out[static_cast<std::size_t>(b.out)].first, width, b.rows, b.cols, count, true);
}

}  // namespace gsteer::detail
