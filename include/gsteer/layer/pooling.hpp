// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <utility>

#include "gsteer/layer/kernels/pooling.hpp"
#include "gsteer/layer/layer.hpp"
#include "gsteer/layer/remembered.hpp"
#include "gsteer/layer/symmetry.hpp"

namespace gsteer {

/// Settings of AvgPool and MaxPool, the same along every axis of the grid.
struct PoolingOptions {
  int kernel = 2;
  int stride = 2;
  int padding = 0;  ///< cells beyond the edge are not seen: they count neither as zeros nor at all
  /// Accept grids on which the stride samples one side more than the other: the layer then commutes
  /// with translations only.
  bool any_size = false;
};

namespace detail {

/// The value along the axes that the grid has, 1 or 0 along the others.
template <int Dimension>
std::array<int, 3> along_grid(int value, int otherwise) {
  std::array<int, 3> zyx{otherwise, otherwise, otherwise};
  for (std::size_t axis = 3 - Dimension; axis < 3; ++axis) zyx[axis] = value;
  return zyx;
}

template <int Dimension>
Windows pooling_windows(const Grid<Dimension>& grid, int kernel, int stride, int padding) {
  return {.size = grid.zyx(),
          .kernel = along_grid<Dimension>(kernel, 1),
          .stride = along_grid<Dimension>(stride, 1),
          .padding = along_grid<Dimension>(padding, 0)};
}

/// The field that these windows sample x to, of any content. \throws Error if they do not fit, or
/// break the symmetry
template <class F, class Scalar, int Dimension>
Field<F, Scalar, Grid<Dimension>> sampled(const Field<F, Scalar, Grid<Dimension>>& x,
                                          const Windows& w, bool any_size, const char* layer) {
  expect(x.batch() > 0, layer, ": expected a batch of at least one item, got an empty one");
  w.validate(layer);
  if (!any_size) require_symmetry<typename F::group>(w, layer);
  return Field<F, Scalar, Grid<Dimension>>::uninitialized(x.batch(),
                                                          space_of<Grid<Dimension>>(w.output()));
}

/// Checks a gradient against the last forward and gives the field of its input, of any content.
template <class F, class Scalar, int Dimension>
Field<F, Scalar, Grid<Dimension>> unsampled(const Field<F, Scalar, Grid<Dimension>>& gradient,
                                            const Windows& w, int batch, const char* layer) {
  check_gradient(layer, gradient, batch, space_of<Grid<Dimension>>(w.output()));
  return Field<F, Scalar, Grid<Dimension>>::uninitialized(batch, space_of<Grid<Dimension>>(w.size));
}

template <class F>
int planes(int batch) {
  return batch * F::size;
}

}  // namespace detail

/// The mean of the pixels that each window sees; commutes with every representation. Use the alias
/// AvgPool.
template <feature_type F, class Scalar_ = float>
class avg_pool {
 public:
  using in = F;
  using out = F;
  using Scalar = Scalar_;

  explicit avg_pool(PoolingOptions options = {}) : options_(options) {}

  /// [batch, channel, y, x] -> [batch, channel, y', x'], y' = (y + 2 padding - kernel) / stride
  /// + 1. \throws Error if the grid is too small, or the stride breaks its symmetry
  /// (PoolingOptions::any_size)
  template <int Dimension>
  Field<F, Scalar, Grid<Dimension>> forward(Field<F, Scalar, Grid<Dimension>> x) {
    auto y = apply(options_, x);
    windows_ = windows(x.space());
    batch_ = x.batch();
    return y;
  }

  template <int Dimension>
  Field<F, Scalar, Grid<Dimension>> backward(const Field<F, Scalar, Grid<Dimension>>& gradient) {
    auto d_in = detail::unsampled(gradient, windows_, batch_, "AvgPool");
    detail::average_pool_adjoint(d_in.data(), gradient.data(), windows_, detail::planes<F>(batch_));
    return d_in;
  }

  auto freeze() const {
    return make_frozen<F, F, Scalar>(
        [options = options_](const auto& x) { return apply(options, x); });
  }

  template <int Dimension>
  Windows windows(const Grid<Dimension>& grid) const {
    return detail::pooling_windows(grid, options_.kernel, options_.stride, options_.padding);
  }
  bool any_size() const { return options_.any_size; }

 private:
  template <class X>
  static X apply(const PoolingOptions& o, const X& x) {
    const Windows w = detail::pooling_windows(x.space(), o.kernel, o.stride, o.padding);
    X y = detail::sampled(x, w, o.any_size, "AvgPool");
    detail::average_pool(y.data(), x.data(), w, detail::planes<F>(x.batch()));
    return y;
  }

  PoolingOptions options_;
  Windows windows_;
  int batch_ = 0;
};

/// The largest value that each window sees, channel by channel; for fields whose channels are
/// permuted. Of equal values, the first in scan order has the gradient. Use the alias MaxPool.
template <feature_type F, class Scalar_ = float>
class max_pool {
 public:
  using in = F;
  using out = F;
  using Scalar = Scalar_;

  static_assert(
      F::kind == matrix_kind::permutation,
      "gsteer: MaxPool compares the values of a channel, which commutes with permutations of "
      "channels only; this representation mixes channels or changes signs: use AvgPool or "
      "AntialiasedAvgPool");

  explicit max_pool(PoolingOptions options = {}) : options_(options) {}

  /// Shapes and errors as in AvgPool.
  template <int Dimension>
  Field<F, Scalar, Grid<Dimension>> forward(Field<F, Scalar, Grid<Dimension>> x) {
    auto y = apply(options_, x, argmax_);
    windows_ = windows(x.space());
    batch_ = x.batch();
    return y;
  }

  template <int Dimension>
  Field<F, Scalar, Grid<Dimension>> backward(const Field<F, Scalar, Grid<Dimension>>& gradient) {
    auto d_in = detail::unsampled(gradient, windows_, batch_, "MaxPool");
    detail::max_pool_adjoint(d_in.data(), gradient.data(), argmax_.data(), windows_,
                             detail::planes<F>(batch_));
    return d_in;
  }

  auto freeze() const {
    return make_frozen<F, F, Scalar>([options = options_](const auto& x) {
      detail::PooledVector<std::int32_t> argmax;
      return apply(options, x, argmax);
    });
  }

  template <int Dimension>
  Windows windows(const Grid<Dimension>& grid) const {
    return detail::pooling_windows(grid, options_.kernel, options_.stride, options_.padding);
  }
  bool any_size() const { return options_.any_size; }

 private:
  template <class X>
  static X apply(const PoolingOptions& o, const X& x, detail::PooledVector<std::int32_t>& argmax) {
    const Windows w = detail::pooling_windows(x.space(), o.kernel, o.stride, o.padding);
    X y = detail::sampled(x, w, o.any_size, "MaxPool");
    argmax.resize(y.size());
    detail::max_pool(y.data(), argmax.data(), x.data(), w, detail::planes<F>(x.batch()));
    return y;
  }

  PoolingOptions options_;
  Windows windows_;
  int batch_ = 0;
  detail::PooledVector<std::int32_t> argmax_;
};

/// Average pooling of fields given as values: AvgPool<16 * regular<C<8>>>{{.kernel = 2, .stride =
/// 2}}.
template <auto F, class Scalar = float>
using AvgPool = avg_pool<features_of<F>, Scalar>;

/// Max pooling of fields given as values.
template <auto F, class Scalar = float>
using MaxPool = max_pool<features_of<F>, Scalar>;

}  // namespace gsteer
