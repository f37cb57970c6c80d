// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>

#include "gsteer/core/transpose.hpp"
#include "gsteer/layer/kernels/panels.hpp"
#include "gsteer/layer/kernels/pixel_major.hpp"
#include "gsteer/layer/kernels/windows.hpp"

// Pictures as users have them, a plane [pixel] for each channel, and as products take them.

namespace gsteer::detail {

/// A number of neighboring pixels, [pixel][channel] with pixels `row` apart, to planes that are
/// `stride` apart, added to what is there or overwriting it.
template <class Scalar>
void to_planes(Scalar* planes, int stride, const Scalar* pixels, int row, int channels, int count,
               bool add) {
  if (!add) return transpose(planes, stride, pixels, row, channels, count);
  for (int c = 0; c < channels; ++c)
    for (int p = 0; p < count; ++p)
      planes[std::ptrdiff_t{c} * stride + p] += pixels[std::ptrdiff_t{p} * row + c];
}

/// [pixel][channel] of a picture, pixels `row` apart.
template <class Scalar>
void from_planes(Scalar* to, int row, const Scalar* planes, int pixels, int channels) {
  for (int p = 0; p < pixels; p += 16)
    transpose(to + std::ptrdiff_t{p} * row, row, planes + p, pixels, std::min(16, pixels - p),
              channels);
}

/// The same as panels of channels, one row for each pixel; columns to spare are left alone.
template <class Scalar>
void planes_to_panels(Scalar* to, const Panels<Scalar>& panels, const Scalar* planes) {
  constexpr int width = Panels<Scalar>::width;
  const int pixels = panels.rows;
  for (int g = 0; g < panels.groups; ++g)
    for (int c = 0; c < panels.columns; c += width) {
      const int channels = std::min(width, panels.columns - c);
      from_planes(to + panels.begin(g, c / width, 0), width, planes, pixels, channels);
      planes += std::ptrdiff_t{channels} * pixels;
    }
}

/// A picture to the first `channels` channels of a grid of pixels, its border filled.
template <class Scalar>
void enter_grid(Scalar* u, const PixelGrid& grid, const Scalar* planes, int channels,
                Padding mode) {
  std::fill_n(u, grid.size(), Scalar{0});
  for_each_run(grid, [&](int pixel, std::ptrdiff_t start, int run) {
    transpose(u + start, grid.channels, planes + pixel, grid.pixels(), run, channels);
  });
  fill_border(u, grid, mode);
}

/// Its adjoint for a grid of no other channels: what the border has goes to where it came from.
template <class Scalar>
void leave_grid(Scalar* planes, Scalar* u, const PixelGrid& grid, Padding mode, bool add) {
  fold_border(u, grid, mode);
  for_each_run(grid, [&](int pixel, std::ptrdiff_t start, int run) {
    to_planes(planes + pixel, grid.pixels(), u + start, grid.channels, grid.channels, run, add);
  });
}

}  // namespace gsteer::detail
