// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "gsteer/group/concepts.hpp"
#include "gsteer/group/orthogonal.hpp"
#include "gsteer/group/plane.hpp"

namespace gsteer {

namespace detail {

/// t modulo 1, in [0, 1). A tiny negative t is 1 when rounded, which is 0 again.
inline double turn_fraction(double t) {
  const double fraction = t - std::floor(t);
  return fraction < 1 ? fraction : 0;
}

}  // namespace detail

/// SO(2): the rotations of the plane, by `turns` * 2 pi. Real irreps: frequency 0, size 1, type R;
/// every frequency k > 0, size 2, type C, the rotation matrix R(2 pi k turns).
template <>
struct special_orthogonal<2> : plane_irreps<0, false> {
  static constexpr int order = 0;
  static std::string name() { return "SO(2)"; }

  struct element {
    double turns = 0;  ///< in [0, 1)
    static element of(double t) { return {detail::turn_fraction(t)}; }
    friend element operator*(element g, element h) { return of(g.turns + h.turns); }
  };

  static constexpr element identity() { return {}; }
  static element inverse(element g) { return element::of(-g.turns); }
  /// An irrational turn: its powers come near every rotation.
  static std::vector<element> generators() { return {{std::numbers::phi - 1}}; }
  static element sample(Rng& rng) { return {rng.uniform()}; }
  /// The trapezoidal rule with n + 1 points integrates trigonometric polynomials of degree n
  /// exactly.
  static haar_quadrature_rule<special_orthogonal> haar_quadrature(int n) {
    haar_quadrature_rule<special_orthogonal> rule;
    for (int i = 0; i <= n; ++i)
      rule.emplace_back(element{static_cast<double>(i) / (n + 1)}, 1.0 / (n + 1));
    return rule;
  }
  static std::vector<element> lattice_elements() { return {{0}, {0.25}, {0.5}, {0.75}}; }

  static plane_element plane(element g) { return {0, g.turns}; }
  static element from_plane(plane_element g) { return element::of(g.turns); }
  static Eigen::Matrix2d action(element g) { return plane_action(plane(g)); }
  static Eigen::MatrixXd irrep_matrix(irrep_label label, element g) {
    return matrix_of(label, plane(g));
  }
};

/// O(2): rotations and reflections of the plane; the element (flip, turns) is r(turns) f^flip,
/// first f: x -> -x, then the rotation.
///
/// Real irreps, all of type R: (0, 0) trivial; (1, 0) the sign of f; (1, k) for every k > 0, size
/// 2, in which a rotation is R(2 pi k turns) and f is diag(1, -1).
template <>
struct orthogonal<2> : plane_irreps<0, true> {
  static constexpr int order = 0;
  static std::string name() { return "O(2)"; }

  struct element {
    int flip = 0;      ///< 0 or 1
    double turns = 0;  ///< in [0, 1)
    static element of(int flip, double t) { return {flip, detail::turn_fraction(t)}; }
    friend element operator*(element g, element h) {
      return of((g.flip + h.flip) % 2, g.turns + (g.flip ? -h.turns : h.turns));
    }
  };

  static constexpr element identity() { return {}; }
  static element inverse(element g) { return element::of(g.flip, g.flip ? g.turns : -g.turns); }
  static std::vector<element> generators() { return {{0, std::numbers::phi - 1}, {1, 0}}; }
  static element sample(Rng& rng) {
    const int flip = rng.below(2);
    return {flip, rng.uniform()};
  }
  static haar_quadrature_rule<orthogonal> haar_quadrature(int n) {
    haar_quadrature_rule<orthogonal> rule;
    for (int flip = 0; flip < 2; ++flip)
      for (int i = 0; i <= n; ++i)
        rule.emplace_back(element{flip, static_cast<double>(i) / (n + 1)}, 0.5 / (n + 1));
    return rule;
  }
  static std::vector<element> lattice_elements() {
    return {{0, 0}, {0, 0.25}, {0, 0.5}, {0, 0.75}, {1, 0}, {1, 0.25}, {1, 0.5}, {1, 0.75}};
  }

  static plane_element plane(element g) { return {g.flip, g.turns}; }
  static element from_plane(plane_element g) { return element::of(g.flip, g.turns); }
  static Eigen::Matrix2d action(element g) { return plane_action(plane(g)); }
  static Eigen::MatrixXd irrep_matrix(irrep_label label, element g) {
    return matrix_of(label, plane(g));
  }
};

static_assert(group<special_orthogonal<2>> && group<orthogonal<2>>);

}  // namespace gsteer
