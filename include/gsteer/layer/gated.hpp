// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

#include "gsteer/layer/kernels/fieldwise.hpp"
#include "gsteer/layer/pointwise.hpp"

namespace gsteer {

/// What Gated<F> takes: F and one scalar for each of its fields, the gates last. Conv2d<hidden,
/// gated_input<hidden>, 5>.
template <auto F>
inline constexpr auto gated_input =
    F + (features_of<F>::fields) * trivial<typename features_of<F>::group{}>;

/// Multiplies each field with a function of a scalar of its own: out_i = sigmoid(gate_i) in_i. The
/// gates do not change under the group, so it commutes with every representation. Scalar fields of
/// F, too, are gated by a second scalar.
///
/// Any pointwise function can take the place of the sigmoid. Use the alias Gated.
template <feature_type F, pointwise_function Function = sigmoid, class Scalar_ = float>
class gated {
 public:
  using in = features_of<gated_input<F::value>>;
  using out = F;
  using Scalar = Scalar_;

  explicit gated(Function function = {}) : function_(function) {}

  template <class Space>
  Field<out, Scalar, Space> forward(Field<in, Scalar, Space> x) {
    auto y = apply(function_, x);
    input_.take(std::move(x));
    return y;
  }

  template <class Space>
  Field<in, Scalar, Space> backward(const Field<out, Scalar, Space>& gradient) {
    input_.check("Gated", gradient);
    const auto f = fields(gradient.batch(), gradient.points());
    const detail::Channels<const Scalar> x{input_.values.data(), in::size},
        g{gradient.data(), out::size};
    auto d_in = Field<in, Scalar, Space>::uninitialized(gradient.batch(), gradient.space());
    const auto inside = gates(f, x.data);
    auto d_gates = detail::field_products(f, g, x);
    detail::pointwise_backward(function_, inside.data(), d_gates.data(), d_gates.size());
    const std::size_t count = f.size() / static_cast<std::size_t>(f.batch);
    for (int b = 0; b < f.batch; ++b)
      std::copy_n(d_gates.data() + f.whole(b, 0), count, d_in.data() + first_gate(f, b));
    detail::scale_fields<Scalar>(f, {d_in.data(), in::size}, opened(function_, inside).data(), g);
    return d_in;
  }

  auto freeze() const {
    return make_frozen<in, out, Scalar>([f = function_](const auto& x) { return apply(f, x); });
  }

 private:
  static detail::FieldBatch fields(int batch, int points) {
    return {batch, points, detail::channels_of_fields<F>()};
  }
  static std::ptrdiff_t first_gate(const detail::FieldBatch& f, int b) {
    return (std::ptrdiff_t{b} * in::size + F::size) * f.points;
  }

  /// The gates of all items, [item][field][point].
  static Buffer<Scalar> gates(const detail::FieldBatch& f, const Scalar* x) {
    Buffer<Scalar> all(f.size());
    const std::size_t count = f.size() / static_cast<std::size_t>(f.batch);
    for (int b = 0; b < f.batch; ++b)
      std::copy_n(x + first_gate(f, b), count, all.data() + f.whole(b, 0));
    return all;
  }
  static Buffer<Scalar> opened(const Function& function, Buffer<Scalar> gates) {
    detail::pointwise_forward(function, gates.data(), static_cast<Scalar*>(nullptr), gates.size());
    return gates;
  }

  template <class Space>
  static Field<out, Scalar, Space> apply(const Function& function,
                                         const Field<in, Scalar, Space>& x) {
    auto y = Field<out, Scalar, Space>::uninitialized(x.batch(), x.space());
    const auto f = fields(x.batch(), x.points());
    const auto factors = opened(function, gates(f, x.data()));
    detail::scale_fields<Scalar>(f, {y.data(), out::size}, factors.data(), {x.data(), in::size});
    return y;
  }

  Function function_;
  detail::RememberedInput<Scalar> input_;
};

/// Gate of fields given as values: Sequential{Conv2d<image, gated_input<hidden>, 5>{},
/// Gated<hidden>{}}.
template <auto F, class Scalar = float, class Function = sigmoid>
using Gated = gated<features_of<F>, Function, Scalar>;

}  // namespace gsteer
