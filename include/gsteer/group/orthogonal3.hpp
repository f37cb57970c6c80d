// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "gsteer/group/concepts.hpp"
#include "gsteer/group/gauss_legendre.hpp"
#include "gsteer/group/orthogonal.hpp"
#include "gsteer/group/rotation.hpp"
#include "gsteer/group/wigner_d.hpp"
#include "gsteer/kernel/harmonics3.hpp"

namespace gsteer {

/// What SO(3) and O(3) have in common: everything that concerns labels only. The irrep {parity, l}
/// is D^l, of size 2 l + 1, times (-1)^parity for the inversion, which commutes with everything. A
/// product of three holds an invariant, wigner_3j, exactly if the l form a triangle and the
/// parities cancel. All are of type R.
template <bool Inversion>
struct space_irreps {
  static constexpr int dimension = 3;

  static constexpr bool has_irrep(irrep_label label) {
    return label.frequency >= 0 && label.parity >= 0 && label.parity <= (Inversion ? 1 : 0);
  }
  static constexpr int irrep_size(irrep_label label) { return 2 * label.frequency + 1; }
  static constexpr irrep_type type_of_irrep(irrep_label) { return irrep_type::real; }
  static constexpr irrep_content irreps_up_to(int frequency) {
    irrep_content all;
    for (int l = 0; l <= frequency; ++l)
      for (int parity = 0; parity <= (Inversion ? 1 : 0); ++parity) all.add({parity, l}, 1);
    return all;
  }
  /// The irrep in which the harmonics of degree l, polynomials of degree l, transform.
  static constexpr irrep_label harmonic(int l) { return {Inversion ? l % 2 : 0, l}; }

  static constexpr int multiplicity(irrep_label a, irrep_label b, irrep_label c) {
    const bool even = (a.parity + b.parity + c.parity) % 2 == 0;
    return even && is_triangle(a.frequency, b.frequency, c.frequency) ? 1 : 0;
  }
  static constexpr int kernel_multiplicity(int l, irrep_label out, irrep_label in) {
    return multiplicity(harmonic(l), out, in);
  }
  static std::vector<invariant_tensor> invariants(irrep_label a, irrep_label b, irrep_label c) {
    if (multiplicity(a, b, c) == 0) return {};
    return {wigner_3j(a.frequency, b.frequency, c.frequency)};
  }
  static std::vector<invariant_tensor> kernel_invariants(int l, irrep_label out, irrep_label in) {
    return invariants(harmonic(l), out, in);
  }
};

/// SO(3): the rotations of space. Real irreps, all of type R: one per frequency l = 0, 1, 2, ...,
/// of size 2 l + 1, the matrices wigner_d(l, g); l = 1 is how points (x, y, z) are rotated.
template <>
struct special_orthogonal<3> : space_irreps<false> {
  static constexpr int order = 0;
  static std::string name() { return "SO(3)"; }

  using element = rotation;

  static constexpr element identity() { return {}; }
  static constexpr element inverse(const element& g) { return g.inverse(); }
  /// An irrational turn about each of two axes: their powers come near every rotation about these,
  /// of which all others are products (Euler).
  static std::vector<element> generators() {
    const double angle = 2 * std::numbers::pi * (std::numbers::phi - 1);
    return {rotation::from_angles(angle, 0, 0), rotation::from_angles(0, angle, 0)};
  }
  static element sample(Rng& rng) { return rotation::sample(rng); }

  /// Of a product of entries of Wigner D matrices whose l add up to at most n, the integrals over
  /// alpha and gamma are those of trigonometric polynomials of degree n, for which the trapezoidal
  /// rule takes n + 1 points; what is left is a polynomial of degree n in cos beta, for which Gauss
  /// and Legendre take n / 2 + 1. The measure does not change when all points are rotated: the
  /// first is made the identity.
  [[gnu::cold]] static haar_quadrature_rule<special_orthogonal> haar_quadrature(int n) {
    haar_quadrature_rule<special_orthogonal> rule;
    const double step = 2 * std::numbers::pi / (n + 1);
    const auto heights = gauss_legendre(n / 2 + 1);
    const auto to_identity = rotation::from_angles(0, -std::acos(heights[0].first), 0);
    for (const auto& [height, weight] : heights)
      for (int i = 0; i <= n; ++i)
        for (int j = 0; j <= n; ++j) {
          const auto g = rotation::from_angles(i * step, std::acos(height), j * step);
          rule.emplace_back(to_identity * g, weight / ((n + 1) * (n + 1)));
        }
    return rule;
  }

