// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <Eigen/Eigenvalues>
#include <cmath>
#include <numbers>
#include <vector>

#include "gsteer/kernel/harmonics.hpp"
#include "gsteer/kernel/profile.hpp"
#include "gsteer/representation/features.hpp"

namespace gsteer {

/// The equivariant kernels on a circle or a sphere, found without any representation theory: the
/// null space of the constraint
///   K(g x) - rho_out(g) K(x) rho_in(g)^T = 0   for the generators g,
/// among all K(x) = sum over harmonics of degree <= max_frequency of Y_c(x) A_c with arbitrary
/// matrices A_c. This is the second, independent way to the kernel space; the tests hold the two
/// against each other. It needs a dense eigenvalue decomposition of as many rows as unknowns: use
/// it to check a group or representation of your own, not in a layer. Not part of gsteer.hpp.
class NullSpaceKernels {
 public:
  /// All kernels from In to Out.
  template <auto In, auto Out>
  static NullSpaceKernels solve(int max_frequency) {
    using G = typename features_of<In>::group;
    static_assert(std::is_same_v<G, typename features_of<Out>::group>,
                  "gsteer: a layer maps between fields of one group");
    expect(max_frequency >= 0, "NullSpaceKernels: expected a degree >= 0, got ", max_frequency);
    NullSpaceKernels result(max_frequency, In.size(), Out.size(), G::dimension,
                            &harmonics_of<G>::values);
    const int unknowns = result.harmonics_ * result.in_ * result.out_;
    Eigen::MatrixXd normal = Eigen::MatrixXd::Zero(unknowns, unknowns);
    const auto points = telling_points(G::dimension, max_frequency);
    for (const auto& g : G::generators()) {
      const Eigen::MatrixXd in = representation_matrix<In>(g), out = representation_matrix<Out>(g);
      const Eigen::MatrixXd a = G::action(g);
      for (const Eigen::VectorXd& x : points) {
        const Eigen::VectorXd here = result.values(x), there = result.values(a * x);
        Eigen::MatrixXd rows = Eigen::MatrixXd::Zero(result.in_ * result.out_, unknowns);
        for (int m = 0; m < result.out_; ++m)
          for (int n = 0; n < result.in_; ++n)
            for (int c = 0; c < result.harmonics_; ++c) {
              rows(m * result.in_ + n, result.unknown(c, m, n)) += there(c);
              for (int i = 0; i < result.out_; ++i)
                for (int j = 0; j < result.in_; ++j)
                  if (const double product = out(m, i) * in(n, j); product != 0)
                    rows(m * result.in_ + n, result.unknown(c, i, j)) -= product * here(c);
            }
        normal.noalias() += rows.transpose() * rows;
      }
    }
    // Singular values of the constraint are 0 or of order 1, so that squaring them loses nothing.
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(normal);
    int dimension = 0;
    const double tolerance = 1e-12 * std::max(1.0, solver.eigenvalues()(unknowns - 1));
    while (dimension < unknowns && solver.eigenvalues()(dimension) < tolerance) ++dimension;
    result.solutions_ = solver.eigenvectors().leftCols(dimension);
    return result;
  }

  /// How many independent kernels there are on one circle or sphere.
  int size() const { return static_cast<int>(solutions_.cols()); }

  /// Kernel i in the direction of x: channels out x channels in.
  Eigen::MatrixXd operator()(int i, const Eigen::VectorXd& x) const {
    const Eigen::VectorXd y = values(x);
    Eigen::MatrixXd k = Eigen::MatrixXd::Zero(out_, in_);
    for (int m = 0; m < out_; ++m)
      for (int n = 0; n < in_; ++n)
        for (int c = 0; c < harmonics_; ++c) k(m, n) += y(c) * solutions_(unknown(c, m, n), i);
    return k;
  }

 private:
  NullSpaceKernels(int max_frequency, int in, int out, int dimension, harmonics_function harmonics)
      : max_frequency_(max_frequency),
        in_(in),
        out_(out),
        dimension_(dimension),
        harmonic_values_(harmonics) {
    for (int l = 0; l <= max_frequency; ++l) harmonics_ += harmonic_count(dimension, l);
  }

  /// Points at which a combination of harmonics of degree <= L is 0 only if it is 0 everywhere. On
  /// the circle it is a trigonometric polynomial of degree L, hence 2 L + 1 points. On the sphere
  /// it is one along each circle of latitude, whose coefficient of order m is sin^m times a
  /// polynomial of degree L - m of the height: hence L + 1 circles. The line has two directions.
  static std::vector<Eigen::VectorXd> telling_points(int dimension, int max_frequency) {
    if (dimension == 1) return {Eigen::VectorXd::Ones(1), -Eigen::VectorXd::Ones(1)};
    const int circles = dimension == 2 ? 1 : max_frequency + 1, count = 2 * max_frequency + 1;
    std::vector<Eigen::VectorXd> points;
    for (int c = 0; c < circles; ++c) {
      const double height = (2 * c + 1.0) / circles - 1, radius = std::sqrt(1 - height * height);
      for (int p = 0; p < count; ++p) {
        const double angle = 0.1 + 2 * std::numbers::pi * p / count;
        Eigen::VectorXd x(dimension);
        x(0) = radius * std::cos(angle);
        x(1) = radius * std::sin(angle);
        if (dimension == 3) x(2) = height;
        points.push_back(x);
      }
    }
    return points;
  }

  int unknown(int c, int m, int n) const { return (c * out_ + m) * in_ + n; }

  Eigen::VectorXd values(const Eigen::VectorXd& x) const {
    Eigen::VectorXd y(harmonics_);
    double* next = y.data();
    for (int l = 0; l <= max_frequency_; ++l) {
      harmonic_values_(l, x, next);
      next += harmonic_count(dimension_, l);
    }
    return y;
  }

  int max_frequency_, in_, out_, dimension_;
  harmonics_function harmonic_values_;
  int harmonics_ = 0;  ///< how many, of all degrees
  Eigen::MatrixXd solutions_;
};

}  // namespace gsteer
