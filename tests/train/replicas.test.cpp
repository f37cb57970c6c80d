// SPDX-License-Identifier: MIT
#include "gsteer/train/replicas.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "gsteer/group/cyclic.hpp"
#include "gsteer/layer/batch_norm.hpp"
#include "gsteer/layer/dropout.hpp"
#include "gsteer/layer/interaction.hpp"
#include "gsteer/train/potential_loss.hpp"
#include "layer/graph_laws.hpp"

using namespace gsteer;
using namespace gsteer::test;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr auto single = irreps<"1x0e">;
constexpr auto embedded = irreps<"3x0e">;
constexpr auto edge = irreps<"1x0e+1x1o">;
constexpr auto hidden = irreps<"3x0e+2x1o">;

auto random_potential(Rng& rng) {
  Potential p(
      Sequential{LinearByKind<single, embedded, double>{2},
                 make_interaction<embedded, edge, hidden, double>(
                     2, {.cutoff = 3, .radial_functions = 3, .hidden = {4}}),
                 IrrepsLinear<interaction_output<embedded, edge, hidden>, single, double>{}});
  randomize(p, rng);
  return p;
}

/// Molecules of different sizes and what is known of them.
struct Molecules {
  std::vector<Graph> graphs;
  std::vector<PotentialTargets> targets;

  explicit Molecules(Rng& rng) {
    for (const int n : {3, 8, 2, 5, 4}) {
      graphs.push_back(random_clouds({n}, 2, rng).graph);
      targets.push_back({{rng.normal()}, random_matrix(3, n, rng), random_matrix(9, 1, rng)});
    }
  }
  int size() const { return static_cast<int>(graphs.size()); }

  std::pair<Graph, PotentialTargets> batch(int first, int last) const {
    const auto from = static_cast<std::size_t>(first), to = static_cast<std::size_t>(last);
    const Graph graph = join({graphs.begin() + first, graphs.begin() + last});
    PotentialTargets all{{}, Eigen::MatrixXd(3, graph.nodes()), Eigen::MatrixXd(9, graph.graphs())};
    for (std::size_t i = from; i < to; ++i) {
      const int g = static_cast<int>(i - from);
      all.energies.push_back(targets[i].energies[0]);
      all.forces.middleCols(graph.first_node(g), graphs[i].nodes()) = targets[i].forces;
      all.virials.col(g) = targets[i].virials;
    }
    return {graph, all};
  }
};

const PotentialLossOptions weights{.energy_weight = 2, .force_weight = 0.7, .virial_weight = 0.3};

/// Adds to the gradients of a model those of a batch, and returns its loss.
template <class Model>
double add_gradients(Model& model, const std::pair<Graph, PotentialTargets>& batch,
                     const PotentialLossOptions& options) {
  const auto loss = potential_loss(model.evaluate(batch.first), batch.second, batch.first, options);
  model.backward(loss.d_energies, loss.d_forces, loss.d_virials);
  return loss.loss;
}

/// The same by the parts of the batch: means over a part become shares of those over the batch, of
/// energies and virials by graph, and of forces by atom (or by graph, which is wrong).
template <class Model>
double add_gradients(Replicas<Model>& replicas, const Molecules& data, bool forces_by_atom = true) {
  const int parts = replicas.parts();
  const double atoms = join(data.graphs).nodes();
  std::vector<double> losses(static_cast<std::size_t>(parts), 0);
  replicas.run([&](Model& replica, int part) {
    const int first = data.size() * part / parts, last = data.size() * (part + 1) / parts;
    if (first == last) return;  // fewer molecules than parts
    const auto batch = data.batch(first, last);
    const double by_graph = static_cast<double>(last - first) / data.size();
    const double by_atom = forces_by_atom ? batch.first.nodes() / atoms : by_graph;
    losses[static_cast<std::size_t>(part)] =
        add_gradients(replica, batch,
                      {.energy_weight = by_graph * weights.energy_weight,
                       .force_weight = by_atom * weights.force_weight,
                       .virial_weight = by_graph * weights.virial_weight});
  });
  double sum = 0;
  for (const double loss : losses) sum += loss;
  return sum;
}

}  // namespace

TEST_CASE("the gradient of the parts of a batch is that of the whole") {
  Rng rng(1);
  const Molecules data(rng);
  auto model = random_potential(rng);
  const auto whole = data.batch(0, data.size());
  zero_gradients(model);
  const double loss = add_gradients(model, whole, weights);
  const auto expected = parameter_gradients(model);
  for (const int parts : {1, 2, 3, 5, 7}) {
    INFO(parts << " parts");
    Replicas replicas{model, parts};
    CHECK(replicas.parts() == parts);
    CHECK(&replicas.part(0) == &model);
    zero_gradients(model);
    CHECK(std::abs(add_gradients(replicas, data) - loss) < 1e-12 * loss);
    CHECK(relative_error(parameter_gradients(model), expected) < 1e-12);
    // The next run adds to the gradients, and starts those of the copies anew.
    add_gradients(replicas, data);
    auto twice = expected;
    for (auto& v : twice) v *= 2;
    CHECK(relative_error(parameter_gradients(model), twice) < 1e-12);
  }
  // The control: molecules differ in size.
  Replicas replicas{model, 2};
  zero_gradients(model);
  add_gradients(replicas, data, false);
  CHECK(relative_error(parameter_gradients(model), expected) > 1e-3);
  CHECK_THROWS_WITH((Replicas{model, 0}), ContainsSubstring("at least one part, got 0"));
}

