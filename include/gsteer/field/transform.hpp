// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "gsteer/core/parallel.hpp"
#include "gsteer/field/field.hpp"

namespace gsteer {

/// How a picture is read between its pixels.
enum class Resampling {
  linear,  ///< from the four pixels around
  cubic    ///< from sixteen: Catmull and Rom's spline, which blurs less
};

namespace detail {

/// Weights of the pixels floor(t) - 1, ..., floor(t) + 2 at a fraction f = t - floor(t) between
/// pixels.
inline std::array<double, 4> pixel_weights(double f, Resampling how) {
  if (how == Resampling::linear) return {0, 1 - f, f, 0};
  return {f * (-0.5 + f * (1 - 0.5 * f)), 1 + f * f * (-2.5 + 1.5 * f),
          f * (0.5 + f * (2 - 1.5 * f)), f * f * (-0.5 + 0.5 * f)};
}

/// out(p) = in(back p), positions relative to the center of either grid, x to the right and y up;
/// zero outside.
template <class Scalar>
void resample_plane(Scalar* out, int out_h, int out_w, const Scalar* in, int h, int w,
                    const Eigen::Matrix2d& back, Resampling how) {
  for (int i = 0; i < out_h; ++i)
    for (int j = 0; j < out_w; ++j) {
      const double x = j - (out_w - 1) / 2.0, y = (out_h - 1) / 2.0 - i;
      double col = back(0, 0) * x + back(0, 1) * y + (w - 1) / 2.0;
      double row = (h - 1) / 2.0 - back(1, 0) * x - back(1, 1) * y;
      // A position that is a pixel but for rounding is that pixel: lattice symmetries are exact.
      if (std::abs(col - std::nearbyint(col)) < 1e-9) col = std::nearbyint(col);
      if (std::abs(row - std::nearbyint(row)) < 1e-9) row = std::nearbyint(row);
      const int c0 = static_cast<int>(std::floor(col)), r0 = static_cast<int>(std::floor(row));
      const auto wc = pixel_weights(col - c0, how), wr = pixel_weights(row - r0, how);
      double sum = 0;
      for (int a = 0; a < 4; ++a)
        for (int b = 0; b < 4; ++b) {
          const int r = r0 - 1 + a, c = c0 - 1 + b;
          const double weight = wr[static_cast<std::size_t>(a)] * wc[static_cast<std::size_t>(b)];
          if (weight != 0 && r >= 0 && r < h && c >= 0 && c < w) sum += weight * in[r * w + c];
        }
      out[i * out_w + j] = static_cast<Scalar>(sum);
    }
}

}  // namespace detail

/// Every picture of the batch turned by an orthogonal matrix of the plane about its center,
/// channels unchanged; zero outside. A turn by 90 degrees exchanges height and width.
template <class Features, class Scalar>
Field<Features, Scalar, Grid<2>> rotate_grid(const Field<Features, Scalar, Grid<2>>& f,
                                             const Eigen::Matrix2d& a,
                                             Resampling how = Resampling::linear) {
  const bool exchanges = std::abs(a(0, 0)) < 1e-9 && std::abs(a(1, 1)) < 1e-9;
  Field<Features, Scalar, Grid<2>> moved(f.batch(), exchanges ? f.width() : f.height(),
                                         exchanges ? f.height() : f.width());
  const Eigen::Matrix2d back = a.transpose();
  parallel_for(f.batch(), [&](int b) {
    for (int c = 0; c < f.channels(); ++c)
      detail::resample_plane(
          &moved(b, c, 0, 0), moved.height(), moved.width(),
          f.data() + (static_cast<std::size_t>(b) * static_cast<std::size_t>(f.channels()) +
                      static_cast<std::size_t>(c)) *
                         static_cast<std::size_t>(f.points()),
          f.height(), f.width(), back, how);
  });
  return moved;
}

namespace detail {

/// The block-diagonal matrix of g on the channels of a feature space.
template <class Features>
Eigen::MatrixXd channel_matrix(const typename Features::group::element& g) {
  return representation_matrix<Features::value>(g);
}

template <class Features, class Scalar, class Space>
void transform_channels(Field<Features, Scalar, Space>& f,
                        const typename Features::group::element& g) {
  const Matrix<Scalar> rho = channel_matrix<Features>(g).template cast<Scalar>();
  parallel_for(f.batch(), [&](int b) {
    const Matrix<Scalar> old = f.item(b);
    f.item(b).noalias() = rho * old;
  });
}

}  // namespace detail

/// The field that g makes of f: (g f)(x) = rho(g) f(g^-1 x), x relative to the center of the grid.
/// Exact (up to the rounding of rho) for elements that map the grid to itself; others interpolate,
/// with zero outside.
template <class Features, class Scalar>
Field<Features, Scalar, Grid<2>> transform(const typename Features::group::element& g,
                                           const Field<Features, Scalar, Grid<2>>& f,
                                           Resampling how = Resampling::linear) {
  auto moved = rotate_grid(f, Features::group::action(g), how);
  detail::transform_channels(moved, g);
  return moved;
}

/// At points without positions only the channels change: (g f) = rho(g) f.
template <class Features, class Scalar>
Field<Features, Scalar, Point> transform(const typename Features::group::element& g,
                                         Field<Features, Scalar, Point> f) {
  detail::transform_channels(f, g);
  return f;
}

}  // namespace gsteer
