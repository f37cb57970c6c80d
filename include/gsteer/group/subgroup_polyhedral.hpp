// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <type_traits>

#include "gsteer/group/axial.hpp"
#include "gsteer/group/orthogonal3.hpp"
#include "gsteer/group/polyhedral.hpp"
#include "gsteer/group/subgroup.hpp"
#include "gsteer/group/subgroup3.hpp"

namespace gsteer {

namespace detail {

/// A polyhedral group in SO(3) or O(3): the elements are what they do to points.
template <class H, class G>
struct polyhedral_in_space {
  static constexpr bool exists = true;
  static constexpr int index = 0;

  static typename G::element map(typename H::element h) {
    if constexpr (std::is_same_v<G, orthogonal<3>>)
      return {H::proper(h), H::inverted(h) ? 1 : 0};
    else
      return H::proper(h);
  }
  static std::optional<typename H::element> pull_back(const typename G::element& g) {
    if constexpr (std::is_same_v<G, orthogonal<3>>)
      return H::find(g.proper, g.inverted != 0);
    else
      return H::find(g);
  }
  static constexpr irrep_content branch(irrep_label label) {
    const int parity = H::order > H::rotations ? label.parity : 0;
    return H::characters().content(H::characters().harmonic_character(label.frequency), parity);
  }
};

}  // namespace detail

/// T, O, I in SO(3).
template <solid S>
struct embedding<polyhedral<S, false>, special_orthogonal<3>>
    : detail::polyhedral_in_space<polyhedral<S, false>, special_orthogonal<3>> {};

/// T, O, I, T_h, O_h, I_h in O(3).
template <solid S, bool Inversion>
struct embedding<polyhedral<S, Inversion>, orthogonal<3>>
    : detail::polyhedral_in_space<polyhedral<S, Inversion>, orthogonal<3>> {};

/// Each in itself, T in O and in I, and all of these with the inversion, or with it in the larger
/// group only.
template <solid A, bool I, solid B, bool J>
requires((A == B || A == solid::tetrahedron) &&
         (J || !I)) struct embedding<polyhedral<A, I>, polyhedral<B, J>> {
  using H = polyhedral<A, I>;
  using G = polyhedral<B, J>;
  static constexpr bool exists = true;
  static constexpr int index = G::order / H::order;

  static typename G::element map(typename H::element h) {
    return *G::find(H::proper(h), H::inverted(h));
  }
  static std::optional<typename H::element> pull_back(typename G::element g) {
    return H::find(G::proper(g), G::inverted(g));
  }
  static constexpr irrep_content branch(irrep_label label) {
    const auto& chi = G::characters().irreps[static_cast<std::size_t>(label.frequency)].character;
    return H::characters().content(A == B ? chi : H::characters().restricted(chi, G::characters()),
                                   I ? label.parity : 0);
  }
};

namespace detail {

/// A group of the plane in a polyhedral group G.
template <class H, class G>
struct plane_in_polyhedral {
  static constexpr int N = H::symmetry.rotations;
  static constexpr bool is_mirror = G::order > G::rotations;
  using space = std::conditional_t<is_mirror, orthogonal<3>, special_orthogonal<3>>;

  static constexpr bool exists = true;
  static constexpr int index = G::order / H::order;

  static typename G::element map(const typename H::element& h) {
    if constexpr (N == 3 || N == 5) {
      // Of the generators of the rotations the first turns by fifths in I, the second by thirds.
      const auto turn = G::generators()[N == 3 ? 1 : 0];
      auto g = G::identity();
      for (int k = H::index_of(h); k > 0; --k) g = g * turn;
      return g;
    } else {
      return *embedding<G, space>::pull_back(embedding<H, space>::map(h));
    }
  }
  static std::optional<typename H::element> pull_back(typename G::element g) {
    for (int i = 0; i < H::order; ++i)
      if (map(H::element_at(i)) == g) return H::element_at(i);
    return std::nullopt;
  }

