// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <string>
#include <type_traits>

#include "gsteer/core/matrix.hpp"
#include "gsteer/group/subgroup.hpp"
#include "gsteer/representation/concepts.hpp"
#include "gsteer/representation/fields.hpp"

namespace gsteer {

/// The representation of G induced from a field A of a subgroup H of finite index: one copy of A
/// per coset t_i H,
///   g maps copy j to copy i through A(h) where g t_j = t_i h.
/// Frobenius: it holds the irrep psi of G dim Hom_H(psi restricted to H, A) / dim End(psi) times.
/// (Serre, section 3.3 and 7.2.)
template <group G, field_kind A>
struct induced_of {
  using subgroup = typename A::group;
  static_assert(
      subgroup_of<subgroup, G>,
      "gsteer: induction goes from a representation of a subgroup to the group that contains it");
  using inclusion = embedding<subgroup, G>;
  static constexpr int index = [] {
    if constexpr (subgroup_of<subgroup, G>)
      return inclusion::index;
    else
      return 1;
  }();
  static_assert(index > 0, "gsteer: induction needs a subgroup of finite index");
  using group = G;
  static constexpr int size = index * A::size;
  static constexpr matrix_kind kind = A::kind;

  static constexpr irrep_content content() {
    irrep_content all;
    // For infinite G: an irrep that occurs contains one of A's when restricted, so its frequency is
    // bounded by theirs.
    constexpr irrep_content inner = A::content();
    const int limit = highest_frequency(inner);
    for (const auto& item : G::irreps_up_to(limit))
      all.add(item.label, homomorphism_dimension<subgroup>(inclusion::branch(item.label), inner) /
                              endomorphism_dimension(G::type_of_irrep(item.label)));
    return all;
  }

  static Eigen::MatrixXd matrix(const typename G::element& g) {
    static const auto cosets = coset_representatives<subgroup, G>();
    Eigen::MatrixXd m = detail::zeros(size, size);
    for (int j = 0; j < index; ++j)
      for (int i = 0; i < index; ++i) {
        const auto& from = cosets[static_cast<std::size_t>(j)];
        const auto& to = cosets[static_cast<std::size_t>(i)];
        if (const auto h = inclusion::pull_back(G::inverse(to) * (g * from)))
          detail::place(m, i * A::size, j * A::size, A::matrix(*h));
      }
    return m;
  }
  static std::string name() { return A::name() + " induced from " + subgroup::name(); }
};

/// The quotient representation: one channel per coset g H, permuted by G. It is induced from the
/// trivial representation of H; with H = {e} it is the regular one.
template <group G, group H>
using quotient_of = induced_of<G, trivial_of<H>>;

/// A field of G on which only the elements of a subgroup H act. The channels stay as they are.
template <group H, field_kind A>
struct restricted_of {
  using supergroup = typename A::group;
  static_assert(subgroup_of<H, supergroup>,
                "gsteer: a representation can be restricted to a subgroup of its group only");
  using inclusion = embedding<H, supergroup>;
  using group = H;
  static constexpr int size = A::size;
  static constexpr matrix_kind kind = A::kind;
  static constexpr irrep_content content() {
    irrep_content all;
    for (const auto& item : A::content())
      for (const auto& part : inclusion::branch(item.label))
        all.add(part.label, item.copies * part.copies);
    return all;
  }
  static Eigen::MatrixXd matrix(const typename H::element& h) {
    return A::matrix(inclusion::map(h));
  }
  static std::string name() { return A::name() + " of " + supergroup::name(); }
};

/// The tensor product: channel (i, j) at i * B::size + j, matrix A(g) (x) B(g).
template <field_kind A, field_kind B>
struct tensor_product_of {
  static_assert(std::is_same_v<typename A::group, typename B::group>,
                "gsteer: a tensor product needs one group on both sides");
  using group = typename A::group;
  static constexpr int size = A::size * B::size;
  static constexpr matrix_kind kind = std::max(A::kind, B::kind);
  static constexpr irrep_content content() {
    irrep_content all;
    constexpr irrep_content left = A::content(), right = B::content();
    const int limit = highest_frequency(left) + highest_frequency(right);
    for (const auto& item : group::irreps_up_to(limit)) {
      int homs = 0;
      for (const auto& a : left)
        for (const auto& b : right)
          homs += a.copies * b.copies * group::multiplicity(a.label, b.label, item.label);
      all.add(item.label, homs / endomorphism_dimension(group::type_of_irrep(item.label)));
    }
    return all;
  }
  static Eigen::MatrixXd matrix(const typename group::element& g) {
    const Eigen::MatrixXd a = A::matrix(g), b = B::matrix(g);
    Eigen::MatrixXd m(size, size);
    for (int i = 0; i < A::size; ++i)
      for (int j = 0; j < A::size; ++j) detail::place(m, i * B::size, j * B::size, b, a(i, j));
    return m;
  }
  static std::string name() { return A::name() + " (x) " + B::name(); }
};

/// The dual, g -> A(g^-1)^T. All fields are orthogonal, so it has the matrices of A; the type keeps
/// the distinction for those who write a formula down with it.
template <field_kind A>
struct dual_of {
  using group = typename A::group;
  static constexpr int size = A::size;
  static constexpr matrix_kind kind = A::kind;
  static constexpr irrep_content content() { return A::content(); }
  static Eigen::MatrixXd matrix(const typename group::element& g) {
    return A::matrix(group::inverse(g)).transpose();
  }
  static std::string name() { return "dual of " + A::name(); }
};

/// (x, -x) rectified: what CReLU makes of a field whose matrices are signed permutations. Channel i
/// of the first half holds the positive part of channel i, of the second half the negative part; a
/// sign exchanges them, so the matrices are permutations.
template <field_kind A>
struct concatenated_of {
  static_assert(
      A::kind != matrix_kind::orthogonal,
      "gsteer: CReLU commutes with permutations and signed permutations of channels only; this "
      "representation mixes channels");
  using group = typename A::group;
  static constexpr int size = 2 * A::size;
  static constexpr matrix_kind kind = matrix_kind::permutation;
  /// The sum and the difference of the halves: |A| and A, of which |A| has the signs dropped.
  static Eigen::MatrixXd matrix(const typename group::element& g) {
    const Eigen::MatrixXd a = A::matrix(g);
    Eigen::MatrixXd m = detail::zeros(size, size);
    for (int i = 0; i < A::size; ++i)
      for (int j = 0; j < A::size; ++j) {
        m(i, j) = m(A::size + i, A::size + j) = std::max(a(i, j), 0.0);
        m(i, A::size + j) = m(A::size + i, j) = std::max(-a(i, j), 0.0);
      }
    return m;
  }
  static constexpr irrep_content content() {
    irrep_content all = A::content();
    for (const auto& item : absolute_content()) all.add(item.label, item.copies);
    return all;
  }
  static std::string name() { return "rectified " + A::name(); }

 private:
  /// A permutation is its own absolute value; a signed one-dimensional field becomes trivial.
  static constexpr irrep_content absolute_content() {
    static_assert(A::kind == matrix_kind::permutation || A::size == 1,
                  "gsteer: CReLU of a signed permutation is defined for fields of one channel");
    if constexpr (A::kind == matrix_kind::permutation)
      return A::content();
    else
      return trivial_of<group>::content();
  }
};

}  // namespace gsteer
