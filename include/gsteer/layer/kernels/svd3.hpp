// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <limits>

#include "gsteer/core/error.hpp"

namespace gsteer::detail {

/// M = U diag(s) V^T with rotations U and V, both of determinant +1, and s0 >= s1 >= |s2|: the
/// singular values, of which the last has the sign of det M.
struct SignedSvd {
  Eigen::Matrix3d u = Eigen::Matrix3d::Identity();
  Eigen::Matrix3d v = Eigen::Matrix3d::Identity();
  Eigen::Vector3d s = Eigen::Vector3d::Zero();
};

/// a b and a^T, in plain loops: Eigen's would cost every user compile time.
inline Eigen::Matrix3d product3(const Eigen::Matrix3d& a, const Eigen::Matrix3d& b) {
  Eigen::Matrix3d c;
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) c(i, j) = a(i, 0) * b(0, j) + a(i, 1) * b(1, j) + a(i, 2) * b(2, j);
  return c;
}
inline Eigen::Matrix3d transposed3(const Eigen::Matrix3d& a) {
  Eigen::Matrix3d b;
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) b(i, j) = a(j, i);
  return b;
}

/// One-sided Jacobi rotations: turns pairs of columns of `a`, and those of v with them, until all
/// columns are orthogonal relative to their lengths (Hestenes, SIAM J. 6, 1958). Small singular
/// values are as accurate as large ones (Demmel and Veselic, SIAM J. Matrix Anal. Appl. 13, 1992).
inline void orthogonalize_columns(Eigen::Matrix3d& a, Eigen::Matrix3d& v) {
  constexpr double epsilon = std::numeric_limits<double>::epsilon();
  bool turned = true;
  for (int sweep = 0; turned && sweep < 40; ++sweep) {  // five or six suffice
    turned = false;
    for (int pair = 0; pair < 3; ++pair) {
      const int p = pair == 2 ? 1 : 0, q = pair == 0 ? 1 : 2;
      double alpha = 0, beta = 0, gamma = 0;
      for (int i = 0; i < 3; ++i) {
        alpha += a(i, p) * a(i, p);
        beta += a(i, q) * a(i, q);
        gamma += a(i, p) * a(i, q);
      }
      if (!(std::abs(gamma) > epsilon * std::sqrt(alpha) * std::sqrt(beta))) continue;
      turned = true;
      // The smaller of the two angles that make the columns orthogonal: cot(2 angle) = zeta.
      const double zeta = (beta - alpha) / (2 * gamma);
      const double t = std::copysign(1, zeta) / (std::abs(zeta) + std::hypot(1, zeta));
      const double c = 1 / std::sqrt(1 + t * t), s = c * t;
      for (Eigen::Matrix3d* m : {&a, &v})
        for (int i = 0; i < 3; ++i) {
          const double x = (*m)(i, p), y = (*m)(i, q);
          (*m)(i, p) = c * x - s * y;
          (*m)(i, q) = s * x + c * y;
        }
    }
  }
}

/// The decomposition above, to machine precision for every finite M, also where it is not unique.
/// \throws Error if M is not finite
inline SignedSvd signed_svd(const Eigen::Matrix3d& m) {
  SignedSvd result;
  double scale = 0;
  for (int i = 0; i < 9; ++i) {
    expect(std::isfinite(m.data()[i]), "Procrustes: expected a finite matrix, got ", m.data()[i]);
    scale = std::max(scale, std::abs(m.data()[i]));
  }
  if (scale == 0) return result;
  scale = std::exp2(std::ilogb(scale));  // an exact division
  Eigen::Matrix3d a;
  for (int i = 0; i < 9; ++i) a.data()[i] = m.data()[i] / scale;
  Eigen::Matrix3d& v = result.v;
  orthogonalize_columns(a, v);

  const auto square = [&a](int j) {
    return a(0, j) * a(0, j) + a(1, j) * a(1, j) + a(2, j) * a(2, j);
  };
  // Exchanges that turn V: of determinant +1.
  const auto sort_pair = [&](int p, int q) {
    if (!(square(p) < square(q))) return;
    for (Eigen::Matrix3d* b : {&a, &v})
      for (int i = 0; i < 3; ++i) {
        const double x = (*b)(i, p);
        (*b)(i, p) = (*b)(i, q);
        (*b)(i, q) = -x;
      }
  };
  sort_pair(0, 1);
  sort_pair(1, 2);
  sort_pair(0, 1);

  // U from the two longest columns and their cross product, so that it is a rotation; the last
  // singular value then has the sign that M gives it.
  Eigen::Matrix3d& u = result.u;
  const double length0 = std::sqrt(square(0)), length1 = std::sqrt(square(1));
  for (int i = 0; i < 3; ++i) u(i, 0) = a(i, 0) / length0;
  // Without a second column (rank 1) the coordinate axis that is farthest from the first; squares
  // of what is shorter than this underflow.
  int axis = 0;
  for (int i = 1; i < 3; ++i)
    if (std::abs(u(i, 0)) < std::abs(u(axis, 0))) axis = i;
  const bool has_second = length1 > 1e-150;
  for (int i = 0; i < 3; ++i) u(i, 1) = has_second ? a(i, 1) / length1 : (i == axis ? 1.0 : 0.0);
  for (int pass = 0; pass < 2; ++pass) {
    const double along = u(0, 0) * u(0, 1) + u(1, 0) * u(1, 1) + u(2, 0) * u(2, 1);
    double rest = 0;
    for (int i = 0; i < 3; ++i) {
      u(i, 1) -= along * u(i, 0);
      rest += u(i, 1) * u(i, 1);
    }
    for (int i = 0; i < 3; ++i) u(i, 1) /= std::sqrt(rest);
  }
  for (int i = 0; i < 3; ++i) {
    const int j = (i + 1) % 3, k = (i + 2) % 3;
    u(i, 2) = u(j, 0) * u(k, 1) - u(k, 0) * u(j, 1);
  }
  const double last = u(0, 2) * a(0, 2) + u(1, 2) * a(1, 2) + u(2, 2) * a(2, 2);
  result.s(0) = scale * length0;
  result.s(1) = scale * length1;
  // Rounding must not make it longer than the one before.
  result.s(2) = scale * std::copysign(std::min(std::abs(last), length1), last);
  return result;
}

}  // namespace gsteer::detail
