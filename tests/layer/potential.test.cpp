// SPDX-License-Identifier: MIT
#include "gsteer/layer/potential.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "gsteer/layer/interaction.hpp"
#include "layer/graph_laws.hpp"

using namespace gsteer;
using namespace gsteer::test;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr auto one = irreps<"1x0e">;
constexpr auto vector = irreps<"1x1o">;
constexpr auto matrix = tensor_product(vector, vector);
constexpr auto embedded = irreps<"4x0e">;
constexpr auto edge = irreps<"1x0e+1x1o+1x2e">;
constexpr auto hidden = irreps<"4x0e+2x1o+1x1e+1x2e">;
constexpr auto first = interaction_output<embedded, edge, hidden>;
constexpr auto second = interaction_output<first, edge, hidden>;

template <class Scalar = double>
auto potential(Rng& rng,
               const PotentialOptions& settings = {.scale = 0.7, .shifts = {-3, -1, -2}}) {
  const MessagePassingOptions options{
      .cutoff = 4.0, .radial_functions = 4, .hidden = {6}, .average_neighbors = 3};
  Potential p(Sequential{LinearByKind<one, embedded, Scalar>{3},
                         make_interaction<embedded, edge, hidden, Scalar>(3, options),
                         make_interaction<first, edge, hidden, Scalar>(3, options),
                         IrrepsLinear<second, one, Scalar>{}},
              settings);
  randomize(p, rng);
  return p;
}

}  // namespace

TEST_CASE("forces are minus the gradient of the energy, without net force or torque",
          "[potential]") {
  Rng rng(1);
  auto p = potential(rng);
  const int n = 8;
  const auto positions = random_matrix(3, n, rng, 1.3);
  const Graph graph = radius_graph(positions, 4.0, random_kinds(n, 3, rng));
  const auto result = p.evaluate(graph);
  const double h = 1e-4;
  const double size = result.forces.norm();
  REQUIRE(size > 1e-2);
  double error = 0;
  for (int i = 0; i < n; ++i)
    for (int axis = 0; axis < 3; ++axis) {
      const auto energy = [&](double t) {
        Eigen::MatrixXd x = positions;
        x(axis, i) += t;
        return p.evaluate(graph.moved(x)).energies[0];
      };
      const double slope =
          (8 * (energy(h) - energy(-h)) - (energy(2 * h) - energy(-2 * h))) / (12 * h);
      error = std::max(error, std::abs(result.forces(axis, i) + slope));
    }
  CHECK(error < 1e-8 * size);
  Eigen::Vector3d force = Eigen::Vector3d::Zero(), torque = Eigen::Vector3d::Zero();
  for (int i = 0; i < n; ++i) {
    force += result.forces.col(i);
    torque += detail::cross(positions.col(i), result.forces.col(i));
  }
  CHECK(force.norm() < 1e-12 * size);
  CHECK(torque.norm() < 1e-12 * size);
  const auto without_forces = p.energies(graph);
  CHECK(without_forces.energies == result.energies);
  CHECK(without_forces.forces.size() == 0);
  CHECK_THROWS_WITH(p.backward({1.0}, result.forces),
                    ContainsSubstring("backward before evaluate"));
  double sum = 0;
  for (const double e : result.atomic) sum += e;
  CHECK(std::abs(sum - result.energies[0]) < 1e-12);
}

TEMPLATE_TEST_CASE("energies, forces and virials commute with O(3)", "[potential]", float, double) {
  using Scalar = TestType;
  Rng rng(2);
  // Without shifts, which would hide errors of the energy behind a large constant.
  auto p = potential<Scalar>(rng, {.scale = 0.7});
  const auto cloud = random_clouds({7, 4}, 3, rng, 4, 1.3);
  const PointField<one, double> ones(cloud.nodes());
  const auto check = [&](const auto& f) {
    const auto errors = equivariance_errors(
        [&](const auto&, const Graph& graph) { return f(p.evaluate(graph)); }, ones, cloud, rng);
    CHECK(errors.error < tolerance<Scalar>);
    CHECK(errors.control > 1e-3);
  };
  const auto columns = [](auto field, const Eigen::MatrixXd& values) {
    std::copy_n(values.data(), values.size(), field.data());
    return field;
  };
  check([&](const PotentialResult& r) {
    PointField<one, double> energies(2);
    std::copy(r.energies.begin(), r.energies.end(), energies.data());
    return energies;
  });
  check([&](const auto& r) { return columns(PointField<vector, double>(11), r.forces); });
  check([&](const auto& r) { return columns(PointField<matrix, double>(2), r.virials); });
}

