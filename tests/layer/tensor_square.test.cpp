// SPDX-License-Identifier: MIT
#include "gsteer/layer/tensor_square.hpp"

#include <cmath>

#include "gsteer/check/equivariance.hpp"
#include "gsteer/train/initialization.hpp"
#include "layer/laws.hpp"
#include "layer/second_derivatives.hpp"

using namespace gsteer;

namespace {

constexpr auto in = irreps<"4x0e+3x1o+2x2e">;
constexpr auto out = irreps<"4x0e+3x1o+1e+2x2e">;

// n (n + 1) / 2 independent products of n channels.
static_assert(square_product<in>.size() == in.size() * (in.size() + 1) / 2);
static_assert(square_product<irreps<"1o">> == irreps<"0e+2e">);

}  // namespace

TEST_CASE("the square of a field holds its norm and its symmetric products") {
  TensorSquare<irreps<"2x1o">, double> square;
  // 0e: uvu<v (1 channel), then the squares of the two copies; coefficients sqrt(alpha).
  PointField<irreps<"2x1o">, double> x(1);
  const double a[] = {1, 2, 3}, b[] = {-1, 4, 2};
  std::copy_n(a, 3, x.data());
  std::copy_n(b, 3, x.data() + 3);
  const auto z = square.forward(x);
  CHECK(z(0, 0) == Approx((-1 + 8 + 6) / std::sqrt(3.0)));
  CHECK(z(0, 1) == Approx(14 / std::sqrt(3.0) * std::sqrt(1.0 / 5)));
  CHECK(z(0, 2) == Approx(21 / std::sqrt(3.0) * std::sqrt(1.0 / 5)));
}

TEST_CASE("squares of unit variance have unit mean square") {
  Rng rng(21);
  const auto mean_square = [&](auto& layer) {
    double sum = 0;
    std::size_t count = 0;
    for (int run = 0; run < 40; ++run) {
      layer.initialize(rng);
      const auto z = layer.forward(test::random_field(PointField<in, double>(400), rng));
      for (const double v : z.values()) sum += v * v;
      count += z.size();
    }
    return sum / static_cast<double>(count);
  };
  TensorSquare<in, double> full;
  CHECK(std::abs(mean_square(full) - 1) < 0.03);
  WeightedTensorSquare<in, out, double> weighted;
  CHECK(std::abs(mean_square(weighted) - 1) < 0.03);
}

TEST_CASE("squares commute with rotations and inversions, and differentiate twice") {
  Rng rng(22);
  const auto check = [&](auto& layer) {
    layer.initialize(rng);
    const auto x = test::random_field(PointField<in, double>(4), rng);
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
  };
  TensorSquare<in, double> full;
  check(full);
  WeightedTensorSquare<in, out, double> weighted;
  check(weighted);
}
