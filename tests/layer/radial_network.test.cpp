// SPDX-License-Identifier: MIT
#include "gsteer/layer/radial_network.hpp"

#include <cmath>
#include <string>
#include <vector>

#include "catch.hpp"

using namespace gsteer;

namespace {

template <class Scalar>
using Numbers = std::vector<Scalar>;

template <class Scalar>
Numbers<Scalar> random_numbers(int size, Rng& rng) {
  Numbers<Scalar> x(static_cast<std::size_t>(size));
  for (auto& v : x) v = static_cast<Scalar>(rng.normal());
  return x;
}

template <class Scalar>
double dot(const Numbers<Scalar>& a, const Numbers<Scalar>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * double(b[i]);
  return sum;
}

template <class Scalar>
double distance(const Numbers<Scalar>& a, const Numbers<Scalar>& b) {
  REQUIRE(a.size() == b.size());
  double square = 0;
  for (std::size_t i = 0; i < a.size(); ++i) square += std::pow(double(a[i]) - double(b[i]), 2);
  return std::sqrt(square / dot(b, b));
}

template <class Scalar>
Numbers<Scalar> moved(const Numbers<Scalar>& a, const Numbers<Scalar>& b, double t) {
  Numbers<Scalar> c(a);
  for (std::size_t i = 0; i < a.size(); ++i) c[i] += static_cast<Scalar>(t) * b[i];
  return c;
}

/// All weights in one row, or their gradients.
template <class Scalar>
Numbers<Scalar> weights(RadialNetwork<Scalar>& network, bool gradients) {
  Numbers<Scalar> all;
  for (const auto& [name, p] : parameters(network)) {
    const auto& from = gradients ? p->gradient : p->value;
    all.insert(all.end(), from.begin(), from.end());
  }
  return all;
}

template <class Scalar>
void set_weights(RadialNetwork<Scalar>& network, const Numbers<Scalar>& all) {
  std::size_t i = 0;
  for (const auto& [name, p] : parameters(network))
    for (auto& w : p->value) w = all[i++];
}

/// The definition, one row and one number at a time in double.
template <class Scalar>
Numbers<double> definition(RadialNetwork<Scalar>& network, const std::vector<int>& sizes,
                           const Numbers<Scalar>& x, int n) {
  const auto w = weights(network, false);
  Numbers<double> y;
  for (int row = 0; row < n; ++row) {
    Numbers<double> h(x.begin() + row * sizes[0], x.begin() + (row + 1) * sizes[0]);
    std::size_t offset = 0;
    for (std::size_t k = 0; k + 1 < sizes.size(); ++k) {
      const auto in = std::size_t(sizes[k]), out = std::size_t(sizes[k + 1]);
      Numbers<double> next(out);
      for (std::size_t j = 0; j < out; ++j) {
        for (std::size_t i = 0; i < in; ++i) next[j] += h[i] * double(w[offset + i * out + j]);
        next[j] /= std::sqrt(double(in));
        if (k + 2 < sizes.size()) next[j] *= 1.6791767923989418 / (1 + std::exp(-next[j]));
      }
      offset += in * out;
      h = next;
    }
    y.insert(y.end(), h.begin(), h.end());
  }
  return y;
}

/// A network at a point with directions, everything that its derivatives are taken of.
template <class Scalar>
struct Problem {
  RadialNetwork<Scalar> network;
  int n;
  Numbers<Scalar> x, dx, g, dg;

