// SPDX-License-Identifier: MIT
// The checks that every layer passes, for all groups: used by the tests of this folder.
#pragma once

#include <algorithm>
#include <type_traits>

#include "catch.hpp"
#include "gsteer/check/equivariance.hpp"
#include "gsteer/check/gradient.hpp"
#include "gsteer/core/parallel.hpp"

namespace gsteer::test {

template <class Scalar>
constexpr double tolerance = std::is_same_v<Scalar, double> ? 1e-12 : 1e-5;

template <class F>
F random_field(F field, Rng& rng) {
  for (auto& v : field.values()) v = static_cast<typename F::Scalar>(rng.normal());
  return field;
}

template <class Layer>
void randomize(Layer& layer, Rng& rng) {
  for (const auto& [name, p] : parameters(layer))
    if (p->trained)
      for (auto& v : p->value) v = static_cast<typename Layer::Scalar>(rng.normal());
}

/// The largest error over all elements that map the grid to itself, in training and in use.
template <class Layer, class X>
double lattice_error(Layer& layer, const X& x) {
  using G = typename Layer::in::group;
  double worst = 0;
  for (const auto& g : lattice_elements<G>()) {
    worst =
        std::max(worst, equivariance_error_of([&](const X& f) { return layer.forward(f); }, g, x));
    worst = std::max(worst, equivariance_error(layer, g, x));
  }
  return worst;
}

/// The same for a function that is meant to break the symmetry.
template <class G, class Function, class X>
double lattice_error_of(Function&& f, const X& x) {
  double worst = 0;
  for (const auto& g : lattice_elements<G>())
    worst = std::max(worst, equivariance_error_of(f, g, x));
  return worst;
}

/// forward and backward give the same bits on one thread as on two and three.
template <class Layer, class X>
void check_threads(Layer layer, const X& x) {
  const auto run = [&](int count) {
    set_threads(count);
    Layer copy = layer;
    auto y = copy.forward(x);
    auto d = copy.backward(y);
    Buffer<typename Layer::Scalar> all(y.size() + d.size());
    std::copy(d.values().begin(), d.values().end(),
              std::copy(y.values().begin(), y.values().end(), all.begin()));
    std::vector<Buffer<typename Layer::Scalar>> bits{all};
    for (const auto& [name, p] : parameters(copy)) bits.push_back(p->gradient);
    set_threads(0);
    return bits;
  };
  const auto one = run(1);
  for (const int count : {2, 3}) {
    const auto other = run(count);
    for (std::size_t i = 0; i < one.size(); ++i)
      REQUIRE(std::equal(one[i].begin(), one[i].end(), other[i].begin()));
  }
}

}  // namespace gsteer::test
