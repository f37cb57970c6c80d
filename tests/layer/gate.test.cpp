// SPDX-License-Identifier: MIT
#include "gsteer/layer/gate.hpp"

#include <cmath>
#include <string>

#include "gsteer/check/equivariance.hpp"
#include "gsteer/io/safetensors.hpp"
#include "layer/laws.hpp"
#include "layer/second_derivatives.hpp"

using namespace gsteer;

namespace {

constexpr double c_silu = 1.6791767923989418, c_sigmoid = 1.8467055342154763;
double sigma(double x) { return 1 / (1 + std::exp(-x)); }

/// An even function.
struct bump {
  static constexpr bool odd = false;
  static constexpr bool even = true;
  template <class X>
  X value(const X& x) const {
    return (-x.square()).exp();
  }
  template <class X>
  X derivative(const X& x) const {
    return -2 * x * value(x);
  }
  template <class X>
  X second_derivative(const X& x) const {
    return (4 * x.square() - 2) * value(x);
  }
};

// Sorted input, output in the order of the arguments.
constexpr auto scalars = irreps<"3x0e+2x0o">;
constexpr auto gates = irreps<"2x0o+4x0e">;
constexpr auto gated = irreps<"3x2e+1x1o+2x1e">;
static_assert(gate_input<scalars, gates, gated> == irreps<"4x0o+7x0e+1x1o+2x1e+3x2e">);
static_assert(gate_output<scalars, gates, gated> == irreps<"3x0e+2x0o+2x2o+1x2e+1x1o+2x1e">);
using EvenOfOdd = gate_functions<silu, bump, sigmoid, bump>;
static_assert(gate_output<scalars, gates, gated, EvenOfOdd> == irreps<"5x0e+3x2e+1x1o+2x1e">);

}  // namespace

TEST_CASE("the gate of e3nn") {
  const auto file =
      read_safetensors(std::string(GSTEER_TEST_DATA) + "/golden/e3nn_gate.safetensors");
  const auto x = file.values<double>("x"), expected = file.values<double>("out");
  Gate<irreps<"3x0e">, irreps<"4x0e">, irreps<"2x1o+2x2e">, double> layer;
  PointField<irreps<"7x0e+2x1o+2x2e">, double> in(static_cast<int>(x.size()) / 23);
  REQUIRE(in.size() == x.size());
  std::copy(x.begin(), x.end(), in.data());
  const auto z = layer.forward(in), frozen = layer.freeze().forward(in);
  REQUIRE(z.size() == expected.size());
  double worst = 0;
  for (std::size_t i = 0; i < z.size(); ++i)
    worst = std::max({worst, std::abs(z.values()[i] - expected[i]),
                      std::abs(frozen.values()[i] - z.values()[i])});
  CHECK(worst < 1e-10);
}

TEST_CASE("the input of a gate is sorted, scalars before gates") {
  Gate<irreps<"1x0e">, irreps<"1x0e">, irreps<"1x1o">, double> layer;
  PointField<irreps<"2x0e+1o">, double> x(1);
  const double values[] = {0.3, -0.7, 1, 2, 3};
  std::copy_n(values, 5, x.data());
  const auto z = layer.forward(x);
  CHECK(std::abs(z(0, 0) - c_silu * 0.3 * sigma(0.3)) < 1e-14);
  for (int i = 0; i < 3; ++i)
    CHECK(std::abs(z(0, 1 + i) - c_sigmoid * sigma(-0.7) * (i + 1)) < 1e-14);

  // A pseudoscalar sorts before all others.
  Gate<irreps<"1x0e">, irreps<"1x0o">, irreps<"1x1o">, double> odd;
  static_assert(std::is_same_v<decltype(odd)::in, features_of<irreps<"0o+0e+1o">>>);
  static_assert(std::is_same_v<decltype(odd)::out, features_of<irreps<"0e+1e">>>);
  PointField<irreps<"0o+0e+1o">, double> y(1);
  std::copy_n(values, 5, y.data());
  const auto w = odd.forward(y);
  CHECK(std::abs(w(0, 0) - c_silu * -0.7 * sigma(-0.7)) < 1e-14);
  CHECK(std::abs(w(0, 1) / std::tanh(0.3) - w(0, 2) / std::tanh(0.3) / 2) < 1e-12);
}

TEST_CASE("gates commute with rotations and inversions, and differentiate twice") {
  Rng rng(31);
  const auto check = [&](auto layer) {
    using Layer = decltype(layer);
    const auto x = test::random_field(typename Layer::Input(5), rng);
    for (int run = 0; run < 4; ++run) {
      const auto g = orthogonal<3>::sample(rng);
      CHECK(equivariance_error(layer, g, x) < 1e-12);
      CHECK(equivariance_error_of([&](const auto& f) { return layer.forward(f); }, g, x) < 1e-12);
      CHECK(detail::relative_distance(layer.forward(transform(g, x)), layer.forward(x)) > 1e-2);
    }
    CHECK(gradient_error(layer, x, rng).worst() < 1e-7);
    const auto errors = test::second_derivative_errors(layer, x, rng);
    CHECK(errors.adjoint < 1e-12);
    CHECK(errors.tangent < 1e-7);
    CHECK(errors.second < 1e-6);
    test::check_threads(layer, x);
  };
  check(Gate<scalars, gates, gated, double>{});
  check(Gate<scalars, gates, gated, double, EvenOfOdd>{});
  check(Gate<irreps<"0x0e">, irreps<"2x0e">, irreps<"2x1o">, double>{});
}

TEST_CASE("a function that is neither odd nor even would break the inversion") {
  // What the compiler refuses, done by hand: silu of a pseudoscalar.
  PointField<irreps<"0o">, double> x(1);
  x(0, 0) = 0.8;
  const auto f = [](PointField<irreps<"0o">, double> y) {
    y(0, 0) *= sigma(y(0, 0));
    return y;
  };
  double worst = 0;
  for (const auto& g : orthogonal<3>::generators())
    worst = std::max(worst, equivariance_error_of(f, g, x));
  CHECK(worst > 1e-2);
}

TEST_CASE("a gate of scalars only") {
  Gate<irreps<"4x0e">, irreps<"0x0e">, irreps<"0x1o">, double> layer;
  PointField<irreps<"4x0e">, double> x(2);
  for (auto& v : x.values()) v = 1;
  CHECK(std::abs(layer.forward(x)(1, 3) - c_silu * sigma(1)) < 1e-14);
  CHECK_THROWS_AS(layer.backward(PointField<irreps<"4x0e">, double>(3)), Error);
  CHECK_THROWS_AS(layer.backward_tangent(x), Error);
}
