// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <string>
#include <vector>

#include "gsteer/group/concepts.hpp"
#include "gsteer/kernel/harmonics.hpp"

/// The quaternion group {+-1, +-i, +-j, +-k}, a group as a user would write it: it has an irrep of
/// type H, no closed-form invariants, and acts on the plane through its quotient by +-1, i as
/// diag(-1, 1) and j as diag(1, -1).
///
/// Irreps (p, q), p, q in {0, 1}: size 1, i -> (-1)^p, j -> (-1)^q; and (0, 2): size 4,
/// multiplication from the left.
struct quaternion_group {
  static constexpr int order = 8;
  static constexpr int dimension = 2;
  static std::string name() { return "Q8"; }

  struct element {
    int unit = 0;  ///< 0, 1, 2, 3: 1, i, j, k
    int sign = 0;  ///< 1: times -1
    friend constexpr bool operator==(element, element) = default;
    friend constexpr element operator*(element g, element h) {
      // i i = -1, i j = k, i k = -j, ...
      constexpr int minus[4][4] = {{0, 0, 0, 0}, {0, 1, 0, 1}, {0, 1, 1, 0}, {0, 0, 1, 1}};
      return {g.unit ^ h.unit, (g.sign + h.sign + minus[g.unit][h.unit]) % 2};
    }
  };

  static constexpr element identity() { return {}; }
  static constexpr element inverse(element g) {
    return {g.unit, g.unit == 0 ? g.sign : 1 - g.sign};
  }
  static constexpr element element_at(int i) { return {i / 2, i % 2}; }
  static constexpr int index_of(element g) { return 2 * g.unit + g.sign; }
  static std::vector<element> generators() { return {{1, 0}, {2, 0}}; }
  static element sample(gsteer::Rng& rng) { return element_at(rng.below(order)); }
  static gsteer::haar_quadrature_rule<quaternion_group> haar_quadrature(int) {
    return gsteer::all_elements<quaternion_group>();
  }

  static Eigen::MatrixXd action(element g) {
    return Eigen::Vector2d(one_dimensional({1, 0}, g), one_dimensional({0, 1}, g)).asDiagonal();
  }

  static constexpr bool has_irrep(gsteer::irrep_label label) {
    const auto [p, q] = label;
    return (p == 0 || p == 1) && ((q == 0 || q == 1) || (p == 0 && q == 2));
  }
  static constexpr int irrep_size(gsteer::irrep_label label) {
    return label.frequency == 2 ? 4 : 1;
  }
  static constexpr gsteer::irrep_type type_of_irrep(gsteer::irrep_label label) {
    return label.frequency == 2 ? gsteer::irrep_type::quaternionic : gsteer::irrep_type::real;
  }
  static constexpr gsteer::irrep_content irreps_up_to(int) {
    gsteer::irrep_content all;
    for (int q = 0; q < 2; ++q)
      for (int p = 0; p < 2; ++p) all.add({p, q}, 1);
    all.add({0, 2}, 1);
    return all;
  }
  static Eigen::MatrixXd irrep_matrix(gsteer::irrep_label label, element g) {
    if (label.frequency != 2) return Eigen::MatrixXd::Constant(1, 1, one_dimensional(label, g));
    Eigen::MatrixXd m = Eigen::MatrixXd::Zero(4, 4);
    for (int unit = 0; unit < 4; ++unit) {
      const element product = g * element{unit, 0};
      m(product.unit, unit) = product.sign ? -1 : 1;
    }
    return m;
  }

  static constexpr int multiplicity(gsteer::irrep_label a, gsteer::irrep_label b,
                                    gsteer::irrep_label c) {
    int sum = 0;
    for (int i = 0; i < order; ++i)
      sum +=
          character(a, element_at(i)) * character(b, element_at(i)) * character(c, element_at(i));
    return sum / order;
  }
  static constexpr int kernel_multiplicity(int l, gsteer::irrep_label out, gsteer::irrep_label in) {
    int sum = 0;
    for (int i = 0; i < order; ++i) {
      const element g = element_at(i);
      // i and j reflect the plane, k turns it by half.
      const int harmonic = l == 0 ? 1 : (g.unit == 0 ? 2 : (g.unit == 3 ? 2 - 4 * (l % 2) : 0));
      sum += harmonic * character(out, g) * character(in, g);
    }
    return sum / order;
  }

 private:
  static constexpr int one_dimensional(gsteer::irrep_label label, element g) {
    return (label.parity * (g.unit & 1) + label.frequency * (g.unit >> 1)) % 2 == 0 ? 1 : -1;
  }
  static constexpr int character(gsteer::irrep_label label, element g) {
    if (label.frequency == 2) return g.unit == 0 ? 4 - 8 * g.sign : 0;
    return one_dimensional(label, g);
  }
};

static_assert(gsteer::finite_group<quaternion_group>);
inline constexpr quaternion_group Q8{};
