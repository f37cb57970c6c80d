// SPDX-License-Identifier: MIT
// The harmonics and the matrices of the irreps are made in different ways: they must agree.
#include <Eigen/Core>
#include <Eigen/Geometry>
#include <algorithm>
#include <numbers>
#include <vector>

#include "catch.hpp"
#include "gsteer/core/random.hpp"
#include "gsteer/group/wigner_d.hpp"
#include "gsteer/kernel/spherical_harmonics.hpp"

using namespace gsteer;

namespace {

constexpr int l_max = 8, points = 20;

Eigen::MatrixXd noise(int rows, int columns, Rng& rng) {
  Eigen::MatrixXd a(rows, columns);
  for (int j = 0; j < columns; ++j)
    for (int i = 0; i < rows; ++i) a(i, j) = rng.normal();
  return a;
}

/// A uniformly distributed rotation.
Eigen::Matrix3d random_rotation(Rng& rng) {
  const Eigen::Vector4d q = noise(4, 1, rng).col(0).normalized();
  return Eigen::Quaterniond(q(0), q(1), q(2), q(3)).toRotationMatrix();
}

/// All degrees up to l_max, one below the other.
Eigen::MatrixXd irreps(const Eigen::Matrix3d& rotation) {
  constexpr int size = (l_max + 1) * (l_max + 1);
  Eigen::MatrixXd all = Eigen::MatrixXd::Zero(size, size);
  for (int l = 0; l <= l_max; ++l)
    all.block(l * l, l * l, 2 * l + 1, 2 * l + 1) = wigner_d(l, rotation);
  return all;
}

/// SphericalHarmonics::backward at the columns of v.
Eigen::MatrixXd backward(const SphericalHarmonics<double>& harmonics, const Eigen::MatrixXd& v,
                         const Eigen::MatrixXd& g) {
  const Eigen::MatrixXd rows = v.transpose(), g_rows = g.transpose();
  Eigen::MatrixXd result(points, 3);
  harmonics.backward(rows.data(), points, points, g_rows.data(), result.data());
  return result.transpose();
}

double largest(const Eigen::MatrixXd& a) { return a.cwiseAbs().maxCoeff(); }

}  // namespace

TEST_CASE("harmonics turn with their argument: Y(R v) = D(R) Y(v)") {
  Rng rng(11);
  std::vector<Eigen::Matrix3d> rotations;
  for (int i = 0; i < 10; ++i) rotations.push_back(random_rotation(rng));
  for (int axis = 0; axis < 3; ++axis)
    for (const double turns : {0.25, 0.5, 0.1})
      rotations.push_back(
          Eigen::AngleAxisd(2 * std::numbers::pi * turns, Eigen::Vector3d::Unit(axis))
              .toRotationMatrix());
  const Eigen::MatrixXd v = noise(3, points, rng);
  const Eigen::MatrixXd g = noise((l_max + 1) * (l_max + 1), points, rng);
  for (const auto normalization :
       {Normalization::component, Normalization::norm, Normalization::integral}) {
    const Eigen::MatrixXd y = spherical_harmonics(l_max, v, normalization);
    const SphericalHarmonics<double> harmonics(l_max, normalization);
    const Eigen::MatrixXd gradient = backward(harmonics, v, g);
    for (const auto& rotation : rotations) {
      const Eigen::MatrixXd turned = rotation * v, D = irreps(rotation);
      CHECK(largest(spherical_harmonics(l_max, turned, normalization) - D * y) < 1e-12);
      CHECK(largest(backward(harmonics, turned, D * g) - rotation * gradient) <
            1e-12 * largest(gradient));
    }
    // Not by accident: a representation that goes the other way does not do.
    const Eigen::Matrix3d rotation = rotations.front();
    CHECK(largest(spherical_harmonics(l_max, rotation * v, normalization) -
                  irreps(rotation).transpose() * y) > 0.1);
  }
}

TEST_CASE("harmonics of the opposite direction: Y(-v) = (-1)^l Y(v)") {
  Rng rng(12);
  const Eigen::MatrixXd v = noise(3, points, rng);
  const Eigen::MatrixXd y = spherical_harmonics(l_max, v), z = spherical_harmonics(l_max, -v);
  for (int l = 0; l <= l_max; ++l) {
    const double sign = l % 2 == 0 ? 1 : -1;
    CHECK(largest(z.middleRows(l * l, 2 * l + 1) - sign * y.middleRows(l * l, 2 * l + 1)) < 1e-14);
  }
}
