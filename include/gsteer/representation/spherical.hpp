// SPDX-License-Identifier: MIT
#pragma once

#include <type_traits>

#include "gsteer/group/orthogonal2.hpp"
#include "gsteer/group/subgroup3.hpp"
#include "gsteer/representation/band_limited_quotient.hpp"

namespace gsteer {

namespace detail {

/// What leaves a point of the sphere, the pole (0, 0, 1), where it is.
template <class G>
struct pole_of {
  static_assert(!std::is_same_v<G, G>,
                "gsteer: spherical<G, L> are the functions on the sphere on which G = SO<3> or "
                "G = O<3> acts; for a subgroup restrict them: restrict_to<octahedral>(...)");
};
template <>
struct pole_of<special_orthogonal<3>> {
  using stabilizer = special_orthogonal<2>;
};
template <>
struct pole_of<orthogonal<3>> {
  using stabilizer = orthogonal<2>;
};

}  // namespace detail

/// The functions on the sphere of degree <= L, as coefficients of spherical harmonics in e3nn's
/// order, (L + 1)^2 channels. Each degree l occurs once, in O(3) with the parity (-1)^l of
/// harmonics: 0e + 1o + 2e + 3o + ... in e3nn's notation.
template <group G, int L>
using spherical_of = band_limited_quotient_of<G, typename detail::pole_of<G>::stabilizer, L>;

/// One field of functions on the sphere: spherical<SO<3>, 4>, 8 * spherical<O<3>, 2>.
template <auto G, int L>
inline constexpr representation<spherical_of<group_of<G>, L>> spherical{{1}};

}  // namespace gsteer
