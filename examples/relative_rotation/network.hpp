// SPDX-License-Identifier: MIT
// The encoder: from a cloud of points to vectors that turn with it.
#pragma once

#include <cmath>
#include <vector>

#include "relative_rotation/pairs.hpp"

namespace example {

namespace fields {
inline constexpr auto harmonics = irreps<"1x0e + 1x1o + 1x2e">;
/// What a point begins with: where it lies in its cloud, as harmonics of its direction from the
/// center times `shells` functions of its distance.
inline constexpr int shells = 5, degree = 3;
inline constexpr auto place_harmonics = irreps<"1x0e + 1x1o + 1x2e + 1x3o">;
inline constexpr auto place = irreps<"5x0e + 5x1o + 5x2e + 5x3o">;
/// What it tells its neighbors.
inline constexpr auto told = irreps<"4x0e + 2x1o">;
// Each layer ends in a gate: scalars, and what is opened by gates, which are scalars, too.
inline constexpr auto scalars = irreps<"16x0e">;
inline constexpr auto point_gates = irreps<"28x0e">;
inline constexpr auto point_gated = irreps<"12x1o + 10x2e + 6x3o">;
inline constexpr auto cloud_gates = irreps<"32x0e">;
inline constexpr auto cloud_gated = irreps<"12x1o + 12x1e + 8x2e">;
/// Pseudovectors, too: a shape that is its own mirror image has vectors in the mirror plane only,
/// and only pseudovectors along its normal.
inline constexpr auto answer = irreps<"16x1o + 16x1e">;
}  // namespace fields

/// What is not in the weights.
struct Model {
  double cutoff = 0.16;  ///< points farther apart do not talk; in radii of the shape
  double neighbors = 1;  ///< mean number of neighbors within the cutoff
};

/// [point, place] -> [cloud, answer]: a round of messages, the mean over the cloud, and products of
/// the means, which tell the ends of an axis apart.
template <class Scalar>
auto make_network(const Model& model) {
  using namespace fields;
  const MessagePassingOptions messages{.cutoff = model.cutoff,
                                       .radial_functions = 4,
                                       .hidden = {16},
                                       .average_neighbors = model.neighbors};
  using PointGate = Gate<scalars, point_gates, point_gated, Scalar>;
  using CloudGate = Gate<scalars, cloud_gates, cloud_gated, Scalar>;
  constexpr auto at_point = gate_input<scalars, point_gates, point_gated>;
  constexpr auto pooled = gate_output<scalars, point_gates, point_gated>;
  constexpr auto at_cloud = gate_input<scalars, cloud_gates, cloud_gated>;
  constexpr auto once = gate_output<scalars, cloud_gates, cloud_gated>;
  using Square = WeightedTensorSquare<once, at_cloud, Scalar>;
  using Products = Sequential<Square, CloudGate>;
  return Sequential{
      Residual{Sequential{IrrepsLinear<place, told, Scalar>{},
                          MessagePassing<told, harmonics, at_point, Scalar>{messages}},
               IrrepsLinear<place, at_point, Scalar>{}},
      PointGate{}, GraphPool<pooled, Scalar>{GraphReduction::mean}, BatchNorm<pooled, Scalar>{},
      Residual{Sequential{WeightedTensorSquare<pooled, at_cloud, Scalar>{}, CloudGate{},
                          Residual{Products{Square{}, CloudGate{}}},
                          Residual{Products{Square{}, CloudGate{}}},
                          IrrepsLinear<once, answer, Scalar>{}},
               IrrepsLinear<pooled, answer, Scalar>{}},
      // Vectors of nearly one length: how long they are is less certain than where they point.
      NormActivation<answer, Scalar, hyperbolic_tangent>{}};
}

template <class Scalar>
using Network = decltype(make_network<Scalar>(Model{}));

/// A batch of clouds as the network takes them.
template <class Scalar>
struct Clouds {
  Graph graph;
  PointField<fields::place, Scalar> features;
};

/// The clouds' centers become the origin, so that nothing depends on where they are.
template <class Scalar>
Clouds<Scalar> make_clouds(const std::vector<const Eigen::MatrixXd*>& clouds, double cutoff) {
  int points = 0;
  for (const auto* cloud : clouds) points += static_cast<int>(cloud->cols());
  std::vector<Graph> graphs;
  PointField<fields::place, Scalar> features(points);
  int row = 0;
  for (const auto* cloud : clouds) {
    const Eigen::Vector3d center = cloud->rowwise().mean();
    const Eigen::MatrixXd x = cloud->colwise() - center;
    graphs.push_back(radius_graph(x, cutoff));
    const auto y = harmonic_attributes<fields::place_harmonics, double>(x);
    for (int i = 0; i < x.cols(); ++i, ++row) {
      const double distance = x.col(i).norm();
      for (int k = 0; k < fields::shells; ++k) {
        const double t = distance / 0.22 - k;
        // Smooth at the center, where directions are not.
        const double f = distance * std::exp(-t * t / 2);
        for (int l = 0; l <= fields::degree; ++l)
          for (int m = 0; m <= 2 * l; ++m)
            features(row, fields::shells * l * l + k * (2 * l + 1) + m) =
                static_cast<Scalar>(4 * f * y(i, l * l + m));
      }
    }
  }
  return {join(graphs), std::move(features)};
}

}  // namespace example
