// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <string>

#include "gsteer/core/matrix.hpp"
#include "gsteer/representation/concepts.hpp"

namespace gsteer {

/// The trivial representation: one channel that nothing changes.
template <group G>
struct trivial_of {
  using group = G;
  static constexpr int size = 1;
  static constexpr matrix_kind kind = matrix_kind::permutation;
  static constexpr irrep_content content() {
    irrep_content all;
    all.add({}, 1);
    return all;
  }
  static Eigen::MatrixXd matrix(const typename G::element&) { return Eigen::MatrixXd::Ones(1, 1); }
  static std::string name() { return "trivial"; }
};

namespace detail {

template <int... Label>
constexpr irrep_label make_label() {
  static_assert(
      sizeof...(Label) == 1 || sizeof...(Label) == 2,
      "gsteer: an irrep is named by one or two numbers: irrep<C<8>, 1>, irrep<O<2>, 1, 0>");
  constexpr int numbers[] = {Label...};
  if constexpr (sizeof...(Label) == 1)
    return {0, numbers[0]};
  else
    return {numbers[0], numbers[1]};
}

}  // namespace detail

/// An irrep, by its label as users write it: irrep_of<cyclic<8>, 1>, irrep_of<dihedral<4>, 1, 0>.
template <group G, int... Label>
struct irrep_of {
  static constexpr irrep_label label = detail::make_label<Label...>();
  static_assert(
      G::has_irrep(label),
      "gsteer: the group has no irrep of this label; C_N and SO(2) have irrep<G, k>, D_N and O(2) "
      "have irrep<G, 0, 0>, irrep<G, 1, 0>, irrep<G, 1, k>, and for k = N/2 also irrep<G, 0, k>; "
      "SO(3) has irrep<G, l>, O(3) irrep<G, p, l>, p = 1 odd under the inversion");
  using group = G;
  static constexpr int size = G::irrep_size(label);
  static constexpr matrix_kind kind =
      label.is_trivial() ? matrix_kind::permutation
                         : (size == 1 ? matrix_kind::signed_permutation : matrix_kind::orthogonal);
  static constexpr irrep_content content() {
    irrep_content all;
    all.add(label, 1);
    return all;
  }
  static Eigen::MatrixXd matrix(const typename G::element& g) { return G::irrep_matrix(label, g); }
  static std::string name() {
    return std::string("irrep ").append(to_string(label, sizeof...(Label) == 2));
  }
};

/// The regular representation of a finite group: one channel per element in the order of
/// element_at, g maps channel h to g h. Every irrep occurs size / dim End times (Peter and Weyl,
/// over R).
template <group G>
struct regular_of {
  static_assert(finite_group<G>,
                "gsteer: the regular representation of an infinite group has infinitely many "
                "channels; band_limited<G, L> is its part of frequency <= L");
  using group = G;
  static constexpr int size = [] {
    if constexpr (finite_group<G>)
      return G::order;
    else
      return 1;
  }();
  static constexpr matrix_kind kind = matrix_kind::permutation;
  static constexpr irrep_content content() {
    irrep_content all;
    for (const auto& item : G::irreps_up_to(size))
      all.add(item.label,
              G::irrep_size(item.label) / endomorphism_dimension(G::type_of_irrep(item.label)));
    return all;
  }
  static Eigen::MatrixXd matrix(const typename G::element& g) {
    Eigen::MatrixXd m = detail::zeros(size, size);
    for (int h = 0; h < size; ++h) m(G::index_of(g * G::element_at(h)), h) = 1;
    return m;
  }
  static std::string name() { return "regular"; }
};

namespace detail {

/// The matrix of the irreps of a content, the copies of one side by side.
template <group G>
Eigen::MatrixXd sum_of_irreps(const irrep_content& content, const typename G::element& g) {
  const int size = content_size<G>(content);
  Eigen::MatrixXd m = detail::zeros(size, size);
  int at = 0;
  for (const auto& item : content) {
    const Eigen::MatrixXd psi = G::irrep_matrix(item.label, g);
    const auto n = static_cast<int>(psi.rows());
    for (int copy = 0; copy < item.copies; ++copy, at += n) detail::place(m, at, at, psi);
  }
  return m;
}

}  // namespace detail

/// The part of frequency <= L of the regular representation of a compact group, in the basis of its
/// irreps: for SO(2) the Fourier coefficients of a function on the circle, 2 L + 1 channels; for
/// O(2) 2 (2 L + 1); for SO(3) the sum of all (2 l + 1)^2, for O(3) twice that.
template <group G, int L>
struct band_limited_of {
  static_assert(L >= 0, "gsteer: a band-limited representation needs a frequency limit >= 0");
  using group = G;
  static constexpr int frequency = L;
  static constexpr irrep_content content() {
    irrep_content all;
    for (const auto& item : G::irreps_up_to(L))
      if (item.label.frequency <= L)
        all.add(item.label,
                G::irrep_size(item.label) / endomorphism_dimension(G::type_of_irrep(item.label)));
    return all;
  }
  static constexpr int size = content_size<G>(content());
  static constexpr matrix_kind kind =
      L == 0 && size == 1 ? matrix_kind::permutation : matrix_kind::orthogonal;
  static Eigen::MatrixXd matrix(const typename G::element& g) {
    return detail::sum_of_irreps<G>(content(), g);
  }
  /// Copy k of an irrep psi stands for the functions g -> c . psi(g) v_k, v_k column k of this:
  /// those of the unit matrix. (Of an irrep of type C the first stands for all.)
  static Eigen::MatrixXd invariants(irrep_label label) {
    return detail::identity(G::irrep_size(label), content().copies(label));
  }
  static std::string name() { return std::string("band-limited ").append(std::to_string(L)); }
};

}  // namespace gsteer
