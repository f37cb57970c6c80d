// SPDX-License-Identifier: MIT
#include "gsteer/layer/vector_neurons.hpp"

#include <cstring>

#include "gsteer/layer/graph_pooling.hpp"
#include "gsteer/layer/sequential.hpp"
#include "gsteer/representation/irreps.hpp"
#include "gsteer/train/initialization.hpp"
#include "layer/nonlinearity_laws.hpp"

using namespace gsteer;
using namespace gsteer::test;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr auto vectors = irreps<"5x1o">;
constexpr auto more = irreps<"7x1o">;
constexpr auto mixed = irreps<"3x0e+2x0o+4x1o+2x1e+3x2e">;

template <class Layer>
Layer random_layer(Layer layer, Rng& rng) {
  layer.initialize(rng);
  return layer;
}

/// Features that are no closer to a kink than `gap`, row by row; distance(x) tells for one row.
template <class X, class Distance>
X away_from_kinks(int rows, Rng& rng, double gap, const Distance& distance) {
  X x(rows);
  for (int row = 0; row < rows; ++row) {
    X one(1);
    do {
      one = random_field(one, rng);
    } while (distance(one) < gap);
    for (int c = 0; c < x.channels(); ++c) x(row, c) = one(0, c);
  }
  return x;
}

Graph clouds(const std::vector<int>& sizes) {
  std::vector<Graph> all;
  for (const int n : sizes) all.push_back(make_graph(Eigen::MatrixXd::Zero(3, n), {}));
  return join(all);
}

/// The maps of a VNReLU, by their names.
template <class Layer, class Map>
void load(Layer& layer, const char* name, Map& map) {
  for (const auto& [n, p] : parameters(layer))
    if (n == name) map.weight.value = p->value;
}

}  // namespace

TEMPLATE_TEST_CASE("the ReLU of vector neurons cuts at a plane", "[vector_neurons]", double,
                   float) {
  Rng rng(1);
  const double slope = GENERATE(0.0, 0.2);
  auto layer = random_layer(VNReLU<vectors, more, TestType>{{.slope = slope}}, rng);
  IrrepsLinear<vectors, more, TestType> feature, direction;
  load(layer, "feature.weight", feature);
  load(layer, "direction.weight", direction);
  const auto x = random_field(PointField<vectors, TestType>(20), rng);
  const auto y = layer.forward(x), q = feature.forward(x), k = direction.forward(x);
  int cut = 0;
  for (int row = 0; row < 20; ++row)
    for (int u = 0; u < 7; ++u) {
      double qk = 0, kk = 0, yk = 0, error = 0;
      for (int i = 3 * u; i < 3 * u + 3; ++i) {
        qk += static_cast<double>(q(row, i)) * static_cast<double>(k(row, i));
        kk += static_cast<double>(k(row, i)) * static_cast<double>(k(row, i));
        yk += static_cast<double>(y(row, i)) * static_cast<double>(k(row, i));
      }
      for (int i = 3 * u; i < 3 * u + 3; ++i) {
        // The paper's form: a part `slope` of q, and the rest of its projection on the half space.
        const double of_q = static_cast<double>(q(row, i));
        const double projected = qk >= 0 ? of_q : of_q - qk / kk * static_cast<double>(k(row, i));
        error = std::max(error, std::abs(slope * of_q + (1 - slope) * projected -
                                         static_cast<double>(y(row, i))));
      }
      CHECK(error < tolerance<TestType>);
      if (qk >= 0) continue;
      ++cut;
      CHECK(std::abs(yk - slope * qk) < tolerance<TestType> * (1 + std::abs(qk)));
    }
  CHECK(cut > 40);
  CHECK(cut < 100);
}

TEST_CASE("the ReLU of vector neurons: one component is ReLU, a slope of one is linear",
          "[vector_neurons]") {
  Rng rng(2);
  constexpr auto scalars = irreps<"4x0e">;
  auto relu_layer = random_layer(VNReLU<scalars, scalars, double>{}, rng);
  for (const auto& [name, p] : parameters(relu_layer))
    if (name == "direction.weight")
      for (auto& w : p->value) w = std::abs(w);
  IrrepsLinear<scalars, scalars, double> feature;
  load(relu_layer, "feature.weight", feature);
  auto x = random_field(PointField<scalars, double>(9), rng);
  for (auto& v : x.values()) v = std::abs(v);
  const auto y = relu_layer.forward(x), q = feature.forward(x);
  for (std::size_t i = 0; i < y.size(); ++i)
    CHECK(std::abs(y.data()[i] - std::max(q.data()[i], 0.0)) < 1e-14);

  auto linear = random_layer(VNReLU<vectors, more, double>{{.slope = 1}}, rng);
  IrrepsLinear<vectors, more, double> map;
  load(linear, "feature.weight", map);
  const auto v = random_field(PointField<vectors, double>(9), rng);
  const auto a = linear.forward(v), b = map.forward(v);
  CHECK(std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0);
  CHECK_THROWS_WITH((VNReLU<vectors, more>{{.slope = 1.5}}), ContainsSubstring("[0, 1], got 1.5"));
}

