// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <numbers>
#include <optional>
#include <type_traits>

#include "gsteer/group/orthogonal3.hpp"
#include "gsteer/group/subgroup.hpp"

namespace gsteer {

/// SO(3) in O(3): the elements that do not invert.
template <>
struct embedding<special_orthogonal<3>, orthogonal<3>> {
  static constexpr bool exists = true;
  static constexpr int index = 2;

  static constexpr orthogonal<3>::element map(const rotation& h) { return {h, 0}; }
  static constexpr std::optional<rotation> pull_back(const orthogonal<3>::element& g) {
    if (g.inverted) return std::nullopt;
    return g.proper;
  }
  static constexpr irrep_content branch(irrep_label label) {
    irrep_content content;
    content.add({0, label.frequency}, 1);
    return content;
  }
};

namespace detail {

/// A group of the plane in a group of space: rotations turn about the z axis and act on (x, y) as
/// in the plane. So does the reflection f; in O(3) it keeps z, which makes it the mirror
/// diag(-1, 1, 1), in SO(3) it reverses z, which makes it the rotation by pi about y.
template <class H, class G>
struct plane_in_space {
  static constexpr bool exists = true;
  static constexpr int index = 0;
  static constexpr bool is_mirror = std::is_same_v<G, orthogonal<3>>;

  static typename G::element map(const typename H::element& h) {
    const plane_element p = H::plane(h);
    const double half = std::numbers::pi * (p.turns - std::nearbyint(p.turns));
    const rotation turn{std::cos(half), 0, 0, std::sin(half)};
    if constexpr (is_mirror)  // diag(-1, 1, 1) is -1 times the rotation by pi about x
      return {p.flip ? turn * rotation{0, 1, 0, 0} : turn, p.flip};
    else
      return p.flip ? turn * rotation{0, 0, 1, 0} : turn;
  }

  static std::optional<typename H::element> pull_back(const typename G::element& g) {
    const Eigen::Matrix3d a = G::action(g);
    const int flip = a(0, 0) * a(1, 1) - a(0, 1) * a(1, 0) < 0 ? 1 : 0;
    if (flip && !H::symmetry.reflection) return std::nullopt;
    if (std::hypot(a(2, 0), a(2, 1)) > 1e-9 || (a(2, 2) < 0) != (flip && !is_mirror))
      return std::nullopt;
    // The second column, which f leaves alone, is (-sin, cos).
    const double fraction = std::atan2(-a(0, 1), a(1, 1)) / (2 * std::numbers::pi);
    const double turns = fraction * H::symmetry.rotations;
    if (std::abs(turns - std::nearbyint(turns)) > 1e-9) return std::nullopt;
    return H::from_plane({flip, fraction});
  }

  /// D^l holds each weight m = 0, ..., l about z once. That of m = 0 is a polynomial in z of degree
  /// l and of its parity. f keeps or reverses z, and where parity is not that of degree l, changes
  /// the sign if it is a mirror.
  static constexpr irrep_content branch(irrep_label label) {
    const auto [parity, l] = label;
    const bool odd = (is_mirror ? l + parity : l) % 2 != 0;
    irrep_content content;
    for (int m = 0; m <= l; ++m)
      for (const auto& part : plane::restrict_to(
               H::symmetry, plane::factor{m, m == 0 ? 1 : 2, m == 0 && odd ? -1 : 1}))
        content.add(part.label, part.copies);
    return content;
  }
};

}  // namespace detail

/// C_N, SO(2), D_N, O(2) in O(3): about the z axis, f the mirror diag(-1, 1, 1).
template <plane_group H>
struct embedding<H, orthogonal<3>> : detail::plane_in_space<H, orthogonal<3>> {};

/// C_N, SO(2), D_N, O(2) in SO(3): about the z axis, f the rotation by pi about y.
template <plane_group H>
struct embedding<H, special_orthogonal<3>> : detail::plane_in_space<H, special_orthogonal<3>> {};

}  // namespace gsteer
