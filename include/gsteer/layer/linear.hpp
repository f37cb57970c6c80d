// SPDX-License-Identifier: MIT
#pragma once

#include <utility>
#include <variant>

#include "gsteer/layer/conv.hpp"

namespace gsteer {

/// Settings of a Linear layer.
struct LinearOptions {
  bool bias = true;  ///< on the invariant part of the output
};

/// The equivariant linear map at each point on its own: a 1 x 1 convolution on a grid, a matrix on
/// feature vectors. By Schur's lemma it joins equal irreps only. Use the alias Linear.
template <class In, class Out, class Scalar_ = float>
class linear {
  using rules = detail::steerable_kernel<In, Out, 1>;

 public:
  using in = In;
  using out = Out;
  using Scalar = Scalar_;

  explicit linear(LinearOptions options = {})
      : map_(rules::space(1, "Linear"),
             ConvolutionOptions{.bias = options.bias, .method = ConvolutionMethod::dense}) {}

  /// [batch, in, ...] -> [batch, out, ...]
  template <class Space>
  Field<Out, Scalar, Space> forward(Field<In, Scalar, Space> x) {
    map_.expand();
    auto y = apply(map_, x);
    input_ = detail::overwritable(std::move(x));
    return y;
  }

  template <class Space>
  Field<In, Scalar, Space> backward(const Field<Out, Scalar, Space>& gradient) {
    using Input = Field<In, Scalar, Space>;
    expect(std::holds_alternative<Input>(input_),
           "Linear: backward before forward on this kind of space");
    const Input& x = std::get<Input>(input_);
    detail::check_gradient("Linear", gradient, x.batch(), x.space());
    auto d_in = Input::uninitialized(x.batch(), x.space());
    if constexpr (std::is_same_v<Space, Point>) {
      map_.backward_bias(gradient.data(), gradient.batch(), 1);
      Buffer<Scalar> d_kernel(map_.kernel().size());
      detail::multiply_transposed_a(d_kernel.data(), In::size, gradient.data(), Out::size, x.data(),
                                    In::size, Out::size, In::size, x.batch(), false);
      map_.add_kernel_gradient(d_kernel);
      detail::multiply(d_in.data(), In::size, gradient.data(), Out::size, map_.kernel().data(),
                       In::size, x.batch(), In::size, Out::size, false);
    } else {
      map_.backward(x.data(), gradient.data(), d_in.data(), x.batch(),
                    map_.windows(x.space().zyx()));
    }
    return d_in;
  }

  auto freeze() const {
    auto map = map_;
    map.expand();
    return FrozenConvolution<linear>(std::move(map));
  }

  template <class Visit>
  void visit_parameters(Visit&& visit) {
    visit("weight", map_.weight);
    if (map_.options().bias) visit("bias", map_.bias);
  }
  template <class Visit>
  void visit_linear_maps(Visit&& visit) {
    visit(map_.weight, map_.space(), 1);
  }

 private:
  template <class, class, class>
  friend class FrozenConvolution;

  template <class Space>
  static Field<Out, Scalar, Space> apply(const detail::GridConvolution<Scalar>& map,
                                         const Field<In, Scalar, Space>& x,
                                         const detail::Finish<Scalar>& finish = {}) {
    auto y = Field<Out, Scalar, Space>::uninitialized(x.batch(), x.space());
    if constexpr (std::is_same_v<Space, Point>) {
      const auto bias = map.dense_bias();
      for (int b = 0; b < x.batch(); ++b)
        std::copy(bias.begin(), bias.end(), y.data() + static_cast<std::size_t>(b) * bias.size());
      detail::multiply_transposed_b(y.data(), Out::size, x.data(), In::size, map.kernel().data(),
                                    In::size, x.batch(), Out::size, In::size, true);
      finish.in_parallel(y.data(), y.size());
    } else {
      map.forward(x.data(), y.data(), x.batch(), map.windows(x.space().zyx()), finish);
    }
    return y;
  }

  detail::GridConvolution<Scalar> map_;
  std::variant<std::monostate, Field<In, Scalar, Point>, Field<In, Scalar, Grid<1>>,
               Field<In, Scalar, Grid<2>>, Field<In, Scalar, Grid<3>>>
      input_;
};

/// The equivariant linear map between fields given as values.
template <auto In, auto Out, class Scalar = float>
using Linear = linear<features_of<In>, features_of<Out>, Scalar>;

}  // namespace gsteer
