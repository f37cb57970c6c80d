// SPDX-License-Identifier: MIT
#include "gsteer/layer/irreps_linear.hpp"

#include <cmath>

#include "gsteer/check/equivariance.hpp"
#include "gsteer/train/initialization.hpp"
#include "layer/laws.hpp"
#include "layer/second_derivatives.hpp"

using namespace gsteer;

TEST_CASE("weights and coefficient of e3nn's Linear") {
  IrrepsLinear<irreps<"4x0e+16x1o">, irreps<"8x0e+8x1o">> counted;
  CHECK(parameter_count(counted) == 160);

  // 2x1o + 3x1o -> 1x1o, all weights 1, all inputs v: sqrt(5) v.
  IrrepsLinear<irreps<"2x1o+3x1o">, irreps<"1x1o">, double> layer;
  for (auto& w : layer.weight.value) w = 1;
  PointField<irreps<"5x1o">, double> x(1);
  for (int i = 0; i < 15; ++i) x(0, i) = 1 + i % 3;
  const auto z = layer.forward(x);
  for (int i = 0; i < 3; ++i) CHECK(std::abs(z(0, i) - std::sqrt(5.0) * (1 + i)) < 1e-14);
}

TEST_CASE("linear maps keep the variance") {
  Rng rng(41);
  IrrepsLinear<irreps<"20x0e+9x1o+4x0e">, irreps<"12x0e+8x1o">, double> layer;
  double sum = 0;
  for (int run = 0; run < 20; ++run) {
    initialize(layer, rng);
    const auto z = layer.forward(test::random_field(decltype(layer)::Input(400), rng));
    for (const double v : z.values()) sum += v * v;
  }
  CHECK(std::abs(sum / (20 * 400 * 36) - 1) < 0.03);
}

TEST_CASE("linear maps of irreps commute with O(3), and differentiate twice") {
  Rng rng(42);
  IrrepsLinear<irreps<"3x0e+2x0o+4x1o+2x2e">, irreps<"2x2e+3x1o+2x0e+1x1e">, double> layer(
      {.bias = true});
  test::randomize(layer, rng);
  const auto x = test::random_field(decltype(layer)::Input(6), rng);
  for (int run = 0; run < 4; ++run) {
    const auto g = orthogonal<3>::sample(rng);
    CHECK(equivariance_error(layer, g, x) < 1e-12);
    CHECK(detail::relative_distance(layer.forward(transform(g, x)), layer.forward(x)) > 1e-2);
  }
  CHECK(gradient_error(layer, x, rng).worst() < 1e-7);
  const auto errors = test::second_derivative_errors(layer, x, rng);
  CHECK(errors.adjoint < 1e-12);
  CHECK(errors.tangent < 1e-7);
  CHECK(errors.second < 1e-6);
  CHECK(errors.parameters < 1e-6);
  test::check_threads(layer, test::random_field(decltype(layer)::Input(300), rng));
}
