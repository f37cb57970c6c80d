// SPDX-License-Identifier: MIT
#include "gsteer/layer/kernels/edge_softmax.hpp"

#include <cstring>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "gsteer/core/random.hpp"
#include "gsteer/layer/kernels/edge_cutoff.hpp"

using namespace gsteer;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// Random edges, some of them twice and some from a node to itself; nobody reaches node 0.
Graph random_graph(int nodes, int edges, Rng& rng) {
  Eigen::MatrixXd positions(3, nodes);
  for (Eigen::Index i = 0; i < positions.size(); ++i) positions.data()[i] = rng.normal();
  std::vector<Edge> all;
  for (int e = 0; e < edges; ++e) all.push_back({rng.below(nodes), 1 + rng.below(nodes - 1)});
  return make_graph(positions, all);
}

std::vector<double> random_numbers(std::size_t n, Rng& rng) {
  std::vector<double> x(n);
  for (auto& v : x) v = rng.normal();
  return x;
}

constexpr int heads = 3;

std::vector<double> softmax(const Graph& graph, const std::vector<double>& z) {
  std::vector<double> a(z.size());
  detail::edge_softmax(graph, heads, z.data(), a.data());
  return a;
}

}  // namespace

TEST_CASE("the softmax over edges is exp(z) over its sum at the receiver", "[graph]") {
  Rng rng(1);
  const Graph graph = random_graph(9, 40, rng);
  auto z = random_numbers(40 * heads, rng);
  z[7] = z[50] = -infinity;
  const auto a = softmax(graph, z);
  for (std::size_t e = 0; e < 40; ++e)
    for (std::size_t h = 0; h < heads; ++h) {
      double sum = 0, of_weights = 0;
      for (std::size_t other = 0; other < 40; ++other)
        if (graph.receivers()[other] == graph.receivers()[e]) {
          sum += std::exp(z[other * heads + h]);
          of_weights += a[other * heads + h];
        }
      CHECK(std::abs(a[e * heads + h] - std::exp(z[e * heads + h]) / sum) < 1e-15);
      CHECK(std::abs(of_weights - 1) < 1e-15);
    }
  CHECK(a[7] == 0);
  CHECK(a[50] == 0);
}

TEST_CASE("the softmax over edges: large logits, nobody to hear, not a number", "[graph]") {
  const Graph graph = make_graph(Eigen::MatrixXd::Zero(3, 3), {{0, 1}, {2, 1}, {1, 2}, {0, 2}});
  const auto run = [&](auto... numbers) {
    const std::vector<float> z{static_cast<float>(numbers)...};
    std::vector<float> a(4), g(4);
    detail::edge_softmax(graph, 1, z.data(), a.data());
    const std::vector<float> v{1, 2, 3, 4};
    detail::edge_softmax_derivative(graph, 1, a.data(), v.data(), g.data());
    a.insert(a.end(), g.begin(), g.end());
    return a;
  };
  const std::vector<float> far = run(1e4, -1e4, 1e30, 1e30);
  CHECK(far == std::vector<float>{1, 0, 0.5f, 0.5f, 0, 0, -0.25f, 0.25f});
  const std::vector<float> silent = run(-infinity, -infinity, -1e4, -infinity);
  CHECK(silent == std::vector<float>{0, 0, 1, 0, 0, 0, 0, 0});
  CHECK(std::isnan(run(0, std::nan(""), 0, 0)[1]));  // a mistake stays one
}

TEST_CASE("the softmax over edges: derivatives", "[graph]") {
  Rng rng(2);
  const Graph graph = random_graph(7, 30, rng);
  const std::size_t n = 30 * heads;
  const auto z = random_numbers(n, rng), v = random_numbers(n, rng), dz = random_numbers(n, rng),
             dv = random_numbers(n, rng), g = random_numbers(n, rng);
  const auto jacobian_times = [&](const std::vector<double>& at, const std::vector<double>& x) {
    std::vector<double> result(n);
    detail::edge_softmax_derivative(graph, heads, softmax(graph, at).data(), x.data(),
                                    result.data());
    return result;
  };
  const auto moved = [&](const std::vector<double>& x, const std::vector<double>& d, double t) {
    auto result = x;
    for (std::size_t i = 0; i < n; ++i) result[i] += t * d[i];
    return result;
  };
  const double h = 1e-5;
  const auto a = softmax(graph, z), da = jacobian_times(z, dz);
  const auto up = softmax(graph, moved(z, dz, h)), down = softmax(graph, moved(z, dz, -h));
  std::vector<double> second(n);
  detail::edge_softmax_second_derivative(graph, heads, a.data(), da.data(), v.data(), dv.data(),
                                         second.data());
  const auto more = jacobian_times(moved(z, dz, h), moved(v, dv, h)),
             less = jacobian_times(moved(z, dz, -h), moved(v, dv, -h));
  const auto back = jacobian_times(z, g);
  double left = 0, right = 0, size = 0;
  for (std::size_t i = 0; i < n; ++i) {
    CHECK(std::abs((up[i] - down[i]) / (2 * h) - da[i]) < 1e-9);
    CHECK(std::abs((more[i] - less[i]) / (2 * h) - second[i]) < 1e-9);
    left += g[i] * da[i];
    right += back[i] * dz[i];
    size += std::abs(second[i]);
  }
  CHECK(std::abs(left - right) < 1e-13);
  CHECK(size > 1);
}

TEST_CASE("the logarithm of the polynomial cutoff and its derivatives", "[graph]") {
  for (const int p : {2, 3, 6, 9})
    for (const double r : {0.0, 0.3, 1.1, 1.9, 1.9999}) {
      const double cutoff = 2, t = r / cutoff, h = 1e-6 * (cutoff - r);
      const detail::LogCutoff c(r, cutoff, p);
      const double definition = 1 - (p + 1) * (p + 2) / 2.0 * std::pow(t, p) +
                                p * (p + 2) * std::pow(t, p + 1) -
                                p * (p + 1) / 2.0 * std::pow(t, p + 2);
      CHECK(std::abs(std::exp(c.value) - definition) < 1e-13);
      const detail::LogCutoff up(r + h, cutoff, p), down(r - h, cutoff, p);
      const double first = (up.value - down.value) / (2 * h),
                   second = (up.first - down.first) / (2 * h);
      CHECK(std::abs(first - c.first) < 1e-7 * (1 + std::abs(c.first)));
      CHECK(std::abs(second - c.second) < 1e-7 * (1 + std::abs(c.second)));
    }
  for (const double r : {2.0 * (1 - 1e-7), 2.0, 3.0, 1e300}) {
    const detail::LogCutoff c(r, 2, 6);
    CHECK(c.value == -infinity);
    CHECK(c.first == 0);
    CHECK(c.second == 0);
  }
  CHECK(std::exp(detail::LogCutoff(2 * (1 - 2e-6), 2, 6).value) < 1e-15);  // what is left out
}
