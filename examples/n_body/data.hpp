// SPDX-License-Identifier: MIT
// Samples as networks see them: graphs of all pairs, steerable features, what to say.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "n_body/samples.hpp"

namespace example {

namespace fields {
// Of a particle, relative to the center of mass: speed and 1; place and velocity.
inline constexpr auto state = irreps<"2x0e + 2x1o">;
inline constexpr auto displacement = irreps<"1x1o">;
inline constexpr auto direction = irreps<"1x0e + 1x1o">;  // harmonics that steer
}  // namespace fields

/// Invariants of a pair that non-linear messages depend on: functions of its distance, the same
/// times the product of the charges, how fast the two part, and their relative speed.
inline constexpr int radial_functions = 12, edge_scalars = 2 * radial_functions + 2;

/// Some samples side by side. What is learned is how far a particle gets from x + v t, in units of
/// what that is on average: a displacement turns with the system, so nothing of the symmetry is
/// lost. The answer has no part that is common to all particles, because their center of mass moves
/// on uniformly.
template <class Scalar>
struct Batch {
  Graph graph;  ///< kinds are charges: 0 negative, 1 positive
  PointField<fields::state, Scalar> states;
  SteerableAttributes<features_of<fields::direction>, Scalar> attributes;
  PointField<fields::displacement, Scalar> targets;
};

/// Samples prepared for networks; all of the same number of particles.
template <class Scalar>
class DataSet {
 public:
  DataSet(const std::vector<Sample>& samples, double time, double unit)
      : nodes_(static_cast<int>(samples.front().positions.cols())), edges_(nodes_ * (nodes_ - 1)) {
    const auto rows = [&](int each) { return each * static_cast<int>(samples.size()); };
    all_.states = PointField<fields::state, Scalar>(rows(nodes_));
    all_.targets = PointField<fields::displacement, Scalar>(rows(nodes_));
    Eigen::MatrixXd velocities(3, rows(nodes_));
    for (std::size_t i = 0; i < samples.size(); ++i) {
      const Sample& sample = samples[i];
      const Eigen::Matrix3Xd places = relative(sample.positions),
                             speeds = relative(sample.velocities),
                             rest = relative(sample.later - extrapolated(sample, time)) / unit;
      const int first = static_cast<int>(i) * nodes_;
      velocities.middleCols(first, nodes_) = speeds;
      for (int k = 0; k < nodes_; ++k) {
        auto* state = &all_.states(first + k, 0);
        *state++ = 1;
        *state++ = static_cast<Scalar>(speeds.col(k).norm());
        for (const auto* vectors : {&places, &speeds})
          for (int axis = 0; axis < 3; ++axis) *state++ = static_cast<Scalar>((*vectors)(axis, k));
        for (int axis = 0; axis < 3; ++axis)
          all_.targets(first + k, axis) = static_cast<Scalar>(rest(axis, k));
      }
      add_pairs(sample);
    }
    all_.attributes.nodes = harmonic_attributes<fields::direction, Scalar>(velocities);
  }

  int size() const { return static_cast<int>(graphs_.size()); }
  int nodes() const { return nodes_; }

  Batch<Scalar> batch(const std::vector<int>& items) const {
    Batch<Scalar> batch;
    std::vector<Graph> graphs;
    for (const int i : items) graphs.push_back(graphs_[static_cast<std::size_t>(i)]);
    batch.graph = join(graphs);
    select_nodes(all_.states, items, batch.states);
    select_nodes(all_.targets, items, batch.targets);
    select_nodes(all_.attributes.nodes, items, batch.attributes.nodes);
    const auto each = static_cast<std::size_t>(edges_) * edge_scalars;
    batch.attributes.edge_scalars = Buffer<Scalar>(each * items.size());
    for (std::size_t i = 0; i < items.size(); ++i)
      std::copy_n(scalars_.data() + each * static_cast<std::size_t>(items[i]), each,
                  batch.attributes.edge_scalars.data() + each * i);
    return batch;
  }

 private:
  static Eigen::Matrix3Xd relative(const Eigen::Matrix3Xd& vectors) {
    const Eigen::Vector3d center = vectors.rowwise().mean();
    return vectors.colwise() - center;
  }

  /// All ordered pairs, in the order of their receivers, which is that of the graph.
  ///
  /// The networks see an edge x as x / (1 + |x|): of the same direction, and shorter than 1. So no
  /// pair is beyond a cutoff, and small distances, where forces are large, take up as much of the
  /// radial functions as large ones.
  void add_pairs(const Sample& s) {
    const RadialBasis<double> basis(RadialFunction::gaussian, radial_functions, 0, 1, false);
    std::vector<Edge> edges;
    std::vector<int> kinds;
    for (int i = 0; i < nodes_; ++i) {
      const auto charge = [&s](int k) { return s.charges[static_cast<std::size_t>(k)]; };
      kinds.push_back(charge(i) > 0 ? 1 : 0);
      for (int j = 0; j < nodes_; ++j) {
        if (i == j) continue;
        const Eigen::Vector3d x = s.positions.col(j) - s.positions.col(i),
                              v = s.velocities.col(j) - s.velocities.col(i);
        const double r = x.norm(), near = r / (1 + r);
        edges.push_back({j, i, x / (1 + r)});
        double radial[radial_functions];
        basis.evaluate(&near, 1, 1, radial);
        for (const double factor : {1.0, charge(i) * charge(j)})
          for (const double value : radial)
            scalars_.push_back(static_cast<Scalar>(factor * std::sqrt(radial_functions) * value));
        for (const double number : {x.dot(v) / std::max(r, 1e-12), v.norm()})
          scalars_.push_back(static_cast<Scalar>(number));
      }
    }
    graphs_.push_back(make_graph(Eigen::MatrixXd::Zero(3, nodes_), edges, kinds));
  }

  template <class Rows>
  void select_nodes(const Rows& from, const std::vector<int>& items, Rows& to) const {
    to = Rows(nodes_ * static_cast<int>(items.size()));
    const auto each = static_cast<std::ptrdiff_t>(nodes_) * Rows::channels();
    for (std::size_t i = 0; i < items.size(); ++i)
      std::copy_n(from.data() + each * items[i], each,
                  to.data() + each * static_cast<std::ptrdiff_t>(i));
  }

  int nodes_, edges_;
  std::vector<Graph> graphs_;
  std::vector<Scalar> scalars_;
  Batch<Scalar> all_;  // but for its graph
};

}  // namespace example
