// SPDX-License-Identifier: MIT
#include "gsteer/layer/steerable_message_passing.hpp"

#include <cmath>
#include <cstring>
#include <thread>

#include "gsteer/layer/potential.hpp"
#include "gsteer/train/initialization.hpp"
#include "layer/graph_laws.hpp"

using namespace gsteer;
using namespace gsteer::test;

namespace {

constexpr auto node = irreps<"2x0e+1x0o+2x1o+1x1e">;
constexpr auto sphere = irreps<"1x0e+1x1o+1x2e">;
constexpr auto hidden = irreps<"3x0e+1x0o+1x1o+1x1e+1x2e">;
constexpr int edge_scalars = 2;
constexpr auto wide = irreps<"16x0e+16x1o">;
template <class Scalar>
using LayerOf = SteerableMessagePassing<node, sphere, hidden, Scalar, edge_scalars>;
using Layer = LayerOf<double>;
using X = PointField<node, double>;

/// A layer with random weights and biases.
template <class Scalar = double>
LayerOf<Scalar> random_layer(Rng& rng, Aggregation aggregation = Aggregation::sum) {
  LayerOf<Scalar> layer({.aggregation = aggregation, .average_neighbors = 2.5});
  randomize(layer, rng);
  return layer;
}

/// Nodes with positions and velocities, edges with a vector and two numbers.
struct System {
  Eigen::MatrixXd positions, velocities, edge_vectors;
  std::vector<Edge> edges;
  std::vector<double> numbers;

  System(int n, std::vector<Edge> joined, Rng& rng)
      : positions(random_matrix(3, n, rng)),
        velocities(random_matrix(3, n, rng)),
        edge_vectors(random_matrix(3, static_cast<int>(joined.size()), rng)),
        edges(std::move(joined)) {
    for (std::size_t i = 0; i < edge_scalars * edges.size(); ++i) numbers.push_back(rng.normal());
  }

