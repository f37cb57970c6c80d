// SPDX-License-Identifier: MIT
// The eight shapes of four cubes, among them a pair of mirror images.
#pragma once

#include <array>
#include <string>

#include "gsteer/gsteer.hpp"

namespace example {

using namespace gsteer;

inline constexpr int shape_count = 8;

struct Shape {
  const char* name;
  std::array<std::array<int, 3>, 4> cubes;  ///< their centers
};

inline constexpr std::array<Shape, shape_count> shapes{{
    {"chiral, left", {{{0, 0, 0}, {0, 0, 1}, {1, 0, 0}, {1, 1, 0}}}},
    {"chiral, right", {{{0, 0, 0}, {0, 0, 1}, {1, 0, 0}, {1, -1, 0}}}},
    {"square", {{{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {1, 1, 0}}}},
    {"line", {{{0, 0, 0}, {0, 0, 1}, {0, 0, 2}, {0, 0, 3}}}},
    {"corner", {{{0, 0, 0}, {0, 0, 1}, {0, 1, 0}, {1, 0, 0}}}},
    {"L", {{{0, 0, 0}, {0, 0, 1}, {0, 0, 2}, {0, 1, 0}}}},
    {"T", {{{0, 0, 0}, {0, 0, 1}, {0, 0, 2}, {0, 1, 1}}}},
    {"zigzag", {{{0, 0, 0}, {1, 0, 0}, {1, 1, 0}, {2, 1, 0}}}},
}};

/// Centers of the cubes about their mean, 3 x 4.
inline Eigen::MatrixXd positions_of(int shape) {
  Eigen::MatrixXd x(3, 4);
  for (int i = 0; i < 4; ++i)
    for (int axis = 0; axis < 3; ++axis)
      x(axis, i) = shapes[static_cast<std::size_t>(shape)]
                       .cubes[static_cast<std::size_t>(i)][static_cast<std::size_t>(axis)];
  const Eigen::Vector3d mean = x.rowwise().mean();
  return x.colwise() - mean;
}

/// What the network should say, 1x0o + 6x0e: a pseudoscalar, which tells the mirror images apart by
/// its sign, and a scalar for each of the other shapes.
inline constexpr auto answer = irreps<"1x0o + 6x0e">;
inline constexpr int answer_size = 7;

inline std::array<double, answer_size> target_of(int shape) {
  std::array<double, answer_size> target{};
  if (shape < 2)
    target[0] = shape == 0 ? 1 : -1;
  else
    target[static_cast<std::size_t>(shape - 1)] = 1;
  return target;
}

/// The shape whose target is nearest to an answer.
template <class Field>
int shape_of(const Field& answers, int item) {
  int best = 0;
  double smallest = 0;
  for (int shape = 0; shape < shape_count; ++shape) {
    const auto target = target_of(shape);
    double distance = 0;
    for (int c = 0; c < answer_size; ++c) {
      const double d = static_cast<double>(answers(item, c)) - target[static_cast<std::size_t>(c)];
      distance += d * d;
    }
    if (shape == 0 || distance < smallest) {
      best = shape;
      smallest = distance;
    }
  }
  return best;
}

/// Each shape moved by an element of O(3), in one batch. Cubes that touch are neighbors.
inline Graph moved_shapes(const std::vector<orthogonal<3>::element>& elements) {
  std::vector<Graph> graphs;
  for (int shape = 0; shape < shape_count; ++shape) {
    const Eigen::Matrix3d a = orthogonal<3>::action(elements[static_cast<std::size_t>(shape)]);
    const Eigen::MatrixXd x = a * positions_of(shape);
    graphs.push_back(radius_graph(x, 1.1));
  }
  return join(graphs);
}

}  // namespace example
