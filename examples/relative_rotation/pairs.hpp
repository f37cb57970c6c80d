// SPDX-License-Identifier: MIT
// Two clouds of points from one surface, the second turned: what the example learns from.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "gsteer/gsteer.hpp"
#include "support/mesh.hpp"

namespace example {

using namespace gsteer;

struct Shape {
  std::string name;
  Surface surface;
};

/// \throws gsteer::Error if a file cannot be read
inline std::vector<Shape> load_shapes(const std::filesystem::path& folder,
                                      const std::vector<std::string>& names) {
  std::vector<Shape> shapes;
  for (const auto& name : names)
    shapes.push_back({name, Surface(read_off(folder / (name + ".off")))});
  return shapes;
}

struct PairOptions {
  int points = 512;      ///< of each cloud
  double noise = 0.02;   ///< added to each coordinate: standard deviation, in radii of the shape
  bool resample = true;  ///< draw the points of the second cloud anew
};

struct CloudPair {
  Eigen::MatrixXd first, second;  ///< 3 x points
  Eigen::Matrix3d turn;           ///< by which the second is turned against the first
};

/// As of a sensor: many points from anywhere on the surface, with noise, of which those are kept
/// that are spread evenly.
inline Eigen::MatrixXd random_cloud(const Surface& surface, const PairOptions& options, Rng& rng) {
  Eigen::MatrixXd all = surface.sample(4 * options.points, rng);
  if (options.noise > 0)
    for (Eigen::Index i = 0; i < all.size(); ++i) all.data()[i] += options.noise * rng.normal();
  return spread_evenly(all, options.points);
}

inline CloudPair random_pair(const Surface& surface, const PairOptions& options, Rng& rng) {
  CloudPair pair;
  pair.turn = rotation::sample(rng).matrix();
  pair.first = random_cloud(surface, options, rng);
  pair.second = pair.turn * (options.resample ? random_cloud(surface, options, rng) : pair.first);
  return pair;
}

/// The angle of the rotation from one to the other, in radians. From their distance, |a - b| = sqrt
/// 8 sin(angle / 2), which has all digits where the trace has none: at small angles.
inline double angle_between(const Eigen::Matrix3d& a, const Eigen::Matrix3d& b) {
  return 2 * std::asin(std::min(1.0, (a - b).norm() / std::sqrt(8.0)));
}

}  // namespace example
