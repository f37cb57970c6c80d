// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>

#include "gsteer/core/matrix.hpp"
#include "gsteer/layer/kernels/tensor_product_pairs.hpp"

// The second half of a tensor product: from the pairs T(c, p) of some rows to the output
//   z(w, c) = sum over p of B(p, w) T(c, p),
// where B holds the weights, dense or with one output copy for each pair; and the derivatives of
// <z, B T> in T and in the weights. Weights are in the order of the pairs.

namespace gsteer::detail {

/// Some rows of the pairs of one path and what they are mixed with.
template <class Scalar>
struct MixRows {
  const PlannedPath& path;
  int rows;
  const Scalar* weights;         ///< of this path in the first row; null if it has none
  std::ptrdiff_t weight_stride;  ///< from row to row; 0 if they share them
  std::ptrdiff_t out_stride;     ///< channels of the whole output

  std::ptrdiff_t pair_stride() const {
    return static_cast<std::ptrdiff_t>(path.size_out) * path.pair_count;
  }
  const Scalar* weights_of(int row) const { return weights + row * weight_stride; }
};

/// body(v, first pair, number of pairs, targets or null if these count from 0) for each copy of b.
template <class Body>
void for_each_segment(const PlannedPath& path, Body&& body) {
  if (!path.target.empty()) {
    body(0, path.pair_count, path.target.data());
    return;
  }
  const int copies = path.pairs == Pairs::equal ? 1 : path.copies_b;
  for (int v = 0; v < copies; ++v)
    body(path.first_pair(v), path.pairs == Pairs::equal ? path.pair_count : path.pairs_of(v),
         static_cast<const int*>(nullptr));
}

/// z += B T. `out` points to the block of the first row.
template <class Scalar>
void mix_forward(const MixRows<Scalar>& m, const Scalar* pairs, Scalar* out,
                 PooledVector<Term<Scalar>>& terms) {
  const auto& path = m.path;
  const int n = path.pair_count, copies = path.copies_out;
  if (path.mix == Mix::dense && m.weight_stride == 0) {
    for (int c = 0; c < path.size_out; ++c)
      multiply(out + c * copies, static_cast<int>(m.out_stride), pairs + c * n,
               static_cast<int>(m.pair_stride()), m.weights, copies, m.rows, copies, n, true);
    return;
  }
  for (int row = 0; row < m.rows; ++row) {
    const Scalar* w = path.weighted ? m.weights_of(row) : nullptr;
    for (int c = 0; c < path.size_out; ++c) {
      Scalar* z = out + row * m.out_stride + c * copies;
      const Scalar* t = pairs + row * m.pair_stride() + c * n;
      if (path.mix == Mix::dense) {
        terms.clear();
        for (int p = 0; p < n; ++p) terms.push_back({w + std::ptrdiff_t{p} * copies, t[p]});
        combine(z, copies, terms.data(), terms.data() + n, true);
        continue;
      }
      for_each_segment(path, [&](int first, int count, const int* targets) {
        if (targets) {
          for (int p = 0; p < count; ++p) z[targets[p]] += w ? w[p] * t[p] : t[p];
        } else if (w) {
          for (int u = 0; u < count; ++u) z[u] += w[first + u] * t[first + u];
        } else {
          for (int u = 0; u < count; ++u) z[u] += t[first + u];
        }
      });
    }
  }
}

/// pairs = B^T z.
template <class Scalar>
void mix_into_pairs(const MixRows<Scalar>& m, const Scalar* out, Scalar* pairs) {
  const auto& path = m.path;
  const int n = path.pair_count, copies = path.copies_out;
  if (path.mix == Mix::dense && m.weight_stride == 0) {
    for (int c = 0; c < path.size_out; ++c)
      multiply_transposed_b(pairs + c * n, static_cast<int>(m.pair_stride()), out + c * copies,
                            static_cast<int>(m.out_stride), m.weights, copies, m.rows, n, copies,
                            false);
    return;
  }
  for (int row = 0; row < m.rows; ++row) {
    const Scalar* w = path.weighted ? m.weights_of(row) : nullptr;
    for (int c = 0; c < path.size_out; ++c) {
      const Scalar* z = out + row * m.out_stride + c * copies;
      Scalar* t = pairs + row * m.pair_stride() + c * n;
      if (path.mix == Mix::dense) {
        for (int p = 0; p < n; ++p) t[p] = dot(w + std::ptrdiff_t{p} * copies, z, copies);
        continue;
      }
      for_each_segment(path, [&](int first, int count, const int* targets) {
        if (targets) {
          for (int p = 0; p < count; ++p) t[p] = w ? w[p] * z[targets[p]] : z[targets[p]];
        } else if (w) {
          for (int u = 0; u < count; ++u) t[first + u] = w[first + u] * z[u];
        } else {
          std::copy_n(z, count, t + first);
        }
      });
    }
  }
}

/// gradient += the derivative of <z, B T> in the weights; `gradient` has the strides of the
/// weights, rows that share these are summed up.
template <class Scalar>
void mix_into_weights(const MixRows<Scalar>& m, const Scalar* pairs, const Scalar* out,
                      Scalar* gradient) {
  const auto& path = m.path;
  const int n = path.pair_count, copies = path.copies_out;
  if (!path.weighted) return;
  if (path.mix == Mix::dense && m.weight_stride == 0) {
    for (int c = 0; c < path.size_out; ++c)
      multiply_transposed_a(gradient, copies, pairs + c * n, static_cast<int>(m.pair_stride()),
                            out + c * copies, static_cast<int>(m.out_stride), n, copies, m.rows,
                            true);
    return;
  }
  for (int row = 0; row < m.rows; ++row) {
    Scalar* w = gradient + row * m.weight_stride;
    for (int c = 0; c < path.size_out; ++c) {
      const Scalar* z = out + row * m.out_stride + c * copies;
      const Scalar* t = pairs + row * m.pair_stride() + c * n;
      if (path.mix == Mix::dense) {
        for (int p = 0; p < n; ++p)
          for (int k = 0; k < copies; ++k) w[std::ptrdiff_t{p} * copies + k] += t[p] * z[k];
        continue;
      }
      for_each_segment(path, [&](int first, int count, const int* targets) {
        if (targets) {
          for (int p = 0; p < count; ++p) w[p] += t[p] * z[targets[p]];
        } else {
          for (int u = 0; u < count; ++u) w[first + u] += t[first + u] * z[u];
        }
      });
    }
  }
}

}  // namespace gsteer::detail
