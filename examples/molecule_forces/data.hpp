// SPDX-License-Identifier: MIT
// Configurations with energies and forces, as graphs.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "gsteer/gsteer.hpp"
#include "gsteer/io/extended_xyz.hpp"

namespace example {

using namespace gsteer;

/// Configurations of atoms; all vectors have one entry for each.
struct DataSet {
  std::vector<Graph> graphs;
  std::vector<double> energies;         ///< eV
  std::vector<Eigen::MatrixXd> forces;  ///< eV/Angstrom, 3 x atoms

  int size() const { return static_cast<int>(graphs.size()); }
  int atoms(const std::vector<int>& items) const {
    int sum = 0;
    for (const int i : items) sum += graphs[static_cast<std::size_t>(i)].nodes();
    return sum;
  }

  /// Some configurations as one graph, and what the network should say of them.
  std::pair<Graph, PotentialTargets> batch(const std::vector<int>& items) const {
    std::vector<Graph> parts;
    PotentialTargets targets;
    int atoms = 0;
    for (const int i : items) {
      parts.push_back(graphs[static_cast<std::size_t>(i)]);
      targets.energies.push_back(energies[static_cast<std::size_t>(i)]);
      atoms += parts.back().nodes();
    }
    targets.forces.resize(3, atoms);
    int at = 0;
    for (const int i : items) {
      const auto& f = forces[static_cast<std::size_t>(i)];
      targets.forces.middleCols(at, f.cols()) = f;
      at += static_cast<int>(f.cols());
    }
    return {join(parts), std::move(targets)};
  }
};

/// The frames [begin, end) of an order as graphs. \throws Error if one has no energy or forces
inline DataSet make_data_set(const std::vector<AtomicConfiguration>& frames,
                             const std::vector<int>& order, int begin, int end,
                             const std::vector<std::string>& species, double cutoff) {
  DataSet set;
  for (int i = begin; i < end; ++i) {
    const auto& frame = frames[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])];
    expect(frame.energy.has_value() && frame.forces.has_value(), "frame ",
           order[static_cast<std::size_t>(i)], ": expected an energy and forces to learn from");
    set.graphs.push_back(radius_graph(frame.positions, cutoff, kinds_of(frame, species),
                                      frame.box.value_or(PeriodicBox{})));
    set.energies.push_back(*frame.energy);
    set.forces.push_back(*frame.forces);
  }
  return set;
}

inline double mean_neighbors(const DataSet& set) {
  double edges = 0, nodes = 0;
  for (const Graph& graph : set.graphs) {
    edges += graph.edges();
    nodes += graph.nodes();
  }
  expect(edges > 0, "expected atoms that have neighbors within the cutoff, found none");
  return edges / nodes;
}

}  // namespace example
