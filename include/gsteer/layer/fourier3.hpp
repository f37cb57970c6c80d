// SPDX-License-Identifier: MIT
#pragma once

#include <type_traits>
#include <utility>

#include "gsteer/group/orthogonal3.hpp"
#include "gsteer/group/sphere_grid.hpp"
#include "gsteer/layer/fourier.hpp"
#include "gsteer/representation/spherical.hpp"

// FourierPointwise of functions on SO(3), on O(3), on their quotients and on the sphere, with a
// grid in place of the number of samples:
//   FourierPointwise<8 * band_limited<SO<3>, 2>, icosahedral_grid(4)>
//   FourierPointwise<8 * spherical<O<3>, 3>, octahedral_grid(6)>
// The grid must be exact to twice the frequency, so that linear functions f come through unchanged.
// The layer commutes exactly with the rotations that map the grid to itself (an octahedral one: all
// symmetries of a lattice of voxels), with the others up to aliasing, which falls as the degree
// grows.

namespace gsteer {

namespace detail {

/// Whether turns about the pole change nothing, so that the points of a grid are enough.
template <class Field>
inline constexpr bool is_on_sphere = [] {
  if constexpr (requires { Field::is_sphere; })
    return Field::is_sphere;
  else
    return false;
}();

/// The rotations of a grid; its points for functions on the sphere.
template <>
struct fourier_sampling<special_orthogonal<3>, sphere_grid> {
  static constexpr bool exists = true;
  static constexpr int degree(sphere_grid grid) { return grid.degree; }
  template <class Field>
  static haar_quadrature_rule<special_orthogonal<3>> rule(sphere_grid grid) {
    return is_on_sphere<Field> ? sphere_quadrature(grid) : rotation_quadrature(grid);
  }
};

/// The same on both sheets; on the sphere O(3) / O(2) one is enough, because O(2) reflects.
template <>
struct fourier_sampling<orthogonal<3>, sphere_grid> {
  static constexpr bool exists = true;
  static constexpr int degree(sphere_grid grid) { return grid.degree; }
  template <class Field>
  static haar_quadrature_rule<orthogonal<3>> rule(sphere_grid grid) {
    // The inversion changes sign of the functions 0o, which are there if nothing of H reflects.
    constexpr int sheets = is_on_sphere<Field> && Field::content().copies({1, 0}) == 0 ? 1 : 2;
    haar_quadrature_rule<orthogonal<3>> elements;
    for (int inverted = 0; inverted < sheets; ++inverted)
      for (const auto& [g, weight] :
           fourier_sampling<special_orthogonal<3>, sphere_grid>::rule<Field>(grid))
        elements.emplace_back(orthogonal<3>::element{g, inverted}, weight / sheets);
    return elements;
  }
};

}  // namespace detail

/// See inverse_fourier_transform: the values at the samples of a grid, one a row. Where these are,
/// sphere_quadrature and rotation_quadrature say.
template <band_limited_field Field>
Eigen::MatrixXd inverse_fourier_transform(sphere_grid grid) {
  using sampling = detail::fourier_sampling<typename Field::group, sphere_grid>;
  return inverse_fourier_transform<Field>(sampling::template rule<Field>(grid));
}

/// See fourier_transform: from values at the samples of a grid to coefficients.
template <band_limited_field Field>
Eigen::MatrixXd fourier_transform(sphere_grid grid) {
  using sampling = detail::fourier_sampling<typename Field::group, sphere_grid>;
  return fourier_transform<Field>(sampling::template rule<Field>(grid));
}

}  // namespace gsteer
