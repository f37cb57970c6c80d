// SPDX-License-Identifier: MIT
#include <cmath>
#include <thread>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/dihedral.hpp"
#include "gsteer/group/orthogonal2.hpp"
#include "gsteer/layer/batch_norm.hpp"
#include "gsteer/layer/sequential.hpp"
#include "layer/laws.hpp"

using namespace gsteer;
using namespace gsteer::test;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr auto mixed_c4 =
    2 * trivial<C<4>> + irrep<C<4>, 1> + irrep<C<4>, 2> + 2 * regular<C<4>> + quotient<C<4>, C<2>>;
constexpr auto mixed_c8 = trivial<C<8>> + 2 * irrep<C<8>, 1> + irrep<C<8>, 2> + regular<C<8>>;
constexpr auto mixed_d4 = 2 * regular<D<4>> + irrep<D<4>, 1, 1> + irrep<D<4>, 1, 0> +
                          quotient<D<4>, D<1>> + induce<D<4>>(irrep<C<4>, 1>);
constexpr auto product = tensor_product(regular<C<4>>, quotient<C<4>, C<2>>);  // two invariants
constexpr auto circle = 2 * band_limited<SO<2>, 2> + irrep<SO<2>, 1> + trivial<SO<2>>;
constexpr auto mirrored =
    band_limited<O<2>, 2> + irrep<O<2>, 1, 0> + 2 * irrep<O<2>, 1, 1> + quotient<O<2>, SO<2>>;

template <class Layer, class Space = Grid<2>>
using input_of = Field<typename Layer::in, typename Layer::Scalar, Space>;

/// Not centered, so that the mean matters.
template <class X>
X random_input(X x, Rng& rng) {
  x = random_field(std::move(x), rng);
  for (std::size_t i = 0; i < x.size(); ++i)
    x.values()[i] = static_cast<typename X::Scalar>(1.5 + 2 * x.values()[i]);
  return x;
}

/// The usual normalization, channel by channel, with the statistics of one batch. (On each batch
/// with its own it would commute with permutations of channels.)
template <class F, class Scalar, class Space>
auto each_channel_alone(const Field<F, Scalar, Space>& data) {
  using Plain = Field<features<copies<F::size, trivial_of<typename F::group>>>, Scalar, Space>;
  const auto relabel = [](const auto& from, auto to) {
    std::copy(from.values().begin(), from.values().end(), to.values().begin());
    return to;
  };
  batch_norm<typename Plain::features, Scalar> norm{{.momentum = 1}};
  norm.forward(relabel(data, Plain(data.batch(), data.space())));
  return [frozen = norm.freeze(), relabel](const Field<F, Scalar, Space>& x) {
    return relabel(frozen.forward(relabel(x, Plain(x.batch(), x.space()))), x);
  };
}

template <class Layer>
void check_laws(bool channels_are_alike = false) {
  using Scalar = typename Layer::Scalar;
  INFO(Layer::in::name());
  Rng rng(3);
  Layer layer;
  randomize(layer, rng);
  const auto x = random_input(input_of<Layer>(3, 4, 5), rng);
  CHECK(lattice_error(layer, x) < tolerance<Scalar>);
  if (!channels_are_alike) {  // the control: channel by channel it must fail
    const auto error = lattice_error_of<typename Layer::in::group>(each_channel_alone(x), x);
    CHECK(error > 1e-3);
  }
  if constexpr (std::is_same_v<Scalar, double>) {
    const auto error = gradient_error(layer, x, rng, 2);
    CHECK(error.input < 1e-6);
    CHECK(error.parameters < 1e-6);
  }
  check_threads(layer, x);
}

/// sum over batch and pixels of one channel of f(value), divided by their number
template <class X, class Function>
double channel_mean(const X& x, int channel, Function&& f) {
  double sum = 0;
  for (int b = 0; b < x.batch(); ++b)
    for (int p = 0; p < x.points(); ++p) sum += f(static_cast<double>(x.item(b)(channel, p)));
  return sum / x.batch() / x.points();
}

template <class X>
double distance(const X& a, const X& b) {
  return gsteer::detail::relative_distance(a, b);
}

}  // namespace

template class gsteer::batch_norm<features_of<mixed_c4>, float>;
template class gsteer::batch_norm<features_of<mixed_c4>, double>;
template class gsteer::instance_norm<features_of<mixed_c4>, float>;
template class gsteer::instance_norm<features_of<mixed_c4>, double>;