  /// The mean of the product of the characters, over the turns r^k and the r^k f; these are half
  /// turns about axes in the (x, y) plane, times the inversion if f is a mirror. The character of
  /// an irrep of H of weight m is, for size 1, cos(2 pi k m / N), and the same with the sign of f;
  /// for size 2 it is twice that, and 0.
  static constexpr irrep_content branch(irrep_label label) {
    const auto& chi = G::characters().irreps[static_cast<std::size_t>(label.frequency)].character;
    irrep_content content;
    for (const auto& item : H::irreps_up_to(N)) {
      const auto psi = plane::irrep(H::symmetry, item.label);
      golden_integer sum;  // of twice the products
      for (int k = 0; k < N; ++k) {
        const golden_integer twice = twice_cosine(k * psi.weight, N) * psi.size;
        sum = sum + twice * at_turn(chi, k);
        if (H::symmetry.reflection && psi.size == 1)
          sum = sum + twice * at_half_turn(chi, k) *
                          (is_mirror && label.parity == 1 ? -psi.sign : psi.sign);
      }
      content.add(item.label,
                  sum.a / (2 * H::order * endomorphism_dimension(H::type_of_irrep(item.label))));
    }
    return content;
  }

 private:
  /// chi of r^k. Of half turns the first class is that about an axis of coordinates.
  static constexpr golden_integer at_turn(const class_function& chi, int k) {
    const auto& table = G::characters();
    for (std::size_t c = 0; c < static_cast<std::size_t>(table.size); ++c)
      if (table.classes[c].turns * N == (2 * k > N ? N - k : k) * table.classes[c].fold)
        return chi[c];
    throw Error("gsteer: a turn that is not in the group");
  }
  /// chi of r^k f without inversion. The axis of f is one of coordinates, and turns about z by k
  /// times half of 1 / N: for odd k of C_4 it lies between two axes.
  static constexpr golden_integer at_half_turn(const class_function& chi, int k) {
    return chi[N == 4 && k % 2 != 0 ? 2 : 1];
  }
};

/// Whether C_N is in a group of rotations.
constexpr bool has_turns(const character_table& table, int N) {
  for (const auto& c : table.classes)
    if (c.elements > 0 && c.fold == N) return true;
  return false;
}

}  // namespace detail

/// C_N in all of these groups that turn by 1 / N, and D_1, D_2, D_4 with them. C_1, C_2 and C_4 are
/// about the z axis; f is the rotation by pi about y or, in a group that inverts, the mirror
/// diag(-1, 1, 1), as it is in SO(3) and in O(3). C_3 is about (1, 1, 1) and C_5 about (1, phi, 0),
/// hence quotient<icosahedral, C<5>> has a channel for each vertex of the icosahedron and
/// quotient<icosahedral, C<3>> one for each face; only these two do not act on (x, y) as on the
/// plane.
template <plane_group H, solid S, bool Inversion>
requires(H::order > 0 && detail::has_turns(detail::characters_of(S), H::symmetry.rotations) &&
         (!H::symmetry.reflection || H::symmetry.rotations % 2 == 0 ||
          H::symmetry.rotations == 1)) struct embedding<H, polyhedral<S, Inversion>>
    : detail::plane_in_polyhedral<H, polyhedral<S, Inversion>> {
};

/// The same about the z axis as groups of R^3: about_z<C<4>> and about_z<D<4>> in O, in which f is
/// a half turn, and about_z<D<4>, O<3>> in O_h, in which it is a mirror.
template <plane_group H, class Space, solid S, bool Inversion>
requires(Inversion == std::is_same_v<Space, orthogonal<3>> && H::order > 0 &&
         (H::symmetry.rotations == 1 || H::symmetry.rotations % 2 == 0) &&
         detail::has_turns(
             detail::characters_of(S),
             H::symmetry.rotations)) struct embedding<axial<H, Space>, polyhedral<S, Inversion>>
    : detail::plane_in_polyhedral<H, polyhedral<S, Inversion>> {
};

}  // namespace gsteer
