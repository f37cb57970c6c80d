// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <limits>
#include <utility>

#include "gsteer/layer/conv.hpp"

namespace gsteer {

namespace detail {

template <int Dimension>
constexpr const char* conv_transposed_name() {
  return Dimension == 1   ? "ConvTransposed1d"
         : Dimension == 2 ? "ConvTransposed2d"
                          : "ConvTransposed3d";
}

}  // namespace detail

/// Transposed convolution: the adjoint of a strided convolution, which turns a small grid into a
/// large one. Use the aliases ConvTransposed1d, ConvTransposed2d and ConvTransposed3d.
///   out(x) = sum over y of K(stride y - x) f(y) + bias,
/// with the same kernels as a convolution; with stride 1 and padding p it is one with padding
/// dilation (k - 1) - p. The output has
///   stride (n - 1) - 2 padding + dilation (k - 1) + 1
/// pixels: no "output padding", which would add pixels at one end and break the symmetry of the
/// grid. Padding is with zeros.
template <int Dimension, class In, class Out, auto Kernel, class Scalar_ = float>
class steerable_conv_transposed : detail::on_grid<Dimension, In> {
  using rules = detail::steerable_kernel<In, Out, Kernel>;
  static constexpr const char* name = detail::conv_transposed_name<Dimension>();

 public:
  using in = In;
  using out = Out;
  using Scalar = Scalar_;
  using Space = Grid<Dimension>;

  /// \throws Error if the groups do not divide the fields, or for padding other than with zeros
  explicit steerable_conv_transposed(ConvolutionOptions options = {})
      : map_(rules::space(options.groups, name), dense(options)) {
    expect(options.padding_mode == Padding::zero, name,
           ": expected padding_mode zero: the transposed convolution crops by its padding");
  }

  /// [batch, in, (z,) y, x] -> [batch, out, (z',) y', x']. \throws Error if nothing would be left
  /// of the grid
  Field<Out, Scalar, Space> forward(Field<In, Scalar, Space> x) {
    map_.expand();
    auto y = apply(map_, x);
    input_ = detail::overwritable(std::move(x));
    return y;
  }

  Field<In, Scalar, Space> backward(const Field<Out, Scalar, Space>& gradient) {
    expect(!input_.empty(), name, ": backward before forward");
    const Windows w = output_windows(map_, input_.space());
    detail::check_gradient(name, gradient, input_.batch(), detail::space_of<Space>(w.size));
    auto d_in = Field<In, Scalar, Space>::uninitialized(input_.batch(), input_.space());
    map_.backward_transposed(input_.data(), gradient.data(), d_in.data(), input_.batch(), w);
    return d_in;
  }

  auto freeze() const {
    auto map = map_;
    map.expand();
    return FrozenConvolution<steerable_conv_transposed>(std::move(map));
  }

  Space output_grid(const Space& input) const {
    return detail::space_of<Space>(output_windows(map_, input).size);
  }

  template <class Visit>
  void visit_parameters(Visit&& visit) {
    visit("weight", map_.weight);
    if (map_.options().bias) visit("bias", map_.bias);
  }
  template <class Visit>
  void visit_linear_maps(Visit&& visit) {
    visit(map_.weight, map_.space(), map_.options().groups);
  }

 private:
  template <class, class, class>
  friend class FrozenConvolution;

  static ConvolutionOptions dense(ConvolutionOptions options) {
    options.method = ConvolutionMethod::dense;
    return options;
  }
  /// The windows of the convolution of which this is the adjoint: they lie on the output.
  static Windows output_windows(const detail::GridConvolution<Scalar>& map, const Space& input) {
    Windows w = map.windows({1, 1, 1});
    const auto size = input.zyx();
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const double cells = static_cast<double>(w.stride[axis]) * (size[axis] - 1) -
                           2.0 * w.padding[axis] +
                           static_cast<double>(w.dilation[axis]) * (w.kernel[axis] - 1) + 1;
      expect(std::abs(cells) <= std::numeric_limits<int>::max(), name,
             ": expected an output of at most ", std::numeric_limits<int>::max(),
             " cells along an axis, got ", cells);
      w.size[axis] = static_cast<int>(cells);
    }
    w.validate(name);
    return w;
  }
  static Field<Out, Scalar, Space> apply(const detail::GridConvolution<Scalar>& map,
                                         const Field<In, Scalar, Space>& x,
                                         const detail::Finish<Scalar>& finish = {}) {
    const Windows w = output_windows(map, x.space());
    auto y = Field<Out, Scalar, Space>::uninitialized(x.batch(), detail::space_of<Space>(w.size));
    map.forward_transposed(x.data(), y.data(), x.batch(), w);
    finish.in_parallel(y.data(), y.size());
    return y;
  }

  detail::GridConvolution<Scalar> map_;
  Field<In, Scalar, Space> input_;
};

/// Transposed convolutions between fields given as values.
template <auto In, auto Out, auto Kernel, class Scalar = float>
using ConvTransposed1d =
    steerable_conv_transposed<1, features_of<In>, features_of<Out>, Kernel, Scalar>;
template <auto In, auto Out, auto Kernel, class Scalar = float>
using ConvTransposed2d =
    steerable_conv_transposed<2, features_of<In>, features_of<Out>, Kernel, Scalar>;
template <auto In, auto Out, auto Kernel, class Scalar = float>
using ConvTransposed3d =
    steerable_conv_transposed<3, features_of<In>, features_of<Out>, Kernel, Scalar>;

}  // namespace gsteer
