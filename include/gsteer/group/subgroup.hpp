// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <optional>
#include <vector>

#include "gsteer/group/concepts.hpp"
#include "gsteer/group/plane.hpp"

namespace gsteer {

/// A group of the plane that is one of C_N, D_N, SO(2), O(2), standing in O(2) in the standard way.
template <class G>
concept plane_group = group<G> && requires(const typename G::element& g) {
  { G::plane(g) } -> std::same_as<plane_element>;
  { G::from_plane(plane_element{}) } -> std::same_as<typename G::element>;
  { G::symmetry } -> std::convertible_to<plane_symmetry>;
};

/// How H lies in G. Defined for the groups of the plane that contain each other; specialize it for
/// a group of your own:
/// - map(h): the element of G that h is; a homomorphism that keeps the action on space
/// - pull_back(g): the h with map(h) = g, if there is one
/// - branch(label): the irreps of H into which an irrep of G falls apart
/// - index: the number of cosets g H, 0 if infinite
template <class H, class G>
struct embedding {
  static constexpr bool exists = false;
};

template <plane_group H, plane_group G>
requires(G::symmetry.contains(H::symmetry)) struct embedding<H, G> {
  static constexpr bool exists = true;

  static typename G::element map(const typename H::element& h) {
    return G::from_plane(H::plane(h));
  }

  static std::optional<typename H::element> pull_back(const typename G::element& g) {
    const plane_element p = G::plane(g);
    if (p.flip && !H::symmetry.reflection) return std::nullopt;
    const double turns = p.turns * H::symmetry.rotations;
    if (std::abs(turns - std::nearbyint(turns)) > 1e-9) return std::nullopt;
    return H::from_plane(p);
  }

  static constexpr irrep_content branch(irrep_label label) {
    return plane::restrict_to(H::symmetry, plane::irrep(G::symmetry, label));
  }

  static constexpr int index = [] {
    const int sheets = G::symmetry.reflection && !H::symmetry.reflection ? 2 : 1;
    if constexpr (G::symmetry.rotations == H::symmetry.rotations)
      return sheets;
    else
      return sheets * G::symmetry.rotations / H::symmetry.rotations;
  }();
};

template <class H, class G>
concept subgroup_of = group<H> && group<G> && embedding<H, G>::exists;

/// One element of each coset g H, the identity first, in the order of the elements of G.
template <class H, class G>
requires subgroup_of<H, G> &&
    (embedding<H, G>::index > 0) std::vector<typename G::element> coset_representatives() {
  std::vector<typename G::element> found;
  const auto is_new = [&](const typename G::element& g) {
    for (const auto& t : found)
      if (embedding<H, G>::pull_back(G::inverse(t) * g)) return false;
    return true;
  };
  if constexpr (G::order > 0) {
    for (int i = 0; i < G::order; ++i)
      if (is_new(G::element_at(i))) found.push_back(G::element_at(i));
  } else {  // of finite index in a continuous group: itself, or SO(2) in O(2)
    for (const auto& [g, weight] : G::haar_quadrature(0))
      if (is_new(g)) found.push_back(g);
  }
  return found;
}

}  // namespace gsteer
