// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "gsteer/core/matrix.hpp"
#include "gsteer/representation/features.hpp"

namespace gsteer {

namespace detail {

/// One kind of irrep in a field: how often it occurs, and its matrix for each element of a
/// quadrature.
struct irrep_samples {
  irrep_label label;
  int copies = 0;
  std::vector<Eigen::MatrixXd> matrices;
};

/// See change_of_basis. `weights` and `field` are the weight of each element of a quadrature and
/// the field's matrix for it.
[[gnu::cold]] inline Eigen::MatrixXd find_change_of_basis(const std::vector<double>& weights,
                                                          const std::vector<Eigen::MatrixXd>& field,
                                                          const std::vector<irrep_samples>& irreps,
                                                          const std::string& name) {
  const auto size = static_cast<int>(field.front().rows());
  Eigen::MatrixXd basis(size, size);
  int found = 0;  // columns
  for (const auto& irrep : irreps) {
    const auto d = static_cast<int>(irrep.matrices.front().rows());
    const auto wanted = found + irrep.copies * d;
    for (int seed = 0; seed < size * d && found < wanted; ++seed) {
      Eigen::MatrixXd x = Eigen::MatrixXd::Zero(size, d);
      for (std::size_t g = 0; g < field.size(); ++g)
        for (int i = 0; i < size; ++i)
          for (int j = 0; j < d; ++j)
            x(i, j) += weights[g] * field[g](i, seed / d) * irrep.matrices[g](j, seed % d);
      remove_projection(x, basis, found);
      double square = 0;
      for (int i = 0; i < size; ++i) square += x(i, 0) * x(i, 0);
      const double scale = std::sqrt(square);
      if (scale < 1e-6) continue;
      for (int j = 0; j < d; ++j, ++found)
        for (int i = 0; i < size; ++i) basis(i, found) = x(i, j) / scale;
    }
    expect(found == wanted, "change_of_basis: ", name, " holds fewer copies of irrep (",
           irrep.label.parity, ", ", irrep.label.frequency,
           ") than its content() states: ", irrep.copies);
  }
  return basis;
}

/// Whether the matrices of a field are the blocks of its content() already, so that what
/// find_change_of_basis would find is the identity.
template <class Field>
inline constexpr bool is_in_irreps = false;
template <class G>
inline constexpr bool is_in_irreps<trivial_of<G>> = true;
template <class G, int... Label>
inline constexpr bool is_in_irreps<irrep_of<G, Label...>> = true;
template <class G, int L>
inline constexpr bool is_in_irreps<band_limited_of<G, L>> = true;

}  // namespace detail

/// The orthogonal matrix Q that takes a field apart into irreps:
///   Field::matrix(g) = Q (direct sum of the irreps of content(), copies side by side) Q^T.
/// size x size; computed once, kept for the life of the program.
///
/// For each irrep psi, the equivariant maps X from psi to the field are the averages over the group
/// of field(g) E psi(g)^T, E a matrix with a single 1 (Serre, section 2.7); by Schur's lemma X^T X
/// is a multiple of 1. The E are taken in the order of their rows, then columns, and each average
/// is kept, scaled to an isometry, if it reaches outside of the images found before. The order
/// fixes the gauge: weights on disk depend on it (basis convention 1).
/// \throws Error if the field does not hold the irreps that its content() states
template <field_kind Field>
const Eigen::MatrixXd& change_of_basis() {
  static const Eigen::MatrixXd basis = [] {
    using G = typename Field::group;
    constexpr irrep_content content = Field::content();
    static_assert(
        content_size<G>(content) == Field::size,
        "gsteer: the irreps that content() states do not add up to the size of the field");
    if constexpr (detail::is_in_irreps<Field>) {
      return Eigen::MatrixXd(Eigen::MatrixXd::Identity(Field::size, Field::size));
    } else {
      std::vector<double> weights;
      std::vector<Eigen::MatrixXd> field;
      std::vector<detail::irrep_samples> irreps;
      for (const auto& item : content) irreps.push_back({item.label, item.copies, {}});
      for (const auto& [g, weight] : G::haar_quadrature(2 * highest_frequency(content))) {
        weights.push_back(weight);
        field.push_back(Field::matrix(g));
        std::size_t i = 0;
        for (const auto& item : content)
          irreps[i++].matrices.push_back(G::irrep_matrix(item.label, g));
      }
      return detail::find_change_of_basis(weights, field, irreps,
                                          Field::name() + " of " + G::name());
    }
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
