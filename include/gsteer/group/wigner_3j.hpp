// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

#include "gsteer/core/error.hpp"
#include "gsteer/group/invariants.hpp"

namespace gsteer {

/// Whether three angular momenta can add up to zero: exactly then SO(3) has an invariant tensor
/// l1 (x) l2 (x) l3, and only one.
constexpr bool is_triangle(int l1, int l2, int l3) {
  return l1 >= 0 && l2 >= 0 && l3 >= 0 && l3 <= l1 + l2 && l1 <= l2 + l3 && l2 <= l3 + l1;
}

namespace detail {

/// The row n of Pascal's triangle, exact below 2^53. It reads 0 outside of [0, n].
struct binomials {
  std::vector<double> row;

  explicit binomials(int n) : row(static_cast<std::size_t>(n) + 1, 1.0) {
    for (std::size_t i = 2; i < row.size(); ++i)
      for (std::size_t k = i - 1; k > 0; --k) row[k] += row[k - 1];
  }
  double operator()(int k) const {
    return k < 0 || k >= static_cast<int>(row.size()) ? 0 : row[static_cast<std::size_t>(k)];
  }
};

/// The entry of row m of the unitary matrix Q that takes the real basis to the complex one (Condon
/// and Shortley's) in column m or -m, as scale i^power. Times (-i)^l, which makes the
/// Clebsch-Gordan coefficients real:
///   m < 0: Q(m, -m) = 1 / sqrt 2, Q(m, m) = -i / sqrt 2;   Q(0, 0) = 1;
///   m > 0: Q(m, m) = (-1)^m / sqrt 2, Q(m, -m) = i (-1)^m / sqrt 2.
struct real_column {
  int m = 0;
  int power = 0;
  double scale = 1;

  real_column(int l, int row, bool negative) : power(3 * l) {
    if (row == 0) return;
    m = negative ? -std::abs(row) : std::abs(row);
    scale = std::numbers::sqrt2 / 2;
    power += row < 0 ? (negative ? 3 : 0) : 2 * row + (negative ? 1 : 0);
  }
};

}  // namespace detail

/// The Clebsch-Gordan tensor of SO(3), (2 l1 + 1) x (2 l2 + 1) x (2 l3 + 1), invariant under
/// wigner_d and of Frobenius norm 1, signs included that of e3nn >= 0.5 (0.4 differs in signs). A
/// cyclic permutation of l1, l2, l3 permutes the indices, a swap multiplies also by
/// (-1)^(l1 + l2 + l3).
///
/// Racah's formula, written with binomial coefficients: up to a factor that normalization removes,
///   <l1 m1 l2 m2 | l3 m3> = S / sqrt(B(2 l1, l1 + m1) B(2 l2, l2 + m2) B(2 l3, l3 + m3)),
///   S = sum over k of (-1)^k B(l1 + l2 - l3, k) B(l1 - l2 + l3, l1 - m1 - k)
///                            B(-l1 + l2 + l3, l2 + m2 - k),
/// taken to the real basis by real_column. The alternating sum is one of integers below
/// 2^(l1 + l2 + l3), hence exact up to l1 + l2 + l3 = 53; beyond, digits are lost little by little.
/// \throws Error unless is_triangle(l1, l2, l3)
[[gnu::cold]] inline invariant_tensor wigner_3j(int l1, int l2, int l3) {
  expect(is_triangle(l1, l2, l3),
         "wigner_3j: expected l >= 0 with |l1 - l2| <= l3 <= l1 + l2, got (", l1, ", ", l2, ", ",
         l3, ")");
  const detail::binomials first(l1 + l2 - l3), second(l1 - l2 + l3), third(l2 + l3 - l1);
  const detail::binomials scale1(2 * l1), scale2(2 * l2), scale3(2 * l3);
  invariant_tensor tensor({2 * l1 + 1, 2 * l2 + 1, 2 * l3 + 1});
  double square = 0;
  for (int m1 = -l1; m1 <= l1; ++m1)
    for (int m2 = -l2; m2 <= l2; ++m2) {
      const int m3 = m1 + m2;
      if (std::abs(m3) > l3) continue;
      double sum = 0;
      for (int k = 0; k <= l1 + l2 - l3; ++k)
        sum += (k % 2 == 0 ? 1 : -1) * first(k) * second(l1 - m1 - k) * third(l2 + m2 - k);
      const double coefficient = sum / std::sqrt(scale1(l1 + m1)) / std::sqrt(scale2(l2 + m2)) /
                                 std::sqrt(scale3(l3 + m3));
      square += coefficient * coefficient;
      for (int signs = 0; signs < 8; ++signs) {
        const bool n1 = (signs & 1) != 0, n2 = (signs & 2) != 0, n3 = (signs & 4) != 0;
        if ((n1 && m1 == 0) || (n2 && m2 == 0) || (n3 && m3 == 0)) continue;  // one column only
        const detail::real_column a(l1, m1, n1), b(l2, m2, n2), c(l3, m3, n3);
        const int power = (a.power + b.power + 3 * c.power) % 4;  // c enters conjugated
        if (power % 2 != 0) continue;                             // i (...), which cancels
        tensor(l1 + a.m, l2 + b.m, l3 + c.m) +=
            (power == 0 ? 1 : -1) * a.scale * b.scale * c.scale * coefficient;
      }
    }
  const double norm = std::sqrt(square);
  for (double& value : tensor.values) value /= norm;
  return tensor;
}

}  // namespace gsteer
