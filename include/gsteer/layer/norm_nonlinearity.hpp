// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <type_traits>
#include <utility>

#include "gsteer/layer/norm_scaling.hpp"
#include "gsteer/layer/remembered.hpp"

namespace gsteer {

/// x^2 / (1 + x^2) for x >= 0: brings a norm into [0, 1) (Sabour et al., 2017).
struct squash {
  static constexpr bool odd = false;
  template <class X>
  X value(const X& x) const {
    const X square = x.square();
    return square / (1 + square);
  }
  template <class X>
  X derivative(const X& x) const {
    return 2 * x / (1 + x.square()).square();
  }
  template <class X>
  X second_derivative(const X& x) const {
    const X square = x.square();
    return (2 - 6 * square) / (1 + square).cube();
  }
};

struct NormOptions {
  double threshold = 1;  ///< b at the start, > 0
};

/// Settings of NormActivation.
struct NormActivationOptions {
  bool bias = false;      ///< learn a shift of the length, one a field, 0 at the start
  double epsilon = 1e-8;  ///< shorter fields are taken to be of this length, > 0
};

namespace detail {

/// f(|x| - b) / |x|, b = exp(log_threshold). Up to 1e-10 the direction x / |x| counts as 0 (as in
/// escnn).
template <class Scalar>
[[gnu::cold]] NormArgument<Scalar> norm_argument(const NormOptions& options, int fields,
                                                 bool shifted) {
  expect(options.threshold > 0 && std::isfinite(options.threshold),
         "NormNonlinearity: expected a threshold > 0, got ", options.threshold);
  NormArgument<Scalar> how;
  how.logarithmic = true;
  how.vanishing = how.constant = Scalar(1e-10);
  if (shifted)
    how.parameter = Parameter<Scalar>(fields, static_cast<Scalar>(std::log(options.threshold)));
  return how;
}

/// f(n + bias) / n, n = max(|x|, epsilon).
template <class Scalar>
[[gnu::cold]] NormArgument<Scalar> norm_argument(const NormActivationOptions& options, int fields,
                                                 bool) {
  NormArgument<Scalar> how;
  how.least = how.constant = static_cast<Scalar>(options.epsilon);
  expect(how.least * how.least > 0 && std::isfinite(how.least),
         "NormActivation: expected epsilon > 0, got ", options.epsilon);
  if (options.bias) how.parameter = Parameter<Scalar>(fields);
  return how;
}

}  // namespace detail

/// Changes the length of each field and keeps its direction: x -> f(|x| - b) x / |x|. It commutes
/// with every orthogonal representation, so with all of them.
///
/// f is a pointwise function: relu (fields shorter than b vanish), sigmoid, softplus; or squash,
/// which has no b. The threshold b = exp(log_threshold) > 0 is learned, one a field, parameter
/// `log_threshold`; it starts at 1, about the size of a field of unit variance (both as in escnn,
/// from which weights carry over).
///
/// At x = 0, where there is no direction, value and gradient are 0. With relu and squash this is
/// the limit; with sigmoid and softplus f(-b) is not 0, so the layer jumps there and its gradient
/// grows like 1 / |x|. Use the alias NormNonlinearity.
///
/// NormActivation is the same with e3nn's treatment of short fields and signs of the shift:
///   x -> f(n + bias) x / n,  n = max(|x|, epsilon),
/// so that it is linear up to epsilon, with slopes as large as f(bias) / epsilon. Without bias, and
/// with the `biases` of e3nn, it computes what nn.NormActivation does; as there, f is not scaled to
/// unit second moment (unit_moment).
///
/// Second derivatives on points need a smooth_function. Where the first derivative is 0 or constant
/// by the rules above, at short fields, the second is 0.
template <feature_type F, pointwise_function Function = relu, class Scalar_ = float,
          class Options = NormOptions>
class norm_nonlinearity {
 public:
  using in = F;
  using out = F;
  using Scalar = Scalar_;
  using Points = Field<F, Scalar, Point>;

