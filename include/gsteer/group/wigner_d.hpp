// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <vector>

#include "gsteer/core/error.hpp"
#include "gsteer/group/rotation.hpp"
#include "gsteer/group/wigner_3j.hpp"

namespace gsteer {

namespace detail {

/// An entry of a tensor that is not 0.
struct coupling {
  int i, j, k;
  double value;
};

/// wigner_3j(l, 1, l + 1), of which nearly all entries are 0. Kept for the life of the thread: a
/// quadrature over the group asks for the same few thousands of times.
[[gnu::cold]] inline const std::vector<coupling>& ladder_coupling(int l) {
  static thread_local std::vector<std::vector<coupling>> known;
  while (static_cast<int>(known.size()) <= l) {
    const int step = static_cast<int>(known.size());
    const invariant_tensor tensor = wigner_3j(step, 1, step + 1);
    std::vector<coupling> entries;
    for (int i = 0; i < tensor.sizes[0]; ++i)
      for (int j = 0; j < tensor.sizes[1]; ++j)
        for (int k = 0; k < tensor.sizes[2]; ++k)
          if (tensor(i, j, k) != 0) entries.push_back({i, j, k, tensor(i, j, k)});
    known.push_back(std::move(entries));
  }
  return known[static_cast<std::size_t>(l)];
}

/// D^l of the rotation matrix R, see wigner_d. Nothing but R is read: no angles, hence no poles.
[[gnu::cold]] inline Eigen::MatrixXd climb_wigner_d(int l, const Eigen::Matrix3d& R) {
  expect(l >= 0, "wigner_d: expected l >= 0, got ", l);
  Eigen::MatrixXd D = Eigen::MatrixXd::Ones(1, 1);
  if (l > 0) D = R;
  for (int step = 1; step < l; ++step) {
    const auto& C = ladder_coupling(step);
    Eigen::MatrixXd next = Eigen::MatrixXd::Zero(2 * step + 3, 2 * step + 3);
    for (const coupling& left : C)
      for (const coupling& right : C)
        next(left.k, right.k) += left.value * D(left.i, right.i) * R(left.j, right.j) * right.value;
    for (Eigen::Index i = 0; i < next.size(); ++i) next.data()[i] *= 2 * step + 3;
    D = next;
  }
  return D;
}

}  // namespace detail

/// The matrix of a rotation in the irrep l of SO(3), (2 l + 1) square, orthogonal; e3nn's, in the
/// basis in which D^0 = 1 and D^1 = R acts on (x, y, z). Harmonics of degree l in e3nn's order
/// transform by it: Y^l(R x) = D^l(R) Y^l(x).
///
/// Any l, by the Clebsch-Gordan series of D^l (x) D^1, which holds D^(l+1) once (Varshalovich,
/// Quantum Theory of Angular Momentum, 4.6):
///   D^(l+1)(k, k') = (2 l + 3) sum C(i, j, k) D^l(i, i') R(j, j') C(i', j', k'),
///   C = wigner_3j(l, 1, l + 1).
/// It is the restriction of an orthogonal matrix to a subspace, so that errors add up, and do not
/// multiply. \throws Error if l < 0
[[gnu::cold]] inline Eigen::MatrixXd wigner_d(int l, const rotation& g) {
  return detail::climb_wigner_d(l, g.matrix());
}

/// The same for a rotation matrix. \throws Error if l < 0 or R is not a rotation (to 1e-6)
[[gnu::cold]] inline Eigen::MatrixXd wigner_d(int l, const Eigen::Matrix3d& R) {
  detail::expect_rotation("wigner_d", R);
  return detail::climb_wigner_d(l, R);
}

}  // namespace gsteer
