// SPDX-License-Identifier: MIT
// e3nn's NormActivation, and second derivatives of all norm nonlinearities.
#include <cmath>

#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/orthogonal2.hpp"
#include "gsteer/layer/moments.hpp"
#include "gsteer/layer/norm_nonlinearity.hpp"
#include "gsteer/representation/irreps.hpp"
#include "layer/nonlinearity_laws.hpp"
#include "layer/second_derivatives.hpp"

using namespace gsteer;
using namespace gsteer::test;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr auto mixed = irreps<"2x0e+1x0o+2x1o+1x1e+1x2e">;

double sigma(double x) { return 1 / (1 + std::exp(-x)); }

/// Lengths of 0.5 and more: far from 0, where J is not smooth. `every_other_short`: below 0.3 for
/// half of the items.
template <class X>
X separated_field(X x, Rng& rng, bool every_other_short) {
  for (int b = 0; b < x.batch(); ++b)
    for (int c = 0; c < x.channels(); ++c) {
      const double v = rng.normal();
      const bool is_short = every_other_short && b % 2 == 0;
      x(b, c) = is_short ? 0.1 * v / (1 + std::abs(v)) : v + (v < 0 ? -0.5 : 0.5);
    }
  return x;
}

template <class Layer>
void check_second(Layer layer, bool every_other_short = false) {
  INFO(Layer::in::name());
  Rng rng(21);
  randomize(layer, rng);
  const auto x = separated_field(typename Layer::Points(8), rng, every_other_short);
  const auto errors = second_derivative_errors(layer, x, rng);
  CHECK(errors.adjoint < 1e-12);
  CHECK(errors.tangent < 1e-8);
  CHECK(errors.second < 1e-8);
  CHECK(errors.parameters < 1e-8);
}

/// Second derivatives of one who forgets that J depends on x.
template <class Layer>
struct Forgetful : Layer {
  typename Layer::Points backward_tangent(typename Layer::Points dg) {
    return Layer::backward(std::move(dg));
  }
};

template <class Layer>
concept has_second_derivatives = requires(Layer layer, typename Layer::Points dg) {
  layer.backward_tangent(dg);
};
static_assert(has_second_derivatives<NormNonlinearity<mixed, double, softplus>>);
static_assert(has_second_derivatives<NormNonlinearity<mixed, double, squash>>);
static_assert(!has_second_derivatives<NormNonlinearity<mixed, double, relu>>);

}  // namespace

TEST_CASE("norm activations commute with every representation") {
  check_nonlinearity(NormActivation<2 * regular<C<4>>, double>{});
  check_nonlinearity(
      NormActivation<irrep<SO<2>, 2> + band_limited<SO<2>, 2>, double, sigmoid>{{.bias = true}});
  check_nonlinearity(NormActivation<2 * irrep<O<2>, 1, 1> + irrep<O<2>, 1, 0>>{{.bias = true}});
}

TEST_CASE("norm nonlinearities commute with rotations and inversions of irreps") {
  Rng rng(22);
  const auto check = [&](auto layer) {
    using Layer = decltype(layer);
    randomize(layer, rng);
    const auto x = random_field(typename Layer::Points(20), rng);
    CHECK(point_error<orthogonal<3>>([&](const auto& f) { return layer.forward(f); }, x) < 1e-12);
    CHECK(point_error<orthogonal<3>>([&](const auto& f) { return layer.freeze().forward(f); }, x) <
          1e-12);
    CHECK(gradient_error(layer, x, rng).worst() < 1e-6);
    CHECK(point_error<orthogonal<3>>(  // the control: a parity that is not kept
              [&](const auto& f) {
                auto y = layer.forward(f);
                for (auto& v : y.values()) v = std::abs(v);
                return y;
              },
              x) > 0.1);
  };
  check(NormNonlinearity<mixed, double>{});
  check(NormNonlinearity<mixed, double, softplus>{});
  check(NormActivation<mixed, double>{});
  check(NormActivation<mixed, double, sigmoid>{{.bias = true}});
}

TEST_CASE("norm activations are the formula of e3nn, up to the shortest fields") {
  constexpr auto F = irreps<"1x0o+1x1o">;
  NormActivation<F, double, sigmoid> layer{{.bias = true}}, plain;
  REQUIRE(parameters(plain).empty());
  REQUIRE(parameters(layer).size() == 1);
  CHECK(parameters(layer)[0].name == "bias");
  parameters(layer)[0].parameter->value[0] = -0.5;
  parameters(layer)[0].parameter->value[1] = 2;
  PointField<F, double> x(2);
  const double values[] = {-3, 1, -2, 2, 0, 3e-9, 0, 4e-9};
  std::copy_n(values, 8, x.data());
  const auto y = layer.forward(x), z = plain.forward(x);
  CHECK(std::abs(y(0, 0) + sigma(2.5)) < 1e-14);
  CHECK(std::abs(y(0, 2) + sigma(5) * 2 / 3) < 1e-14);
  CHECK(std::abs(z(0, 2) + sigma(3) * 2 / 3) < 1e-14);
  CHECK(y(1, 0) == 0);
  CHECK(std::abs(y(1, 1) - sigma(1e-8 + 2) * 0.3) < 1e-14);  // |x| = 5e-9 counts as 1e-8
  CHECK(std::abs(z(1, 3) - sigma(1e-8) * 0.4) < 1e-14);
  // There the layer is linear.
  const auto d = plain.backward(x);
  CHECK(std::abs(d(1, 3) / x(1, 3) - sigma(1e-8) / 1e-8) < 1e-4);
  CHECK_THROWS_AS((NormActivation<F>{{.epsilon = 0}}), Error);
  CHECK_THROWS_WITH(layer.backward(PointField<F, double>(3)), ContainsSubstring("NormActivation"));
}

