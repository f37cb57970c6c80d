// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <string>

#include "gsteer/check/group_laws.hpp"
#include "gsteer/representation/decomposition.hpp"

namespace gsteer {

namespace detail {

template <field_kind Field>
void check_field(law_report& report, Rng& rng) {
  using G = typename Field::group;
  const irrep_content content = Field::content();
  const std::string name = Field::name();
  const int highest = highest_frequency(content);
  const auto rule = G::haar_quadrature(2 * highest);
  const auto elements = law_elements<G>(rng);
  const auto matrix = [](const auto& g) { return Eigen::MatrixXd(Field::matrix(g)); };
  const tabulated table = tabulate<G>(report, name, Field::size, rule, elements, matrix);
  for (const auto& m : table.matrices)
    if constexpr (Field::kind != matrix_kind::orthogonal) {
      const auto entries =
          Field::kind == matrix_kind::permutation ? m.array().eval() : m.array().abs().eval();
      report.record(name + ": matrices are of the stated kind",
                    entries.min((1 - entries).abs()).abs().maxCoeff());
    }
  for (const auto& [label, copies] : G::irreps_up_to(highest)) {
    double copies_times_end = 0;
    for (std::size_t i = 0; i < rule.size(); ++i)
      copies_times_end += rule[i].second * table.chi(static_cast<Eigen::Index>(i)) *
                          Eigen::MatrixXd(G::irrep_matrix(label, rule[i].first)).trace();
    const int stated = content.copies(label) * endomorphism_dimension(G::type_of_irrep(label));
    report.record(name + ": content() is what the characters say",
                  std::abs(copies_times_end - stated));
  }
  try {
    const Eigen::MatrixXd& Q = change_of_basis<Field>();
    report.record(name + ": the change of basis is orthogonal",
                  distance(detail::product(Q, Q.transpose()),
                           Eigen::MatrixXd::Identity(Field::size, Field::size)));
    for (std::size_t i = 0; i < elements.size(); ++i) {
      Eigen::MatrixXd blocks = Eigen::MatrixXd::Zero(Field::size, Field::size);
      int at = 0;
      for (const auto& [label, copies] : content)
        for (int copy = 0; copy < copies; ++copy, at += G::irrep_size(label))
          blocks.block(at, at, G::irrep_size(label), G::irrep_size(label)) =
              G::irrep_matrix(label, elements[i]);
      report.record(
          name + ": the change of basis takes it apart into irreps",
          distance(detail::product(detail::product(Q.transpose(), table.matrices[i]), Q), blocks));
    }
  } catch (const Error&) {
    report.record(name + ": holds the irreps that content() states", 1);
  }
}

}  // namespace detail

/// Tries the laws of a kind of field: an orthogonal homomorphism, of the stated kind, made of the
/// irreps that content() states.
template <field_kind Field>
law_report check_representation(Rng rng) {
  law_report report(Field::group::name());
  detail::check_field<Field>(report, rng);
  return report;
}

/// The same for every field in a representation: check_representation<16 * regular<C<8>>>(Rng{1}).
template <auto F>
law_report check_representation(Rng rng) {
  law_report report(features_of<F>::group::name());
  features_of<F>::for_each_kind(
      [&]<class Field>(int, int) { detail::check_field<Field>(report, rng); });
  return report;
}

}  // namespace gsteer
