// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <array>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "gsteer/group/invariants.hpp"
#include "gsteer/group/irrep.hpp"

namespace gsteer {

namespace detail {

/// The remainder in [0, n).
constexpr int modulo(int k, int n) { return k % n < 0 ? k % n + n : k % n; }

}  // namespace detail

/// A closed subgroup of O(2): rotations by multiples of 2 pi / rotations (by any angle if 0), and,
/// if `reflection`, also their products with the reflection f, which maps x to -x. C_N, D_N, SO(2)
/// and O(2) are all there are, up to the choice of axis.
struct plane_symmetry {
  int rotations = 1;
  bool reflection = false;

  friend constexpr bool operator==(plane_symmetry, plane_symmetry) = default;

  /// Whether every element of `part` is an element of this group.
  constexpr bool contains(plane_symmetry part) const {
    if (part.reflection && !reflection) return false;
    if (rotations == 0) return true;
    return part.rotations != 0 && rotations % part.rotations == 0;
  }

  /// A rotation by 2 pi w / rotations is none.
  constexpr bool is_multiple(int w) const { return rotations == 0 ? w == 0 : w % rotations == 0; }
};

/// An element of O(2): r(turns) f^flip, first the reflection, then the rotation.
struct plane_element {
  int flip = 0;
  double turns = 0;  ///< of 2 pi, counter-clockwise
};

/// The matrix of the rotation by `turns` * 2 pi; exact for quarter turns.
inline Eigen::Matrix2d plane_rotation(double turns) {
  const double quarter = std::nearbyint(4 * turns);
  const double angle = 2 * std::numbers::pi * (turns - quarter / 4);
  double c = std::cos(angle), s = std::sin(angle);
  for (int q = static_cast<int>(quarter - 4 * std::floor(quarter / 4)); q > 0; --q) {
    const double old = c;
    c = -s;
    s = old;
  }
  Eigen::Matrix2d rotation;
  rotation(0, 0) = rotation(1, 1) = c;
  rotation(0, 1) = -s;
  rotation(1, 0) = s;
  return rotation;
}

/// How an element of O(2) acts on points (x, y): rotation(turns) diag(-1, 1)^flip.
inline Eigen::Matrix2d plane_action(plane_element g) {
  Eigen::Matrix2d a = plane_rotation(g.turns);
  if (g.flip) {
    a(0, 0) = -a(0, 0);
    a(1, 0) = -a(1, 0);
  }
  return a;
}

/// Closed forms for all four families at once. They rest on complex weights: an irrep of size 2 and
/// frequency k has the eigenvectors u = (1, -i) / sqrt 2 and its conjugate, which the rotation by
/// theta multiplies with exp(+-i k theta) and which the reflection exchanges.
namespace plane {

/// How one factor of a product transforms. Size 2: rotation by theta acts as R(weight theta), f as
/// sign diag(1, -1). Size 1: rotation acts as cos(weight theta), f as sign.
struct factor {
  int weight = 0;
  int size = 1;
  int sign = 1;
};

constexpr bool has_irrep(plane_symmetry s, irrep_label label) {
  const auto [parity, k] = label;
  if (k < 0 || parity < 0 || parity > (s.reflection ? 1 : 0)) return false;
  if (s.rotations != 0 && 2 * k > s.rotations) return false;
  const bool one_dimensional = k == 0 || 2 * k == s.rotations;
  return one_dimensional || !s.reflection || parity == 1;
}

constexpr int irrep_size(plane_symmetry s, irrep_label label) {
  return label.frequency == 0 || 2 * label.frequency == s.rotations ? 1 : 2;
}

constexpr irrep_type type_of_irrep(plane_symmetry s, irrep_label label) {
  return s.reflection || irrep_size(s, label) == 1 ? irrep_type::real : irrep_type::complex;
}

constexpr factor irrep(plane_symmetry s, irrep_label label) {
  const int size = irrep_size(s, label);
  return {label.frequency, size, size == 1 && label.parity == 1 ? -1 : 1};
}

/// The harmonics of degree l, (cos l phi, sin l phi): f maps phi to pi - phi, hence the sign
/// (-1)^l.
constexpr factor harmonic(int l) { return {l, l == 0 ? 1 : 2, l % 2 == 0 ? 1 : -1}; }

inline Eigen::MatrixXd matrix(const factor& part, plane_element g) {
  const Eigen::Matrix2d rotation = plane_rotation(part.weight * g.turns);
  Eigen::MatrixXd m(part.size, part.size);
  for (int j = 0; j < part.size; ++j)
    for (int i = 0; i < part.size; ++i)
      m(i, j) = rotation(i, j) * (g.flip ? (j == 0 ? part.sign : -part.sign) : 1);
  return m;
}

/// All irreps of frequency <= limit; of a finite group, all.
constexpr irrep_content irreps_up_to(plane_symmetry s, int limit) {
  irrep_content all;
  for (int k = 0; k <= (s.rotations == 0 ? limit : s.rotations / 2); ++k)
    for (int parity = 0; parity < 2; ++parity)
      if (has_irrep(s, {parity, k})) all.add({parity, k}, 1);
  return all;
}

/// What a factor becomes when only the elements of `part` act on it.
constexpr irrep_content restrict_to(plane_symmetry part, factor f) {
  irrep_content content;
  int k = f.weight;
  if (part.rotations != 0) {
    k %= part.rotations;
    if (2 * k > part.rotations) k = part.rotations - k;
  }
  const bool splits = f.size == 2 && irrep_size(part, {0, k}) == 1;
  if (!part.reflection) {
    content.add({0, k}, splits ? 2 : 1);
  } else if (splits) {
    content.add({0, k}, 1);
    content.add({1, k}, 1);
  } else {
    content.add({f.size == 2 || f.sign < 0 ? 1 : 0, k}, 1);
  }
  return content;
}

/// Calls visit(sign of b, sign of c) for each choice of eigenvectors, up to conjugation, whose
/// product the rotations leave alone:
///   weight of a + sign weight of b + sign weight of c = 0 (mod rotations).
/// The first factor of size 2 keeps its sign.
template <class Visit>
constexpr void for_each_invariant(plane_symmetry s, const factor& a, const factor& b,
                                  const factor& c, Visit&& visit) {
  const bool b_turns = b.size == 2 && a.size == 2;
  const bool c_turns = c.size == 2 && (a.size == 2 || b.size == 2);
  if (s.is_multiple(a.weight + b.weight + c.weight)) visit(1, 1);
  if (c_turns && s.is_multiple(a.weight + b.weight - c.weight)) visit(1, -1);
  if (b_turns && s.is_multiple(a.weight - b.weight + c.weight)) visit(-1, 1);
  if (b_turns && c_turns && s.is_multiple(a.weight - b.weight - c.weight)) visit(-1, -1);
}

/// Dimension of the invariants of a product of three factors: real and imaginary part of each
/// product of eigenvectors, of which a reflection keeps one.
constexpr int multiplicity(plane_symmetry s, const factor& a, const factor& b, const factor& c) {
  int choices = 0;
  for_each_invariant(s, a, b, c, [&](int, int) { ++choices; });
  if (a.size * b.size * c.size > 1) return s.reflection ? choices : 2 * choices;
  return !s.reflection || a.sign * b.sign * c.sign > 0 ? choices : 0;
}

/// Adds those of one choice of eigenvectors.
[[gnu::cold]] inline void add_invariants(std::vector<invariant_tensor>& basis, plane_symmetry s,
                                         const std::array<factor, 3>& f,
                                         const std::array<int, 3>& signs) {
  const std::array<int, 3> sizes{f[0].size, f[1].size, f[2].size};
  const bool real = sizes[0] * sizes[1] * sizes[2] == 1;
  const int sign = f[0].sign * f[1].sign * f[2].sign;
  for (const bool imaginary : {false, true}) {
    if (real && imaginary) continue;
    if (s.reflection && (sign > 0) == imaginary) continue;
    invariant_tensor tensor(sizes);
    for (int i = 0; i < sizes[0]; ++i)
      for (int j = 0; j < sizes[1]; ++j)
        for (int k = 0; k < sizes[2]; ++k) {
          // The product of eigenvectors (1, -i sign) / sqrt(2) is length (-i)^quarters.
          const std::array<int, 3> row{i, j, k};
          double length = 1;
          int quarters = 0;
          for (std::size_t a = 0; a < 3; ++a) {
            if (sizes[a] == 2) length *= std::numbers::sqrt2 / 2;
            quarters += row[a] * signs[a];
          }
          constexpr std::array<int, 4> real_part{1, 0, -1, 0}, imaginary_part{0, -1, 0, 1};
          const auto turn = static_cast<std::size_t>(quarters & 3);
          tensor(i, j, k) = real ? 1
                                 : std::numbers::sqrt2 * length *
                                       (imaginary ? imaginary_part[turn] : real_part[turn]);
        }
    basis.push_back(std::move(tensor));
  }
}

/// The invariants that multiplicity() counts, orthonormal.
[[gnu::cold]] inline std::vector<invariant_tensor> invariants(plane_symmetry s, const factor& a,
                                                              const factor& b, const factor& c) {
  std::vector<invariant_tensor> basis;
  for_each_invariant(s, a, b, c, [&](int b_sign, int c_sign) {
    add_invariants(basis, s, {a, b, c}, {1, b_sign, c_sign});
  });
  return basis;
}

}  // namespace plane

/// What the four families have in common: everything that concerns labels only. See the concept
/// `group` for the meaning.
template <int Rotations, bool Reflection>
struct plane_irreps {
  static constexpr plane_symmetry symmetry{Rotations, Reflection};
  static constexpr int dimension = 2;

