// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "gsteer/field/graph.hpp"
#include "gsteer/layer/potential.hpp"

namespace gsteer {
namespace detail {

/// The solution of a symmetric positive definite system, by elimination. `a` is n x n.
inline std::vector<double> solve_positive(Eigen::MatrixXd a, std::vector<double> b) {
  const auto n = static_cast<int>(b.size());
  for (int k = 0; k < n; ++k)
    for (int i = k + 1; i < n; ++i) {
      const double factor = a(i, k) / a(k, k);
      for (int j = k; j < n; ++j) a(i, j) -= factor * a(k, j);
      b[static_cast<std::size_t>(i)] -= factor * b[static_cast<std::size_t>(k)];
    }
  for (int i = n - 1; i >= 0; --i) {
    double sum = b[static_cast<std::size_t>(i)];
    for (int j = i + 1; j < n; ++j) sum -= a(i, j) * b[static_cast<std::size_t>(j)];
    b[static_cast<std::size_t>(i)] = sum / a(i, i);
  }
  return b;
}

}  // namespace detail

/// The scale and the energy shifts of a Potential for a training set: with them the network begins
/// near the data. The scale is the root mean square of the components of all forces; the shifts are
/// the energies by kind that fit best, in the sense of least squares, the energies of the graphs.
/// Where compositions leave them open (all graphs alike), they differ by as little as possible.
///
/// graphs: one configuration each. forces: 3 x atoms of each graph. kinds: how many there are, if
/// more than occur in the graphs; those that do not occur have the mean energy of an atom.
/// \throws Error unless there are as many energies and forces as graphs, all finite
[[gnu::cold]] inline PotentialOptions fit_potential_scale(
    const std::vector<Graph>& graphs, const std::vector<double>& energies,
    const std::vector<Eigen::MatrixXd>& forces, int kinds = 0) {
  expect(!graphs.empty() && energies.size() == graphs.size() && forces.size() == graphs.size(),
         "fit_potential_scale: expected an energy and forces for each of ", graphs.size(),
         " > 0 graphs, got ", energies.size(), " and ", forces.size());
  double squares = 0, total = 0;
  int atoms = 0;
  for (std::size_t g = 0; g < graphs.size(); ++g) {
    expect(forces[g].rows() == 3 && forces[g].cols() == graphs[g].nodes(),
           "fit_potential_scale: expected forces of 3 x ", graphs[g].nodes(), " for graph ", g,
           ", got ", forces[g].rows(), " x ", forces[g].cols());
    for (Eigen::Index i = 0; i < forces[g].size(); ++i)
      squares += forces[g].data()[i] * forces[g].data()[i];
    total += energies[g];
    atoms += graphs[g].nodes();
    for (const int kind : graphs[g].kinds()) kinds = kind >= kinds ? kind + 1 : kinds;
  }
  expect(std::isfinite(squares) && std::isfinite(total),
         "fit_potential_scale: expected finite energies and forces");
  PotentialOptions options;
  options.scale = squares > 0 ? std::sqrt(squares / (3.0 * atoms)) : 1;
  // Deviations from the mean energy of an atom, with a penalty that decides only what the energies
  // leave open.
  const double mean = total / atoms;
  Eigen::MatrixXd normal = Eigen::MatrixXd::Zero(kinds, kinds);
  std::vector<double> right(static_cast<std::size_t>(kinds), 0);
  for (std::size_t g = 0; g < graphs.size(); ++g) {
    std::vector<double> count(static_cast<std::size_t>(kinds), 0);
    for (const int kind : graphs[g].kinds()) ++count[static_cast<std::size_t>(kind)];
    const double rest = energies[g] - mean * graphs[g].nodes();
    for (int a = 0; a < kinds; ++a) {
      right[static_cast<std::size_t>(a)] += count[static_cast<std::size_t>(a)] * rest;
      for (int b = 0; b < kinds; ++b)
        normal(a, b) += count[static_cast<std::size_t>(a)] * count[static_cast<std::size_t>(b)];
    }
  }
  double trace = 0;
  for (int a = 0; a < kinds; ++a) trace += normal(a, a);
  Eigen::MatrixXd penalized = normal;
  for (int a = 0; a < kinds; ++a) penalized(a, a) += 1e-9 * trace;
  // What the penalty does to what the energies do decide goes away in a few steps of refinement.
  std::vector<double> deviations(right.size(), 0), rest = right;
  for (int step = 0; step < 5; ++step) {
    const auto change = detail::solve_positive(penalized, rest);
    for (std::size_t a = 0; a < rest.size(); ++a) deviations[a] += change[a];
    for (std::size_t a = 0; a < rest.size(); ++a) {
      rest[a] = right[a];
      for (std::size_t b = 0; b < rest.size(); ++b)
        rest[a] -= normal(static_cast<int>(a), static_cast<int>(b)) * deviations[b];
    }
  }
  for (const double deviation : deviations) options.shifts.push_back(mean + deviation);
  return options;
}

}  // namespace gsteer
