// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <string>

#include "gsteer/core/matrix.hpp"
#include "gsteer/group/subgroup.hpp"
#include "gsteer/representation/decomposition.hpp"
#include "gsteer/representation/representation.hpp"

namespace gsteer {

namespace detail {

/// An orthonormal basis, of `wanted` columns, of the range of a projection P: its columns in order,
/// each without what the ones before hold, with the sign that makes the last component that is not
/// 0 positive.
[[gnu::cold]] inline Eigen::MatrixXd basis_of_range(const Eigen::MatrixXd& P, int wanted) {
  Eigen::MatrixXd basis(P.rows(), wanted);
  int found = 0;
  for (Eigen::Index col = 0; col < P.cols() && found < wanted; ++col) {
    Eigen::MatrixXd v = P.col(col);
    remove_projection(v, basis, found);
    double square = 0, last = 0;
    for (Eigen::Index i = 0; i < v.rows(); ++i) {
      square += v(i, 0) * v(i, 0);
      if (std::abs(v(i, 0)) > 1e-6) last = v(i, 0);
    }
    if (square < 1e-12) continue;
    const double length = std::copysign(std::sqrt(square), last);
    for (Eigen::Index i = 0; i < v.rows(); ++i) basis(i, found) = v(i, 0) / length;
    ++found;
  }
  expect(found == wanted,
         "band_limited_quotient: an irrep holds fewer invariants than branch() of ",
         "the embedding states: ", found, " instead of ", wanted);
  return basis;
}

}  // namespace detail

/// The functions of frequency <= L on the space G / H, on which G moves, in the basis of irreps:
/// those functions on G that right multiplication with H does not change. An irrep psi occurs as
/// often as its restriction to H holds the trivial irrep, over dim End(psi) (Frobenius).
///
/// With H = {e} it is band_limited_of. The sphere is SO(3) / SO(2) and O(3) / O(2), see
/// spherical_of; the circle is O(2) / D_1; SO(3) / O is what a crystal of cubic symmetry can be
/// turned to.
template <group G, group H, int L>
struct band_limited_quotient_of {
  static_assert(L >= 0, "gsteer: a band-limited representation needs a frequency limit >= 0");
  static_assert(
      subgroup_of<H, G>,
      "gsteer: a quotient is that of a group by a subgroup of it (of SO(3) and O(3) those "
      "of group/subgroup3.hpp and group/subgroup_polyhedral.hpp)");
  using group = G;
  using inclusion = embedding<H, G>;
  static constexpr int frequency = L;
  /// Whether G / H is a sphere, or two, or half of one, to whose points H adds turns about z.
  static constexpr bool is_sphere = [] {
    if constexpr (plane_group<H>)
      return G::dimension == 3 && H::order == 0;
    else
      return false;
  }();

  static constexpr irrep_content content() {
    irrep_content all;
    for (const auto& item : G::irreps_up_to(L))
      if (item.label.frequency <= L)
        all.add(item.label, inclusion::branch(item.label).copies({}) /
                                endomorphism_dimension(G::type_of_irrep(item.label)));
    return all;
  }
  static constexpr int size = content_size<G>(content());
  static constexpr matrix_kind kind =
      size == 1 ? matrix_kind::permutation : matrix_kind::orthogonal;
  static Eigen::MatrixXd matrix(const typename G::element& g) {
    return detail::sum_of_irreps<G>(content(), g);
  }

  /// The vectors v of an irrep that H leaves alone, orthonormal, one a column for each copy: copy k
  /// stands for the functions g H -> c . psi(g) v_k. (Of an irrep of type C all vectors are such,
  /// or none, and one stands for all.) On the sphere v is the harmonic of the pole, up to a
  /// positive factor.
  [[gnu::cold]] static Eigen::MatrixXd invariants(irrep_label label) {
    const int n = G::irrep_size(label);
    Eigen::MatrixXd P = Eigen::MatrixXd::Zero(n, n);
    for (const auto& [h, weight] : H::haar_quadrature(label.frequency)) {
      const Eigen::MatrixXd psi = G::irrep_matrix(label, inclusion::map(h));
      for (Eigen::Index i = 0; i < P.size(); ++i) P.data()[i] += weight * psi.data()[i];
    }
    return detail::basis_of_range(P, content().copies(label));
  }
  static std::string name() {
    return std::string("band-limited ")
        .append(std::to_string(L))
        .append(" on ")
        .append(G::name())
        .append(" / ")
        .append(H::name());
  }
};

namespace detail {

template <class G, class H, int L>
inline constexpr bool is_in_irreps<band_limited_quotient_of<G, H, L>> = true;

}  // namespace detail

/// band_limited_quotient<SO<3>, octahedral, 6>: 1 + 9 + 13 channels.
template <auto G, auto H, int L>
inline constexpr representation<band_limited_quotient_of<group_of<G>, group_of<H>, L>>
    band_limited_quotient{{1}};

}  // namespace gsteer
