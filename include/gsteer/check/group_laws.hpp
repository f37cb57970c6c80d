// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "gsteer/check/law_report.hpp"
#include "gsteer/kernel/harmonics.hpp"
#include "gsteer/representation/clebsch_gordan.hpp"

namespace gsteer {

namespace detail {

inline double distance(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) {
  if (a.rows() != b.rows() || a.cols() != b.cols()) return std::numeric_limits<double>::infinity();
  return (a - b).norm();
}

template <group G>
std::vector<typename G::element> law_elements(Rng& rng) {
  std::vector<typename G::element> elements = G::generators();
  for (int i = 0; i < 8; ++i) elements.push_back(G::sample(rng));
  return elements;
}

/// A representation at test elements, and its character at the nodes of a quadrature rule.
struct tabulated {
  std::vector<Eigen::MatrixXd> matrices;
  Eigen::ArrayXd chi, chi_of_square;
};

/// Tabulates `matrix`, which ought to be an orthogonal homomorphism.
template <group G, class Function>
tabulated tabulate(law_report& report, const std::string& name, int size,
                   const haar_quadrature_rule<G>& rule,
                   const std::vector<typename G::element>& elements, Function&& matrix) {
  tabulated table{{},
                  Eigen::ArrayXd(static_cast<Eigen::Index>(rule.size())),
                  Eigen::ArrayXd(static_cast<Eigen::Index>(rule.size()))};
  const Eigen::MatrixXd one = Eigen::MatrixXd::Identity(size, size);
  for (std::size_t i = 0; i < rule.size(); ++i) {
    const auto at = static_cast<Eigen::Index>(i);
    table.chi(at) = Eigen::MatrixXd(matrix(rule[i].first)).trace();
    table.chi_of_square(at) = Eigen::MatrixXd(matrix(rule[i].first * rule[i].first)).trace();
  }
  report.record(name + ": the identity is 1", distance(matrix(G::identity()), one));
  bool fits = true;
  for (const auto& g : elements) {
    const Eigen::MatrixXd& m = table.matrices.emplace_back(matrix(g));
    fits = fits && m.rows() == size && m.cols() == size;
    report.record(name + ": matrices are orthogonal, of the stated size",
                  fits ? distance(detail::product(m, m.transpose()), one) : 1);
  }
  for (std::size_t i = 0; i < elements.size() && fits; ++i)
    for (std::size_t j = 0; j < elements.size(); ++j)
      report.record(name + ": rho(g) rho(h) = rho(g h)",
                    distance(detail::product(table.matrices[i], table.matrices[j]),
                             matrix(elements[i] * elements[j])));
  return table;
}

/// Whether tensors are as many as stated, orthonormal, and left alone by a (x) b (x) c.
inline void check_invariants(law_report& report, const std::string& name, int stated,
                             const std::vector<invariant_tensor>& basis, const tabulated& a,
                             const tabulated& b, const tabulated& c) {
  using Eigen::Index;
  const auto count = static_cast<Index>(basis.size());
  const Index nb = b.matrices[0].rows(), nc = c.matrices[0].rows(), nbc = nb * nc;
  const Index n = a.matrices[0].rows() * nbc;
  Eigen::MatrixXd T(n, count), whole(n, n);
  bool fits = count == stated;
  for (Index i = 0; i < count && fits; ++i) {
    const auto& values = basis[static_cast<std::size_t>(i)].values;
    fits = static_cast<Index>(values.size()) == n;
    if (fits) T.col(i) = Eigen::Map<const Eigen::VectorXd>(values.data(), n);
  }
  report.record(name + " are as many and as large as stated", fits ? 0 : 1);
  if (!fits || count == 0) return;
  report.record(name + " are orthonormal", distance(detail::product(T.transpose(), T),
                                                    Eigen::MatrixXd::Identity(count, count)));
  for (std::size_t g = 0; g < std::min<std::size_t>(a.matrices.size(), 4); ++g) {
    const Eigen::MatrixXd &A = a.matrices[g], &B = b.matrices[g], &C = c.matrices[g];
    for (Index r = 0; r < n; ++r)
      for (Index s = 0; s < n; ++s)
        whole(r, s) = A(r / nbc, s / nbc) * B(r / nc % nb, s / nc % nb) * C(r % nc, s % nc);
    report.record(name + " are left alone by the group", distance(detail::product(whole, T), T));
  }
}

/// Laws of the elements. All their matrices tell two of them apart (Peter and Weyl).
template <group G>
void check_elements(law_report& report, const std::vector<typename G::element>& elements,
                    const irrep_content& irreps) {
  const auto apart = [&](const typename G::element& g, const typename G::element& h) {
    double sum = distance(G::action(g), G::action(h));
    for (const auto& [label, copies] : irreps)
      sum += distance(G::irrep_matrix(label, g), G::irrep_matrix(label, h));
    if constexpr (finite_group<G>) sum += g == h ? 0 : 1;
    return sum;
  };
  const auto e = G::identity();
  for (const auto& g : elements) {
    report.record("e g = g = g e", apart(e * g, g) + apart(g * e, g));
    report.record("g g^-1 = e = g^-1 g", apart(g * G::inverse(g), e) + apart(G::inverse(g) * g, e));
    for (const auto& h : elements)
      for (const auto& k : elements)
        report.record("(g h) k = g (h k)", apart((g * h) * k, g * (h * k)));
  }
  if constexpr (finite_group<G>) {
    report.record("element_at(0) is the identity", G::index_of(e) == 0 ? 0 : 1);
    std::vector<int> closure{0};
    for (std::size_t next = 0; next < closure.size(); ++next)
      for (const auto& g : G::generators()) {
        const int i = G::index_of(g * G::element_at(closure[next]));
        const bool listed = i >= 0 && i < G::order && G::index_of(G::element_at(i)) == i;
        report.record("index_of lies in [0, order) and inverts element_at", listed ? 0 : 1);
        if (listed && std::find(closure.begin(), closure.end(), i) == closure.end())
          closure.push_back(i);
      }
    report.record("the generators reach every element",
                  std::abs(G::order - static_cast<double>(closure.size())));
  }
}

/// Schur's orthogonality relations and the type of an irrep (Serre, sections 2.3 and 13.2), and
/// that generators generate.
template <group G>
void check_irrep(law_report& report, irrep_label label, const Eigen::ArrayXd& weights,
                 const tabulated& table) {
  const std::string name = std::string("irrep ").append(to_string(label, true));
  const irrep_type type = G::type_of_irrep(label);
  const int size = G::irrep_size(label);
  report.record(name + ": has_irrep", G::has_irrep(label) ? 0 : 1);
  report.record(name + ": the mean of chi^2 is dim End",
                std::abs((weights * table.chi * table.chi).sum() - endomorphism_dimension(type)));
  // Over the complex numbers an irrep of type C is W + W*, one of type H is W + W: hence 0 and -2.
  const double indicator = type == irrep_type::real ? 1 : (type == irrep_type::complex ? 0 : -2);
  report.record(name + ": the mean of chi(g^2) (Frobenius and Schur) is that of its type",
                std::abs((weights * table.chi_of_square).sum() - indicator));
  Eigen::MatrixXd average = Eigen::MatrixXd::Zero(size, size), power = average;
  for (const auto& [g, weight] : G::haar_quadrature(label.frequency))
    average += weight * Eigen::MatrixXd(G::irrep_matrix(label, g));
  report.record(name + ": haar_quadrature averages it to 0, or to 1 if it is trivial",
                distance(average, Eigen::MatrixXd::Constant(size, size, label.is_trivial())));
  // Generators of a proper closed subgroup fix a vector of some nontrivial irrep: then the average
  // of the generators, their inverses and 1 has an eigenvalue 1, which survives in its powers,
  // while those below die out.
  for (const auto& g : G::generators()) {
    const Eigen::MatrixXd psi = G::irrep_matrix(label, g);
    power += psi + psi.transpose() + Eigen::MatrixXd::Identity(size, size);
  }
  power /= 3.0 * static_cast<double>(G::generators().size());
  for (int i = 0; i < 20; ++i) power = detail::product(power, power);
  report.record(name + ": only the trivial irrep has vectors that all generators fix",
                power.trace() > 0.5 && !label.is_trivial() ? 1 : 0);
}

/// Schur: the mean of a nontrivial irrep is 0, and the mean square of an entry at most 1. A mean
/// over samples misses by 5 standard deviations once in a million times.
template <group G>
void check_sample(law_report& report, const irrep_content& irreps, Rng& rng) {
  constexpr int count = 2000;
  std::vector<typename G::element> drawn;
  for (int i = 0; i < count; ++i) drawn.push_back(G::sample(rng));
  for (const auto& [label, copies] : irreps) {
    if (label.is_trivial()) continue;
    const int size = G::irrep_size(label);
    Eigen::MatrixXd mean = Eigen::MatrixXd::Zero(size, size);
    for (const auto& g : drawn) mean += Eigen::MatrixXd(G::irrep_matrix(label, g)) / count;
    const double worst = mean.cwiseAbs().maxCoeff();
    report.record(
        std::string("irrep ").append(to_string(label, true)) + ": samples average it to nearly 0",
        worst < 5 / std::sqrt(count) ? 0 : worst);
  }
}

}  // namespace detail

/// Tries the laws that the library rests on: those of a group, of its action, of its irreps of
/// frequency <= max_frequency, of the multiplicities that decide which kernels exist, and of the
/// closed-form invariants; and whether sample() is uniform, as far as the means of these irreps
/// over 2000 samples tell. For a group of your own:
///   for (const auto& text : check_group<my_group>(Rng{1}).complaints()) std::cerr << text << '\n';
/// Random elements are drawn, so that what holds by luck with one seed may fail with another.
template <group G>
law_report check_group(Rng rng, int max_frequency = 4) {
  law_report report(G::name());
  const irrep_content irreps = G::irreps_up_to(max_frequency);
  const int max_degree = 2 * max_frequency;
  const auto rule = G::haar_quadrature(2 * max_degree);
  Eigen::ArrayXd weights(static_cast<Eigen::Index>(rule.size()));
  for (std::size_t i = 0; i < rule.size(); ++i)
    weights(static_cast<Eigen::Index>(i)) = rule[i].second;
  const auto elements = detail::law_elements<G>(rng);
  detail::check_elements<G>(report, elements, irreps);
  const auto table_of = [&](const std::string& name, int size, auto&& matrix) {
    return detail::tabulate<G>(report, name, size, rule, elements, matrix);
  };
  table_of("action", G::dimension, [](const auto& g) { return Eigen::MatrixXd(G::action(g)); });
  std::vector<irrep_label> labels;
  std::vector<detail::tabulated> tables, harmonics;
  double squares = 0;
  for (const auto& [label, copies] : irreps) {
    const int size = G::irrep_size(label);
    const auto matrix = [psi = label](const auto& g) {
      return Eigen::MatrixXd(G::irrep_matrix(psi, g));
    };
    labels.push_back(label);
    tables.push_back(table_of(std::string("irrep ").append(to_string(label, true)), size, matrix));
    squares += static_cast<double>(size * size) / endomorphism_dimension(G::type_of_irrep(label));
    report.record("irreps are listed once, the trivial one first",
                  copies == 1 && labels[0].is_trivial() ? 0 : 1);
  }
  if (!report.complaints().empty()) return report;  // the rest takes all this for granted
  for (std::size_t i = 0; i < labels.size(); ++i)
    detail::check_irrep<G>(report, labels[i], weights, tables[i]);
  detail::check_sample<G>(report, irreps, rng);
  if (G::order > 0)
    report.record("the squares of the sizes of irreps, over dim End, add up to the order",
                  std::abs(squares - G::order));
  if constexpr (harmonics_on<G::dimension>::known)
    for (int l = 0; l <= max_degree; ++l)
      harmonics.push_back(
          table_of("harmonics", harmonic_count(G::dimension, l),
                   [l](const auto& g) { return harmonics_of<G>::matrix(l, G::action(g)); }));
  const auto try_triple = [&](const std::string& name, int stated, auto&& tensors,
                              auto&... factor) {
    const double off = std::abs(stated - (weights * ... * factor.chi).sum());
    report.record(name + " is the mean of the product of the characters", off);
    if (off < 0.5)
      detail::check_invariants(report, name + ": the tensors", stated, tensors(), factor...);
  };
  for (std::size_t b = 0; b < labels.size(); ++b)
    for (std::size_t c = 0; c < labels.size(); ++c) {
      if (b != c)
        report.record("different irreps have orthogonal characters",
                      std::abs((weights * tables[b].chi * tables[c].chi).sum()));
      for (std::size_t a = 0; a < labels.size(); ++a)
        try_triple(
            "multiplicity", G::multiplicity(labels[a], labels[b], labels[c]),
            [&] { return clebsch_gordan<G>(labels[a], labels[b], labels[c]); }, tables[a],
            tables[b], tables[c]);
      for (std::size_t l = 0; l < harmonics.size(); ++l) {
        const int degree = static_cast<int>(l);
        try_triple(
            "kernel_multiplicity", G::kernel_multiplicity(degree, labels[b], labels[c]),
            [&] { return kernel_invariants<G>(degree, labels[b], labels[c]); }, harmonics[l],
            tables[b], tables[c]);
      }
    }
  return report;
}

}  // namespace gsteer
