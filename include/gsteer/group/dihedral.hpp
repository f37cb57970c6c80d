// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "gsteer/group/concepts.hpp"
#include "gsteer/group/plane.hpp"

namespace gsteer {

/// The dihedral group D_N: the rotations of C_N and the reflections r^k f, 2 N elements. D_1 is a
/// single reflection.
///
/// The element (j, k) is r^k f^j, first the reflection f: x -> -x, then the rotation by 2 pi k / N;
/// f r = r^-1 f.
///
/// Real irreps, all of type R: (0, 0) trivial; (1, 0) the sign of f; for 0 < k < N/2, (1, k) of
/// size 2, in which r is R(2 pi k / N) and f is diag(1, -1); for even N, (0, N/2) and (1, N/2), in
/// which r is -1 and f is 1 or -1. (Serre, section 5.3.)
template <int N>
struct dihedral : plane_irreps<N, true> {
  static_assert(N >= 1, "gsteer: D_N has N >= 1 rotations");

  static constexpr int order = 2 * N;
  static std::string name() { return std::string("D").append(std::to_string(N)); }

  struct element {
    int flip = 0;   ///< j; those that differ by 2 are one element
    int turns = 0;  ///< k; those that differ by N are one element
    friend constexpr bool operator==(element g, element h) { return index_of(g) == index_of(h); }
    /// r^a f^i r^b f^j = r^(a + (-1)^i b) f^(i + j).
    friend constexpr element operator*(element g, element h) {
      g = g.reduced(), h = h.reduced();
      return {(g.flip + h.flip) % 2, (g.turns + (g.flip ? N - h.turns : h.turns)) % N};
    }
    /// The same with flip 0 or 1 and turns in [0, N).
    constexpr element reduced() const {
      return {detail::modulo(flip, 2), detail::modulo(turns, N)};
    }
  };

  static constexpr element identity() { return {}; }
  static constexpr element inverse(element g) {
    g = g.reduced();
    return {g.flip, g.flip ? g.turns : (N - g.turns) % N};
  }
  static constexpr element element_at(int i) { return {i / N, i % N}; }
  static constexpr int index_of(element g) {
    g = g.reduced();
    return g.flip * N + g.turns;
  }
  static std::vector<element> generators() { return {{0, 1 % N}, {1, 0}}; }
  static element sample(Rng& rng) { return element_at(rng.below(order)); }
  static haar_quadrature_rule<dihedral> haar_quadrature(int) { return all_elements<dihedral>(); }

  static plane_element plane(element g) {
    g = g.reduced();
    return {g.flip, static_cast<double>(g.turns) / N};
  }
  /// The element nearest to an element of O(2).
  static element from_plane(plane_element g) {
    return element{g.flip, static_cast<int>(std::lround(g.turns * N))}.reduced();
  }

  static Eigen::Matrix2d action(element g) { return plane_action(plane(g)); }
  static Eigen::MatrixXd irrep_matrix(irrep_label label, element g) {
    return dihedral::matrix_of(label, plane(g));
  }
};

template <int N>
inline constexpr dihedral<N> D{};

static_assert(finite_group<dihedral<1>> && finite_group<dihedral<8>>);

}  // namespace gsteer
