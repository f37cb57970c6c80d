// SPDX-License-Identifier: MIT
#include "gsteer/layer/attention.hpp"

#include <cmath>
#include <cstring>
#include <vector>

#include "gsteer/core/parallel.hpp"
#include "gsteer/group/wigner_3j.hpp"
#include "gsteer/layer/graph_pooling.hpp"
#include "gsteer/layer/linear_by_kind.hpp"
#include "gsteer/layer/potential.hpp"
#include "gsteer/layer/residual.hpp"
#include "gsteer/layer/sequential.hpp"
#include "gsteer/train/initialization.hpp"
#include "layer/graph_laws.hpp"

using namespace gsteer;
using namespace gsteer::test;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr auto node = irreps<"4x0e + 2x0o + 2x1o + 2x1e + 6x2e">;
constexpr auto edge = irreps<"1x0e + 1x1o + 1x2e">;
constexpr auto result = irreps<"3x0e + 1x0o + 2x1o + 1x1e + 2x2e + 1x3o">;
template <class Scalar>
using LayerOf = Attention<node, edge, result, Scalar>;
using Layer = LayerOf<double>;
using In = PointField<node, double>;
using Out = PointField<result, double>;
constexpr double cutoff = 3;

AttentionOptions settings(int heads = 2, bool smooth = true) {
  return {.heads = heads,
          .cutoff = cutoff,
          .radial_functions = 4,
          .hidden = {6, 5},
          .smooth_softmax = smooth};
}

template <class Scalar = double>
LayerOf<Scalar> random_layer(Rng& rng, int heads = 2, bool smooth = true) {
  LayerOf<Scalar> layer(settings(heads, smooth));
  layer.initialize(rng);
  return layer;
}

template <class F>
bool all_finite(const F& numbers) {
  return std::all_of(numbers.begin(), numbers.end(), [](auto v) { return std::isfinite(v); });
}

std::vector<double> weights_of(const Layer& layer, const Graph& graph) {
  return {layer.attention_weights(),
          layer.attention_weights() + graph.edges() * layer.options().heads};
}

/// The tensor product of features with the harmonics of an edge into all irreps of `target`,
/// [irrep] [component][column], and the head that each column belongs to.
struct Messages {
  std::vector<irrep_label> labels;
  std::vector<std::vector<std::vector<double>>> value;
  std::vector<std::vector<int>> head;
  int weights = 0;
};
Messages messages_by_definition(const double* x, const Eigen::Vector3d& v, const double* w,
                                const IrrepList& target, int heads) {
  const Eigen::MatrixXd harmonics = spherical_harmonics(2, v);
  Messages all;
  for (const auto& to : target) {
    all.labels.push_back(to.label);
    all.value.emplace_back(static_cast<std::size_t>(irrep_dimension(to.label)));
    all.head.emplace_back();
  }
  int offset = 0;
  for (const auto& from : irrep_list(node)) {
    const int l1 = from.label.frequency;
    for (int l = 0; l <= 2; ++l)
      for (std::size_t g = 0; g < all.labels.size(); ++g) {
        const int l3 = all.labels[g].frequency;
        if ((from.label.parity + l + all.labels[g].parity) % 2 != 0 || !is_triangle(l1, l, l3))
          continue;
        const auto c = wigner_3j(l1, l, l3);
        for (int u = 0; u < from.copies; ++u) {
          for (int m = 0; m <= 2 * l3; ++m) {
            double sum = 0;
            for (int i = 0; i <= 2 * l1; ++i)
              for (int j = 0; j <= 2 * l; ++j)
                sum += std::sqrt(2.0 * l3 + 1) * c(i, j, m) * x[offset + u * (2 * l1 + 1) + i] *
                       harmonics(l * l + j, 0);
            all.value[g][static_cast<std::size_t>(m)].push_back(w[all.weights] * sum);
          }
          all.head[g].push_back(u / (from.copies / heads));
          ++all.weights;
        }
      }
    offset += from.copies * (2 * l1 + 1);
  }
  return all;
}

}  // namespace

