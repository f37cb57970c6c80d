// SPDX-License-Identifier: MIT
#include "gsteer/io/e3nn.hpp"

#include <cmath>
#include <string>

#include "catch.hpp"
#include "gsteer/field/graph.hpp"
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

TEST_CASE("nn.BatchNorm of e3nn, weights and running statistics") {
  constexpr auto F = irreps<"2x0e+1x0o+2x1o">;
  TensorFile file;
  const double weight[] = {2, 3, 5, 7, 11}, bias[] = {0.5, -0.25}, mean[] = {0.1, -0.2},
               variance[] = {0.5, 1.5, 2.5, 3.5, 4.5};
  file.add("bn.weight", weight, {5});
  file.add("bn.bias", bias, {2});
  file.add("bn.running_mean", mean, {2});
  file.add("bn.running_var", variance, {5});
  BatchNorm<F, double> layer{{.unbiased = false}};
  import_e3nn(layer, file, "bn.");
  Rng rng(2);
  const auto x = test::random_field(PointField<F, double>(3), rng);
  const auto y = layer.freeze().forward(x);
  double worst = 0;
  for (int b = 0; b < 3; ++b)
    for (int c = 0; c < 9; ++c) {
      const int i = c < 3 ? c : 3 + (c - 3) / 3;
      const double expected =
          (x(b, c) - (c < 2 ? mean[c] : 0)) * weight[i] / std::sqrt(variance[i] + 1e-5) +
          (c < 2 ? bias[c] : 0);
      worst = std::max(worst, std::abs(y(b, c) - expected));
    }
  CHECK(worst < 1e-13);

  // affine = False, instance = True, include_bias = False
  BatchNorm<F, double> plain{{.affine = false}}, untracked{{.track = false}};
  CHECK_THROWS_WITH(import_e3nn(plain, file, "bn."),
                    ContainsSubstring("has bn.weight, but the layer has no such parameter"));
  CHECK_THROWS_WITH(import_e3nn(untracked, file, "bn."), ContainsSubstring("has bn.running_mean"));
  CHECK_THROWS_WITH(import_e3nn(layer, file), ContainsSubstring("weight"));
  file.tensors.erase("bn.bias");
  import_e3nn(layer, file, "bn.");
  CHECK(parameters(layer)[1].parameter->value[0] == 0);
  file.tensors.erase("bn.running_mean");
  CHECK_THROWS_WITH(import_e3nn(layer, file, "bn."), ContainsSubstring("running_mean"));
  file.tensors.erase("bn.running_var");
  import_e3nn(untracked, file, "bn.");
  CHECK(parameters(untracked)[0].parameter->value[4] == 11);

  // No scalars: e3nn stores arrays of no numbers.
  BatchNorm<irreps<"1o">, double> vectors;
  TensorFile none = file_of("weight", {3});
  none.add("running_var", variance, {1});
  none.add("bias", bias, {0});
  none.add("running_mean", mean, {0});
  import_e3nn(vectors, none);
  CHECK(parameters(vectors)[0].parameter->value[0] == 3);
  CHECK_THROWS_WITH(import_e3nn(vectors, file, "bn."),
                    ContainsSubstring("expected 1 numbers in bn.weight, got 5"));
}

