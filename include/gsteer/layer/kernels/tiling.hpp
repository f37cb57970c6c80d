// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>

#include "gsteer/core/error.hpp"
#include "gsteer/layer/kernels/im2col.hpp"

// Convolution on grids as the product of a kernel matrix and a matrix of windows ("im2col"), of
// which only a tile that fits the cache exists at a time: some windows (of part of an image, or of
// several small images) by the taps of some channels.
//
//   input   [batch, c_in, z, y, x]       kernel [c_out, c_in / groups, kz, ky, kx]
//   output  [batch, c_out, z', y', x']   out(x) = sum_y K(y - x) f(y)
//
// Group g maps the g-th of `groups` equal parts of the input channels to the g-th part of the
// output channels. Tiles depend on the shapes alone and each number is summed by one task, so
// results do not depend on the number of threads.

namespace gsteer::detail {

inline constexpr int tile_columns = 400;
inline constexpr int tile_rows = 512;

/// Parts of near equal size that cover [0, total), none larger than most (but at least 1).
struct Blocks {
  int total, size, count;
  Blocks(int all, int most) : total(all) {
    const int parts = (all - 1) / std::max(1, most) + 1;
    size = (all - 1) / parts + 1;
    count = (all - 1) / size + 1;
  }
  int begin(int i) const { return i * size; }
  int length(int i) const { return std::min(size, total - i * size); }
};

/// Windows [first, first + count) of each of some images.
struct Tile {
  int image, images, first, count;
  int columns() const { return images * count; }
};

/// A matrix with rows `stride` numbers apart.
template <class Scalar>
struct Rows {
  const Scalar* data;
  int stride;
};

/// All of a convolution but its numbers.
struct Convolution {
  Sampling sampling;
  int c_out, c_in, groups;
  int taps, cells, pixels;  ///< of a window, an input channel, an output channel
  int inputs, outputs;      ///< channels of one group
  Blocks parts;             ///< of the windows of an image
  Blocks sets;              ///< of the images; more than one image only if there is one part
  Blocks channels;          ///< of the input channels of a group
  bool pointwise;           ///< the columns are the input itself

  Convolution(const Windows& w, int batch, int outs, int ins, int group_count)
      : sampling(validated(w, batch, outs, ins, group_count)),
        c_out(outs),
        c_in(ins),
        groups(group_count),
        taps(w.taps()),
        cells(w.cells()),
        pixels(w.outputs()),
        inputs(c_in / groups),
        outputs(c_out / groups),
        parts(pixels, tile_columns),
        sets(batch, tile_columns / pixels),
        channels(inputs, tile_rows / taps),
        pointwise(sets.size == 1 && taps == 1 && pixels == cells &&
                  w.padding == std::array{0, 0, 0}) {}

  int kernel_row() const { return inputs * taps; }
  std::ptrdiff_t in_at(int image, int channel) const {
    return (std::ptrdiff_t{image} * c_in + channel) * cells;
  }
  std::ptrdiff_t out_at(int image, int channel) const {
    return (std::ptrdiff_t{image} * c_out + channel) * pixels;
  }
  /// Output channel (over all groups) and input channel within its group.
  std::ptrdiff_t kernel_at(int out, int in) const {
    return (std::ptrdiff_t{out} * inputs + in) * taps;
  }

  int tiles() const { return sets.count * parts.count; }
  Tile tile(int set, int part) const {
    return {sets.begin(set), sets.length(set), parts.begin(part), parts.length(part)};
  }

  /// What the windows of a tile see in `count` input channels from `channel` on, a row each channel
  /// and tap.
  template <class Scalar>
  Rows<Scalar> gather(const Scalar* in, Tile t, int channel, int count) const {
    if (pointwise) return {in + in_at(t.image, channel) + t.first, cells};
    const int n = t.columns();
    Scalar* columns = scratch<Scalar>(Slot::columns, std::ptrdiff_t{count} * taps * n);
    for (int i = 0; i < t.images; ++i) {
      gather_windows(columns + i * t.count, n, in + in_at(t.image + i, channel), count, sampling,
                     t.first, t.count);
    }
    return {columns, n};
  }

  /// The pixels of a tile of `count` output channels from `channel` on, a row each channel.
  template <class Scalar>
  Rows<Scalar> pixels_of(const Scalar* out, Tile t, int channel, int count) const {
    if (t.images == 1) return {out + out_at(t.image, channel) + t.first, pixels};
    const int n = t.columns();
    Scalar* rows = scratch<Scalar>(Slot::tile, std::ptrdiff_t{count} * n);
    for (int c = 0; c < count; ++c) {
      for (int i = 0; i < t.images; ++i) {
        std::copy_n(out + out_at(t.image + i, channel + c), pixels,
                    rows + std::ptrdiff_t{c} * n + i * pixels);
      }
    }
    return {rows, n};
  }

 private:
  static const Windows& validated(const Windows& w, int batch, int c_out, int c_in, int groups) {
    w.validate("convolution");
    expect(batch > 0 && c_out > 0 && c_in > 0,
           "convolution: expected at least one image and channel, got batch ", batch, ", ", c_out,
           " output and ", c_in, " input channels");
    expect(groups > 0 && c_out % groups == 0 && c_in % groups == 0,
           "convolution: expected a number of groups that divides the channels, got ", groups,
           " groups, ", c_out, " output and ", c_in, " input channels");
    constexpr int most = std::numeric_limits<int>::max();
    expect(static_cast<double>(c_in) / groups * w.taps() <= most, "convolution: expected at most ",
           most, " weights for an output channel, got ", c_in / groups, " channels of ", w.taps());
    return w;
  }
};

}  // namespace gsteer::detail