TEST_CASE("a potential does not change under translation and renumbering", "[potential]") {
  Rng rng(6);
  auto p = potential(rng);
  const int n = 7;
  const auto positions = random_matrix(3, n, rng, 1.3);
  const auto kinds = random_kinds(n, 3, rng);
  const auto result = p.evaluate(radius_graph(positions, 4.0, kinds));
  const double size = result.forces.norm(), energy = result.energies[0];
  Eigen::MatrixXd elsewhere = positions, reversed(3, n);
  for (int i = 0; i < n; ++i) elsewhere.col(i) += Eigen::Vector3d(3, -1, 2);
  const auto moved = p.evaluate(radius_graph(elsewhere, 4.0, kinds));
  CHECK(std::abs(moved.energies[0] - energy) < 1e-12 * std::abs(energy));
  CHECK((moved.forces - result.forces).norm() < 1e-12 * size);

  for (int i = 0; i < n; ++i) reversed.col(n - 1 - i) = positions.col(i);
  const std::vector<int> reversed_kinds(kinds.rbegin(), kinds.rend());
  const auto other = p.evaluate(radius_graph(reversed, 4.0, reversed_kinds));
  CHECK(std::abs(other.energies[0] - energy) < 1e-12 * std::abs(energy));
  for (int i = 0; i < n; ++i)
    CHECK((other.forces.col(n - 1 - i) - result.forces.col(i)).norm() < 1e-12 * size);
  // The control: kinds that stay while the atoms change places.
  const auto wrong = p.evaluate(radius_graph(reversed, 4.0, kinds));
  CHECK(std::abs(wrong.energies[0] - energy) > 1e-4 * std::abs(energy));
}

TEST_CASE("the virial is minus the derivative by a strain of points and box", "[potential]") {
  Rng rng(3);
  auto p = potential(rng);
  const int n = 4;
  PeriodicBox box;
  box.cell << 3.1, 0.4, 0.2, 0, 3.4, -0.3, 0, 0, 3.0;
  box.periodic = {true, true, true};
  const auto positions = random_matrix(3, n, rng, 1.0);
  const auto kinds = random_kinds(n, 3, rng);
  const auto at = [&](const Eigen::Matrix3d& strain) {
    const Eigen::Matrix3d map = Eigen::Matrix3d::Identity() + strain;
    PeriodicBox strained = box;
    strained.cell = map * box.cell;
    const Eigen::MatrixXd x = map * positions;
    return p.evaluate(radius_graph(x, 4.0, kinds, strained));
  };
  const auto result = at(Eigen::Matrix3d::Zero());
  const double size = result.virials.norm(), h = 1e-4;
  REQUIRE(size > 1e-2);
  for (int a = 0; a < 3; ++a)
    for (int b = 0; b < 3; ++b) {
      Eigen::Matrix3d s = Eigen::Matrix3d::Zero();
      s(a, b) = 1;
      const auto energy = [&](double t) { return at(t * s).energies[0]; };
      const double slope =
          (8 * (energy(h) - energy(-h)) - (energy(2 * h) - energy(-2 * h))) / (12 * h);
      CHECK(std::abs(result.virials(3 * a + b, 0) + slope) < 1e-7 * size);
      CHECK(result.virials(3 * a + b, 0) == result.virials(3 * b + a, 0));
    }
}

