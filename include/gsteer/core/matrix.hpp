// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>

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

// The three products that every layer is made of, size-erased, so that each is instantiated once a
// scalar type and not once a layer. All matrices are row-major; ld* is the distance between two
// rows. C is m x n and is overwritten unless `add`.

/// C (+)= A B, with A m x k and B k x n.
template <class Scalar>
void multiply(Scalar* c, int ldc, const Scalar* a, int lda, const Scalar* b, int ldb, int m, int n,
              int k, bool add) {
  MatrixMap<Scalar> C(c, m, n, Eigen::OuterStride<>(ldc));
  if (!add) C.setZero();
  C.noalias() += ConstMatrixMap<Scalar>(a, m, k, Eigen::OuterStride<>(lda)) *
                 ConstMatrixMap<Scalar>(b, k, n, Eigen::OuterStride<>(ldb));
}

/// C (+)= A^T B, with A k x m and B k x n.
template <class Scalar>
void multiply_transposed_a(Scalar* c, int ldc, const Scalar* a, int lda, const Scalar* b, int ldb,
                           int m, int n, int k, bool add) {
  MatrixMap<Scalar> C(c, m, n, Eigen::OuterStride<>(ldc));
  if (!add) C.setZero();
  C.noalias() += ConstMatrixMap<Scalar>(a, k, m, Eigen::OuterStride<>(lda)).transpose() *
                 ConstMatrixMap<Scalar>(b, k, n, Eigen::OuterStride<>(ldb));
}

/// C (+)= A B^T, with A m x k and B n x k.
template <class Scalar>
void multiply_transposed_b(Scalar* c, int ldc, const Scalar* a, int lda, const Scalar* b, int ldb,
                           int m, int n, int k, bool add) {
  MatrixMap<Scalar> C(c, m, n, Eigen::OuterStride<>(ldc));
  if (!add) C.setZero();
  C.noalias() += ConstMatrixMap<Scalar>(a, m, k, Eigen::OuterStride<>(lda)) *
                 ConstMatrixMap<Scalar>(b, n, k, Eigen::OuterStride<>(ldb)).transpose();
}

}  // namespace detail
}  // namespace gsteer
