// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "gsteer/layer/pooling.hpp"

namespace gsteer {

/// Settings of AntialiasedAvgPool: a Gaussian of 2 round(3 sigma) + 1 pixels, centered on every
/// stride-th one.
struct AntialiasedAvgPoolOptions {
  double sigma = 0.6;
  int stride = 2;
  bool any_size = false;
};

/// Settings of AntialiasedMaxPool: the maximum of every window, then a Gaussian of 2 round(4 sigma)
/// + 1 pixels, centered on every stride-th one.
struct AntialiasedMaxPoolOptions {
  int kernel = 2;
  int stride = 2;
  int padding = 0;
  double sigma = 0.6;
  bool any_size = false;
};

/// Correlation with a Gaussian, centered on every stride-th pixel of a grid surrounded by zeros;
/// commutes with every representation (escnn's PointwiseAvgPoolAntialiased). Use the alias
/// AntialiasedAvgPool.
template <feature_type F, class Scalar_ = float>
class antialiased_avg_pool {
 public:
  using in = F;
  using out = F;
  using Scalar = Scalar_;

  /// \throws Error unless sigma > 0
  explicit antialiased_avg_pool(AntialiasedAvgPoolOptions options = {})
      : options_(options), filter_(detail::gaussian_filter(options.sigma, 3)) {}

  /// [batch, channel, y, x] -> [batch, channel, y', x'], y' = (y - 1) / stride + 1.
  /// \throws Error if the stride breaks the symmetry of the grid
  /// (AntialiasedAvgPoolOptions::any_size)
  template <int Dimension>
  Field<F, Scalar, Grid<Dimension>> forward(Field<F, Scalar, Grid<Dimension>> x) {
    auto y = apply(*this, x);
    windows_ = windows(x.space());
    batch_ = x.batch();
    return y;
  }

  template <int Dimension>
  Field<F, Scalar, Grid<Dimension>> backward(const Field<F, Scalar, Grid<Dimension>>& gradient) {
    auto d_in = detail::unsampled(gradient, windows_, batch_, "AntialiasedAvgPool");
    detail::blur_adjoint(d_in.data(), gradient.data(), windows_, filter_,
                         detail::planes<F>(batch_));
    return d_in;
  }

  auto freeze() const {
    return make_frozen<F, F, Scalar>(
        [layer = antialiased_avg_pool(options_)](const auto& x) { return apply(layer, x); });
  }

  template <int Dimension>
  Windows windows(const Grid<Dimension>& grid) const {
    return detail::blur_windows(grid.zyx(), static_cast<int>(filter_.size()), options_.stride);
  }
  bool any_size() const { return options_.any_size; }

 private:
  template <class X>
  static X apply(const antialiased_avg_pool& layer, const X& x) {
    const Windows w = layer.windows(x.space());
    X y = detail::sampled(x, w, layer.any_size(), "AntialiasedAvgPool");
    detail::blur(y.data(), x.data(), w, layer.filter_, detail::planes<F>(x.batch()));
    return y;
  }

  AntialiasedAvgPoolOptions options_;
  detail::PooledVector<double> filter_;
  Windows windows_;
  int batch_ = 0;
};

/// The maximum of every window (stride 1), then a Gaussian centered on every stride-th of them: a
/// MaxPool that moves little when its input is shifted by a pixel (Zhang, "Making convolutional
/// networks shift-invariant again", 2019; escnn's PointwiseMaxPoolAntialiased). For fields whose
/// channels are permuted. Use the alias AntialiasedMaxPool.
template <feature_type F, class Scalar_ = float>
class antialiased_max_pool {
 public:
  using in = F;
  using out = F;
  using Scalar = Scalar_;

  static_assert(
      F::kind == matrix_kind::permutation,
      "gsteer: AntialiasedMaxPool compares the values of a channel, which commutes with "
      "permutations of channels only; this representation mixes channels or changes signs: use "
      "AntialiasedAvgPool");