  Problem(int in, const std::vector<int>& hidden, int out, int rows)
      : network(in, hidden, out), n(rows) {
    Rng rng(7);
    network.initialize(rng);
    x = random_numbers<Scalar>(n * in, rng);
    dx = random_numbers<Scalar>(n * in, rng);
    g = random_numbers<Scalar>(n * out, rng);
    dg = random_numbers<Scalar>(n * out, rng);
  }
  Numbers<Scalar> output(const Numbers<Scalar>& at) {
    Numbers<Scalar> y(g.size());
    network.forward(at.data(), n, y.data());
    return y;
  }
  /// J^T g, and behind it the gradients of the weights.
  Numbers<Scalar> gradients(const Numbers<Scalar>& at, const Numbers<Scalar>& with) {
    output(at);
    zero_gradients(network);
    Numbers<Scalar> all(x.size());
    network.backward(with.data(), all.data());
    const auto w = weights(network, true);
    all.insert(all.end(), w.begin(), w.end());
    return all;
  }
};

template <class Scalar>
void check_values(double bound) {
  for (const int n : {0, 1, 3, 127, 128, 129, 1500})
    for (const std::vector<int>& hidden : {std::vector<int>{}, {5}, {64, 7}}) {
      CAPTURE(n, hidden.size());
      Problem<Scalar> p(8, hidden, 10, n);
      std::vector<int> sizes{8};
      sizes.insert(sizes.end(), hidden.begin(), hidden.end());
      sizes.push_back(10);
      const auto y = p.output(p.x);
      Numbers<Scalar> applied(y.size());
      p.network.apply(p.x.data(), n, applied.data());
      CHECK(applied == y);
      if (n == 0) continue;
      const auto expected = definition(p.network, sizes, p.x, n);
      CHECK(distance(Numbers<double>(y.begin(), y.end()), expected) < bound);
    }
}

/// <J dx, g> = <dx, J^T g>, and backward_input is the part of backward that it should be.
template <class Scalar>
void check_adjoint(double bound) {
  for (const std::vector<int>& hidden : {std::vector<int>{}, {16}, {16, 9, 12}}) {
    Problem<Scalar> p(8, hidden, 10, 300);
    p.output(p.x);
    Numbers<Scalar> dy(p.g.size()), gx(p.x.size());
    p.network.forward_tangent(p.dx.data(), dy.data());
    p.network.backward_input(p.g.data(), gx.data());
    CHECK(std::abs(dot(dy, p.g) - dot(p.dx, gx)) / std::sqrt(dot(dy, dy) * dot(p.g, p.g)) < bound);
    for (const auto w : weights(p.network, true)) REQUIRE(w == 0);
    const auto all = p.gradients(p.x, p.g);
    CHECK(Numbers<Scalar>(all.begin(), all.begin() + std::ptrdiff_t(gx.size())) == gx);
  }
}

}  // namespace

TEST_CASE("a radial network is what its definition says") {
  check_values<double>(1e-13);
  check_values<float>(1e-5);
}

TEST_CASE("a radial network keeps the variance of noise") {
  Problem<double> p(32, {64, 64}, 16, 2000);
  const auto y = p.output(p.x);
  CHECK(dot(y, y) / double(y.size()) == Approx(1).margin(0.2));
}

TEST_CASE("the tangent and the backward pass of a radial network are adjoint") {
  check_adjoint<double>(1e-13);
  check_adjoint<float>(1e-5);
}

TEST_CASE("gradients of a radial network agree with differences") {
  const double h = 1e-5;
  for (const std::vector<int>& hidden : {std::vector<int>{}, {16}, {16, 9}}) {
    Problem<double> p(8, hidden, 10, 40);
    const auto all = p.gradients(p.x, p.g);
    const Numbers<double> gx(all.begin(), all.begin() + std::ptrdiff_t(p.x.size())),
        gw(all.begin() + std::ptrdiff_t(p.x.size()), all.end());
    const double along_x =
        (dot(p.output(moved(p.x, p.dx, h)), p.g) - dot(p.output(moved(p.x, p.dx, -h)), p.g)) /
        (2 * h);
    CHECK(dot(gx, p.dx) == Approx(along_x).epsilon(1e-8));
    Rng rng(1);
    const auto w = weights(p.network, false);
    const auto dw = random_numbers<double>(int(w.size()), rng);
    set_weights(p.network, moved(w, dw, h));
    const double up = dot(p.output(p.x), p.g);
    set_weights(p.network, moved(w, dw, -h));
    const double along_w = (up - dot(p.output(p.x), p.g)) / (2 * h);
    CHECK(dot(gw, dw) == Approx(along_w).epsilon(1e-8));
  }
}