TEST_CASE("attention is the softmax of <q, k> / sqrt d, and the sum of a v", "[graph]") {
  Rng rng(1);
  const int heads = 2;
  Layer layer = random_layer(rng, heads);
  const auto positions = random_matrix(3, 4, rng, 0.7);
  const Graph graph = make_graph(positions, {{0, 1}, {2, 1}, {3, 1}, {1, 0}, {3, 0}});
  const auto x = random_field(In(4), rng);
  const auto y = layer.forward(x, graph);

  // The same from the definition, with the weights read by name.
  auto named = parameters(layer);
  const auto load = [&](auto& part, const std::string& prefix) {
    for (const auto& [name, p] : parameters(part))
      for (const auto& [full, q] : named)
        if (full == prefix + name) p->value = q->value;
  };
  constexpr auto query_irreps = irreps<"12x0e + 4x0o + 16x1o + 14x1e + 20x2e">;
  IrrepsLinear<node, query_irreps, double> query_map;
  IrrepsLinear<node, node, double> key_map, value_map;
  load(query_map, "query.");
  load(key_map, "key.");
  load(value_map, "value.");
  const auto& mixing = named.back().parameter->value;
  const auto q = query_map.forward(x);
  const auto k = key_map.forward(x), v = value_map.forward(x);
  const int d = q.channels() / heads;
  const auto to_queries = irrep_list(query_irreps), out = irrep_list(result);
  RadialNetwork<double> key_radial(
      4, {6, 5},
      detail::make_edge_plan(irrep_list(node), to_queries, irrep_list(edge)).plan.weights),
      value_radial(4, {6, 5},
                   detail::make_edge_plan(irrep_list(node), out, irrep_list(edge)).plan.weights);
  load(key_radial, "key_radial.");
  load(value_radial, "value_radial.");
  const auto basis = RadialBasis<double>::bessel(4, cutoff, 6);

  std::vector<Messages> values;
  std::vector<std::vector<double>> raw;  // [edge][head], exp of the logits times the cutoff
  for (int e = 0; e < graph.edges(); ++e) {
    const int sender = graph.senders()[static_cast<std::size_t>(e)],
              receiver = graph.receivers()[static_cast<std::size_t>(e)];
    const Eigen::Vector3d vector = positions.col(sender) - positions.col(receiver);
    const double r = vector.norm(), t = r / cutoff;
    REQUIRE(t < 1);
    double b[4];
    basis.evaluate(&r, 1, 1, b);
    std::vector<double> wk(static_cast<std::size_t>(key_radial.outputs())),
        wv(static_cast<std::size_t>(value_radial.outputs()));
    key_radial.apply(b, 1, wk.data());
    value_radial.apply(b, 1, wv.data());
    const auto keys =
        messages_by_definition(&k.data()[sender * k.channels()], vector, wk.data(), to_queries, 2);
    values.push_back(
        messages_by_definition(&v.data()[sender * v.channels()], vector, wv.data(), out, 2));
    REQUIRE(keys.weights == key_radial.outputs());
    REQUIRE(values.back().weights == value_radial.outputs());
    std::vector<double> logits(heads, 0.0);
    int channel = 0;
    for (std::size_t g = 0; g < keys.labels.size(); ++g)
      for (std::size_t c = 0; c < keys.head[g].size(); ++c)
        for (const auto& component : keys.value[g])
          logits[static_cast<std::size_t>(keys.head[g][c])] +=
              q(receiver, channel++) * component[c] / std::sqrt(d);
    REQUIRE(channel == q.channels());
    for (auto& z : logits)
      z = std::exp(z) * (1 - 28 * std::pow(t, 6) + 48 * std::pow(t, 7) - 21 * std::pow(t, 8));
    raw.push_back(logits);
  }
  const auto a = weights_of(layer, graph);
  std::vector<double> expected(y.size(), 0);
  for (int e = 0; e < graph.edges(); ++e) {
    const auto here = static_cast<std::size_t>(e);
    const int receiver = graph.receivers()[here];
    double weight[heads];
    for (std::size_t h = 0; h < heads; ++h) {
      double sum = 0;
      for (std::size_t other = 0; other < raw.size(); ++other)
        if (graph.receivers()[other] == receiver) sum += raw[other][h];
      weight[h] = raw[here][h] / sum;
      CHECK(std::abs(a[here * heads + h] - weight[h]) < 1e-13);
    }
    std::size_t at = 0;
    int channel = 0;
    for (std::size_t g = 0; g < out.size(); ++g) {
      const auto& message = values[here];
      const std::size_t columns = message.head[g].size();
      const int size = irrep_dimension(out[g].label);
      for (std::size_t c = 0; c < columns; ++c)
        for (int u = 0; u < out[g].copies; ++u, ++at)
          for (int m = 0; m < size; ++m)
            expected[static_cast<std::size_t>(receiver * y.channels() + channel + u * size + m)] +=
                weight[message.head[g][c]] * mixing[at] *
                message.value[g][static_cast<std::size_t>(m)][c] /
                std::sqrt(static_cast<double>(columns));
      channel += out[g].copies * size;
    }
    REQUIRE(at == mixing.size());
  }
  double largest = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    CHECK(std::abs(y.data()[i] - expected[i]) < 1e-12);
    largest = std::max(largest, std::abs(expected[i]));
  }
  CHECK(largest > 0.1);
}

