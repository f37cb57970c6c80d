// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "gsteer/core/error.hpp"
#include "gsteer/core/parallel.hpp"
#include "gsteer/core/sum.hpp"
#include "gsteer/layer/kernels/resample.hpp"
#include "gsteer/layer/kernels/sampling.hpp"

// Pooling, blurring and upsampling of every channel on its own: [planes, z, y, x] with planes =
// batch * channels. Adjoints overwrite their result. Most of it is linear and acts axis by axis:
// see resample.hpp.

namespace gsteer::detail {

/// Mean of the cells that each window sees; zero padding does not count (see average_map).
template <class Scalar>
void average_pool(Scalar* out, const Scalar* in, const Windows& windows, int planes) {
  resample(out, in, average_map(windows), planes);
}
template <class Scalar>
void average_pool_adjoint(Scalar* d_in, const Scalar* d_out, const Windows& windows, int planes) {
  resample(d_in, d_out, transposed(average_map(windows)), planes);
}

/// Correlation of each channel with the separable filter, which is normally that of gaussian_filter
/// on blur_windows.
template <class Scalar>
void blur(Scalar* out, const Scalar* in, const Windows& windows, const PooledVector<double>& filter,
          int planes) {
  resample(out, in, blur_map(windows, filter), planes);
}
template <class Scalar>
void blur_adjoint(Scalar* d_in, const Scalar* d_out, const Windows& windows,
                  const PooledVector<double>& filter, int planes) {
  resample(d_in, d_out, transposed(blur_map(windows, filter)), planes);
}

/// Grid with factor times as many cells along each axis.
template <class Scalar>
void upsample(Scalar* out, const Scalar* in, const std::array<int, 3>& size,
              const std::array<int, 3>& factor, Interpolation interpolation, int planes) {
  resample(out, in, upsample_map(size, factor, interpolation), planes);
}
template <class Scalar>
void upsample_adjoint(Scalar* d_in, const Scalar* d_out, const std::array<int, 3>& size,
                      const std::array<int, 3>& factor, Interpolation interpolation, int planes) {
  resample(d_in, d_out, transposed(upsample_map(size, factor, interpolation)), planes);
}

/// out[plane] = mean of all cells.
template <class Scalar>
void global_average(Scalar* out, const Scalar* in, int cells, int planes) {
  expect(cells > 0, "global average: expected at least one cell, got ", cells);
  parallel_for(planes, [&](int plane) {
    out[plane] =
        ordered_sum(in + std::ptrdiff_t{plane} * cells, cells) / static_cast<Scalar>(cells);
  });
}
template <class Scalar>
void global_average_adjoint(Scalar* d_in, const Scalar* d_out, int cells, int planes) {
  expect(cells > 0, "global average: expected at least one cell, got ", cells);
  parallel_for(planes, [&](int plane) {
    std::fill_n(d_in + std::ptrdiff_t{plane} * cells, cells,
                d_out[plane] / static_cast<Scalar>(cells));
  });
}

/// Largest value that each window sees; argmax[o] is its cell in the channel. Zero padding is not
/// seen. Of equal values the first in scan order of the window (z, then y, then x) wins; a NaN wins
/// over all.
/// \throws Error if some window sees no cell
template <class Scalar>
void max_pool(Scalar* out, std::int32_t* argmax, const Scalar* in, const Windows& windows,
              int planes) {
  windows.validate("max pooling");
  const Sampling s(windows);
  const auto &m = s.output(), &k = windows.kernel;
  const int ny = windows.size[1], nx = windows.size[2];
  // The axes are independent: a window sees a cell if it sees one along each axis.
  for (std::size_t a = 0; a < 3; ++a) {
    for (int o = 0; o < m[a]; ++o) {
      bool seen = false;
      for (int tap = 0; tap < k[a]; ++tap) seen = seen || s.source(a, tap)[o] >= 0;
      expect(
          seen,
          "max pooling: expected every window to see a cell, got one in the padding alone: size ",
          Axes{windows.size}, ", kernel ", Axes{windows.kernel}, ", padding ",
          Axes{windows.padding}, " (z, y, x)");
    }
  }
  const int rows = m[0] * m[1], columns = m[2];
  parallel_for(planes, [&](int plane) {
    const Scalar* cells = in + std::ptrdiff_t{plane} * windows.cells();
    Scalar* best = out + std::ptrdiff_t{plane} * rows * columns;
    std::int32_t* where = argmax + std::ptrdiff_t{plane} * rows * columns;
    for (int r = 0; r < rows; ++r, best += columns, where += columns) {
      std::fill_n(where, columns, -1);
      for (int z = 0; z < k[0]; ++z) {
        for (int y = 0; y < k[1]; ++y) {
          const int iz = s.source(0, z)[r / m[1]], iy = s.source(1, y)[r % m[1]];
          if (iz < 0 || iy < 0) continue;
          const int row = (iz * ny + iy) * nx;
          for (int x = 0; x < k[2]; ++x) {
            const int* ix = s.source(2, x);
            for (int o = 0; o < columns; ++o) {
              if (ix[o] < 0) continue;
              const Scalar value = cells[row + ix[o]];
              if (where[o] < 0 || value > best[o] || (value != value && best[o] == best[o])) {
                best[o] = value;
                where[o] = row + ix[o];
              }
            }
          }
        }
      }
    }
  });
}

/// Each gradient goes to the cell that was the largest.
template <class Scalar>
void max_pool_adjoint(Scalar* d_in, const Scalar* d_out, const std::int32_t* argmax,
                      const Windows& windows, int planes) {
  const int outputs = windows.outputs(), cells = windows.cells();
  parallel_for(planes, [&](int plane) {
    Scalar* to = d_in + std::ptrdiff_t{plane} * cells;
    const std::ptrdiff_t from = std::ptrdiff_t{plane} * outputs;
    std::fill_n(to, cells, Scalar{0});
    for (int o = 0; o < outputs; ++o) to[argmax[from + o]] += d_out[from + o];
  });
}

}  // namespace gsteer::detail
