// SPDX-License-Identifier: MIT
// Random points, and graphs between them.
#pragma once

#include <Eigen/Core>
#include <vector>

#include "gsteer/core/random.hpp"
#include "gsteer/field/neighbors.hpp"

namespace gsteer::test {

inline Eigen::MatrixXd random_matrix(int rows, int columns, Rng& rng, double scale = 1) {
  Eigen::MatrixXd a(rows, columns);
  for (Eigen::Index i = 0; i < a.size(); ++i) a.data()[i] = scale * rng.normal();
  return a;
}

inline double dot(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) {
  return (a.array() * b.array()).sum();
}

inline std::vector<int> random_kinds(int n, int count, Rng& rng) {
  std::vector<int> kinds;
  for (int i = 0; i < n; ++i) kinds.push_back(rng.below(count));
  return kinds;
}

/// A graph, or a batch of them, that remembers where its points are.
struct PointCloud {
  Eigen::MatrixXd positions;  ///< 3 x nodes
  Graph graph;

  int nodes() const { return graph.nodes(); }
  /// The same edges after a linear map of all points.
  Graph mapped(const Eigen::Matrix3d& a) const { return graph.moved(a * positions); }
  /// A direction in which the points move; those in the plane z = 0 stay there.
  Eigen::MatrixXd random_motion(Rng& rng) const {
    Eigen::MatrixXd motion = random_matrix(3, nodes(), rng);
    if (positions.row(2).isZero(0)) motion.row(2).setZero();
    return motion;
  }
  /// The edges, in the order of the graph.
  std::vector<Edge> edges() const {
    std::vector<Edge> all;
    for (std::size_t e = 0; e < graph.senders().size(); ++e)
      all.push_back({graph.senders()[e], graph.receivers()[e]});
    return all;
  }
};

/// Gaussian clouds of some sizes, of random kinds, joined; points closer than the cutoff hear of
/// each other.
inline PointCloud random_clouds(const std::vector<int>& sizes, int kinds, Rng& rng,
                                double cutoff = 3, double scale = 1.2) {
  int n = 0;
  for (const int size : sizes) n += size;
  PointCloud cloud{random_matrix(3, n, rng, scale), {}};
  std::vector<Graph> graphs;
  int first = 0;
  for (const int size : sizes) {
    graphs.push_back(radius_graph(cloud.positions.middleCols(first, size), cutoff,
                                  random_kinds(size, kinds, rng)));
    first += size;
  }
  cloud.graph = join(graphs);
  return cloud;
}

}  // namespace gsteer::test
