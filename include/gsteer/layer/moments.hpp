// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <concepts>
#include <numbers>

#include "gsteer/layer/functions.hpp"

namespace gsteer {

/// The factor c that gives c f(z) unit second moment, E[(c f(z))^2] = 1, for a normal variable z.
///
/// For silu and sigmoid these are the constants of e3nn (normalize2mom), on which weights trained
/// there rely; e3nn estimates them from a million samples, so that they are off by 1e-3: the
/// integral for silu is 1.6765. For other functions c comes from the trapezoidal rule at steps of
/// 1/256 in [-16, 16], which is exact to rounding for smooth functions and to 1e-9 for functions
/// whose slope jumps at 0. A factor within 1e-4 of 1 is 1, as in e3nn.
template <pointwise_function Function>
[[gnu::cold]] double unit_moment_factor(const Function& f) {
  if constexpr (std::same_as<Function, silu>) return 1.6791767923989418;
  if constexpr (std::same_as<Function, sigmoid>) return 1.8467055342154763;
  constexpr int nodes = 8192, block = NumberBlock<double>::SizeAtCompileTime;
  constexpr double step = 1.0 / 256;
  NumberBlock<double> z;
  double moment = 0;
  for (int first = 0; first < nodes; first += block) {
    for (int i = 0; i < block; ++i) z[i] = (first + i - nodes / 2) * step;
    const NumberBlock<double> y = f.value(z);
    for (int i = 0; i < block; ++i) moment += y[i] * y[i] * std::exp(-z[i] * z[i] / 2);
  }
  const double factor =
      1 / std::sqrt(moment * step * std::numbers::inv_sqrtpi / std::numbers::sqrt2);
  return std::abs(factor - 1) < 1e-4 ? 1 : factor;
}

/// c f(x) with c = unit_moment_factor(f): a pointwise function that keeps the size of unit noise
/// (e3nn's normalize2mom).
template <pointwise_function Function>
class unit_moment {
 public:
  static constexpr bool odd = Function::odd;

  [[gnu::cold]] explicit unit_moment(Function f = {})
      : function_(f), factor_(unit_moment_factor(f)) {}

  double factor() const { return factor_; }

  template <class X>
  X value(const X& x) const {
    return scale<X>() * function_.value(x);
  }
  template <class X>
  X derivative(const X& x) const {
    return scale<X>() * function_.derivative(x);
  }
  template <class X>
  X second_derivative(const X& x) const requires smooth_function<Function> {
    return scale<X>() * function_.second_derivative(x);
  }

 private:
  template <class X>
  typename X::Scalar scale() const {
    return static_cast<typename X::Scalar>(factor_);
  }

  Function function_;
  double factor_;
};

}  // namespace gsteer
