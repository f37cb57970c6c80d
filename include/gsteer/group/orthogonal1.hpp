// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <string>
#include <vector>

#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/dihedral.hpp"
#include "gsteer/group/orthogonal.hpp"
#include "gsteer/group/subgroup.hpp"

namespace gsteer {

namespace detail {

/// A group of the line as an abstract group, H: its elements and irreps. The harmonics of the line
/// are 1 and the sign of x, on which a reflection acts as on the irrep (1, 0); there are none of
/// degree 2 or more.
template <class H>
struct line_group : H {
  using element = typename H::element;

  static constexpr int dimension = 1;

  static Eigen::Matrix<double, 1, 1> action(const element& g) {
    return Eigen::Matrix<double, 1, 1>::Constant(H::plane(g).flip ? -1 : 1);
  }

  static constexpr int kernel_multiplicity(int l, irrep_label out, irrep_label in) {
    if (l > 1) return 0;
    return H::multiplicity({H::symmetry.reflection ? l : 0, 0}, out, in);
  }
  static std::vector<invariant_tensor> kernel_invariants(int l, irrep_label out, irrep_label in) {
    if (l > 1) return {};
    return H::invariants({H::symmetry.reflection ? l : 0, 0}, out, in);
  }
  // What H has of these is for the plane.
  static void plane(const element&) = delete;
  static void from_plane(plane_element) = delete;
};

}  // namespace detail

/// SO(1): the trivial group, on the line. For signals without a symmetry but translations.
template <>
struct special_orthogonal<1> : detail::line_group<cyclic<1>> {
  static std::string name() { return "SO(1)"; }
};

/// O(1): the reflection x -> -x of the line, and the identity. Irreps as those of D_1, of size 1:
/// (0, 0) trivial, (1, 0) the sign.
template <>
struct orthogonal<1> : detail::line_group<dihedral<1>> {
  static std::string name() { return "O(1)"; }
};

template <>
struct embedding<special_orthogonal<1>, orthogonal<1>> : embedding<cyclic<1>, dihedral<1>> {};
template <>
struct embedding<orthogonal<1>, orthogonal<1>> : embedding<dihedral<1>, dihedral<1>> {};
template <>
struct embedding<special_orthogonal<1>, special_orthogonal<1>> : embedding<cyclic<1>, cyclic<1>> {};

static_assert(finite_group<special_orthogonal<1>> && finite_group<orthogonal<1>>);

}  // namespace gsteer
