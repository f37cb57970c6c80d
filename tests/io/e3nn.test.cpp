// SPDX-License-Identifier: MIT
#include "gsteer/io/e3nn.hpp"

#include <cmath>
#include <string>

#include "catch.hpp"
#include "gsteer/io/safetensors.hpp"
#include "layer/laws.hpp"

using namespace gsteer;
using Catch::Matchers::ContainsSubstring;

namespace {

template <class F>
F field(const std::vector<double>& values) {
  F x(static_cast<int>(values.size()) / F::channels());
  std::copy(values.begin(), values.end(), x.data());
  return x;
}
double distance(const Buffer<double>& a, const std::vector<double>& b) {
  REQUIRE(a.size() == b.size());
  double worst = 0;
  for (std::size_t i = 0; i < b.size(); ++i) worst = std::max(worst, std::abs(a[i] - b[i]));
  return worst;
}
TensorFile file_of(const std::string& name, const std::vector<double>& values) {
  TensorFile file;
  file.add(name, values.data(), {static_cast<std::int64_t>(values.size())});
  return file;
}

}  // namespace

TEST_CASE("o3.Linear of e3nn, weights and result") {
  const auto file =
      read_safetensors(std::string(GSTEER_TEST_DATA) + "/golden/e3nn_linear.safetensors");
  IrrepsLinear<irreps<"4x0e+3x1o+2x2e">, irreps<"3x0e+5x1o+1x2e">, double> layer({.bias = true});
  for (auto& b : layer.bias.value) b = 7;  // the file has none
  import_e3nn(layer, file);
  using Layer = decltype(layer);
  const auto x = field<Layer::Input>(file.values<double>("x"));
  CHECK(distance(layer.forward(x).values(), file.values<double>("out")) < 1e-10);
  CHECK(distance(layer.freeze().forward(x).values(), file.values<double>("out")) < 1e-10);
}

TEST_CASE("o3.FullyConnectedTensorProduct takes flat weights as they are") {
  const auto golden = read_safetensors(std::string(GSTEER_TEST_DATA) +
                                       "/golden/e3nn_fully_connected_tensor_product.safetensors");
  constexpr auto in1 = irreps<"4x0e+3x1o">;
  constexpr auto in2 = irreps<"1x0e+1x1o">;
  constexpr auto out = irreps<"4x0e+3x1o+2x1e+2x2e">;
  FullyConnectedTensorProduct<in1, in2, out, double> layer;
  // The file has weights for each sample; those of the first are the parameters of a module.
  const auto all = golden.values<double>("0/weight");
  const auto count = all.size() / 5;
  const std::vector<double> first(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count));
  import_e3nn(layer, file_of("tp.weight", first), "tp.");
  const auto z = layer.forward(field<PointField<in1, double>>(golden.values<double>("0/x")),
                               field<PointField<in2, double>>(golden.values<double>("0/y")));
  const auto expected = golden.values<double>("0/out");
  double worst = 0;
  for (int i = 0; i < out.size(); ++i)
    worst = std::max(worst, std::abs(z(0, i) - expected[static_cast<std::size_t>(i)]));
  CHECK(worst < 1e-10);
}

TEST_CASE("weights of blocks that are not merged") {
  // "2x1o+3x1o" -> "1x1o+1x1o": [2, 1], [2, 1], [3, 1], [3, 1] one after the other.
  constexpr auto in = irreps<"2x1o+3x1o">;
  constexpr auto out = irreps<"1x1o+1x1o">;
  IrrepsLinear<in, out, double> layer(parse_irreps("2x1o+3x1o"), parse_irreps("1x1o+1x1o"));
  import_e3nn(layer, file_of("weight", {1, 2, 10, 20, 3, 4, 5, 30, 40, 50}));
  PointField<in, double> x(1);
  for (int u = 0; u < 5; ++u) x(0, 3 * u + 1) = 1 + u;
  const auto z = layer.forward(x);
  const double root = std::sqrt(5.0);
  CHECK(z(0, 1) == Approx((1 * 1 + 2 * 2 + 3 * 3 + 4 * 4 + 5 * 5) / root));
  CHECK(z(0, 4) == Approx((1 * 10 + 2 * 20 + 3 * 30 + 4 * 40 + 5 * 50) / root));
}

TEST_CASE("nn.FullyConnectedNet of e3nn") {
  RadialNetwork<double> network(1, {2}, 1);
  TensorFile file;
  const std::vector<double> first{0.5, -0.25}, second{2, 3};
  file.add("fc.layer0.weight", first.data(), {1, 2});
  file.add("fc.layer1.weight", second.data(), {2, 1});
  import_e3nn(network, file, "fc.");
  const double x = 0.8;
  double y = 0;
  network.apply(&x, 1, &y);
  const auto h = [](double z) { return 1.6791767923989418 * z / (1 + std::exp(-z)); };
  CHECK(std::abs(y - (2 * h(0.4) + 3 * h(-0.2)) / std::sqrt(2.0)) < 1e-12);
}

TEST_CASE("a file that does not fit is refused by name") {
  IrrepsLinear<irreps<"4x0e">, irreps<"2x0e">> layer;
  CHECK_THROWS_WITH(import_e3nn(layer, file_of("weight", std::vector<double>(7))),
                    ContainsSubstring("expected 8 numbers in weight, got 7"));
  CHECK_THROWS_WITH(import_e3nn(layer, file_of("weight", std::vector<double>(8)), "lin."),
                    ContainsSubstring("lin.weight"));
  auto biased = file_of("weight", std::vector<double>(8));
  const double b[] = {1, 2};
  biased.add("bias", b, {2});
  CHECK_THROWS_WITH(import_e3nn(layer, biased), ContainsSubstring("has no bias"));
  IrrepsLinear<irreps<"4x0e">, irreps<"2x0e">> with_bias({.bias = true});
  import_e3nn(with_bias, biased);
  CHECK(with_bias.bias.value[1] == 2);
  CHECK_THROWS_AS(
      (IrrepsLinear<irreps<"4x0e">, irreps<"2x0e">>(parse_irreps("4x0e"), parse_irreps("2x0o"))),
      Error);
}