TEST_CASE("attention weights sum to one, beyond the cutoff they are zero", "[graph]") {
  Rng rng(2);
  Layer layer = random_layer(rng);
  const auto positions = random_matrix(3, 12, rng, 1.2);
  const Graph graph = radius_graph(positions, 1.5 * cutoff);
  layer.forward(random_field(In(12), rng), graph);
  const auto a = weights_of(layer, graph);
  double sums[12][2] = {};
  int beyond = 0;
  double smallest = 1;
  for (int e = 0; e < graph.edges(); ++e) {
    const auto k = static_cast<std::size_t>(e);
    const bool outside = graph.vectors().col(e).norm() >= cutoff;
    beyond += outside;
    for (std::size_t h = 0; h < 2; ++h) {
      sums[graph.receivers()[k]][h] += a[2 * k + h];
      if (outside) CHECK(a[2 * k + h] == 0);
      if (!outside) smallest = std::min(smallest, a[2 * k + h]);
    }
  }
  CHECK(beyond > 5);
  CHECK(smallest > 0);
  for (const auto& of_node : sums)
    for (const double sum : of_node) CHECK(std::abs(sum - 1) < 1e-14);
}

TEST_CASE("attention commutes with O(3), with the order of nodes and edges, and with shifts",
          "[graph]") {
  Rng rng(3);
  const bool smooth = GENERATE(true, false);
  const auto cloud = random_clouds({12}, 1, rng);
  check_equivariance(Layer(settings(2, smooth)), cloud, rng);
  check_equivariance(LayerOf<float>(settings(2, smooth)), cloud, rng);

  Layer layer = random_layer(rng, 2, smooth);
  const auto edges = edge_order_errors(layer, cloud, rng);
  CHECK(edges.error < 1e-12);
  CHECK(edges.control > 1e-3);

  const int n = cloud.nodes();
  const auto x = random_field(In(n), rng);
  const auto y = layer.forward(x, cloud.graph);
  Eigen::MatrixXd elsewhere = cloud.positions;
  for (int p = 0; p < n; ++p) elsewhere.col(p) += Eigen::Vector3d(0.5, -2, 1);
  CHECK(detail::relative_distance(layer.forward(x, cloud.graph.moved(elsewhere)), y) < 1e-12);
  In reversed_x(n);
  Out reversed_y(n);
  Eigen::MatrixXd reversed(3, n);
  for (int p = 0; p < n; ++p) {
    reversed.col(n - 1 - p) = cloud.positions.col(p);
    for (int c = 0; c < x.channels(); ++c) reversed_x(n - 1 - p, c) = x(p, c);
    for (int c = 0; c < y.channels(); ++c) reversed_y(n - 1 - p, c) = y(p, c);
  }
  const Graph renumbered = radius_graph(reversed, cutoff);
  CHECK(detail::relative_distance(layer.forward(reversed_x, renumbered), reversed_y) < 1e-12);
  // The control: nodes that are renumbered while their features are not.
  CHECK(detail::relative_distance(layer.forward(x, renumbered), reversed_y) > 1e-2);
}

