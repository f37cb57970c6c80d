// SPDX-License-Identifier: MIT
// Kernels on R^3 are compared on the unit sphere.
#pragma once

#include <Eigen/Core>
#include <vector>

#include "gsteer/core/random.hpp"
#include "kernel/both_bases.hpp"

/// Harmonics up to a degree on the unit sphere, where the radial function is 1.
constexpr gsteer::kernel_profile sphere(int max_frequency) {
  return gsteer::kernel_size(3).with_rings({{1.0, 0.6, max_frequency}});
}

inline Eigen::Vector3d random_point(gsteer::Rng& rng) {
  Eigen::Vector3d x;
  for (int i = 0; i < 3; ++i) x(i) = rng.normal();
  return x;
}

/// Twice as many as there are harmonics up to a degree.
inline std::vector<Eigen::Vector3d> points_on_sphere(int max_frequency) {
  gsteer::Rng rng(3);
  std::vector<Eigen::Vector3d> points;
  for (int p = 0; p < 2 * (max_frequency + 1) * (max_frequency + 1); ++p)
    points.push_back(random_point(rng).normalized());
  return points;
}

/// Closed form and null space agree for harmonics up to a degree.
template <auto In, auto Out>
void agree(int max_frequency) {
  check_that_bases_agree<In, Out>(sphere(max_frequency), max_frequency,
                                  points_on_sphere(max_frequency));
}
