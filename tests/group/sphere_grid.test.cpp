// SPDX-License-Identifier: MIT
#include "gsteer/group/sphere_grid.hpp"

#include <algorithm>
#include <cmath>

#include "catch.hpp"
#include "gsteer/group/orthogonal3.hpp"
#include "gsteer/group/polyhedral.hpp"
#include "gsteer/kernel/spherical_harmonics.hpp"

using namespace gsteer;

namespace {

/// The mean of all harmonics of degree l over the points of a grid: its largest component.
double mean_of_harmonics(sphere_grid grid, int l) {
  const auto rule = sphere_quadrature(grid);
  Eigen::VectorXd mean = Eigen::VectorXd::Zero(2 * l + 1);
  for (const auto& [g, weight] : rule) {
    Eigen::VectorXd y(2 * l + 1);
    harmonics_on<3>::values(l, g.matrix() * Eigen::Vector3d::UnitZ(), y.data());
    mean += weight * y;
  }
  return mean.cwiseAbs().maxCoeff();
}

/// The same for the matrices D^l over its rotations.
double mean_of_irreps(sphere_grid grid, int l) {
  Eigen::MatrixXd mean = Eigen::MatrixXd::Zero(2 * l + 1, 2 * l + 1);
  for (const auto& [g, weight] : rotation_quadrature(grid)) mean += weight * wigner_d(l, g);
  return mean.cwiseAbs().maxCoeff();
}

void check_exactness(sphere_grid grid) {
  CAPTURE(static_cast<int>(grid.kind), grid.degree);
  const auto points = sphere_quadrature(grid);
  const auto rotations = rotation_quadrature(grid);
  REQUIRE(static_cast<int>(points.size()) == grid.size());
  REQUIRE(static_cast<int>(rotations.size()) == grid.rotations());
  double sum = 0, least = 1;
  for (const auto& [g, weight] : points) sum += weight, least = std::min(least, weight);
  CHECK(sum == Approx(1).epsilon(1e-14));
  CHECK(least > 0);
  sum = 0;
  for (const auto& [g, weight] : rotations) sum += weight;
  CHECK(sum == Approx(1).epsilon(1e-14));
  double worst = 0;
  for (int l = 1; l <= grid.degree; ++l)
    worst = std::max({worst, mean_of_harmonics(grid, l), mean_of_irreps(grid, l)});
  CHECK(worst < 1e-13);
  // And to no higher degree.
  CHECK(mean_of_harmonics(grid, grid.degree + 1) > 1e-3);
  CHECK(mean_of_irreps(grid, grid.degree + 1) > 1e-3);
}

double distance(const rotation& a, const rotation& b) {
  return (a.matrix() - b.matrix()).cwiseAbs().maxCoeff();
}

/// How far the rotations g moves those of a rule to are from the nearest of the same weight.
double unsymmetry(const std::vector<std::pair<rotation, double>>& rule, const rotation& g) {
  double worst = 0;
  for (const auto& [from, weight] : rule) {
    double nearest = 10;
    for (const auto& [to, other] : rule)
      if (std::abs(weight - other) < 1e-15) nearest = std::min(nearest, distance(to, g * from));
    worst = std::max(worst, nearest);
  }
  return worst;
}

/// The same for points: a rotation of space may turn about them.
double unsymmetry_of_points(const std::vector<std::pair<rotation, double>>& rule,
                            const Eigen::Matrix3d& a) {
  double worst = 0;
  for (const auto& [from, weight] : rule) {
    double nearest = 10;
    const Eigen::Vector3d moved = a * from.matrix().col(2);
    for (const auto& [to, other] : rule)
      if (std::abs(weight - other) < 1e-15)
        nearest = std::min(nearest, (to.matrix().col(2) - moved).norm());
    worst = std::max(worst, nearest);
  }
  return worst;
}

template <class Group>
void check_symmetry(sphere_grid grid) {
  const auto rotations = rotation_quadrature(grid), points = sphere_quadrature(grid);
  double worst = 0;
  for (int i = 0; i < Group::order; ++i) {
    const auto g = Group::element_at(i);
    worst = std::max(worst, unsymmetry_of_points(points, Group::action(g)));
    if (i % 7 == 0) worst = std::max(worst, unsymmetry(rotations, Group::proper(g)));
  }
  CHECK(worst < 1e-13);
}

}  // namespace

