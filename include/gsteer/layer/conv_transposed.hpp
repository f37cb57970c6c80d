// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "gsteer/layer/conv.hpp"

namespace gsteer {

/// Transposed convolution: the adjoint of a strided convolution, which turns a small grid into a
/// large one. Use the alias ConvTransposed2d.
///   out(x) = sum over y of K(stride y - x) f(y) + bias,
/// with the same kernels as conv2d; with stride 1 and padding p it is conv2d with padding dilation
/// (k - 1) - p. The output has
///   stride (n - 1) - 2 padding + dilation (k - 1) + 1
/// pixels: no "output padding", which would add pixels at one end and break the symmetry of the
/// grid. Padding is with zeros.
template <class In, class Out, auto Kernel, class Scalar_ = float>
class conv_transposed2d {
  using rules = detail::steerable_kernel<In, Out, Kernel>;

 public:
  using in = In;
  using out = Out;
  using Scalar = Scalar_;
  using Space = Grid<2>;

  /// \throws Error if the groups do not divide the fields, or for padding other than with zeros
  explicit conv_transposed2d(ConvolutionOptions options = {})
      : map_(rules::space(options.groups, "ConvTransposed2d"), dense(options)) {
    expect(options.padding_mode == Padding::zero,
           "ConvTransposed2d: expected padding_mode zero: the transposed convolution crops by its "
           "padding");
  }

  /// [batch, in, y, x] -> [batch, out, y', x']. \throws Error if nothing would be left of the grid
  Field<Out, Scalar, Space> forward(Field<In, Scalar, Space> x) {
    map_.expand();
    auto y = apply(map_, x);
    input_ = detail::overwritable(std::move(x));
    return y;
  }

  Field<In, Scalar, Space> backward(const Field<Out, Scalar, Space>& gradient) {
    const Windows w = output_windows(map_, input_.space());
    detail::check_gradient("ConvTransposed2d", gradient, input_.batch(),
                           Space{{w.size[1], w.size[2]}});
    Field<In, Scalar, Space> d_in(input_.batch(), input_.space());
    map_.backward_transposed(input_.data(), gradient.data(), d_in.data(), input_.batch(), w);
    return d_in;
  }

  auto freeze() const {
    auto map = map_;
    map.expand();
    return make_frozen<In, Out, Scalar>(
        [map = std::move(map)](const auto& x) { return apply(map, x); });
  }

  Space output_grid(const Space& input) const {
    const Windows w = output_windows(map_, input);
    return {{w.size[1], w.size[2]}};
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
  static ConvolutionOptions dense(ConvolutionOptions options) {
    options.method = ConvolutionMethod::dense;
    return options;
  }
  /// The windows of the convolution of which this is the adjoint: they lie on the output.
  static Windows output_windows(const detail::GridConvolution<Scalar>& map, const Space& input) {
    Windows w = map.windows({1, 1, 1});
    for (std::size_t axis = 1; axis < 3; ++axis)
      w.size[axis] =
          w.stride[axis] * (input.sizes[axis - 1] - 1) - 2 * w.padding[axis] + w.extent(axis);
    w.validate("ConvTransposed2d (output)");
    return w;
  }
  static Field<Out, Scalar, Space> apply(const detail::GridConvolution<Scalar>& map,
                                         const Field<In, Scalar, Space>& x) {
    const Windows w = output_windows(map, x.space());
    Field<Out, Scalar, Space> y(x.batch(), Space{{w.size[1], w.size[2]}});
    map.forward_transposed(x.data(), y.data(), x.batch(), w);
    return y;
  }

  detail::GridConvolution<Scalar> map_;
  Field<In, Scalar, Space> input_;
};

/// Transposed convolution between fields given as values.
template <auto In, auto Out, auto Kernel, class Scalar = float>
using ConvTransposed2d = conv_transposed2d<features_of<In>, features_of<Out>, Kernel, Scalar>;

}  // namespace gsteer
