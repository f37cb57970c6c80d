// SPDX-License-Identifier: MIT
#include "gsteer/layer/interaction.hpp"

#include <cstring>

#include "gsteer/field/neighbors.hpp"
#include "gsteer/train/initialization.hpp"
#include "layer/nonlinearity_laws.hpp"

using namespace gsteer;
using namespace gsteer::test;

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

constexpr MessagePassingOptions settings() {
  return {.cutoff = 3.0, .radial_functions = 4, .hidden = {6}, .average_neighbors = 3};
}
auto network() {
  return Sequential{LinearByKind<irreps<"1x0e">, irreps<"4x0e">, double>{2},
                    make_interaction<irreps<"4x0e">, edge, wanted, double>(2, settings()),
                    make_interaction<first, edge, wanted, double>(2, settings())};
}

Eigen::MatrixXd random_positions(int n, Rng& rng) {
  Eigen::MatrixXd p(3, n);
  for (Eigen::Index i = 0; i < p.size(); ++i) p.data()[i] = 1.2 * rng.normal();
  return p;
}

}  // namespace

TEST_CASE("a network on graphs commutes with O(3), and frozen gives the same bits", "[graph]") {
  Rng rng(1);
  auto net = network();
  initialize(net, rng);
  const int n = 9;
  std::vector<int> kinds;
  for (int i = 0; i < n; ++i) kinds.push_back(rng.below(2));
  const auto positions = random_positions(n, rng);
  const auto x = random_field(PointField<irreps<"1x0e">, double>(n), rng);
  const Graph graph = radius_graph(positions, 3.0, kinds);
  const auto y = net.forward(x, graph);
  const double size = sum_of_magnitudes(y);
  REQUIRE(size > 0.1);
  const auto frozen = net.freeze();
  const auto z = frozen.forward(x, graph);
  CHECK(std::memcmp(z.data(), y.data(), y.size() * sizeof(double)) == 0);
  for (int trial = 0; trial < 3; ++trial) {
    const auto g = orthogonal<3>::sample(rng);
    const auto turned =
        net.forward(x, radius_graph(orthogonal<3>::action(g) * positions, 3.0, kinds));
    const Eigen::MatrixXd rho = representation_matrix<second>(g);
    double error = 0, still = 0;
    for (int i = 0; i < n; ++i)
      for (int a = 0; a < rho.rows(); ++a) {
        double expected = 0;
        for (int b = 0; b < rho.cols(); ++b) expected += rho(a, b) * y(i, b);
        error = std::max(error, std::abs(turned(i, a) - expected));
        still = std::max(still, std::abs(turned(i, a) - y(i, a)));
      }
    CHECK(error < 1e-12 * size);
    CHECK(still > 1e-3);  // negative control
  }
}

TEST_CASE("a linear map by kind gives each node that of its kind", "[graph]") {
  constexpr auto in = irreps<"2x0e+3x1o">;
  constexpr auto out = irreps<"1x1o+4x0e">;
  Rng rng(2);
  LinearByKind<in, out, double> layer{3, {.bias = true}};
  for (const auto& [name, p] : parameters(layer))
    for (auto& w : p->value) w = rng.normal();
  const std::vector<int> kinds{2, 0, 2, 2, 0};  // nobody is of kind 1
  const Graph graph = make_graph(random_positions(5, rng), {}, kinds);
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
  CHECK_THROWS_WITH(layer.forward(x, make_graph(random_positions(5, rng), {}, {0, 1, 2, 3, 0})),
                    Catch::Contains("node 3 is of kind 3, and there are maps for 3 kinds"));
  CHECK_THROWS_WITH((layer.forward(x, make_graph(random_positions(4, rng), {}))),
                    Catch::Contains("expected features of 4 nodes, got 5"));
  LinearByKind<in, out, double> fresh{3};
  CHECK_THROWS_WITH(fresh.backward(y), Catch::Contains("a derivative before forward"));
}
