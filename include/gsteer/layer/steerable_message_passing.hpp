// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "gsteer/kernel/spherical_harmonics.hpp"
#include "gsteer/layer/message_passing.hpp"
#include "gsteer/layer/residual.hpp"
#include "gsteer/layer/steerable_graph_maps.hpp"
#include "gsteer/layer/steerable_mlp.hpp"

namespace gsteer {

/// Settings of a SteerableMessagePassing layer.
struct SteerableMessagePassingOptions {
  Aggregation aggregation = Aggregation::sum;
  double average_neighbors = 1;  ///< for Aggregation::normalized
};

/// What a layer is told of a graph besides its geometry; attributes may be left empty. Constants:
/// there are no derivatives by them.
template <class Attributes, class Scalar>
struct SteerableAttributes {
  /// Of each node, added to the mean over its edges: harmonics of velocities or forces.
  Field<Attributes, Scalar, Point> nodes{};
  /// Of each edge, in the order of the graph, added to the harmonics of its direction.
  Field<Attributes, Scalar, Point> edges{};
  /// Invariant inputs of the messages, [edge, EdgeScalars] in that order, like products of charges.
  Buffer<Scalar> edge_scalars{};
};

/// The surface harmonics of the columns of `vectors`, 3 x n, as attributes: [n, Attributes] in
/// `component` normalization; a vector of length 0 has the constant one alone.
/// \throws Error unless vectors has 3 rows and at least one column
template <auto Attributes, class Scalar = float>
PointField<Attributes, Scalar> harmonic_attributes(const Eigen::MatrixXd& vectors) {
  constexpr int l_max = detail::harmonic_degree<features_of<Attributes>>();
  static_assert(l_max >= 0,
                "gsteer: steerable attributes are spherical harmonics: irreps<\"1x0e+1x1o+1x2e\">, "
                "every degree once, from 0 up");
  const Eigen::MatrixXd y = spherical_harmonics(l_max, vectors);
  PointField<Attributes, Scalar> a(static_cast<int>(vectors.cols()));
  for (std::size_t i = 0; i < a.size(); ++i) a.data()[i] = static_cast<Scalar>(y.data()[i]);
  return a;
}

/// Non-linear steerable message passing, the layer of SEGNN (Brandstetter, Hesselink, van der Pol,
/// Bekkers and Welling, "Geometric and physical quantities improve E(3) equivariant message
/// passing", ICLR 2022), for irreps of O(3):
///   m_ij = phi_m(f_i (+) f_j (+) |x|^2 (+) scalars_ij; a_ij),   a_ij = Y(x / |x|) + attributes_ij,
///   f_i' = f_i + phi_f(f_i (+) sum_j m_ij; a_i),                a_i = mean_j a_ij + attributes_i,
/// x = x_j - x_i. The networks phi have two layers, tensor products with a whose weights join all
/// irreps (FullyConnectedTensorProduct) and a bias on scalars; a gate follows on each, but for the
/// last of phi_f. They are Hidden wide. Unlike the messages of MessagePassing, these are no linear
/// function of the sender, and no radial functions or cutoff limit them: the edges are given.
///
/// A node without edges has the constant harmonic, 1, as the mean over all others has. All
/// derivatives are exact, second ones included (layer.hpp). Use the alias SteerableMessagePassing.
template <class Node, class Attributes_, class Hidden, int EdgeScalars, class Scalar_ = float>
class steerable_message_passing {
  static constexpr int l_max = detail::harmonic_degree<Attributes_>();
  static_assert(l_max >= 0,
                "gsteer: steerable attributes are spherical harmonics: irreps<\"1x0e+1x1o+1x2e\">, "
                "every degree once, from 0 up");
  static_assert(EdgeScalars >= 0, "gsteer: expected a number of scalars of each edge >= 0");

  using HiddenGate = typename detail::hidden_gate<Hidden>::template layer<Scalar_>;
  using message = typename HiddenGate::out;
  using Maps = detail::SteerableGraphMaps<Node, Attributes_, message, EdgeScalars, Scalar_>;
  using MessageNetwork = detail::steerable_mlp<
      detail::steerable_layer<typename Maps::edge_input, Attributes_, HiddenGate>,
      detail::steerable_layer<message, Attributes_, HiddenGate>>;
  using UpdateNetwork = detail::steerable_mlp<
      detail::steerable_layer<typename Maps::node_input, Attributes_, HiddenGate>,
      detail::steerable_layer<message, Attributes_, detail::unchanged<Node, Scalar_>>>;
  using Condition = typename Maps::Condition;
  using Geometry = typename Maps::Geometry;

 public:
  using in = Node;
  using out = Node;
  using Scalar = Scalar_;
  using Features = Field<Node, Scalar, Point>;
  using Attributes = SteerableAttributes<Attributes_, Scalar>;