  /// The 24 rotations of the cube: the signed permutation matrices of determinant 1.
  [[gnu::cold]] static std::vector<element> lattice_elements() {
    std::vector<element> found;
    for (int first = 0; first < 3; ++first)
      for (const int direction : {1, 2})  // cyclic permutations are even, the others odd
        for (int signs = 0; signs < 4; ++signs) {
          const double a = signs & 1 ? -1 : 1, b = signs & 2 ? -1 : 1;
          Eigen::Matrix3d R = Eigen::Matrix3d::Zero();
          R(first, 0) = a;
          R((first + direction) % 3, 1) = b;
          R((first + 2 * direction) % 3, 2) = direction == 1 ? a * b : -a * b;
          found.push_back(rotation::from_matrix(R));
        }
    return found;
  }

  static Eigen::Matrix3d action(const element& g) { return g.matrix(); }
  static Eigen::MatrixXd irrep_matrix(irrep_label label, const element& g) {
    return wigner_d(label.frequency, g);
  }
};

/// O(3): the rotations of space and their products with the inversion x -> -x, which commutes with
/// them; the element (proper, inverted) is the rotation times (-1)^inverted.
///
/// Real irreps, all of type R: (p, l) of size 2 l + 1, p = 0 even and p = 1 odd under the
/// inversion, in e3nn's notation 0e = (0, 0), 0o = (1, 0), 1o = (1, 1), 1e = (0, 1). Vectors are
/// (1, 1), pseudovectors (0, 1), harmonics of degree l (l mod 2, l).
template <>
struct orthogonal<3> : space_irreps<true> {
  static constexpr int order = 0;
  static std::string name() { return "O(3)"; }

  struct element {
    rotation proper;
    int inverted = 0;  ///< 0 or 1
    friend constexpr element operator*(const element& g, const element& h) {
      return {g.proper * h.proper, (g.inverted + h.inverted) % 2};
    }
  };

  static constexpr element identity() { return {}; }
  static constexpr element inverse(const element& g) { return {g.proper.inverse(), g.inverted}; }
  static std::vector<element> generators() {
    std::vector<element> found;
    for (const auto& g : special_orthogonal<3>::generators()) found.push_back({g, 0});
    found.push_back({rotation::identity(), 1});
    return found;
  }
  static element sample(Rng& rng) {
    const int inverted = rng.below(2);
    return {rotation::sample(rng), inverted};
  }
  [[gnu::cold]] static haar_quadrature_rule<orthogonal> haar_quadrature(int n) {
    haar_quadrature_rule<orthogonal> rule;
    const auto proper = special_orthogonal<3>::haar_quadrature(n);
    for (int inverted = 0; inverted < 2; ++inverted)
      for (const auto& [g, weight] : proper) rule.emplace_back(element{g, inverted}, weight / 2);
    return rule;
  }
  /// The 48 symmetries of the cube.
  [[gnu::cold]] static std::vector<element> lattice_elements() {
    std::vector<element> found;
    const auto proper = special_orthogonal<3>::lattice_elements();
    for (int inverted = 0; inverted < 2; ++inverted)
      for (const auto& g : proper) found.push_back({g, inverted});
    return found;
  }

  static Eigen::Matrix3d action(const element& g) {
    Eigen::Matrix3d a = g.proper.matrix();
    if (g.inverted)
      for (int i = 0; i < 9; ++i) a.data()[i] = -a.data()[i];
    return a;
  }
  static Eigen::MatrixXd irrep_matrix(irrep_label label, const element& g) {
    Eigen::MatrixXd D = wigner_d(label.frequency, g.proper);
    if (g.inverted && label.parity)
      for (Eigen::Index i = 0; i < D.size(); ++i) D.data()[i] = -D.data()[i];
    return D;
  }
};

static_assert(group<special_orthogonal<3>> && group<orthogonal<3>>);

}  // namespace gsteer
