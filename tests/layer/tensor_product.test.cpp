// SPDX-License-Identifier: MIT
#include "gsteer/layer/tensor_product.hpp"

#include <cmath>
#include <string>
#include <vector>

#include "gsteer/check/equivariance.hpp"
#include "gsteer/io/safetensors.hpp"
#include "gsteer/layer/irreps_linear.hpp"
#include "gsteer/train/initialization.hpp"
#include "layer/laws.hpp"
#include "layer/products.hpp"

using namespace gsteer;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr auto per_sample = WeightSource::per_sample;

/// Compares a product with the output of e3nn for the same input and flat weights.
template <auto In1, auto In2, auto Out>
double golden_error(const std::string& name) {
  const auto file = read_safetensors(std::string(GSTEER_TEST_DATA) +
                                     "/golden/e3nn_fully_connected_tensor_product.safetensors");
  const auto x = file.values<double>(name + "/x"), y = file.values<double>(name + "/y"),
             w = file.values<double>(name + "/weight"),
             expected = file.values<double>(name + "/out");
  FullyConnectedTensorProduct<In1, In2, Out, double> product({.weights = per_sample});
  const int batch = static_cast<int>(x.size()) / In1.size();
  PointField<In1, double> a(batch);
  PointField<In2, double> b(batch);
  Buffer<double> weights(w.size());
  std::copy(x.begin(), x.end(), a.data());
  std::copy(y.begin(), y.end(), b.data());
  std::copy(w.begin(), w.end(), weights.begin());
  const auto z = product.forward(a, b, weights);
  REQUIRE(z.size() == expected.size());
  double worst = 0;
  for (std::size_t i = 0; i < z.size(); ++i)
    worst = std::max(worst, std::abs(z.values()[i] - expected[i]));
  return worst;
}

}  // namespace

TEST_CASE("the fully connected tensor product of e3nn") {
  CHECK(golden_error<irreps<"4x0e+3x1o">, irreps<"1x0e+1x1o">, irreps<"4x0e+3x1o+2x1e+2x2e">>("0") <
        1e-10);
  CHECK(golden_error<irreps<"2x0e+2x1o+2x2e">, irreps<"1x0e+1x1o+1x2e">, irreps<"2x0e+2x1o+2x2e">>(
            "1") < 1e-10);
}

TEST_CASE("the full product of e3nn.c's README") {
  // Spherical harmonics of (1, 2, 3) ("component") times the pseudovector (7, 8, 9).
  constexpr auto a = irreps<"0e+1o+2e">;
  constexpr auto b = irreps<"1e">;
  FullTensorProduct<a, b, double> product;
  static_assert(full_product<a, b> == irreps<"0o+1o+1e+1e+2o+2e+3e">);
  PointField<a, double> x(1);
  PointField<b, double> y(1);
  const double v[] = {1, 2, 3}, r = std::sqrt(14.0);
  const double harmonics[] = {1,
                              std::sqrt(3.0) * v[0] / r,
                              std::sqrt(3.0) * v[1] / r,
                              std::sqrt(3.0) * v[2] / r,
                              std::sqrt(15.0) * v[0] * v[2] / 14,
                              std::sqrt(15.0) * v[0] * v[1] / 14,
                              std::sqrt(5.0) * (v[1] * v[1] - (v[0] * v[0] + v[2] * v[2]) / 2) / 14,
                              std::sqrt(15.0) * v[1] * v[2] / 14,
                              std::sqrt(15.0) * (v[2] * v[2] - v[0] * v[0]) / 2 / 14};
  std::copy_n(harmonics, 9, x.data());
  for (int i = 0; i < 3; ++i) y(0, i) = 7 + i;
  const auto z = product.forward(x, y);
  const double expected[] = {13.36, -1.96, 3.93,  -1.96, 7,    8,     9,    2.63,  9.50,
                             16.36, -2.71, 0,     4.69,  2.71, -1.36, 9.82, 7.20,  -.38,
                             13.75, 6.55,  10.76, 13.42, 2.58, -9.40, 5.91, 11.50, 2.93};
  REQUIRE(z.size() == 27);
  for (int i = 0; i < 27; ++i) {
    CAPTURE(i);
    // e3nn-jax sorts 2e before 2o.
    const int ours = i < 10 || i >= 20 ? i : (i < 15 ? i + 5 : i - 5);
    CHECK(std::abs(z(0, ours) - expected[i]) < 0.01);
  }
}

