// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include "gsteer/layer/edge_harmonics.hpp"
#include "gsteer/layer/kernels/graph_rows.hpp"
#include "gsteer/layer/message_passing.hpp"
#include "gsteer/representation/irreps.hpp"

namespace gsteer::detail {

/// The irreps of several feature types side by side.
template <class First, class... Rest>
inline constexpr auto side_by_side = spell_irreps<typename First::group>([] {
  IrrepList all;
  const auto append = [&all](const IrrepList& list) {
    for (const auto& block : list) all.push_back(block);
  };
  append(irrep_list<First>());
  (append(irrep_list<Rest>()), ...);
  return all;
});

/// What of a SEGNN layer is linear and has no parameters: the inputs of its two networks from
/// those of nodes, and the transposed maps.
template <class Node, class Attributes, class Message, int EdgeScalars, class Scalar>
class SteerableGraphMaps {
 public:
  using Features = Field<Node, Scalar, Point>;
  using Condition = Field<Attributes, Scalar, Point>;
  using Messages = Field<Message, Scalar, Point>;
  using edge_input = features_of<side_by_side<
      Node, Node, features<copies<1 + EdgeScalars, trivial_of<typename Node::group>>>>>;
  using node_input = features_of<side_by_side<Node, Message>>;
  using EdgeInput = Field<edge_input, Scalar, Point>;
  using NodeInput = Field<node_input, Scalar, Point>;
  using Geometry = EdgeHarmonicValues<Scalar>;
  static constexpr int width = Node::size, message_width = Message::size;
  static constexpr auto scalars = static_cast<std::size_t>(EdgeScalars);

  SteerableGraphMaps(int l_max, Aggregation aggregation, double average_neighbors)
      : harmonics(l_max), aggregation_(aggregation), average_neighbors_(average_neighbors) {}

  EdgeHarmonics<Scalar> harmonics;

  /// a_ij, and its transpose: rows of harmonics as a field, empty without edges.
  static Condition edge_attributes(Buffer<Scalar> rows) {
    if (rows.empty()) return {};
    Condition a(static_cast<int>(rows.size()) / Attributes::size);
    a.values() = std::move(rows);
    return a;
  }

  /// mean over j of a_ij, zero for a node without edges.
  Condition node_attributes(const Graph& graph, const Condition& edges) const {
    Condition a(graph.nodes());
    add_received<Scalar>(graph, Attributes::size, slice(edges, 0),
                         scales(graph, Aggregation::mean).data(), slice(a, 0));
    return a;
  }
  void node_attributes_transposed(const Graph& graph, const Condition& nodes,
                                  Condition& edges) const {
    add_to_edges<Scalar>(graph.receivers(), Attributes::size, slice(nodes, 0),
                         scales(graph, Aggregation::mean).data(), slice(edges, 0));
  }

  /// f_i (+) f_j (+) |x|^2 (+) scalars of the edge; these are zero if there are none.
  EdgeInput edge_inputs(const Graph& graph, const Features& x, const Buffer<Scalar>& squares,
                        const Buffer<Scalar>& edge_scalars) const {
    if (graph.edges() == 0) return {};
    EdgeInput h(graph.edges());
    add_to_edges<Scalar>(graph.receivers(), width, slice(x, 0), nullptr, slice(h, 0));
    add_to_edges<Scalar>(graph.senders(), width, slice(x, 0), nullptr, slice(h, width));
    for (int e = 0; e < h.batch(); ++e) {
      const auto edge = static_cast<std::size_t>(e);
      h(e, 2 * width) = squares[edge];
      if (!edge_scalars.empty())
        std::copy_n(edge_scalars.data() + edge * scalars, scalars, &h(e, 2 * width) + 1);
    }
    return h;
  }
  /// Adds to x, and gives the gradient by the squares.
  Buffer<Scalar> edge_inputs_transposed(const Graph& graph, const EdgeInput& h, Features& x) const {
    Buffer<Scalar> squares(static_cast<std::size_t>(graph.edges()));
    if (graph.edges() == 0) return squares;
    add_received<Scalar>(graph, width, slice(h, 0), nullptr, slice(x, 0));
    add_sent<Scalar>(graph, width, slice(h, width), slice(x, 0));
    for (int e = 0; e < h.batch(); ++e) squares[static_cast<std::size_t>(e)] = h(e, 2 * width);
    return squares;
  }

  /// f_i (+) sum over j of m_ij
  NodeInput node_inputs(const Graph& graph, const Features& x, const Messages& messages) const {
    NodeInput h(graph.nodes());
    for (int i = 0; i < h.batch(); ++i)
      for (int c = 0; c < width; ++c) h(i, c) = x(i, c);
    if (!messages.empty())
      add_received<Scalar>(graph, message_width, slice(messages, 0),
                           scales(graph, aggregation_).data(), slice(h, width));
    return h;
  }
  /// Adds to x, and gives the gradient by the messages.
  Messages node_inputs_transposed(const Graph& graph, const NodeInput& h, Features& x) const {
    for (int i = 0; i < h.batch(); ++i)
      for (int c = 0; c < width; ++c) x(i, c) += h(i, c);
    if (graph.edges() == 0) return {};
    Messages messages(graph.edges());
    add_to_edges<Scalar>(graph.receivers(), message_width, slice(h, width),
                         scales(graph, aggregation_).data(), slice(messages, 0));
    return messages;
  }

 private:
  template <class F>
  static RowSlice<const Scalar> slice(const F& rows, int column) {
    return {rows.data() + column, rows.channels()};
  }
  template <class F>
  static RowSlice<Scalar> slice(F& rows, int column) {
    return {rows.data() + column, rows.channels()};
  }

  /// What the sum over the edges of each node is multiplied by.
  Buffer<Scalar> scales(const Graph& graph, Aggregation aggregation) const {
    Buffer<Scalar> scale(static_cast<std::size_t>(graph.nodes()));
    for (int i = 0; i < graph.nodes(); ++i) {
      double factor = 1;
      if (aggregation == Aggregation::normalized) factor = 1 / std::sqrt(average_neighbors_);
      if (aggregation == Aggregation::mean)
        factor = 1.0 / std::max(1, graph.received(i + 1) - graph.received(i));
      scale[static_cast<std::size_t>(i)] = static_cast<Scalar>(factor);
    }
    return scale;
  }

  Aggregation aggregation_;
  double average_neighbors_;
};

}  // namespace gsteer::detail
