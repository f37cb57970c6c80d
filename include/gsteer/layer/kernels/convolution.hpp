// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "gsteer/core/matrix.hpp"
#include "gsteer/core/parallel.hpp"
#include "gsteer/layer/kernels/tiling.hpp"

namespace gsteer::detail {

template <class Scalar>
void convolve_tiles(Scalar* out, const Scalar* in, const Scalar* kernel, const Scalar* bias,
                    const Convolution& c, bool add) {
  parallel_for(c.tiles() * c.groups, [&](int task) {
    const int group = task % c.groups, index = task / c.groups, first = group * c.outputs;
    const Tile t = c.tile(index / c.parts.count, index % c.parts.count);
    const int n = t.columns();
    const bool direct = t.images == 1;
    Scalar* rows = direct ? out + c.out_at(t.image, first) + t.first
                          : scratch<Scalar>(Slot::tile, std::ptrdiff_t{c.outputs} * n);
    const int stride = direct ? c.pixels : n;
    bool started = add && direct;
    if (bias) {
      for (int o = 0; o < c.outputs; ++o) {
        std::fill_n(rows + std::ptrdiff_t{o} * stride, n, bias[first + o]);
      }
      started = true;
    }
    for (int b = 0; b < c.channels.count; ++b, started = true) {
      const int channel = c.channels.begin(b), length = c.channels.length(b);
      const auto columns = c.gather(in, t, group * c.inputs + channel, length);
      multiply(rows, stride, kernel + c.kernel_at(first, channel), c.kernel_row(), columns.data,
               columns.stride, c.outputs, n, length * c.taps, started);
    }
    if (direct) return;
    for (int o = 0; o < c.outputs; ++o) {
      for (int i = 0; i < t.images; ++i) {
        const Scalar* from = rows + std::ptrdiff_t{o} * n + i * c.pixels;
        Scalar* to = out + c.out_at(t.image + i, first + o);
        for (int p = 0; p < c.pixels; ++p) to[p] = add ? to[p] + from[p] : from[p];
      }
    }
  });
}

/// out = correlation of `in` with the kernel, plus bias[channel] unless bias is null.
template <class Scalar>
void convolve(Scalar* out, const Scalar* in, const Scalar* kernel, const Scalar* bias,
              const Windows& windows, int batch, int c_out, int c_in, int groups) {
  convolve_tiles(out, in, kernel, bias, Convolution(windows, batch, c_out, c_in, groups), false);
}

/// Whether the adjoint is itself a convolution with stride 1, by the kernel turned around: where
/// steps are single and what the padding adds is nothing, or the same circle on both sides.
inline bool adjoint_is_convolution(const Windows& w) {
  const std::array<int, 3> none{0, 0, 0};
  if (w.stride != std::array{1, 1, 1} || (w.mode == Padding::reflect && w.padding != none))
    return false;
  for (std::size_t a = 0; a < 3; ++a) {
    const int reach = w.extent(a) - 1;
    if (w.padding[a] > reach) return false;
    if (w.mode == Padding::circular && w.padding != none && 2 * w.padding[a] != reach) return false;
  }
  return true;
}

/// d_in (+)= the adjoint of convolve (without bias) applied to d_out: the transposed convolution.
/// Overwrites unless `add`.
template <class Scalar>
void convolve_adjoint(Scalar* d_in, const Scalar* d_out, const Scalar* kernel,
                      const Windows& windows, int batch, int c_out, int c_in, int groups,
                      bool add = false) {
  const Convolution c(windows, batch, c_out, c_in, groups);
  // Gathering costs outputs * taps copies a pixel, scattering inputs * taps additions.
  if (adjoint_is_convolution(windows) && c.outputs <= 2 * c.inputs) {
    Windows turned = windows;
    turned.size = windows.output();
    for (std::size_t a = 0; a < 3; ++a)
      turned.padding[a] = windows.extent(a) - 1 - windows.padding[a];
    if (windows.padding == std::array{0, 0, 0}) turned.mode = Padding::zero;
    Scalar* transposed = scratch<Scalar>(Slot::kernel, std::ptrdiff_t{c.c_out} * c.inputs * c.taps);
    Scalar* to = transposed;
    for (int i = 0; i < c.c_in; ++i) {
      for (int o = 0; o < c.outputs; ++o, to += c.taps) {
        const Scalar* from = kernel + c.kernel_at(i / c.inputs * c.outputs + o, i % c.inputs);
        std::reverse_copy(from, from + c.taps, to);
      }
    }
    const Scalar* no_bias = nullptr;
    return convolve_tiles(d_in, d_out, transposed, no_bias,
                          Convolution(turned, batch, c_in, c_out, groups), add);
  }
  const int blocks = c.groups * c.channels.count;
  parallel_for(c.sets.count * blocks, [&](int task) {
    const int set = task / blocks, group = task % blocks / c.channels.count,
              block = task % c.channels.count;
    const int channel = c.channels.begin(block), length = c.channels.length(block),
              from = group * c.inputs + channel;
    if (!add) {
      for (int i = c.sets.begin(set); i < c.sets.begin(set) + c.sets.length(set); ++i) {
        std::fill_n(d_in + c.in_at(i, from), std::ptrdiff_t{length} * c.cells, Scalar{0});
      }
    }
    for (int part = 0; part < c.parts.count; ++part) {
      const Tile t = c.tile(set, part);
      const int n = t.columns(), rows = length * c.taps;
      const auto pixels = c.pixels_of(d_out, t, group * c.outputs, c.outputs);
      Scalar* columns = scratch<Scalar>(Slot::columns, std::ptrdiff_t{rows} * n);
      multiply_transposed_a(columns, n, kernel + c.kernel_at(group * c.outputs, channel),
                            c.kernel_row(), pixels.data, pixels.stride, rows, n, c.outputs, false);
      for (int i = 0; i < t.images; ++i) {
        scatter_windows(d_in + c.in_at(t.image + i, from), columns + i * t.count, n, length,
                        c.sampling, t.first, t.count);
      }
    }
  });
}

/// d_kernel += the gradient of <convolve(in, kernel), d_out> with respect to the kernel.
template <class Scalar>
void convolve_kernel_gradient(Scalar* d_kernel, const Scalar* in, const Scalar* d_out,
                              const Windows& windows, int batch, int c_out, int c_in, int groups) {
  const Convolution c(windows, batch, c_out, c_in, groups);
  // Few input channels make few blocks of them: then blocks of output channels keep the threads
  // busy.
  const int blocks = c.groups * c.channels.count;
  const Blocks outs(c.outputs, blocks < 4 ? std::max(32, (c.outputs * blocks + 3) / 4) : c.outputs);
  parallel_for(blocks * outs.count, [&](int task) {
    const int block = task / outs.count, group = block / c.channels.count;
    const int channel = c.channels.begin(block % c.channels.count),
              length = c.channels.length(block % c.channels.count);
    const int out = group * c.outputs + outs.begin(task % outs.count),
              count = outs.length(task % outs.count);
    for (int i = 0; i < c.tiles(); ++i) {
      const Tile t = c.tile(i / c.parts.count, i % c.parts.count);
      const auto columns = c.gather(in, t, group * c.inputs + channel, length);
      const auto pixels = c.pixels_of(d_out, t, out, count);
      multiply_transposed_b(d_kernel + c.kernel_at(out, channel), c.kernel_row(), pixels.data,
                            pixels.stride, columns.data, columns.stride, count, length * c.taps,
                            t.columns(), true);
    }
  });
}

}  // namespace gsteer::detail
