// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <vector>

#include "gsteer/core/error.hpp"
#include "gsteer/group/concepts.hpp"

namespace gsteer {

/// The number of harmonics of degree l on R^dimension: on the plane 1 for l = 0, else 2.
constexpr int harmonic_count(int dimension, int l) {
  if (dimension != 2) throw Error("gsteer: harmonics are known for the plane only");
  return l == 0 ? 1 : 2;
}

/// The harmonics of degree l at x: (cos l phi, sin l phi), x = r (cos phi, sin phi); `values` has
/// room for harmonic_count. At the origin, which has no direction, those of l > 0 are 0.
inline void harmonics(int l, const Eigen::VectorXd& x, double* values) {
  const double r = x.norm();
  if (l == 0) {
    values[0] = 1;
    return;
  }
  if (r == 0) {
    values[0] = values[1] = 0;
    return;
  }
  // (c + i s)^l by repeated multiplication: exact where c and s are 0 or +-1.
  const double c = x(0) / r, s = x(1) / r;
  double re = 1, im = 0;
  for (int i = 0; i < l; ++i) {
    const double next = re * c - im * s;
    im = re * s + im * c;
    re = next;
  }
  values[0] = re;
  values[1] = im;
}

/// The matrix H with harmonics(l, a x) = H harmonics(l, x), for an orthogonal a.
inline Eigen::MatrixXd harmonic_matrix(int l, const Eigen::MatrixXd& a) {
  if (l == 0) return Eigen::MatrixXd::Ones(1, 1);
  // a = rotation diag(+-1, 1), and its second column is that of the rotation.
  const double angle = l * std::atan2(-a(0, 1), a(1, 1));
  Eigen::MatrixXd h(2, 2);
  h << std::cos(angle), -std::sin(angle), std::sin(angle), std::cos(angle);
  if (a(0, 0) * a(1, 1) - a(0, 1) * a(1, 0) < 0) {
    const double sign = l % 2 == 0 ? 1 : -1;
    h.col(0) *= sign;
    h.col(1) *= -sign;
  }
  return h;
}

/// The invariants of harmonics x out x in, by the closed form of the group if it has one, else by
/// averaging.
template <group G>
std::vector<invariant_tensor> kernel_invariants(int l, irrep_label out, irrep_label in) {
  if constexpr (requires { G::kernel_invariants(l, out, in); }) {
    return G::kernel_invariants(l, out, in);
  } else {
    return reynolds_invariants(
        G::haar_quadrature(l + out.frequency + in.frequency),
        [l](const auto& g) { return harmonic_matrix(l, G::action(g)); },
        [out](const auto& g) { return G::irrep_matrix(out, g); },
        [in](const auto& g) { return G::irrep_matrix(in, g); }, G::kernel_multiplicity(l, out, in));
  }
}

}  // namespace gsteer
