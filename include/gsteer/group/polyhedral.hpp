// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "gsteer/group/concepts.hpp"
#include "gsteer/group/polyhedral_characters.hpp"
#include "gsteer/group/polyhedral_table.hpp"
#include "gsteer/kernel/harmonics3.hpp"
#include "gsteer/representation/clebsch_gordan.hpp"

namespace gsteer {

/// The rotations of space that map a Platonic solid to itself: T of the tetrahedron (12), O of the
/// octahedron and cube (24), I of the icosahedron and dodecahedron (60). With `Inversion` also
/// their products with the inversion x -> -x, which commutes with them: T_h, O_h, I_h, of which the
/// latter two are all symmetries of their solids. The axes of coordinates are axes of half turns,
/// in O of quarter turns; (1, 1, 1) is one of thirds of a turn, and in I (1, phi, 0) one of fifths.
///
/// Elements are numbered, the rotations in the order in which polyhedral_table.hpp finds them, then
/// their products with the inversion.
///
/// Real irreps (p, i): p = 1 odd under the inversion as in O(3), and i the number of an irrep of
/// the rotations, ordered by the lowest degree l of harmonics that hold it:
/// - T: 0 A, 1 T, 2 E of sizes 1, 3, 2 in l = 0, 1, 2; E is of type C, the others of type R;
/// - O: 0 A1, 1 T1, 2 E, 3 T2, 4 A2 of sizes 1, 3, 2, 3, 1 in l = 0, 1, 2, 2, 3, all of type R;
/// - I: 0 A, 1 T1, 2 H, 3 T2, 4 G of sizes 1, 3, 5, 3, 4 in l = 0, 1, 2, 3, 3, all of type R.
///
/// Each is the part of wigner_d(l, g) that it names, in an orthonormal basis of harmonics, so that
/// 1 is how points are rotated.
template <solid S, bool Inversion = false>
struct polyhedral {
  static constexpr int rotations = detail::characters_of(S).order();
  static constexpr int order = Inversion ? 2 * rotations : rotations;
  static constexpr int dimension = 3;
  static std::string name() {
    std::string symbol(1, "TOI"[static_cast<int>(S)]);
    return Inversion ? symbol.append("h") : symbol;
  }

  struct element {
    int index = 0;  ///< in [0, order)
    friend constexpr bool operator==(element, element) = default;
    element operator*(element h) const {
      return of(table().product(index % rotations, h.index % rotations),
                inverted(*this) != inverted(h));
    }
  };

  static constexpr element identity() { return {}; }
  static element inverse(element g) {
    return of(table().inverses[static_cast<std::size_t>(g.index % rotations)], inverted(g));
  }
  static constexpr element element_at(int i) { return {i}; }
  static constexpr int index_of(element g) { return g.index; }
  static std::vector<element> generators() {
    std::vector<element> found;
    for (const int g : table().generators) found.push_back({g});
    if (Inversion) found.push_back(of(0, true));
    return found;
  }
  static element sample(Rng& rng) { return {rng.below(order)}; }
  static haar_quadrature_rule<polyhedral> haar_quadrature(int) {
    return all_elements<polyhedral>();
  }

  /// g is the rotation proper(g), times -1 if inverted(g).
  static const rotation& proper(element g) {
    return table().rotations[static_cast<std::size_t>(g.index % rotations)];
  }
  static constexpr bool inverted(element g) { return g.index >= rotations; }
  /// The element of these two, if there is one, to 1e-9.
  static std::optional<element> find(const rotation& proper, bool inverted = false) {
    const int g = table().find(proper);
    if (g < 0 || (inverted && !Inversion)) return std::nullopt;
    return of(g, inverted);
  }

  static Eigen::Matrix3d action(element g) {
    Eigen::Matrix3d a = proper(g).matrix();
    if (inverted(g))
      for (int i = 0; i < 9; ++i) a.data()[i] = -a.data()[i];
    return a;
  }

  static constexpr bool has_irrep(irrep_label label) {
    return label.frequency >= 0 && label.frequency < characters().size && label.parity >= 0 &&
           label.parity <= (Inversion ? 1 : 0);
  }
  static constexpr int irrep_size(irrep_label label) { return irrep(label).character[0].a; }
  static constexpr irrep_type type_of_irrep(irrep_label label) { return irrep(label).type; }
  static constexpr irrep_content irreps_up_to(int) {
    irrep_content all;
    for (int i = 0; i < characters().size; ++i)
      for (int parity = 0; parity <= (Inversion ? 1 : 0); ++parity) all.add({parity, i}, 1);
    return all;
  }
  static Eigen::MatrixXd irrep_matrix(irrep_label label, element g) {
    Eigen::MatrixXd m = table().irreps[static_cast<std::size_t>(label.frequency)]
                                      [static_cast<std::size_t>(g.index % rotations)];
    if (inverted(g) && label.parity)
      for (Eigen::Index i = 0; i < m.size(); ++i) m.data()[i] = -m.data()[i];
    return m;
  }

  static constexpr int multiplicity(irrep_label a, irrep_label b, irrep_label c) {
    if ((a.parity + b.parity + c.parity) % 2 != 0) return 0;
    return characters().mean(irrep(a).character, irrep(b).character, irrep(c).character);
  }
  static constexpr int kernel_multiplicity(int l, irrep_label out, irrep_label in) {
    if (Inversion && (l + out.parity + in.parity) % 2 != 0) return 0;
    return characters().mean(characters().harmonic_character(l), irrep(out).character,
                             irrep(in).character);
  }

  /// The inversion allows all that the rotations do, or nothing.
  static std::vector<invariant_tensor> invariants(irrep_label a, irrep_label b,
                                                  irrep_label c) requires(Inversion) {
    if ((a.parity + b.parity + c.parity) % 2 != 0) return {};
    return clebsch_gordan<polyhedral<S>>({0, a.frequency}, {0, b.frequency}, {0, c.frequency});
  }
  static std::vector<invariant_tensor> kernel_invariants(int l, irrep_label out,
                                                         irrep_label in) requires(Inversion) {
    if ((l + out.parity + in.parity) % 2 != 0) return {};
    return gsteer::kernel_invariants<polyhedral<S>>(l, {0, out.frequency}, {0, in.frequency});
  }

  /// The characters of the rotations.
  static constexpr const detail::character_table& characters() { return detail::characters_of(S); }

 private:
  static constexpr const detail::polyhedral_irrep& irrep(irrep_label label) {
    return characters().irreps[static_cast<std::size_t>(label.frequency)];
  }
  static const detail::rotation_table& table() { return detail::rotations_of<S>(); }
  static constexpr element of(int rotation, bool inverted) {
    return {inverted ? rotation + rotations : rotation};
  }
};

/// T, O and I.
inline constexpr polyhedral<solid::tetrahedron> tetrahedral{};
inline constexpr polyhedral<solid::octahedron> octahedral{};
inline constexpr polyhedral<solid::icosahedron> icosahedral{};
/// T_h, O_h and I_h.
inline constexpr polyhedral<solid::tetrahedron, true> pyritohedral{};
inline constexpr polyhedral<solid::octahedron, true> full_octahedral{};
inline constexpr polyhedral<solid::icosahedron, true> full_icosahedral{};

static_assert(finite_group<polyhedral<solid::octahedron>>);
static_assert(finite_group<polyhedral<solid::icosahedron, true>>);

}  // namespace gsteer
