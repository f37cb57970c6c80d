// SPDX-License-Identifier: MIT
// The laws of forward_tangent, backward_input and backward_tangent (layer/layer.hpp) for any layer
// of point fields.
#pragma once

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "layer/laws.hpp"

namespace gsteer::test {

struct SecondDerivativeErrors {
  double adjoint = 0;     ///< |<J v, g> - <v, J^T g>|
  double tangent = 0;     ///< J v against a difference of forward
  double second = 0;      ///< backward_tangent against a difference of backward_input
  double parameters = 0;  ///< what it adds to the gradients, against a difference of backward
};

template <class Layer, class X>
SecondDerivativeErrors second_derivative_errors(Layer& layer, const X& x, Rng& rng,
                                                double step = 1e-3) {
  const auto z = layer.forward(x);
  const auto g = random_field(z, rng), dg = random_field(z, rng);
  const auto dx = random_field(x, rng);
  const auto tangent = layer.forward_tangent(dx);
  zero_gradients(layer);
  const auto d = layer.backward_input(g);
  SecondDerivativeErrors errors;
  for (const auto& [name, p] : parameters(layer))
    for (const double v : p->gradient) errors.parameters = std::max(errors.parameters, std::abs(v));
  const auto second = layer.backward_tangent(dg);
  std::vector<double> second_parameters;
  for (const auto& [name, p] : parameters(layer))
    second_parameters.insert(second_parameters.end(), p->gradient.begin(), p->gradient.end());

  double left = 0, right = 0;
  for (std::size_t i = 0; i < z.size(); ++i) left += tangent.values()[i] * g.values()[i];
  for (std::size_t i = 0; i < x.size(); ++i) right += dx.values()[i] * d.values()[i];
  errors.adjoint = std::abs(left - right) / std::max(1.0, std::abs(left));

  const std::size_t outputs = z.size(), inputs = x.size();
  const auto along = [&](double t) {
    X a = x;
    auto h = g;
    for (std::size_t i = 0; i < inputs; ++i) a.values()[i] += t * dx.values()[i];
    for (std::size_t i = 0; i < outputs; ++i) h.values()[i] += t * dg.values()[i];
    const auto out = layer.forward(a);
    zero_gradients(layer);
    const auto back = layer.backward(h);
    std::vector<double> all(out.values().begin(), out.values().end());
    all.insert(all.end(), back.values().begin(), back.values().end());
    for (const auto& [name, p] : parameters(layer))
      all.insert(all.end(), p->gradient.begin(), p->gradient.end());
    return all;
  };
  const auto p1 = along(step), m1 = along(-step), p2 = along(2 * step), m2 = along(-2 * step);
  const auto error = [&](std::size_t first, const auto& expected) {
    double difference = 0, norm = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const std::size_t j = first + i;
      const double slope = (8 * (p1[j] - m1[j]) - (p2[j] - m2[j])) / (12 * step);
      difference += (slope - expected[i]) * (slope - expected[i]);
      norm += slope * slope;
    }
    return std::sqrt(difference / std::max(norm, 1e-12));
  };
  errors.tangent = error(0, tangent.values());
  errors.second = error(outputs, second.values());
  errors.parameters = std::max(errors.parameters, error(outputs + inputs, second_parameters));
  zero_gradients(layer);
  layer.forward(x);
  return errors;
}

}  // namespace gsteer::test