TEST_CASE("attention weights are invariant under O(3)", "[graph]") {
  Rng rng(4);
  Layer layer = random_layer(rng);
  const auto positions = random_matrix(3, 10, rng, 1.2);
  const Graph graph = radius_graph(positions, cutoff);
  const auto x = random_field(In(10), rng);
  layer.forward(x, graph);
  const auto a = weights_of(layer, graph);
  for (int trial = 0; trial < 4; ++trial) {
    const auto g = orthogonal<3>::sample(rng);
    const Graph turned = graph.moved(orthogonal<3>::action(g) * positions);
    layer.forward(transform(g, x), turned);
    const auto b = weights_of(layer, graph);
    layer.forward(x, turned);
    const auto control = weights_of(layer, graph);
    double worst = 0, changed = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      worst = std::max(worst, std::abs(a[i] - b[i]));
      changed = std::max(changed, std::abs(a[i] - control[i]));
    }
    CHECK(worst < 1e-12);
    CHECK(changed > 1e-3);
  }
}

TEST_CASE("attention: gradients, tangents and second derivatives", "[graph]") {
  Rng rng(5);
  Layer layer = random_layer(rng, GENERATE(1, 2), GENERATE(true, false));
  const auto cloud = random_clouds({8}, 1, rng);
  const auto errors = graph_derivative_errors(layer, cloud, rng, 1e-4);
  CAPTURE(errors.adjoint, errors.tangent, errors.parameters, errors.second, errors.second_vectors,
          errors.second_parameters);
  CHECK(errors.adjoint < 1e-12);
  CHECK(errors.input_only == 0);
  CHECK(errors.tangent < 1e-8);
  CHECK(errors.parameters < 1e-8);
  CHECK(errors.second < 1e-8);
  CHECK(errors.second_vectors < 1e-8);
  CHECK(errors.second_parameters < 1e-8);
}

TEST_CASE("attention is continuous when an edge passes the cutoff", "[graph]") {
  Rng rng(6);
  const bool smooth = GENERATE(true, false);
  Layer layer = random_layer(rng, 1, smooth);
  const auto x = random_field(In(3), rng);
  const auto g = random_field(Out(3), rng);
  Eigen::MatrixXd positions = Eigen::MatrixXd::Zero(3, 3);
  positions.col(1) = Eigen::Vector3d(0.5, 1, -0.2);
  const auto at = [&](double r) {
    positions.col(2) = Eigen::Vector3d(-0.6, 0, 0.8) * r;
    return make_graph(positions, {{1, 0}, {2, 0}, {0, 2}});
  };
  Eigen::MatrixXd inside = Eigen::MatrixXd::Zero(3, 3), outside = inside;
  const auto before = layer.forward(x, at(cutoff * (1 - 1e-5)));
  layer.backward(g, inside);
  const auto after = layer.forward(x, at(cutoff * (1 + 1e-5)));
  layer.backward(g, outside);
  if (smooth) {
    CHECK(detail::relative_distance(before, after) < 1e-10);
    CHECK((inside - outside).cwiseAbs().maxCoeff() < 1e-6);
    CHECK(outside.norm() > 1e-3);
  } else {
    CHECK(detail::relative_distance(before, after) > 1e-3);
  }
}

