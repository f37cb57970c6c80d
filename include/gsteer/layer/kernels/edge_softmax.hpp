// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "gsteer/core/parallel.hpp"
#include "gsteer/field/graph.hpp"

namespace gsteer::detail {

// The softmax over the edges that reach a node, for each of some heads by itself. All arguments are
// [edge][head].

/// body(first, last) for the edges [first, last) into each node; nodes in parallel.
template <class Body>
void for_each_softmax(const Graph& graph, int heads, const Body& body) {
  parallel_pieces(graph.nodes(), 16, [&](int begin, int end) {
    for (int node = begin; node < end; ++node)
      for (int head = 0; head < heads; ++head)
        body(std::ptrdiff_t{graph.received(node)} * heads + head,
             std::ptrdiff_t{graph.received(node + 1)} * heads + head);
  });
}

/// a = exp(z - m) / sum over the node's edges of exp(z - m), where m is their largest z: no logit
/// is too large, and the sum is at least 1. An edge with z = -infinity takes no part: its a is 0,
/// also at a node that no other edge reaches.
template <class Scalar>
void edge_softmax(const Graph& graph, int heads, const Scalar* z, Scalar* a) {
  constexpr Scalar none = -std::numeric_limits<Scalar>::infinity();
  for_each_softmax(graph, heads, [&](std::ptrdiff_t first, std::ptrdiff_t last) {
    Scalar largest = none, sum = 0;
    for (auto e = first; e < last; e += heads) largest = std::max(largest, z[e]);
    for (auto e = first; e < last; e += heads) {
      a[e] = z[e] == none ? Scalar{0} : std::exp(z[e] - largest);
      sum += a[e];
    }
    for (auto e = first; e < last; e += heads) a[e] = sum == 0 ? Scalar{0} : a[e] / sum;
  });
}

/// J v, and J^T v, because the Jacobian J = diag(a) - a a^T of the softmax is symmetric:
///   a (v - sum over the node's edges of a v).
template <class Scalar>
void edge_softmax_derivative(const Graph& graph, int heads, const Scalar* a, const Scalar* v,
                             Scalar* result) {
  for_each_softmax(graph, heads, [&](std::ptrdiff_t first, std::ptrdiff_t last) {
    Scalar mean = 0;
    for (auto e = first; e < last; e += heads) mean += a[e] * v[e];
    for (auto e = first; e < last; e += heads) result[e] = a[e] * (v[e] - mean);
  });
}

/// The derivative of J v as a moves along da and v along dv.
template <class Scalar>
void edge_softmax_second_derivative(const Graph& graph, int heads, const Scalar* a,
                                    const Scalar* da, const Scalar* v, const Scalar* dv,
                                    Scalar* result) {
  for_each_softmax(graph, heads, [&](std::ptrdiff_t first, std::ptrdiff_t last) {
    Scalar mean = 0, d_mean = 0;
    for (auto e = first; e < last; e += heads) {
      mean += a[e] * v[e];
      d_mean += da[e] * v[e] + a[e] * dv[e];
    }
    for (auto e = first; e < last; e += heads)
      result[e] = da[e] * (v[e] - mean) + a[e] * (dv[e] - d_mean);
  });
}

}  // namespace gsteer::detail
