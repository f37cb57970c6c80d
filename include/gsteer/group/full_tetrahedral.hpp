// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <optional>
#include <string>

#include "gsteer/group/polyhedral.hpp"
#include "gsteer/group/subgroup_polyhedral.hpp"

namespace gsteer {

/// T_d, all symmetries of the tetrahedron: the rotations T, and the other rotations of the cube
/// times the inversion, which makes mirrors of half turns. Elements, products and irreps are those
/// of O; only the action differs, by the sign A2(g), irrep 4, and with it what harmonics of odd
/// degree are.
struct full_tetrahedral_group : polyhedral<solid::octahedron> {
  using rotations_of_cube = polyhedral<solid::octahedron>;

  static std::string name() { return "Td"; }

  /// g is the rotation proper(g), times -1 if inverted(g).
  static bool inverted(element g) { return irrep_matrix({0, 4}, g)(0, 0) < 0; }
  /// The element of these two, if there is one, to 1e-9.
  static std::optional<element> find(const rotation& proper, bool is_inverted = false) {
    const auto g = rotations_of_cube::find(proper);
    return g && inverted(*g) == is_inverted ? g : std::nullopt;
  }

  static Eigen::Matrix3d action(element g) {
    Eigen::Matrix3d a = rotations_of_cube::action(g);
    if (inverted(g))
      for (int i = 0; i < 9; ++i) a.data()[i] = -a.data()[i];
    return a;
  }

  /// The irreps of a representation of O_h that holds the inversion as 1, or as -1 if it is odd,
  /// and has the character chi on the rotations.
  static constexpr irrep_content content(detail::class_function chi, bool is_odd) {
    const auto& sign = characters().irreps[4].character;
    for (std::size_t c = 0; is_odd && c < chi.size(); ++c) chi[c] = chi[c] * sign[c];
    return characters().content(chi, 0);
  }
  static constexpr int kernel_multiplicity(int l, irrep_label out, irrep_label in) {
    int count = 0;
    for (const auto& part : content(characters().harmonic_character(l), l % 2 != 0))
      count += part.copies * multiplicity(part.label, out, in);
    return count;
  }
};

/// T_d.
inline constexpr full_tetrahedral_group full_tetrahedral{};

/// In O(3).
template <>
struct embedding<full_tetrahedral_group, orthogonal<3>>
    : detail::polyhedral_in_space<full_tetrahedral_group, orthogonal<3>> {
  static constexpr irrep_content branch(irrep_label label) {
    using H = full_tetrahedral_group;
    return H::content(H::characters().harmonic_character(label.frequency), label.parity == 1);
  }
};

/// In O_h.
template <>
struct embedding<full_tetrahedral_group, polyhedral<solid::octahedron, true>> {
  using H = full_tetrahedral_group;
  using G = polyhedral<solid::octahedron, true>;
  static constexpr bool exists = true;
  static constexpr int index = 2;

  static G::element map(H::element h) { return *G::find(H::proper(h), H::inverted(h)); }
  static std::optional<H::element> pull_back(G::element g) {
    return H::find(G::proper(g), G::inverted(g));
  }
  static constexpr irrep_content branch(irrep_label label) {
    return H::content(H::characters().irreps[static_cast<std::size_t>(label.frequency)].character,
                      label.parity == 1);
  }
};

/// T in T_d, the elements that are rotations, as it is in O.
template <>
struct embedding<polyhedral<solid::tetrahedron>, full_tetrahedral_group>
    : embedding<polyhedral<solid::tetrahedron>, polyhedral<solid::octahedron>> {};

static_assert(finite_group<full_tetrahedral_group>);

}  // namespace gsteer
