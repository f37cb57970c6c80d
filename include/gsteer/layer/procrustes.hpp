// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "gsteer/field/field.hpp"
#include "gsteer/layer/kernels/svd3.hpp"
#include "gsteer/representation/irreps.hpp"

namespace gsteer {

/// The rotation nearest to a matrix, and how well it is determined.
struct NearestRotation {
  Eigen::Matrix3d rotation = Eigen::Matrix3d::Identity();
  /// (s1 + s2) / s0 in [0, 2], of the singular values s0 >= s1 >= |s2|, the last with the sign of
  /// the determinant. At 0 there are other rotations as near as this one; the nearest matrix for
  /// which that is so is s0 margin / sqrt(2) away.
  double margin = 0;
};

namespace detail {

inline double rotation_margin(const SignedSvd& svd) {
  return svd.s(0) > 0 ? std::max(svd.s(1) + svd.s(2), 0.0) / svd.s(0) : 0.0;
}

inline NearestRotation rotation_of(const SignedSvd& svd) {
  return {product3(svd.u, transposed3(svd.v)), rotation_margin(svd)};
}

/// dL/dM from G = dL/dR, R = U V^T. M = R P with P symmetric; of R^T dM = R^T dR P + dP the
/// antisymmetric part says, in the basis of V,
///   dR = U K V^T,   K_ij = (A - A^T)_ij / (s_i + s_j),   A = U^T dM V,
/// which has sums of singular values in the denominators and not, as the derivatives of U and V
/// have, differences of their squares. The map is its own transpose. 0 for a margin <= tolerance,
/// where R is not differentiable, and for an M so small that dR/dM = O(1/M) would overflow.
inline Eigen::Matrix3d rotation_backward(const SignedSvd& svd, const Eigen::Matrix3d& gradient,
                                         double tolerance) {
  Eigen::Matrix3d k = Eigen::Matrix3d::Zero();
  if (!(rotation_margin(svd) > tolerance) || svd.s(1) + svd.s(2) < 1e-150) return k;
  const Eigen::Matrix3d b = product3(transposed3(svd.u), product3(gradient, svd.v));
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j)
      if (i != j) k(i, j) = (b(i, j) - b(j, i)) / (svd.s(i) + svd.s(j));
  return product3(svd.u, product3(k, transposed3(svd.v)));
}

/// Whether all irreps are vectors (1o) or pseudovectors (1e).
constexpr bool are_vectors(const IrrepList& list) {
  for (const auto& block : list)
    if (block.copies > 0 && block.label.frequency != 1) return false;
  return irrep_count(list) > 0;
}

}  // namespace detail

/// The rotation R that maximizes tr(R^T M), or minimizes |R - M|: U diag(1, 1, det(U V^T)) V^T for
/// M = U S V^T (Kabsch, Acta Cryst. A 32, 1976; Umeyama, IEEE PAMI 13, 1991). With M = sum of
/// y_i x_i^T it is the rotation that takes the vectors x_i nearest to y_i. Where it is not unique,
/// one of the nearest, with the margin 0. \throws Error if M is not finite
inline NearestRotation nearest_rotation(const Eigen::Matrix3d& m) {
  return detail::rotation_of(detail::signed_svd(m));
}

/// Settings of Procrustes.
struct ProcrustesOptions {
  /// A pair whose rotation is determined no better (NearestRotation::margin) has no gradient.
  double least_margin = 1e-6;
};

/// The gradients of a function of two fields that are alike.
template <class F, class Scalar>
struct PairGradients {
  Field<F, Scalar, Point> first, second;
};

/// The Procrustes head: the relative rotation of two objects from vectors x(c), y(c) that one
/// equivariant network has made of both,
///   R = nearest_rotation(sum over c of y(c) x(c)^T),
/// that which takes those of the first object nearest to those of the second. [pair, F] twice ->
/// one rotation a pair. Vectors may be 1o and 1e: a mirror-symmetric object has all its vectors in
/// the mirror plane, and pseudovectors only along the normal.
///
/// Bi-equivariant: R(g x, h y) = h R(x, y) g^-1 for all rotations g and h, and for g and h of O(3)
/// that are both proper or both not. (A rotation cannot turn an object into its mirror image: if
/// only one is mirrored, R is that of the nearest rotation and follows no law.)
///
/// All is computed in double, whatever Scalar is. No parameters. Use the alias Procrustes.
template <class F, class Scalar_ = float>
class procrustes {
 public:
  using in = F;
  using Scalar = Scalar_;
  using Vectors = Field<F, Scalar, Point>;
  static_assert(detail::are_vectors(irrep_list<F>()),
                "gsteer: Procrustes compares vectors, irreps 1o and 1e: irreps<\"16x1o+16x1e\">");

