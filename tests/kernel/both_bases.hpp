// SPDX-License-Identifier: MIT
// The closed form of a kernel space beside the numerical null space of its constraint.
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <vector>

#include "catch.hpp"
#include "gsteer/kernel/basis.hpp"
#include "gsteer/kernel/null_space.hpp"
#include "kernel/spans.hpp"

struct Bases {
  Eigen::MatrixXd closed, numerical;  ///< orthonormal, one kernel a column
  int stated = 0, listed = 0;         ///< kernel_dimension, and the length of kernel_basis
};

/// Both bases of a profile with one ring of radius 1 and harmonics up to a degree, sampled at
/// points of the unit sphere that are enough to tell these apart.
template <auto In, auto Out, class Points>
Bases both_bases(const gsteer::kernel_profile& profile, int max_frequency, const Points& points) {
  const int entries = In.size() * Out.size();
  const auto rows = static_cast<Eigen::Index>(points.size()) * entries;
  const auto column = [&](const auto& kernel) {
    Eigen::VectorXd values(rows);
    for (std::size_t p = 0; p < points.size(); ++p)
      values.segment(static_cast<Eigen::Index>(p) * entries, entries) =
          Eigen::MatrixXd(kernel(points[p])).reshaped();
    return values;
  };
  Bases result;
  result.stated = gsteer::kernel_dimension<In, Out>(profile);
  const auto basis = gsteer::kernel_basis<In, Out>(profile);
  result.listed = static_cast<int>(basis.size());
  Eigen::MatrixXd closed(rows, result.listed);
  for (int i = 0; i < result.listed; ++i)
    closed.col(i) = column(basis[static_cast<std::size_t>(i)]);
  const auto solution = gsteer::NullSpaceKernels::solve<In, Out>(max_frequency);
  Eigen::MatrixXd numerical(rows, solution.size());
  for (int i = 0; i < solution.size(); ++i)
    numerical.col(i) = column([&](const auto& x) { return solution(i, x); });
  result.closed = orthonormal_basis(closed);
  result.numerical = orthonormal_basis(numerical);
  return result;
}

template <auto In, auto Out, class Points>
void check_that_bases_agree(const gsteer::kernel_profile& profile, int max_frequency,
                            const Points& points) {
  const Bases found = both_bases<In, Out>(profile, max_frequency, points);
  CAPTURE(gsteer::features_of<In>::name(), gsteer::features_of<Out>::name());
  CHECK(found.listed == found.stated);
  CHECK(found.closed.cols() == found.stated);  // and they are independent
  REQUIRE(found.numerical.cols() == found.stated);
  CHECK(sine_of_angles(found.closed, found.numerical) < 1e-8);
  CHECK(sine_of_angles(found.numerical, found.closed) < 1e-8);
}
