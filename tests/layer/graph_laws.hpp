// SPDX-License-Identifier: MIT
// What every layer of a network on graphs must satisfy, whether it looks at the graph or not.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

#include "gsteer/layer/on_graph.hpp"
#include "layer/laws.hpp"
#include "layer/point_clouds.hpp"

namespace gsteer::test {

/// |a - b| / |b| over all numbers; |a| if b is zero.
inline double relative_error(const std::vector<double>& a, const std::vector<double>& b) {
  REQUIRE(a.size() == b.size());
  double difference = 0, norm = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference += (a[i] - b[i]) * (a[i] - b[i]);
    norm += b[i] * b[i];
  }
  return std::sqrt(norm > 0 ? difference / norm : difference);
}

/// How much a law is broken by a function that should satisfy it, and by one that should not.
struct LawErrors {
  double error = 0;                                          ///< the largest
  double control = std::numeric_limits<double>::infinity();  ///< the smallest
};

/// |f(g x, g points) - g f(x, points)| / |f(x, points)| for random rotations and reflections g of
/// space, and a function f(x, graph). The control is f of other features and points: the channels
/// in reverse order, the points sheared, neither of which commutes with g.
template <class Function, class X>
LawErrors equivariance_errors(Function&& f, const X& x, const PointCloud& cloud, Rng& rng) {
  Eigen::Matrix3d shear = Eigen::Matrix3d::Identity();
  shear(0, 1) = 0.4;
  const auto spoiled = [&](X y, const Eigen::Matrix3d& a) {
    for (int b = 0; b < y.batch(); ++b) {
      auto* row = y.data() + std::ptrdiff_t{b} * y.channels();
      std::reverse(row, row + y.channels());
    }
    return f(std::move(y), cloud.mapped(shear * a));
  };
  const auto y = f(x, cloud.graph);
  const auto spoiled_y = spoiled(x, Eigen::Matrix3d::Identity());
  LawErrors errors;
  for (int trial = 0; trial < 4; ++trial) {
    auto g = orthogonal<3>::sample(rng);
    g.inverted = trial % 2;
    const Eigen::Matrix3d a = orthogonal<3>::action(g);
    const auto turned = transform(g, x);
    errors.error = std::max(errors.error,
                            detail::relative_distance(f(turned, cloud.mapped(a)), transform(g, y)));
    errors.control = std::min(
        errors.control, detail::relative_distance(spoiled(turned, a), transform(g, spoiled_y)));
  }
  return errors;
}

/// The law above for a layer with random parameters and features, as it trains and as it is used.
template <class Layer>
void check_equivariance(Layer layer, const PointCloud& cloud, Rng& rng) {
  using Scalar = typename Layer::Scalar;
  randomize(layer, rng);
  const auto x = random_field(Field<typename Layer::in, Scalar, Point>(cloud.nodes()), rng);
  const auto frozen = layer.freeze();
  const auto check = [&](const auto& f) {
    const auto errors = equivariance_errors(f, x, cloud, rng);
    CHECK(errors.error < tolerance<Scalar>);
    CHECK(errors.control > 1e-2);
  };
  check([&](const auto& y, const Graph& graph) { return detail::forward_with(layer, y, graph); });
  check([&](const auto& y, const Graph& graph) { return detail::forward_with(frozen, y, graph); });
}

/// The gradients of all parameters, one after the other.
template <class Layer>
std::vector<double> parameter_gradients(Layer& layer) {
  std::vector<double> all;
  for (const auto& [name, p] : parameters(layer))
    all.insert(all.end(), p->gradient.begin(), p->gradient.end());
  return all;
}