TEST_CASE("training on energies, forces and virials: gradients against differences",
          "[potential]") {
  Rng rng(4);
  auto p = potential(rng);
  const Graph a = radius_graph(random_matrix(3, 5, rng, 1.2), 4.0, random_kinds(5, 3, rng));
  PeriodicBox box{4.5 * Eigen::Matrix3d::Identity(), {true, true, false}};
  const Graph b = radius_graph(random_matrix(3, 3, rng, 1.0), 4.0, random_kinds(3, 3, rng), box);
  const Graph graph = join({a, b});
  // A loss that is linear in all results: its derivatives are the coefficients.
  const std::vector<double> by_energy{0.8, -1.3};
  const auto by_force = random_matrix(3, 8, rng, 1);
  Eigen::MatrixXd by_virial = random_matrix(9, 2, rng, 1);
  const bool with_virials = GENERATE(true, false);
  if (!with_virials) by_virial.setZero();
  const auto loss = [&](auto& model) {
    const auto r = model.evaluate(graph);
    return by_energy[0] * r.energies[0] + by_energy[1] * r.energies[1] + dot(by_force, r.forces) +
           dot(by_virial, r.virials);
  };
  loss(p);
  zero_gradients(p);
  with_virials ? p.backward(by_energy, by_force, by_virial) : p.backward(by_energy, by_force);
  std::vector<double> expected;
  for (const auto& [name, q] : parameters(p))
    expected.insert(expected.end(), q->gradient.begin(), q->gradient.end());
  // Along random directions in each parameter on its own, so that none is left out.
  std::size_t at = 0;
  const double h = 1e-4;
  for (const auto& named : parameters(p)) {
    Parameter<double>& q = *named.parameter;
    if (!q.trained) continue;
    INFO(named.name);
    std::vector<double> direction(q.value.size());
    double slope = 0;
    for (std::size_t i = 0; i < direction.size(); ++i) {
      direction[i] = rng.normal();
      slope += direction[i] * expected[at++];
    }
    const auto along = [&](double t) {
      const std::vector<double> before(q.value.begin(), q.value.end());
      for (std::size_t i = 0; i < direction.size(); ++i) q.value[i] += t * direction[i];
      const double value = loss(p);
      std::copy(before.begin(), before.end(), q.value.begin());
      return value;
    };
    const double difference =
        (8 * (along(h) - along(-h)) - (along(2 * h) - along(-2 * h))) / (12 * h);
    CHECK(std::abs(difference - slope) < 1e-6 * std::max(std::abs(slope), 1e-2));
  }
  REQUIRE(at == expected.size());
}

TEST_CASE("a batch of graphs gives what its graphs give", "[potential]") {
  Rng rng(5);
  auto p = potential(rng);
  std::vector<Graph> graphs;
  for (int i = 0; i < 4; ++i)
    graphs.push_back(
        radius_graph(random_matrix(3, 3 + i, rng, 1.2), 4.0, random_kinds(3 + i, 3, rng)));
  // An atom that is alone: no edges.
  graphs.push_back(make_graph(Eigen::MatrixXd::Zero(3, 1), {}));
  const Graph batch = join(graphs);
  for (const int count : {1, 2, 3}) {
    set_threads(count);
    const auto all = p.evaluate(batch);
    for (std::size_t i = 0; i < graphs.size(); ++i) {
      const auto alone = p.evaluate(graphs[i]);
      CHECK(std::abs(alone.energies[0] - all.energies[i]) < 1e-13 * 10);
      CHECK(std::isfinite(alone.energies[0]));
      for (int k = 0; k < graphs[i].nodes(); ++k)
        CHECK((alone.forces.col(k) - all.forces.col(batch.first_node(static_cast<int>(i)) + k))
                  .norm() < 1e-12);
    }
  }
  set_threads(0);
  CHECK_THROWS_WITH(p.backward({1.0}, Eigen::MatrixXd::Zero(3, 2)),
                    ContainsSubstring("expected derivatives by 1 energies and 3 x 1 forces"));
}
