// SPDX-License-Identifier: MIT
#include <cmath>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "gsteer/field/neighbors.hpp"
#include "gsteer/layer/interaction.hpp"
#include "gsteer/train/adam.hpp"
#include "gsteer/train/initialization.hpp"
#include "gsteer/train/potential_loss.hpp"
#include "gsteer/train/potential_scale.hpp"
#include "gsteer/train/weight_average.hpp"
#include "train/network.hpp"

using namespace gsteer;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr auto single = irreps<"1x0e">;
constexpr auto embedded = irreps<"6x0e">;
constexpr auto edge = irreps<"1x0e+1x1o">;
constexpr auto hidden = irreps<"6x0e+4x1o">;

template <class Scalar>
auto make_potential(const PotentialOptions& options) {
  return Potential(
      Sequential{LinearByKind<single, embedded, Scalar>{2},
                 make_interaction<embedded, edge, hidden, Scalar>(
                     2, {.cutoff = 4, .radial_functions = 6, .hidden = {12}}),
                 IrrepsLinear<interaction_output<embedded, edge, hidden>, single, Scalar>{}},
      options);
}

Eigen::MatrixXd random_matrix(int rows, int n, Rng& rng, double scale) {
  Eigen::MatrixXd p(rows, n);
  for (Eigen::Index i = 0; i < p.size(); ++i) p.data()[i] = scale * rng.normal();
  return p;
}

/// Morse bonds between all pairs: E = sum (1 - exp(-(r - r0)))^2, r0 by the kinds of the pair.
struct Sample {
  Graph graph;
  double energy = 0;
  Eigen::MatrixXd forces;
};
Sample morse_molecule(Rng& rng) {
  const std::vector<int> kinds{0, 1, 0, 1};
  Eigen::MatrixXd x(3, 4);
  x << 0, 1.4, 0, 1, 0, 0, 1.5, 1.2, 0, 0.1, 0, 1;
  x += random_matrix(3, 4, rng, 0.1);
  Sample sample{radius_graph(x, 4.0, kinds), 0, Eigen::MatrixXd::Zero(3, 4)};
  for (int i = 0; i < 4; ++i)
    for (int j = 0; j < i; ++j) {
      const Eigen::Vector3d v = x.col(i) - x.col(j);
      const double r = v.norm(), r0 = kinds[static_cast<std::size_t>(i)] == 0 ? 1.3 : 1.6;
      const double e = std::exp(-(r - r0));
      sample.energy += (1 - e) * (1 - e);
      const Eigen::Vector3d f = -2 * (1 - e) * e * v / r;
      sample.forces.col(i) += f;
      sample.forces.col(j) -= f;
    }
  return sample;
}

}  // namespace

TEST_CASE("the loss of energies, forces and virials by hand, and its derivatives") {
  Rng rng(1);
  const Graph graph = join(
      {make_graph(random_matrix(3, 2, rng, 1), {}), make_graph(random_matrix(3, 4, rng, 1), {})});
  PotentialResult result{{1.5, -2}, {}, random_matrix(3, 6, rng, 1), random_matrix(9, 2, rng, 1)};
  const PotentialTargets targets{{1, 1}, random_matrix(3, 6, rng, 1), random_matrix(9, 2, rng, 1)};
  const PotentialLossOptions options{.energy_weight = 3, .force_weight = 0.5, .virial_weight = 0.7};
  const auto loss = potential_loss(result, targets, graph, options);
  const double expected = 3 * (0.25 / 4 + 9.0 / 16) / 2 +
                          0.5 * (result.forces - targets.forces).squaredNorm() / 18 +
                          0.7 *
                              ((result.virials - targets.virials).col(0).squaredNorm() / 4 +
                               (result.virials - targets.virials).col(1).squaredNorm() / 16) /
                              18;
  CHECK(loss.loss == Approx(expected).epsilon(1e-13));
  CHECK(loss.energy_error == Approx(1.75));
  CHECK(loss.force_error ==
        Approx((result.forces - targets.forces).cwiseAbs().sum() / 18).epsilon(1e-13));
  // Derivatives, each against a central difference (the loss is quadratic: exact).
  const auto check = [&](double& value, double derivative) {
    const double before = value, h = 0.5;
    value = before + h;
    const double up = potential_loss(result, targets, graph, options).loss;
    value = before - h;
    const double down = potential_loss(result, targets, graph, options).loss;
    value = before;
    CHECK((up - down) / (2 * h) == Approx(derivative).margin(1e-12));
  };
  for (std::size_t g = 0; g < 2; ++g) check(result.energies[g], loss.d_energies[g]);
  for (Eigen::Index k = 0; k < 18; ++k) {
    check(result.forces.data()[k], loss.d_forces.data()[k]);
    check(result.virials.data()[k], loss.d_virials.data()[k]);
  }
  CHECK(potential_loss(result, {targets.energies, targets.forces, {}}, graph).d_virials.size() ==
        0);
  CHECK_THROWS_WITH(potential_loss(result, {targets.energies, targets.forces, {}}, graph, options),
                    ContainsSubstring("expected virials of 9 x 2"));
  CHECK_THROWS_WITH(potential_loss(result, {{1}, targets.forces, {}}, graph),
                    ContainsSubstring("expected 2 energies and 3 x 6 forces, got targets of 1"));
  result.energies[0] = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(potential_loss(result, targets, graph), ContainsSubstring("finite"));
}

