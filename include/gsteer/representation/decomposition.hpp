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

/// A field at the elements of a quadrature of its group, types erased.
struct field_samples {
  int size;
  const irrep_content& content;
  const void* nodes;  ///< of the quadrature
  int count;
  double (*weight)(const void* nodes, int i);
  Eigen::MatrixXd (*matrix)(const void* nodes, int i);  ///< of the field
  Eigen::MatrixXd (*irrep)(const void* nodes, int i, irrep_label label);
};

template <class Nodes>
const typename Nodes::value_type& node_at(const void* nodes, int i) {
  return (*static_cast<const Nodes*>(nodes))[static_cast<std::size_t>(i)];
}

/// `nodes`: a quadrature of the group, which must outlive the result.
template <field_kind Field>
field_samples samples_of(const haar_quadrature_rule<typename Field::group>& nodes) {
  using G = typename Field::group;
  using Nodes = haar_quadrature_rule<G>;
  static constexpr irrep_content content = Field::content();
  return {.size = Field::size,
          .content = content,
          .nodes = &nodes,
          .count = static_cast<int>(nodes.size()),
          .weight = [](const void* all, int i) -> double { return node_at<Nodes>(all, i).second; },
          .matrix = [](const void* all, int i) -> Eigen::MatrixXd {
            return Field::matrix(node_at<Nodes>(all, i).first);
          },
          .irrep = [](const void* all, int i, irrep_label label) -> Eigen::MatrixXd {
            return G::irrep_matrix(label, node_at<Nodes>(all, i).first);
          }};
}

/// See change_of_basis.
[[gnu::cold]] inline Eigen::MatrixXd find_change_of_basis(const field_samples& samples,
                                                          const std::string& name) {
  const int size = samples.size;
  const auto at = [](int i) { return static_cast<std::size_t>(i); };
  const auto place = [&](int g, int n) { return at(g) * at(n) * at(n); };
  std::vector<double> field(place(samples.count, size)), irrep;  // one matrix after the other
  for (int g = 0; g < samples.count; ++g)
    copy_numbers(samples.matrix(samples.nodes, g), &field[place(g, size)]);
  Eigen::MatrixXd basis(size, size);
  int found = 0;  // columns
  for (const auto& item : samples.content) {
    int d = 0;
    for (int g = 0; g < samples.count; ++g) {
      const Eigen::MatrixXd matrix = samples.irrep(samples.nodes, g, item.label);
      d = static_cast<int>(matrix.rows());
      irrep.resize(place(samples.count, d));
      copy_numbers(matrix, &irrep[place(g, d)]);
    }
    const auto wanted = found + item.copies * d;
    for (int seed = 0; seed < size * d && found < wanted; ++seed) {
      Eigen::MatrixXd x = zeros(size, d);
      for (int g = 0; g < samples.count; ++g) {
        const double weight = samples.weight(samples.nodes, g);
        for (int i = 0; i < size; ++i)
          for (int j = 0; j < d; ++j)
            x(i, j) += weight * field[place(g, size) + at(i * size + seed / d)] *
                       irrep[place(g, d) + at(j * d + seed % d)];
      }
      remove_projection(x, basis, found);
      double square = 0;
      for (int i = 0; i < size; ++i) square += x(i, 0) * x(i, 0);
      const double scale = std::sqrt(square);
      if (scale < 1e-6) continue;
      for (int j = 0; j < d; ++j, ++found)
        for (int i = 0; i < size; ++i) basis(i, found) = x(i, j) / scale;
    }
    expect(found == wanted, "change_of_basis: ", name, " holds fewer copies of irrep (",
           item.label.parity, ", ", item.label.frequency,
           ") than its content() states: ", item.copies);
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
      return detail::identity(Field::size, Field::size);
    } else {
      const auto nodes = G::haar_quadrature(2 * highest_frequency(content));
      return detail::find_change_of_basis(detail::samples_of<Field>(nodes),
                                          detail::join_text(Field::name(), " of ", G::name()));
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
  irrep_decomposition result{{}, detail::zeros(Features::size, Features::size)};
  Features::for_each_kind([&]<class Field>(int count, int offset) {
    for (int copy = 0; copy < count; ++copy) {
      for (const auto& item : Field::content())
        result.irreps.insert(result.irreps.end(), static_cast<std::size_t>(item.copies),
                             item.label);
      const int at = offset + copy * Field::size;
      detail::place(result.basis, at, at, change_of_basis<Field>());
    }
  });
  return result;
}

}  // namespace gsteer