/// How much the result and the gradients (of features, positions and parameters) change if the same
/// edges are given in another order; the control is without one of them.
template <class Layer>
LawErrors edge_order_errors(Layer& layer, const PointCloud& cloud, Rng& rng) {
  const auto x = random_field(Field<typename Layer::in, double, Point>(cloud.nodes()), rng);
  const auto g = random_field(Field<typename Layer::out, double, Point>(cloud.nodes()), rng);
  const auto all = [&](const Graph& graph) {
    zero_gradients(layer);
    const auto y = layer.forward(x, graph);
    Eigen::MatrixXd d_vectors = Eigen::MatrixXd::Zero(3, graph.edges());
    const auto d = layer.backward(g, d_vectors);
    const Eigen::MatrixXd by_position = graph.gather(d_vectors);
    std::vector<double> numbers = parameter_gradients(layer);
    numbers.insert(numbers.end(), y.values().begin(), y.values().end());
    numbers.insert(numbers.end(), d.values().begin(), d.values().end());
    numbers.insert(numbers.end(), by_position.data(), by_position.data() + by_position.size());
    return numbers;
  };
  auto edges = cloud.edges();
  const auto expected = all(make_graph(cloud.positions, edges, cloud.graph.kinds()));
  LawErrors errors;
  for (int trial = 0; trial < 3; ++trial) {
    for (std::size_t i = edges.size(); i > 1; --i)
      std::swap(edges[i - 1], edges[static_cast<std::size_t>(rng.below(static_cast<int>(i)))]);
    const Graph shuffled = make_graph(cloud.positions, edges, cloud.graph.kinds());
    REQUIRE(shuffled.senders() != cloud.graph.senders());
    errors.error = std::max(errors.error, relative_error(all(shuffled), expected));
  }
  edges.pop_back();
  errors.control =
      relative_error(all(make_graph(cloud.positions, edges, cloud.graph.kinds())), expected);
  return errors;
}

/// Of the passes of derivatives of layer.hpp, over a graph whose points move along with all else.
struct GraphDerivativeErrors {
  double adjoint = 0;     ///< |<J v, g> - <v, J^T g>| over features and points, to rounding
  double tangent = 0;     ///< J v against a difference of forward
  double parameters = 0;  ///< each parameter's gradient against a difference of <g, forward>
  double input_only = 0;  ///< backward_input against backward, without gradients of parameters
  // backward_tangent against a difference of backward:
  double second = 0;             ///< by the features
  double second_vectors = 0;     ///< by the vectors of the edges
  double second_parameters = 0;  ///< by each parameter
  double worst() const {
    return std::max({tangent, parameters, second, second_vectors, second_parameters});
  }
};