  System turned(const Eigen::Matrix3d& a) const {
    System other = *this;
    other.positions = a * positions;
    other.velocities = a * velocities;
    other.edge_vectors = a * edge_vectors;
    return other;
  }
  Graph graph() const { return make_graph(positions, edges); }
  /// The edges must be sorted by receiver, as in the graph.
  template <class Scalar = double>
  auto attributes() const {
    typename LayerOf<Scalar>::Attributes a;
    a.nodes = harmonic_attributes<sphere, Scalar>(velocities);
    if (!edges.empty()) a.edges = harmonic_attributes<sphere, Scalar>(edge_vectors);
    a.edge_scalars = Buffer<Scalar>(numbers.size());
    for (std::size_t i = 0; i < numbers.size(); ++i)
      a.edge_scalars[i] = static_cast<Scalar>(numbers[i]);
    return a;
  }
};

/// Node 0 hears of nobody; two edges join the same pair, one joins a node to itself.
std::vector<Edge> some_edges() {
  return {{0, 1}, {2, 1}, {4, 1}, {1, 2}, {1, 2}, {3, 3}, {1, 3}, {0, 4}, {2, 4}, {3, 4}, {1, 4}};
}

template <class Scalar>
double dot(const PointField<node, Scalar>& a, const PointField<node, Scalar>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    sum += static_cast<double>(a.data()[i]) * static_cast<double>(b.data()[i]);
  return sum;
}

template <class Scalar>
double distance(const PointField<node, Scalar>& a, const PointField<node, Scalar>& b) {
  REQUIRE(a.size() == b.size());
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    worst = std::max(worst, static_cast<double>(std::abs(a.data()[i] - b.data()[i])));
  return worst;
}

/// A layer that is given the same attributes every time.
struct Steered : Layer {
  Attributes attributes;
  Steered(Layer layer, Attributes given) : Layer(std::move(layer)), attributes(std::move(given)) {}
  X forward(const X& x, const Graph& graph) { return Layer::forward(x, graph, attributes); }
};

/// The parts of the definition, each for one row.
using Row = std::vector<double>;

template <auto In, auto Out>
Row linear(Layer& layer, const std::string& name, const Row& x, const Row& a) {
  FullyConnectedTensorProduct<In, sphere, Out, double> product;
  PointField<In, double> in(1);
  PointField<sphere, double> condition(1);
  REQUIRE(x.size() == in.size());
  std::copy(x.begin(), x.end(), in.data());
  std::copy(a.begin(), a.end(), condition.data());
  const Buffer<double>* bias = nullptr;
  for (const auto& [full_name, p] : parameters(layer)) {
    if (full_name == name + ".weight") product.weight.value = p->value;
    if (full_name == name + ".bias") bias = &p->value;
  }
  const auto z = product.forward(in, condition);
  Row result(z.values().begin(), z.values().end());
  std::size_t at = 0, b = 0;
  for (const auto& block : irrep_list<features_of<Out>>()) {
    for (int u = 0; u < block.copies && block.label == irrep_label{0, 0}; ++u)
      result[at + static_cast<std::size_t>(u)] += (*bias)[b++];
    at += static_cast<std::size_t>(block.copies * irrep_dimension(block.label));
  }
  REQUIRE(b == bias->size());
  return result;
}

using HiddenGate = Gate<irreps<"3x0e+1x0o">, irreps<"3x0e">, irreps<"1x1o+1x1e+1x2e">, double>;
constexpr auto ungated = gate_input<irreps<"3x0e+1x0o">, irreps<"3x0e">, irreps<"1x1o+1x1e+1x2e">>;

Row gate(const Row& x) {
  HiddenGate layer;
  HiddenGate::Input in(1);
  REQUIRE(x.size() == in.size());
  std::copy(x.begin(), x.end(), in.data());
  const auto z = layer.forward(in);
  return Row(z.values().begin(), z.values().end());
}

Row joined(Row a, const Row& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

}  // namespace

TEST_CASE("steerable message passing is what its formula says", "[graph]") {
  Rng rng(1);
  const auto aggregation = GENERATE(Aggregation::sum, Aggregation::mean, Aggregation::normalized);
  Layer layer = random_layer(rng, aggregation);
  const int n = 5;
  const System system(n, some_edges(), rng);
  const Graph graph = system.graph();
  const auto attributes = system.attributes();
  const auto x = random_field(X(n), rng);
  const auto y = layer.forward(x, graph, attributes);

  // Harmonics are of the direction alone: x, y, z times sqrt(3).
  Eigen::MatrixXd vectors = Eigen::MatrixXd::Zero(3, 2);
  vectors(1, 0) = -2;
  const auto of_vectors = harmonic_attributes<irreps<"1x0e+1x1o">, double>(vectors);
  const double expected_harmonics[] = {1, 0, -std::sqrt(3.0), 0, 1, 0, 0, 0};
  for (std::size_t i = 0; i < 8; ++i)
    CHECK(std::abs(of_vectors.data()[i] - expected_harmonics[i]) < 1e-14);

  const auto row = [](const auto& field, int i) {
    const auto* first = field.data() + std::ptrdiff_t{i} * field.channels();
    return Row(first, first + field.channels());
  };
  const auto add = [](Row& a, const Row& b, double factor) {
    for (std::size_t i = 0; i < a.size(); ++i) a[i] += factor * b[i];
  };
  constexpr auto edge_in =
      irreps<"2x0e+1x0o+2x1o+1x1e + 2x0e+1x0o+2x1o+1x1e + 3x0e">;  // |x|^2 and two numbers
  constexpr auto node_in = irreps<"2x0e+1x0o+2x1o+1x1e + 3x0e+1x0o+1x1o+1x1e+1x2e">;
  double largest = 0;
  for (int i = 0; i < n; ++i) {
    Row sum(15), mean(9);
    double count = 0;
    for (std::size_t e = 0; e < system.edges.size(); ++e) {
      if (system.edges[e].receiver != i) continue;
      const int j = system.edges[e].sender;
      const Eigen::Vector3d v = system.positions.col(j) - system.positions.col(i);
      Row a = row(attributes.edges, static_cast<int>(e));
      const Eigen::MatrixXd harmonic = spherical_harmonics(2, v);
      add(a, Row(harmonic.data(), harmonic.data() + 9), 1);
      Row h = joined(row(x, i), row(x, j));
      h.push_back(v.squaredNorm());
      h.push_back(system.numbers[2 * e]);
      h.push_back(system.numbers[2 * e + 1]);
      const auto first = gate(linear<edge_in, ungated>(layer, "message.0", h, a));
      add(sum, gate(linear<hidden, ungated>(layer, "message.1", first, a)), 1);
      add(mean, a, 1);
      ++count;
    }
    Row a = row(attributes.nodes, i);
    if (count > 0)
      add(a, mean, 1 / count);
    else
      a[0] += 1;
    double scale = 1;
    if (aggregation == Aggregation::mean) scale = 1 / std::max(1.0, count);
    if (aggregation == Aggregation::normalized) scale = 1 / std::sqrt(2.5);
    for (auto& value : sum) value *= scale;
    Row expected = row(x, i);
    const auto first = gate(linear<node_in, ungated>(layer, "update.0", joined(expected, sum), a));
    add(expected, linear<hidden, node>(layer, "update.1", first, a), 1);
    for (int c = 0; c < y.channels(); ++c) {
      CHECK(std::abs(y(i, c) - expected[static_cast<std::size_t>(c)]) < 1e-12);
      largest = std::max(largest, std::abs(y(i, c) - x(i, c)));
    }
  }
  CHECK(largest > 0.1);
}

TEMPLATE_TEST_CASE("steerable message passing commutes with O(3)", "[graph]", double, float) {
  using Scalar = TestType;
  Rng rng(2);
  auto layer = random_layer<Scalar>(rng, GENERATE(Aggregation::sum, Aggregation::mean));
  const System system(5, some_edges(), rng);
  const auto x = random_field(PointField<node, Scalar>(5), rng);
  const auto out = [&](const auto& features, const System& s) {
    return layer.forward(features, s.graph(), s.template attributes<Scalar>());
  };
  const auto y = out(x, system);
  const double size = std::sqrt(dot(y, y));
  for (int trial = 0; trial < 4; ++trial) {
    const auto g = orthogonal<3>::sample(rng);
    const auto a = orthogonal<3>::action(g);
    const auto x_turned = transform(g, x), expected = transform(g, y);
    CHECK(distance(out(x_turned, system.turned(a)), expected) < tolerance<Scalar> * size);
    // Negative controls: any one thing that stays while all others turn.
    CHECK(distance(out(x, system.turned(a)), expected) > 1e-3 * size);
    auto still = system.turned(a);
    still.velocities = system.velocities;
    CHECK(distance(out(x_turned, still), expected) > 1e-3 * size);
    still = system.turned(a);
    still.edge_vectors = system.edge_vectors;
    CHECK(distance(out(x_turned, still), expected) > 1e-3 * size);
  }
  System elsewhere = system;
  for (int i = 0; i < 5; ++i) elsewhere.positions.col(i) += Eigen::Vector3d(0.5, -2, 1);
  CHECK(distance(out(x, elsewhere), y) < tolerance<Scalar> * size);
}

TEST_CASE("steerable message passing commutes with the order of nodes and edges", "[graph]") {
  Rng rng(3);
  Layer layer = random_layer(rng);
  const int n = 5;
  const System system(n, some_edges(), rng);
  const auto x = random_field(X(n), rng);
  const auto y = layer.forward(x, system.graph(), system.attributes());
  // Node i becomes n - 1 - i; edges in the order of their new receivers, those of one reversed.
  System reversed = system;
  X x_reversed(n);
  for (int i = 0; i < n; ++i) {
    reversed.positions.col(n - 1 - i) = system.positions.col(i);
    reversed.velocities.col(n - 1 - i) = system.velocities.col(i);
    for (int c = 0; c < x.channels(); ++c) x_reversed(n - 1 - i, c) = x(i, c);
  }
  const std::size_t count = system.edges.size();
  for (std::size_t e = 0; e < count; ++e) {
    const std::size_t to = count - 1 - e;
    reversed.edges[to] = {n - 1 - system.edges[e].sender, n - 1 - system.edges[e].receiver};
    reversed.edge_vectors.col(static_cast<Eigen::Index>(to)) =
        system.edge_vectors.col(static_cast<Eigen::Index>(e));
    for (std::size_t k = 0; k < 2; ++k) reversed.numbers[2 * to + k] = system.numbers[2 * e + k];
  }
  const auto z = layer.forward(x_reversed, reversed.graph(), reversed.attributes());
  double error = 0;
  for (int i = 0; i < n; ++i)
    for (int c = 0; c < x.channels(); ++c)
      error = std::max(error, std::abs(z(n - 1 - i, c) - y(i, c)));
  CHECK(error < 1e-12 * std::sqrt(dot(y, y)));
  CHECK(distance(z, y) > 0.1);  // negative control
}

TEST_CASE("steerable message passing: all its derivatives, first and second", "[graph]") {
  Rng rng(4);
  const System system(5, some_edges(), rng);
  Steered layer(random_layer(rng, GENERATE(Aggregation::mean, Aggregation::normalized)),
                system.attributes());
  const PointCloud cloud{system.positions, system.graph()};
  const auto errors = graph_derivative_errors(layer, cloud, rng);
  CHECK(errors.adjoint < 1e-12);
  CHECK(errors.tangent < 1e-6);
  CHECK(errors.parameters < 1e-6);
  CHECK(errors.input_only < 1e-14);
  CHECK(errors.second < 1e-6);
  CHECK(errors.second_vectors < 1e-6);
  CHECK(errors.second_parameters < 1e-6);
  REQUIRE(parameters(layer).size() == 8);
  for (const auto& [name, p] : parameters(layer)) CHECK(!p->gradient.empty());

  // By positions instead of vectors, and second derivatives without those by the vectors.
  const auto x = random_field(X(5), rng), g = random_field(x, rng);
  const Eigen::MatrixXd still = Eigen::MatrixXd::Zero(3, cloud.graph.edges());
  layer.forward(x, cloud.graph);
  auto by_vector = still, dd_vectors = still;
  const auto gx = layer.backward_input(g, by_vector);
  const auto both = layer.backward(g);
  CHECK(distance(both.features, gx) == 0);
  CHECK(both.positions == cloud.graph.gather(by_vector));
  layer.forward_tangent(x, still);
  zero_gradients(layer);
  const auto with = layer.backward_tangent(g, &dd_vectors);
  const auto with_parameters = parameter_gradients(layer);
  zero_gradients(layer);
  CHECK(distance(layer.backward_tangent(g), with) == 0);
  CHECK(parameter_gradients(layer) == with_parameters);
}

TEST_CASE("steerable message passing: no NaN on points that coincide, are alone, or have no edges",
          "[graph]") {
  Rng rng(5);
  Layer layer = random_layer(rng, GENERATE(Aggregation::mean, Aggregation::normalized));
  // After a graph with edges: nothing of it is left.
  const System before(5, some_edges(), rng);
  layer.forward(random_field(X(5), rng), before.graph(), before.attributes());
  const bool edges = GENERATE(true, false);
  System system(4, edges ? std::vector<Edge>{{1, 0}, {0, 1}, {2, 2}} : std::vector<Edge>{}, rng);
  for (auto* vectors : {&system.positions, &system.velocities, &system.edge_vectors})
    vectors->setZero();
  system.positions(0, 3) = 100;
  const auto x = random_field(X(4), rng), g = random_field(X(4), rng);
  const Graph graph = system.graph();
  const auto attributes = system.attributes();
  const auto y = layer.forward(x, graph, attributes);
  zero_gradients(layer);
  Eigen::MatrixXd d_vectors = Eigen::MatrixXd::Zero(3, graph.edges());
  const auto gx = layer.backward_input(g, d_vectors);
  const auto dy = layer.forward_tangent(x, Eigen::MatrixXd::Ones(3, graph.edges()));
  Eigen::MatrixXd dd = Eigen::MatrixXd::Zero(3, graph.edges());
  const auto dgx = layer.backward_tangent(g, &dd);
  const auto gx_again = layer.backward(g).features;
  for (const auto* values : {&y, &gx, &dy, &dgx, &gx_again})
    for (const double v : values->values()) CHECK(std::isfinite(v));
  CHECK(distance(gx, gx_again) == 0);
  CHECK(d_vectors.allFinite());
  CHECK(dd.allFinite());
  for (const double v : parameter_gradients(layer)) CHECK(std::isfinite(v));
  for (const auto& [name, p] : parameters(layer)) {
    double size = 0;
    for (const double v : p->gradient) size += v * v;
    CHECK((size > 0) == (edges || name.find("update") == 0));
  }
  // A node that is alone is updated by itself, whatever the others do.
  const auto frozen = layer.freeze().forward(x, graph, attributes);
  CHECK(std::memcmp(frozen.data(), y.data(), y.size() * sizeof(double)) == 0);
  X alone(1);
  for (int c = 0; c < x.channels(); ++c) alone(0, c) = x(3, c);
  Layer::Attributes at_rest;
  at_rest.nodes = harmonic_attributes<sphere, double>(Eigen::MatrixXd::Zero(3, 1));
  const auto z = layer.forward(alone, make_graph(Eigen::MatrixXd::Zero(3, 1), {}), at_rest);
  double change = 0;
  for (int c = 0; c < x.channels(); ++c) {
    CHECK(std::abs(z(0, c) - y(3, c)) < 1e-12);
    change += std::abs(y(3, c) - x(3, c));
  }
  CHECK(change > 1e-3);
}

TEST_CASE("steerable message passing gives the same bits for any number of threads, and frozen",
          "[graph]") {
  Rng rng(6);
  auto layer = random_layer<float>(rng);
  const int n = 60;
  System system(n, {}, rng);
  const Graph near = radius_graph(2 * system.positions, 3.0);
  REQUIRE(near.edges() > 200);
  PointField<node> x = random_field(PointField<node>(n), rng);
  LayerOf<float>::Attributes attributes;
  attributes.nodes = harmonic_attributes<sphere>(system.velocities);
  attributes.edge_scalars = Buffer<float>(static_cast<std::size_t>(2 * near.edges()));
  for (auto& value : attributes.edge_scalars) value = static_cast<float>(rng.normal());
  const auto frozen = layer.freeze();
  std::vector<std::vector<float>> runs;
  for (const int count : {1, 2, 3}) {
    set_threads(count);
    zero_gradients(layer);
    const auto y = layer.forward(x, near, attributes);
    const auto [features, by_position] = layer.backward(y);
    std::vector<float> all(y.values().begin(), y.values().end());
    all.insert(all.end(), features.values().begin(), features.values().end());
    for (Eigen::Index i = 0; i < by_position.size(); ++i)
      all.push_back(static_cast<float>(by_position.data()[i]));
    for (const auto& [name, p] : parameters(layer))
      all.insert(all.end(), p->gradient.begin(), p->gradient.end());
    for (const float v : all) REQUIRE(std::isfinite(v));
    runs.push_back(all);
    // In use, from several threads at once.
    std::vector<PointField<node>> results(3);
    std::vector<std::thread> threads;
    for (auto& result : results)
      threads.emplace_back([&] { result = frozen.forward(x, near, attributes); });
    for (auto& thread : threads) thread.join();
    for (const auto& result : results)
      CHECK(std::memcmp(result.data(), y.data(), y.size() * sizeof(float)) == 0);
  }
  set_threads(0);
  CHECK(runs[0] == runs[1]);
  CHECK(runs[0] == runs[2]);
}

TEST_CASE("steerable message passing takes part in potentials, which train on forces", "[graph]") {
  constexpr auto f = irreps<"2x0e+2x1o">;
  Rng rng(7);
  auto network = Sequential{LinearByKind<irreps<"1x0e">, f, double>{2},
                            SteerableMessagePassing<f, irreps<"1x0e+1x1o">, f, double>{},
                            IrrepsLinear<f, irreps<"1x0e">, double>{}};
  Potential potential{network};
  initialize(potential, rng);
  const auto positions = random_matrix(3, 4, rng);
  const Graph graph = radius_graph(positions, 4.0, {0, 1, 1, 0});
  REQUIRE(graph.edges() > 4);
  const auto result = potential.evaluate(graph);
  CHECK(result.forces.norm() > 1e-3);
  for (int axis = 0; axis < 3; ++axis) {
    CHECK(std::abs(result.forces.row(axis).sum()) < 1e-12 * result.forces.norm());
    const double slope = detail::central_difference(
        [&](double t) {
          auto p = positions;
          p(axis, 1) += t;
          return potential.energies(graph.moved(p)).energies[0];
        },
        1e-3);
    CHECK(std::abs(slope + result.forces(axis, 1)) < 1e-6 * result.forces.norm());
  }
  // The gradient of <u, forces>.
  const auto u = random_matrix(3, 4, rng);
  potential.evaluate(graph);
  zero_gradients(potential);
  potential.backward({0.0}, u);
  for (const auto& [name, p] : parameters(potential)) {
    if (!p->trained) continue;
    CAPTURE(name);
    const auto start = p->value, gradient = p->gradient;
    for (std::size_t i = 0; i < start.size(); i += 7) {
      const double slope = detail::central_difference(
          [&, q = p](double t) {
            q->value[i] = start[i] + t;
            return dot(u, potential.evaluate(graph).forces);
          },
          1e-3);
      p->value = start;
      CHECK(std::abs(slope - gradient[i]) < 1e-6 * (1 + std::abs(gradient[i])));
    }
  }
}

TEST_CASE("steerable message passing keeps the size of features over many layers", "[graph]") {
  Rng rng(9);
  const PointCloud cloud = random_clouds({5, 5, 5, 5}, 1, rng, 10, 1);
  const auto x = random_field(PointField<wide>(20), rng);
  const auto size_after = [&](const auto& begin) {
    auto y = x;
    for (int k = 0; k < 6; ++k) {
      SteerableMessagePassing<wide, irreps<"1x0e+1x1o">, wide> layer;
      begin(layer);
      y = layer.forward(y, cloud.graph);
    }
    double sum = 0;
    for (const float v : y.values()) sum += static_cast<double>(v) * static_cast<double>(v);
    return std::sqrt(sum / static_cast<double>(y.size()));
  };
  const double size = size_after([&](auto& layer) { layer.initialize(rng); });
  CHECK(size > 0.5);
  CHECK(size < 3);
  CHECK(size_after([&](auto& layer) { randomize(layer, rng); }) > 30);  // negative control
}

TEST_CASE("steerable message passing says what it expects", "[graph]") {
  using Catch::Matchers::ContainsSubstring;
  Rng rng(8);
  Layer layer = random_layer(rng);
  const System system(5, some_edges(), rng);
  const Graph graph = system.graph();
  const auto x = random_field(X(5), rng);
  auto attributes = system.attributes();
  CHECK_THROWS_WITH(layer.backward(x), ContainsSubstring("a derivative before forward"));
  CHECK_THROWS_WITH(layer.forward(X(4), graph, attributes),
                    ContainsSubstring("expected features of 5 nodes, at least one, got 4"));
  CHECK_THROWS_WITH(layer.forward(x, graph),
                    ContainsSubstring("expected 22 scalars of edges, 2 each, got 0"));
  attributes.nodes = PointField<sphere, double>(4);
  CHECK_THROWS_WITH(layer.forward(x, graph, attributes),
                    ContainsSubstring("expected attributes of 5 nodes, got 4"));
  attributes.nodes = {};
  attributes.edges = PointField<sphere, double>(3);
  CHECK_THROWS_WITH(layer.forward(x, graph, attributes),
                    ContainsSubstring("expected attributes of 11 edges, got 3"));
  layer.forward(x, graph, system.attributes());
  CHECK_THROWS_WITH(layer.backward(X(4)),
                    ContainsSubstring("expected derivatives of 5 nodes and 3 x 11 edges, got 4"));
  CHECK_THROWS_WITH(layer.backward_tangent(x), ContainsSubstring("before backward_input"));
  CHECK_THROWS_WITH(Layer({.average_neighbors = 0}), ContainsSubstring("average_neighbors > 0"));
}