TEMPLATE_TEST_CASE("vector neurons commute with O(3)", "[vector_neurons]", double, float) {
  using G = orthogonal<3>;
  Rng rng(3);
  const auto check = [&](auto layer, const auto& x) {
    layer.initialize(rng);
    REQUIRE(sum_of_magnitudes(layer.forward(x)) > 1);
    const auto run = [&](const auto& f) { return layer.forward(f); };
    CHECK(point_error<G>(run, x) < tolerance<TestType>);
    CHECK(point_error<G>([&](const auto& f) { return layer.freeze().forward(f); }, x) <
          tolerance<TestType>);
    // Negative control: one vector is treated differently.
    CHECK(point_error<G>(
              [&](auto f) {
                f(0, f.channels() - 1) += 1;  // of a vector
                return layer.forward(f);
              },
              x) > 1e-3);
    check_frozen(layer, x);
    check_finite_at_zero(layer, x);
    check_borrowed(layer, x);
  };
  const auto x = random_field(PointField<vectors, TestType>(9), rng);
  const auto z = random_field(PointField<mixed, TestType>(9), rng);
  check(VNReLU<vectors, more, TestType>{{.slope = 0.2}}, x);
  check(VNReLU<mixed, mixed, TestType>{}, z);
  check(VNInvariant<vectors, irreps<"3x1o">, TestType>{}, x);
  check(VNInvariant<mixed, irreps<"2x0o+3x1o+1x2e">, TestType>{}, z);
}

TEST_CASE("vector neurons: gradients", "[vector_neurons]") {
  Rng rng(4);
  const auto relu_gradients = [&](auto layer, const auto& like, auto feature, auto direction) {
    layer.initialize(rng);
    load(layer, "feature.weight", feature);
    load(layer, "direction.weight", direction);
    using X = std::remove_cvref_t<decltype(like)>;
    const auto x = away_from_kinks<X>(6, rng, 0.02, [&](const X& one) {
      const auto q = feature.forward(one), k = direction.forward(one);
      double least = 1;
      detail::for_each_vector(
          irrep_list<typename decltype(layer)::out>(), 1, [&](std::ptrdiff_t at, int size) {
            double qk = 0, kk = 0, qq = 0;
            for (auto i = at; i < at + size; ++i) {
              qk += q.data()[i] * k.data()[i];
              kk += k.data()[i] * k.data()[i];
              qq += q.data()[i] * q.data()[i];
            }
            // From the plane, and from the point where it has no normal.
            least =
                std::min({least, std::abs(qk) / std::sqrt(qq * kk), std::sqrt(std::min(qq, kk))});
          });
      return least;
    });
    CHECK(gradient_error(layer, x, rng).worst() < 1e-6);
    check_threads(layer, random_field(X(3000), rng));
  };
  relu_gradients(VNReLU<vectors, more, double>{{.slope = 0.2}}, PointField<vectors, double>(1),
                 IrrepsLinear<vectors, more, double>{}, IrrepsLinear<vectors, more, double>{});
  relu_gradients(VNReLU<mixed, mixed, double>{}, PointField<mixed, double>(1),
                 IrrepsLinear<mixed, mixed, double>{}, IrrepsLinear<mixed, mixed, double>{});

  auto invariant = random_layer(VNInvariant<mixed, irreps<"2x0o+3x1o+1x2e">, double>{}, rng);
  const auto x = random_field(PointField<mixed, double>(6), rng);
  CHECK(gradient_error(invariant, x, rng).worst() < 1e-6);
  check_threads(invariant, random_field(PointField<mixed, double>(3000), rng));
  CHECK_THROWS_AS((VNReLU<vectors, more, double>{}.backward(PointField<more, double>(1))), Error);
  CHECK_THROWS_AS(invariant.backward(typename decltype(invariant)::Output(5)), Error);
}

TEST_CASE("the invariant head gives inner products with a frame", "[vector_neurons]") {
  Rng rng(5);
  using Layer = VNInvariant<vectors, irreps<"3x1o">, double>;
  static_assert(std::is_same_v<Layer::out, features_of<irreps<"15x0e">>>);
  auto layer = random_layer(Layer{}, rng);
  IrrepsLinear<vectors, irreps<"3x1o">, double> map;
  load(layer, "frame.weight", map);
  const auto x = random_field(PointField<vectors, double>(4), rng);
  const auto y = layer.forward(x);
  const auto t = map.forward(x);
  for (int row = 0; row < 4; ++row)
    for (int c = 0; c < 5; ++c)
      for (int k = 0; k < 3; ++k) {
        double sum = 0;
        for (int i = 0; i < 3; ++i) sum += x(row, 3 * c + i) * t(row, 3 * k + i);
        CHECK(std::abs(y(row, 3 * c + k) - sum) < 1e-14);
      }
}