TEST_CASE("norm nonlinearities differentiate twice") {
  check_second(NormNonlinearity<mixed, double, sigmoid>{});
  check_second(NormNonlinearity<mixed, double, silu>{});
  check_second(NormNonlinearity<mixed, double, softplus>{});
  check_second(NormNonlinearity<mixed, double, hyperbolic_tangent>{});
  check_second(NormNonlinearity<mixed, double, unit_moment<silu>>{});
  check_second(NormNonlinearity<regular<C<4>> + 2 * irrep<C<4>, 1>, double, softplus>{});
}

TEST_CASE("norm activations differentiate twice, where fields are shortest, too") {
  check_second(NormActivation<mixed, double>{});
  check_second(NormActivation<mixed, double, sigmoid>{{.bias = true}});
  check_second(NormActivation<mixed, double, softplus>{{.bias = true, .epsilon = 0.4}}, true);
  check_second(NormActivation<mixed, double, hyperbolic_tangent>{{.epsilon = 0.4}}, true);
  check_second(NormActivation<mixed, double, squash>{{.bias = true}});
}

TEST_CASE("a second derivative that is left out is seen") {
  Rng rng(23);
  Forgetful<NormActivation<mixed, double>> layer;
  const auto x = random_field(PointField<mixed, double>(8), rng);
  CHECK(second_derivative_errors(layer, x, rng).second > 1e-2);
}

TEMPLATE_TEST_CASE("all derivatives at fields of length zero are finite", "", float, double) {
  const auto check = [](auto layer) {
    using Points = typename decltype(layer)::Points;
    Rng rng(24);
    for (const double length : {0.0, 1e-30, 1e-12, 1e-9, 1e-5}) {
      auto x = random_field(Points(3), rng);
      const auto g = random_field(x, rng);
      for (auto& v : x.values()) v *= static_cast<TestType>(length);
      double sum = 0, at_zero = 0;
      const auto add = [&](const Points& y) {
        for (const auto v : y.values()) sum += std::abs(static_cast<double>(v));
      };
      add(layer.forward(x));
      if (length == 0) CHECK(sum == 0);
      add(layer.backward(g));
      add(layer.backward_input(g));
      add(layer.forward_tangent(g));
      at_zero = sum;
      add(layer.backward_tangent(Points(3)));
      if (length == 0) CHECK(sum == at_zero);  // dg = 0, and J does not depend on x
      for (const auto& [name, p] : parameters(layer))
        for (const auto v : p->gradient) sum += static_cast<double>(v);
      CHECK(std::isfinite(sum));
    }
  };
  check(NormNonlinearity<mixed, TestType, sigmoid>{});
  check(NormNonlinearity<mixed, TestType, softplus>{});
  check(NormNonlinearity<mixed, TestType, squash>{});
  check(NormActivation<mixed, TestType>{});
  check(NormActivation<mixed, TestType, sigmoid>{{.bias = true}});
}

TEST_CASE("second derivatives of norm nonlinearities do not depend on the threads") {
  Rng rng(25);
  using Layer = NormNonlinearity<mixed, double, softplus>;
  const auto x = random_field(Layer::Points(5000), rng), dx = random_field(x, rng);
  const auto g = random_field(x, rng), dg = random_field(x, rng);
  const auto run = [&](int count) {
    set_threads(count);
    Layer layer;
    layer.forward(x);
    layer.backward_input(g);
    layer.forward_tangent(dx);
    auto result = layer.backward_tangent(dg);
    const auto& gradient = parameters(layer)[0].parameter->gradient;
    std::copy(gradient.begin(), gradient.end(), result.data());
    set_threads(0);
    return result;
  };
  const auto one = run(1);
  for (const int count : {2, 3}) {
    const auto other = run(count);
    CHECK(std::equal(one.values().begin(), one.values().end(), other.values().begin()));
  }
}

TEST_CASE("second derivatives of norm nonlinearities need what comes before") {
  using Points = PointField<mixed>;
  NormNonlinearity<mixed, float, softplus> layer;
  CHECK_THROWS_WITH(layer.forward_tangent(Points(2)),
                    ContainsSubstring("NormNonlinearity: expected a tangent of 0 items"));
  layer.forward(Points(2));
  layer.forward_tangent(Points(2));
  CHECK_THROWS_WITH(layer.backward_tangent(Points(2)),
                    ContainsSubstring("before backward_input and forward_tangent"));
  layer.backward_input(Points(2));
  CHECK_NOTHROW(layer.backward_tangent(Points(2)));
  layer.forward(Points(2));
  CHECK_THROWS_AS(layer.backward_tangent(Points(2)), Error);
}
