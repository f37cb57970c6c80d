// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "gsteer/layer/on_graph.hpp"
#include "gsteer/layer/parameter.hpp"
#include "gsteer/representation/irreps.hpp"

namespace gsteer {
namespace detail {

template <class Features>
constexpr bool is_invariant() {
  for (const auto& block : irrep_list<Features>())
    if (!block.label.is_trivial()) return false;
  return true;
}

}  // namespace detail

/// Energies of some configurations of atoms, and their derivatives. In the units of the data that
/// the network was trained on.
struct PotentialResult {
  std::vector<double> energies;  ///< of each graph of a batch
  std::vector<double> atomic;    ///< each atom's share of the energy of its graph
  Eigen::MatrixXd forces;        ///< 3 x atoms, -dE/dx
  /// 9 x graphs, each a symmetric 3 x 3 matrix: -dE/dS, where a strain S takes every point and
  /// every lattice vector from x to (1 + S) x. The stress of a box of volume V is -virial / V.
  Eigen::MatrixXd virials;
};

/// What a Potential does with the output of its network.
struct PotentialOptions {
  double scale = 1;              ///< of the energy that the network gives to an atom
  std::vector<double> shifts{};  ///< added to the energy of each atom, by kind; empty: zeros
};

/// An interatomic potential: the energy is a sum over atoms,
///   E = sum_i (scale e_i + shift(kind of i)),
/// with e the scalar that a network on the graph of atoms gives each of them, from features that
/// are all 1 (LinearByKind makes features of the kinds). Forces and virials are exact derivatives,
/// so energy is conserved; and since the network is equivariant and sees the vectors of edges
/// alone, forces add up to zero and exert no torque.
///
/// `backward` is the derivative of any loss of energies, forces and virials, by exact mixed second
/// derivatives: training on forces. A potential remembers its last evaluation; for use in many
/// threads, give each a copy.
template <class Network>
class Potential {
 public:
  using Scalar = typename Network::Scalar;
  static_assert(Network::out::size == 1 && detail::is_invariant<typename Network::out>(),
                "gsteer: a Potential adds up energies: its network gives each atom one scalar, "
                "irreps<\"1x0e\">");
  static_assert(detail::is_invariant<typename Network::in>(),
                "gsteer: a Potential begins with features that are all 1, which no symmetry may "
                "change: its network takes scalars (0e)");
  static_assert(
      graph_layer<Network>,
      "gsteer: the network of a Potential looks at a graph: it has a MessagePassing layer");

  /// Scale and shifts are kept in the precision of the network, and saved with it (as `scale` and
  /// `shifts`, not trained).
  explicit Potential(Network network, const PotentialOptions& options = {})
      : network_(std::move(network)),
        scale_(1, static_cast<Scalar>(options.scale), false),
        shifts_(static_cast<int>(options.shifts.size()), 0, false) {
    for (std::size_t k = 0; k < options.shifts.size(); ++k)
      shifts_.value[k] = static_cast<Scalar>(options.shifts[k]);
  }

  Network& network() { return network_; }
  const Network& network() const { return network_; }

  /// What the output of the network is multiplied by.
  double scale() const { return static_cast<double>(scale_.value[0]); }

  /// Energies of a graph or a batch of them, without forces and virials (which stay empty).
  /// \throws Error if a kind has no shift, or as the layers do
  PotentialResult energies(const Graph& graph) {
    expect(graph.nodes() > 0, "Potential: expected a graph with atoms, got none");
    has_forces_ = false;
    graph_ = graph;
    Field<typename Network::in, Scalar, Point> ones(graph.nodes());
    std::fill(ones.values().begin(), ones.values().end(), Scalar{1});
    const auto e = network_.forward(std::move(ones), graph);
    expect(e.batch() == graph.nodes(), "Potential: expected a network that gives a number to each ",
           "of ", graph.nodes(), " atoms, got ", e.batch());
    PotentialResult result;
    result.energies.assign(static_cast<std::size_t>(graph.graphs()), 0);
    result.atomic.resize(static_cast<std::size_t>(graph.nodes()));
    for (int g = 0; g < graph.graphs(); ++g)
      for (int i = graph.first_node(g); i < graph.first_node(g + 1); ++i) {
        const auto at = static_cast<std::size_t>(i);
        result.atomic[at] = scale() * static_cast<double>(e(i, 0)) + shift(graph.kinds()[at]);
        result.energies[static_cast<std::size_t>(g)] += result.atomic[at];
      }
    return result;
  }

  /// Energies, forces and virials. \throws Error as `energies`
  PotentialResult evaluate(const Graph& graph) {
    PotentialResult result = energies(graph);
    Gradient seed(graph.nodes());
    std::fill(seed.values().begin(), seed.values().end(), scale_.value[0]);
    Eigen::MatrixXd by_vector = Eigen::MatrixXd::Zero(3, graph.edges());
    network_.backward_input(std::move(seed), by_vector);
    result.forces = graph.gather(by_vector);
    for (Eigen::Index i = 0; i < result.forces.size(); ++i)
      result.forces.data()[i] = -result.forces.data()[i];
    result.virials = virials(by_vector);
    has_forces_ = true;
    return result;
  }

