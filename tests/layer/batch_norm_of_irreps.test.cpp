// SPDX-License-Identifier: MIT
// BatchNorm on feature vectors: what e3nn's nn.BatchNorm promises, and second derivatives.
#include <cmath>
#include <vector>

#include "gsteer/group/cyclic.hpp"
#include "gsteer/layer/batch_norm.hpp"
#include "gsteer/layer/irreps_linear.hpp"
#include "gsteer/layer/norm_nonlinearity.hpp"
#include "gsteer/layer/sequential.hpp"
#include "gsteer/representation/irreps.hpp"
#include "layer/nonlinearity_laws.hpp"
#include "layer/second_derivatives.hpp"

using namespace gsteer;
using namespace gsteer::test;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr auto mixed = irreps<"3x0e+2x0o+2x1o+1x1e+1x2e">;
constexpr int sizes[] = {1, 1, 1, 1, 1, 3, 3, 3, 5};  // of the fields
constexpr int scalars = 3;
constexpr auto turned = 2 * trivial<SO<3>> + 2 * irrep<SO<3>, 1> + irrep<SO<3>, 2>;
constexpr auto hidden = irreps<"3x0e+2x1o">;
constexpr auto two_invariants = tensor_product(regular<C<4>>, quotient<C<4>, C<2>>);

/// Not centered, so that the mean matters.
template <class X>
X shifted_field(X x, Rng& rng) {
  x = random_field(std::move(x), rng);
  for (auto& v : x.values()) v += typename X::Scalar(0.7);
  return x;
}

/// The mean of f over the numbers of a field of all items.
template <class X, class Function>
double field_mean(const X& x, int first, int size, Function&& f) {
  double sum = 0;
  for (int b = 0; b < x.batch(); ++b)
    for (int c = first; c < first + size; ++c) sum += f(x(b, c));
  return sum / x.batch() / size;
}
constexpr auto itself = [](double v) { return v; };
constexpr auto square = [](double v) { return v * v; };

template <class Layer>
Buffer<double>& parameter(Layer& layer, const std::string& name) {
  for (const auto& [found, p] : parameters(layer))
    if (found == name) return p->value;
  throw Error("no parameter " + name);
}

/// Second derivatives of one who forgets that J depends on x.
template <class Layer>
struct Forgetful : Layer {
  using Layer::Layer;
  typename Layer::Points backward_tangent(typename Layer::Points dg) {
    return Layer::backward(std::move(dg));
  }
};

}  // namespace

TEST_CASE("a batch of irreps has mean 0 where there is a mean, and mean square 1") {
  Rng rng(1);
  const auto x = shifted_field(PointField<mixed, double>(40), rng);
  BatchNorm<mixed, double> layer{{.epsilon = 1e-14}};
  BatchNorm<mixed, double> lengths{{.epsilon = 1e-14, .variance = FieldVariance::norm}};
  const auto y = layer.forward(x), z = lengths.forward(x);
  int first = 0, field = 0;
  for (const int size : sizes) {
    INFO("field " << field);
    const double mean = field_mean(y, first, size, itself);
    CHECK(std::abs(field_mean(y, first, size, square) - 1) < 1e-12);
    CHECK(std::abs(field_mean(z, first, size, square) * size - 1) < 1e-12);
    if (field < scalars) {
      CHECK(std::abs(mean) < 1e-14);
    } else {  // the mean stays: all numbers are multiplied by one factor
      const double factor = y(0, first) / x(0, first);
      CHECK(std::abs(mean - factor * field_mean(x, first, size, itself)) < 1e-14);
      CHECK(std::abs(mean) > 1e-2);
    }
    first += size;
    ++field;
  }
}