TEST_CASE("batch normalization commutes with the group", "[normalization]") {
  check_laws<BatchNorm<3 * trivial<C<1>>, double>>(true);
  check_laws<BatchNorm<2 * regular<C<4>>, double>>();
  check_laws<BatchNorm<mixed_c4, double>>();
  check_laws<BatchNorm<mixed_c8, double>>();
  check_laws<BatchNorm<mixed_c8, float>>();
  check_laws<BatchNorm<2 * regular<D<1>>, double>>();
  check_laws<BatchNorm<mixed_d4, double>>();
  check_laws<BatchNorm<mixed_d4, float>>();
  check_laws<BatchNorm<product, double>>();
  check_laws<BatchNorm<circle, double>>();
  check_laws<BatchNorm<mirrored, double>>();
}

TEST_CASE("instance normalization commutes with the group", "[normalization]") {
  check_laws<InstanceNorm<3 * trivial<C<1>>, double>>(true);
  check_laws<InstanceNorm<mixed_c8, double>>();
  check_laws<InstanceNorm<mixed_c8, float>>();
  check_laws<InstanceNorm<mixed_d4, double>>();
  check_laws<InstanceNorm<product, double>>();
  check_laws<InstanceNorm<mirrored, double>>();
}

TEST_CASE("batch normalization of feature vectors at points", "[normalization]") {
  Rng rng(4);
  BatchNorm<mixed_d4, double> layer;
  randomize(layer, rng);
  const auto x = random_input(PointField<mixed_d4, double>(50), rng);
  CHECK(lattice_error(layer, x) < 1e-12);
  CHECK(gradient_error(layer, x, rng, 2).worst() < 1e-6);
  check_threads(layer, x);
  // The order of numbers is all that distinguishes points from pixels.
  Field<features_of<mixed_d4>, double, Grid<1>> pixels(1, {{50}});
  for (int b = 0; b < 50; ++b)
    for (int c = 0; c < x.channels(); ++c) pixels.item(0)(c, b) = x(b, c);
  const auto a = layer.forward(x);
  const auto b = layer.forward(pixels);
  double worst = 0;
  for (int i = 0; i < 50; ++i)
    for (int c = 0; c < x.channels(); ++c)
      worst = std::max(worst, std::abs(a(i, c) - b.item(0)(c, i)));
  CHECK(worst < 1e-12);
}

TEMPLATE_TEST_CASE("scalars are normalized as the textbook says", "[normalization]", float,
                   double) {
  using Scalar = TestType;
  Rng rng(5);
  BatchNorm<3 * trivial<C<4>>, Scalar> layer{{.epsilon = 1e-3, .momentum = 0.25}};
  InstanceNorm<3 * trivial<C<4>>, Scalar> instance{{.epsilon = 1e-3}};
  randomize(layer, rng);
  const auto all = parameters(layer);
  REQUIRE(all.size() == 4);
  CHECK(all[0].name == "scale");
  CHECK(all[1].name == "bias");
  CHECK(all[2].name == "running_mean");
  CHECK(all[3].name == "running_variance");
  CHECK(parameter_count(layer) == 6);

  const auto x = random_input(GridField<3 * trivial<C<4>>, Scalar>(4, 5, 7), rng);
  const auto y = layer.forward(x);
  const auto z = instance.forward(x);
  const double tolerance = std::is_same_v<Scalar, double> ? 1e-12 : 1e-5;
  for (int c = 0; c < 3; ++c) {
    const double mean = channel_mean(x, c, [](double v) { return v; });
    const double variance = channel_mean(x, c, [=](double v) { return (v - mean) * (v - mean); });
    const auto i = static_cast<std::size_t>(c);
    const double scale = static_cast<double>(all[0].parameter->value[i]);
    const double bias = static_cast<double>(all[1].parameter->value[i]);
    double worst = 0, worst_instance = 0;
    for (int b = 0; b < 4; ++b) {
      const auto values = x.item(b).row(c).template cast<double>().array().eval();
      const double own = values.mean(), own_variance = (values - own).square().mean();
      for (int p = 0; p < 35; ++p) {
        const auto expected = scale * (values(p) - mean) / std::sqrt(variance + 1e-3) + bias;
        worst = std::max(worst, std::abs(expected - static_cast<double>(y.item(b)(c, p))));
        const auto alone = (values(p) - own) / std::sqrt(own_variance + 1e-3);
        worst_instance =
            std::max(worst_instance, std::abs(alone - static_cast<double>(z.item(b)(c, p))));
      }
    }
    CHECK(worst < tolerance);
    CHECK(worst_instance < tolerance);
    // PyTorch: running <- 0.75 running + 0.25 new, the variance unbiased.
    CHECK(static_cast<double>(all[2].parameter->value[i]) == Approx(0.25 * mean).epsilon(1e-5));
    CHECK(static_cast<double>(all[3].parameter->value[i]) ==
          Approx(0.75 + 0.25 * variance * 140 / 139).epsilon(1e-5));
  }
}

