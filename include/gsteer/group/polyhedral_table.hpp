// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

#include "gsteer/core/error.hpp"
#include "gsteer/core/matrix.hpp"
#include "gsteer/group/polyhedral_characters.hpp"
#include "gsteer/group/rotation.hpp"
#include "gsteer/group/wigner_d.hpp"

namespace gsteer::detail {

/// The rotations of a solid, the identity first, and how they multiply.
struct rotation_table {
  std::vector<rotation> rotations;
  std::vector<int> products;  ///< [g][h], the number of g h
  std::vector<int> inverses;
  std::vector<int> classes;  ///< the number of each rotation's class
  std::vector<int> generators;
  std::vector<std::vector<Eigen::MatrixXd>> irreps;  ///< [number][rotation]

  int order() const { return static_cast<int>(rotations.size()); }
  int product(int g, int h) const { return products[static_cast<std::size_t>(g * order() + h)]; }

  /// The number of a rotation, to 1e-9; -1 if it is not one of these.
  int find(const rotation& g) const {
    const double length = std::hypot(std::hypot(g.w, g.x), std::hypot(g.y, g.z));
    for (const double s : {length, -length}) {
      const auto near = [s](double a, double b) { return std::abs(a / s - b) < 1e-9; };
      for (std::size_t i = 0; i < rotations.size(); ++i) {
        const rotation& q = rotations[i];
        if (near(g.w, q.w) && near(g.x, q.x) && near(g.y, q.y) && near(g.z, q.z))
          return static_cast<int>(i);
      }
    }
    return -1;
  }
};

/// Generators of the rotations of a solid that lies as polyhedral says: of T half a turn about z,
/// of O a quarter of one, of I a fifth of one about (1, phi, 0); and a third about (1, 1, 1).
inline std::array<rotation, 2> generators_of(solid s) {
  constexpr double half_phi = std::numbers::phi / 2, root = std::numbers::sqrt2 / 2;
  constexpr rotation third{0.5, 0.5, 0.5, 0.5};
  if (s == solid::tetrahedron) return {rotation{0, 0, 0, 1}, third};
  if (s == solid::octahedron) return {rotation{root, 0, 0, root}, third};
  return {rotation{half_phi, half_phi - 0.5, 0.5, 0}, third};
}

/// A rotation of a solid without the rounding of products: the coordinates of its quaternion are
/// among +- 0, 1/2, 1, 1 / sqrt 2, phi / 2, (phi - 1) / 2.
[[gnu::cold]] inline rotation without_rounding(const rotation& g) {
  const auto nearest = [](double x) {
    for (const double value :
         {0.5, 1.0, std::numbers::sqrt2 / 2, std::numbers::phi / 2, std::numbers::phi / 2 - 0.5})
      if (std::abs(std::abs(x) - value) < 1e-9) return std::copysign(value, x);
    return 0.0;
  };
  return {nearest(g.w), nearest(g.x), nearest(g.y), nearest(g.z)};
}

/// The group that generators generate: each in turn is put before all elements that are known, in
/// the order in which these were found. That s g is known for generators s gives all products: if h
/// = s g, h k = s (g k).
[[gnu::cold]] inline rotation_table generate(const std::array<rotation, 2>& generators) {
  rotation_table table;
  table.rotations = {rotation::identity()};
  std::array<std::vector<int>, 2> after;  // [s][g]: the number of s g
  std::vector<std::array<std::size_t, 2>> origin{
      {0, 0}};  // the s and g of which it was found as s g
  for (std::size_t g = 0; g < table.rotations.size(); ++g)
    for (std::size_t s = 0; s < 2; ++s) {
      const rotation h = without_rounding(generators[s] * table.rotations[g]);
      int found = table.find(h);
      if (found < 0) {
        found = table.order();
        table.rotations.push_back(h);
        origin.push_back({s, g});
      }
      after[s].push_back(found);
    }
  const auto n = table.rotations.size();
  table.products.resize(n * n);
  table.inverses.resize(n);
  for (std::size_t h = 0; h < n; ++h)
    for (std::size_t k = 0; k < n; ++k) {
      const auto [s, g] = origin[h];
      const int hk = h == 0 ? static_cast<int>(k)
                            : after[s][static_cast<std::size_t>(table.products[g * n + k])];
      table.products[h * n + k] = hk;
      if (hk == 0) table.inverses[h] = static_cast<int>(k);
    }
  for (const auto& s : generators) table.generators.push_back(table.find(s));
  return table;
}

/// The class of g: that of its angle, and of as many rotations as are conjugate to g or its
/// inverse.
[[gnu::cold]] inline int class_of(int g, const rotation_table& table,
                                  const character_table& characters) {
  int conjugates = 0;
  for (int h = 0; h < table.order(); ++h) {
    bool is_conjugate = false;
    for (int k = 0; k < table.order(); ++k) {
      const int turned =
          table.product(k, table.product(g, table.inverses[static_cast<std::size_t>(k)]));
      is_conjugate =
          is_conjugate || turned == h || table.inverses[static_cast<std::size_t>(turned)] == h;
    }
    conjugates += is_conjugate;
  }
  const double cosine = std::abs(table.rotations[static_cast<std::size_t>(g)].w);
  for (int c = 0; c < characters.size; ++c) {
    const auto& [elements, turns, fold] = characters.classes[static_cast<std::size_t>(c)];
    if (elements == conjugates &&
        std::abs(std::cos(std::numbers::pi * turns / fold) - cosine) < 1e-9)
      return c;
  }
  fail("polyhedral: the character table lacks the class of rotation ", g);
}

/// The matrices of an irrep: the part of D^l that transforms in it, l its degree, in the basis that
/// comes of orthonormalizing, in order, the columns of the projection on that part (Serre, section
/// 2.6; over R, where chi is the sum of dim End conjugate characters, hence the quotient)
///   P = size / (dim End order) sum over g of chi(g) D^l(g).
/// Where it is all of D^l, it is D^l. \throws Error if D^l does not hold it once
[[gnu::cold]] inline std::vector<Eigen::MatrixXd> project_irrep(const polyhedral_irrep& irrep,
                                                                const rotation_table& table) {
  const int size = irrep.character[0].a, n = 2 * irrep.degree + 1;
  std::vector<Eigen::MatrixXd> matrices;
  for (const auto& g : table.rotations) matrices.push_back(wigner_d(irrep.degree, g));
  if (size == n) return matrices;
  Eigen::MatrixXd P = Eigen::MatrixXd::Zero(n, n), basis(n, size);
  const double scale =
      static_cast<double>(size) / (endomorphism_dimension(irrep.type) * table.order());
  for (std::size_t g = 0; g < matrices.size(); ++g) {
    const double chi = irrep.character[static_cast<std::size_t>(table.classes[g])].value();
    for (Eigen::Index i = 0; i < P.size(); ++i) P.data()[i] += scale * chi * matrices[g].data()[i];
  }
  int found = 0;
  for (int col = 0; col < n; ++col) {
    Eigen::MatrixXd v = P.col(col);
    remove_projection(v, basis, found);
    double square = 0;
    for (int i = 0; i < n; ++i) square += v(i, 0) * v(i, 0);
    if (square < 1e-12) continue;
    expect(found < size, "polyhedral: D^", irrep.degree, " holds more than one copy of an irrep");
    for (int i = 0; i < n; ++i) basis(i, found) = v(i, 0) / std::sqrt(square);
    ++found;
  }
  expect(found == size, "polyhedral: D^", irrep.degree, " does not hold an irrep");
  const Eigen::MatrixXd transposed = basis.transpose();
  for (auto& m : matrices) m = product(transposed, product(m, basis));
  return matrices;
}

[[gnu::cold]] inline rotation_table make_rotation_table(solid s) {
  const character_table& characters = characters_of(s);
  rotation_table table = generate(generators_of(s));
  for (int g = 0; g < table.order(); ++g) table.classes.push_back(class_of(g, table, characters));
  for (int i = 0; i < characters.size; ++i)
    table.irreps.push_back(project_irrep(characters.irreps[static_cast<std::size_t>(i)], table));
  return table;
}

/// Made at first use, kept for the life of the program.
template <solid S>
const rotation_table& rotations_of() {
  static const rotation_table table = make_rotation_table(S);
  return table;
}

}  // namespace gsteer::detail
