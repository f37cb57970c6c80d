// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <optional>
#include <string>
#include <type_traits>

#include "gsteer/group/orthogonal3.hpp"
#include "gsteer/group/subgroup3.hpp"

namespace gsteer {

/// A group of the plane that acts on R^3, as it lies in G, SO(3) or O(3): about the z axis, on (x,
/// y) as on the plane; its reflection f reverses z in SO(3), where it is the rotation by pi about
/// y, and keeps it in O(3), where it is the mirror diag(-1, 1, 1). D_N in O(3) are the symmetries
/// of a pyramid, called C_Nv. Elements and irreps are those of H.
template <plane_group H, class G = special_orthogonal<3>>
struct axial : H {
  static_assert(std::is_same_v<G, special_orthogonal<3>> || std::is_same_v<G, orthogonal<3>>,
                "gsteer: an axial group lies in SO(3) or O(3)");
  using element = typename H::element;

  static constexpr int dimension = 3;
  static constexpr bool is_mirror = H::symmetry.reflection && std::is_same_v<G, orthogonal<3>>;
  static std::string name() {
    return H::name().append(is_mirror ? " about z, f a mirror" : " about z");
  }

  static Eigen::Matrix3d action(const element& h) {
    const Eigen::Matrix2d turn = H::action(h);
    Eigen::Matrix3d a = Eigen::Matrix3d::Identity();
    for (int i = 0; i < 2; ++i)
      for (int j = 0; j < 2; ++j) a(i, j) = turn(i, j);
    if (!is_mirror && H::plane(h).flip) a(2, 2) = -1;
    return a;
  }

  static constexpr int kernel_multiplicity(int l, irrep_label out, irrep_label in) {
    int count = 0;
    for (const auto& part : embedding<H, G>::branch(G::harmonic(l)))
      count += part.copies * H::multiplicity(part.label, out, in);
    return count;
  }
  // What H has of these is for the plane.
  static void kernel_invariants(int, irrep_label, irrep_label) = delete;
  static void plane(const element&) = delete;
  static void from_plane(plane_element) = delete;
};

/// about_z<C<4>>, about_z<D<4>> in which f is a half turn, about_z<D<4>, O<3>> in which it is a
/// mirror, about_z<SO<2>>, ...
template <auto H, auto G = SO<3>>
inline constexpr axial<std::remove_cvref_t<decltype(H)>, std::remove_cvref_t<decltype(G)>>
    about_z{};

/// In the group in which it lies.
template <plane_group H, class G>
struct embedding<axial<H, G>, G> : embedding<H, G> {};

/// In O(3), without reflections.
template <plane_group H>
struct embedding<axial<H>, orthogonal<3>> {
  using inner = embedding<H, special_orthogonal<3>>;
  using outer = embedding<special_orthogonal<3>, orthogonal<3>>;
  static constexpr bool exists = true;
  static constexpr int index = 0;

  static orthogonal<3>::element map(const typename H::element& h) {
    return outer::map(inner::map(h));
  }
  static std::optional<typename H::element> pull_back(const orthogonal<3>::element& g) {
    const auto proper = outer::pull_back(g);
    return proper ? inner::pull_back(*proper) : std::nullopt;
  }
  static constexpr irrep_content branch(irrep_label label) {
    return inner::branch({0, label.frequency});
  }
};

/// One in another, in the same space, as on the plane.
template <plane_group H, plane_group K, class G>
requires(subgroup_of<H, K>) struct embedding<axial<H, G>, axial<K, G>> : embedding<H, K> {
};

}  // namespace gsteer
