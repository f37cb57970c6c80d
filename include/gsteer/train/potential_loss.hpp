// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <cstddef>
#include <vector>

#include "gsteer/field/graph.hpp"
#include "gsteer/layer/potential.hpp"

namespace gsteer {

/// What the energies, forces and virials of a batch of configurations should be.
struct PotentialTargets {
  std::vector<double> energies;  ///< of each graph
  Eigen::MatrixXd forces;        ///< 3 x atoms
  Eigen::MatrixXd virials;       ///< 9 x graphs as in PotentialResult; empty if not known
};

/// How much each part of the loss weighs. Choose them so that each part is about 1 at the start:
/// 1 / (rms force)^2 is a good unit.
struct PotentialLossOptions {
  double energy_weight = 1;
  double force_weight = 1;
  double virial_weight = 0;  ///< needs virials among the targets
};

/// A loss, its derivatives for Potential::backward, and mean absolute errors to look at.
struct PotentialLoss {
  double loss = 0;
  std::vector<double> d_energies;
  Eigen::MatrixXd d_forces, d_virials;
  double energy_error = 0;  ///< mean over graphs of |E - E*|
  double force_error = 0;   ///< mean over atoms and axes of |F - F*|
};

/// The mean square loss of energies an atom, forces and virials an atom,
///   w_E mean over graphs ((E - E*) / n)^2 + w_F mean over atoms and axes (F - F*)^2
///     + w_W mean over graphs and the 9 entries ((W - W*) / n)^2,   n atoms in the graph.
/// \throws Error unless targets are finite and of the shapes of the result
inline PotentialLoss potential_loss(const PotentialResult& result, const PotentialTargets& targets,
                                    const Graph& graph, const PotentialLossOptions& options = {}) {
  const auto graphs = static_cast<std::size_t>(graph.graphs());
  const bool with_virials = options.virial_weight != 0;
  expect(result.energies.size() == graphs && targets.energies.size() == graphs &&
             result.forces.cols() == graph.nodes() && targets.forces.rows() == 3 &&
             targets.forces.cols() == graph.nodes(),
         "potential_loss: expected ", graphs, " energies and 3 x ", graph.nodes(),
         " forces, got targets of ", targets.energies.size(), " and ", targets.forces.rows(), " x ",
         targets.forces.cols());
  expect(!with_virials || (targets.virials.rows() == 9 && targets.virials.cols() == graph.graphs()),
         "potential_loss: expected virials of 9 x ", graphs, " among the targets, got ",
         targets.virials.rows(), " x ", targets.virials.cols());
  PotentialLoss all;
  all.d_energies.resize(graphs);
  all.d_forces.resize(3, graph.nodes());
  const auto squared = [&](double error, double weight, double& derivative) {
    expect(error - error == 0, "potential_loss: expected finite results and targets, differ by ",
           error);
    all.loss += weight * error * error;
    derivative = 2 * weight * error;
  };
  const double by_graph = 1 / static_cast<double>(graphs), by_axis = 1 / (3.0 * graph.nodes());
  for (std::size_t g = 0; g < graphs; ++g) {
    const int i = static_cast<int>(g);
    const double n = graph.first_node(i + 1) - graph.first_node(i);
    const double error = result.energies[g] - targets.energies[g];
    squared(error, options.energy_weight * by_graph / (n * n), all.d_energies[g]);
    all.energy_error += std::abs(error) * by_graph;
  }
  for (Eigen::Index k = 0; k < all.d_forces.size(); ++k) {
    const double error = result.forces.data()[k] - targets.forces.data()[k];
    squared(error, options.force_weight * by_axis, all.d_forces.data()[k]);
    all.force_error += std::abs(error) * by_axis;
  }
  if (!with_virials) return all;
  all.d_virials.resize(9, graph.graphs());
  for (int g = 0; g < graph.graphs(); ++g) {
    const double n = graph.first_node(g + 1) - graph.first_node(g);
    for (int k = 0; k < 9; ++k)
      squared(result.virials(k, g) - targets.virials(k, g),
              options.virial_weight * by_graph / (9 * n * n), all.d_virials(k, g));
  }
  return all;
}

}  // namespace gsteer
