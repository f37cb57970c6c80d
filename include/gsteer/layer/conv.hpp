// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <type_traits>
#include <utility>

#include "gsteer/layer/grid_convolution.hpp"
#include "gsteer/layer/layer.hpp"
#include "gsteer/layer/remembered.hpp"
#include "gsteer/layer/symmetry.hpp"

namespace gsteer {

namespace detail {

template <auto Kernel>
constexpr kernel_profile profile_of() {
  if constexpr (std::is_integral_v<decltype(Kernel)>) {
    static_assert(Kernel >= 1 && Kernel % 2 == 1,
                  "gsteer: a kernel has an odd size: an even one has no tap at its center");
    return kernel_size(Kernel % 2 == 1 ? Kernel : 1);
  } else {
    return Kernel;
  }
}

/// The rules of a linear layer, in one place, with the feature types in the name of the instance.
template <class In, class Out, auto Kernel>
struct steerable_kernel {
  static_assert(feature_type<In> && feature_type<Out>);
  static constexpr bool one_group = std::is_same_v<typename In::group, typename Out::group>;
  static_assert(
      one_group,
      "gsteer: a layer maps between fields of one group; to go to a subgroup use Restrict");
  static constexpr kernel_profile profile = profile_of<Kernel>();
  static constexpr int parameters = [] {
    if constexpr (one_group)
      return count_kernels<In, Out>(profile);
    else
      return 1;
  }();
  static_assert(
      parameters > 0,
      "gsteer: no equivariant kernel of this size exists between these two fields; choose other "
      "fields, a larger kernel, or kernel_size(k).with_rings(...) of higher frequency");

  static kernel_space space(int groups, const char* layer) {
    return divide(kernel_space_of<In, Out>(profile), groups, &kernel_invariants<typename In::group>,
                  layer);
  }
};

}  // namespace detail

/// Convolution of feature maps on a grid of pixels, equivariant under the group of its fields and
/// under translations:
///   out(x) = sum over y of K(y - x) f(y) + bias,
/// K a combination of all equivariant kernels of the profile `Kernel` (an odd number k: escnn's
/// default rings). Use the alias Conv2d.
///
/// It commutes exactly with the elements of the group that map the grid to itself (rotations by 90
/// degrees, reflections); with others up to the sampling of the grid.
template <class In, class Out, auto Kernel, class Scalar_ = float>
class conv2d {
  using rules = detail::steerable_kernel<In, Out, Kernel>;

 public:
  using in = In;
  using out = Out;
  using Scalar = Scalar_;
  using Space = Grid<2>;

  /// \throws Error if the groups do not divide the fields
  explicit conv2d(ConvolutionOptions options = {})
      : map_(rules::space(options.groups, "Conv2d"), options) {}

  /// [batch, in, y, x] -> [batch, out, y', x'], y' = (y + 2 padding - dilation (k - 1) - 1) /
  /// stride + 1. \throws Error if the grid is too small, or the stride breaks the symmetry of the
  /// grid (ConvolutionOptions::any_size)
  Field<Out, Scalar, Space> forward(Field<In, Scalar, Space> x) {
    map_.prepare();
    auto y = apply(map_, x);
    input_ = detail::overwritable(std::move(x));
    return y;
  }

  Field<In, Scalar, Space> backward(const Field<Out, Scalar, Space>& gradient) {
    const Windows w = windows(input_.space());
    detail::check_gradient("Conv2d", gradient, input_.batch(), output_grid(w));
    Field<In, Scalar, Space> d_in(input_.batch(), input_.space());
    map_.backward(input_.data(), gradient.data(), d_in.data(), input_.batch(), w);
    return d_in;
  }

  auto freeze() const {
    auto map = map_;
    map.prepare();
    return make_frozen<In, Out, Scalar>(
        [map = std::move(map)](const auto& x) { return apply(map, x); });
  }

  /// The kernel of the present coefficients: [out][in / groups][y][x] (channels in the order of the
  /// groups).
  Buffer<Scalar> dense_kernel() const {
    auto map = map_;
    return map.expand();
  }

  Windows windows(const Space& grid) const { return map_.windows(grid.zyx()); }
  bool any_size() const { return map_.options().any_size; }

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
  static Space output_grid(const Windows& w) {
    const auto n = w.output();
    return {{n[1], n[2]}};
  }
  static Field<Out, Scalar, Space> apply(const detail::GridConvolution<Scalar>& map,
                                         const Field<In, Scalar, Space>& x) {
    const Windows w = map.windows(x.space().zyx());
    w.validate("Conv2d");
    if (!map.options().any_size) require_symmetry<typename In::group>(w, "Conv2d");
    Field<Out, Scalar, Space> y(x.batch(), output_grid(w));
    map.forward(x.data(), y.data(), x.batch(), w);
    return y;
  }

  detail::GridConvolution<Scalar> map_;
  Field<In, Scalar, Space> input_;
};

/// Convolution between fields given as values: Conv2d<trivial<C<8>>, 16 * regular<C<8>>,
/// 7>{{.padding = 3}}.
template <auto In, auto Out, auto Kernel, class Scalar = float>
using Conv2d = conv2d<features_of<In>, features_of<Out>, Kernel, Scalar>;

}  // namespace gsteer