TEST_CASE("running statistics are those of e3nn: one tenth of each batch, with biased variance") {
  Rng rng(2);
  BatchNorm<mixed, double> layer{{.unbiased = false}}, unbiased;
  REQUIRE(parameter(layer, "running_mean").size() == scalars);  // 0e, not 0o
  REQUIRE(parameter(layer, "bias").size() == scalars);
  REQUIRE(parameter(layer, "scale").size() == std::size(sizes));
  std::vector<double> means(scalars), variances(std::size(sizes), 1.0);
  for (int batch = 0; batch < 3; ++batch) {
    const auto x = shifted_field(PointField<mixed, double>(10 + batch), rng);
    layer.forward(x);
    unbiased.forward(x);
    int first = 0;
    for (std::size_t f = 0; f < std::size(sizes); first += sizes[f++]) {
      const double mean = f < scalars ? field_mean(x, first, sizes[f], itself) : 0;
      if (f < scalars) means[f] = 0.9 * means[f] + 0.1 * mean;
      variances[f] = 0.9 * variances[f] + 0.1 * field_mean(x, first, sizes[f], [&](double v) {
                                            return square(v - mean);
                                          });
    }
  }
  double worst = 0, vectors = 0, with_mean = 1;
  for (std::size_t f = 0; f < std::size(sizes); ++f) {
    worst = std::max(worst, std::abs(parameter(layer, "running_variance")[f] - variances[f]));
    const double other = std::abs(parameter(unbiased, "running_variance")[f] - variances[f]);
    if (f < scalars) {
      worst = std::max(worst, std::abs(parameter(layer, "running_mean")[f] - means[f]));
      with_mean = std::min(with_mean, other);
    } else {
      vectors = std::max(vectors, other);
    }
  }
  CHECK(worst < 1e-14);
  CHECK(vectors < 1e-14);  // the unbiased variance is another one only where there is a mean
  CHECK(with_mean > 1e-3);
}

TEST_CASE("batch normalization commutes with rotations and inversions, in training and in use") {
  Rng rng(3);
  const auto check = [&](auto layer) {
    using Layer = decltype(layer);
    using G = typename Layer::in::group;
    randomize(layer, rng);
    const auto x = shifted_field(typename Layer::Points(30), rng);
    CHECK(point_error<G>([&](const auto& f) { return layer.forward(f); }, x) < 1e-12);
    CHECK(point_error<G>([&](const auto& f) { return layer.freeze().forward(f); }, x) < 1e-12);
    CHECK(gradient_error(layer, x, rng).worst() < 1e-7);
    check_threads(layer, shifted_field(typename Layer::Points(3000), rng));
  };
  check(BatchNorm<mixed, double>{});
  check(BatchNorm<mixed, double>{{.unbiased = false, .variance = FieldVariance::norm}});
  check(BatchNorm<turned, double>{});
}

TEST_CASE("the mean of a pseudoscalar or of a component would break the symmetry") {
  Rng rng(4);
  constexpr auto pseudo = irreps<"2x0o">;
  constexpr auto vector = irreps<"1o">;
  const auto error = [&]<auto F, auto Wrong>() {
    const auto x = shifted_field(PointField<F, double>(30), rng);
    BatchNorm<Wrong, double> layer{{.momentum = 1}};
    layer.forward(seen_as<features_of<Wrong>>(x));
    return point_error<orthogonal<3>>(
        [frozen = layer.freeze()](const auto& f) {
          return seen_as<features_of<F>>(frozen.forward(seen_as<features_of<Wrong>>(f)));
        },
        x);
  };
  CHECK(error.template operator()<pseudo, irreps<"2x0e">>() > 0.1);
  CHECK(error.template operator()<vector, irreps<"3x0e">>() > 0.1);
  CHECK(error.template operator()<vector, irreps<"1e">>() < 1e-12);  // only the sizes matter
}

TEST_CASE("batch normalization differentiates twice, through its statistics") {
  Rng rng(5);
  const auto check = [&](auto layer) {
    using Layer = decltype(layer);
    INFO(Layer::in::name());
    randomize(layer, rng);
    const auto x = shifted_field(typename Layer::Points(20), rng);
    const auto errors = second_derivative_errors(layer, x, rng);
    CHECK(errors.adjoint < 1e-12);
    CHECK(errors.tangent < 1e-9);
    CHECK(errors.second < 1e-9);
    CHECK(errors.parameters < 1e-9);
    Forgetful<Layer> forgetful;
    randomize(forgetful, rng);
    const auto wrong = second_derivative_errors(forgetful, x, rng);
    CHECK(wrong.second > 1e-2);
  };
  check(BatchNorm<mixed, double>{});
  check(BatchNorm<mixed, double>{{.epsilon = 0.5, .variance = FieldVariance::norm}});
  check(BatchNorm<mixed, double>{{.affine = false}});
  check(BatchNorm<turned, double>{});
  check(BatchNorm<two_invariants, double>{});
}

TEST_CASE("a network with batch and norm nonlinearities differentiates twice") {
  Rng rng(9);
  Sequential net{IrrepsLinear<irreps<"2x0e+2x1o">, hidden, double>{}, BatchNorm<hidden, double>{},
                 NormActivation<hidden, double, sigmoid>{{.bias = true}},
                 NormNonlinearity<hidden, double, softplus>{}};
  randomize(net, rng);
  const auto x = shifted_field(PointField<irreps<"2x0e+2x1o">, double>(12), rng);
  const auto errors = second_derivative_errors(net, x, rng, 1e-4);
  CHECK(errors.adjoint < 1e-12);
  CHECK(errors.tangent < 1e-6);
  CHECK(errors.second < 1e-6);
  CHECK(errors.parameters < 1e-6);
}

