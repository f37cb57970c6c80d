// SPDX-License-Identifier: MIT
#include "gsteer/layer/graph_pooling.hpp"

#include <cstring>

#include "gsteer/layer/message_passing.hpp"
#include "gsteer/layer/sequential.hpp"
#include "gsteer/representation/irreps.hpp"
#include "gsteer/train/initialization.hpp"
#include "layer/nonlinearity_laws.hpp"

using namespace gsteer;
using namespace gsteer::test;

namespace {

constexpr auto node = irreps<"2x0e+1x1o">;

Graph batch_of(const std::vector<int>& sizes, Rng& rng) {
  std::vector<Graph> graphs;
  for (const int n : sizes) {
    Eigen::MatrixXd p(3, n);
    for (Eigen::Index i = 0; i < p.size(); ++i) p.data()[i] = rng.normal();
    std::vector<Edge> edges;
    for (int i = 1; i < n; ++i) edges.push_back({i, i - 1});
    graphs.push_back(make_graph(p, edges));
  }
  return join(graphs);
}

}  // namespace

TEST_CASE("pooling a graph sums its nodes and no others", "[graph]") {
  Rng rng(1);
  const std::vector<int> sizes{3, 1, 5};
  const Graph graph = batch_of(sizes, rng);
  const auto x = random_field(PointField<node, double>(9), rng);
  for (const auto reduction : {GraphReduction::sum, GraphReduction::mean}) {
    GraphPool<node, double> layer{reduction};
    const auto y = layer.forward(x, graph);
    REQUIRE(y.batch() == 3);
    int first = 0;
    for (int g = 0; g < 3; ++g) {
      const int n = sizes[static_cast<std::size_t>(g)];
      for (int c = 0; c < x.channels(); ++c) {
        double sum = 0;
        for (int i = first; i < first + n; ++i) sum += x(i, c);
        CHECK(y(g, c) == Approx(reduction == GraphReduction::mean ? sum / n : sum).epsilon(1e-14));
      }
      first += n;
    }
    // <J v, u> = <v, J^T u>; J is the map itself.
    const auto v = random_field(x, rng), u = random_field(y, rng);
    const auto jv = layer.forward_tangent(v);
    const auto ju = layer.backward(u);
    double left = 0, right = 0;
    for (std::size_t i = 0; i < y.size(); ++i) left += jv.values()[i] * u.values()[i];
    for (std::size_t i = 0; i < x.size(); ++i) right += v.values()[i] * ju.values()[i];
    CHECK(left == Approx(right).epsilon(1e-13));
    const auto frozen = layer.freeze().forward(x, graph);
    CHECK(std::memcmp(frozen.data(), y.data(), y.size() * sizeof(double)) == 0);
    CHECK_THROWS_WITH(layer.forward(u, graph), Catch::Contains("nodes of a graph, 9, got 3"));
    CHECK_THROWS_WITH(layer.backward(x), Catch::Contains("a gradient of 3 graphs, got 9"));
  }
}

TEST_CASE("a classifier of graphs: gradients through pooling", "[graph]") {
  Rng rng(2);
  const Graph graph = batch_of({3, 1, 4}, rng);
  Sequential net{MessagePassing<node, irreps<"1x0e+1x1o">, node, double>{
                     {.cutoff = 6, .radial_functions = 3, .hidden = {4}}},
                 GraphPool<node, double>{GraphReduction::mean}};
  initialize(net, rng);
  const auto x = random_field(PointField<node, double>(8), rng);
  const auto y = net.forward(x, graph);
  REQUIRE(y.batch() == 3);
  const auto g = random_field(y, rng);
  zero_gradients(net);
  Eigen::MatrixXd d_vectors = Eigen::MatrixXd::Zero(3, graph.edges());
  net.backward(g, d_vectors);
  for (const auto& [name, p] : parameters(net)) {
    const double h = 1e-5, before = p->value[0];
    const auto loss = [&](double w) {
      p->value[0] = w;
      const auto z = net.forward(x, graph);
      double sum = 0;
      for (std::size_t i = 0; i < z.size(); ++i) sum += z.values()[i] * g.values()[i];
      return sum;
    };
    const double slope = (loss(before + h) - loss(before - h)) / (2 * h);
    p->value[0] = before;
    CHECK(slope == Approx(p->gradient[0]).epsilon(1e-6).margin(1e-9));
  }
  CHECK(d_vectors.norm() > 1e-3);
}