TEST_CASE("shifts are the energies by kind that fit, and share what the data leaves open") {
  Rng rng(2);
  std::vector<Graph> graphs;
  std::vector<double> energies;
  std::vector<Eigen::MatrixXd> forces;
  const std::vector<double> true_shifts{-10, -200, 3};
  for (const auto& kinds : {std::vector<int>{0, 1}, {0, 0, 1, 2}, {2, 2, 1}, {1, 1, 0}}) {
    const auto n = static_cast<int>(kinds.size());
    graphs.push_back(make_graph(random_matrix(3, n, rng, 1), {}, kinds));
    double energy = 0;
    for (const int kind : kinds) energy += true_shifts[static_cast<std::size_t>(kind)];
    energies.push_back(energy);
    forces.push_back(Eigen::MatrixXd::Constant(3, n, 2.5));
  }
  const auto fit = fit_potential_scale(graphs, energies, forces);
  CHECK(fit.scale == Approx(2.5));
  REQUIRE(fit.shifts.size() == 3);
  for (std::size_t k = 0; k < 3; ++k) CHECK(std::abs(fit.shifts[k] - true_shifts[k]) < 1e-4);
  // One composition only: every atom the same.
  const auto alike =
      fit_potential_scale({graphs[1], graphs[1]}, {-8, -8.4}, {forces[1], forces[1]});
  for (const double shift : alike.shifts) CHECK(shift == Approx(-2.05));
  CHECK_THROWS_WITH(fit_potential_scale(graphs, {1}, forces),
                    ContainsSubstring("an energy and forces for each of 4"));
}

TEST_CASE("a potential learns energies and forces together, and conserves what it learned") {
  Rng rng(3);
  std::vector<Sample> samples;
  std::vector<Graph> graphs;
  std::vector<double> energies;
  std::vector<Eigen::MatrixXd> forces;
  for (int i = 0; i < 24; ++i) {
    samples.push_back(morse_molecule(rng));
    graphs.push_back(samples.back().graph);
    energies.push_back(samples.back().energy);
    forces.push_back(samples.back().forces);
  }
  const auto options = fit_potential_scale(graphs, energies, forces);
  auto p = make_potential<float>(options);
  initialize(p, rng);
  WeightAverage optimizer{p, Adam{p, {.learning_rate = 1e-2}}, {.decay = 0.9}};
  const Graph batch = join(graphs);
  PotentialTargets targets{energies, Eigen::MatrixXd(3, batch.nodes()), {}};
  for (int i = 0; i < 24; ++i)
    targets.forces.middleCols(batch.first_node(i), 4) = forces[static_cast<std::size_t>(i)];
  const double unit = 1 / (options.scale * options.scale);
  double before = 0;
  for (int step = 0; step < 150; ++step) {
    const auto loss = potential_loss(p.evaluate(batch), targets, batch,
                                     {.energy_weight = unit, .force_weight = unit});
    if (step == 0) before = loss.loss;
    p.backward(loss.d_energies, loss.d_forces);
    optimizer.step();
  }
  const auto score = [&](auto& model) {
    return potential_loss(model.evaluate(batch), targets, batch,
                          {.energy_weight = unit, .force_weight = unit})
        .loss;
  };
  const double trained = score(p);
  CHECK(trained < 0.02 * before);
  optimizer.swap();
  const double averaged = score(p);
  CHECK(averaged < 0.02 * before);
  CHECK(averaged != trained);
  CHECK_THROWS_WITH(optimizer.step(), ContainsSubstring("call swap() first"));
  // The same network in double.
  auto exact = make_potential<double>(options);
  copy_parameters(p, exact);
  CHECK(score(exact) == Approx(averaged).epsilon(1e-3));
  optimizer.swap();
  CHECK(score(p) == trained);
  auto other = Sequential{IrrepsLinear<single, embedded, double>{}};
  CHECK_THROWS_WITH(copy_parameters(p, other), ContainsSubstring("of the same layers"));
}

TEST_CASE("a weight average follows its formula") {
  Numbers net;
  WeightAverage optimizer{net, Adam{net, {.learning_rate = 0.1}}, {.decay = 0.5}};
  static_assert(gsteer::optimizer<decltype(optimizer)>);
  double expected = net.a.value[0];
  for (int t = 1; t <= 20; ++t) {
    net.set_gradient(1.0 / t, -1, 2);
    optimizer.step();
    const double keep = std::min(0.5, (1.0 + t) / (10.0 + t));
    expected = keep * expected + (1 - keep) * net.a.value[0];
  }
  const double trained = net.a.value[0];
  optimizer.swap();
  CHECK(net.a.value[0] == Approx(expected).epsilon(1e-14));
  CHECK(net.record.value[0] == 5);
  optimizer.swap();
  CHECK(net.a.value[0] == trained);
  CHECK_THROWS_WITH((WeightAverage{net, Adam{net}, {.decay = 1.0}}),
                    ContainsSubstring("a decay in [0, 1)"));
}