TEST_CASE("replicas are handed the weights at each run") {
  Rng rng(2);
  const Molecules data(rng);
  auto model = random_potential(rng);
  Replicas replicas{model, 3};
  zero_gradients(model);
  add_gradients(replicas, data);
  const auto before = parameter_gradients(model);
  randomize(model, rng);
  for (const int part : {1, 2}) {
    const auto own = parameters(model), others = parameters(replicas.part(part));
    bool same = true;
    for (std::size_t i = 0; i < own.size(); ++i)
      same = same && std::equal(own[i].parameter->value.begin(), own[i].parameter->value.end(),
                                others[i].parameter->value.begin());
    CHECK(!same);
  }
  zero_gradients(model);
  add_gradients(replicas, data);
  const auto after = parameter_gradients(model);
  zero_gradients(model);
  add_gradients(model, data.batch(0, data.size()), weights);
  CHECK(relative_error(after, parameter_gradients(model)) < 1e-12);
  CHECK(relative_error(before, after) > 1e-2);
}

TEST_CASE("replicas give the same bits for any number of threads") {
  Rng rng(3);
  const Molecules data(rng);
  auto model = random_potential(rng);
  Replicas replicas{model, 3};
  std::vector<std::vector<double>> runs;
  for (const int count : {1, 2, 3}) {
    set_threads(count);
    zero_gradients(model);
    const double loss = add_gradients(replicas, data);
    runs.push_back(parameter_gradients(model));
    runs.back().push_back(loss);
  }
  set_threads(0);
  CHECK(runs[0] == runs[1]);
  CHECK(runs[0] == runs[2]);
}

TEST_CASE("an exception in a part reaches the caller, and replicas go on") {
  Rng rng(4);
  const Molecules data(rng);
  auto model = random_potential(rng);
  Replicas replicas{model, 3};
  for (const int count : {1, 3}) {
    set_threads(count);
    for (int bad = 0; bad < 3; ++bad)
      CHECK_THROWS_WITH(replicas.run([&](auto&, int part) {
        if (part == bad) throw std::runtime_error("this part fails");
      }),
                        "this part fails");
    zero_gradients(model);
    add_gradients(model, data.batch(0, data.size()), weights);
    const auto expected = parameter_gradients(model);
    zero_gradients(model);
    add_gradients(replicas, data);
    CHECK(relative_error(parameter_gradients(model), expected) < 1e-12);
  }
  set_threads(0);
}

TEST_CASE("what a network records along the way is recorded by the first part alone") {
  static constexpr auto F = 3 * trivial<C<4>>;
  Sequential net{BatchNorm<F, double>{}};
  auto alone = net;
  Rng rng(5);
  std::vector<PointField<F, double>> inputs;
  for (int part = 0; part < 3; ++part) {
    inputs.push_back(random_field(PointField<F, double>(6), rng));
    for (auto& v : inputs.back().values()) v += part;
  }
  Replicas replicas{net, 3};
  const auto records = [](auto& model) {
    std::vector<double> all;
    for (const auto& [name, p] : parameters(model))
      if (!p->trained) all.insert(all.end(), p->value.begin(), p->value.end());
    return all;
  };
  const auto start = records(net);
  for (int run = 0; run < 2; ++run) {
    replicas.run(
        [&](auto& replica, int part) { replica.forward(inputs[static_cast<std::size_t>(part)]); });
    alone.forward(inputs[0]);
    CHECK(records(net) == records(alone));
  }
  CHECK(records(net) != start);
  CHECK(records(replicas.part(1)) != records(net));
}

TEST_CASE("random layers draw differently in each part, and again from the saved generators") {
  static constexpr auto F = 40 * trivial<C<4>>;
  using Values = std::vector<double>;
  const auto network = [](std::uint64_t seed) {
    return Sequential{FieldDropout<F, double>{{.probability = 0.3, .seed = seed}},
                      FieldDropout<F, double>{{.probability = 0.3, .seed = seed + 1}}};
  };
  using Net = decltype(network(0));
  PointField<F, double> ones(2);
  std::fill(ones.values().begin(), ones.values().end(), 1);
  const auto draw = [&](Replicas<Net>& replicas) {
    std::vector<Values> all(static_cast<std::size_t>(replicas.parts()));
    replicas.run([&](Net& replica, int part) {
      const auto y = replica.forward(ones);
      all[static_cast<std::size_t>(part)].assign(y.values().begin(), y.values().end());
    });
    return all;
  };

  Net net = network(1);
  Replicas replicas{net, 3};
  const auto first = draw(replicas);
  CHECK(first[0] != first[1]);
  CHECK(first[0] != first[2]);
  CHECK(first[1] != first[2]);
  const auto distinct = [](const auto& a, const auto& b) {
    for (const auto& v : a)
      if (std::find(b.begin(), b.end(), v) != b.end()) return false;
    return true;
  };
  // A checkpoint holds the generators of the network, and nothing of the replicas.
  std::vector<Rng> saved;
  detail::for_each_generator(net, [&](const std::string&, Rng& g) { saved.push_back(g); });
  REQUIRE(saved.size() == 2);
  const auto second = draw(replicas), third = draw(replicas);
  CHECK(distinct(first, second));
  CHECK(distinct(first, third));
  CHECK(distinct(second, third));
  for (const int count : {1, 2, 3}) {
    set_threads(count);
    Net resumed = network(100);
    std::size_t i = 0;
    detail::for_each_generator(resumed, [&](const std::string&, Rng& g) { g = saved[i++]; });
    Replicas others{resumed, 3};
    CHECK(draw(others) == second);
    CHECK(draw(others) == third);
  }
  set_threads(0);
  // One part draws what the network by itself does.
  Net one = network(1);
  Replicas only{one, 1};
  Net alone = network(1);
  const auto y = alone.forward(ones);
  CHECK(draw(only)[0] == Values(y.values().begin(), y.values().end()));
}
