// SPDX-License-Identifier: MIT
#include "gsteer/group/wigner_d.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <string>

#include "catch.hpp"
#include "gsteer/io/safetensors.hpp"

using namespace gsteer;

namespace {

double apart(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) {
  return (a - b).cwiseAbs().maxCoeff();
}

/// ||C - C (D x D x D)||, for any three matrices.
double variation(const invariant_tensor& C, const Eigen::MatrixXd& a, const Eigen::MatrixXd& b,
                 const Eigen::MatrixXd& c) {
  invariant_tensor moved = C;
  for (int axis = 0; axis < 3; ++axis) {
    const Eigen::MatrixXd& m = axis == 0 ? a : (axis == 1 ? b : c);
    invariant_tensor next(C.sizes);
    for (int i = 0; i < C.sizes[0]; ++i)
      for (int j = 0; j < C.sizes[1]; ++j)
        for (int k = 0; k < C.sizes[2]; ++k)
          for (int q = 0; q < m.cols(); ++q)
            next(i, j, k) += axis == 0   ? m(i, q) * moved(q, j, k)
                             : axis == 1 ? m(j, q) * moved(i, q, k)
                                         : m(k, q) * moved(i, j, q);
    moved = next;
  }
  double square = 0;
  for (std::size_t i = 0; i < C.values.size(); ++i)
    square += (C.values[i] - moved.values[i]) * (C.values[i] - moved.values[i]);
  return std::sqrt(square);
}

}  // namespace

TEST_CASE("D of e3nn") {
  const auto file =
      read_safetensors(std::string(GSTEER_TEST_DATA) + "/golden/e3nn_wigner_d.safetensors");
  const auto rotations = file.values<double>("rotation_matrix", {6, 3, 3});
  double worst = 0, worst_inverse = 0;
  for (int l = 0; l <= 4; ++l) {
    const int n = 2 * l + 1;
    const auto expected = file.values<double>("D/" + std::to_string(l), {6, n, n});
    for (int sample = 0; sample < 6; ++sample) {
      Eigen::Matrix3d R;
      for (int i = 0; i < 9; ++i)
        R(i / 3, i % 3) = rotations[static_cast<std::size_t>(9 * sample + i)];
      const Eigen::MatrixXd D = wigner_d(l, R), same = wigner_d(l, rotation::from_matrix(R));
      for (int i = 0; i < n * n; ++i) {
        const double value = expected[static_cast<std::size_t>(n * n * sample + i)];
        worst = std::max(worst, std::abs(D(i / n, i % n) - value));
        worst = std::max(worst, std::abs(same(i / n, i % n) - value));
        worst_inverse = std::max(worst_inverse, std::abs(D(i % n, i / n) - value));
      }
    }
  }
  INFO("off by " << worst);
  CHECK(worst < 1e-12);
  CHECK(worst_inverse > 0.5);
}

TEST_CASE("D is an orthogonal homomorphism at any l, and D^1 = R") {
  Rng rng(4);
  double worst = 0, worst_high = 0;
  for (int trial = 0; trial < 5; ++trial) {
    const rotation g = rotation::sample(rng), h = rotation::sample(rng);
    CHECK(wigner_d(0, g) == Eigen::MatrixXd::Ones(1, 1));
    CHECK(wigner_d(1, g) == Eigen::MatrixXd(g.matrix()));
    for (const int l : {1, 2, 3, 4, 6, 8, 12, 20, 40}) {
      if (l > 12 && trial > 0) continue;
      const Eigen::MatrixXd G = wigner_d(l, g), H = wigner_d(l, h);
      double& off = l > 12 ? worst_high : worst;
      off = std::max(off, apart(detail::product(G, H), wigner_d(l, g * h)));
      off = std::max(off, apart(detail::product(G, G.transpose()),
                                Eigen::MatrixXd::Identity(2 * l + 1, 2 * l + 1)));
      off = std::max(off, apart(wigner_d(l, g.inverse()), G.transpose()));
    }
  }
  INFO("off by " << worst << ", at high l by " << worst_high);
  CHECK(worst < 1e-13);
  CHECK(worst_high < 1e-12);
  CHECK(apart(wigner_d(5, rotation::identity()), Eigen::MatrixXd::Identity(11, 11)) < 1e-14);
}