  /// \throws Error unless sigma > 0
  explicit antialiased_max_pool(AntialiasedMaxPoolOptions options = {})
      : options_(options), filter_(detail::gaussian_filter(options.sigma, 4)) {}

  /// [batch, channel, y, x] -> [batch, channel, y', x'], y' = (y + 2 padding - kernel) / stride
  /// + 1. \throws Error if the grid is too small, or the stride breaks its symmetry
  /// (AntialiasedMaxPoolOptions::any_size)
  template <int Dimension>
  Field<F, Scalar, Grid<Dimension>> forward(Field<F, Scalar, Grid<Dimension>> x) {
    auto y = apply(*this, x, argmax_);
    maxima_ = maxima(x.space());
    windows_ = windows(x.space());
    batch_ = x.batch();
    return y;
  }

  template <int Dimension>
  Field<F, Scalar, Grid<Dimension>> backward(const Field<F, Scalar, Grid<Dimension>>& gradient) {
    auto d_in = detail::unsampled(gradient, windows_, batch_, "AntialiasedMaxPool");
    const int planes = detail::planes<F>(batch_);
    auto d_largest = Field<F, Scalar, Grid<Dimension>>::uninitialized(
        batch_, detail::space_of<Grid<Dimension>>(maxima_.output()));
    detail::blur_adjoint(d_largest.data(), gradient.data(), blur(maxima_), filter_, planes);
    detail::max_pool_adjoint(d_in.data(), d_largest.data(), argmax_.data(), maxima_, planes);
    return d_in;
  }

  auto freeze() const {
    return make_frozen<F, F, Scalar>([layer = antialiased_max_pool(options_)](const auto& x) {
      detail::PooledVector<std::int32_t> argmax;
      return apply(layer, x, argmax);
    });
  }

  /// The pixels that an output depends on: maximum and Gaussian together.
  template <int Dimension>
  Windows windows(const Grid<Dimension>& grid) const {
    Windows w = maxima(grid);
    const Windows second = blur(w);
    for (std::size_t axis = 0; axis < 3; ++axis) {
      w.kernel[axis] += second.kernel[axis] - 1;
      w.padding[axis] += second.padding[axis];
      w.stride[axis] = second.stride[axis];
    }
    return w;
  }
  bool any_size() const { return options_.any_size; }

 private:
  template <int Dimension>
  Windows maxima(const Grid<Dimension>& grid) const {
    const Windows w = detail::pooling_windows(grid, options_.kernel, 1, options_.padding);
    w.validate("AntialiasedMaxPool");
    return w;
  }
  Windows blur(const Windows& maxima) const {
    return detail::blur_windows(maxima.output(), static_cast<int>(filter_.size()), options_.stride);
  }

  template <class X>
  static X apply(const antialiased_max_pool& layer, const X& x,
                 detail::PooledVector<std::int32_t>& argmax) {
    const Windows w = layer.maxima(x.space());
    X y = detail::sampled(x, layer.windows(x.space()), layer.any_size(), "AntialiasedMaxPool");
    auto largest = X::uninitialized(x.batch(), detail::space_of<typename X::Space>(w.output()));
    argmax.resize(largest.size());
    const int planes = detail::planes<F>(x.batch());
    detail::max_pool(largest.data(), argmax.data(), x.data(), w, planes);
    detail::blur(y.data(), largest.data(), layer.blur(w), layer.filter_, planes);
    return y;
  }

  AntialiasedMaxPoolOptions options_;
  detail::PooledVector<double> filter_;
  Windows maxima_, windows_;
  int batch_ = 0;
  detail::PooledVector<std::int32_t> argmax_;
};

/// Gaussian blur and sampling of fields given as values: AntialiasedAvgPool<hidden>{{.sigma = 0.66,
/// .stride = 2}}.
template <auto F, class Scalar = float>
using AntialiasedAvgPool = antialiased_avg_pool<features_of<F>, Scalar>;

/// Antialiased max pooling of fields given as values.
template <auto F, class Scalar = float>
using AntialiasedMaxPool = antialiased_max_pool<features_of<F>, Scalar>;

}  // namespace gsteer
