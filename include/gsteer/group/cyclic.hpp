// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "gsteer/group/concepts.hpp"
#include "gsteer/group/plane.hpp"

namespace gsteer {

/// The cyclic group C_N: rotations of the plane by multiples of 2 pi / N. C_1 is the trivial group.
///
/// An element is a number of turns k modulo N; the product adds; 1 generates. It acts on R^2 as
/// R(2 pi k / N).
///
/// Real irreps, one per frequency j in {0, ..., N/2}:
/// - j = 0, and j = N/2 for even N: size 1, type R, k -> cos(2 pi j k / N);
/// - every other j: size 2, type C, k -> R(2 pi j k / N).
///
/// (Serre, Linear Representations of Finite Groups, sections 5.1 and 13.2.)
template <int N>
struct cyclic : plane_irreps<N, false> {
  static_assert(N >= 1, "gsteer: C_N has N >= 1 elements");

  static constexpr int order = N;
  static std::string name() { return detail::join_text("C", N); }

  struct element {
    int turns = 0;  ///< any number; those that differ by N are one element
    friend constexpr bool operator==(element g, element h) { return index_of(g) == index_of(h); }
    friend constexpr element operator*(element g, element h) {
      return {(index_of(g) + index_of(h)) % N};
    }
  };

  static constexpr element identity() { return {}; }
  static constexpr element inverse(element g) { return {(N - index_of(g)) % N}; }
  static constexpr element element_at(int i) { return {i}; }
  static constexpr int index_of(element g) { return detail::modulo(g.turns, N); }
  static std::vector<element> generators() { return {{1 % N}}; }
  static element sample(Rng& rng) { return {rng.below(N)}; }
  static haar_quadrature_rule<cyclic> haar_quadrature(int) { return all_elements<cyclic>(); }

  static plane_element plane(element g) { return {0, static_cast<double>(index_of(g)) / N}; }
  /// The element nearest to a rotation of the plane.
  static element from_plane(plane_element g) {
    return {detail::modulo(static_cast<int>(std::lround(g.turns * N)), N)};
  }

  static Eigen::Matrix2d action(element g) { return plane_action(plane(g)); }
  static Eigen::MatrixXd irrep_matrix(irrep_label label, element g) {
    return cyclic::matrix_of(label, plane(g));
  }
};

template <int N>
inline constexpr cyclic<N> C{};

static_assert(finite_group<cyclic<1>> && finite_group<cyclic<8>>);

}  // namespace gsteer
