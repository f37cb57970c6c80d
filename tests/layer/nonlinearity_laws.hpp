// SPDX-License-Identifier: MIT
// What every layer that has no kernel must satisfy, on grids and on points.
#pragma once

#include <cmath>
#include <optional>
#include <thread>
#include <vector>

#include "layer/laws.hpp"

namespace gsteer::test {

/// The same numbers, seen as a field of other features: how a test breaks a symmetry.
template <class To, class From, class Scalar, class Space>
Field<To, Scalar, Space> seen_as(const Field<From, Scalar, Space>& x) {
  static_assert(To::size == From::size);
  Field<To, Scalar, Space> y(x.batch(), x.space());
  std::copy(x.values().begin(), x.values().end(), y.values().begin());
  return y;
}

template <class F>
double sum_of_magnitudes(const F& x) {
  double sum = 0;
  for (const auto v : x.values()) sum += std::abs(static_cast<double>(v));
  return sum;
}

/// The largest error over all elements of a finite group, or some random ones, at points.
template <class G, class Function, class X>
double point_error(Function&& f, const X& x) {
  Rng rng(5);
  double worst = 0;
  for (int i = 0; i < (G::order > 0 ? G::order : 10); ++i) {
    std::optional<typename G::element> g;
    if constexpr (finite_group<G>)
      g = G::element_at(i);
    else
      g = G::sample(rng);
    worst = std::max(worst, equivariance_error_of(f, *g, x));
  }
  return worst;
}

template <class Layer, class X>
void check_frozen(Layer& layer, const X& x) {
  const auto y = layer.forward(x);
  const auto frozen = layer.freeze();
  std::vector<decltype(frozen.forward(x))> results(4);
  std::vector<std::thread> threads;
  for (auto& result : results) threads.emplace_back([&] { result = frozen.forward(x); });
  for (auto& thread : threads) thread.join();
  for (const auto& result : results)
    CHECK(std::equal(y.values().begin(), y.values().end(), result.values().begin(),
                     result.values().end()));
}

template <class Layer, class X>
void check_finite_at_zero(Layer& layer, X x) {
  std::fill(x.values().begin(), x.values().end(), 0);
  auto y = layer.forward(x);
  for (const auto v : y.values()) REQUIRE(std::isfinite(v));
  std::fill(y.values().begin(), y.values().end(), 1);
  const auto d = layer.backward(y);
  for (const auto v : d.values()) REQUIRE(std::isfinite(v));
}

/// Borrowed memory must be left alone: layers work in place on what they own.
template <class Layer, class X>
void check_borrowed(Layer& layer, X x) {
  const X before = x;
  auto view = X::map(x.data(), x.batch(), x.space());
  layer.freeze().forward(std::move(view));
  view = X::map(x.data(), x.batch(), x.space());
  layer.forward(std::move(view));
  CHECK(std::equal(x.values().begin(), x.values().end(), before.values().begin()));
}

/// `everywhere`: commutes exactly with all elements, not only with those that map a grid to itself.
template <class Layer>
void check_nonlinearity(Layer layer, bool everywhere = true) {
  using Scalar = typename Layer::Scalar;
  using G = typename Layer::in::group;
  INFO(Layer::in::name() << " -> " << Layer::out::name());
  Rng rng(11);
  const auto picture = random_field(Field<typename Layer::in, Scalar, Grid<2>>(2, 5, 4), rng);
  const auto points = random_field(Field<typename Layer::in, Scalar, Point>(9), rng);

  REQUIRE(sum_of_magnitudes(layer.forward(picture)) > 0);
  CHECK(lattice_error(layer, picture) < tolerance<Scalar>);
  if (lattice_elements<G>().size() > 1)  // the negative control: one corner is treated differently
    CHECK(lattice_error_of<G>(
              [&](const auto& x) {
                auto y = layer.forward(x);
                y.values()[0] += 1;
                return y;
              },
              picture) > 1e-3);
  if (everywhere) {
    CHECK(point_error<G>([&](const auto& x) { return layer.forward(x); }, points) <
          tolerance<Scalar>);
    CHECK(point_error<G>([&](const auto& x) { return layer.freeze().forward(x); }, points) <
          tolerance<Scalar>);
  }
  if constexpr (std::is_same_v<Scalar, double>) {
    CHECK(gradient_error(layer, picture, rng).worst() < 1e-6);
    CHECK(gradient_error(layer, points, rng).worst() < 1e-6);
  }
  check_frozen(layer, picture);
  check_frozen(layer, points);
  check_finite_at_zero(layer, picture);
  check_finite_at_zero(layer, points);
  check_borrowed(layer, picture);
  check_threads(layer, random_field(Field<typename Layer::in, Scalar, Grid<2>>(3, 41, 43), rng));
  check_threads(layer, random_field(Field<typename Layer::in, Scalar, Point>(5000), rng));
  // A layer over any space: in three dimensions, too, pixel by pixel the same.
  Field<typename Layer::in, Scalar, Grid<3>> volume(2, Grid<3>{{5, 2, 2}});
  std::copy(picture.values().begin(), picture.values().end(), volume.values().begin());
  const auto flat = layer.forward(picture);
  const auto deep = layer.forward(volume);
  CHECK(std::equal(flat.values().begin(), flat.values().end(), deep.values().begin()));
  CHECK(layer.backward(deep).space() == volume.space());
  CHECK_THROWS_AS(layer.backward(flat), Error);
  CHECK_THROWS_AS(Layer(layer).backward(decltype(flat)(1, 2, 2)), Error);
}

}  // namespace gsteer::test
