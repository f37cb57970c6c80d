// SPDX-License-Identifier: MIT
#include "gsteer/layer/interaction.hpp"

#include <cstring>

#include "gsteer/layer/graph_pooling.hpp"
#include "gsteer/layer/tensor_product.hpp"
#include "layer/graph_laws.hpp"

using namespace gsteer;
using namespace gsteer::test;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr auto edge = irreps<"1x0e+1x1o+1x2e">;
constexpr auto wanted = irreps<"3x0e+2x0o+2x1o+2x1e+1x2e">;

// From scalars only the harmonics' own irreps are reached; after that, all.
constexpr auto first = interaction_output<irreps<"4x0e">, edge, wanted>;
constexpr auto second = interaction_output<first, edge, wanted>;
constexpr auto third = interaction_output<second, edge, wanted>;
static_assert(irrep_list(first) == irrep_list(irreps<"3x0e+2x1o+1x2e">));
static_assert(irrep_list(second) == irrep_list(irreps<"3x0e+2x1o+2x1e+1x2e">));
static_assert(irrep_list(third) == irrep_list(irreps<"3x0e+2x0o+2x1o+2x1e+1x2e">));

// From vectors alone no scalar comes back to itself: an interaction without self-connection.
constexpr auto vectors = irreps<"3x1o">;
constexpr auto not_vectors = irreps<"4x0e+2x1e+1x2e">;

MessagePassingOptions settings() {
  return {.cutoff = 3.0, .radial_functions = 4, .hidden = {6}, .average_neighbors = 3};
}
template <class Scalar>
auto network() {
  return Sequential{LinearByKind<irreps<"1x0e">, irreps<"4x0e">, Scalar>{2},
                    make_interaction<irreps<"4x0e">, edge, wanted, Scalar>(2, settings()),
                    make_interaction<first, edge, wanted, Scalar>(2, settings())};
}

}  // namespace

TEMPLATE_TEST_CASE("every layer of a network on graphs commutes with O(3)", "[graph]", float,
                   double) {
  using Scalar = TestType;
  Rng rng(1);
  const auto cloud = random_clouds({8, 1, 4}, 2, rng);
  const auto check = [&](const char* name, auto layer) {
    INFO(name);
    check_equivariance(std::move(layer), cloud, rng);
  };
  constexpr auto scalars = irreps<"3x0e+2x0o">;
  constexpr auto gates = irreps<"2x0o+2x0e">;
  constexpr auto gated = irreps<"2x1o+1x1e+1x2e">;
  check("linear map", IrrepsLinear<third, second, Scalar>{{.bias = true}});
  check("linear map by kind", LinearByKind<third, second, Scalar>{2, {.bias = true}});
  check("gate", Gate<scalars, gates, gated, Scalar>{});
  check("message passing", MessagePassing<third, edge, second, Scalar>{settings()});
  check("sum over nodes", GraphPool<third, Scalar>{GraphReduction::sum});
  check("mean of nodes", GraphPool<third, Scalar>{GraphReduction::mean});
  check("interaction from scalars", make_interaction<first, edge, wanted, Scalar>(2, settings()));
  check("interaction", make_interaction<third, edge, wanted, Scalar>(2, settings()));
  check("interaction without self-connection",
        make_interaction<vectors, edge, not_vectors, Scalar>(2, settings()));
  check("network", network<Scalar>());

  FullyConnectedTensorProduct<third, third, second, Scalar> product;
  randomize(product, rng);
  const auto x = random_field(PointField<third, Scalar>(cloud.nodes()), rng);
  const auto errors = equivariance_errors(
      [&](const auto& y, const Graph&) { return product.forward(y, y); }, x, cloud, rng);
  CHECK(errors.error < tolerance<Scalar>);
  CHECK(errors.control > 1e-2);
}

TEST_CASE("an interaction does not depend on the order of edges", "[graph]") {
  Rng rng(3);
  auto layer = make_interaction<third, edge, wanted, double>(2, settings());
  randomize(layer, rng);
  const auto errors = edge_order_errors(layer, random_clouds({9}, 2, rng), rng);
  CHECK(errors.error < 1e-12);
  CHECK(errors.control > 1e-3);
}

TEST_CASE("derivatives of interactions and their layers, first and second", "[graph]") {
  Rng rng(4);
  const auto cloud = random_clouds({6, 1, 3}, 2, rng);
  const auto check = [&](const char* name, auto layer) {
    INFO(name);
    randomize(layer, rng);
    const auto errors = graph_derivative_errors(layer, cloud, rng);
    CHECK(errors.adjoint < 1e-12);
    CHECK(errors.input_only == 0);
    CHECK(errors.worst() < 1e-7);
  };
  using Map = LinearByKind<third, second, double>;
  using Messages = MessagePassing<third, edge, second, double>;
  check("linear map by kind", Map{2, {.bias = true}});
  check("residual of two layers", Residual{Messages{settings()}, Map{2}});
  check("residual of one layer", Residual{MessagePassing<third, edge, third, double>{settings()}});
  check("interaction", make_interaction<third, edge, wanted, double>(2, settings()));
  check("interaction without self-connection",
        make_interaction<vectors, edge, not_vectors, double>(2, settings()));
}

TEST_CASE("a frozen network on graphs gives the same bits", "[graph]") {
  Rng rng(5);
  auto net = network<double>();
  randomize(net, rng);
  const auto cloud = random_clouds({9}, 2, rng);
  const auto x = random_field(PointField<irreps<"1x0e">, double>(9), rng);
  const auto y = net.forward(x, cloud.graph);
  const auto z = net.freeze().forward(x, cloud.graph);
  CHECK(std::memcmp(z.data(), y.data(), y.size() * sizeof(double)) == 0);
}

TEST_CASE("a linear map by kind gives each node that of its kind", "[graph]") {
  constexpr auto in = irreps<"2x0e+3x1o">;
  constexpr auto out = irreps<"1x1o+4x0e">;
  Rng rng(2);
  LinearByKind<in, out, double> layer{3, {.bias = true}};
  for (const auto& [name, p] : parameters(layer))
    for (auto& w : p->value) w = rng.normal();
  const std::vector<int> kinds{2, 0, 2, 2, 0};  // nobody is of kind 1
  const Graph graph = make_graph(random_matrix(3, 5, rng), {}, kinds);
  const auto x = random_field(PointField<in, double>(5), rng);
  const auto y = layer.forward(x, graph);
  layer.for_each_layer([&](const std::string& name, auto& map) {
    const auto all = map.forward(x);
    for (int i = 0; i < 5; ++i)
      for (int c = 0; c < y.channels(); ++c)
        if (std::to_string(kinds[static_cast<std::size_t>(i)]) == name)
          CHECK(std::abs(y(i, c) - all(i, c)) < 1e-14);
  });
  const auto again = layer.freeze().forward(x, graph);
  CHECK(std::memcmp(again.data(), y.data(), y.size() * sizeof(double)) == 0);
  CHECK_THROWS_WITH(layer.forward(x, make_graph(random_matrix(3, 5, rng), {}, {0, 1, 2, 3, 0})),
                    ContainsSubstring("node 3 is of kind 3, and there are maps for 3 kinds"));
  CHECK_THROWS_WITH((layer.forward(x, make_graph(random_matrix(3, 4, rng), {}))),
                    ContainsSubstring("expected features of 4 nodes, got 5"));
  LinearByKind<in, out, double> fresh{3};
  CHECK_THROWS_WITH(fresh.backward(y), ContainsSubstring("a derivative before forward"));
}