TEST_CASE("counts and order of the weights are those of e3nn") {
  constexpr auto node = irreps<"32x0e+32x1o">, edge = irreps<"0e+1o">;
  FullyConnectedTensorProduct<node, edge, node> product;
  CHECK(product.weight_count() == 4096);
  CHECK(parameter_count(product) == 4096);
  CHECK(parameters(product).front().name == "weight");

  // Row-major inside a path: with 0e's only, F = sum W[u, v, w] x_u y_v / sqrt(6).
  constexpr auto a = irreps<"2x0e">;
  constexpr auto b = irreps<"3x0e">;
  constexpr auto c = irreps<"4x0e">;
  FullyConnectedTensorProduct<a, b, c, double> small;
  REQUIRE(small.weight_count() == 24);
  for (int i = 0; i < 24; ++i) small.weight.value[static_cast<std::size_t>(i)] = i;
  PointField<a, double> x(1);
  PointField<b, double> y(1);
  x(0, 1) = 1;
  y(0, 2) = 1;
  const auto z = small.forward(x, y);
  for (int w = 0; w < 4; ++w) CHECK(z(0, w) == Approx(((1 * 3 + 2) * 4 + w) / std::sqrt(6.0)));
}

TEST_CASE("products of unit variance have unit variance") {
  constexpr auto a = irreps<"8x0e+6x1o+4x2e">;
  constexpr auto b = irreps<"3x0e+1o+1e">;
  const auto mean_square = [](auto& layer, auto& in1, auto& in2, Rng& rng) {
    // The mean over weights, too: these are drawn anew.
    double sum = 0;
    int count = 0;
    for (int run = 0; run < 20; ++run) {
      if constexpr (requires { layer.initialize(rng); }) layer.initialize(rng);
      const auto z = layer.forward(test::random_field(in1, rng), test::random_field(in2, rng));
      for (const double v : z.values()) sum += v * v;
      count += static_cast<int>(z.size());
    }
    return sum / count;
  };
  PointField<a, double> x(400);
  PointField<b, double> y(400);
  Rng rng(7);
  for (const auto normalization : {PathNormalization::element, PathNormalization::path}) {
    FullyConnectedTensorProduct<a, b, irreps<"8x0e+6x1o+4x1e+2x2o">, double> connected(
        {.path_normalization = normalization});
    CHECK(std::abs(mean_square(connected, x, y, rng) - 1) < 0.03);
    FullTensorProduct<a, b, double> full({.path_normalization = normalization});
    CHECK(std::abs(mean_square(full, x, y, rng) - 1) < 0.03);
    // uvu and a linear map behind it, as in message passing.
    constexpr auto vector = irreps<"1o">;
    constexpr auto mid = irreps<"8x1o+6x0e+6x1e+6x2e">;
    using enum ConnectionMode;
    TensorProduct<irreps<"8x0e+6x1o">, vector, mid, double> by_channel(
        std::vector<TensorPath>{{0, 0, 0, uvu, true, 1},
                                {1, 0, 1, uvu, true, 1},
                                {1, 0, 2, uvu, true, 1},
                                {1, 0, 3, uvu, true, 1}},
        {.path_normalization = normalization});
    IrrepsLinear<mid, irreps<"5x0e+5x1o+5x1e+5x2e">, double> mixed(
        {.path_normalization = normalization});
    struct Both {
      decltype(by_channel)& first;
      decltype(mixed)& second;
      void initialize(Rng& random) {
        first.initialize(random);
        second.initialize(random);
      }
      auto forward(const PointField<irreps<"8x0e+6x1o">, double>& in1,
                   const PointField<vector, double>& in2) {
        return second.forward(first.forward(in1, in2));
      }
    } both{by_channel, mixed};
    PointField<irreps<"8x0e+6x1o">, double> features(100);
    PointField<vector, double> direction(100);
    double mean = 0;
    for (int run = 0; run < 50; ++run) mean += mean_square(both, features, direction, rng) / 50;
    CHECK(std::abs(mean - 1) < 0.03);
  }
  // Without it the variance is that of the sum.
  FullyConnectedTensorProduct<a, b, irreps<"8x0e">, double> raw(
      {.path_normalization = PathNormalization::none});
  CHECK(mean_square(raw, x, y, rng) > 10);
}