  /// Adds the gradient of a loss to that of the parameters, given its derivatives by the energies
  /// and forces (and virials, if they take part) of the last evaluation.
  /// \throws Error unless these have the shapes of that result
  void backward(const std::vector<double>& d_energies, const Eigen::MatrixXd& d_forces,
                const Eigen::MatrixXd& d_virials = {}) {
    // With E(w, x) and a loss of F = -dE/dx, W = -dE/dS, the gradient is
    //   dL/dE dE/dw - (dL/dF d/dx + dL/dW d/dS) dE/dw:
    // the derivative of dE/dw as the points move along -dL/dF and strain along -dL/dW, while dE
    // moves from 1 along dL/dE.
    check(d_energies, d_forces, d_virials);
    Eigen::MatrixXd d_vectors = graph_.spread(d_forces);
    for (Eigen::Index i = 0; i < d_vectors.size(); ++i) d_vectors.data()[i] = -d_vectors.data()[i];
    if (d_virials.size() > 0) strain(d_virials, d_vectors);
    Field<typename Network::in, Scalar, Point> still(graph_.nodes());
    network_.forward_tangent(std::move(still), d_vectors);
    Gradient seed(graph_.nodes());
    for (int g = 0; g < graph_.graphs(); ++g)
      for (int i = graph_.first_node(g); i < graph_.first_node(g + 1); ++i)
        seed(i, 0) = static_cast<Scalar>(scale() * d_energies[static_cast<std::size_t>(g)]);
    network_.backward_tangent(std::move(seed), static_cast<Eigen::MatrixXd*>(nullptr));
  }

  template <class Visit>
  void for_each_layer(Visit&& visit) {
    visit(std::string("network"), network_);
  }
  template <class Visit>
  void visit_parameters(Visit&& visit) {
    visit(std::string("scale"), scale_);
    if (!shifts_.value.empty()) visit(std::string("shifts"), shifts_);
  }

 private:
  using Gradient = Field<typename Network::out, Scalar, Point>;

  double shift(int kind) const {
    if (shifts_.value.empty()) return 0;
    expect(static_cast<std::size_t>(kind) < shifts_.value.size(), "Potential: an atom of kind ",
           kind, ", and there are energy shifts for ", shifts_.value.size(), " kinds");
    return static_cast<double>(shifts_.value[static_cast<std::size_t>(kind)]);
  }

  void check(const std::vector<double>& d_energies, const Eigen::MatrixXd& d_forces,
             const Eigen::MatrixXd& d_virials) const {
    expect(has_forces_, "Potential: backward before evaluate");
    expect(d_energies.size() == static_cast<std::size_t>(graph_.graphs()) && d_forces.rows() == 3 &&
               d_forces.cols() == graph_.nodes(),
           "Potential: expected derivatives by ", graph_.graphs(), " energies and 3 x ",
           graph_.nodes(), " forces, got ", d_energies.size(), " and ", d_forces.rows(), " x ",
           d_forces.cols());
    expect(d_virials.size() == 0 || (d_virials.rows() == 9 && d_virials.cols() == graph_.graphs()),
           "Potential: expected derivatives by 9 x ", graph_.graphs(), " virials, got ",
           d_virials.rows(), " x ", d_virials.cols());
  }

  /// body(edge, graph) for every edge; they are sorted by receiver, hence by graph.
  template <class Body>
  void for_each_edge(Body&& body) const {
    for (int g = 0; g < graph_.graphs(); ++g)
      for (int e = graph_.received(graph_.first_node(g));
           e < graph_.received(graph_.first_node(g + 1)); ++e)
        body(e, g);
  }

  /// -dE/dS = -sum over edges of dE/dv (x) v, symmetrized: rotations change nothing.
  Eigen::MatrixXd virials(const Eigen::MatrixXd& by_vector) const {
    Eigen::MatrixXd w = Eigen::MatrixXd::Zero(9, graph_.graphs());
    const Eigen::MatrixXd& v = graph_.vectors();
    for_each_edge([&](int e, int g) {
      for (int a = 0; a < 3; ++a)
        for (int b = 0; b < 3; ++b)
          w(3 * a + b, g) -= 0.5 * (by_vector(a, e) * v(b, e) + by_vector(b, e) * v(a, e));
    });
    return w;
  }
  /// d_vectors -= S v with the strain S of the edge's graph.
  void strain(const Eigen::MatrixXd& strains, Eigen::MatrixXd& d_vectors) const {
    const Eigen::MatrixXd& v = graph_.vectors();
    for_each_edge([&](int e, int g) {
      for (int a = 0; a < 3; ++a)
        for (int b = 0; b < 3; ++b)
          d_vectors(a, e) -= 0.5 * (strains(3 * a + b, g) + strains(3 * b + a, g)) * v(b, e);
    });
  }

  Network network_;
  Parameter<Scalar> scale_, shifts_;
  Graph graph_;
  bool has_forces_ = false;
};

}  // namespace gsteer
