// SPDX-License-Identifier: MIT
#include "gsteer/layer/message_passing.hpp"

#include <cmath>
#include <cstring>
#include <vector>

#include "gsteer/group/wigner_d.hpp"
#include "layer/graph_laws.hpp"

using namespace gsteer;
using namespace gsteer::test;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr auto node = irreps<"4x0e + 2x0o + 3x1o + 2x1e + 9x2e">;
constexpr auto edge = irreps<"1x0e + 1x1o + 1x2e">;
constexpr auto result = irreps<"3x0e + 1x0o + 2x1o + 1x1e + 2x2e + 1x3o">;
using Layer = MessagePassing<node, edge, result, double>;
using In = PointField<node, double>;
using Out = PointField<result, double>;

MessagePassingOptions settings(Aggregation aggregation = Aggregation::normalized) {
  return {.cutoff = 3.0,
          .radial_functions = 4,
          .hidden = {6, 5},
          .aggregation = aggregation,
          .average_neighbors = 2.5};
}

Layer random_layer(Rng& rng, Aggregation aggregation = Aggregation::normalized) {
  Layer layer(settings(aggregation));
  layer.initialize(rng);
  return layer;
}

}  // namespace

TEST_CASE("messages are tensor products with harmonics, summed and mixed", "[graph]") {
  Rng rng(1);
  Layer layer = random_layer(rng);
  const auto positions = random_matrix(3, 3, rng, 0.7);
  const Graph graph = make_graph(positions, {{0, 1}, {2, 1}, {1, 0}});
  const auto x = random_field(In(3), rng);
  const auto y = layer.forward(x, graph);

  // From the definition, with the weights read in their documented order.
  const auto in = irrep_list<features_of<node>>(), out = irrep_list<features_of<result>>();
  auto named = parameters(layer);
  const auto& mixing = named.back().parameter->value;
  std::vector<double> expected(y.size(), 0);
  // Number of weights of an edge, and the columns of each output irrep.
  const auto plan = detail::make_edge_plan(in, out, irrep_list(edge));
  RadialNetwork<double> radial(4, {6, 5}, plan.plan.weights);
  for (const auto& [name, p] : parameters(radial))
    for (const auto& [other, q] : named)
      if (other == "radial." + name) p->value = q->value;
  const auto basis = RadialBasis<double>::bessel(4, 3.0, 6);
  for (int e = 0; e < graph.edges(); ++e) {
    const auto k = static_cast<std::size_t>(e);
    const int sender = graph.senders()[k], receiver = graph.receivers()[k];
    const Eigen::Vector3d v = positions.col(sender) - positions.col(receiver);
    const double r = v.norm();
    double b[4];
    basis.evaluate(&r, 1, 1, b);
    std::vector<double> w(static_cast<std::size_t>(plan.plan.weights));
    radial.apply(b, 1, w.data());
    const Eigen::MatrixXd harmonics = spherical_harmonics(2, v);
    // message[group] = [component][column]
    std::vector<Eigen::MatrixXd> message;
    for (const auto& group : plan.plan.groups)
      message.push_back(Eigen::MatrixXd::Zero(group.size, group.columns));
    int offset = 0, weight = 0;
    std::vector<int> column(plan.labels.size(), 0);
    for (const auto& from : in) {
      const int l1 = from.label.frequency;
      for (int l = 0; l <= 2; ++l)
        for (std::size_t g = 0; g < plan.labels.size(); ++g) {
          const int l3 = plan.labels[g].frequency;
          if ((from.label.parity + l + plan.labels[g].parity) % 2 != 0) continue;
          if (!is_triangle(l1, l, l3)) continue;
          const auto c = wigner_3j(l1, l, l3);
          for (int u = 0; u < from.copies; ++u, ++weight, ++column[g])
            for (int i = 0; i <= 2 * l1; ++i)
              for (int j = 0; j <= 2 * l; ++j)
                for (int m = 0; m <= 2 * l3; ++m)
                  message[g](m, column[g]) +=
                      std::sqrt(2.0 * l3 + 1) * c(i, j, m) * w[static_cast<std::size_t>(weight)] *
                      x(sender, offset + u * (2 * l1 + 1) + i) * harmonics(l * l + j, 0);
        }
      offset += from.copies * (2 * l1 + 1);
    }
    REQUIRE(weight == plan.plan.weights);
    std::size_t at = 0;
    int channel = 0;
    for (const auto& to : out) {
      const int size = 2 * to.label.frequency + 1;
      for (std::size_t g = 0; g < plan.labels.size(); ++g) {
        if (!(plan.labels[g] == to.label)) continue;
        const int columns = plan.plan.groups[g].columns;
        for (int c = 0; c < columns; ++c)
          for (int u = 0; u < to.copies; ++u, ++at)
            for (int m = 0; m < size; ++m)
              expected[static_cast<std::size_t>(receiver * y.channels() + channel + u * size +
                                                m)] +=
                  mixing[at] * message[g](m, c) / std::sqrt(2.5 * columns);
      }
      channel += to.copies * size;
    }
    REQUIRE(at == mixing.size());
  }
  double largest = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    CHECK(std::abs(y.data()[i] - expected[i]) < 1e-12);
    largest = std::max(largest, std::abs(expected[i]));
  }
  CHECK(largest > 0.01);
}