  /// \throws Error if a setting is out of range
  [[gnu::cold]] explicit steerable_message_passing(
      const SteerableMessagePassingOptions& options = {})
      : options_(options), maps_(l_max, options.aggregation, options.average_neighbors) {
    expect(options.average_neighbors > 0,
           "SteerableMessagePassing: expected average_neighbors > 0, got ",
           options.average_neighbors);
  }

  const SteerableMessagePassingOptions& options() const { return options_; }

  /// [node, Node] -> [node, Node]. \throws Error unless there is a feature vector for every node,
  /// and attributes for all nodes or edges, or none
  Features forward(const Features& x, const Graph& graph, const Attributes& attributes = {}) {
    check_input(x, graph, attributes);
    graph_ = graph;
    has_gradient_ = has_tangent_ = false;
    return evaluated(maps_, message_, update_, x, graph, attributes);
  }

  /// Gradients with respect to features and positions; adds to those of the parameters.
  GraphGradient<Node, Scalar> backward(const Features& gradient) {
    Eigen::MatrixXd d_vectors = Eigen::MatrixXd::Zero(3, graph_.edges());
    auto features = backward(gradient, d_vectors);
    return {std::move(features), graph_.gather(d_vectors)};
  }

  /// The same with the gradient with respect to the vectors of the edges, added to d_vectors, 3 x
  /// edges.
  Features backward(const Features& gradient, Eigen::MatrixXd& d_vectors) {
    check(gradient, d_vectors);
    auto [dx, geometry] =
        down(gradient, [](auto& network, const auto& g) { return network.backward(g); });
    maps_.harmonics.backward(graph_, geometry, d_vectors);
    return std::move(dx);
  }

  /// Gradients with respect to features and positions only; see layer.hpp.
  Features backward_input(const Features& gradient, Eigen::MatrixXd& d_vectors) {
    check(gradient, d_vectors);
    auto [dx, geometry] =
        down(gradient, [](auto& network, const auto& g) { return network.backward_input(g); });
    maps_.harmonics.backward(graph_, geometry, d_vectors);
    gradient_ = std::move(geometry);
    has_gradient_ = true;
    return std::move(dx);
  }

  /// The derivative of the result along directions of the features and of the edges' vectors, 3 x
  /// edges; see layer.hpp.
  Features forward_tangent(const Features& dx, const Eigen::MatrixXd& d_vectors) {
    check(dx, d_vectors);
    tangent_ = d_vectors;
    has_tangent_ = true;
    auto change = maps_.harmonics.tangent(graph_, d_vectors);
    const auto edges = Maps::edge_attributes(std::move(change.harmonics));
    return up(maps_, message_, update_, dx, graph_, edges, maps_.node_attributes(graph_, edges),
              change.squares, {}, [](auto& network, auto dh, const Condition& da) {
                return network.forward_tangent(std::move(dh), da);
              });
  }

  /// The derivative of backward_input along the tangents; adds to the gradients of the parameters.
  /// See layer.hpp. With `dd_vectors`, 3 x edges, also the derivative of the edges' gradient.
  Features backward_tangent(const Features& d_gradient, Eigen::MatrixXd* dd_vectors = nullptr) {
    expect(has_gradient_ && has_tangent_,
           "SteerableMessagePassing: backward_tangent before backward_input and forward_tangent");
    check(d_gradient, dd_vectors ? *dd_vectors : tangent_);
    auto [dx, geometry] =
        down(d_gradient, [](auto& network, const auto& g) { return network.backward_tangent(g); });
    if (dd_vectors)
      maps_.harmonics.backward_tangent(graph_, tangent_, gradient_, geometry, *dd_vectors);
    return std::move(dx);
  }

  /// For use: forward(x, graph) is const and may be called from many threads.
  class Frozen {
   public:
    using in = Node;
    using out = Node;
    using Scalar = Scalar_;
    explicit Frozen(const steerable_message_passing& layer)
        : maps_(layer.maps_), message_(layer.message_.freeze()), update_(layer.update_.freeze()) {}
    Features forward(const Features& x, const Graph& graph,
                     const Attributes& attributes = {}) const {
      check_input(x, graph, attributes);
      return evaluated(maps_, message_, update_, x, graph, attributes);
    }
    const Frozen& freeze() const { return *this; }

   private:
    Maps maps_;
    typename MessageNetwork::Frozen message_;
    typename UpdateNetwork::Frozen update_;
  };
  Frozen freeze() const { return Frozen(*this); }

  /// visit(name, network) for phi_m and phi_f.
  template <class Visit>
  void for_each_layer(Visit&& visit) {
    visit(std::string("message"), message_);
    visit(std::string("update"), update_);
  }
  /// Draws weights so that features keep their size over many layers; biases are 0.
  void initialize(Rng& rng) {
    message_.initialize(rng);
    update_.initialize(rng);
  }

