// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

#include "gsteer/layer/kernels/pooling.hpp"
#include "gsteer/layer/kernels/rows.hpp"
#include "gsteer/layer/layer.hpp"
#include "gsteer/layer/remembered.hpp"

namespace gsteer {

/// The mean of all pixels: feature maps to one feature vector an item, for every representation.
/// Use the alias GlobalAvgPool.
template <feature_type F, class Scalar_ = float, int Dimension = F::group::dimension>
class global_avg_pool {
 public:
  using in = F;
  using out = F;
  using Scalar = Scalar_;
  using Space = Grid<Dimension>;

  Field<F, Scalar, Point> forward(Field<F, Scalar, Space> x) {
    auto y = apply(x);
    input_.set(x);
    return y;
  }

  Field<F, Scalar, Space> backward(const Field<F, Scalar, Point>& gradient) {
    detail::check_gradient("GlobalAvgPool", gradient, input_.batch, Point{});
    Field<F, Scalar, Space> d_in(input_.batch, detail::space_of<Space>(input_.sizes));
    detail::global_average_adjoint(d_in.data(), gradient.data(), input_.points(),
                                   input_.batch * F::size);
    return d_in;
  }

  auto freeze() const {
    return make_frozen<F, F, Scalar>([](const auto& x) { return apply(x); });
  }

 private:
  template <class X>
  static Field<F, Scalar, Point> apply(const X& x) {
    Field<F, Scalar, Point> y(x.batch());
    detail::global_average(y.data(), x.data(), x.points(), x.batch() * F::size);
    return y;
  }

  detail::RememberedShape input_;
};

/// The largest pixel of each channel; for fields whose channels are permuted. Of equal pixels, the
/// first in scan order has the gradient; a NaN wins over all. Use the alias GlobalMaxPool.
template <feature_type F, class Scalar_ = float, int Dimension = F::group::dimension>
class global_max_pool {
 public:
  using in = F;
  using out = F;
  using Scalar = Scalar_;
  using Space = Grid<Dimension>;

  static_assert(F::kind == matrix_kind::permutation,
                "gsteer: GlobalMaxPool compares the values of a channel, which commutes with "
                "permutations of channels only; this representation mixes channels or changes "
                "signs: use GlobalAvgPool");

  Field<F, Scalar, Point> forward(Field<F, Scalar, Space> x) {
    auto y = apply(x, argmax_);
    input_.set(x);
    return y;
  }

  Field<F, Scalar, Space> backward(const Field<F, Scalar, Point>& gradient) {
    detail::check_gradient("GlobalMaxPool", gradient, input_.batch, Point{});
    Field<F, Scalar, Space> d_in(input_.batch, detail::space_of<Space>(input_.sizes));
    const auto points = static_cast<std::size_t>(input_.points());
    for (std::size_t row = 0; row < argmax_.size(); ++row)
      d_in.data()[row * points + static_cast<std::size_t>(argmax_[row])] = gradient.data()[row];
    return d_in;
  }

  auto freeze() const {
    return make_frozen<F, F, Scalar>([](const auto& x) {
      detail::PooledVector<std::int32_t> argmax;
      return apply(x, argmax);
    });
  }

 private:
  template <class X>
  static Field<F, Scalar, Point> apply(const X& x, detail::PooledVector<std::int32_t>& argmax) {
    Field<F, Scalar, Point> y(x.batch());
    argmax.resize(y.size());
    detail::for_each_row(x.batch() * F::size, x.points(), [&](int row) {
      const Scalar* values = x.data() + std::ptrdiff_t{row} * x.points();
      int best = 0;
      for (int i = 1; i < x.points(); ++i)
        if (!(values[i] <= values[best]) && values[best] == values[best]) best = i;
      y.data()[row] = values[best];
      argmax[static_cast<std::size_t>(row)] = best;
    });
    return y;
  }

  detail::RememberedShape input_;
  detail::PooledVector<std::int32_t> argmax_;
};

/// The mean over the grid of fields given as values: GlobalAvgPool<16 * trivial<C<8>>>{}.
template <auto F, class Scalar = float, int Dimension = features_of<F>::group::dimension>
using GlobalAvgPool = global_avg_pool<features_of<F>, Scalar, Dimension>;

/// The maximum over the grid of fields given as values.
template <auto F, class Scalar = float, int Dimension = features_of<F>::group::dimension>
using GlobalMaxPool = global_max_pool<features_of<F>, Scalar, Dimension>;

}  // namespace gsteer
