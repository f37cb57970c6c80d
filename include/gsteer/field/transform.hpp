// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <array>
#include <cmath>
#include <cstddef>

#include "gsteer/core/parallel.hpp"
#include "gsteer/field/field.hpp"

namespace gsteer {

/// How a picture or a volume is read between its pixels.
enum class Resampling {
  linear,  ///< from the pixels around, two along each axis
  cubic    ///< from four along each axis: Catmull and Rom's spline, which blurs less
};

namespace detail {

/// Weights of the pixels floor(t) - 1, ..., floor(t) + 2 at a fraction f = t - floor(t) between
/// pixels.
inline std::array<double, 4> pixel_weights(double f, Resampling how) {
  if (how == Resampling::linear) return {0, 1 - f, f, 0};
  return {f * (-0.5 + f * (1 - 0.5 * f)), 1 + f * f * (-2.5 + 1.5 * f),
          f * (0.5 + f * (2 - 1.5 * f)), f * f * (-0.5 + 0.5 * f)};
}

/// out(p) = in(back p) on grids of sizes (z, y, x), positions relative to the center of either
/// grid, x to the right, y and z up; zero outside. Of `back` the part that belongs to axes of the
/// grid counts, the first `dimension` rows and columns.
template <class Scalar>
void resample_grid(Scalar* out, const std::array<int, 3>& to, const Scalar* in,
                   const std::array<int, 3>& from, const Eigen::MatrixXd& back, Resampling how) {
  // Along axis a of the grid lies coordinate 2 - a, in steps of +1 for x and -1 for y and z.
  const auto sign = [](std::size_t axis) { return axis == 2 ? 1.0 : -1.0; };
  const auto dimension = static_cast<std::size_t>(back.rows());
  std::array<std::array<double, 3>, 3> step{};  // of the position in `in`, per step in `out`
  for (std::size_t a = 3 - dimension; a < 3; ++a)
    for (std::size_t b = 3 - dimension; b < 3; ++b)
      step[a][b] = sign(a) * sign(b) * back(static_cast<int>(2 - a), static_cast<int>(2 - b));
  const auto center = [](int n) { return (n - 1) / 2.0; };
  std::array<int, 3> o{};
  for (o[0] = 0; o[0] < to[0]; ++o[0])
    for (o[1] = 0; o[1] < to[1]; ++o[1])
      for (o[2] = 0; o[2] < to[2]; ++o[2]) {
        std::array<int, 3> first{-1, -1, -1};
        std::array<std::array<double, 4>, 3> weight{{{0, 1}, {0, 1}, {0, 1}}};
        for (std::size_t a = 3 - dimension; a < 3; ++a) {
          double position = center(from[a]);
          for (std::size_t b = 3 - dimension; b < 3; ++b)
            position += step[a][b] * (o[b] - center(to[b]));
          // One that is a pixel but for rounding is that pixel: lattice symmetries are exact.
          if (std::abs(position - std::nearbyint(position)) < 1e-9)
            position = std::nearbyint(position);
          const double low = std::floor(position);
          first[a] = static_cast<int>(low) - 1;
          weight[a] = pixel_weights(position - low, how);
        }
        const auto outside = [&](std::size_t axis, int i) { return i < 0 || i >= from[axis]; };
        double sum = 0;
        for (int i = 0; i < 4; ++i) {
          const double wz = weight[0][static_cast<std::size_t>(i)];
          const int z = first[0] + i;
          if (wz == 0 || outside(0, z)) continue;
          for (int j = 0; j < 4; ++j) {
            const double wy = wz * weight[1][static_cast<std::size_t>(j)];
            const int y = first[1] + j;
            if (wy == 0 || outside(1, y)) continue;
            const Scalar* row = in + (z * from[1] + y) * from[2];
            for (int k = 0; k < 4; ++k) {
              const double w = wy * weight[2][static_cast<std::size_t>(k)];
              const int x = first[2] + k;
              if (w != 0 && !outside(2, x)) sum += w * row[x];
            }
          }
        }
        *out++ = static_cast<Scalar>(sum);
      }
}

/// The sizes of the grid that an orthogonal matrix makes of one: axes that it maps to each other
/// but for rounding are exchanged; those of another rotation stay as they are.
template <int Dimension>
Grid<Dimension> turned_grid(const Grid<Dimension>& grid, const Eigen::MatrixXd& a) {
  Grid<Dimension> turned = grid;
  for (int i = 0; i < Dimension; ++i)
    for (int j = 0; j < Dimension; ++j)
      if (std::abs(a(i, j)) > 1 - 1e-9)
        turned.sizes[static_cast<std::size_t>(Dimension - 1 - i)] =
            grid.sizes[static_cast<std::size_t>(Dimension - 1 - j)];
  return turned;
}

}  // namespace detail

/// Every picture (volume, signal) of the batch turned by an orthogonal matrix about its center,
/// channels unchanged; zero outside. A turn by 90 degrees exchanges the lengths of two axes.
/// `a`: Dimension x Dimension. \throws Error if it is of another size, or not orthogonal
template <class Features, class Scalar, int Dimension>
Field<Features, Scalar, Grid<Dimension>> rotate_grid(
    const Field<Features, Scalar, Grid<Dimension>>& f, const Eigen::MatrixXd& a,
    Resampling how = Resampling::linear) {
  expect(a.rows() == Dimension && a.cols() == Dimension, "rotate_grid: expected a matrix of ",
         Dimension, " x ", Dimension, ", got ", a.rows(), " x ", a.cols());
  const Eigen::MatrixXd back = a.transpose();
  for (int i = 0; i < Dimension; ++i)
    for (int j = 0; j < Dimension; ++j) {
      double product = 0;
      for (int k = 0; k < Dimension; ++k) product += a(i, k) * back(k, j);
      expect(std::abs(product - (i == j ? 1 : 0)) < 1e-6,
             "rotate_grid: expected an orthogonal matrix, of which the rows have length 1 and are ",
             "perpendicular; the product of rows ", i, " and ", j, " is ", product);
    }
  Field<Features, Scalar, Grid<Dimension>> moved(f.batch(), detail::turned_grid(f.space(), a));
  parallel_for(f.batch() * f.channels(), [&](int plane) {
    detail::resample_grid(
        moved.data() + static_cast<std::ptrdiff_t>(plane) * moved.points(), moved.space().zyx(),
        f.data() + static_cast<std::ptrdiff_t>(plane) * f.points(), f.space().zyx(), back, how);
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
template <class Features, class Scalar, int Dimension>
Field<Features, Scalar, Grid<Dimension>> transform(
    const typename Features::group::element& g, const Field<Features, Scalar, Grid<Dimension>>& f,
    Resampling how = Resampling::linear) {
  static_assert(Features::group::dimension == Dimension,
                "gsteer: the group must act on the space of the grid");
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
