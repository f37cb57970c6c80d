// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <utility>
#include <vector>

#include "gsteer/core/error.hpp"
#include "gsteer/group/gauss_legendre.hpp"
#include "gsteer/group/polyhedral_table.hpp"
#include "gsteer/group/rotation.hpp"

namespace gsteer {

namespace detail {

/// The points into which the rotations of a solid take (x, y, z), which is of any length; `fold` of
/// them leave it where it is. `weight` is that of one point.
struct sphere_orbit {
  double x = 0, y = 0, z = 0;
  int fold = 0;
  double weight = 0;
};

/// Orbits that together are exact to `degree`, and how many turns about a point that takes on the
/// group: see sphere_grid.
struct orbit_rule {
  int degree, turns;
  std::array<sphere_orbit, 4> orbits;

  /// As many turns as the rule takes, rounded up so that those that keep the point are among them.
  constexpr int turns_about(const sphere_orbit& orbit) const {
    return (turns + orbit.fold - 1) / orbit.fold * orbit.fold;
  }
};

/// (Lebedev, USSR Comp. Math. and Math. Phys. 15, 1975 and 16, 1976)
inline constexpr std::array<orbit_rule, 5> octahedral_rules{{
    {3, 1, {{{0, 0, 1, 4, 1. / 6}}}},
    {5, 5, {{{0, 0, 1, 4, 1. / 15}, {1, 1, 1, 3, 3. / 40}}}},
    {7, 7, {{{0, 0, 1, 4, 1. / 21}, {1, 1, 1, 3, 9. / 280}, {1, 1, 0, 2, 4. / 105}}}},
    {9,
     10,
     {{{0, 0, 1, 4, 1. / 105},
       {1, 1, 1, 3, 9. / 280},
       {std::numbers::sqrt2 * std::numbers::sqrt3, 3 + std::numbers::sqrt3, 0, 1, 1. / 35}}}},
    {11,
     11,
     {{{0, 0, 1, 4, 4. / 315},
       {1, 1, 1, 3, 27. / 1280},
       {1, 1, 0, 2, 64. / 2835},
       {1, 1, 3, 1, 14641. / 725760}}}},
}};

/// (Stroud, Approximate Calculation of Multiple Integrals, 1971, U3 5-1 and 9-1)
inline constexpr std::array<orbit_rule, 2> icosahedral_rules{{
    {5, 1, {{{1, std::numbers::phi, 0, 5, 1. / 12}}}},
    {9, 7, {{{1, std::numbers::phi, 0, 5, 5. / 168}, {1, 1, 1, 3, 9. / 280}}}},
}};

/// The first of the rules that is exact to a degree. \throws Error if none is
template <std::size_t N>
constexpr const orbit_rule& rule_of_degree(const std::array<orbit_rule, N>& rules, int degree) {
  for (const auto& rule : rules)
    if (degree <= rule.degree) return rule;
  throw Error(
      "gsteer: octahedral_grid is known up to degree 11 and icosahedral_grid up to 9; use "
      "product_grid");
}

}  // namespace detail

/// Points of the sphere with weights, as a constant: sums over them are the mean over the sphere of
/// all polynomials of degree <= `degree`. With some turns about each point they are rotations,
/// whose sums are the mean over SO(3) of the entries of all irreps of frequency <= `degree`. Made
/// by product_grid, octahedral_grid, icosahedral_grid.
struct sphere_grid {
  enum class points { product, octahedral, icosahedral };
  points kind = points::product;
  int degree = 0;

  friend constexpr bool operator==(const sphere_grid&, const sphere_grid&) = default;

  /// The number of points.
  constexpr int size() const { return count(false); }
  /// The number of rotations.
  constexpr int rotations() const { return count(true); }

  /// The orbits that an octahedral or icosahedral grid is made of.
  constexpr const detail::orbit_rule& rule() const {
    return kind == points::octahedral ? detail::rule_of_degree(detail::octahedral_rules, degree)
                                      : detail::rule_of_degree(detail::icosahedral_rules, degree);
  }