  static constexpr bool has_irrep(irrep_label label) { return plane::has_irrep(symmetry, label); }
  static constexpr int irrep_size(irrep_label label) { return plane::irrep_size(symmetry, label); }
  static constexpr irrep_type type_of_irrep(irrep_label label) {
    return plane::type_of_irrep(symmetry, label);
  }
  static constexpr irrep_content irreps_up_to(int frequency) {
    return plane::irreps_up_to(symmetry, frequency);
  }
  static constexpr int multiplicity(irrep_label a, irrep_label b, irrep_label c) {
    return plane::multiplicity(symmetry, factor(a), factor(b), factor(c));
  }
  static constexpr int kernel_multiplicity(int l, irrep_label out, irrep_label in) {
    return plane::multiplicity(symmetry, plane::harmonic(l), factor(out), factor(in));
  }
  static std::vector<invariant_tensor> invariants(irrep_label a, irrep_label b, irrep_label c) {
    return plane::invariants(symmetry, factor(a), factor(b), factor(c));
  }
  static std::vector<invariant_tensor> kernel_invariants(int l, irrep_label out, irrep_label in) {
    return plane::invariants(symmetry, plane::harmonic(l), factor(out), factor(in));
  }

 protected:
  static Eigen::MatrixXd matrix_of(irrep_label label, plane_element g) {
    return plane::matrix(plane::irrep(symmetry, label), g);
  }

 private:
  static constexpr plane::factor factor(irrep_label label) { return plane::irrep(symmetry, label); }
};

}  // namespace gsteer
