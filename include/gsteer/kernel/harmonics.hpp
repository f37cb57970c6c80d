// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <vector>

#include "gsteer/core/error.hpp"
#include "gsteer/core/matrix.hpp"
#include "gsteer/group/concepts.hpp"

namespace gsteer {

/// The number of harmonics of degree l: on the line 1 for l <= 1, none beyond; on the plane 1 for l
/// = 0, else 2; in space 2 l + 1.
constexpr int harmonic_count(int dimension, int l) {
  if (dimension < 1 || dimension > 3)
    throw Error("gsteer: harmonics are known for the line, the plane and space only");
  if (dimension == 1) return l <= 1 ? 1 : 0;
  return dimension == 3 ? 2 * l + 1 : (l == 0 ? 1 : 2);
}

/// The harmonics of degree l on the plane at x: (cos l phi, sin l phi), x = r (cos phi, sin phi);
/// `values` has room for harmonic_count. At the origin, which has no direction, those of l > 0 are
/// 0.
inline void harmonics(int l, const Eigen::VectorXd& x, double* values) {
  const double r = detail::length(x.data(), x.size());
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

/// The matrix H with harmonics(l, a x) = H harmonics(l, x), for an orthogonal a of the plane.
inline Eigen::MatrixXd harmonic_matrix(int l, const Eigen::MatrixXd& a) {
  if (l == 0) return detail::identity(1, 1);
  // a = rotation diag(+-1, 1), and its second column is that of the rotation.
  const double angle = l * std::atan2(-a(0, 1), a(1, 1));
  Eigen::MatrixXd h(2, 2);
  h(0, 0) = h(1, 1) = std::cos(angle);
  h(1, 0) = std::sin(angle);
  h(0, 1) = -h(1, 0);
  if (a(0, 0) * a(1, 1) - a(0, 1) * a(1, 0) < 0) {
    const double sign = l % 2 == 0 ? 1 : -1;
    for (int i = 0; i < 2; ++i) {
      h(i, 0) *= sign;
      h(i, 1) *= -sign;
    }
  }
  return h;
}

/// The type of harmonics_on<...>::values: writes harmonic_count numbers.
using harmonics_function = void (*)(int l, const Eigen::VectorXd& x, double* values);

/// The harmonics on R^Dimension as a basis of kernels: functions of the direction x / |x| alone, at
/// the origin 0 but for l = 0. Those of one degree are scaled so that their squares sum to 1
/// everywhere else, as those of (cos l phi, sin l phi) do:
/// - values(l, x, values)
/// - matrix(l, a): the orthogonal H with values(a x) = H values(x), for an orthogonal a
///
/// Known for the line and the plane; for space in harmonics3.hpp, which the groups of space
/// include, so that a program without them does not pay for it.
template <int Dimension>
struct harmonics_on {
  static constexpr bool known = false;
};

/// On the line: 1, and the sign of x.
template <>
struct harmonics_on<1> {
  static constexpr bool known = true;
  static void values(int l, const Eigen::VectorXd& x, double* values) {
    if (l == 0) values[0] = 1;
    if (l == 1) values[0] = x(0) > 0 ? 1 : (x(0) < 0 ? -1 : 0);
  }
  static Eigen::MatrixXd matrix(int l, const Eigen::MatrixXd& a) {
    const int n = harmonic_count(1, l);
    Eigen::MatrixXd h(n, n);
    if (n == 1) h(0, 0) = l == 0 ? 1 : a(0, 0);
    return h;
  }
};

template <>
struct harmonics_on<2> {
  static constexpr bool known = true;
  static void values(int l, const Eigen::VectorXd& x, double* values) { harmonics(l, x, values); }
  static Eigen::MatrixXd matrix(int l, const Eigen::MatrixXd& a) { return harmonic_matrix(l, a); }
};

namespace detail {

template <int Dimension>
struct known_harmonics : harmonics_on<Dimension> {
  static_assert(harmonics_on<Dimension>::known,
                "gsteer: the harmonics on the space that this group acts on are not known; for a "
                "group of R^3 include gsteer/kernel/harmonics3.hpp");
};

}  // namespace detail

/// The harmonics on the space that G acts on.
template <group G>
using harmonics_of = detail::known_harmonics<G::dimension>;

/// The invariants of harmonics x out x in, by the closed form of the group if it has one, else by
/// averaging.
template <group G>
std::vector<invariant_tensor> kernel_invariants(int l, irrep_label out, irrep_label in) {
  if constexpr (requires { G::kernel_invariants(l, out, in); }) {
    return G::kernel_invariants(l, out, in);
  } else {
    return reynolds_invariants(
        G::haar_quadrature(l + out.frequency + in.frequency),
        [l](const auto& g) { return harmonics_of<G>::matrix(l, G::action(g)); },
        [out](const auto& g) { return G::irrep_matrix(out, g); },
        [in](const auto& g) { return G::irrep_matrix(in, g); }, G::kernel_multiplicity(l, out, in));
  }
}

}  // namespace gsteer
