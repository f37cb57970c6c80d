// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <string>

#include "gsteer/group/concepts.hpp"

namespace gsteer {

/// What the matrices of a representation look like; it decides which nonlinearities commute with
/// them.
enum class matrix_kind {
  permutation,         ///< exactly one 1 in each row and column: every pointwise function commutes
  signed_permutation,  ///< the same with +-1: every odd pointwise function commutes
  orthogonal           ///< functions of the norm commute
};

/// One kind of field, of which a feature space holds some copies. All members are static:
/// - group: the group it represents
/// - size: number of channels
/// - kind: what its matrices look like
/// - content(): the irreps it is made of, with multiplicities (constexpr: it decides which kernels
///   exist)
/// - matrix(g): the orthogonal matrix of an element, size x size
/// - name(): "regular", for messages
///
/// The types of this folder are such fields; a type of the user with these members is one more.
template <class A>
concept field_kind = group<typename A::group> && requires(const typename A::group::element& g) {
  { A::size } -> std::convertible_to<int>;
  { A::kind } -> std::convertible_to<matrix_kind>;
  { A::content() } -> std::same_as<irrep_content>;
  { A::matrix(g) } -> std::convertible_to<Eigen::MatrixXd>;
  { A::name() } -> std::convertible_to<std::string>;
};

/// The highest frequency among the irreps of a field.
constexpr int highest_frequency(const irrep_content& content) {
  int highest = 0;
  for (const auto& item : content)
    if (item.label.frequency > highest) highest = item.label.frequency;
  return highest;
}

/// The number of channels that the irreps fill.
template <group G>
constexpr int content_size(const irrep_content& content) {
  int size = 0;
  for (const auto& item : content) size += item.copies * G::irrep_size(item.label);
  return size;
}

/// dim Hom_G(a, b), the number of independent equivariant linear maps: sum over irreps of the
/// product of multiplicities and the dimension of the irrep's endomorphisms (Schur).
template <group G>
constexpr int homomorphism_dimension(const irrep_content& a, const irrep_content& b) {
  int dimension = 0;
  for (const auto& item : a)
    dimension +=
        item.copies * b.copies(item.label) * endomorphism_dimension(G::type_of_irrep(item.label));
  return dimension;
}

}  // namespace gsteer
