// SPDX-License-Identifier: MIT
#include "gsteer/layer/graph_pooling.hpp"

#include <cstring>

#include "gsteer/layer/interaction.hpp"
#include "layer/graph_laws.hpp"

using namespace gsteer;
using namespace gsteer::test;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr auto node = irreps<"2x0e+1x1o">;

constexpr auto edge = irreps<"1x0e+1x1o">;
constexpr auto hidden = irreps<"3x0e+1x0o+2x1o+1x1e">;
constexpr auto once = interaction_output<node, edge, hidden>;
constexpr auto twice = interaction_output<once, edge, hidden>;

/// Two interactions and a pool; features in and out are of all sorts.
template <class Pool>
auto classifier(Pool pool) {
  const MessagePassingOptions options{
      .cutoff = 3, .radial_functions = 3, .hidden = {4}, .average_neighbors = 2};
  return Sequential{make_interaction<node, edge, hidden, double>(2, options),
                    make_interaction<once, edge, hidden, double>(2, options),
                    LinearByKind<twice, node, double>{2}, std::move(pool)};
}

/// The control: a mean whose second derivative forgets a hundredth.
struct Forgetful : GraphPool<node, double> {
  using GraphPool<node, double>::graph_pooling;
  Points backward_tangent(const Points& dg) const {
    auto d = backward(dg);
    for (auto& v : d.values()) v *= 0.99;
    return d;
  }
};

}  // namespace

TEST_CASE("pooling a graph sums its nodes and no others", "[graph]") {
  Rng rng(1);
  const std::vector<int> sizes{3, 1, 5};
  const Graph graph = random_clouds(sizes, 1, rng).graph;
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
    CHECK_THROWS_WITH(layer.forward(u, graph), ContainsSubstring("nodes of a graph, 9, got 3"));
    CHECK_THROWS_WITH(layer.backward(x), ContainsSubstring("a gradient of 3 graphs, got 9"));
  }
}

TEST_CASE("a network of interactions and a pool: all its derivatives, first and second",
          "[graph]") {
  Rng rng(2);
  // Also a graph of one node, which hears of nobody.
  const auto cloud = random_clouds({4, 1, 6}, 2, rng);
  const auto check = [&](auto net) {
    randomize(net, rng);
    return graph_derivative_errors(net, cloud, rng);
  };
  for (const auto reduction : {GraphReduction::sum, GraphReduction::mean}) {
    const auto pool = check(GraphPool<node, double>{reduction});
    CHECK(pool.adjoint < 1e-13);
    CHECK(pool.worst() < 1e-10);
    const auto errors = check(classifier(GraphPool<node, double>{reduction}));
    CHECK(errors.adjoint < 1e-12);
    CHECK(errors.input_only == 0);
    CHECK(errors.worst() < 1e-7);
  }
  const auto control = check(classifier(Forgetful{GraphReduction::mean}));
  CHECK(control.parameters < 1e-7);
  CHECK(control.second > 1e-4);
  CHECK(control.second_vectors > 1e-4);
  CHECK(control.second_parameters > 1e-4);
}
