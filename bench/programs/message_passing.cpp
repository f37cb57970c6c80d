// SPDX-License-Identifier: MIT
// One layer on a graph.
#include <gsteer/gsteer.hpp>
using namespace gsteer;

int main() {
  constexpr auto node = irreps<"32x0e + 16x1o + 8x2e">;
  constexpr auto edge = irreps<"1x0e + 1x1o + 1x2e">;
  MessagePassing<node, edge, node> layer{
      {.cutoff = 5.0, .radial_functions = 8, .hidden = {64, 64}}};
  initialize(layer, Rng{42});
  const Eigen::MatrixXd positions = Eigen::MatrixXd::Identity(3, 3);
  const auto graph = radius_graph(positions, 5.0);
  const auto y = layer.forward(PointField<node>(3), graph);
  const auto [features, forces] = layer.backward(y);
  return layer.freeze().forward(features, graph).empty();
}
