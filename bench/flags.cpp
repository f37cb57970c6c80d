// SPDX-License-Identifier: MIT
// A few layers on one thread, for bench/flags.sh: "name<tab>microseconds" a line.
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <tuple>
#include <vector>

#include "gsteer/core/parallel.hpp"
#include "gsteer/core/random.hpp"
#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/orthogonal.hpp"
#include "gsteer/group/orthogonal3.hpp"
#include "gsteer/kernel/spherical_harmonics.hpp"
#include "gsteer/layer/message_passing.hpp"
#include "gsteer/representation/fields.hpp"
#include "gsteer/representation/irrep_parser.hpp"
#include "interleave.hpp"
#include "work/convolution.hpp"

using namespace gsteer;

namespace {

constexpr auto in_plane = 16 * regular<C<8>>;
constexpr auto in_space = 8 * irrep<SO<3>, 0> + 8 * irrep<SO<3>, 1> + 8 * irrep<SO<3>, 2>;
constexpr auto c32 = irreps<"32x0e+32x1o+32x2e">;
constexpr auto y2 = irreps<"1x0e+1x1o+1x2e">;

/// Every node hears of twenty others.
Graph random_graph(int count) {
  Rng rng(1);
  Eigen::MatrixXd positions(3, count);
  for (int i = 0; i < count; ++i)
    for (int axis = 0; axis < 3; ++axis) positions(axis, i) = rng.uniform(-1.7, 1.7);
  std::vector<Edge> edges;
  for (int e = 0; e < 20 * count; ++e)
    edges.push_back({(e % count + 1 + rng.below(count - 1)) % count, e % count});
  return make_graph(positions, edges);
}

double budget = 0.2;

void report(const char* name, const std::function<void()>& run) {
  std::printf("%s\t%.2f\n", name, 1e6 * bench::interleave({run}, budget)[0]);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) budget = std::atof(argv[1]);
  set_threads(1);

  using bench::Method;
  const auto flat = bench::convolution<in_plane, 5>("", 4, 28);
  for (const auto& [method, inference, training] :
       {std::tuple{Method::harmonic, "conv C_8 16->16 5x5, inference", "conv C_8, training step"},
        std::tuple{Method::dense, "the same, dense path, inference",
                   "dense path, training step"}}) {
    const auto passes = flat.passes(method);
    report(inference, passes.inference);
    report(training, passes.training);
  }
  const auto deep = bench::convolution<in_space, 5>("", 1, 12).passes(Method::harmonic);
  report("conv SO(3) 8 (0 + 1 + 2) 5^3, inference", deep.inference);
  report("conv SO(3), training step", deep.training);

  MessagePassing<c32, y2, c32> messages({.cutoff = 7, .radial_functions = 8, .hidden = {64}});
  initialize(messages, Rng{1});
  const Graph graph = random_graph(50);
  PointField<c32> x(50);
  Rng rng(2);
  for (auto& v : x.values()) v = static_cast<float>(rng.normal());
  report("messages, 32 channels, l <= 2, training step", [&] {
    messages.forward(x, graph);
    messages.backward(x);
  });

  constexpr int points = 2048;
  const SphericalHarmonics<float> y(4);
  const auto rows = static_cast<std::size_t>(y.size()) * points;
  std::vector<float> v(3 * points), values(rows), gradients(3 * rows);
  for (auto& c : v) c = static_cast<float>(rng.normal());
  report("2048 spherical harmonics with gradients, l <= 4",
         [&] { y.evaluate(v.data(), points, points, values.data(), gradients.data()); });
}