/// For a layer or network of any sort, with derivatives along random directions in which all
/// elements of features, points, gradient and parameters take part.
template <class Layer>
GraphDerivativeErrors graph_derivative_errors(Layer& layer, const PointCloud& cloud, Rng& rng,
                                              double step = 1e-3) {
  using Values = std::vector<double>;
  using In = Field<typename Layer::in, double, Point>;
  const auto numbers = [](const auto& field) {
    return Values(field.values().begin(), field.values().end());
  };
  const auto of_matrix = [](const Eigen::MatrixXd& a) {
    return Values(a.data(), a.data() + a.size());
  };
  const auto inner = [](const Values& a, const Values& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    return sum;
  };
  const auto moved = [](auto field, const auto& direction, double t) {
    for (std::size_t i = 0; i < field.size(); ++i) field.values()[i] += t * direction.values()[i];
    return field;
  };
  // The derivative at 0 of a function with many results.
  const auto slope = [step](const auto& f) {
    const Values p1 = f(step), m1 = f(-step), p2 = f(2 * step), m2 = f(-2 * step);
    Values d(p1.size());
    for (std::size_t i = 0; i < d.size(); ++i)
      d[i] = (8 * (p1[i] - m1[i]) - (p2[i] - m2[i])) / (12 * step);
    return d;
  };
  // The largest error by parameter; what is nearly zero is compared with the rest.
  const auto by_parameter = [&](const Values& a, const Values& b) {
    REQUIRE(a.size() == b.size());
    const double all = std::sqrt(inner(b, b));
    double worst = 0;
    std::size_t first = 0;
    for (const auto& [name, p] : parameters(layer)) {
      double difference = 0, norm = 0;
      for (std::size_t i = first; i < first + p->gradient.size(); ++i) {
        difference += (a[i] - b[i]) * (a[i] - b[i]);
        norm += b[i] * b[i];
      }
      first += p->gradient.size();
      if (all > 0)
        worst = std::max(worst, std::sqrt(difference) / std::max(std::sqrt(norm), 1e-3 * all));
    }
    return worst;
  };

  const Graph& graph = cloud.graph;
  const auto x = random_field(In(cloud.nodes()), rng), dx = random_field(x, rng);
  const Eigen::MatrixXd d_positions = cloud.random_motion(rng);
  const Eigen::MatrixXd d_vectors = graph.spread(d_positions);
  const auto y = detail::forward_with(layer, x, graph);
  const auto g = random_field(y, rng), dg = random_field(y, rng);
  GraphDerivativeErrors errors;

  zero_gradients(layer);
  Eigen::MatrixXd by_vector = Eigen::MatrixXd::Zero(3, graph.edges());
  const auto d = numbers(detail::backward_with(layer, g, by_vector));
  const Values d_parameters = parameter_gradients(layer);
  zero_gradients(layer);
  detail::forward_with(layer, x, graph);
  Eigen::MatrixXd by_vector_again = Eigen::MatrixXd::Zero(3, graph.edges());
  const auto again = numbers(detail::backward_input_with(layer, g, by_vector_again));
  errors.input_only = std::max(relative_error(again, d),
                               relative_error(of_matrix(by_vector_again), of_matrix(by_vector)));
  for (const double v : parameter_gradients(layer))
    errors.input_only = std::max(errors.input_only, std::abs(v));
  const auto tangent = numbers(detail::forward_tangent_with(layer, dx, d_vectors));
  Eigen::MatrixXd dd_vectors = Eigen::MatrixXd::Zero(3, graph.edges());
  const auto second = numbers(detail::backward_tangent_with(layer, dg, &dd_vectors));
  const Values second_parameters = parameter_gradients(layer);

  const double left = inner(tangent, numbers(g));
  errors.adjoint = std::abs(left - inner(d, numbers(dx)) - dot(by_vector, d_vectors)) /
                   std::max(std::abs(left), 1e-3);

  // Everything moves at once, and backward is what it should be at every place.
  const auto at = [&](double t) { return graph.moved(cloud.positions + t * d_positions); };
  errors.tangent =
      relative_error(tangent, slope([&](double t) {
                       return numbers(detail::forward_with(layer, moved(x, dx, t), at(t)));
                     }));
  const auto pull = [&](double t, int part) {
    detail::forward_with(layer, moved(x, dx, t), at(t));
    zero_gradients(layer);
    Eigen::MatrixXd vectors = Eigen::MatrixXd::Zero(3, graph.edges());
    const auto features = numbers(detail::backward_with(layer, moved(g, dg, t), vectors));
    return part == 0 ? features : part == 1 ? of_matrix(vectors) : parameter_gradients(layer);
  };
  errors.second = relative_error(second, slope([&](double t) { return pull(t, 0); }));
  errors.second_vectors =
      relative_error(of_matrix(dd_vectors), slope([&](double t) { return pull(t, 1); }));
  errors.second_parameters =
      by_parameter(second_parameters, slope([&](double t) { return pull(t, 2); }));

  std::size_t first = 0;
  for (const auto& named : parameters(layer)) {
    Parameter<double>& p = *named.parameter;
    if (!p.trained) continue;
    const auto start = p.value;
    const double count = static_cast<double>(start.size());
    const Values gradient(d_parameters.begin() + static_cast<std::ptrdiff_t>(first),
                          d_parameters.begin() + static_cast<std::ptrdiff_t>(first + start.size()));
    first += start.size();
    for (int trial = 0; trial < 3; ++trial) {
      Values direction(start.size());
      for (auto& v : direction) v = rng.normal();
      const Values difference = slope([&](double t) {
        for (std::size_t i = 0; i < start.size(); ++i) p.value[i] = start[i] + t * direction[i];
        return Values{inner(numbers(detail::forward_with(layer, x, graph)), numbers(g))};
      });
      // What the slope is in size along a random direction.
      const double size =
          std::sqrt(inner(gradient, gradient) * inner(direction, direction) / count);
      errors.parameters =
          std::max(errors.parameters,
                   std::abs(difference[0] - inner(gradient, direction)) / std::max(size, 1e-3));
    }
    p.value = start;
  }
  zero_gradients(layer);
  detail::forward_with(layer, x, graph);
  return errors;
}

}  // namespace gsteer::test
