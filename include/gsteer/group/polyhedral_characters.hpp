// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <numbers>

#include "gsteer/core/error.hpp"
#include "gsteer/group/irrep.hpp"

namespace gsteer {

/// A Platonic solid, for its rotations. The cube has those of the octahedron, the dodecahedron
/// those of the icosahedron.
enum class solid { tetrahedron, octahedron, icosahedron };

namespace detail {

/// a + b phi, phi = (1 + sqrt 5) / 2, hence phi^2 = phi + 1. Characters of the icosahedral group
/// are such numbers; exact, so that multiplicities are exact at compile time.
struct golden_integer {
  int a, b;

  constexpr golden_integer(int integer = 0, int times_phi = 0) : a(integer), b(times_phi) {}

  friend constexpr bool operator==(golden_integer, golden_integer) = default;
  friend constexpr golden_integer operator+(golden_integer p, golden_integer q) {
    return {p.a + q.a, p.b + q.b};
  }
  friend constexpr golden_integer operator-(golden_integer p, golden_integer q) {
    return {p.a - q.a, p.b - q.b};
  }
  friend constexpr golden_integer operator*(golden_integer p, golden_integer q) {
    return {p.a * q.a + p.b * q.b, p.a * q.b + p.b * q.a + p.b * q.b};
  }
  constexpr double value() const { return a + b * std::numbers::phi; }
};

/// 2 cos(2 pi k / n) for n = 1, ..., 5 and k >= 0.
constexpr golden_integer twice_cosine(int k, int n) {
  constexpr golden_integer phi{0, 1};
  constexpr golden_integer table[5][5] = {
      {2}, {2, -2}, {2, -1, -1}, {2, 0, -2, 0}, {2, phi - 1, 0 - phi, 0 - phi, phi - 1}};
  return table[n - 1][k % n];
}

/// Rotations that are conjugate to each other or to each other's inverses, which no real character
/// tells apart: how many there are, and their angle, 2 pi turns / fold.
struct rotation_class {
  int elements = 0;
  int turns = 0;
  int fold = 1;
};

/// A function on the classes of a group, in their order; the rest is 0.
using class_function = std::array<golden_integer, 5>;

/// An irrep of a group of rotations, and the lowest degree l of harmonics that hold it; D^l holds
/// it once.
struct polyhedral_irrep {
  int degree = 0;
  irrep_type type = irrep_type::real;
  class_function character{};
};

/// The real irreps of the rotations of a solid, as many as there are classes.
struct character_table {
  int size = 0;
  std::array<rotation_class, 5> classes{};
  std::array<polyhedral_irrep, 5> irreps{};

  constexpr int order() const {
    int sum = 0;
    for (const auto& c : classes) sum += c.elements;
    return sum;
  }

  /// The character of D^l: the sum of exp(i m t) over m = -l, ..., l.
  constexpr class_function harmonic_character(int l) const {
    class_function chi;
    for (std::size_t c = 0; c < static_cast<std::size_t>(size); ++c) {
      chi[c] = 1;
      for (int m = 1; m <= l; ++m)
        chi[c] = chi[c] + twice_cosine(m * classes[c].turns, classes[c].fold);
    }
    return chi;
  }

  /// The mean of p q r over the group, of which characters have an integer one.
  constexpr int mean(const class_function& p, const class_function& q,
                     const class_function& r) const {
    golden_integer sum;
    for (std::size_t c = 0; c < static_cast<std::size_t>(size); ++c)
      sum = sum + golden_integer(classes[c].elements) * p[c] * q[c] * r[c];
    if (sum.a % order() != 0 || sum.b != 0) throw Error("gsteer: this is no product of characters");
    return sum.a / order();
  }

  /// The irreps of a representation with the character chi, under the names {parity, number}.
  constexpr irrep_content content(const class_function& chi, int parity) const {
    irrep_content all;
    for (int i = 0; i < size; ++i) {
      const auto& irrep = irreps[static_cast<std::size_t>(i)];
      all.add({parity, i},
              mean(chi, irrep.character, irreps[0].character) / endomorphism_dimension(irrep.type));
    }
    return all;
  }

  /// For T: chi, a function on the classes of O or I, on those of T. Of the two classes of half
  /// turns of O it is the first that T has.
  constexpr class_function restricted(const class_function& chi,
                                      const character_table& from) const {
    class_function result;
    for (std::size_t c = 0; c < static_cast<std::size_t>(size); ++c)
      for (auto d = static_cast<std::size_t>(from.size); d-- > 0;)
        if (from.classes[d].turns == classes[c].turns && from.classes[d].fold == classes[c].fold)
          result[c] = chi[d];
    return result;
  }
};

/// The real character tables of T, O and I (Serre, sections 5.7 and 5.8 for T and O, 13.2 for which
/// are real; Fulton and Harris, Representation Theory, section 3.1, for I, which is A_5). Irreps
/// are in the order of their degrees.
inline constexpr std::array<character_table, 3> character_tables = [] {
  constexpr golden_integer phi{0, 1}, conjugate{1, -1};
  constexpr auto R = irrep_type::real, C = irrep_type::complex;
  return std::array<character_table, 3>{{
      {3,
       {{{1, 0, 1}, {3, 1, 2}, {8, 1, 3}}},
       {{
           {0, R, {1, 1, 1}},   // A
           {1, R, {3, -1, 0}},  // T
           {2, C, {2, 2, -1}},  // E
       }}},
      {5,
       {{{1, 0, 1}, {3, 1, 2}, {6, 1, 2}, {8, 1, 3}, {6, 1, 4}}},
       {{
           {0, R, {1, 1, 1, 1, 1}},    // A1
           {1, R, {3, -1, -1, 0, 1}},  // T1
           {2, R, {2, 2, 0, -1, 0}},   // E
           {2, R, {3, -1, 1, 0, -1}},  // T2
           {3, R, {1, 1, -1, 1, -1}},  // A2
       }}},
      {5,
       {{{1, 0, 1}, {15, 1, 2}, {20, 1, 3}, {12, 1, 5}, {12, 2, 5}}},
       {{
           {0, R, {1, 1, 1, 1, 1}},             // A
           {1, R, {3, -1, 0, phi, conjugate}},  // T1
           {2, R, {5, 1, -1, 0, 0}},            // H
           {3, R, {3, -1, 0, conjugate, phi}},  // T2
           {3, R, {4, 0, 1, -1, -1}},           // G
       }}},
  }};
}();

constexpr const character_table& characters_of(solid s) {
  return character_tables[static_cast<std::size_t>(s)];
}

}  // namespace detail
}  // namespace gsteer
