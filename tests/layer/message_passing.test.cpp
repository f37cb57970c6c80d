// SPDX-License-Identifier: MIT
#include "gsteer/layer/message_passing.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <vector>

#include "gsteer/field/neighbors.hpp"
#include "gsteer/group/wigner_d.hpp"

using namespace gsteer;

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

template <class F>
F random_field(int n, Rng& rng) {
  F x(n);
  for (auto& value : x.values()) value = rng.normal();
  return x;
}

Eigen::MatrixXd random_matrix(int n, Rng& rng, double scale = 1.2) {
  Eigen::MatrixXd p(3, n);
  for (Eigen::Index i = 0; i < p.size(); ++i) p.data()[i] = scale * rng.normal();
  return p;
}

template <class F>
double dot(const F& a, const F& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a.data()[i] * b.data()[i];
  return sum;
}

double dot(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) {
  return (a.array() * b.array()).sum();
}

template <class F>
double distance(const F& a, const F& b) {
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    worst = std::max(worst, std::abs(a.data()[i] - b.data()[i]));
  return worst;
}

template <auto R>
PointField<R, double> turned(const PointField<R, double>& x, const orthogonal<3>::element& g) {
  const Eigen::MatrixXd rho = representation_matrix<R>(g);
  PointField<R, double> y(x.batch());
  for (int b = 0; b < x.batch(); ++b)
    for (int i = 0; i < rho.rows(); ++i)
      for (int j = 0; j < rho.cols(); ++j) y(b, i) += rho(i, j) * x(b, j);
  return y;
}

template <class F>
F moved(const F& x, const F& direction, double h) {
  F y = x;
  for (std::size_t i = 0; i < x.size(); ++i) y.data()[i] += h * direction.data()[i];
  return y;
}

std::vector<double> gradients(Layer& layer) {
  std::vector<double> all;
  for (const auto& [name, p] : parameters(layer))
    all.insert(all.end(), p->gradient.begin(), p->gradient.end());
  return all;
}

void shift_parameters(Layer& layer, const std::vector<double>& direction, double h) {
  std::size_t at = 0;
  for (const auto& [name, p] : parameters(layer))
    for (auto& w : p->value) w += h * direction[at++];
}

}  // namespace

TEST_CASE("messages are tensor products with harmonics, summed and mixed", "[graph]") {
  Rng rng(1);
  Layer layer = random_layer(rng);
  const auto positions = random_matrix(3, rng, 0.7);
  const Graph graph = make_graph(positions, {{0, 1}, {2, 1}, {1, 0}});
  const auto x = random_field<In>(3, rng);
  const auto y = layer.forward(x, graph);

  // From the definition, with the weights read in their documented order.
  const auto in = irrep_list<features_of<node>>(), out = irrep_list<features_of<result>>();
  auto named = parameters(layer);
  const auto& mixing = named.back().parameter->value;
  std::vector<double> expected(y.size(), 0);
  // Number of weights of an edge, and the columns of each output irrep.
  const auto plan = detail::make_edge_plan(in, out, 2);
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
  Layer layer = random_layer(rng, GENERATE(Aggregation::sum, Aggregation::mean));
  const int n = 12;
  const auto positions = random_matrix(n, rng);
  const auto x = random_field<In>(n, rng);
  const auto y = layer.forward(x, radius_graph(positions, 3.0));
  const double size = std::sqrt(dot(y, y));
  for (int trial = 0; trial < 4; ++trial) {
    const auto g = orthogonal<3>::sample(rng);
    const Eigen::MatrixXd a = orthogonal<3>::action(g);
    const auto z = layer.forward(turned<node>(x, g), radius_graph(a * positions, 3.0));
    CHECK(distance(z, turned<result>(y, g)) < 1e-12 * size);
    // Negative control: features that stay while the points turn.
    CHECK(distance(layer.forward(x, radius_graph(a * positions, 3.0)), turned<result>(y, g)) >
          1e-3 * size);
  }
  Eigen::MatrixXd elsewhere = positions;
  for (int p = 0; p < n; ++p) elsewhere.col(p) += Eigen::Vector3d(0.5, -2, 1);
  CHECK(distance(layer.forward(x, radius_graph(elsewhere, 3.0)), y) < 1e-12 * size);

  In reversed_x(n);
  Eigen::MatrixXd reversed(3, n);
  for (int p = 0; p < n; ++p) {
    reversed.col(n - 1 - p) = positions.col(p);
    for (int c = 0; c < x.channels(); ++c) reversed_x(n - 1 - p, c) = x(p, c);
  }
  const auto z = layer.forward(reversed_x, radius_graph(reversed, 3.0));
  for (int p = 0; p < n; ++p)
    for (int c = 0; c < y.channels(); ++c)
      CHECK(std::abs(z(n - 1 - p, c) - y(p, c)) < 1e-12 * size);
}