TEST_CASE("the trace is the character sin((2 l + 1) t / 2) / sin(t / 2)") {
  double worst = 0;
  for (const double t : {0.1, 1.0, 2.0, 3.0})
    for (int l = 0; l <= 10; ++l)
      worst =
          std::max(worst, std::abs(wigner_d(l, rotation::from_axis_angle({1, 2, -1}, t)).trace() -
                                   std::sin((l + 0.5) * t) / std::sin(t / 2)));
  CHECK(worst < 1e-12);
}

TEST_CASE("the column of the pole holds the harmonics of e3nn") {
  double worst = 0;
  for (double a = -3; a < 3.2; a += 0.7)
    for (double b = 0; b < 3.2; b += 0.3) {
      const rotation g = rotation::from_angles(a, b, 0);
      const Eigen::Vector3d p = g.matrix().col(1);
      const double x = p(0), y = p(1), z = p(2), s3 = std::sqrt(3.0);
      const Eigen::MatrixXd D1 = wigner_d(1, g), D2 = wigner_d(2, g), D3 = wigner_d(3, g);
      Eigen::VectorXd Y2(5);
      Y2 << s3 * x * z, s3 * x * y, y * y - (x * x + z * z) / 2, s3 * y * z,
          s3 / 2 * (z * z - x * x);
      worst = std::max({worst, apart(D1.col(1), p), apart(D2.col(2), Y2)});
      // l = 3, normalized to 1: of the component polynomials over sqrt 7.
      const double s7 = std::sqrt(7.0), y20 = std::sqrt(15.0) * x * z,
                   y24 = std::sqrt(15.0) / 2 * (z * z - x * x);
      Eigen::VectorXd Y3(7);
      Y3 << std::sqrt(42.0) / 6 * (y20 * z + y24 * x), s7 * y20 * y,
          std::sqrt(168.0) / 8 * (4 * y * y - x * x - z * z) * x,
          s7 / 2 * y * (2 * y * y - 3 * (x * x + z * z)),
          std::sqrt(168.0) / 8 * z * (4 * y * y - x * x - z * z), s7 * y24 * y,
          std::sqrt(42.0) / 6 * (y24 * z - y20 * x);
      worst = std::max(worst, apart(D3.col(3), Y3 / s7));
    }
  INFO("off by " << worst);
  CHECK(worst < 1e-14);
}

TEST_CASE("Clebsch-Gordan tensors are invariant") {
  Rng rng(5);
  const rotation g = rotation::sample(rng);
  double worst = 0;
  for (int l1 = 0; l1 <= 8; ++l1)
    for (int l2 = l1; l2 <= 8; ++l2)
      for (int l3 = std::max(l2, l2 - l1); l3 <= std::min(l1 + l2, 8); ++l3)
        worst = std::max(worst, variation(wigner_3j(l1, l2, l3), wigner_d(l1, g), wigner_d(l2, g),
                                          wigner_d(l3, g)));
  INFO("off by " << worst);
  CHECK(worst < 1e-12);
  CHECK(variation(wigner_3j(2, 3, 4), wigner_d(2, g), wigner_d(3, g), wigner_d(4, g.inverse())) >
        0.1);
}

TEST_CASE("what is no rotation, or no degree, is refused") {
  CHECK_THROWS_AS(wigner_d(-1, rotation::identity()), Error);
  CHECK_THROWS_AS(wigner_d(2, Eigen::Matrix3d(-Eigen::Matrix3d::Identity())), Error);
  CHECK_THROWS_AS(wigner_d(2, Eigen::Matrix3d(Eigen::Matrix3d::Ones())), Error);
}
