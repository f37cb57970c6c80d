// SPDX-License-Identifier: MIT
#include "gsteer/group/rotation.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <numbers>

#include "catch.hpp"
#include "gsteer/group/gauss_legendre.hpp"

using namespace gsteer;

namespace {

constexpr double pi = std::numbers::pi;

double apart(const Eigen::Matrix3d& a, const Eigen::Matrix3d& b) {
  return (a - b).cwiseAbs().maxCoeff();
}

/// Written down from the definition: counter-clockwise about axis 0, 1 or 2.
Eigen::Matrix3d about(int axis, double angle) {
  const int i = (axis + 1) % 3, j = (axis + 2) % 3;
  Eigen::Matrix3d R = Eigen::Matrix3d::Identity();
  R(i, i) = R(j, j) = std::cos(angle);
  R(j, i) = std::sin(angle);
  R(i, j) = -std::sin(angle);
  return R;
}

}  // namespace

TEST_CASE("rotations about the axes, and their products in order") {
  for (const double angle : {-3.0, -0.3, 0.0, 1.0, 2.5})
    for (int axis = 0; axis < 3; ++axis)
      CHECK(apart(rotation::from_axis_angle(3 * Eigen::Vector3d::Unit(axis), angle).matrix(),
                  about(axis, angle)) < 1e-15);
  CHECK_THROWS_AS(rotation::from_axis_angle({0, 0, 0}, 1), Error);
  Rng rng(1);
  double worst = 0, worst_swapped = 0;
  for (int i = 0; i < 100; ++i) {
    const rotation g = rotation::sample(rng), h = rotation::sample(rng);
    worst = std::max(worst, apart((g * h).matrix(), g.matrix() * h.matrix()));
    worst = std::max(worst, apart(g.inverse().matrix(), g.matrix().transpose()));
    worst = std::max(worst, apart((g * g.inverse()).matrix(), rotation::identity().matrix()));
    worst = std::max(worst, apart(g.matrix() * g.matrix().transpose(), about(0, 0)));
    worst_swapped = std::max(worst_swapped, apart((g * h).matrix(), h.matrix() * g.matrix()));
  }
  CHECK(worst < 1e-14);
  CHECK(worst_swapped > 0.5);
}

TEST_CASE("angles are those of e3nn, also at the poles") {
  double worst = 0, worst_angles = 0, worst_pole = 0;
  for (double a = -3; a < 3.2; a += 0.5)
    for (const double b : {0.0, 1e-9, 0.4, 1.5, 3.0, pi - 1e-9, pi})
      for (double c = -3; c < 3.2; c += 0.5) {
        const rotation g = rotation::from_angles(a, b, c);
        worst = std::max(worst, apart(g.matrix(), about(1, a) * about(0, b) * about(1, c)));
        worst_pole = std::max(
            worst_pole, (g.matrix().col(1) - Eigen::Vector3d(std::sin(b) * std::sin(a), std::cos(b),
                                                             std::sin(b) * std::cos(a)))
                            .norm());
        const rotation minus{-g.w, -g.x, -g.y, -g.z};
        for (const rotation& q : {g, minus}) {
          const auto [alpha, beta, gamma] = q.angles();
          worst = std::max(worst,
                           apart(rotation::from_angles(alpha, beta, gamma).matrix(), g.matrix()));
          worst_angles = std::max(worst_angles, std::abs(beta - b));
          if (b > 0.1 && b < 3.1)
            worst_angles = std::max({worst_angles, std::abs(alpha - a), std::abs(gamma - c)});
        }
      }
  CHECK(worst < 1e-14);
  CHECK(worst_pole < 1e-14);
  CHECK(worst_angles < 1e-14);
  CHECK(rotation::from_angles(0.5, 0, 0.25).angles()[0] == 0);
  CHECK(rotation::from_angles(0.5, 0, 0.25).angles()[2] == Approx(0.75));
}