TEST_CASE("message passing: gradients, tangents and second derivatives", "[graph]") {
  Rng rng(3);
  Layer layer = random_layer(rng);
  const int n = 9;
  const auto positions = random_matrix(n, rng);
  const Graph graph = radius_graph(positions, 3.0);
  const auto x = random_field<In>(n, rng), dx = random_field<In>(n, rng);
  const auto g = random_field<Out>(n, rng), dg = random_field<Out>(n, rng);
  const auto d_positions = random_matrix(n, rng);
  const auto d_vectors = graph.spread(d_positions);
  const double h = 1e-5;
  const auto at = [&](double t) { return graph.moved(positions + t * d_positions); };

  auto y = layer.forward(x, graph);
  zero_gradients(layer);
  Eigen::MatrixXd by_vector = Eigen::MatrixXd::Zero(3, graph.edges());
  const auto gx = layer.backward(g, by_vector);
  const auto weight_gradient = gradients(layer);
  const auto gp = graph.gather(by_vector);
  const auto tangent = layer.forward_tangent(dx, d_vectors);
  // <g, J d> = <J^T g, d>
  const double forward_side = dot(g, tangent), reverse_side = dot(gx, dx) + dot(gp, d_positions);
  CHECK(std::abs(forward_side - reverse_side) < 1e-12 * std::abs(forward_side) + 1e-12);
  {
    const auto up = layer.forward(moved(x, dx, h), at(h)),
               down = layer.forward(moved(x, dx, -h), at(-h));
    double worst = 0, largest = 0;
    for (std::size_t i = 0; i < y.size(); ++i) {
      worst =
          std::max(worst, std::abs((up.data()[i] - down.data()[i]) / (2 * h) - tangent.data()[i]));
      largest = std::max(largest, std::abs(tangent.data()[i]));
    }
    CHECK(worst < 1e-6 * largest);
  }
  {
    std::vector<double> direction(weight_gradient.size());
    double slope = 0;
    for (std::size_t i = 0; i < direction.size(); ++i) {
      direction[i] = rng.normal();
      slope += direction[i] * weight_gradient[i];
    }
    Layer more = layer, less = layer;
    shift_parameters(more, direction, h);
    shift_parameters(less, direction, -h);
    const double up = dot(g, more.forward(x, graph)), down = dot(g, less.forward(x, graph));
    CHECK(std::abs((up - down) / (2 * h) - slope) < 1e-6 * std::abs(slope));
  }
  // Second derivatives: backward_tangent against differences of backward.
  const auto pull = [&](double t, std::vector<double>& weights) {
    layer.forward(moved(x, dx, t), at(t));
    zero_gradients(layer);
    Eigen::MatrixXd vectors = Eigen::MatrixXd::Zero(3, graph.edges());
    auto features = layer.backward(moved(g, dg, t), vectors);
    weights = gradients(layer);
    return std::pair(std::move(features), std::move(vectors));
  };
  std::vector<double> w_up, w_down;
  const auto [x_up, v_up] = pull(h, w_up);
  const auto [x_down, v_down] = pull(-h, w_down);
  layer.forward(x, graph);
  zero_gradients(layer);
  Eigen::MatrixXd once = Eigen::MatrixXd::Zero(3, graph.edges());
  CHECK(distance(layer.backward_input(g, once), gx) == 0);
  CHECK(once == by_vector);
  for (const double w : gradients(layer)) REQUIRE(w == 0);
  layer.forward_tangent(dx, d_vectors);
  Eigen::MatrixXd dd_vectors = Eigen::MatrixXd::Zero(3, graph.edges());
  const auto dgx = layer.backward_tangent(dg, &dd_vectors);
  const auto d_weights = gradients(layer);
  const auto close = [&](auto value, auto up, auto down, std::size_t size) {
    double worst = 0, largest = 0;
    for (std::size_t i = 0; i < size; ++i) {
      worst = std::max(worst, std::abs((up[i] - down[i]) / (2 * h) - value[i]));
      largest = std::max(largest, std::abs(value[i]));
    }
    CHECK(largest > 1e-3);
    CHECK(worst < 1e-6 * largest);
  };
  close(dgx.data(), x_up.data(), x_down.data(), dgx.size());
  close(dd_vectors.data(), v_up.data(), v_down.data(), static_cast<std::size_t>(once.size()));
  close(d_weights.data(), w_up.data(), w_down.data(), d_weights.size());
  // Without the positions' part the rest is the same.
  zero_gradients(layer);
  CHECK(distance(layer.backward_tangent(dg), dgx) == 0);
  CHECK(gradients(layer) == d_weights);
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
  const auto x = random_field<In>(4, rng);
  const auto g = random_field<Out>(4, rng);
  auto y = layer.forward(x, graph);
  Eigen::MatrixXd d_vectors = Eigen::MatrixXd::Zero(3, graph.edges());
  auto gx = layer.backward(g, d_vectors);
  auto dy = layer.forward_tangent(x, Eigen::MatrixXd::Ones(3, graph.edges()));
  Eigen::MatrixXd dd = Eigen::MatrixXd::Zero(3, graph.edges());
  auto dgx = layer.backward_tangent(g, &dd);
  for (const auto* values : {&y.values(), &gx.values(), &dy.values(), &dgx.values()})
    for (const double v : *values) CHECK(std::isfinite(v));
  CHECK(d_vectors.allFinite());
  CHECK(dd.allFinite());
  for (int c = 0; c < y.channels(); ++c) CHECK(y(3, c) == 0);
  for (const double v : gradients(layer)) CHECK(std::isfinite(v));
}

TEST_CASE("message passing gives the same bits for any number of threads, and frozen", "[graph]") {
  Rng rng(5);
  MessagePassing<node, edge, result> layer{{.cutoff = 3.0, .radial_functions = 4, .hidden = {6}}};
  layer.initialize(rng);
  const int n = 60;
  const Graph graph = radius_graph(random_matrix(n, rng, 2), 3.0);
  REQUIRE(graph.edges() > 200);
  PointField<node> x(n);
  for (auto& value : x.values()) value = static_cast<float>(rng.normal());
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
