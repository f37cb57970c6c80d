// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "gsteer/core/error.hpp"
#include "gsteer/core/random.hpp"

namespace gsteer {

namespace detail {

/// \throws Error naming `where` unless R^T R = 1 and det R = 1, to 1e-6: the digits of a float
[[gnu::cold]] inline void expect_rotation(const char* where, const Eigen::Matrix3d& R) {
  double off = 0;
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) {
      double sum = 0;
      for (int k = 0; k < 3; ++k) sum += R(k, i) * R(k, j);
      const double residual = std::abs(sum - (i == j ? 1 : 0));
      if (!(residual <= off)) off = residual;  // NaN stays
    }
  expect(off < 1e-6, where, ": expected a rotation, got a matrix R with R^T R off 1 by ", off);
  double determinant = 0;
  for (int i = 0; i < 3; ++i) {
    const int j = (i + 1) % 3, k = (i + 2) % 3;
    determinant += R(0, i) * (R(1, j) * R(2, k) - R(1, k) * R(2, j));
  }
  expect(determinant > 0, where, ": expected a rotation, got a reflection (determinant -1)");
}

}  // namespace detail

/// A rotation of space, an element of SO(3): the unit quaternion w + x i + y j + z k, of which -q
/// is the same rotation. Axes, angles and their order are those of e3nn.
struct rotation {
  double w = 1, x = 0, y = 0, z = 0;

  static constexpr rotation identity() { return {}; }

  /// By `angle` about `axis`, of any length, counter-clockwise seen from its tip.
  /// \throws Error if the axis is zero
  static rotation from_axis_angle(const Eigen::Vector3d& axis, double angle) {
    const double length = std::hypot(axis(0), axis(1), axis(2));
    expect(length > 0 && std::isfinite(length),
           "rotation::from_axis_angle: expected an axis of a finite length > 0, got ", length);
    const double s = std::sin(angle / 2) / length;
    return {std::cos(angle / 2), s * axis(0), s * axis(1), s * axis(2)};
  }

  /// R_y(alpha) R_x(beta) R_y(gamma): takes the pole (0, 1, 0) to
  /// (sin beta sin alpha, cos beta, sin beta cos alpha).
  static rotation from_angles(double alpha, double beta, double gamma) {
    const double sum = (alpha + gamma) / 2, difference = (alpha - gamma) / 2;
    const double c = std::cos(beta / 2), s = std::sin(beta / 2);
    return {c * std::cos(sum), s * std::cos(difference), c * std::sin(sum),
            -s * std::sin(difference)};
  }

  /// The inverse of matrix(). Of 4 w q, 4 x q, 4 y q and 4 z q, all of which are linear in R, the
  /// longest is normalized, hence no angle loses digits (Shepperd, J. Guidance and Control 1,
  /// 1978).
  /// \throws Error if R is not a rotation (to 1e-6)
  [[gnu::cold]] static rotation from_matrix(const Eigen::Matrix3d& R) {
    detail::expect_rotation("rotation::from_matrix", R);
    const double a = R(2, 1) - R(1, 2), b = R(0, 2) - R(2, 0), c = R(1, 0) - R(0, 1);
    const double xy = R(0, 1) + R(1, 0), yz = R(1, 2) + R(2, 1), zx = R(2, 0) + R(0, 2);
    const std::array<rotation, 4> multiples{{
        {1 + R(0, 0) + R(1, 1) + R(2, 2), a, b, c},
        {a, 1 + R(0, 0) - R(1, 1) - R(2, 2), xy, zx},
        {b, xy, 1 - R(0, 0) + R(1, 1) - R(2, 2), yz},
        {c, zx, yz, 1 - R(0, 0) - R(1, 1) + R(2, 2)},
    }};
    const rotation q = *std::max_element(
        multiples.begin(), multiples.end(),
        [](const rotation& p, const rotation& r) { return p.square() < r.square(); });
    const double length = std::sqrt(q.square());
    return {q.w / length, q.x / length, q.y / length, q.z / length};
  }

  /// Uniform, that is by the Haar measure (Shoemake, Graphics Gems III, 1992).
  static rotation sample(Rng& rng) {
    const double u = rng.uniform(), s = 2 * std::numbers::pi * rng.uniform(),
                 t = 2 * std::numbers::pi * rng.uniform();
    const double a = std::sqrt(1 - u), b = std::sqrt(u);
    return {a * std::cos(s), a * std::sin(s), b * std::cos(t), b * std::sin(t)};
  }

  /// First h, then g.
  friend constexpr rotation operator*(const rotation& g, const rotation& h) {
    return {g.w * h.w - g.x * h.x - g.y * h.y - g.z * h.z,
            g.w * h.x + g.x * h.w + g.y * h.z - g.z * h.y,
            g.w * h.y - g.x * h.z + g.y * h.w + g.z * h.x,
            g.w * h.z + g.x * h.y - g.y * h.x + g.z * h.w};
  }

  constexpr rotation inverse() const { return {w, -x, -y, -z}; }

  /// The matrix R that takes a point p to R p. Divided by the square of the quaternion, so that it
  /// is orthogonal whatever products did to the length, and exact for the rotations of a cube.
  Eigen::Matrix3d matrix() const {
    const double n = square();
    Eigen::Matrix3d R;
    R(0, 0) = (w * w + x * x - y * y - z * z) / n;
    R(1, 1) = (w * w - x * x + y * y - z * z) / n;
    R(2, 2) = (w * w - x * x - y * y + z * z) / n;
    R(0, 1) = 2 * (x * y - w * z) / n;
    R(1, 0) = 2 * (x * y + w * z) / n;
    R(0, 2) = 2 * (x * z + w * y) / n;
    R(2, 0) = 2 * (x * z - w * y) / n;
    R(1, 2) = 2 * (y * z - w * x) / n;
    R(2, 1) = 2 * (y * z + w * x) / n;
    return R;
  }

  /// {alpha, beta, gamma} of from_angles, alpha and gamma in [-pi, pi], beta in [0, pi]. Where beta
  /// is 0 or pi only alpha +- gamma is determined; alpha is 0 there.
  std::array<double, 3> angles() const {
    const double c = std::hypot(w, y), s = std::hypot(x, z);
    double sum = std::atan2(y, w), difference = std::atan2(-z, x);
    if (s == 0) difference = -sum;
    if (c == 0) sum = -difference;
    return {std::remainder(sum + difference, 2 * std::numbers::pi), 2 * std::atan2(s, c),
            std::remainder(sum - difference, 2 * std::numbers::pi)};
  }

 private:
  constexpr double square() const { return w * w + x * x + y * y + z * z; }
};

}  // namespace gsteer