 private:
  constexpr int count(bool turns) const {
    if (kind == points::product) return (degree / 2 + 1) * (degree + 1) * (turns ? degree + 1 : 1);
    int sum = 0;
    for (const auto& orbit : rule().orbits)
      if (orbit.fold > 0)
        sum += (kind == points::octahedral ? 24 : 60) / orbit.fold *
               (turns ? rule().turns_about(orbit) : 1);
    return sum;
  }
};

/// The zeros of a Legendre polynomial in z, and at each of these heights degree + 1 equally spaced
/// points: any degree. Mapped to itself by turns about z by 2 pi / (degree + 1).
constexpr sphere_grid product_grid(int degree) {
  if (degree < 0) throw Error("gsteer: a grid has a degree >= 0");
  return {sphere_grid::points::product, degree};
}

/// Lebedev's: vertices, faces, edges of an octahedron, and others, 6, 14, 26, 38, 50 points of
/// degree 3, 5, 7, 9, 11, of which the smallest of at least `degree` is taken. Mapped to itself by
/// all symmetries of the cube, hence exact with these on voxels; of rotations 24, 96, 216, 408,
/// 576, the 24 being those of the cube.
constexpr sphere_grid octahedral_grid(int degree) {
  return {sphere_grid::points::octahedral,
          detail::rule_of_degree(detail::octahedral_rules, degree).degree};
}

/// The 12 vertices of an icosahedron, of degree 5, or these and its 20 faces, of degree 9. Mapped
/// to itself by all its symmetries, of which voxels share those of the tetrahedron; of rotations
/// 60, which are a coset of the icosahedron's own, and 300.
constexpr sphere_grid icosahedral_grid(int degree) {
  return {sphere_grid::points::icosahedral,
          detail::rule_of_degree(detail::icosahedral_rules, degree).degree};
}

namespace detail {

/// A point of a grid as a rotation that takes the pole (0, 0, 1) there.
struct sphere_node {
  rotation frame;
  double weight = 0;
  int turns = 1;
};

inline rotation about_pole(double angle) {
  return {std::cos(angle / 2), 0, 0, std::sin(angle / 2)};
}

/// The rotation R_z(azimuth) R_y(polar).
inline rotation frame_at(double polar, double azimuth) {
  return about_pole(azimuth) * rotation{std::cos(polar / 2), 0, std::sin(polar / 2), 0};
}

[[gnu::cold]] inline std::vector<sphere_node> sphere_nodes(sphere_grid grid) {
  std::vector<sphere_node> nodes;
  if (grid.kind == sphere_grid::points::product) {
    const int n = grid.degree + 1;
    for (const auto& [height, weight] : gauss_legendre(grid.degree / 2 + 1))
      for (int i = 0; i < n; ++i)
        nodes.push_back({frame_at(std::acos(height), 2 * std::numbers::pi * i / n), weight / n, n});
    return nodes;
  }
  const auto group = generate(generators_of(
      grid.kind == sphere_grid::points::octahedral ? solid::octahedron : solid::icosahedron));
  for (const auto& orbit : grid.rule().orbits) {
    if (orbit.fold == 0) continue;
    const auto first = nodes.size();
    const rotation start =
        frame_at(std::atan2(std::hypot(orbit.x, orbit.y), orbit.z), std::atan2(orbit.y, orbit.x));
    for (const auto& g : group.rotations) {
      const rotation frame = g * start;
      const Eigen::Matrix3d to = frame.matrix();
      bool is_new = true;
      for (auto i = first; i < nodes.size(); ++i) {
        const Eigen::Matrix3d known = nodes[i].frame.matrix();
        is_new = is_new && std::abs(known(0, 2) - to(0, 2)) + std::abs(known(1, 2) - to(1, 2)) +
                                   std::abs(known(2, 2) - to(2, 2)) >
                               1e-9;
      }
      if (is_new) nodes.push_back({frame, orbit.weight, grid.rule().turns_about(orbit)});
    }
  }
  return nodes;
}

}  // namespace detail

/// The points of a grid, each as one rotation that takes the pole (0, 0, 1) there, with weights,
/// which sum to 1.
[[gnu::cold]] inline std::vector<std::pair<rotation, double>> sphere_quadrature(sphere_grid grid) {
  std::vector<std::pair<rotation, double>> rule;
  for (const auto& node : detail::sphere_nodes(grid)) rule.emplace_back(node.frame, node.weight);
  return rule;
}

/// The rotations of a grid: those of sphere_quadrature, after turns about the pole by multiples of
/// 2 pi / n.
///
/// It is exact to grid.degree: the average over turns by n angles of D^l, l < n, is the projection
/// on what does not turn, and leaves a harmonic of degree l at the points. For an orbital grid all
/// is projected besides on what the rotations of the solid fix, which is nothing but for l = 0, 4,
/// 6, 8, 9, 10, ... of the octahedron and l = 0, 6, 10, ... of the icosahedron: n need only exceed
/// the last of these that is <= degree.
[[gnu::cold]] inline std::vector<std::pair<rotation, double>> rotation_quadrature(
    sphere_grid grid) {
  std::vector<std::pair<rotation, double>> rule;
  for (const auto& [frame, weight, turns] : detail::sphere_nodes(grid))
    for (int i = 0; i < turns; ++i)
      rule.emplace_back(frame * detail::about_pole(2 * std::numbers::pi * i / turns),
                        weight / turns);
  return rule;
}

}  // namespace gsteer