TEST_CASE("message passing commutes with O(3), with the order of nodes and with shifts",
          "[graph]") {
  Rng rng(2);
  const auto aggregation = GENERATE(Aggregation::sum, Aggregation::mean, Aggregation::normalized);
  const auto cloud = random_clouds({12}, 1, rng);
  check_equivariance(Layer(settings(aggregation)), cloud, rng);
  check_equivariance(MessagePassing<node, edge, result>(settings(aggregation)), cloud, rng);

  Layer layer = random_layer(rng, aggregation);
  const int n = cloud.nodes();
  const auto x = random_field(In(n), rng);
  const auto y = layer.forward(x, cloud.graph);
  Eigen::MatrixXd elsewhere = cloud.positions;
  for (int p = 0; p < n; ++p) elsewhere.col(p) += Eigen::Vector3d(0.5, -2, 1);
  CHECK(detail::relative_distance(layer.forward(x, radius_graph(elsewhere, 3.0)), y) < 1e-12);

  In reversed_x(n);
  Out reversed_y(n);
  Eigen::MatrixXd reversed(3, n);
  for (int p = 0; p < n; ++p) {
    reversed.col(n - 1 - p) = cloud.positions.col(p);
    for (int c = 0; c < x.channels(); ++c) reversed_x(n - 1 - p, c) = x(p, c);
    for (int c = 0; c < y.channels(); ++c) reversed_y(n - 1 - p, c) = y(p, c);
  }
  const Graph renumbered = radius_graph(reversed, 3.0);
  CHECK(detail::relative_distance(layer.forward(reversed_x, renumbered), reversed_y) < 1e-12);
  // The control: nodes that are renumbered while their features are not.
  CHECK(detail::relative_distance(layer.forward(x, renumbered), reversed_y) > 1e-2);
}

TEST_CASE("message passing does not depend on the order of edges", "[graph]") {
  Rng rng(6);
  Layer layer =
      random_layer(rng, GENERATE(Aggregation::sum, Aggregation::mean, Aggregation::normalized));
  const auto errors = edge_order_errors(layer, random_clouds({10}, 1, rng), rng);
  CHECK(errors.error < 1e-12);
  CHECK(errors.control > 1e-3);
}