TEST_CASE("variances and path weights scale the result by their roots") {
  constexpr auto a = irreps<"2x0e">;
  constexpr auto c = irreps<"2x0e">;
  const std::vector<TensorPath> paths{{0, 0, 0, ConnectionMode::uuu, false, 9.0}};
  TensorProduct<a, a, c, double> heavy(paths);
  TensorProduct<a, a, c, double> scaled(
      paths, {.in1_variances = {4}, .in2_variances = {1}, .out_variances = {16}});
  PointField<a, double> x(1), y(1);
  x(0, 0) = y(0, 0) = 2;
  CHECK(heavy.forward(x, y)(0, 0) == Approx(12));
  CHECK(scaled.forward(x, y)(0, 0) == Approx(24));
}

TEST_CASE("blocks may be cut more finely than the type") {
  constexpr auto a = irreps<"4x0e">;
  constexpr auto b = irreps<"0e">;
  constexpr auto c = irreps<"8x0e">;
  const IrrepList cut{{{}, 4}, {{}, 4}};
  const std::vector<TensorPath> paths{{0, 0, 0, ConnectionMode::uvu, false, 1},
                                      {0, 0, 1, ConnectionMode::uvu, false, 1}};
  TensorProduct<a, b, c, double> product(
      TensorProductSpec{irrep_list(a), irrep_list(b), cut, paths}, {});
  PointField<a, double> x(1);
  PointField<b, double> y(1);
  for (int i = 0; i < 4; ++i) x(0, i) = i + 1;
  y(0, 0) = 2;
  const auto z = product.forward(x, y);
  for (int i = 0; i < 8; ++i) CHECK(z(0, i) == Approx(2 * (i % 4 + 1)));
}

TEST_CASE("every mode is what its name says") {
  Rng rng(11);
  test::for_each_mode([&](ConnectionMode mode, bool weighted, auto& product, auto x, auto y) {
    CAPTURE(to_string(mode), weighted);
    x = test::random_field(x, rng);
    y = test::random_field(y, rng);
    Buffer<double> w(static_cast<std::size_t>(product.weight_count()) *
                     static_cast<std::size_t>(x.batch()));
    for (auto& v : w) v = rng.normal();
    const auto z = product.forward(x, y, w);
    const auto expected = test::definition(product, mode, weighted, x, y, w);
    CHECK(test::distance(z.values(), expected) < 1e-12);
    w = Buffer<double>(w.size());
    if (weighted) {
      const auto zero = product.forward(x, y, w);
      CHECK(test::distance(z.values(), zero.values()) > 1e-3);  // not by accident
    }
  });
}

TEST_CASE("the gradients are the transposes of the product") {
  Rng rng(12);
  test::for_each_mode([&](ConnectionMode mode, bool weighted, auto& product, auto x, auto y) {
    CAPTURE(to_string(mode), weighted);
    const auto errors = test::product_gradient_errors(product, x, y, rng);
    CHECK(errors.adjoint < 1e-12);
    CHECK(errors.difference < 1e-7);
    CHECK(errors.second < 1e-6);
  });
}