TEST_CASE("grids of the sphere are exact to their degree, and so are their rotations") {
  for (const int degree : {0, 1, 2, 4, 6, 7}) check_exactness(product_grid(degree));
  for (const int degree : {3, 5, 7, 9, 11}) check_exactness(octahedral_grid(degree));
  for (const int degree : {5, 9}) check_exactness(icosahedral_grid(degree));
}

TEST_CASE("the sizes of grids are known at compile time") {
  STATIC_REQUIRE(product_grid(4).size() == 15);
  STATIC_REQUIRE(product_grid(4).rotations() == 75);
  STATIC_REQUIRE(octahedral_grid(3).size() == 6);
  STATIC_REQUIRE(octahedral_grid(5).size() == 14);
  STATIC_REQUIRE(octahedral_grid(7).size() == 26);
  STATIC_REQUIRE(octahedral_grid(9).size() == 38);
  STATIC_REQUIRE(octahedral_grid(11).size() == 50);
  STATIC_REQUIRE(octahedral_grid(3).rotations() == 24);
  STATIC_REQUIRE(octahedral_grid(5).rotations() == 96);
  STATIC_REQUIRE(octahedral_grid(7).rotations() == 216);
  STATIC_REQUIRE(octahedral_grid(9).rotations() == 408);
  STATIC_REQUIRE(octahedral_grid(11).rotations() == 576);
  STATIC_REQUIRE(icosahedral_grid(5).size() == 12);
  STATIC_REQUIRE(icosahedral_grid(9).size() == 32);
  STATIC_REQUIRE(icosahedral_grid(5).rotations() == 60);
  STATIC_REQUIRE(icosahedral_grid(9).rotations() == 300);
  // The smallest that will do.
  STATIC_REQUIRE(octahedral_grid(6) == octahedral_grid(7));
  STATIC_REQUIRE(icosahedral_grid(0) == icosahedral_grid(5));
  CHECK_THROWS_AS(octahedral_grid(12), Error);
  CHECK_THROWS_AS(icosahedral_grid(10), Error);
  CHECK_THROWS_AS(product_grid(-1), Error);
}

TEST_CASE("orbital grids have the symmetries of their solids") {
  for (const int degree : {3, 5, 7, 9, 11})
    check_symmetry<polyhedral<solid::octahedron, true>>(octahedral_grid(degree));
  for (const int degree : {5, 9})
    check_symmetry<polyhedral<solid::icosahedron, true>>(icosahedral_grid(degree));
  const rotation eighth = rotation::from_axis_angle(Eigen::Vector3d::UnitZ(), 0.25 * 3.14159);
  CHECK(unsymmetry(rotation_quadrature(octahedral_grid(5)), eighth) > 0.1);
  CHECK(unsymmetry_of_points(sphere_quadrature(octahedral_grid(7)), eighth.matrix()) > 0.1);
  const rotation fifth =
      rotation::from_axis_angle(Eigen::Vector3d::UnitZ(), 2 * std::numbers::pi / 5);
  CHECK(unsymmetry(rotation_quadrature(product_grid(4)), fifth) < 1e-13);
  CHECK(unsymmetry_of_points(sphere_quadrature(product_grid(4)), fifth.matrix()) < 1e-13);
}

TEST_CASE("the smallest octahedral grid of rotations is the group of the cube") {
  const auto rule = rotation_quadrature(octahedral_grid(3));
  for (const auto& g : special_orthogonal<3>::lattice_elements()) {
    double nearest = 10;
    for (const auto& [known, weight] : rule) nearest = std::min(nearest, distance(known, g));
    CHECK(nearest < 1e-14);
  }
}
