// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "gsteer/train/optimizer.hpp"

namespace gsteer {

/// Scales all gradients of a network by one factor <= 1, so that their joint Euclidean norm is at
/// most `limit`; returns the norm there was. Call it between backward and step.
/// \throws Error, before anything has changed, if a gradient is not finite
template <class Net>
double clip_gradient_norm(Net& net, double limit) {
  using Scalar = typename Net::Scalar;
  expect(limit > 0, "clip_gradient_norm: expected a limit > 0, got ", limit);
  const auto all = parameters(net);
  detail::check_gradients("clip_gradient_norm", all);
  double largest = 0, sum = 0;  // relative to the largest, squares neither overflow nor vanish
  for (const auto& [name, p] : all)
    for (const Scalar g : p->gradient)
      largest = std::max(largest, std::abs(static_cast<double>(g)));
  if (largest == 0) return 0;
  for (const auto& [name, p] : all)
    for (const Scalar g : p->gradient)
      sum += (static_cast<double>(g) / largest) * (static_cast<double>(g) / largest);
  const double norm = largest * std::sqrt(sum);
  if (norm > limit) {
    const double factor = limit / largest / std::sqrt(sum);
    for (const auto& [name, p] : all)
      for (Scalar& g : p->gradient) g = static_cast<Scalar>(static_cast<double>(g) * factor);
  }
  return norm;
}

/// Moves every number of every gradient into [-limit, limit].
///
/// This is not equivariant: it treats the coordinate axes of a parameter as special, but
/// coefficients of equivariant kernels have no transformation to commute with, so that the network
/// stays equivariant all the same.
/// \throws Error, before anything has changed, if a gradient is not finite
template <class Net>
void clip_gradient_values(Net& net, double limit) {
  using Scalar = typename Net::Scalar;
  expect(limit > 0, "clip_gradient_values: expected a limit > 0, got ", limit);
  const auto all = parameters(net);
  detail::check_gradients("clip_gradient_values", all);
  for (const auto& [name, p] : all)
    for (Scalar& g : p->gradient)
      g = static_cast<Scalar>(std::clamp(static_cast<double>(g), -limit, limit));
}

}  // namespace gsteer