TEST_CASE("weights of the layer: shared by all samples, gradients summed") {
  constexpr auto a = irreps<"5x0e+3x1o+2x2e">;
  constexpr auto b = irreps<"2x0e+2x1o">;
  constexpr auto c = irreps<"4x0e+3x1o+1e+2e">;
  Rng rng(13);
  FullyConnectedTensorProduct<a, b, c, double> shared;
  FullyConnectedTensorProduct<a, b, c, double> single({.weights = per_sample});
  initialize(shared, rng);
  const int batch = 150;
  const auto x = test::random_field(PointField<a, double>(batch), rng);
  const auto y = test::random_field(PointField<b, double>(batch), rng);
  const auto count = static_cast<std::size_t>(shared.weight_count());
  Buffer<double> repeated(count * static_cast<std::size_t>(batch));
  for (std::size_t i = 0; i < repeated.size(); ++i) repeated[i] = shared.weight.value[i % count];
  const auto z = shared.forward(x, y), other = single.forward(x, y, repeated);
  CHECK(test::distance(z.values(), other.values()) < 1e-12);

  const auto g = test::random_field(z, rng);
  const auto d = shared.backward(g), e = single.backward(g);
  CHECK(test::distance(d.in1.values(), e.in1.values()) < 1e-12);
  CHECK(test::distance(d.in2.values(), e.in2.values()) < 1e-12);
  CHECK(d.weights.empty());
  Buffer<double> sum(count);
  for (std::size_t i = 0; i < repeated.size(); ++i) sum[i % count] += e.weights[i];
  CHECK(test::distance(shared.weight.gradient, sum) < 1e-12);

  // backward_input leaves the gradient of the weights as it is.
  shared.backward_input(g);
  CHECK(test::distance(shared.weight.gradient, sum) < 1e-12);

  const auto dx = test::random_field(x, rng);
  const auto dy = test::random_field(y, rng);
  const auto dg = test::random_field(g, rng);
  single.backward_input(g);
  const auto t = shared.forward_tangent(dx, dy), u = single.forward_tangent(dx, dy);
  CHECK(test::distance(t.values(), u.values()) < 1e-12);
  zero_gradients(shared);
  const auto dd = shared.backward_tangent(dg), de = single.backward_tangent(dg);
  CHECK(test::distance(dd.in1.values(), de.in1.values()) < 1e-12);
  CHECK(test::distance(dd.in2.values(), de.in2.values()) < 1e-12);
  sum = Buffer<double>(count);
  for (std::size_t i = 0; i < repeated.size(); ++i) sum[i % count] += de.weights[i];
  CHECK(test::distance(shared.weight.gradient, sum) < 1e-12);
}

TEST_CASE("tensor products commute with rotations and inversions") {
  constexpr auto a = irreps<"4x0e+4x1o+4x2e">;
  constexpr auto b = irreps<"0e+1o+2e">;
  using G = features_of<a>::group;
  Rng rng(14);
  const auto check = [&](auto& layer) {
    if constexpr (requires { layer.initialize(rng); }) layer.initialize(rng);
    const auto x = test::random_field(PointField<a, double>(5), rng);
    const auto y = test::random_field(PointField<b, double>(5), rng);
    const auto z = layer.forward(x, y);
    for (int run = 0; run < 4; ++run) {
      auto g = G::sample(rng);
      const auto turned = layer.forward(transform(g, x), transform(g, y));
      CHECK(detail::relative_distance(turned, transform(g, z)) < 1e-12);
      // Turning one factor only is no symmetry.
      CHECK(detail::relative_distance(layer.forward(transform(g, x), y), transform(g, z)) > 1e-2);
    }
  };
  FullyConnectedTensorProduct<a, b, a, double> connected;
  check(connected);
  FullTensorProduct<a, b, double> full;
  check(full);
  TensorProduct<a, b, irreps<"8x0e+8x1o+4x3o">, double> chosen(
      TensorProductSpec{irrep_list(a),
                        irrep_list(b),
                        irrep_list(irreps<"4x0e+4x0e+8x1o+4x3o">),
                        {{0, 0, 0, ConnectionMode::uvu, true, 1},
                         {1, 1, 1, ConnectionMode::uvu, true, 1},
                         {1, 2, 2, ConnectionMode::uvw, true, 1},
                         {2, 1, 3, ConnectionMode::uvu, false, 1}}},
      {});
  check(chosen);
}

TEST_CASE("elementwise product: blocks are cut where the factors differ") {
  constexpr auto a = irreps<"3x0e+2x1o">;
  constexpr auto b = irreps<"1x1o+4x0e">;
  static_assert(elementwise_product<a, b> == irreps<"1x1o+2x0e+2x1o">);
  ElementwiseTensorProduct<a, b, double> product;
  CHECK(product.weight_count() == 0);
  CHECK(parameters(product).empty());
  PointField<a, double> x(1);
  PointField<b, double> y(1);
  for (int i = 0; i < 9; ++i) x(0, i) = i + 1;
  for (int i = 0; i < 7; ++i) y(0, i) = i + 2;
  const auto z = product.forward(x, y);
  const double expected[] = {2, 3, 4, 2 * 5, 3 * 6, 4 * 7, 5 * 7, 6 * 7, 7 * 8, 8 * 8, 9 * 8};
  // 0e x 1o = 1o with coefficient 1; 1o x 0e the same.
  for (int i = 0; i < 5; ++i) CHECK(z(0, i) == Approx(expected[i]));
  CHECK(z(0, 5) == Approx(4 * 7));
  CHECK(z(0, 8) == Approx(7 * 8));
}