TEST_CASE("the tangent of the backward pass of a radial network agrees with differences") {
  const double h = 1e-5;
  for (const int n : {1, 40, 1300})  // 1300 rows: sums in more than one group
    for (const std::vector<int>& hidden : {std::vector<int>{}, {16}, {16, 9}}) {
      CAPTURE(n, hidden.size());
      Problem<double> p(8, hidden, 10, n);
      auto up = p.gradients(moved(p.x, p.dx, h), moved(p.g, p.dg, h));
      const auto down = p.gradients(moved(p.x, p.dx, -h), moved(p.g, p.dg, -h));
      for (std::size_t i = 0; i < up.size(); ++i) up[i] = (up[i] - down[i]) / (2 * h);
      p.output(p.x);
      zero_gradients(p.network);
      Numbers<double> gx(p.x.size()), dy(p.g.size()), all(p.x.size());
      p.network.backward_input(p.g.data(), gx.data());
      p.network.forward_tangent(p.dx.data(), dy.data());
      p.network.backward_tangent(p.dg.data(), all.data());
      const auto w = weights(p.network, true);
      all.insert(all.end(), w.begin(), w.end());
      CHECK(distance(all, up) < 1e-8);
      // Without the second derivative of silu it would not: what is left is J^T dg.
      const auto wrong = p.gradients(p.x, p.dg);
      if (!hidden.empty()) CHECK(distance(wrong, up) > 0.1);
    }
}

TEST_CASE("in float the second derivatives of a radial network are those in double") {
  Problem<float> single(8, {16, 9}, 10, 700);
  Problem<double> exact(8, {16, 9}, 10, 700);
  const auto derivatives = [](auto& p) {
    p.output(p.x);
    auto gx = p.x, dgx = p.x;
    auto dy = p.g;
    p.network.backward_input(p.g.data(), gx.data());
    p.network.forward_tangent(p.dx.data(), dy.data());
    p.network.backward_tangent(p.dg.data(), dgx.data());
    const auto w = weights(p.network, true);
    dgx.insert(dgx.end(), w.begin(), w.end());
    return Numbers<double>(dgx.begin(), dgx.end());
  };
  CHECK(distance(derivatives(single), derivatives(exact)) < 1e-5);
}

TEST_CASE("results of a radial network do not depend on threads or on earlier calls") {
  Problem<float> p(8, {16, 9}, 10, 3000);
  set_threads(1);
  const auto alone = p.gradients(p.x, p.g);
  set_threads(3);
  CHECK(p.gradients(p.x, p.g) == alone);
  set_threads(0);
  Numbers<float> y(10);
  p.network.forward(p.x.data(), 1, y.data());
  CHECK(p.gradients(p.x, p.g) == alone);
}

TEST_CASE("a radial network adds to gradients, names its weights and says what is wrong") {
  Problem<double> p(4, {6}, 3, 5);
  const auto once = p.gradients(p.x, p.g);
  p.network.backward(p.g.data(), nullptr);
  const auto twice = weights(p.network, true);
  for (std::size_t i = 0; i < twice.size(); ++i)
    CHECK(twice[i] == Approx(2 * once[p.x.size() + i]).epsilon(1e-14));
  const auto named = parameters(p.network);
  REQUIRE(named.size() == 2);
  CHECK(named[0].name == "0.weight");
  CHECK(named[1].name == "1.weight");
  CHECK(named[0].parameter->value.size() == 24);
  CHECK(named[1].parameter->value.size() == 18);

  RadialNetwork<double> fresh(4, {6}, 3);
  CHECK_THROWS_AS(fresh.backward(p.g.data(), nullptr), Error);
  CHECK_THROWS_AS(fresh.backward_input(p.g.data(), p.x.data()), Error);
  CHECK_THROWS_AS(fresh.forward_tangent(p.x.data(), p.g.data()), Error);
  p.output(p.x);
  CHECK_THROWS_AS(p.network.backward_tangent(p.g.data(), nullptr), Error);
  CHECK_THROWS_AS(p.network.forward(p.x.data(), -1, p.g.data()), Error);
  CHECK_THROWS_AS(RadialNetwork<float>(4, {0}, 3), Error);
}