TEMPLATE_TEST_CASE("max pooling of vector neurons chooses a vector of each channel",
                   "[vector_neurons]", double, float) {
  using Layer = VNMaxPool<mixed, TestType>;
  using X = PointField<mixed, TestType>;
  Rng rng(6);
  auto layer = random_layer(Layer{}, rng);
  const std::vector<int> sizes{3, 1, 6};
  const Graph graph = clouds(sizes);
  IrrepsLinear<mixed, mixed, TestType> map;
  load(layer, "direction.weight", map);
  const auto x = random_field(X(10), rng);
  const auto y = layer.forward(x, graph), k = map.forward(x);
  REQUIRE(y.batch() == 3);
  const auto g = random_field(y, rng);
  const auto gx = layer.backward(g);
  X expected(10);
  for (int i = 0; i < 3; ++i) {
    int channel = 0;
    for (const auto& block : irrep_list(mixed))
      for (int u = 0; u < block.copies; ++u) {
        int best = -1;
        TestType largest = 0;
        for (int n = graph.first_node(i); n < graph.first_node(i + 1); ++n) {
          TestType score = 0;
          for (int c = channel; c < channel + irrep_dimension(block.label); ++c)
            score += x(n, c) * k(n, c);
          if (best < 0 || score > largest) {
            best = n;
            largest = score;
          }
        }
        for (int c = channel; c < channel + irrep_dimension(block.label); ++c) {
          CHECK(y(i, c) == x(best, c));
          expected(best, c) = g(i, c);
        }
        channel += irrep_dimension(block.label);
      }
  }
  CHECK(std::equal(gx.values().begin(), gx.values().end(), expected.values().begin()));
  const auto frozen = layer.freeze().forward(x, graph);
  CHECK(std::memcmp(frozen.data(), y.data(), y.size() * sizeof(TestType)) == 0);

  const auto pool = [&](const X& f) { return layer.forward(f, graph); };
  CHECK(point_error<orthogonal<3>>(pool, x) < tolerance<TestType>);
  // Negative control: the largest component of each channel is not equivariant.
  CHECK(point_error<orthogonal<3>>(
            [&](const X& f) {
              PointField<mixed, TestType> most(3);
              for (int i = 0; i < 3; ++i)
                for (int c = 0; c < f.channels(); ++c) {
                  most(i, c) = f(graph.first_node(i), c);
                  for (int n = graph.first_node(i); n < graph.first_node(i + 1); ++n)
                    most(i, c) = std::max(most(i, c), f(n, c));
                }
              return most;
            },
            x) > 1e-2);
  // The order of the nodes of each graph does not matter.
  X reversed(10);
  for (int i = 0; i < 3; ++i)
    for (int n = graph.first_node(i); n < graph.first_node(i + 1); ++n)
      for (int c = 0; c < x.channels(); ++c)
        reversed(graph.first_node(i) + graph.first_node(i + 1) - 1 - n, c) = x(n, c);
  const auto again = layer.forward(reversed, graph);
  CHECK(std::memcmp(again.data(), y.data(), y.size() * sizeof(TestType)) == 0);

  CHECK_THROWS_WITH(layer.forward(X(9), graph), ContainsSubstring("nodes of a graph, 10, got 9"));
  CHECK_THROWS_WITH(layer.backward(X(2)), ContainsSubstring("a gradient of 3 graphs, got 2"));
  CHECK_THROWS_WITH(Layer{}.backward(y), ContainsSubstring("before forward"));
}

TEST_CASE("a classifier of vector neurons: invariant, and its gradients", "[vector_neurons]") {
  constexpr auto in = irreps<"2x1o">;
  constexpr auto hidden = irreps<"6x1o">;
  Rng rng(7);
  const Graph graph = clouds({5, 4});
  Sequential net{VNReLU<in, hidden, double>{{.slope = 0.2}}, VNMaxPool<hidden, double>{},
                 IrrepsLinear<hidden, hidden, double>{},
                 VNInvariant<hidden, irreps<"3x1o">, double>{}};
  initialize(net, rng);
  const auto x = random_field(PointField<in, double>(9), rng);
  const auto run = [&](const auto& f) { return net.forward(f, graph); };
  const auto y = run(x);
  REQUIRE(y.batch() == 2);
  REQUIRE(sum_of_magnitudes(y) > 1);
  CHECK(point_error<orthogonal<3>>(run, x) < 1e-12);
  const auto g = random_field(y, rng);
  run(x);
  Eigen::MatrixXd d_vectors = Eigen::MatrixXd::Zero(3, graph.edges());
  const auto gx = net.backward(g, d_vectors);
  const auto loss = [&](const auto& f) {
    const auto z = run(f);
    double sum = 0;
    for (std::size_t i = 0; i < z.size(); ++i) sum += z.values()[i] * g.values()[i];
    return sum;
  };
  // Few of the points lie so near to a kink that a step of this size meets it.
  const double h = 1e-6;
  int wrong = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    auto up = x, down = x;
    up.values()[i] += h;
    down.values()[i] -= h;
    const double slope = (loss(up) - loss(down)) / (2 * h);
    wrong += std::abs(slope - gx.values()[i]) > 1e-6 * (1 + std::abs(slope));
  }
  CHECK(wrong == 0);
  for (const auto& [name, p] : parameters(net)) CHECK(p->trained == (name != "1.direction.weight"));
}
