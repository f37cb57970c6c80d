// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <limits>

#include "gsteer/layer/kernels/pooling.hpp"
#include "gsteer/layer/layer.hpp"
#include "gsteer/layer/remembered.hpp"

namespace gsteer {

struct UpsampleOptions {
  int factor = 2;
  Interpolation interpolation = Interpolation::linear;
};

/// A grid with `factor` times as many pixels along each axis, every channel interpolated on its
/// own; commutes with every representation, and on every grid with the symmetries of the grid. Use
/// the alias Upsample.
template <feature_type F, class Scalar_ = float>
class upsample {
 public:
  using in = F;
  using out = F;
  using Scalar = Scalar_;

  /// \throws Error unless factor >= 1
  explicit upsample(UpsampleOptions options = {}) : options_(options) {
    expect(options.factor >= 1, "Upsample: expected a factor >= 1, got ", options.factor);
  }

  /// [batch, channel, y, x] -> [batch, channel, factor y, factor x].
  template <int Dimension>
  Field<F, Scalar, Grid<Dimension>> forward(Field<F, Scalar, Grid<Dimension>> x) {
    auto y = apply(options_, x);
    input_.set(x);
    return y;
  }

  template <int Dimension>
  Field<F, Scalar, Grid<Dimension>> backward(const Field<F, Scalar, Grid<Dimension>>& gradient) {
    const auto small = detail::space_of<Grid<Dimension>>(input_.sizes);
    detail::check_gradient("Upsample", gradient, input_.batch, larger(options_, small));
    auto d_in = Field<F, Scalar, Grid<Dimension>>::uninitialized(input_.batch, small);
    detail::upsample_adjoint(d_in.data(), gradient.data(), input_.sizes,
                             factors<Dimension>(options_), options_.interpolation,
                             input_.batch * F::size);
    return d_in;
  }

  auto freeze() const {
    return make_frozen<F, F, Scalar>(
        [options = options_](const auto& x) { return apply(options, x); });
  }

  template <int Dimension>
  Grid<Dimension> output_grid(const Grid<Dimension>& grid) const {
    return larger(options_, grid);
  }

 private:
  template <int Dimension>
  static Grid<Dimension> larger(const UpsampleOptions& options, Grid<Dimension> grid) {
    for (int& size : grid.sizes) {
      expect(size <= std::numeric_limits<int>::max() / options.factor, "Upsample: a grid of ", grid,
             " cannot be made ", options.factor, " times as large");
      size *= options.factor;
    }
    return grid;
  }
  template <int Dimension>
  static std::array<int, 3> factors(const UpsampleOptions& options) {
    return detail::sizes_of(larger(options, detail::space_of<Grid<Dimension>>({1, 1, 1})));
  }
  template <int Dimension>
  static Field<F, Scalar, Grid<Dimension>> apply(const UpsampleOptions& options,
                                                 const Field<F, Scalar, Grid<Dimension>>& x) {
    auto y =
        Field<F, Scalar, Grid<Dimension>>::uninitialized(x.batch(), larger(options, x.space()));
    detail::upsample(y.data(), x.data(), x.space().zyx(), factors<Dimension>(options),
                     options.interpolation, x.batch() * F::size);
    return y;
  }

  UpsampleOptions options_;
  detail::RememberedShape input_;
};

/// Upsampling of fields given as values: Upsample<hidden>{{.factor = 2, .interpolation =
/// Interpolation::nearest}}.
template <auto F, class Scalar = float>
using Upsample = upsample<features_of<F>, Scalar>;

}  // namespace gsteer
