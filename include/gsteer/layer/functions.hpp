// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <concepts>

namespace gsteer {

/// Numbers that a function is applied to at once: few enough for the registers and the first cache,
/// enough for vector instructions.
template <class Scalar>
using NumberBlock = Eigen::Array<Scalar, 64, 1>;

/// A function of one real number, written for a block x of them as an Eigen array: value(x), its
/// derivative(x), and whether it is odd, f(-x) = -f(x). A type of the user with these members can
/// be used wherever the ones below can.
template <class Function>
concept pointwise_function = std::copyable<Function> &&
    requires(const Function f, const NumberBlock<double>& x, const NumberBlock<float>& y) {
  { f.value(x) } -> std::convertible_to<NumberBlock<double>>;
  { f.value(y) } -> std::convertible_to<NumberBlock<float>>;
  { f.derivative(x) } -> std::convertible_to<NumberBlock<double>>;
  { f.derivative(y) } -> std::convertible_to<NumberBlock<float>>;
  { Function::odd } -> std::convertible_to<bool>;
};

/// A pointwise function with a second_derivative(x): what second derivatives of a network need,
/// and so training on forces. ReLU and its like have none at 0.
template <class Function>
concept smooth_function = pointwise_function<Function> &&
    requires(const Function f, const NumberBlock<double>& x, const NumberBlock<float>& y) {
  { f.second_derivative(x) } -> std::convertible_to<NumberBlock<double>>;
  { f.second_derivative(y) } -> std::convertible_to<NumberBlock<float>>;
};

namespace detail {

/// 1 where x > 0, else `otherwise`. A loop, because Eigen does not vectorize comparisons.
template <class X>
X step(X x, double otherwise) {
  const auto low = static_cast<typename X::Scalar>(otherwise);
  for (auto& v : x) v = v > 0 ? 1 : low;
  return x;
}

}  // namespace detail

/// max(0, x). The derivative at 0 is 0. NaN stays NaN.
struct relu {
  static constexpr bool odd = false;
  template <class X>
  X value(X x) const {
    for (auto& v : x) v = v < 0 ? 0 : v;
    return x;
  }
  template <class X>
  X derivative(const X& x) const {
    return detail::step(x, 0);
  }
};

/// x for x > 0, else slope x.
struct leaky_relu {
  static constexpr bool odd = false;
  double slope = 0.01;
  template <class X>
  X value(const X& x) const {
    return x * derivative(x);
  }
  template <class X>
  X derivative(const X& x) const {
    return detail::step(x, slope);
  }
};

/// x for x > 0, else scale (exp(x) - 1).
struct elu {
  static constexpr bool odd = false;
  double scale = 1;
  template <class X>
  X value(const X& x) const {
    const X positive = relu{}.value(x);
    const X exponential = (x - positive).exp();
    return positive + static_cast<typename X::Scalar>(scale) * (exponential - 1);
  }
  template <class X>
  X derivative(const X& x) const {
    const X exponential = x.min(0).exp();  // 1 for x > 0
    return exponential * detail::step(x, scale);
  }
};

/// 1 / (1 + exp(-x)).
struct sigmoid {
  static constexpr bool odd = false;
  template <class X>
  X value(const X& x) const {
    return x.logistic();
  }
  template <class X>
  X derivative(const X& x) const {
    const X y = value(x);
    return y * (1 - y);
  }
  template <class X>
  X second_derivative(const X& x) const {
    const X y = value(x);
    return y * (1 - y) * (1 - 2 * y);
  }
};

/// tanh(x), odd.
struct hyperbolic_tangent {
  static constexpr bool odd = true;
  template <class X>
  X value(const X& x) const {
    return x.tanh();
  }
  template <class X>
  X derivative(const X& x) const {
    return 1 - x.tanh().square();
  }
  template <class X>
  X second_derivative(const X& x) const {
    const X y = x.tanh();
    return 2 * y * (y.square() - 1);
  }
};

/// x / (1 + exp(-x)), also known as swish.
struct silu {
  static constexpr bool odd = false;
  template <class X>
  X value(const X& x) const {
    return x * x.logistic();
  }
  template <class X>
  X derivative(const X& x) const {
    const X s = x.logistic();
    return s + x * s * (1 - s);
  }
  template <class X>
  X second_derivative(const X& x) const {
    const X s = x.logistic();
    return s * (1 - s) * (2 + x * (1 - 2 * s));
  }
};

/// log(1 + exp(x)).
struct softplus {
  static constexpr bool odd = false;
  template <class X>
  X value(const X& x) const {
    const X tail = (-x.abs()).exp().log1p();
    return relu{}.value(x) + tail;
  }
  template <class X>
  X derivative(const X& x) const {
    return x.logistic();
  }
  template <class X>
  X second_derivative(const X& x) const {
    const X s = x.logistic();
    return s * (1 - s);
  }
};

}  // namespace gsteer
