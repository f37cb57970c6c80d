// SPDX-License-Identifier: MIT
// The checks that every linear layer on a grid passes.
#pragma once

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "layer/laws.hpp"

namespace gsteer::test {

/// Equivariance under all lattice elements, gradients, adjointness, threads.
template <class Layer, int Dimension>
void check_linear_layer(Layer layer, const Grid<Dimension>& grid) {
  using Scalar = typename Layer::Scalar;
  Rng rng(7);
  randomize(layer, rng);
  const auto x = random_field(Field<typename Layer::in, Scalar, Grid<Dimension>>(2, grid), rng);
  INFO(Layer::in::name() << " -> " << Layer::out::name());
  const auto y = layer.forward(x);
  double size = 0;
  for (const Scalar v : y.values()) size += std::abs(v);
  REQUIRE(size > 0);
  CHECK(lattice_error(layer, x) < tolerance<Scalar>);
  if constexpr (std::is_same_v<Scalar, double>) {
    const auto error = gradient_error(layer, x, rng, 2);
    CHECK(error.input < 1e-6);
    CHECK(error.parameters < 1e-6);
    // <A x, r> = <x, A^T r>, and linear in the weights, once the bias is out of the way.
    for (const auto& [name, p] : parameters(layer))
      if (name == "bias") std::fill(p->value.begin(), p->value.end(), 0);
    zero_gradients(layer);
    const auto ax = layer.forward(x);
    const auto r = random_field(ax, rng);
    const auto ar = layer.backward(r);
    const auto dot = [](const auto& a, const auto& b) {
      double sum = 0;
      for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
      return sum;
    };
    const double expected = dot(ax.values(), r.values());
    const double rounding =
        1e-12 * std::sqrt(dot(ax.values(), ax.values()) * dot(r.values(), r.values()));
    CHECK(std::abs(dot(x.values(), ar.values()) - expected) < rounding);
    for (const auto& [name, p] : parameters(layer))
      if (name == "weight") CHECK(std::abs(dot(p->value, p->gradient) - expected) < rounding);
  }
  check_threads(layer, x);
}

}  // namespace gsteer::test
