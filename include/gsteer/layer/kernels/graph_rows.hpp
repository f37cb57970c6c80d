// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <vector>

#include "gsteer/field/graph.hpp"
#include "gsteer/layer/kernels/rows.hpp"

namespace gsteer::detail {

/// Some columns of a matrix of rows: `first` points into the first row.
template <class Scalar>
struct RowSlice {
  Scalar* first;
  std::ptrdiff_t stride;  ///< numbers from a row to the next

  Scalar* operator[](int row) const { return first + row * stride; }
};

// Between the rows of nodes and those of edges. `scale`, a number for each node, may be null for
// ones. Sums are added edge by edge in the order of the graph, each node by itself, so that results
// do not depend on the number of threads.

/// edge e += scale(end) * node end, where `ends` are the senders or the receivers of edges.
template <class Scalar>
void add_to_edges(const std::vector<int>& ends, int width, RowSlice<const Scalar> nodes,
                  const Scalar* scale, RowSlice<Scalar> edges) {
  for_each_row(static_cast<int>(ends.size()), width, [&](int e) {
    const int node = ends[static_cast<std::size_t>(e)];
    const Scalar* from = nodes[node];
    Scalar* to = edges[e];
    const Scalar factor = scale ? scale[node] : Scalar{1};
    for (int c = 0; c < width; ++c) to[c] += factor * from[c];
  });
}

/// node i += scale(i) * the sum over the edges that end at i.
template <class Scalar>
void add_received(const Graph& graph, int width, RowSlice<const Scalar> edges, const Scalar* scale,
                  RowSlice<Scalar> nodes) {
  for_each_row(graph.nodes(), width, [&](int i) {
    Scalar* to = nodes[i];
    const Scalar factor = scale ? scale[i] : Scalar{1};
    for (int e = graph.received(i); e < graph.received(i + 1); ++e)
      for (int c = 0; c < width; ++c) to[c] += factor * edges[e][c];
  });
}

/// node i += the sum over the edges that start at i.
template <class Scalar>
void add_sent(const Graph& graph, int width, RowSlice<const Scalar> edges, RowSlice<Scalar> nodes) {
  for_each_row(graph.nodes(), width, [&](int i) {
    Scalar* to = nodes[i];
    for (int k = graph.sent(i); k < graph.sent(i + 1); ++k) {
      const Scalar* from = edges[graph.sent_edges()[static_cast<std::size_t>(k)]];
      for (int c = 0; c < width; ++c) to[c] += from[c];
    }
  });
}

}  // namespace gsteer::detail
