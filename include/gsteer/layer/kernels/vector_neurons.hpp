// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>

#include "gsteer/core/parallel.hpp"
#include "gsteer/representation/irrep_list.hpp"

namespace gsteer::detail {

/// body(offset, size) for each copy of an irrep in `rows` feature vectors, rows in parallel.
template <class Body>
void for_each_vector(const IrrepList& blocks, int rows, const Body& body) {
  const int all = channels(blocks);
  parallel_pieces(rows, 64, [&](int first, int last) {
    for (int row = first; row < last; ++row) {
      std::ptrdiff_t at = std::ptrdiff_t{row} * all;
      for (const auto& block : blocks)
        for (int u = 0; u < block.copies; ++u, at += irrep_dimension(block.label))
          body(at, irrep_dimension(block.label));
    }
  });
}

/// <q, k> and |k|^2 of one vector, and whether k bounds it: not if q lies on the side of k, or if k
/// has no direction.
template <class Scalar>
struct HalfSpace {
  Scalar overlap = 0, square = 0;
  bool inside;

  HalfSpace(const Scalar* q, const Scalar* k, int size) {
    for (int i = 0; i < size; ++i) {
      overlap += q[i] * k[i];
      square += k[i] * k[i];
    }
    inside = overlap >= 0 || square < std::numeric_limits<Scalar>::min();
  }
};

/// y = q, without its part along k where <q, k> < 0, of which `slope` is kept.
template <class Scalar>
void relu_along(const IrrepList& blocks, int rows, Scalar slope, const Scalar* q, const Scalar* k,
                Scalar* y) {
  for_each_vector(blocks, rows, [&](std::ptrdiff_t at, int size) {
    const HalfSpace<Scalar> half(q + at, k + at, size);
    const Scalar part = half.inside ? Scalar{0} : (1 - slope) * (half.overlap / half.square);
    for (auto i = at; i < at + size; ++i) y[i] = half.inside ? q[i] : q[i] - part * k[i];
  });
}

/// The gradients with respect to q and k, overwritten. With b = 1 - slope, outside of the half
/// space y = q - b <q, k> k / |k|^2, so that
///   gq = g - b <g, k> k / |k|^2,
///   gk = -b (<g, k> q + <q, k> g - 2 <q, k> <g, k> k / |k|^2) / |k|^2.
template <class Scalar>
void relu_along_backward(const IrrepList& blocks, int rows, Scalar slope, const Scalar* q,
                         const Scalar* k, const Scalar* g, Scalar* gq, Scalar* gk) {
  for_each_vector(blocks, rows, [&](std::ptrdiff_t at, int size) {
    const HalfSpace<Scalar> half(q + at, k + at, size);
    if (half.inside) {
      std::copy_n(g + at, size, gq + at);
      std::fill_n(gk + at, size, Scalar{0});
      return;
    }
    Scalar along = 0;
    for (auto i = at; i < at + size; ++i) along += g[i] * k[i];
    along /= half.square;
    const Scalar overlap = half.overlap / half.square, b = 1 - slope;
    for (auto i = at; i < at + size; ++i) {
      gq[i] = g[i] - b * along * k[i];
      gk[i] = -b * (along * q[i] + overlap * g[i] - 2 * overlap * along * k[i]);
    }
  });
}

/// body(channel of x, channel of t, place of the product, components) for each pair of copies of
/// one irrep, x in the outer loop.
template <class Body>
constexpr void for_each_pair(const IrrepList& x, const IrrepList& t, const Body& body) {
  int product = 0, from = 0;
  for (const auto& a : x)
    for (int u = 0; u < a.copies; ++u, from += irrep_dimension(a.label)) {
      int to = 0;
      for (const auto& b : t)
        for (int w = 0; w < b.copies; ++w, to += irrep_dimension(b.label))
          if (a.label == b.label) body(from, to, product++, irrep_dimension(a.label));
    }
}

/// How many pairs there are.
constexpr int pair_count(const IrrepList& x, const IrrepList& t) {
  int count = 0;
  for_each_pair(x, t, [&](int, int, int, int) { ++count; });
  return count;
}

/// The inner products y of these pairs, [row][pair], and the transposed maps, which add.
template <class Scalar>
struct InnerProducts {
  const IrrepList& x_blocks;
  const IrrepList& t_blocks;
  int rows;

  void forward(const Scalar* x, const Scalar* t, Scalar* y) const {
    for_each_row([&](std::ptrdiff_t x0, std::ptrdiff_t t0, std::ptrdiff_t y0, int size) {
      Scalar sum = 0;
      for (int i = 0; i < size; ++i) sum += x[x0 + i] * t[t0 + i];
      y[y0] = sum;
    });
  }
  void backward(const Scalar* x, const Scalar* t, const Scalar* g, Scalar* gx, Scalar* gt) const {
    for_each_row([&](std::ptrdiff_t x0, std::ptrdiff_t t0, std::ptrdiff_t y0, int size) {
      for (int i = 0; i < size; ++i) {
        gx[x0 + i] += g[y0] * t[t0 + i];
        gt[t0 + i] += g[y0] * x[x0 + i];
      }
    });
  }

 private:
  /// body(vector of x, vector of t, their product, components), rows in parallel.
  template <class Body>
  void for_each_row(const Body& body) const {
    const std::ptrdiff_t x_size = channels(x_blocks), t_size = channels(t_blocks),
                         y_size = pair_count(x_blocks, t_blocks);
    parallel_pieces(rows, 64, [&](int first, int last) {
      for (int row = first; row < last; ++row)
        for_each_pair(x_blocks, t_blocks, [&](int c, int k, int product, int size) {
          body(row * x_size + c, row * t_size + k, row * y_size + product, size);
        });
    });
  }
};

}  // namespace gsteer::detail
