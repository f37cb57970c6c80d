// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <concepts>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "gsteer/core/random.hpp"
#include "gsteer/group/invariants.hpp"
#include "gsteer/group/irrep.hpp"

namespace gsteer {

/// A rule that integrates over the group: sum of weight * f(element) is the Haar average of f. The
/// weights sum to 1.
template <class G>
using haar_quadrature_rule = std::vector<std::pair<typename G::element, double>>;

/// What a compact group must offer. All members are static; a group is a type, of which values like
/// C<8> are the only object.
/// - order: number of elements, 0 if infinite
/// - name(): "C8", for messages
/// - element: a value type with the product g * h (first h, then g)
/// - identity(), inverse(g)
/// - generators(): elements that generate a dense subgroup
/// - sample(rng): an element, uniformly (Haar)
/// - haar_quadrature(n): exact for products of irrep matrix elements whose frequencies add up to at
///   most n
/// - dimension, action(g): the orthogonal matrix by which g acts on points x of R^dimension
/// - has_irrep(label), irrep_size(label), type_of_irrep(label), irrep_matrix(label, g)
/// - irreps_up_to(f): all labels of frequency <= f (all of a finite group), each once, the trivial
///   one first
/// - multiplicity(a, b, c): dimension of the invariants of the product of three irreps
/// - kernel_multiplicity(l, out, in): the same for (harmonics of degree l on R^dimension) x out x
/// in
///
/// Those of them that are integers are constexpr, because they decide what compiles. Optional, in
/// closed form where it is known: invariants(a, b, c) and kernel_invariants(l, out, in); else these
/// are averages over the group (clebsch_gordan.hpp, harmonics.hpp).
template <class G>
concept group = requires(const typename G::element& g, Rng& rng, irrep_label label, int n) {
  { g* g } -> std::same_as<typename G::element>;
  { G::identity() } -> std::same_as<typename G::element>;
  { G::inverse(g) } -> std::same_as<typename G::element>;
  { G::generators() } -> std::same_as<std::vector<typename G::element>>;
  { G::sample(rng) } -> std::same_as<typename G::element>;
  { G::haar_quadrature(n) } -> std::same_as<haar_quadrature_rule<G>>;
  { G::action(g) } -> std::convertible_to<Eigen::MatrixXd>;
  { G::irrep_matrix(label, g) } -> std::convertible_to<Eigen::MatrixXd>;
  { G::name() } -> std::convertible_to<std::string>;
  { G::has_irrep(label) } -> std::same_as<bool>;
  { G::irrep_size(label) } -> std::same_as<int>;
  { G::type_of_irrep(label) } -> std::same_as<irrep_type>;
  { G::irreps_up_to(n) } -> std::same_as<irrep_content>;
  { G::multiplicity(label, label, label) } -> std::same_as<int>;
  { G::kernel_multiplicity(n, label, label) } -> std::same_as<int>;
  requires G::order >= 0 && G::dimension >= 1;
};

/// A group whose elements can be listed: element_at(i) for i in [0, order), the identity first, and
/// index_of(g), its inverse.
template <class G>
concept finite_group = group<G> &&(G::order > 0) && requires(const typename G::element& g, int i) {
  { G::element_at(i) } -> std::same_as<typename G::element>;
  { G::index_of(g) } -> std::same_as<int>;
  { g == g } -> std::convertible_to<bool>;
};

/// The type of a group value: group_of<C<8>> is cyclic<8>.
template <auto G>
using group_of = std::remove_cvref_t<decltype(G)>;

/// Every element of a finite group once, with weight 1 / order.
template <class G>
haar_quadrature_rule<G> all_elements() {
  haar_quadrature_rule<G> rule;
  for (int i = 0; i < G::order; ++i) rule.emplace_back(G::element_at(i), 1.0 / G::order);
  return rule;
}

namespace detail {

[[gnu::cold]] inline bool is_integral(const Eigen::MatrixXd& a) {
  for (Eigen::Index k = 0; k < a.size(); ++k)
    if (std::abs(a.data()[k] - std::nearbyint(a.data()[k])) > 1e-9) return false;
  return true;
}

}  // namespace detail

/// The elements that map the integer grid onto itself; under these a network on a grid is
/// equivariant to rounding. A group with infinitely many elements lists them itself.
template <group G>
[[gnu::cold]] std::vector<typename G::element> lattice_elements() {
  if constexpr (requires { G::lattice_elements(); }) {
    return G::lattice_elements();
  } else {
    std::vector<typename G::element> found;
    for (int i = 0; i < G::order; ++i)
      if (detail::is_integral(G::action(G::element_at(i)))) found.push_back(G::element_at(i));
    return found;
  }
}

}  // namespace gsteer