TEST_CASE("nn.NormActivation of e3nn with biases") {
  constexpr auto F = irreps<"1x0e+2x1o">;
  NormActivation<F, double, sigmoid> layer{{.bias = true}}, without;
  const auto file = file_of("act.biases", {0.5, -1, 2});
  import_e3nn(layer, file, "act.");
  PointField<F, double> x(1);
  const double values[] = {-3, 1, 2, 2, 0, 0, 4};
  std::copy_n(values, 7, x.data());
  const auto y = layer.forward(x);
  const auto s = [](double n, double bias) { return 1 / (1 + std::exp(-n - bias)) / n; };
  CHECK(std::abs(y(0, 0) - -3 * s(3, 0.5)) < 1e-14);
  CHECK(std::abs(y(0, 2) - 2 * s(3, -1)) < 1e-14);
  CHECK(std::abs(y(0, 6) - 4 * s(4, 2)) < 1e-14);
  CHECK_THROWS_WITH(import_e3nn(without, file, "act."),
                    ContainsSubstring("has act.biases, but the layer has no bias"));
  import_e3nn(without, TensorFile{});
  CHECK_THROWS_AS(import_e3nn(layer, TensorFile{}), Error);
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

TEST_CASE("a convolution of e3nn: radial network, tensor product by channel, linear map") {
  // The three modules as they stand in e3nn, whose weights the tests above hold against it.
  constexpr auto in = irreps<"3x0e+2x1o">;
  constexpr auto edge = irreps<"1x0e+1x1o+1x2e">;
  constexpr auto out = irreps<"2x1o+4x0e+1x2e+3x1e+1x1o">;
  // By block of `in`, harmonic and rising l: 0e x 0e -> 0e, 0e x 1o -> 1o, 0e x 2e -> 2e,
  // 1o x 0e -> 1o, 1o x 1o -> 0e, 1e, 2e, 1o x 2e -> 1o. (2o and 3o are not in `out`.)
  constexpr auto middle = irreps<"3x0e+3x1o+3x2e+2x1o+2x0e+2x1e+2x2e+2x1o">;
  constexpr auto sorted = irreps<"5x0e+7x1o+2x1e+5x2e">;
  using enum ConnectionMode;
  TensorProduct<in, edge, middle, double> product(std::vector<TensorPath>{{0, 0, 0, uvu, true, 1},
                                                                          {0, 1, 1, uvu, true, 1},
                                                                          {0, 2, 2, uvu, true, 1},
                                                                          {1, 0, 3, uvu, true, 1},
                                                                          {1, 1, 4, uvu, true, 1},
                                                                          {1, 1, 5, uvu, true, 1},
                                                                          {1, 1, 6, uvu, true, 1},
                                                                          {1, 2, 7, uvu, true, 1}},
                                                  {.weights = WeightSource::per_sample});
  const int count = 3 * 3 + 5 * 2;
  RadialNetwork<double> radial(4, {6, 5}, count);
  IrrepsLinear<sorted, out, double> linear;
  Rng rng(8);
  radial.initialize(rng);
  linear.initialize(rng);
  TensorFile file;
  int k = 0;
  for (const auto& [name, p] : parameters(radial))
    file.add("fc.layer" + std::to_string(k++) + ".weight", p->value.data(),
             {static_cast<std::int64_t>(p->value.size())});
  file.add("lin.weight", linear.weight.value.data(),
           {static_cast<std::int64_t>(linear.weight.value.size())});
  MessagePassing<in, edge, out, double> layer{
      {.cutoff = 3, .radial_functions = 4, .hidden = {6, 5}, .aggregation = Aggregation::sum}};
  import_e3nn(layer, file, "fc.", "lin.");

  Eigen::MatrixXd positions(3, 4);
  for (Eigen::Index i = 0; i < positions.size(); ++i) positions.data()[i] = 0.8 * rng.normal();
  const Graph graph = make_graph(positions, {{0, 1}, {2, 1}, {3, 1}, {1, 0}, {2, 3}});
  const auto x = test::random_field(PointField<in, double>(4), rng);
  const auto y = layer.forward(x, graph);
  // Edge by edge with the modules.
  const auto basis = RadialBasis<double>::bessel(4, 3.0, 6);
  PointField<sorted, double> messages(4);
  for (int e = 0; e < graph.edges(); ++e) {
    const Eigen::Vector3d v = graph.vectors().col(e);
    const double r = v.norm();
    double b[4];
    basis.evaluate(&r, 1, 1, b);
    Buffer<double> w(static_cast<std::size_t>(count));
    radial.apply(b, 1, w.data());
    const Eigen::MatrixXd harmonics = spherical_harmonics(2, v);
    PointField<in, double> sender(1);
    PointField<edge, double> direction(1);
    const auto at = static_cast<std::size_t>(e);
    for (int c = 0; c < in.size(); ++c) sender(0, c) = x(graph.senders()[at], c);
    for (int c = 0; c < 9; ++c) direction(0, c) = harmonics(c, 0);
    const auto z = product.forward(sender, direction, w);
    // Middle blocks to sorted ones: 0e (0, 4), 1o (1, 3, 7), 1e (5), 2e (2, 6).
    const int size[] = {3, 9, 15, 6, 2, 6, 10, 6};
    int start[8] = {}, to = 0;
    for (int i = 1; i < 8; ++i) start[i] = start[i - 1] + size[i - 1];
    for (const int block : {0, 4, 1, 3, 7, 5, 2, 6})
      for (int c = 0; c < size[block]; ++c, ++to)
        messages(graph.receivers()[at], to) += z(0, start[block] + c);
  }
  const auto expected = linear.forward(messages);
  double largest = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    CHECK(std::abs(y.values()[i] - expected.values()[i]) < 1e-12);
    largest = std::max(largest, std::abs(y.values()[i]));
  }
  CHECK(largest > 0.1);
  CHECK_THROWS_WITH(import_e3nn(layer, file, "other.", "lin."), ContainsSubstring("other.layer0"));
}
