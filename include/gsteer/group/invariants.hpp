// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

#include "gsteer/core/error.hpp"
#include "gsteer/core/matrix.hpp"

namespace gsteer {

/// A tensor T(i, j, k) in the product of three representations that no element of the group
/// changes:
///   T(i, j, k) = sum a(g)(i, i') b(g)(j, j') c(g)(k, k') T(i', j', k')   for all g.
/// For orthogonal a, b, c it is a Clebsch-Gordan tensor: x, y -> sum T(i, j, k) x(i) y(j) maps a
/// (x) b to c and commutes with the group. Its Frobenius norm is 1, as e3nn has it for Wigner 3j
/// symbols.
struct invariant_tensor {
  std::array<int, 3> sizes{};
  std::vector<double> values;  ///< row-major

  explicit invariant_tensor(std::array<int, 3> n)
      : sizes(n), values(static_cast<std::size_t>(n[0] * n[1] * n[2])) {}

  double& operator()(int i, int j, int k) { return values[index(i, j, k)]; }
  double operator()(int i, int j, int k) const { return values[index(i, j, k)]; }

 private:
  std::size_t index(int i, int j, int k) const {
    return static_cast<std::size_t>((i * sizes[1] + j) * sizes[2] + k);
  }
};

/// Orthonormal basis of the invariant tensors of three representations, by the Reynolds operator
///   P = sum over g of weight(g) a(g) (x) b(g) (x) c(g),
/// the orthogonal projection onto the invariants (Serre, section 2.6). Columns of P are taken in
/// order and orthonormalized until `count` of them are found, so that the basis is the same
/// everywhere; the rest of P, most of it, is never computed.
///
/// This is for groups that offer no closed form: `a`, `b`, `c` are functions from elements to
/// orthogonal matrices, `quadrature` is a rule that integrates their product exactly. \throws Error
/// if fewer than `count` invariants exist
template <class Quadrature, class A, class B, class C>
std::vector<invariant_tensor> reynolds_invariants(const Quadrature& quadrature, A&& a, B&& b, C&& c,
                                                  int count) {
  if (count == 0) return {};
  const auto [first, weight] = quadrature.front();
  const int na = static_cast<int>(a(first).rows());
  const int nb = static_cast<int>(b(first).rows());
  const int nc = static_cast<int>(c(first).rows());
  const int n = na * nb * nc;
  std::vector<double> weights;
  std::vector<std::array<Eigen::MatrixXd, 3>> matrices;
  for (const auto& [g, w] : quadrature) {
    weights.push_back(w);
    matrices.push_back({a(g), b(g), c(g)});
  }
  std::vector<invariant_tensor> basis;
  Eigen::MatrixXd found(n, count);
  for (int col = 0; col < n && static_cast<int>(basis.size()) < count; ++col) {
    Eigen::MatrixXd v = detail::zeros(n, 1);  // column `col` of P
    for (std::size_t g = 0; g < weights.size(); ++g) {
      const auto& [x, y, z] = matrices[g];
      double* at = v.data();
      for (int i = 0; i < na; ++i)
        for (int j = 0; j < nb; ++j) {
          const double ab = weights[g] * x(i, col / (nb * nc)) * y(j, col / nc % nb);
          for (int k = 0; k < nc; ++k) *at++ += ab * z(k, col % nc);
        }
    }
    detail::remove_projection(v, found, static_cast<int>(basis.size()));
    const double norm = detail::length(v.data(), n);
    if (norm < 1e-6) continue;
    invariant_tensor tensor({na, nb, nc});
    for (int i = 0; i < n; ++i) tensor.values[static_cast<std::size_t>(i)] = v(i, 0) / norm;
    for (int i = 0; i < n; ++i)
      found(i, static_cast<Eigen::Index>(basis.size())) =
          tensor.values[static_cast<std::size_t>(i)];
    basis.push_back(std::move(tensor));
  }
  expect(static_cast<int>(basis.size()) == count, "reynolds_invariants: expected ", count,
         " invariants of the product of three representations, found ", basis.size(),
         "; the multiplicities that the group states are wrong");
  return basis;
}

}  // namespace gsteer
