// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <type_traits>
#include <utility>
#include <vector>

#include "gsteer/layer/kernels/fieldwise.hpp"
#include "gsteer/layer/parameter.hpp"
#include "gsteer/layer/pointwise.hpp"

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
};

struct NormOptions {
  double threshold = 1;  ///< b at the start, > 0
};

namespace detail {

/// The arithmetic of NormNonlinearity; one instance for each function and scalar type.
template <class Function, class Scalar>
class NormScaling {
 public:
  static constexpr bool has_threshold = !std::is_same_v<Function, squash>;
  /// At norms up to this the direction x / |x| counts as 0 (as in escnn).
  static constexpr Scalar smallest = Scalar(1e-10);

  NormScaling(Function function, const NormOptions& options, int fields) : function_(function) {
    expect(options.threshold > 0, "NormNonlinearity: expected a threshold > 0, got ",
           options.threshold);
    if (has_threshold)
      log_threshold = Parameter<Scalar>(fields, static_cast<Scalar>(std::log(options.threshold)));
  }

  static Buffer<Scalar> norms(const FieldBatch& f, Channels<const Scalar> x) {
    auto n = field_products(f, x, x);
    for_each_part(n.size(), [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) n[i] = std::sqrt(n[i]);
    });
    return n;
  }

  /// f(|x| - b) / |x|
  Buffer<Scalar> factors(const FieldBatch& f, const Buffer<Scalar>& norms) const {
    auto s = arguments(f, norms);
    pointwise_forward(function_, s.data(), static_cast<Scalar*>(nullptr), s.size());
    for_each_part(s.size(), [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i)
        s[i] = norms[i] > smallest ? s[i] / norms[i] : Scalar{0};
    });
    return s;
  }

  /// Turns the gradient g with respect to y = s x, s = f(n - b) / n, into that with respect to x,
  ///   dx = s g + (f' - s) / n^2 <g, x> x,   db = - sum of f' / n <g, x>.
  void backward(const FieldBatch& f, Channels<Scalar> g, Channels<const Scalar> x,
                const Buffer<Scalar>& norms) {
    const auto dot = field_products(f, Channels<const Scalar>{g.data, g.count}, x);
    const auto s = factors(f, norms), inside = arguments(f, norms);
    Buffer<Scalar> pull(f.size());  // f' first
    std::fill(pull.begin(), pull.end(), Scalar{1});
    pointwise_backward(function_, inside.data(), pull.data(), pull.size());
    if (has_threshold) add_threshold_gradient(f, pull, dot, norms);
    for_each_part(pull.size(), [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        const Scalar n = norms[i];
        pull[i] = n > smallest ? (pull[i] - s[i]) / n * (dot[i] / n) : Scalar{0};
      }
    });
    combine_fields(f, g, s.data(), pull.data(), x);
  }

  Parameter<Scalar> log_threshold;  ///< [field]

 private:
  Buffer<Scalar> arguments(const FieldBatch& f, const Buffer<Scalar>& norms) const {
    auto inside = norms;
    if (!has_threshold) return inside;
    f.for_each([&](int b, int i) {
      const Scalar threshold = std::exp(log_threshold.value[static_cast<std::size_t>(i)]);
      Scalar* row = inside.data() + f.whole(b, i);
      for (int p = 0; p < f.points; ++p) row[p] -= threshold;
    });
    return inside;
  }

  void add_threshold_gradient(const FieldBatch& f, const Buffer<Scalar>& slope,
                              const Buffer<Scalar>& dot, const Buffer<Scalar>& norms) {
    parallel_for(f.fields(), [&](int i) {
      Scalar sum = 0;
      for (int b = 0; b < f.batch; ++b)
        for (auto at = static_cast<std::size_t>(f.whole(b, i)),
                  end = at + static_cast<std::size_t>(f.points);
             at < end; ++at)
          if (norms[at] > smallest) sum -= slope[at] * dot[at] / norms[at];
      const auto field = static_cast<std::size_t>(i);
      log_threshold.gradient[field] += std::exp(log_threshold.value[field]) * sum;
    });
  }

  Function function_;
};

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
template <feature_type F, pointwise_function Function = relu, class Scalar_ = float>
class norm_nonlinearity {
 public:
  using in = F;
  using out = F;
  using Scalar = Scalar_;

  /// \throws Error unless the threshold is positive
  explicit norm_nonlinearity(NormOptions options = {}, Function function = {})
      : scaling_(function, options, F::fields) {}

  template <class Space>
  Field<F, Scalar, Space> forward(Field<F, Scalar, Space> x) {
    auto y = input_.recycle(x);
    const auto f = fields(x.batch(), x.points());
    norms_ = scaling_.norms(f, {x.data(), F::size});
    detail::scale_fields<Scalar>(f, {y.data(), F::size}, scaling_.factors(f, norms_).data(),
                                 {x.data(), F::size});
    input_.take(std::move(x));
    return y;
  }

  template <class Space>
  Field<F, Scalar, Space> backward(Field<F, Scalar, Space> gradient) {
    input_.check("NormNonlinearity", gradient);
    auto d_in = detail::overwritable(std::move(gradient));
    scaling_.backward(fields(d_in.batch(), d_in.points()), {d_in.data(), F::size},
                      {input_.values.data(), F::size}, norms_);
    return d_in;
  }

  auto freeze() const {
    return make_frozen<F, F, Scalar>([scaling = scaling_](auto x) {
      auto y = detail::overwritable(std::move(x));
      const auto f = fields(y.batch(), y.points());
      const auto factors = scaling.factors(f, scaling.norms(f, {y.data(), F::size}));
      detail::scale_fields<Scalar>(f, {y.data(), F::size}, factors.data(), {y.data(), F::size});
      return y;
    });
  }

  template <class Visit>
  void visit_parameters(Visit&& visit) {
    if (scaling_.has_threshold) visit("log_threshold", scaling_.log_threshold);
  }

 private:
  static detail::FieldBatch fields(int batch, int points) {
    return {batch, points, detail::channels_of_fields<F>()};
  }

  detail::NormScaling<Function, Scalar> scaling_;
  Buffer<Scalar> norms_;
  detail::RememberedInput<Scalar> input_;
};

/// Norm nonlinearity of fields given as values: NormNonlinearity<8 * irrep<SO<2>, 1>>{{.threshold =
/// 0.5}}, NormNonlinearity<hidden, float, squash>{}.
template <auto F, class Scalar = float, class Function = relu>
using NormNonlinearity = norm_nonlinearity<features_of<F>, Function, Scalar>;

}  // namespace gsteer