  /// \throws Error unless the least margin is in [0, 2)
  explicit procrustes(const ProcrustesOptions& options = {}) : options_(options) {
    expect(options.least_margin >= 0 && options.least_margin < 2,
           "Procrustes: expected a least margin in [0, 2), got ", options.least_margin);
  }

  /// The rotations from the first vectors to the second. \throws Error unless there are as many of
  /// each, and all are finite
  std::vector<NearestRotation> forward(const Vectors& first, const Vectors& second) {
    auto found = decompose(first, second);  // throws before anything has changed
    first_ = first;
    second_ = second;
    decompositions_ = std::move(found);
    return rotations(decompositions_);
  }

  /// From the gradient with respect to each rotation to that with respect to the vectors. 0 for
  /// pairs whose rotation is not determined. \throws Error before forward, or for another number of
  /// pairs
  PairGradients<F, Scalar> backward(const std::vector<Eigen::Matrix3d>& gradient) const {
    const std::size_t pairs = decompositions_.size();
    expect(pairs > 0, "Procrustes: backward before forward");
    expect(gradient.size() == pairs, "Procrustes: expected gradients of ", pairs,
           " rotations, got ", gradient.size());
    PairGradients<F, Scalar> d{Vectors(first_.batch()), Vectors(first_.batch())};
    for (std::size_t pair = 0; pair < pairs; ++pair) {
      const Eigen::Matrix3d m =
          detail::rotation_backward(decompositions_[pair], gradient[pair], options_.least_margin);
      // M = sum of y x^T: dL/dx = (dL/dM)^T y, dL/dy = (dL/dM) x.
      const std::size_t begin = pair * F::size;
      for (std::size_t v = begin; v < begin + F::size; v += 3)
        for (std::size_t i = 0; i < 3; ++i) {
          double x = 0, y = 0;
          for (std::size_t j = 0; j < 3; ++j) {
            x += m(static_cast<int>(j), static_cast<int>(i)) * value(second_, v + j);
            y += m(static_cast<int>(i), static_cast<int>(j)) * value(first_, v + j);
          }
          d.first.data()[v + i] = static_cast<Scalar>(x);
          d.second.data()[v + i] = static_cast<Scalar>(y);
        }
    }
    return d;
  }

  /// For use: forward(first, second) is const and may be called from many threads.
  class Frozen {
   public:
    using in = F;
    using Scalar = Scalar_;
    std::vector<NearestRotation> forward(const Vectors& first, const Vectors& second) const {
      return rotations(decompose(first, second));
    }
    const Frozen& freeze() const { return *this; }
  };
  Frozen freeze() const { return {}; }

 private:
  static double value(const Vectors& x, std::size_t i) { return static_cast<double>(x.data()[i]); }

  static std::vector<detail::SignedSvd> decompose(const Vectors& first, const Vectors& second) {
    expect(first.batch() == second.batch() && first.batch() > 0,
           "Procrustes: expected vectors of as many first objects as second ones, got ",
           first.batch(), " and ", second.batch());
    std::vector<detail::SignedSvd> all;
    all.reserve(static_cast<std::size_t>(first.batch()));
    for (std::size_t begin = 0; begin < first.size(); begin += F::size) {
      Eigen::Matrix3d m = Eigen::Matrix3d::Zero();
      for (std::size_t v = begin; v < begin + F::size; v += 3)
        for (std::size_t i = 0; i < 3; ++i)
          for (std::size_t j = 0; j < 3; ++j)
            m(static_cast<int>(i), static_cast<int>(j)) +=
                value(second, v + i) * value(first, v + j);
      all.push_back(detail::signed_svd(m));
    }
    return all;
  }
  static std::vector<NearestRotation> rotations(const std::vector<detail::SignedSvd>& all) {
    std::vector<NearestRotation> result;
    result.reserve(all.size());
    for (const auto& svd : all) result.push_back(detail::rotation_of(svd));
    return result;
  }

  ProcrustesOptions options_;
  Vectors first_, second_;
  std::vector<detail::SignedSvd> decompositions_;
};

/// Procrustes<irreps<"16x1o+16x1e">>{}
template <auto F, class Scalar = float>
using Procrustes = procrustes<features_of<F>, Scalar>;

}  // namespace gsteer
