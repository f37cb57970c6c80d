// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <utility>

#include "gsteer/layer/kernels/fieldwise.hpp"
#include "gsteer/layer/layer.hpp"
#include "gsteer/layer/remembered.hpp"

namespace gsteer {

/// Every field of r replaced by what CReLU makes of it: both signs next to each other.
template <class... Fields>
constexpr auto concatenated(const representation<Fields...>& r) {
  return representation<concatenated_of<Fields>...>{r.copies};
}

namespace detail {

template <feature_type F>
struct concatenated_features {
  static constexpr bool exists = F::kind != matrix_kind::orthogonal;
  static_assert(
      exists,
      "gsteer: CReLU does not commute with this representation, whose matrices mix channels; use "
      "NormNonlinearity, Gated or FourierPointwise");
  static constexpr auto value() {
    if constexpr (exists)
      return concatenated(F::value);
    else
      return F::value;
  }
  using type = features_of<value()>;
};

}  // namespace detail

/// Each field x replaced by (max(0, x), max(0, -x)), of twice the size (concatenated ReLU, Shang et
/// al., 2016). A change of sign exchanges the two halves, so it commutes with signed permutations.
/// Use the alias CReLU.
template <feature_type F, class Scalar_ = float>
class crelu {
 public:
  using in = F;
  using out = typename detail::concatenated_features<F>::type;
  using Scalar = Scalar_;

  template <class Space>
  Field<out, Scalar, Space> forward(Field<in, Scalar, Space> x) {
    auto y = apply(x);
    input_.take(std::move(x));
    return y;
  }

  template <class Space>
  Field<in, Scalar, Space> backward(const Field<out, Scalar, Space>& gradient) {
    input_.check("CReLU", gradient);
    auto d_in = Field<in, Scalar, Space>::uninitialized(gradient.batch(), gradient.space());
    for_each_field(d_in, [&](std::ptrdiff_t from, std::ptrdiff_t to, std::ptrdiff_t count) {
      const Scalar *x = input_.values.data() + from, *g = gradient.data() + to;
      Scalar* d = d_in.data() + from;
      for (std::ptrdiff_t i = 0; i < count; ++i) {
        const Scalar positive = x[i] > 0 ? g[i] : Scalar{0};
        d[i] = x[i] < 0 ? -g[count + i] : positive;
      }
    });
    return d_in;
  }

  auto freeze() const {
    return make_frozen<in, out, Scalar>([](const auto& x) { return apply(x); });
  }

 private:
  /// body(start in x, start of the positive half in y, numbers in one half)
  template <class X, class Body>
  static void for_each_field(const X& x, Body&& body) {
    const detail::FieldBatch f{x.batch(), x.points(), detail::channels_of_fields<in>()};
    f.for_each([&](int b, int i) {
      const std::ptrdiff_t from = f.channel(b, i, in::size);
      body(from, 2 * from, std::ptrdiff_t{f.channels(i)} * f.points);
    });
  }

  template <class Space>
  static Field<out, Scalar, Space> apply(const Field<in, Scalar, Space>& input) {
    auto y = Field<out, Scalar, Space>::uninitialized(input.batch(), input.space());
    for_each_field(input, [&](std::ptrdiff_t from, std::ptrdiff_t to, std::ptrdiff_t count) {
      const Scalar* x = input.data() + from;
      Scalar *positive = y.data() + to, *negative = positive + count;
      for (std::ptrdiff_t i = 0; i < count; ++i) positive[i] = x[i] < 0 ? 0 : x[i];
      for (std::ptrdiff_t i = 0; i < count; ++i) {
        const Scalar opposite = -x[i];
        negative[i] = opposite < 0 ? 0 : opposite;
      }
    });
    return y;
  }

  detail::RememberedInput<Scalar> input_;
};

/// Concatenated ReLU of fields given as values: CReLU<4 * irrep<D<4>, 1, 0>>{}; what follows sees
/// concatenated(...).
template <auto F, class Scalar = float>
using CReLU = crelu<features_of<F>, Scalar>;

}  // namespace gsteer
