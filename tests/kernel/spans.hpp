// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <Eigen/QR>

/// An orthonormal basis of the span of the columns; as many columns as the rank.
inline Eigen::MatrixXd orthonormal_basis(const Eigen::MatrixXd& columns) {
  if (columns.cols() == 0) return columns;
  Eigen::ColPivHouseholderQR<Eigen::MatrixXd> qr(columns);
  qr.setThreshold(1e-9);
  return qr.householderQ() * Eigen::MatrixXd::Identity(columns.rows(), qr.rank());
}

/// How far the span of b sticks out of that of a, both orthonormal: the norm of (1 - a a^T) b,
/// which is the root of the sum of the sin^2 of the principal angles. (The angles from the singular
/// values of a^T b would lose everything below 1e-8.)
inline double sine_of_angles(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) {
  Eigen::MatrixXd rest = b;
  for (int pass = 0; pass < 2; ++pass) rest -= a * (a.transpose() * rest).eval();
  return rest.norm();
}
