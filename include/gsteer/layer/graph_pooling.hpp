// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <utility>

#include "gsteer/field/graph.hpp"
#include "gsteer/layer/layer.hpp"

namespace gsteer {

/// What GraphPool makes of the nodes of a graph.
enum class GraphReduction { sum, mean };

/// One feature vector for each graph of a batch, the sum or mean over its nodes:
/// [node, F] -> [graph, F]. Equivariant, and invariant under the order of nodes; linear, so that
/// its second derivatives are the same map and its transpose. Use the alias GraphPool.
template <feature_type F, class Scalar_ = float>
class graph_pooling {
 public:
  using in = F;
  using out = F;
  using Scalar = Scalar_;
  using Points = Field<F, Scalar, Point>;

  explicit graph_pooling(GraphReduction reduction = GraphReduction::sum) : reduction_(reduction) {}

  /// \throws Error unless there is a feature vector for every node
  Points forward(const Points& x, const Graph& graph) {
    graph_ = graph;
    return reduce(x, graph);
  }
  /// Each node is given the gradient of its graph.
  Points backward(const Points& gradient) const {
    expect(graph_.nodes() > 0, "GraphPool: backward before forward");
    expect(gradient.batch() == graph_.graphs(), "GraphPool: expected a gradient of ",
           graph_.graphs(), " graphs, got ", gradient.batch());
    Points result(graph_.nodes());
    for_each_node(graph_, [&](int node, int g, Scalar weight) {
      for (int c = 0; c < F::size; ++c) result(node, c) = weight * gradient(g, c);
    });
    return result;
  }
  Points backward_input(const Points& gradient) const { return backward(gradient); }
  Points forward_tangent(const Points& dx) const { return reduce(dx, graph_); }
  Points backward_tangent(const Points& dg) const { return backward(dg); }

  /// For use: forward(x, graph) is const and may be called from many threads.
  class Frozen {
   public:
    using in = F;
    using out = F;
    using Scalar = Scalar_;
    explicit Frozen(const graph_pooling& layer) : layer_(layer.reduction_) {}
    Points forward(const Points& x, const Graph& graph) const { return layer_.reduce(x, graph); }
    const Frozen& freeze() const { return *this; }

   private:
    graph_pooling layer_;
  };
  Frozen freeze() const { return Frozen(*this); }

 private:
  Points reduce(const Points& x, const Graph& graph) const {
    expect(graph.nodes() > 0 && x.batch() == graph.nodes(),
           "GraphPool: expected features of the nodes of a graph, ", graph.nodes(), ", got ",
           x.batch());
    Points result(graph.graphs());
    for_each_node(graph, [&](int node, int g, Scalar weight) {
      for (int c = 0; c < F::size; ++c) result(g, c) += weight * x(node, c);
    });
    return result;
  }

  /// body(node, its graph, its weight in the sum)
  template <class Body>
  void for_each_node(const Graph& graph, Body&& body) const {
    for (int g = 0; g < graph.graphs(); ++g) {
      const int first = graph.first_node(g), last = graph.first_node(g + 1);
      const Scalar weight = reduction_ == GraphReduction::mean
                                ? Scalar{1} / static_cast<Scalar>(last - first)
                                : Scalar{1};
      for (int node = first; node < last; ++node) body(node, g, weight);
    }
  }

  GraphReduction reduction_;
  Graph graph_;
};

/// GraphPool<irreps<"1x0o+6x0e">>{GraphReduction::mean}
template <auto F, class Scalar = float>
using GraphPool = graph_pooling<features_of<F>, Scalar>;

}  // namespace gsteer
