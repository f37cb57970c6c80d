// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>

#include "gsteer/layer/frozen_convolution.hpp"
#include "gsteer/layer/grid_convolution.hpp"
#include "gsteer/layer/kernels/coupled_mixing.hpp"
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
    static_assert(Kernel <= 23,
                  "gsteer: kernels of more than 23 taps need rings of your choice (with_rings)");
    return kernel_size(Kernel % 2 == 1 && Kernel <= 23 ? Kernel : 1);
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

/// The rules of a layer on a grid: its group acts on the space that the grid lies in.
template <int Dimension, class In>
struct on_grid {
  static_assert(Dimension >= 1 && Dimension <= 3, "gsteer: grids have one to three dimensions");
  static_assert(
      In::group::dimension == Dimension,
      "gsteer: Conv1d, Conv2d and Conv3d are for groups that act on the line, the plane and space; "
      "the group of these fields acts on another one (for a group of the plane in space see "
      "about_z)");
};

/// "Conv2d"
template <int Dimension>
constexpr const char* conv_name() {
  return Dimension == 1 ? "Conv1d" : Dimension == 2 ? "Conv2d" : "Conv3d";
}

}  // namespace detail

/// Convolution of feature maps on a grid, equivariant under the group of its fields and under
/// translations:
///   out(x) = sum over y of K(y - x) f(y) + bias,
/// K a combination of all equivariant kernels of the profile `Kernel` (an odd number k: escnn's
/// default rings). Use the aliases Conv1d, Conv2d and Conv3d.
///
/// It commutes exactly with the elements of the group that map the grid to itself (on the line the
/// reflection, on the plane rotations by 90 degrees and reflections, in space the 24 rotations and
/// 48 symmetries of the cube); with others up to the sampling of the grid.
template <int Dimension, class In, class Out, auto Kernel, class Scalar_ = float>
class steerable_conv : detail::on_grid<Dimension, In> {
  using rules = detail::steerable_kernel<In, Out, Kernel>;
  static constexpr const char* name = detail::conv_name<Dimension>();

 public:
  using in = In;
  using out = Out;
  using Scalar = Scalar_;
  using Space = Grid<Dimension>;

  /// \throws Error if the groups do not divide the fields
  explicit steerable_conv(ConvolutionOptions options = {})
      : map_(rules::space(options.groups, name), options, mixing()) {}

  /// [batch, in, (z,) y, x] -> [batch, out, (z',) y', x'], y' = (y + 2 padding - dilation (k - 1) -
  /// 1) / stride + 1. \throws Error if the grid is too small, or the stride breaks the symmetry of
  /// the grid (ConvolutionOptions::any_size)
  Field<Out, Scalar, Space> forward(Field<In, Scalar, Space> x) {
    map_.prepare();
    auto y = apply(map_, x);
    input_ = detail::overwritable(std::move(x));
    return y;
  }

  Field<In, Scalar, Space> backward(const Field<Out, Scalar, Space>& gradient) {
    const Windows w = windows(input_.space());
    detail::check_gradient(name, gradient, input_.batch(), detail::space_of<Space>(w.output()));
    auto d_in = Field<In, Scalar, Space>::uninitialized(input_.batch(), input_.space());
    map_.backward(input_.data(), gradient.data(), d_in.data(), input_.batch(), w);
    return d_in;
  }

  auto freeze() const {
    auto map = map_;
    map.prepare();
    return FrozenConvolution<steerable_conv>(std::move(map));
  }

  /// The kernel of the present coefficients: [out][in / groups][(z)][y][x] (channels in the order
  /// of the groups).
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
  template <class, class, class>
  friend class FrozenConvolution;

  /// In space, to couple first may be less work. On the plane the matrices of the plan take less
  /// time, also where few input fields make their multiplications more.
  static constexpr detail::MixingFactory<Scalar> mixing() {
    if constexpr (Dimension == 3)
      return &detail::CoupledMixing<Scalar>::if_cheaper;
    else
      return nullptr;
  }

  static Field<Out, Scalar, Space> apply(const detail::GridConvolution<Scalar>& map,
                                         const Field<In, Scalar, Space>& x,
                                         const detail::Finish<Scalar>& finish = {}) {
    const Windows w = map.windows(x.space().zyx());
    w.validate(name);
    if (!map.options().any_size) require_symmetry<typename In::group>(w, name);
    auto y =
        Field<Out, Scalar, Space>::uninitialized(x.batch(), detail::space_of<Space>(w.output()));
    map.forward(x.data(), y.data(), x.batch(), w, finish);
    return y;
  }

  detail::GridConvolution<Scalar> map_;
  Field<In, Scalar, Space> input_;
};

/// Convolution of signals, over O<1> or SO<1>: Conv1d<trivial<O<1>>, 8 * regular<O<1>>, 9>{}.
template <auto In, auto Out, auto Kernel, class Scalar = float>
using Conv1d = steerable_conv<1, features_of<In>, features_of<Out>, Kernel, Scalar>;

/// Convolution of pictures between fields given as values: Conv2d<trivial<C<8>>, 16 *
/// regular<C<8>>, 7>{{.padding = 3}}.
template <auto In, auto Out, auto Kernel, class Scalar = float>
using Conv2d = steerable_conv<2, features_of<In>, features_of<Out>, Kernel, Scalar>;

/// Convolution of volumes: Conv3d<trivial<SO<3>>, 8 * irrep<SO<3>, 1>, 5>{{.padding = 2}}.
template <auto In, auto Out, auto Kernel, class Scalar = float>
using Conv3d = steerable_conv<3, features_of<In>, features_of<Out>, Kernel, Scalar>;

}  // namespace gsteer
