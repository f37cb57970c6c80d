// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "gsteer/layer/interaction.hpp"
#include "gsteer/train/adam.hpp"
#include "gsteer/train/initialization.hpp"
#include "gsteer/train/potential_loss.hpp"
#include "gsteer/train/potential_scale.hpp"
#include "gsteer/train/weight_average.hpp"
#include "layer/point_clouds.hpp"
#include "train/network.hpp"

using namespace gsteer;
using Catch::Matchers::ContainsSubstring;
using gsteer::test::random_matrix;

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

/// Morse bonds between all pairs: E = sum (1 - exp(-(r - r0)))^2, r0 by the kinds of the pair.
struct Sample {
  Eigen::MatrixXd positions;
  Graph graph;
  double energy = 0;
  Eigen::MatrixXd forces;
};
Sample morse_molecule(Rng& rng) {
  const std::vector<int> kinds{0, 1, 0, 1};
  Eigen::MatrixXd x(3, 4);
  x << 0, 1.4, 0, 1, 0, 0, 1.5, 1.2, 0, 0.1, 0, 1;
  x += random_matrix(3, 4, rng, 0.1);
  Sample sample{x, radius_graph(x, 4.0, kinds), 0, Eigen::MatrixXd::Zero(3, 4)};
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

/// An equivariant vector for each atom that is the gradient of nothing.
auto make_force_field() {
  return Sequential{
      LinearByKind<single, embedded, double>{2},
      make_interaction<embedded, edge, hidden, double>(
          2, {.cutoff = 4, .radial_functions = 6, .hidden = {12}}),
      IrrepsLinear<interaction_output<embedded, edge, hidden>, irreps<"1x1o">, double>{}};
}

/// How far two energies get from where they begin: the total energy, and the one that velocity
/// Verlet conserves up to h^4.
struct EnergyDrift {
  double total = 0, modified = 0;
};

/// Atoms of mass 1 by velocity Verlet, looked at `looks` times, `steps` steps apart. evaluate(x) is
/// the energy V and the forces F. With steps of length h, the integrator follows the Hamiltonian
///   H + h^2 (v . V''(x) v / 12 - |F|^2 / 24)
/// up to h^4 (backward error analysis: Hairer, Lubich and Wanner, Acta Numerica 12, 399, 2003). So
/// H goes away from its first value by as much as h^2 times the bracket does, and no further with
/// time.
template <class Evaluate>
EnergyDrift energy_drift(const Evaluate& evaluate, Eigen::MatrixXd x, Eigen::MatrixXd v,
                         double time, int looks, int steps) {
  const double h = time / (looks * steps);
  std::pair<double, Eigen::MatrixXd> now = evaluate(x);
  const auto energies = [&] {
    const double epsilon = 1e-4;
    const Eigen::MatrixXd up = evaluate(x + epsilon * v).second,
                          down = evaluate(x - epsilon * v).second;
    const double curvature = -test::dot(v, up - down) / (2 * epsilon);
    const double total = now.first + 0.5 * v.squaredNorm();
    return std::pair(total, total + h * h * (curvature / 12 - now.second.squaredNorm() / 24));
  };
  const auto start = energies();
  EnergyDrift drift;
  for (int step = 1; step <= looks * steps; ++step) {
    v += 0.5 * h * now.second;
    x += h * v;
    now = evaluate(x);
    v += 0.5 * h * now.second;
    if (step % steps != 0) continue;
    const auto [total, modified] = energies();
    drift.total = std::max(drift.total, std::abs(total - start.first));
    drift.modified = std::max(drift.modified, std::abs(modified - start.second));
  }
  return drift;
}

/// Steps of half the length leave a quarter of the error of the energy, unless the forces do not
/// belong to it.
template <class Model>
void check_conservation(Model& potential, const Sample& start, Rng& rng) {
  auto field = make_force_field();
  initialize(field, rng);
  PointField<single, double> ones(4);
  std::fill(ones.values().begin(), ones.values().end(), 1);
  const Eigen::MatrixXd v = random_matrix(3, 4, rng, 0.2);
  const double time = 10;
  // 200 steps, or a multiple of it.
  const auto run = [&](int multiple, double foreign) {
    const auto evaluate = [&](const Eigen::MatrixXd& x) {
      const Graph graph = start.graph.moved(x);
      auto result = potential.evaluate(graph);
      const auto other = field.forward(ones, graph);
      for (Eigen::Index k = 0; k < 12; ++k) result.forces.data()[k] += foreign * other.data()[k];
      return std::pair(result.energies[0], result.forces);
    };
    return energy_drift(evaluate, start.positions, v, time, 200, multiple);
  };
  const auto coarse = run(1, 0), fine = run(2, 0);
  CHECK(coarse.total > 1e-6);
  CHECK(coarse.total < 4.1 * fine.total);
  CHECK(coarse.total > 3.9 * fine.total);
  CHECK(coarse.modified < 0.1 * coarse.total);
  CHECK(coarse.modified > 14 * fine.modified);
  CHECK(coarse.modified < 18 * fine.modified);
  // The control.
  const auto coarse_foreign = run(1, 0.05), fine_foreign = run(2, 0.05);
  CHECK(fine_foreign.total > 10 * coarse.total);
  CHECK(fine_foreign.total > 0.8 * coarse_foreign.total);
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
  check_conservation(exact, samples.front(), rng);
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
