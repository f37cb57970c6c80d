// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstddef>
#include <vector>

#include "gsteer/group/wigner_d.hpp"
#include "gsteer/kernel/harmonics.hpp"
#include "gsteer/kernel/spherical_harmonics.hpp"

namespace gsteer {

/// The harmonics of space: real spherical harmonics in e3nn's convention, Normalization::norm, on
/// which a rotation acts as wigner_d(l, r) and the inversion as (-1)^l.
template <>
struct harmonics_on<3> {
  static constexpr bool known = true;

  [[gnu::cold]] static void values(int l, const Eigen::VectorXd& x, double* values) {
    const SphericalHarmonics<double> harmonics(l, Normalization::norm);
    std::vector<double> all(static_cast<std::size_t>(harmonics.size()));
    harmonics.evaluate(x.data(), 1, 1, all.data());
    std::copy_n(all.data() + harmonic_index(l, -l), harmonic_count(3, l), values);
  }

  /// \throws Error if `a` is not orthogonal
  [[gnu::cold]] static Eigen::MatrixXd matrix(int l, const Eigen::MatrixXd& a) {
    const double determinant = a(0, 0) * (a(1, 1) * a(2, 2) - a(1, 2) * a(2, 1)) +
                               a(0, 1) * (a(1, 2) * a(2, 0) - a(1, 0) * a(2, 2)) +
                               a(0, 2) * (a(1, 0) * a(2, 1) - a(1, 1) * a(2, 0));
    const double sign = determinant < 0 ? -1 : 1;
    Eigen::Matrix3d proper;
    for (int i = 0; i < 3; ++i)
      for (int j = 0; j < 3; ++j) proper(i, j) = sign * a(i, j);
    Eigen::MatrixXd h = wigner_d(l, proper);
    if (l % 2 != 0)
      for (Eigen::Index i = 0; i < h.size(); ++i) h.data()[i] *= sign;
    return h;
  }
};

}  // namespace gsteer