TEST_CASE("regular fields are normalized as one channel over the group, as by escnn",
          "[normalization]") {
  Rng rng(6);
  BatchNorm<2 * regular<C<8>>, double> layer{{.momentum = 1}};
  const auto all = parameters(layer);
  for (std::size_t f = 0; f < 2; ++f) {
    all[0].parameter->value[f] = 2 + static_cast<double>(f);
    all[1].parameter->value[f] = 0.5 - static_cast<double>(f);
  }
  const auto x = random_input(GridField<2 * regular<C<8>>, double>(3, 4, 5), rng);
  const auto y = layer.forward(x);
  auto expected = x;
  for (int f = 0; f < 2; ++f) {
    double mean = 0, variance = 0;
    for (int c = 8 * f; c < 8 * f + 8; ++c)
      mean += channel_mean(x, c, [](double v) { return v; }) / 8;
    for (int c = 8 * f; c < 8 * f + 8; ++c)
      variance += channel_mean(x, c, [=](double v) { return (v - mean) * (v - mean); }) / 8;
    for (int b = 0; b < 3; ++b)
      expected.item(b).middleRows(8 * f, 8).array() =
          (2 + f) * (x.item(b).middleRows(8 * f, 8).array() - mean) / std::sqrt(variance + 1e-5) +
          0.5 - f;
    const auto i = static_cast<std::size_t>(f);
    CHECK(all[2].parameter->value[i] == Approx(mean));
    CHECK(all[3].parameter->value[i] == Approx(variance * 480 / 479));
  }
  CHECK(distance(y, expected) < 1e-13);
}

TEST_CASE("a field without invariant part keeps its mean, and the sign of its direction",
          "[normalization]") {
  Rng rng(7);
  BatchNorm<irrep<C<8>, 1>, double> layer{{.epsilon = 1e-12}};
  CHECK(parameter_count(layer) == 1);    // no bias
  CHECK(parameters(layer).size() == 2);  // and no running mean
  const auto x = random_input(GridField<irrep<C<8>, 1>, double>(3, 4, 5), rng);
  const auto y = layer.forward(x);
  double squares = 0;
  for (const double v : x.values()) squares += v * v;
  auto expected = x;
  for (double& v : expected.values()) v /= std::sqrt(squares / static_cast<double>(x.size()));
  CHECK(distance(y, expected) < 1e-10);
}

TEST_CASE("large means cost no accuracy", "[normalization]") {
  Rng rng(8);
  BatchNorm<regular<C<4>>, double> layer;
  const auto x = random_field(GridField<regular<C<4>>, double>(3, 6, 6), rng);
  auto shifted = x;
  for (double& v : shifted.values()) v += 1e6;
  CHECK(distance(layer.forward(shifted), layer.forward(x)) < 1e-8);
}

TEST_CASE("frozen batch normalization uses the running statistics", "[normalization]") {
  Rng rng(9);
  BatchNorm<mixed_d4, double> layer{{.momentum = 1}};
  randomize(layer, rng);
  const auto x = random_input(GridField<mixed_d4, double>(3, 4, 6), rng);
  const auto other = random_input(GridField<mixed_d4, double>(1, 1, 1), rng);

  const auto y = layer.forward(x);
  // With momentum 1 they are those of the batch, but for the bias of the variance: undo that.
  const auto all = parameters(layer);
  for (std::size_t f = 0; f < all[3].parameter->value.size(); ++f) {
    const int size = f < 2 ? 8 : f == 2 ? 2 : f == 3 ? 1 : f == 4 ? 4 : 4;
    const int invariants = f < 2 || f == 4 ? 1 : 0;
    const double count = 3 * 4 * 6 * size;
    all[3].parameter->value[f] *= (count - invariants) / count;
  }
  const auto frozen = layer.freeze();
  CHECK(distance(frozen.forward(x), y) < 1e-13);
  // Frozen, an item does not depend on the others, and one vector is enough.
  GridField<mixed_d4, double> one(1, 4, 6);
  one.item(0) = x.item(1);
  CHECK((frozen.forward(one).item(0) - y.item(1)).norm() < 1e-12 * y.item(1).norm());
  CHECK_NOTHROW(frozen.forward(other));
  // What happens to the layer afterwards does not reach the frozen one.
  layer.forward(random_input(x, rng));
  CHECK(distance(frozen.forward(x), y) < 1e-13);
  CHECK(distance(layer.freeze().forward(x), y) > 1e-3);

  // Without tracking, the batch at hand decides.
  BatchNorm<mixed_d4, double> untracked{{.track = false}};
  CHECK(parameters(untracked).size() == 2);
  CHECK(distance(untracked.freeze().forward(x), untracked.forward(x)) == 0);
  InstanceNorm<mixed_d4, double> instance;
  CHECK(distance(instance.freeze().forward(x), instance.forward(x)) == 0);
}

