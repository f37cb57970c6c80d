// SPDX-License-Identifier: MIT
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "gsteer/core/random.hpp"
#include "gsteer/kernel/spherical_harmonics.hpp"
#include "gsteer/layer/message_passing.hpp"
#include "gsteer/representation/irrep_parser.hpp"
#include "gsteer/train/initialization.hpp"
#include "work/work.hpp"

namespace bench {

using namespace gsteer;

namespace {

constexpr int nodes = 100;

/// Every node hears of edges / nodes others, drawn at random; all are within 3 of the center.
Graph random_graph(int edges) {
  Rng rng(1);
  Eigen::MatrixXd positions(3, nodes);
  for (int i = 0; i < nodes; ++i)
    for (int axis = 0; axis < 3; ++axis) positions(axis, i) = rng.uniform(-1.7, 1.7);
  std::vector<Edge> list;
  for (int e = 0; e < edges; ++e)
    list.push_back({(e % nodes + 1 + rng.below(nodes - 1)) % nodes, e % nodes});
  return make_graph(positions, list);
}

/// Message passing with the radial network 8-64-(paths * channels), as in design.md.
template <auto Node, auto Harmonics>
struct GraphBench {
  using Layer = MessagePassing<Node, Harmonics, Node>;
  using Features = PointField<Node>;

  explicit GraphBench(int edges)
      : layer({.cutoff = 7, .radial_functions = 8, .hidden = {64}}), graph(random_graph(edges)) {
    initialize(layer, Rng{1});
    Rng rng(2);
    for (auto& v : x.values()) v = static_cast<float>(rng.normal());
  }

  static Passes make(int edges) {
    const auto b = std::make_shared<GraphBench>(edges);
    const auto frozen = std::make_shared<decltype(b->layer.freeze())>(b->layer.freeze());
    return {[b, frozen] { frozen->forward(b->x, b->graph); },
            [b] {
              if (!std::exchange(b->stepped, true)) b->layer.forward(b->x, b->graph);
              b->layer.backward(b->x);
            },
            [b] {
              b->stepped = true;
              b->layer.forward(b->x, b->graph);
              b->layer.backward(b->x);
            }};
  }

  Layer layer;
  Graph graph;
  Features x{nodes};
  bool stepped = false;
};

template <auto Node, auto Harmonics>
GraphWork message_passing_of(int channels, int edges) {
  const int l_max = MessagePassing<Node, Harmonics, Node>::l_max;
  return {"messages, " + std::to_string(channels) + " channels, l <= " + std::to_string(l_max),
          channels, l_max, edges, &GraphBench<Node, Harmonics>::make};
}

constexpr auto y1 = irreps<"1x0e+1x1o">;
constexpr auto y2 = irreps<"1x0e+1x1o+1x2e">;
constexpr auto y3 = irreps<"1x0e+1x1o+1x2e+1x3o">;
constexpr auto y4 = irreps<"1x0e+1x1o+1x2e+1x3o+1x4e">;
constexpr auto c8l2 = irreps<"8x0e+8x1o+8x2e">;
constexpr auto c16l2 = irreps<"16x0e+16x1o+16x2e">;
constexpr auto c32l1 = irreps<"32x0e+32x1o">;
constexpr auto c32l2 = irreps<"32x0e+32x1o+32x2e">;
constexpr auto c32l3 = irreps<"32x0e+32x1o+32x2e+32x3o">;
constexpr auto c32l4 = irreps<"32x0e+32x1o+32x2e+32x3o+32x4e">;
constexpr auto c64l2 = irreps<"64x0e+64x1o+64x2e">;
constexpr auto c128l2 = irreps<"128x0e+128x1o+128x2e">;

/// What the harmonics up to l_max are written to.
struct Points {
  static constexpr int count = 2048;
  static constexpr int stride = count + 16;  // rows 8 kB apart would meet in the same cache lines
  explicit Points(int l_max) : harmonics(l_max), v(3 * stride) {
    Rng rng(1);
    for (auto& x : v) x = static_cast<float>(rng.normal());
    const auto rows = static_cast<std::size_t>(harmonics.size()) * stride;
    y.resize(rows);
    gradients.resize(3 * rows);
  }
  SphericalHarmonics<float> harmonics;
  std::vector<float> v, y, gradients;
};

Task harmonics(int l_max, bool gradients) {
  const auto p = std::make_shared<Points>(l_max);
  return {std::string("harmonics, values") + (gradients ? " and gradients" : "") +
              ", l <= " + std::to_string(l_max),
          Points::count, [p, gradients] {
            p->harmonics.evaluate(p->v.data(), Points::count, Points::stride, p->y.data(),
                                  gradients ? p->gradients.data() : nullptr);
          }};
}

}  // namespace

int GraphWork::paths() const {
  int count = 0;
  for (int a = 0; a <= l_max; ++a)
    for (int b = 0; b <= l_max; ++b)
      for (int c = std::abs(a - b); c <= std::min(a + b, l_max); c += 2) ++count;
  return count;
}

std::vector<GraphWork> table_on_graphs() {
  return {message_passing_of<c32l2, y2>(32, 2000), message_passing_of<c64l2, y2>(64, 2000),
          message_passing_of<c32l3, y3>(32, 2000)};
}

std::vector<Scaling<GraphWork>> scalings_on_graphs() {
  const auto with = [](int edges) { return message_passing_of<c32l2, y2>(32, edges); };
  return {{"edges, 100 nodes",
           {500, 1000, 2000, 4000, 8000},
           {with(500), with(1000), with(2000), with(4000), with(8000)}},
          {"channels of every l <= 2",
           {8, 16, 32, 64, 128},
           {message_passing_of<c8l2, y2>(8, 2000), message_passing_of<c16l2, y2>(16, 2000),
            message_passing_of<c32l2, y2>(32, 2000), message_passing_of<c64l2, y2>(64, 2000),
            message_passing_of<c128l2, y2>(128, 2000)}},
          {"l_max, 32 channels",
           {1, 2, 3, 4},
           {message_passing_of<c32l1, y1>(32, 2000), message_passing_of<c32l2, y2>(32, 2000),
            message_passing_of<c32l3, y3>(32, 2000), message_passing_of<c32l4, y4>(32, 2000)},
           false}};
}

std::vector<Task> spherical_harmonics() {
  return {harmonics(2, false), harmonics(2, true),  harmonics(4, false),
          harmonics(4, true),  harmonics(8, false), harmonics(8, true)};
}

}  // namespace bench