TEST_CASE("the derivatives at feature vectors are those on a grid of one pixel") {
  // Two ways through the code: by rows of pixels, and by feature vectors.
  Rng rng(6);
  BatchNorm<two_invariants, double> points, pixels;
  const auto x = shifted_field(PointField<two_invariants, double>(300), rng);
  const auto g = random_field(x, rng);
  const auto as_pixels = [](const auto& v) {
    GridField<two_invariants, double> p(v.batch(), 1, 1);
    std::copy(v.values().begin(), v.values().end(), p.values().begin());
    return p;
  };
  const auto distance = [](const auto& a, const auto& b) {
    double worst = 0;
    for (std::size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::abs(a[i] - b[i]));
    return worst;
  };
  CHECK(distance(points.forward(x).values(), pixels.forward(as_pixels(x)).values()) < 1e-13);
  CHECK(distance(points.backward(g).values(), pixels.backward(as_pixels(g)).values()) < 1e-13);
  for (std::size_t i = 0; i < 4; ++i) {
    const auto &a = *parameters(points)[i].parameter, &b = *parameters(pixels)[i].parameter;
    CHECK(distance(a.value, b.value) < 1e-13);
    CHECK(distance(a.gradient, b.gradient) < 1e-11);
  }
}

TEST_CASE("second derivatives do not depend on the threads, nor on large means") {
  Rng rng(7);
  using Points = PointField<mixed, double>;
  const auto x = shifted_field(Points(3000), rng), dx = random_field(x, rng);
  const auto g = random_field(x, rng), dg = random_field(x, rng);
  const auto run = [&](const Points& at) {
    BatchNorm<mixed, double> layer;
    layer.forward(at);
    layer.backward_input(g);
    layer.forward_tangent(dx);
    auto result = layer.backward_tangent(dg);
    std::copy_n(parameters(layer)[0].parameter->gradient.begin(), std::size(sizes), result.data());
    return result;
  };
  set_threads(1);
  const auto one = run(x);
  for (const int count : {2, 3}) {
    set_threads(count);
    const auto other = run(x);
    CHECK(std::equal(one.values().begin(), one.values().end(), other.values().begin()));
  }
  set_threads(0);
  auto far = x;
  for (int b = 0; b < far.batch(); ++b)
    for (int c = 0; c < scalars; ++c) far(b, c) += 1e6;
  CHECK(gsteer::detail::relative_distance(run(far), one) < 1e-8);
}

TEMPLATE_TEST_CASE("a batch of zeros has finite derivatives", "", float, double) {
  using Points = PointField<mixed, TestType>;
  Rng rng(8);
  BatchNorm<mixed, TestType> layer;
  const Points zero(5);
  const auto g = random_field(zero, rng);
  double sum = 0;
  const auto add = [&](const Points& y) {
    for (const auto v : y.values()) sum += std::abs(static_cast<double>(v));
  };
  add(layer.forward(zero));
  CHECK(sum == 0);
  add(layer.freeze().forward(zero));
  CHECK(sum == 0);
  add(layer.backward(g));
  add(layer.backward_input(g));
  add(layer.forward_tangent(g));
  add(layer.backward_tangent(g));
  CHECK(std::isfinite(sum));
  CHECK(sum > 1);
}

TEST_CASE("second derivatives of batch normalization say what is wrong") {
  using Points = PointField<irreps<"1o">>;
  BatchNorm<irreps<"1o">> layer;
  CHECK_THROWS_WITH(layer.backward_input(Points(2)), ContainsSubstring("backward before forward"));
  CHECK_THROWS_WITH(layer.forward_tangent(Points(2)),
                    ContainsSubstring("expected a tangent of 0 items after forward, got 2"));
  layer.forward(Points(2));
  CHECK_THROWS_WITH(layer.forward_tangent(Points(3)), ContainsSubstring("a tangent of 2 items"));
  layer.backward_input(Points(2));
  CHECK_THROWS_WITH(layer.backward_tangent(Points(2)),
                    ContainsSubstring("before backward_input and forward_tangent"));
  layer.forward_tangent(Points(2));
  CHECK_NOTHROW(layer.backward_tangent(Points(2)));
  layer.forward(Points(2));
  CHECK_THROWS_AS(layer.backward_tangent(Points(2)), Error);
}