TEST_CASE("results do not depend on the number of threads") {
  constexpr auto a = irreps<"9x0e+5x1o">;
  constexpr auto b = irreps<"2x0e+1o">;
  constexpr auto c = irreps<"7x0e+6x1o+3x1e">;
  Rng rng(15);
  const auto x = test::random_field(PointField<a, float>(700), rng);
  const auto y = test::random_field(PointField<b, float>(700), rng);
  FullyConnectedTensorProduct<a, b, c> layer;
  layer.initialize(rng);
  const auto run = [&](int threads) {
    set_threads(threads);
    auto copy = layer;
    const auto z = copy.forward(x, y);
    const auto d = copy.backward(z);
    set_threads(0);
    std::vector<float> bits;
    const auto keep = [&](const Buffer<float>& part) {
      bits.insert(bits.end(), part.begin(), part.end());
    };
    keep(z.values());
    keep(d.in1.values());
    keep(d.in2.values());
    keep(copy.weight.gradient);
    return bits;
  };
  const auto one = run(1);
  CHECK(run(2) == one);
  CHECK(run(3) == one);
}

TEST_CASE("a frozen product is the product") {
  constexpr auto a = irreps<"3x0e+2x1o">;
  constexpr auto c = irreps<"2x0e+1e">;
  Rng rng(16);
  FullyConnectedTensorProduct<a, a, c> layer;
  layer.initialize(rng);
  const auto x = test::random_field(PointField<a>(3), rng);
  const auto y = test::random_field(PointField<a>(3), rng);
  const auto z = layer.forward(x, y);
  const auto frozen = layer.freeze();
  CHECK(detail::relative_distance(frozen.forward(x, y), z) == 0);
}

TEST_CASE("mistakes in tensor products are named") {
  constexpr auto a = irreps<"3x0e+2x1o">;
  constexpr auto c = irreps<"2x0e+1e">;
  using Product = TensorProduct<a, a, c>;
  using enum ConnectionMode;
  CHECK_THROWS_WITH(Product({{0, 0, 2, uvw, true, 1}}), ContainsSubstring("names block"));
  CHECK_THROWS_WITH(Product({{0, 1, 0, uvw, true, 1}}), ContainsSubstring("3x0e (x) 2x1o -> 2x0e"));
  CHECK_THROWS_WITH(Product({{0, 0, 0, uvu, true, 1}}),
                    ContainsSubstring("do not fit the mode uvu"));
  CHECK_THROWS_WITH(Product({{0, 0, 0, uvw, false, 1}}), ContainsSubstring("without weights"));
  CHECK_THROWS_AS(Product({{0, 0, 0, uvw, true, -1}}), Error);
  CHECK_THROWS_AS(Product({{0, 0, 0, uvw, true, 1}}, {.in1_variances = {1}}), Error);
  CHECK_THROWS_WITH(Product(TensorProductSpec{irrep_list(a), irrep_list(a), irrep_list(a), {}}, {}),
                    ContainsSubstring("expected blocks of 2x0e+1x1e"));
  FullyConnectedTensorProduct<a, a, c> layer;
  CHECK_THROWS_AS(layer.forward(PointField<a>(2), PointField<a>(3)), Error);
  CHECK_THROWS_AS(layer.forward(PointField<a>(2), PointField<a>(2), Buffer<float>(3)), Error);
  CHECK_THROWS_AS(layer.backward(PointField<c>(2)), Error);
  CHECK_THROWS_AS(layer.forward_tangent(PointField<a>(2), PointField<a>(2)), Error);
  FullyConnectedTensorProduct<a, a, c> external({.weights = per_sample});
  CHECK_THROWS_AS(external.forward(PointField<a>(2), PointField<a>(2)), Error);
  CHECK_THROWS_AS(external.forward(PointField<a>(2), PointField<a>(2), Buffer<float>(3)), Error);
}
