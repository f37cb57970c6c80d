// SPDX-License-Identifier: MIT
// A tensor product written as its definition says, and the laws of its derivatives.
#pragma once

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "gsteer/group/wigner_3j.hpp"
#include "gsteer/layer/tensor_product.hpp"
#include "layer/laws.hpp"

namespace gsteer::test {

/// |a - b| / |b| over all numbers, |a| if b is zero.
template <class A, class B>
double distance(const A& a, const B& b) {
  REQUIRE(a.size() == b.size());
  double difference = 0, norm = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference += (a[i] - b[i]) * (a[i] - b[i]);
    norm += b[i] * b[i];
  }
  return norm > 0 ? std::sqrt(difference / norm) : std::sqrt(difference);
}
template <class A, class B>
double inner(const A& a, const B& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

/// body(mode, weighted, product, x, y) for products of one path, of all modes, with long factors on
/// either side; weights are given per sample.
template <class Body>
void for_each_mode(Body&& body) {
  const auto with = [&]<auto In1, auto In2, auto Out>(ConnectionMode mode, bool weighted) {
    TensorProduct<In1, In2, Out, double> product(
        std::vector<TensorPath>{{0, 0, 0, mode, weighted, 1}},
        {.weights = WeightSource::per_sample});
    body(mode, weighted, product, PointField<In1, double>(3), PointField<In2, double>(3));
  };
  using enum ConnectionMode;
  with.template operator()<irreps<"4x1o">, irreps<"3x2e">, irreps<"5x1o">>(uvw, true);
  with.template operator()<irreps<"2x1o">, irreps<"19x2e">, irreps<"18x1o">>(uvw, true);
  with.template operator()<irreps<"4x1o">, irreps<"3x2e">, irreps<"4x3o">>(uvu, true);
  with.template operator()<irreps<"20x1o">, irreps<"1x2e">, irreps<"20x3o">>(uvu, true);
  with.template operator()<irreps<"4x1o">, irreps<"3x2e">, irreps<"4x2o">>(uvu, false);
  with.template operator()<irreps<"4x1o">, irreps<"3x2e">, irreps<"3x1o">>(uvv, true);
  with.template operator()<irreps<"4x1o">, irreps<"3x2e">, irreps<"3x2o">>(uvv, false);
  with.template operator()<irreps<"4x1o">, irreps<"4x2e">, irreps<"5x1o">>(uuw, true);
  with.template operator()<irreps<"4x1o">, irreps<"4x2e">, irreps<"1x3o">>(uuw, false);
  with.template operator()<irreps<"17x1o">, irreps<"17x1e">, irreps<"17x1o">>(uuu, true);
  with.template operator()<irreps<"4x1o">, irreps<"4x1e">, irreps<"4x0o">>(uuu, false);
  with.template operator()<irreps<"4x1o">, irreps<"3x2e">, irreps<"12x1o">>(uvuv, true);
  with.template operator()<irreps<"2x1o">, irreps<"3x2e">, irreps<"6x3o">>(uvuv, false);
  with.template operator()<irreps<"4x1o">, irreps<"4x1o">, irreps<"6x1e">>(uvu_below, true);
  with.template operator()<irreps<"4x1o">, irreps<"4x1o">, irreps<"6x2e">>(uvu_below, false);
  with.template operator()<irreps<"4x1o">, irreps<"4x1o">, irreps<"5x2e">>(uv_below_w, true);
}

/// The result of a product of one path, by the sum over all indices.
template <class Product, class X, class Y>
std::vector<double> definition(const Product&, ConnectionMode mode, bool weighted, const X& x,
                               const Y& y, const Buffer<double>& w) {
  const auto in1 = irrep_list<typename Product::in1>().front(),
             in2 = irrep_list<typename Product::in2>().front(),
             out = irrep_list<typename Product::out>().front();
  const auto C = wigner_3j(in1.label.frequency, in2.label.frequency, out.label.frequency);
  const int m1 = in1.copies, m2 = in2.copies, mo = out.copies;
  const int d1 = C.sizes[0], d2 = C.sizes[1], d3 = C.sizes[2];
  using enum ConnectionMode;
  const double below = m1 * (m1 - 1) / 2.0;
  const double elements = mode == uvw                  ? m1 * m2
                          : mode == uvu                ? m2
                          : mode == uvv || mode == uuw ? m1
                          : mode == uv_below_w         ? below
                                                       : 1;
  const double c = std::sqrt(d3 / elements);
  const std::size_t count = w.size() / static_cast<std::size_t>(x.batch());
  std::vector<double> z(static_cast<std::size_t>(x.batch() * mo * d3));
  for (int n = 0; n < x.batch(); ++n)
    for (int u = 0, pair = 0; u < m1; ++u)
      for (int v = 0; v < m2; ++v) {
        const bool equal = mode == uuw || mode == uuu,
                   upper = mode == uvu_below || mode == uv_below_w;
        if ((equal && u != v) || (upper && u >= v)) continue;
        for (int k = 0; k < d3; ++k) {
          double t = 0;
          for (int i = 0; i < d1; ++i)
            for (int j = 0; j < d2; ++j) t += c * C(i, j, k) * x(n, u * d1 + i) * y(n, v * d2 + j);
          const auto add = [&](int copy, int weight) {
            z[static_cast<std::size_t>((n * mo + copy) * d3 + k)] +=
                t * (weighted
                         ? w[static_cast<std::size_t>(n) * count + static_cast<std::size_t>(weight)]
                         : 1);
          };
          const int uv = u * m2 + v;
          if (mode == uvu) add(u, uv);
          if (mode == uvv) add(v, uv);
          if (mode == uuu) add(u, u);
          if (mode == uvuv) add(uv, uv);
          if (mode == uvu_below) add(pair, pair);
          if (mode == uuw && !weighted) add(0, 0);
          if (mode == uvw || mode == uv_below_w || (mode == uuw && weighted))
            for (int o = 0; o < mo; ++o) add(o, (mode == uvw ? uv : upper ? pair : u) * mo + o);
        }
        ++pair;
      }
  return z;
}

struct ProductErrors {
  double adjoint = 0;     ///< of <J v, g> = <v, J^T g>
  double difference = 0;  ///< of forward_tangent from a difference of forward
  double second = 0;      ///< of backward_tangent from a difference of backward_input
};

/// Checks a product with weights per sample; its derivatives along random directions.
template <class Product, class X, class Y>
ProductErrors product_gradient_errors(Product& product, X x, Y y, Rng& rng) {
  const auto random = [&](auto field) { return random_field(field, rng); };
  Buffer<double> w(static_cast<std::size_t>(product.weight_count()) *
                   static_cast<std::size_t>(x.batch()));
  const auto fill = [&](Buffer<double> values) {
    for (auto& v : values) v = rng.normal();
    return values;
  };
  x = random(x);
  y = random(y);
  w = fill(w);
  const auto dx = random(x);
  const auto dy = random(y);
  const auto dw = fill(w);
  const auto z = product.forward(x, y, w);
  const auto g = random(z), dg = random(z);
  const auto tangent = product.forward_tangent(dx, dy, dw);
  const auto d = product.backward_input(g);
  ProductErrors errors;
  const double left = inner(tangent.values(), g.values());
  const double right = inner(dx.values(), d.in1.values()) + inner(dy.values(), d.in2.values()) +
                       inner(dw, d.weights);
  errors.adjoint = std::abs(left - right) / std::max(1.0, std::abs(left));
  const auto second = product.backward_tangent(dg);

  const auto moved = [](const auto& values, const auto& direction, double t) {
    auto result = values;
    for (std::size_t i = 0; i < result.size(); ++i) result[i] += t * direction[i];
    return result;
  };
  // Everything is a polynomial in t of degree at most 3 here: the difference is exact to rounding.
  const auto along = [&](double t) {
    X a = x;
    Y b = y;
    auto h = g;
    a.values() = moved(x.values(), dx.values(), t);
    b.values() = moved(y.values(), dy.values(), t);
    h.values() = moved(g.values(), dg.values(), t);
    const auto out = product.forward(a, b, moved(w, dw, t));
    const auto back = product.backward_input(h);
    std::vector<double> all(out.values().begin(), out.values().end());
    all.insert(all.end(), back.in1.values().begin(), back.in1.values().end());
    all.insert(all.end(), back.in2.values().begin(), back.in2.values().end());
    all.insert(all.end(), back.weights.begin(), back.weights.end());
    return all;
  };
  const double h = 1e-2;
  const auto p1 = along(h), m1 = along(-h), p2 = along(2 * h), m2 = along(-2 * h);
  std::vector<double> slope(p1.size());
  for (std::size_t i = 0; i < slope.size(); ++i)
    slope[i] = (8 * (p1[i] - m1[i]) - (p2[i] - m2[i])) / (12 * h);
  const auto n = static_cast<std::ptrdiff_t>(z.size());
  errors.difference =
      distance(std::vector<double>(slope.begin(), slope.begin() + n),
               std::vector<double>(tangent.values().begin(), tangent.values().end()));
  std::vector<double> expected(second.in1.values().begin(), second.in1.values().end());
  expected.insert(expected.end(), second.in2.values().begin(), second.in2.values().end());
  expected.insert(expected.end(), second.weights.begin(), second.weights.end());
  errors.second = distance(std::vector<double>(slope.begin() + n, slope.end()), expected);
  return errors;
}

}  // namespace gsteer::test