 private:
  static void check_input(const Features& x, const Graph& graph, const Attributes& attributes) {
    const int n = graph.nodes(), edges = graph.edges();
    expect(n > 0 && x.batch() == n, "SteerableMessagePassing: expected features of ", n,
           " nodes, at least one, got ", x.batch());
    expect(attributes.nodes.empty() || attributes.nodes.batch() == n,
           "SteerableMessagePassing: expected attributes of ", n, " nodes, got ",
           attributes.nodes.batch());
    expect(attributes.edges.empty() || attributes.edges.batch() == edges,
           "SteerableMessagePassing: expected attributes of ", edges, " edges, got ",
           attributes.edges.batch());
    const std::size_t scalars = static_cast<std::size_t>(edges) * Maps::scalars;
    expect(attributes.edge_scalars.size() == scalars, "SteerableMessagePassing: expected ", scalars,
           " scalars of edges, ", EdgeScalars, " each, got ", attributes.edge_scalars.size());
  }
  void check(const Features& gradient, const Eigen::MatrixXd& d_vectors) const {
    const int n = graph_.nodes(), edges = graph_.edges();
    expect(n > 0, "SteerableMessagePassing: a derivative before forward");
    expect(gradient.batch() == n && d_vectors.rows() == 3 && d_vectors.cols() == edges,
           "SteerableMessagePassing: expected derivatives of ", n, " nodes and 3 x ", edges,
           " edges, got ", gradient.batch(), " and ", d_vectors.rows(), " x ", d_vectors.cols());
  }

  template <class MessageNet, class UpdateNet>
  static Features evaluated(const Maps& maps, MessageNet& message, UpdateNet& update,
                            const Features& x, const Graph& graph, const Attributes& attributes) {
    auto geometry = maps.harmonics.values(graph);
    auto edges = Maps::edge_attributes(std::move(geometry.harmonics));
    for (std::size_t i = 0; i < attributes.edges.size(); ++i)
      edges.data()[i] += attributes.edges.data()[i];
    auto nodes = maps.node_attributes(graph, edges);
    for (int i = 0; i < graph.nodes(); ++i)
      if (graph.received(i) == graph.received(i + 1)) nodes(i, 0) = 1;
    for (std::size_t i = 0; i < attributes.nodes.size(); ++i)
      nodes.data()[i] += attributes.nodes.data()[i];
    return up(
        maps, message, update, x, graph, edges, nodes, geometry.squares, attributes.edge_scalars,
        [](auto& network, auto h, const Condition& a) { return network.forward(std::move(h), a); });
  }

  /// x + phi_f(x (+) sum of phi_m), or its tangent: `pass` sends a network's input through it.
  template <class MessageNet, class UpdateNet, class Pass>
  static Features up(const Maps& maps, MessageNet& message, UpdateNet& update, const Features& x,
                     const Graph& graph, const Condition& edges, const Condition& nodes,
                     const Buffer<Scalar>& squares, const Buffer<Scalar>& edge_scalars,
                     const Pass& pass) {
    const auto messages = pass(message, maps.edge_inputs(graph, x, squares, edge_scalars), edges);
    auto y = pass(update, maps.node_inputs(graph, x, messages), nodes);
    for (std::size_t i = 0; i < y.size(); ++i) y.data()[i] += x.data()[i];
    return y;
  }

  /// The transpose: gradients with respect to features and the geometry of edges.
  template <class Pass>
  std::pair<Features, Geometry> down(const Features& gradient, const Pass& pass) {
    Features dx = gradient;
    const auto updates = pass(update_, gradient);
    auto messages = pass(message_, maps_.node_inputs_transposed(graph_, updates.in, dx));
    Geometry geometry;
    geometry.squares = maps_.edge_inputs_transposed(graph_, messages.in, dx);
    Condition edges = std::move(messages.attributes);
    maps_.node_attributes_transposed(graph_, updates.attributes, edges);
    geometry.harmonics = std::move(edges.values());
    return {std::move(dx), std::move(geometry)};
  }

  SteerableMessagePassingOptions options_;
  Maps maps_;
  MessageNetwork message_;
  UpdateNetwork update_;
  Graph graph_;
  bool has_gradient_ = false, has_tangent_ = false;
  Geometry gradient_;
  Eigen::MatrixXd tangent_;
};

/// Between features given as values: SteerableMessagePassing<irreps<"32x0e+32x1o">,
/// irreps<"1x0e+1x1o">, irreps<"32x0e+32x1o">>{}, with EdgeScalars numbers on each edge.
template <auto Node, auto Attributes, auto Hidden, class Scalar = float, int EdgeScalars = 0>
using SteerableMessagePassing =
    steerable_message_passing<features_of<Node>, features_of<Attributes>, features_of<Hidden>,
                              EdgeScalars, Scalar>;

}  // namespace gsteer
