// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <type_traits>
#include <utility>
#include <vector>

#include "gsteer/core/random.hpp"
#include "gsteer/field/field.hpp"
#include "gsteer/layer/parameter.hpp"

namespace gsteer {

/// How far the gradients of a layer are from central differences, relative to the gradients' size.
struct GradientError {
  double input = 0;
  double parameters = 0;
  double worst() const { return std::max(input, parameters); }
};

namespace detail {

/// The derivative of f along a line at 0 by central differences of fourth order,
///   (8 (f(h) - f(-h)) - (f(2h) - f(-2h))) / (12 h),   error O(h^4) + O(rounding / h).
template <class F>
double central_difference(F&& f, double h) {
  return (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h);
}

}  // namespace detail

/// Compares backward with central differences of <r, forward(x)>, r random: along `directions`
/// random directions of the input and of each trained parameter. The error of a direction d is |g d
/// - difference| / (|g| |d|), so that a gradient that is right in most components and wrong in a
/// few shows. Layers must compute in double; one with kinks (ReLU) is measured correctly unless a
/// kink lies within the step. Random state (dropout) is put back before every evaluation. Gradients
/// are left zero.
template <class Layer, class X>
GradientError gradient_error(Layer& layer, const X& x, Rng& rng, int directions = 4,
                             double step = 1e-4) {
  static_assert(std::is_same_v<typename Layer::Scalar, double>,
                "gsteer: gradients are checked in double; use the layer with Scalar = double");
  std::vector<std::pair<Rng*, Rng>> generators;
  detail::for_each_generator(layer,
                             [&](const std::string&, Rng& g) { generators.emplace_back(&g, g); });
  std::vector<std::pair<Parameter<double>*, Buffer<double>>> statistics;
  for (const auto& [name, p] : parameters(layer))
    if (!p->trained) statistics.emplace_back(p, p->value);
  const auto run = [&](const X& input) {
    for (auto& [live, saved] : generators) *live = saved;
    for (auto& [live, saved] : statistics) live->value = saved;
    return layer.forward(input);
  };

  auto r = run(x);
  for (auto& v : r.values()) v = rng.normal();
  const auto objective = [&](const X& input) {
    const auto y = run(input);
    double sum = 0;
    for (std::size_t i = 0; i < y.size(); ++i) sum += y.values()[i] * r.values()[i];
    return sum;
  };

  zero_gradients(layer);
  run(x);
  const auto d_x = layer.backward(r);
  std::vector<Buffer<double>> d_p;
  const auto all = parameters(layer);
  for (const auto& [name, p] : all) d_p.push_back(p->gradient);

  // A gradient that is zero, that of a bias before a batch norm, say, is compared with the largest.
  const auto size_of = [](const Buffer<double>& g) {
    double squares = 0;
    for (const double v : g) squares += v * v;
    return g.empty() ? 0 : std::sqrt(squares / static_cast<double>(g.size()));
  };
  double largest = size_of(d_x.values());
  for (const auto& g : d_p) largest = std::max(largest, size_of(g));
  const double least = std::max(1e-3 * largest, 1e-12);

  // The error along random directions of one array of numbers, with gradient g, that `at` sets.
  const auto along = [&](const Buffer<double>& start, const Buffer<double>& g, auto&& at) {
    double worst = 0;
    for (int d = 0; d < directions; ++d) {
      Buffer<double> direction(start.size()), moved(start.size());
      double length = 0, slope = 0;
      for (auto& v : direction) v = rng.normal();
      for (const double v : direction) length += v * v;
      for (std::size_t i = 0; i < g.size(); ++i) slope += g[i] * direction[i] / std::sqrt(length);
      const double difference = detail::central_difference(
          [&](double t) {
            for (std::size_t i = 0; i < start.size(); ++i)
              moved[i] = start[i] + t * direction[i] / std::sqrt(length);
            return at(moved);
          },
          step);
      worst = std::max(worst, std::abs(slope - difference) / std::max(size_of(g), least));
    }
    return worst;
  };

  GradientError error;
  error.input = along(x.values(), d_x.values(), [&](const Buffer<double>& values) {
    X moved = x;
    std::copy(values.begin(), values.end(), moved.values().begin());
    return objective(moved);
  });
  for (std::size_t i = 0; i < all.size(); ++i) {
    Parameter<double>& p = *all[i].parameter;
    if (!p.trained || p.value.size() == 0) continue;
    const Buffer<double> start = p.value;
    error.parameters =
        std::max(error.parameters, along(start, d_p[i], [&](const Buffer<double>& values) {
                   p.value = values;
                   return objective(x);
                 }));
    p.value = start;
  }
  run(x);
  for (auto& [live, saved] : statistics) live->value = saved;
  zero_gradients(layer);
  return error;
}

}  // namespace gsteer
