// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cmath>

#include "gsteer/core/product.hpp"

namespace gsteer {

/// Row-major matrix, the layout of all tensors of the library.
template <class Scalar>
using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Row-major view of memory whose rows are `stride` numbers apart.
template <class Scalar>
using MatrixMap = Eigen::Map<Matrix<Scalar>, 0, Eigen::OuterStride<>>;
template <class Scalar>
using ConstMatrixMap = Eigen::Map<const Matrix<Scalar>, 0, Eigen::OuterStride<>>;

namespace detail {

// The small matrices of the algebra, by plain loops that are compiled once: each expression of
// Eigen's is a type of its own, which costs a user compile time, a product the most.

[[gnu::cold]] inline Eigen::MatrixXd zeros(Eigen::Index rows, Eigen::Index cols) {
  Eigen::MatrixXd m(rows, cols);
  for (Eigen::Index i = 0; i < m.size(); ++i) m.data()[i] = 0;
  return m;
}
[[gnu::cold]] inline Eigen::MatrixXd identity(Eigen::Index rows, Eigen::Index cols) {
  Eigen::MatrixXd m = zeros(rows, cols);
  for (Eigen::Index i = 0; i < rows && i < cols; ++i) m(i, i) = 1;
  return m;
}

/// m(row + i, col + j) = factor block(i, j)
[[gnu::cold]] inline void place(Eigen::MatrixXd& m, Eigen::Index row, Eigen::Index col,
                                const Eigen::MatrixXd& block, double factor = 1) {
  for (Eigen::Index j = 0; j < block.cols(); ++j)
    for (Eigen::Index i = 0; i < block.rows(); ++i) m(row + i, col + j) = factor * block(i, j);
}

inline double length(const double* x, Eigen::Index size) {
  double square = 0;
  for (Eigen::Index i = 0; i < size; ++i) square += x[i] * x[i];
  return std::sqrt(square);
}

/// a b
[[gnu::cold]] inline Eigen::MatrixXd product(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) {
  Eigen::MatrixXd c = zeros(a.rows(), b.cols());
  for (Eigen::Index j = 0; j < b.cols(); ++j)
    for (Eigen::Index k = 0; k < a.cols(); ++k)
      for (Eigen::Index i = 0; i < a.rows(); ++i) c(i, j) += a(i, k) * b(k, j);
  return c;
}

/// A matrix of the algebra in the scalar type and the layout of tensors: row by row to `numbers`.
template <class Scalar>
[[gnu::cold]] void copy_numbers(const Eigen::MatrixXd& a, Scalar* numbers) {
  for (Eigen::Index i = 0; i < a.rows(); ++i)
    for (Eigen::Index j = 0; j < a.cols(); ++j) *numbers++ = static_cast<Scalar>(a(i, j));
}

/// x - q q^T x: what of the columns of x is orthogonal to the first `found` columns of q, which are
/// orthonormal. Twice, against rounding.
inline void remove_projection(Eigen::MatrixXd& x, const Eigen::MatrixXd& q, int found) {
  for (int pass = 0; pass < 2; ++pass)
    for (Eigen::Index j = 0; j < x.cols(); ++j)
      for (Eigen::Index k = 0; k < found; ++k) {
        double overlap = 0;
        for (Eigen::Index i = 0; i < x.rows(); ++i) overlap += q(i, k) * x(i, j);
        for (Eigen::Index i = 0; i < x.rows(); ++i) x(i, j) -= overlap * q(i, k);
      }
}

// The three products that every layer is made of. All matrices are row-major; ld* is the distance
// between two rows. C is m x n and is overwritten unless `add`.

/// C (+)= A B, with A m x k and B k x n.
template <class Scalar>
void multiply(Scalar* c, int ldc, const Scalar* a, int lda, const Scalar* b, int ldb, int m, int n,
              int k, bool add) {
  Product<Scalar>::run(c, ldc, {a, lda, 1}, {b, ldb, 1}, m, n, k, add);
}

/// C (+)= A^T B, with A k x m and B k x n.
template <class Scalar>
void multiply_transposed_a(Scalar* c, int ldc, const Scalar* a, int lda, const Scalar* b, int ldb,
                           int m, int n, int k, bool add) {
  Product<Scalar>::run(c, ldc, {a, 1, lda}, {b, ldb, 1}, m, n, k, add);
}

/// C (+)= A B^T, with A m x k and B n x k.
template <class Scalar>
void multiply_transposed_b(Scalar* c, int ldc, const Scalar* a, int lda, const Scalar* b, int ldb,
                           int m, int n, int k, bool add) {
  Product<Scalar>::run(c, ldc, {a, lda, 1}, {b, 1, ldb}, m, n, k, add);
}

}  // namespace detail
}  // namespace gsteer