TEST_CASE("a matrix gives back its rotation in every quadrant") {
  Rng rng(2);
  double worst = 0;
  const auto check = [&](const rotation& g) {
    const rotation back = rotation::from_matrix(g.matrix());
    worst = std::max(worst, apart(back.matrix(), g.matrix()));
    worst = std::max(
        worst, std::abs(back.w * back.w + back.x * back.x + back.y * back.y + back.z * back.z - 1));
  };
  for (int i = 0; i < 100; ++i) check(rotation::sample(rng));
  for (int axis = 0; axis < 3; ++axis)
    for (const double angle : {0.0, 1e-9, pi / 2, pi - 1e-9, pi, pi + 1e-9, -1.0}) {
      check(rotation::from_axis_angle(Eigen::Vector3d::Unit(axis), angle));
      check(rotation::from_axis_angle(Eigen::Vector3d(1, -1, 1) + Eigen::Vector3d::Unit(axis),
                                      angle));
    }
  CHECK(worst < 1e-15);
}

TEST_CASE("what is no rotation is refused") {
  Eigen::Matrix3d mirror = Eigen::Matrix3d::Identity();
  mirror(0, 0) = -1;
  CHECK_THROWS_AS(rotation::from_matrix(mirror), Error);
  CHECK_THROWS_AS(rotation::from_matrix(-Eigen::Matrix3d::Identity()), Error);
  CHECK_THROWS_AS(rotation::from_matrix(2 * Eigen::Matrix3d::Identity()), Error);
  CHECK_THROWS_AS(rotation::from_matrix(Eigen::Matrix3d::Zero()), Error);
  CHECK_THROWS_AS(rotation::from_matrix(Eigen::Matrix3d::Constant(std::nan(""))), Error);
  Eigen::Matrix3d sheared = about(2, 1);
  sheared(0, 1) += 1e-5;
  CHECK_THROWS_AS(rotation::from_matrix(sheared), Error);
  // A matrix of floats is one.
  const Eigen::Matrix3d rounded = about(2, 1).cast<float>().cast<double>();
  CHECK(apart(rotation::from_matrix(rounded).matrix(), about(2, 1)) < 1e-7);
}

TEST_CASE("samples are uniform") {
  Rng rng(3);
  Eigen::Matrix3d mean = Eigen::Matrix3d::Zero(), squares = mean;
  constexpr int count = 20000;
  double trace_squared = 0;
  for (int i = 0; i < count; ++i) {
    const Eigen::Matrix3d R = rotation::sample(rng).matrix();
    mean += R / count;
    squares += R.cwiseAbs2() / count;
    trace_squared += R.trace() * R.trace() / count;
  }
  // Schur: entries have mean 0 and mean square 1 / 3, the character mean square 1; 5 sigma.
  CHECK(mean.cwiseAbs().maxCoeff() < 5 * std::sqrt(1.0 / 3 / count));
  CHECK((squares.array() - 1.0 / 3).abs().maxCoeff() < 5 * std::sqrt(4.0 / 45 / count));
  CHECK(std::abs(trace_squared - 1) < 5 * std::sqrt(2.0 / count));
}

TEST_CASE("Gauss and Legendre integrate polynomials of degree 2 n - 1, and not 2 n") {
  CHECK_THROWS_AS(gauss_legendre(0), Error);
  double worst = 0;
  for (const int n : {1, 2, 3, 4, 5, 8, 13, 40}) {
    const auto rule = gauss_legendre(n);
    CHECK(static_cast<int>(rule.size()) == n);
    const auto off = [&](int degree) {
      double sum = 0;
      for (const auto& [x, weight] : rule) sum += weight * std::pow(x, degree);
      return std::abs(sum - (degree % 2 == 0 ? 1.0 / (degree + 1) : 0));
    };
    for (int degree = 0; degree < 2 * n; ++degree) worst = std::max(worst, off(degree));
    if (n < 9) CHECK(off(2 * n) > 1e-6);
  }
  CHECK(worst < 1e-14);
}