TEMPLATE_TEST_CASE(
    "attention: no NaN on points that coincide, are alone, have no edges or lie at "
    "the cutoff",
    "[graph]", double, float) {
  Rng rng(7);
  auto layer = random_layer<TestType>(rng, GENERATE(1, 2), GENERATE(true, false));
  Eigen::MatrixXd positions = Eigen::MatrixXd::Zero(3, 6);
  positions(0, 3) = 100;
  positions(1, 4) = cutoff;
  positions(2, 5) = cutoff * (1 - 1e-16);
  std::vector<Edge> edges;
  if (GENERATE(true, false))
    edges = {{0, 1}, {1, 0}, {2, 2}, {4, 0}, {0, 4}, {5, 4}, {0, 5}, {1, 5}};
  const Graph graph = make_graph(positions, edges);
  const auto x = random_field(PointField<node, TestType>(6), rng);
  const auto g = random_field(PointField<result, TestType>(6), rng);
  auto y = layer.forward(x, graph);
  Eigen::MatrixXd d_vectors = Eigen::MatrixXd::Zero(3, graph.edges());
  auto gx = layer.backward(g, d_vectors);
  layer.forward(x, graph);
  layer.backward_input(g, d_vectors);
  auto dy = layer.forward_tangent(x, Eigen::MatrixXd::Ones(3, graph.edges()));
  Eigen::MatrixXd dd = Eigen::MatrixXd::Zero(3, graph.edges());
  auto dgx = layer.backward_tangent(g, &dd);
  for (const auto* values : {&y.values(), &gx.values(), &dy.values(), &dgx.values()})
    CHECK(all_finite(*values));
  CHECK(d_vectors.allFinite());
  CHECK(dd.allFinite());
  CHECK(d_vectors.cwiseAbs().sum() < 1e3);
  for (int c = 0; c < y.channels(); ++c) CHECK(y(3, c) == 0);
  CHECK(all_finite(parameter_gradients(layer)));
}

TEMPLATE_TEST_CASE("attention: large logits stay finite", "[graph]", double, float) {
  Rng rng(8);
  auto layer = random_layer<TestType>(rng);
  for (const auto& [name, p] : parameters(layer))
    if (name == "query.weight")
      for (auto& w : p->value) w *= 10000;
  const int n = 8;
  const Graph graph = radius_graph(random_matrix(3, n, rng, 1.2), cutoff);
  const auto x = random_field(PointField<node, TestType>(n), rng);
  auto y = layer.forward(x, graph);
  const auto* a = layer.attention_weights();
  const int size = graph.edges() * 2;
  // One neighbor is heard, the others are not.
  CHECK(std::count_if(a, a + size, [](auto w) { return w > 0.99; }) > n);
  Eigen::MatrixXd d_vectors = Eigen::MatrixXd::Zero(3, graph.edges());
  auto gx = layer.backward(y, d_vectors);
  CHECK(all_finite(y.values()));
  CHECK(all_finite(gx.values()));
  CHECK(all_finite(std::vector<TestType>(a, a + size)));
  CHECK(d_vectors.allFinite());
}

TEST_CASE("attention gives the same bits for any number of threads, and frozen", "[graph]") {
  Rng rng(9);
  auto layer = random_layer<float>(rng);
  const int n = 60;
  const Graph graph = radius_graph(random_matrix(3, n, rng, 2), cutoff);
  REQUIRE(graph.edges() > 256);  // more than one task
  const auto x = random_field(PointField<node>(n), rng);
  const auto run = [&](int count) {
    set_threads(count);
    zero_gradients(layer);
    const auto y = layer.forward(x, graph);
    Eigen::MatrixXd d_vectors = Eigen::MatrixXd::Zero(3, graph.edges());
    const auto gx = layer.backward(y, d_vectors);
    set_threads(0);
    auto all = parameter_gradients(layer);
    all.insert(all.end(), y.values().begin(), y.values().end());
    all.insert(all.end(), gx.values().begin(), gx.values().end());
    all.insert(all.end(), d_vectors.data(), d_vectors.data() + d_vectors.size());
    return all;
  };
  const auto one = run(1);
  for (const int count : {2, 3}) {
    const auto other = run(count);
    REQUIRE(other.size() == one.size());
    CHECK(std::memcmp(one.data(), other.data(), one.size() * sizeof(double)) == 0);
  }
  const auto y = layer.forward(x, graph);
  const auto frozen = layer.freeze();
  const auto z = frozen.forward(x, graph);
  CHECK(std::memcmp(y.data(), z.data(), y.size() * sizeof(float)) == 0);
}

