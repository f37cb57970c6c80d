// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <Eigen/Eigenvalues>
#include <numbers>
#include <vector>

#include "gsteer/kernel/harmonics.hpp"
#include "gsteer/kernel/profile.hpp"
#include "gsteer/representation/features.hpp"

namespace gsteer {

/// The equivariant kernels on a circle, found without any representation theory: the null space of
/// the constraint
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
    NullSpaceKernels result(max_frequency, In.size(), Out.size());
    const int unknowns = result.harmonics_ * result.in_ * result.out_;
    Eigen::MatrixXd normal = Eigen::MatrixXd::Zero(unknowns, unknowns);
    // The residual is a trigonometric polynomial of degree max_frequency: it is 0 if it is 0 at 2
    // max_frequency + 1 points.
    const int points = 2 * max_frequency + 1;
    for (const auto& g : G::generators()) {
      const Eigen::MatrixXd in = representation_matrix<In>(g), out = representation_matrix<Out>(g);
      const Eigen::MatrixXd a = G::action(g);
      for (int p = 0; p < points; ++p) {
        const double angle = 0.1 + 2 * std::numbers::pi * p / points;
        const Eigen::Vector2d x(std::cos(angle), std::sin(angle));
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

  /// How many independent kernels there are on one circle.
  int size() const { return static_cast<int>(solutions_.cols()); }

  /// Kernel i in the direction of x: channels out x channels in.
  Eigen::MatrixXd operator()(int i, const Eigen::Vector2d& x) const {
    const Eigen::VectorXd y = values(x);
    Eigen::MatrixXd k = Eigen::MatrixXd::Zero(out_, in_);
    for (int m = 0; m < out_; ++m)
      for (int n = 0; n < in_; ++n)
        for (int c = 0; c < harmonics_; ++c) k(m, n) += y(c) * solutions_(unknown(c, m, n), i);
    return k;
  }

 private:
  NullSpaceKernels(int max_frequency, int in, int out)
      : max_frequency_(max_frequency), harmonics_(2 * max_frequency + 1), in_(in), out_(out) {}

  int unknown(int c, int m, int n) const { return (c * out_ + m) * in_ + n; }

  Eigen::VectorXd values(const Eigen::Vector2d& x) const {
    Eigen::VectorXd y(harmonics_);
    for (int l = 0; l <= max_frequency_; ++l) harmonics(l, x, y.data() + (l == 0 ? 0 : 2 * l - 1));
    return y;
  }

  int max_frequency_, harmonics_, in_, out_;
  Eigen::MatrixXd solutions_;
};

}  // namespace gsteer