TEST_CASE("running statistics move by the momentum and have no gradient", "[normalization]") {
  Rng rng(10);
  BatchNorm<trivial<C<4>>, double> layer{{.momentum = 0.5}};
  double mean = 0, variance = 1;
  const auto all = parameters(layer);
  for (int step = 0; step < 5; ++step) {
    const auto x = random_input(GridField<trivial<C<4>>, double>(2, 3, 3), rng);
    layer.forward(x);
    const double m = channel_mean(x, 0, [](double v) { return v; });
    mean = 0.5 * mean + 0.5 * m;
    variance = 0.5 * variance +
               0.5 * channel_mean(x, 0, [=](double v) { return (v - m) * (v - m); }) * 18 / 17;
    CHECK(all[2].parameter->value[0] == Approx(mean));
    CHECK(all[3].parameter->value[0] == Approx(variance));
  }
  CHECK_FALSE(all[2].parameter->trained);
  CHECK(all[3].parameter->gradient.empty());
  BatchNorm<trivial<C<4>>, double> plain{{.affine = false, .track = false}};
  CHECK(parameters(plain).empty());
}

TEST_CASE("the caller's memory is not written to", "[normalization]") {
  Rng rng(11);
  using F = GridField<2 * regular<C<4>>, float>;
  const auto x = random_field(F(2, 3, 3), rng);
  auto memory = x;
  BatchNorm<2 * regular<C<4>>> layer;
  layer.freeze().forward(F::map(memory.data(), 2, 3, 3));
  const auto y = layer.forward(F::map(memory.data(), 2, 3, 3));
  layer.backward(F::map(memory.data(), 2, 3, 3));
  CHECK(std::equal(x.values().begin(), x.values().end(), memory.data()));
}

TEST_CASE("a frozen normalization serves many threads", "[normalization]") {
  Rng rng(12);
  BatchNorm<mixed_c8> layer;
  const auto x = random_field(GridField<mixed_c8>(2, 9, 9), rng);
  layer.forward(x);
  const auto net = Sequential{layer, InstanceNorm<mixed_c8>{}}.freeze();
  const auto expected = net.forward(x);
  std::vector<double> errors(4, 1);
  std::vector<std::thread> callers;
  for (std::size_t i = 0; i < 4; ++i)
    callers.emplace_back([&, i] {
      errors[i] = 0;
      for (int repeat = 0; repeat < 5; ++repeat)
        errors[i] = std::max(errors[i], distance(net.forward(x), expected));
    });
  for (auto& caller : callers) caller.join();
  for (const double error : errors) CHECK(error == 0);
}

TEST_CASE("normalization says what is wrong", "[normalization]") {
  BatchNorm<trivial<C<4>>> layer;
  CHECK_THROWS_WITH(layer.backward(GridField<trivial<C<4>>>(2, 3, 3)),
                    ContainsSubstring("BatchNorm: backward before forward"));
  CHECK_THROWS_WITH(layer.forward(GridField<trivial<C<4>>>(1, 1, 1)),
                    ContainsSubstring("BatchNorm: expected more than one vector"));
  CHECK_THROWS_WITH(layer.forward(PointField<trivial<C<4>>>(1)),
                    ContainsSubstring("got 1 on a point"));
  InstanceNorm<trivial<C<4>>> instance;
  CHECK_THROWS_WITH(instance.forward(GridField<trivial<C<4>>>(7, 1, 1)),
                    ContainsSubstring("InstanceNorm: expected more than one pixel"));
  layer.forward(GridField<trivial<C<4>>>(2, 3, 3));
  CHECK_THROWS_WITH(layer.backward(GridField<trivial<C<4>>>(2, 3, 4)),
                    ContainsSubstring("BatchNorm: expected a gradient of 2 items on 3 x 3"));
  CHECK_THROWS_WITH((BatchNorm<trivial<C<4>>>{{.epsilon = 0}}),
                    ContainsSubstring("expected epsilon > 0, got 0"));
  CHECK_THROWS_WITH((BatchNorm<trivial<C<4>>>{{.momentum = 2}}),
                    ContainsSubstring("expected a momentum in [0, 1], got 2"));
}
