// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <vector>

#include "gsteer/representation/features.hpp"

namespace gsteer {

/// The orthogonal matrix Q that takes a field apart into irreps:
///   Field::matrix(g) = Q (direct sum of the irreps of content(), in that order, copies next to
///   each other) Q^T.
/// size x size; computed once, kept for the life of the program.
///
/// For each irrep psi, the equivariant maps X from psi to the field are the averages over the group
/// of field(g) E psi(g)^T, E a matrix with a single 1 (Serre, section 2.7); by Schur's lemma X^T X
/// is a multiple of 1. The E are taken in the order of their rows, then columns, and each average
/// is kept, scaled to an isometry, if it reaches outside of the images found before. The order
/// fixes the gauge: weights on disk depend on it (basis convention 1). \throws Error if the field
/// does not hold the irreps that its content() states
template <field_kind Field>
const Eigen::MatrixXd& change_of_basis() {
  static const Eigen::MatrixXd basis = [] {
    using G = typename Field::group;
    constexpr irrep_content content = Field::content();
    static_assert(
        content_size<G>(content) == Field::size,
        "gsteer: the irreps that content() states do not add up to the size of the field");
    Eigen::MatrixXd Q(Field::size, Field::size);
    const auto quadrature = G::haar_quadrature(2 * highest_frequency(content));
    std::vector<Eigen::MatrixXd> matrices;
    for (const auto& [g, weight] : quadrature) matrices.push_back(weight * Field::matrix(g));
    int found = 0;
    for (const auto& item : content) {
      const int d = G::irrep_size(item.label);
      const int wanted = found + item.copies * d;
      for (int seed = 0; seed < Field::size * d && found < wanted; ++seed) {
        Eigen::MatrixXd X = Eigen::MatrixXd::Zero(Field::size, d);
        for (std::size_t i = 0; i < quadrature.size(); ++i) {
          const Eigen::MatrixXd psi = G::irrep_matrix(item.label, quadrature[i].first);
          X += matrices[i].col(seed / d) * psi.col(seed % d).transpose();
        }
        const Eigen::MatrixXd known = Q.leftCols(found);
        for (int pass = 0; pass < 2; ++pass) X -= known * (known.transpose() * X).eval();
        const double scale = X.col(0).norm();
        if (scale < 1e-6) continue;
        Q.middleCols(found, d) = X / scale;
        found += d;
      }
      expect(found == wanted, "change_of_basis: ", Field::name(), " of ", G::name(),
             " holds fewer copies of irrep (", item.label.parity, ", ", item.label.frequency,
             ") than its content() states: ", item.copies);
    }
    return Q;
  }();
  return basis;
}

/// A representation taken apart: representation_matrix<F>(g) = basis (direct sum of irreps)
/// basis^T.
struct irrep_decomposition {
  std::vector<irrep_label> irreps;
  Eigen::MatrixXd basis;
};

/// The irreps of a representation, field by field, and the change of basis. \throws Error as
/// change_of_basis
template <auto F>
irrep_decomposition decompose() {
  using Features = features_of<F>;
  irrep_decomposition result{{}, Eigen::MatrixXd::Zero(Features::size, Features::size)};
  Features::for_each_kind([&]<class Field>(int count, int offset) {
    for (int copy = 0; copy < count; ++copy) {
      for (const auto& item : Field::content())
        result.irreps.insert(result.irreps.end(), static_cast<std::size_t>(item.copies),
                             item.label);
      result.basis.block(offset + copy * Field::size, offset + copy * Field::size, Field::size,
                         Field::size) = change_of_basis<Field>();
    }
  });
  return result;
}

}  // namespace gsteer