  /// \throws Error unless the threshold, or epsilon, is positive
  explicit norm_nonlinearity(Options options = {}, Function function = Function{})
      : scaling_(function, detail::norm_argument<Scalar>(options, F::fields,
                                                         !std::is_same_v<Function, squash>)) {}

  template <class Space>
  Field<F, Scalar, Space> forward(Field<F, Scalar, Space> x) {
    auto y = input_.recycle(x);
    const auto f = fields(x);
    norms_ = scaling_.norms(f, {x.data(), F::size});
    detail::scale_fields<Scalar>(f, {y.data(), F::size}, scaling_.factors(f, norms_).data(),
                                 {x.data(), F::size});
    input_.take(std::move(x));
    g_ = {};
    dx_ = {};
    return y;
  }

  template <class Space>
  Field<F, Scalar, Space> backward(Field<F, Scalar, Space> gradient) {
    input_.check(name, gradient);
    auto d_in = detail::overwritable(std::move(gradient));
    scaling_.backward(fields(d_in), {d_in.data(), F::size}, {input_.values.data(), F::size},
                      norms_);
    return d_in;
  }

  Points backward_input(const Points& gradient) {
    input_.check(name, gradient);
    g_ = gradient;
    return differentiated(gradient);
  }
  Points forward_tangent(Points dx) {
    expect(input_.batch > 0 && dx.batch() == input_.batch, name, ": expected a tangent of ",
           input_.batch, " items after forward, got ", dx.batch());
    dx_ = detail::overwritable(std::move(dx));
    return differentiated(dx_);
  }
  Points backward_tangent(Points dg) requires smooth_function<Function> {
    input_.check(name, dg);
    expect(!g_.empty() && !dx_.empty(), name,
           ": backward_tangent before backward_input and forward_tangent");
    auto result = detail::overwritable(std::move(dg));
    scaling_.backward_tangent(result.batch(), detail::channels_of_fields<F>(), result.data(),
                              input_.values.data(), g_.data(), dx_.data(), norms_);
    return result;
  }

  auto freeze() const {
    return make_frozen<F, F, Scalar>([scaling = scaling_](auto x) {
      auto y = detail::overwritable(std::move(x));
      const auto f = fields(y);
      const auto factors = scaling.factors(f, scaling.norms(f, {y.data(), F::size}));
      detail::scale_fields<Scalar>(f, {y.data(), F::size}, factors.data(), {y.data(), F::size});
      return y;
    });
  }

  template <class Visit>
  void visit_parameters(Visit&& visit) {
    auto& parameter = scaling_.argument.parameter;
    if (!parameter.value.empty()) visit(is_activation ? "bias" : "log_threshold", parameter);
  }

 private:
  static constexpr bool is_activation = std::is_same_v<Options, NormActivationOptions>;
  static constexpr const char* name = is_activation ? "NormActivation" : "NormNonlinearity";

  template <class X>
  static detail::FieldBatch fields(const X& x) {
    return {x.batch(), x.points(), detail::channels_of_fields<F>(),
            std::is_same_v<typename X::Space, Point>};
  }

  /// J v, which is J^T v.
  Points differentiated(const Points& v) const {
    Points result(std::as_const(v));
    scaling_.differentiate(fields(v), {result.data(), F::size}, {input_.values.data(), F::size},
                           norms_);
    return result;
  }

  detail::NormScaling<Function, Scalar> scaling_;
  Buffer<Scalar> norms_;
  detail::RememberedInput<Scalar> input_;
  Points g_, dx_;
};

/// Norm nonlinearity of fields given as values: NormNonlinearity<8 * irrep<SO<2>, 1>>{{.threshold =
/// 0.5}}, NormNonlinearity<hidden, float, squash>{}.
template <auto F, class Scalar = float, class Function = relu>
using NormNonlinearity = norm_nonlinearity<features_of<F>, Function, Scalar>;

/// e3nn's: NormActivation<irreps<"16x0e+8x1o">, float, sigmoid>{{.bias = true}}.
template <auto F, class Scalar = float, class Function = silu>
using NormActivation = norm_nonlinearity<features_of<F>, Function, Scalar, NormActivationOptions>;

}  // namespace gsteer