TEST_CASE("attention in a network: a smaller graph after a larger, and initialize", "[graph]") {
  constexpr auto features = irreps<"4x0e+2x1o">;
  Rng rng(10);
  Sequential net{Residual{Attention<features, edge, features, double>{settings()}},
                 GraphPool<features, double>{}};
  initialize(net, rng);
  for (const auto& [name, p] : parameters(net)) {
    INFO(name);
    double sum = 0;
    for (const double w : p->value) sum += w * w;
    CHECK(sum > 0);
  }
  const Graph large = radius_graph(random_matrix(3, 20, rng, 1.2), cutoff),
              small = radius_graph(random_matrix(3, 5, rng, 1.2), cutoff);
  const auto x = random_field(PointField<features, double>(5), rng);
  auto fresh = net;
  net.forward(random_field(PointField<features, double>(20), rng), large);
  const auto y = net.forward(x, small);
  CHECK(detail::relative_distance(y, fresh.forward(x, small)) == 0);
  Eigen::MatrixXd reused = Eigen::MatrixXd::Zero(3, small.edges()), first = reused;
  CHECK(detail::relative_distance(net.backward(y, reused), fresh.backward(y, first)) == 0);
  CHECK(reused == first);
}

TEST_CASE("attention in a potential: derivatives of all orders, and forces", "[graph]") {
  constexpr auto one = irreps<"1x0e">;
  constexpr auto scalars = irreps<"4x0e">;
  constexpr auto features = irreps<"4x0e+2x1o+2x2e">;
  Rng rng(12);
  Sequential net{LinearByKind<one, scalars, double>{2},
                 Attention<scalars, edge, features, double>{settings()},
                 Residual{Attention<features, edge, features, double>{settings()}},
                 IrrepsLinear<features, one, double>{}};
  initialize(net, rng);
  const auto cloud = random_clouds({4, 3}, 2, rng);
  const auto errors = graph_derivative_errors(net, cloud, rng, 1e-4);
  CHECK(errors.adjoint < 1e-11);
  CHECK(errors.input_only == 0);
  CHECK(errors.worst() < 1e-7);

  Potential potential(std::move(net));
  const auto forces = potential.evaluate(cloud.graph).forces;
  const Eigen::MatrixXd direction = random_matrix(3, cloud.nodes(), rng);
  const auto energy = [&](double t) {
    const auto e = potential.energies(cloud.graph.moved(cloud.positions + t * direction)).energies;
    return e[0] + e[1];
  };
  const double h = 1e-5, slope = (energy(h) - energy(-h)) / (2 * h);
  CHECK(std::abs(slope + dot(forces, direction)) < 1e-7 * forces.norm());
  CHECK(forces.norm() > 0.1);
  for (int i = 0; i < 3; ++i) CHECK(std::abs(forces.row(i).sum()) < 1e-12 * forces.norm());
}

TEST_CASE("attention says what is wrong", "[graph]") {
  Rng rng(11);
  CHECK_THROWS_WITH(Layer{{.heads = 0}}, ContainsSubstring("at least one head"));
  CHECK_THROWS_WITH(Layer{{.heads = 3}}, ContainsSubstring("heads that divide the copies of each "
                                                           "irrep of 4x0e+2x0o+2x1o+2x1e+6x2e"));
  Layer layer = random_layer(rng);
  const Graph graph = radius_graph(random_matrix(3, 5, rng, 1.2), cutoff);
  Eigen::MatrixXd d_vectors = Eigen::MatrixXd::Zero(3, graph.edges());
  CHECK_THROWS_WITH(layer.backward(Out(5), d_vectors), ContainsSubstring("before forward"));
  CHECK_THROWS_WITH(layer.forward_tangent(In(5), d_vectors), ContainsSubstring("before forward"));
  CHECK_THROWS_WITH(layer.forward(In(4), graph),
                    ContainsSubstring("expected features of 5 nodes, got 4"));
  layer.forward(In(5), graph);
  CHECK_THROWS_WITH(layer.backward(Out(4), d_vectors), ContainsSubstring("5 nodes, got 4"));
  CHECK_THROWS_WITH(layer.backward_tangent(Out(5)), ContainsSubstring("before backward_input"));
  Eigen::MatrixXd wrong = Eigen::MatrixXd::Zero(3, 1);
  CHECK_THROWS_WITH(layer.backward(Out(5), wrong), ContainsSubstring("derivatives by edge"));
}
