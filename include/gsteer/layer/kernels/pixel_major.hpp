// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "gsteer/core/matrix.hpp"
#include "gsteer/core/scratch.hpp"
#include "gsteer/core/transpose.hpp"
#include "gsteer/layer/kernels/finish.hpp"
#include "gsteer/layer/kernels/windows.hpp"

namespace gsteer::detail {

/// The fields of one kind in a picture, and where their channels in the basis of irreps stand in a
/// pixel.
template <class Scalar>
struct FieldRows {
  int offset = 0;  ///< first channel in the picture, [channel][pixel]
  int copies = 0;
  int size = 1;
  const Scalar* basis = nullptr;  ///< size x size
  const int* position = nullptr;  ///< row r of copy i stands at position[r] + i
};

/// A picture or a volume with channels innermost and a border: pixel (z, y, x) starts at
/// (((z + border z) * plane + (y + border y)) * row + x + border x) * channels.
struct PixelGrid {
  std::array<int, 3> sizes{1, 1, 1};  ///< z, y, x
  std::array<int, 3> border{0, 0, 0};
  int channels = 0;

  int width() const { return sizes[2]; }
  /// Rows of pixels, of all planes one after the other.
  int lines() const { return sizes[0] * sizes[1]; }
  int pixels() const { return lines() * width(); }

