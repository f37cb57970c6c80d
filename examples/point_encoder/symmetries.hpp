// SPDX-License-Identifier: MIT
// What may be done to a cloud of points, and how far an encoder is from following it.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "gsteer/gsteer.hpp"

namespace example {

using namespace gsteer;

/// What every encoder gives for each point: eight numbers that are meant to stay, and eight vectors
/// that are meant to turn.
inline constexpr auto features = irreps<"8x0e + 8x1o">;
using Features = PointField<features, double>;

/// Each point and those that it hears of.
struct Cloud {
  Eigen::MatrixXd positions;  ///< 3 x points
  Graph graph;
};

/// In which order a point's neighbors are listed, and so added up.
enum class Listing {
  by_distance,  ///< the same for every order of the points, so that sums round alike
  by_number     ///< in the order in which the points happen to be stored
};

inline Cloud make_cloud(const Eigen::MatrixXd& positions, int neighbors, Listing listing) {
  Graph graph = nearest_neighbor_graph(positions, neighbors);
  if (listing == Listing::by_distance) return {positions, std::move(graph)};
  std::vector<Edge> edges;
  for (int e = 0; e < graph.edges(); ++e)
    edges.push_back({graph.senders()[static_cast<std::size_t>(e)],
                     graph.receivers()[static_cast<std::size_t>(e)]});
  std::sort(edges.begin(), edges.end(), [](const Edge& a, const Edge& b) {
    return std::pair(a.receiver, a.sender) < std::pair(b.receiver, b.sender);
  });
  return {positions, make_graph(positions, edges)};
}

/// First the points in another order, then x -> A x + t.
struct Move {
  Eigen::Matrix3d linear = Eigen::Matrix3d::Identity();
  Eigen::Vector3d shift = Eigen::Vector3d::Zero();
  std::vector<int> order{};  ///< empty: as they are
};

enum class Symmetry { translation, rotation, reflection, permutation };
inline constexpr std::array<const char*, 4> symmetry_names{"translation", "rotation", "reflection",
                                                           "permutation"};

/// Where coordinates are multiples of this, neither they nor their squares are ever rounded.
inline constexpr double grid = 0x1p-20;

/// `exact`: one that double does without rounding, namely a shift by a multiple of the grid, half a
/// turn about an axis, a mirror across a plane of coordinates. Otherwise any.
inline Move random_move(Symmetry symmetry, bool exact, int points, Rng& rng) {
  Move move;
  if (symmetry == Symmetry::translation)
    for (int i = 0; i < 3; ++i)
      move.shift(i) = exact ? grid * (rng.below(1 << 22) - (1 << 21)) : rng.normal();
  if (symmetry == Symmetry::rotation) {
    if (exact) {
      const int axis = rng.below(3);
      for (int i = 0; i < 3; ++i) move.linear(i, i) = i == axis ? 1 : -1;
    } else {
      move.linear = rotation::sample(rng).matrix();
    }
  }
  if (symmetry == Symmetry::reflection) {
    if (exact) {
      const int axis = rng.below(3);
      move.linear(axis, axis) = -1;
    } else {
      move.linear = orthogonal<3>::action({rotation::sample(rng), 1});
    }
  }
  if (symmetry == Symmetry::permutation) move.order = Batches(points, 1, {.seed = rng()}).order(0);
  return move;
}

inline Eigen::MatrixXd moved(const Eigen::MatrixXd& positions, const Move& move) {
  Eigen::MatrixXd result(3, positions.cols());
  for (int i = 0; i < positions.cols(); ++i) {
    const int from = move.order.empty() ? i : move.order[static_cast<std::size_t>(i)];
    for (int a = 0; a < 3; ++a) {
      result(a, i) = move.shift(a);
      for (int b = 0; b < 3; ++b) result(a, i) += move.linear(a, b) * positions(b, from);
    }
  }
  return result;
}

/// What should become of the features: they go with their points, and vectors turn.
inline Features moved(const Features& x, const Move& move) {
  Features result(x.batch());
  for (int i = 0; i < x.batch(); ++i) {
    const int from = move.order.empty() ? i : move.order[static_cast<std::size_t>(i)];
    for (int c = 0; c < 8; ++c) result(i, c) = x(from, c);
    for (int c = 8; c < x.channels(); c += 3)
      for (int a = 0; a < 3; ++a)
        for (int b = 0; b < 3; ++b) result(i, c + a) += move.linear(a, b) * x(from, c + b);
  }
  return result;
}

/// What belongs to the whole cloud, in numbers: nothing.
template <feature_type F>
Field<F, double, Point> moved(const Field<F, double, Point>& x, const Move&) {
  return x;
}

/// The largest of |f(g x) - g f(x)| / |f(x)| over some moves. 0 means that no bit differs.
template <class Encoder>
double symmetry_error(const Encoder& encoder, const Eigen::MatrixXd& positions, int neighbors,
                      Symmetry symmetry, bool exact, Rng& rng) {
  const auto listing = exact ? Listing::by_distance : Listing::by_number;
  const auto before = encoder(make_cloud(positions, neighbors, listing), exact);
  double worst = 0;
  for (int trial = 0; trial < 3; ++trial) {
    const Move move = random_move(symmetry, exact, static_cast<int>(positions.cols()), rng);
    const auto after = encoder(make_cloud(moved(positions, move), neighbors, listing), exact);
    const auto expected = moved(before, move);
    double difference = 0, size = 0;
    for (std::size_t i = 0; i < after.size(); ++i) {
      difference = std::max(difference, std::abs(after.values()[i] - expected.values()[i]));
      size = std::max(size, std::abs(expected.values()[i]));
    }
    expect(size > 0, "expected an encoder that gives something, got zeros");
    worst = std::max(worst, difference / size);
  }
  return worst;
}

}  // namespace example
