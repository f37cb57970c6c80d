// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <type_traits>

#include "gsteer/field/transform.hpp"
#include "gsteer/group/subgroup.hpp"

namespace gsteer {

namespace detail {

/// |a - b| / |b| in the Euclidean norm over all numbers; |a| if b is zero.
template <class F>
double relative_distance(const F& a, const F& b) {
  expect(a.batch() == b.batch() && a.space() == b.space(),
         "equivariance_error: results of different shape: ", a.batch(), " items on ", a.space(),
         " and ", b.batch(), " on ", b.space());
  double difference = 0, norm = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double d = static_cast<double>(a.values()[i]) - static_cast<double>(b.values()[i]);
    difference += d * d;
    norm += static_cast<double>(b.values()[i]) * static_cast<double>(b.values()[i]);
  }
  return norm > 0 ? std::sqrt(difference / norm) : std::sqrt(difference);
}

/// An element of H as one of G, of which H is a subgroup.
template <group G, group H>
typename G::element element_of(const typename H::element& h) {
  if constexpr (std::is_same_v<G, H>)
    return h;
  else
    return embedding<H, G>::map(h);
}

}  // namespace detail

/// |f(g x) - g f(x)| / |f(x)| for any function f of fields. 0 to rounding if f is equivariant and g
/// maps the grid to itself. A function that is zero everywhere passes: look at its result, too.
/// Where f gives up symmetry (Restrict), g is an element of what is left, the group of f(x).
template <class Function, class Element, class X>
double equivariance_error_of(Function&& f, const Element& g, const X& x) {
  const auto y = f(x);
  using G = typename X::features::group;
  using H = typename std::remove_cvref_t<decltype(y)>::features::group;
  return detail::relative_distance(f(transform(detail::element_of<G, H>(g), x)), transform(g, y));
}

/// The same for a layer or network, as it is in use (frozen: running statistics, no dropout); it is
/// not changed.
template <class Net, class Element, class X>
double equivariance_error(const Net& net, const Element& g, const X& x) {
  const auto& frozen = net.freeze();
  return equivariance_error_of([&](const X& input) { return frozen.forward(input); }, g, x);
}

}  // namespace gsteer