  std::ptrdiff_t row() const {
    return static_cast<std::ptrdiff_t>(sizes[2] + 2 * border[2]) * channels;
  }
  std::ptrdiff_t plane() const { return (sizes[1] + 2 * border[1]) * row(); }
  std::ptrdiff_t size() const { return (sizes[0] + 2 * border[0]) * plane(); }
  std::ptrdiff_t at(int z, int y, int x) const {
    return (z + border[0]) * plane() + (y + border[1]) * row() +
           static_cast<std::ptrdiff_t>(x + border[2]) * channels;
  }
  std::ptrdiff_t line(int i) const { return at(i / sizes[1], i % sizes[1], 0); }
};

/// Calls body(pixel in [channel][pixel], where it starts in the pixel grid) for runs of at most 16
/// pixels that lie next to each other.
template <class Body>
void for_each_run(const PixelGrid& grid, Body&& body) {
  // Without a border all rows are one.
  const bool joined = grid.border == std::array{0, 0, 0};
  const int width = joined ? grid.pixels() : grid.width();
  const int lines = joined ? 1 : grid.lines();
  for (int i = 0; i < lines; ++i) {
    const std::ptrdiff_t start = grid.line(i);
    for (int x = 0; x < width; x += 16)
      body(i * width + x, start + static_cast<std::ptrdiff_t>(x) * grid.channels,
           std::min(16, width - x));
  }
}

/// u = Q^T x for all fields, channels innermost; the border is left alone.
template <class Scalar>
void to_pixel_major(Scalar* u, const PixelGrid& grid, const Scalar* x,
                    const std::vector<FieldRows<Scalar>>& kinds) {
  const int pixels = grid.pixels();
  for (const auto& kind : kinds) {
    const Scalar* rows = x + static_cast<std::ptrdiff_t>(kind.offset) * pixels;
    const int count = kind.copies * kind.size;
    if (kind.size > 1) {
      Scalar* turned = scratch<Scalar>(Slot::turned, static_cast<std::ptrdiff_t>(count) * pixels);
      for (int i = 0; i < kind.copies; ++i)
        multiply_transposed_a(turned + static_cast<std::ptrdiff_t>(i) * kind.size * pixels, pixels,
                              kind.basis, kind.size,
                              rows + static_cast<std::ptrdiff_t>(i) * kind.size * pixels, pixels,
                              kind.size, pixels, kind.size, false);
      rows = turned;
    }
    for_each_run(grid, [&](int pixel, std::ptrdiff_t start, int run) {
      for (int r = 0; r < kind.size; ++r)
        transpose(u + start + kind.position[r], grid.channels,
                  rows + static_cast<std::ptrdiff_t>(r) * pixels + pixel,
                  static_cast<std::ptrdiff_t>(kind.size) * pixels, run, kind.copies);
    });
  }
}

/// x = Q u for all fields, plus bias[channel] unless bias is null, and finished: the way back, and
/// the adjoint of the way there. Channels of x are `stride` apart.
template <class Scalar>
void from_pixel_major(Scalar* x, int stride, const Scalar* u, const PixelGrid& grid,
                      const Scalar* bias, const std::vector<FieldRows<Scalar>>& kinds,
                      const Finish<Scalar>& finish) {
  const std::ptrdiff_t pixels = grid.pixels();
  for (const auto& kind : kinds) {
    const int count = kind.copies * kind.size;
    Scalar* const rows = scratch<Scalar>(Slot::turned, count * pixels);
    for_each_run(grid, [&](int pixel, std::ptrdiff_t start, int run) {
      for (int r = 0; r < kind.size; ++r)
        transpose(rows + r * pixels + pixel, kind.size * pixels, u + start + kind.position[r],
                  grid.channels, kind.copies, run);
    });
    // Some channels at a time, which stay in the first cache: a field, or all that need no turning.
    const bool turns = kind.size > 1;
    const int some = turns ? kind.size : count;
    for (int first = 0; first < count; first += some) {
      Scalar* const target = x + std::ptrdiff_t{stride} * (kind.offset + first);
      Scalar* values = rows + first * pixels;
      if (turns) {
        const Scalar* from = values;
        values = stride == pixels ? target : scratch<Scalar>(Slot::tile, some * pixels);
        multiply(values, grid.pixels(), kind.basis, kind.size, from, grid.pixels(), kind.size,
                 grid.pixels(), kind.size, false);
      }
      for (int c = 0; bias && c < some; ++c)
        for (int p = 0; p < pixels; ++p) values[c * pixels + p] += bias[kind.offset + first + c];
      finish(values, some * pixels);
      if (values == target) continue;
      for (int c = 0; c < some; ++c)
        std::copy_n(values + c * pixels, pixels, target + std::ptrdiff_t{stride} * c);
    }
  }
}
template <class Scalar>
void from_pixel_major(Scalar* x, const Scalar* u, const PixelGrid& grid, const Scalar* bias,
                      const std::vector<FieldRows<Scalar>>& kinds) {
  from_pixel_major(x, grid.pixels(), u, grid, bias, kinds, {});
}

/// Calls body(border pixel, pixel it mirrors) for every pixel of the border that the padding fills.
template <class Body>
void for_each_border_pixel(const PixelGrid& grid, Padding mode, const Body& body) {
  if (mode == Padding::zero) return;
  Windows w;
  w.size = grid.sizes;
  w.padding = grid.border;
  w.mode = mode;
  const auto& b = grid.border;
  const auto inside = [&](std::size_t axis, int i) { return i >= 0 && i < grid.sizes[axis]; };
  for (int z = -b[0]; z < grid.sizes[0] + b[0]; ++z)
    for (int y = -b[1]; y < grid.sizes[1] + b[1]; ++y)
      for (int x = -b[2]; x < grid.sizes[2] + b[2]; ++x)
        if (!inside(0, z) || !inside(1, y) || !inside(2, x))
          body(grid.at(z, y, x), grid.at(w.source(0, z + b[0], 0), w.source(1, y + b[1], 0),
                                         w.source(2, x + b[2], 0)));
}

/// Fills the border of a picture.
template <class Scalar>
void fill_border(Scalar* u, const PixelGrid& grid, Padding mode) {
  for_each_border_pixel(grid, mode, [&](std::ptrdiff_t border, std::ptrdiff_t source) {
    std::copy_n(u + source, grid.channels, u + border);
  });
}
/// Its adjoint: what the border has is added to where it came from.
template <class Scalar>
void fold_border(Scalar* u, const PixelGrid& grid, Padding mode) {
  for_each_border_pixel(grid, mode, [&](std::ptrdiff_t border, std::ptrdiff_t source) {
    for (int c = 0; c < grid.channels; ++c) u[source + c] += u[border + c];
  });
}

}  // namespace gsteer::detail