TEST_CASE("message passing: gradients, tangents and second derivatives", "[graph]") {
  Rng rng(3);
  Layer layer =
      random_layer(rng, GENERATE(Aggregation::sum, Aggregation::mean, Aggregation::normalized));
  const auto cloud = random_clouds({9}, 1, rng);
  const auto errors = graph_derivative_errors(layer, cloud, rng);
  CHECK(errors.adjoint < 1e-12);
  CHECK(errors.input_only == 0);
  CHECK(errors.tangent < 1e-8);
  CHECK(errors.parameters < 1e-8);
  CHECK(errors.second < 1e-8);
  CHECK(errors.second_vectors < 1e-8);
  CHECK(errors.second_parameters < 1e-8);

  // Without the part of the edges' vectors the rest is the same.
  const auto x = random_field(In(9), rng), dx = random_field(x, rng);
  const auto g = random_field(Out(9), rng), dg = random_field(g, rng);
  const auto d_vectors = cloud.graph.spread(random_matrix(3, 9, rng));
  Eigen::MatrixXd by_vector = Eigen::MatrixXd::Zero(3, cloud.graph.edges()), second = by_vector;
  layer.forward(x, cloud.graph);
  layer.backward_input(g, by_vector);
  layer.forward_tangent(dx, d_vectors);
  zero_gradients(layer);
  const auto with = layer.backward_tangent(dg, &second);
  const auto gradients = parameter_gradients(layer);
  zero_gradients(layer);
  const auto without = layer.backward_tangent(dg);
  CHECK(detail::relative_distance(without, with) == 0);
  CHECK(parameter_gradients(layer) == gradients);

  layer.forward(x, cloud.graph);
  layer.backward_input(g, by_vector);
  CHECK_THROWS_WITH(
      layer.backward_tangent(dg),
      ContainsSubstring("backward_tangent before backward_input and forward_tangent"));
}

TEST_CASE("message passing: no NaN on points that coincide, are alone, or have no edges",
          "[graph]") {
  Rng rng(4);
  Layer layer = random_layer(rng, GENERATE(Aggregation::mean, Aggregation::normalized));
  Eigen::MatrixXd positions = Eigen::MatrixXd::Zero(3, 4);
  positions(0, 3) = 100;
  std::vector<Edge> edges;
  if (GENERATE(true, false)) edges = {{0, 1}, {1, 0}, {2, 2}};
  const Graph graph = make_graph(positions, edges);
  const auto x = random_field(In(4), rng);
  const auto g = random_field(Out(4), rng);
  auto y = layer.forward(x, graph);
  Eigen::MatrixXd d_vectors = Eigen::MatrixXd::Zero(3, graph.edges());
  auto gx = layer.backward(g, d_vectors);
  layer.forward(x, graph);
  layer.backward_input(g, d_vectors);
  auto dy = layer.forward_tangent(x, Eigen::MatrixXd::Ones(3, graph.edges()));
  Eigen::MatrixXd dd = Eigen::MatrixXd::Zero(3, graph.edges());
  auto dgx = layer.backward_tangent(g, &dd);
  for (const auto* values : {&y.values(), &gx.values(), &dy.values(), &dgx.values()})
    for (const double v : *values) CHECK(std::isfinite(v));
  CHECK(d_vectors.allFinite());
  CHECK(dd.allFinite());
  for (int c = 0; c < y.channels(); ++c) CHECK(y(3, c) == 0);
  for (const double v : parameter_gradients(layer)) CHECK(std::isfinite(v));
}

TEST_CASE("message passing gives the same bits for any number of threads, and frozen", "[graph]") {
  Rng rng(5);
  MessagePassing<node, edge, result> layer{{.cutoff = 3.0, .radial_functions = 4, .hidden = {6}}};
  layer.initialize(rng);
  const int n = 60;
  const Graph graph = radius_graph(random_matrix(3, n, rng, 2), 3.0);
  REQUIRE(graph.edges() > 256);  // more than one task
  const auto x = random_field(PointField<node>(n), rng);
  std::vector<std::vector<float>> runs;
  for (const int count : {1, 2, 3}) {
    set_threads(count);
    zero_gradients(layer);
    const auto y = layer.forward(x, graph);
    const auto [features, by_position] = layer.backward(y);
    std::vector<float> all(y.values().begin(), y.values().end());
    all.insert(all.end(), features.values().begin(), features.values().end());
    for (const auto& [name, p] : parameters(layer))
      all.insert(all.end(), p->gradient.begin(), p->gradient.end());
    runs.push_back(all);
    const auto frozen = layer.freeze().forward(x, graph);
    CHECK(std::memcmp(frozen.data(), y.data(), y.size() * sizeof(float)) == 0);
  }
  set_threads(0);
  CHECK(runs[0] == runs[1]);
  CHECK(runs[0] == runs[2]);
}
