// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "gsteer/core/memory.hpp"
#include "gsteer/core/parallel.hpp"
#include "gsteer/core/product.hpp"
#include "gsteer/layer/kernels/convolution_windows.hpp"
#include "gsteer/layer/kernels/finish.hpp"
#include "gsteer/layer/kernels/pixel_major.hpp"
#include "gsteer/layer/kernels/transpose.hpp"
#include "gsteer/layer/kernels/windows.hpp"

// Convolution on grids by its dense kernel.
//
//   input   [batch, c_in, z, y, x]       kernel [c_out, c_in / groups, kz, ky, kx]
//   output  [batch, c_out, z', y', x']   out(x) = sum_y K(y - x) f(y)
//
// Group g maps the g-th of `groups` equal parts of the input channels to the g-th part of the
// output channels. Pictures are laid out with channels innermost and a border; then what a window
// sees of one row of taps is one run of memory, and the convolution is a product of matrices whose
// rows overlap in memory: no window is ever copied. Every number is summed by one task in one
// order, so results do not depend on the number of threads.

namespace gsteer::detail {

/// All of a convolution but its numbers.
template <class Scalar>
class DenseConvolution {
 public:
  /// \throws Error if the windows do not fit, or the groups do not divide the channels
  DenseConvolution(const Windows& w, int batch, int c_out, int c_in, int groups)
      : windows_(validated(w, batch, c_out, c_in, groups)),
        grid_{w.size, w.padding, c_in},
        batch_(batch),
        groups_(groups),
        c_out_(c_out),
        inputs_(c_in / groups),
        outputs_(c_out / groups),
        pixels_(w.outputs()) {
    const auto size = w.output();
    for (int z = 0; z < size[0]; ++z)
      for (int y = 0; y < size[1]; ++y)
        for (int x = 0; x < size[2]; ++x)
          corner_.push_back(grid_.at(z * w.stride[0] - w.padding[0], y * w.stride[1] - w.padding[1],
                                     x * w.stride[2] - w.padding[2]));
    for (int p = 0; p < pixels_; ++p) line_.push_back(p / size[2]);
    // Neighboring taps along x are one run of memory if nothing lies between their channels.
    run_ = w.dilation[2] == 1 && groups == 1 ? w.kernel[2] : 1;
    for (int z = 0; z < w.kernel[0]; ++z)
      for (int y = 0; y < w.kernel[1]; ++y)
        for (int x = 0; x < w.kernel[2]; x += run_)
          tap_.push_back(z * w.dilation[0] * grid_.plane() + y * w.dilation[1] * grid_.row() +
                         std::ptrdiff_t{x} * w.dilation[2] * c_in);
    for (int z = 0; z < w.kernel[0]; ++z)
      for (int y = 0; y < w.kernel[1]; ++y)
        for (int x = 0; x < w.kernel[2]; x += run_)
          for (int line = 0; line < size[0] * size[1]; ++line)
            seen_.push_back(w.mode != Padding::zero || (w.source(0, line / size[1], z) >= 0 &&
                                                        w.source(1, line % size[1], y) >= 0));
  }

  /// out (+)= correlation of `in` with the kernel, plus bias[channel] unless bias is null,
  /// finished.
  void forward(Scalar* out, const Scalar* in, const Scalar* kernel, const Scalar* bias,
               bool add = false, const Finish<Scalar>& finish = {}) const {
    const int strip = run_ * inputs_, panels = panels_of(outputs_);
    const Buffer<Scalar> packed = pack(kernel, false);
    const std::ptrdiff_t picture = grid_.size() + slack;
    const int wave = wave_of(picture);
    auto pictures = Buffer<Scalar>::uninitialized(at(wave) * static_cast<std::size_t>(picture));
    for (int first = 0; first < batch_; first += wave) {
      const int count = std::min(wave, batch_ - first);
      parallel_for(count, [&](int i) { enter(pictures.data() + i * picture, in, first + i); });
      const int all = count * pixels_;
      parallel_for((all + tile - 1) / tile, [&](int task) {
        const int begin = task * tile, n = std::min(tile, all - begin);
        Scalar* const v = scratch<Scalar>(Slot::mixed, std::ptrdiff_t{n} * c_out_);
        const Scalar* rows[tile];
        Scalar* targets[tile];
        for (int p = 0; p < n; ++p) {
          rows[p] = pictures.data() + (begin + p) / pixels_ * picture +
                    corner_[at((begin + p) % pixels_)];
          targets[p] = v + std::ptrdiff_t{p} * c_out_;
          for (int c = 0; c < c_out_; ++c) targets[p][c] = bias ? bias[c] : Scalar{0};
        }
        for (int g = 0; g < groups_; ++g)
          for (int q = 0; q < panels; ++q)
            for_each_piece(strip, [&](int r, int strips, int k0, int k) {
              const Scalar* const b =
                  packed.data() +
                  ((std::ptrdiff_t{g} * panels + q) * weights() + std::ptrdiff_t{r} * strip + k0) *
                      panel;
              each_tile(n, [&](int p, int m) {
                Strip<Scalar> list[most_strips];
                int seen = 0;
                for (int s = 0; s < strips; ++s)
                  if (meets(r + s, (begin + p) % pixels_, (begin + p + m - 1) % pixels_))
                    list[seen++] = {tap_[at(r + s)] + std::ptrdiff_t{g} * inputs_ + k0,
                                    b + std::ptrdiff_t{s} * strip * panel, panel};
                const int channel = g * outputs_ + q * panel;
                gather(rows + p, m, list, seen, k, targets + p, channel,
                       std::min(panel, outputs_ - q * panel));
              });
            });
        finish(v, std::ptrdiff_t{n} * c_out_);
        for (int p = 0; p < n;) {
          const int image = (begin + p) / pixels_, pixel = (begin + p) % pixels_;
          const int count_here = std::min(pixels_ - pixel, n - p);
          to_planes(out + (std::ptrdiff_t{first} + image) * c_out_ * pixels_ + pixel, targets[p],
                    count_here, add);
          p += count_here;
        }
      });
    }
  }

  /// d_in (+)= the adjoint of forward (without bias) applied to d_out.
  void adjoint(Scalar* d_in, const Scalar* d_out, const Scalar* kernel, bool add) const {
    // With few inputs, the turned kernel would leave most of a vector of columns empty.
    if (adjoint_is_convolution(windows_) && outputs_ <= 2 * inputs_)
      return adjoint_by_turned_kernel(d_in, d_out, kernel, add);
    const int width = run_ * inputs_, panels = panels_of(width),
              strips = static_cast<int>(tap_.size());
    const Buffer<Scalar> packed = pack(kernel, true);
    const std::ptrdiff_t picture = grid_.size(), rows = std::ptrdiff_t{pixels_} * c_out_;
    const int wave = wave_of(picture + rows);
    auto pictures = Buffer<Scalar>::uninitialized(at(wave) * static_cast<std::size_t>(picture));
    auto gradients = Buffer<Scalar>::uninitialized(at(wave) * static_cast<std::size_t>(rows));
    // What different windows give to a picture overlaps, but for single taps along x.
    const int parts = run_ == 1 ? panels : 1;
    for (int first = 0; first < batch_; first += wave) {
      const int count = std::min(wave, batch_ - first);
      parallel_for(count, [&](int i) {
        from_planes(gradients.data() + i * rows, d_out, first + i);
        std::fill_n(pictures.data() + i * picture, picture, Scalar{0});
      });
      parallel_for(count * groups_ * parts, [&](int task) {
        const int i = task / (groups_ * parts), g = task / parts % groups_, part = task % parts;
        Scalar* const u = pictures.data() + i * picture + std::ptrdiff_t{g} * inputs_;
        const Scalar* const from = gradients.data() + i * rows + std::ptrdiff_t{g} * outputs_;
        for (int q = part; q < panels; q += parts)
          for (int r = 0; r < strips; ++r)
            for (int k0 = 0; k0 < outputs_; k0 += Product<Scalar>::depth) {
              const std::ptrdiff_t place = (std::ptrdiff_t{g} * panels + q) * strips + r;
              const Strip<Scalar> strip{k0, packed.data() + (place * outputs_ + k0) * panel, panel};
              each_tile(pixels_, [&](int p, int m) {
                if (!meets(r, p, p + m - 1)) return;
                const Scalar* source[Product<Scalar>::rows];
                Scalar* target[Product<Scalar>::rows];
                for (int n = 0; n < m; ++n) {
                  source[n] = from + std::ptrdiff_t{p + n} * c_out_;
                  target[n] = u + corner_[at(p + n)] + tap_[at(r)];
                }
                gather(source, m, &strip, 1, std::min(Product<Scalar>::depth, outputs_ - k0),
                       target, q * panel, std::min(panel, width - q * panel));
              });
            }
      });
      parallel_for(count, [&](int i) {
        Scalar* const u = pictures.data() + i * picture;
        for_each_border_pixel(grid_, windows_.mode,
                              [&](std::ptrdiff_t border, std::ptrdiff_t source) {
                                for (int c = 0; c < grid_.channels; ++c)
                                  u[source + c] += u[border + c];
                              });
        leave(d_in, first + i, u, add);
      });
    }
  }

  /// d_kernel += the gradient of <forward(in, kernel), d_out> with respect to the kernel.
  void kernel_gradient(Scalar* d_kernel, const Scalar* in, const Scalar* d_out) const {
    // Tiles have rows of one factor and columns of the other: a strip of few numbers makes columns.
    const int strip = run_ * inputs_, strips = static_cast<int>(tap_.size());
    const bool few = strip < 3 * Product<Scalar>::rows && strip < outputs_;
    const int panels = panels_of(few ? weights() : outputs_), along = few ? outputs_ : weights();
    const std::ptrdiff_t picture = grid_.size() + slack,
                         rows = std::ptrdiff_t{pixels_} * c_out_ + slack;
    const int wave = wave_of(picture + rows);
    auto pictures = Buffer<Scalar>::uninitialized(at(wave) * static_cast<std::size_t>(picture));
    auto gradients = Buffer<Scalar>::uninitialized(at(wave) * static_cast<std::size_t>(rows));
    // [group][panel of outputs][weight][output], or [group][panel of weights][output][weight]
    Buffer<Scalar> sums(at(groups_) * at(panels) * at(along) * at(panel));
    for (int first = 0; first < batch_; first += wave) {
      const int count = std::min(wave, batch_ - first);
      parallel_for(count, [&](int i) {
        enter(pictures.data() + i * picture, in, first + i);
        from_planes(gradients.data() + i * rows, d_out, first + i);
      });
      if (few) {
        parallel_for(groups_ * panels, [&](int task) {
          for (int i = 0; i < count; ++i)
            gradient_of_columns(task / panels, task % panels, pictures.data() + i * picture,
                                gradients.data() + i * rows,
                                sums.data() + std::ptrdiff_t{task} * along * panel);
        });
        continue;
      }
      parallel_for(groups_ * panels * strips, [&](int task) {
        const int g = task / (panels * strips), q = task / strips % panels, r = task % strips;
        const int cols = std::min(panel, outputs_ - q * panel);
        Scalar* const c =
            sums.data() +
            ((std::ptrdiff_t{g} * panels + q) * weights() + std::ptrdiff_t{r} * strip) * panel;
        for (int i = 0; i < count; ++i) {
          const Scalar* const u =
              pictures.data() + i * picture + tap_[at(r)] + std::ptrdiff_t{g} * inputs_;
          const Scalar* const from =
              gradients.data() + i * rows + std::ptrdiff_t{g} * outputs_ + q * panel;
          for_each_span(r, [&](int p, int k) {
            Scalar* const b = scratch<Scalar>(Slot::panels, std::ptrdiff_t{k} * panel);
            for (int s = 0; s < k; ++s) {
              const Scalar* const row = from + std::ptrdiff_t{p + s} * c_out_;
              if (cols == panel)
                std::copy_n(row, panel, b + s * panel);
              else
                for (int j = 0; j < panel; ++j) b[s * panel + j] = j < cols ? row[j] : Scalar{0};
            }
            for (int m = 0; m < strip; m += Product<Scalar>::rows)
              correlate(u + m, corner_.data() + p, b, k, c + std::ptrdiff_t{m} * panel,
                        std::min(Product<Scalar>::rows, strip - m));
          });
        }
      });
    }
    std::size_t place = 0;
    for (int g = 0; g < groups_; ++g)
      for (int o = 0; o < outputs_; ++o)
        for (int i = 0; i < inputs_; ++i)
          for (int t = 0; t < windows_.taps(); ++t) {
            const int weight = t * inputs_ + i, column = few ? weight : o, row = few ? o : weight;
            const int q = g * panels + column / panel;
            d_kernel[place++] +=
                sums[(at(q) * at(along) + at(row)) * at(panel) + at(column % panel)];
          }
  }

 private:
  static constexpr int panel = Product<Scalar>::panel;
  static constexpr int tile = 32 * Product<Scalar>::rows;
  static constexpr int most_strips = 32;
  /// The inner dimension of a product, at most: a panel of it stays in the first cache.
  static constexpr int deepest = 3 * Product<Scalar>::depth / 2;
  /// Numbers behind a picture that may be read, though they are not used.
  static constexpr int slack = Product<Scalar>::rows;

  static std::size_t at(int i) { return static_cast<std::size_t>(i); }
  static int panels_of(int channels) { return (channels + panel - 1) / panel; }
  /// Taps times input channels.
  int weights() const { return windows_.taps() * inputs_; }
  /// Pictures at a time: as many for each thread as stay in its second cache.
  int wave_of(std::ptrdiff_t numbers) const {
    const auto some = std::clamp<std::ptrdiff_t>((1 << 18) / numbers, 1, 64);
    return static_cast<int>(std::min<std::ptrdiff_t>(some * threads(), batch_));
  }

  void adjoint_by_turned_kernel(Scalar* d_in, const Scalar* d_out, const Scalar* kernel,
                                bool add) const {
    Windows turned = windows_;
    turned.size = windows_.output();
    for (std::size_t a = 0; a < 3; ++a)
      turned.padding[a] = windows_.extent(a) - 1 - windows_.padding[a];
    if (windows_.padding == std::array{0, 0, 0}) turned.mode = Padding::zero;
    const int taps = windows_.taps();
    auto transposed = Buffer<Scalar>::uninitialized(at(groups_) * at(outputs_) * at(weights()));
    Scalar* to = transposed.data();
    for (int g = 0; g < groups_; ++g)
      for (int i = 0; i < inputs_; ++i)
        for (int o = 0; o < outputs_; ++o, to += taps) {
          const Scalar* const from =
              kernel + ((std::ptrdiff_t{g} * outputs_ + o) * inputs_ + i) * taps;
          std::reverse_copy(from, from + taps, to);
        }
    const Scalar* no_bias = nullptr;
    DenseConvolution(turned, batch_, grid_.channels, c_out_, groups_)
        .forward(d_in, d_out, transposed.data(), no_bias, add);
  }

  /// Adds to the gradient of a panel of weights, c[output][weight], what one picture gives.
  void gradient_of_columns(int g, int q, const Scalar* u, const Scalar* gradient, Scalar* c) const {
    constexpr int most = 3 * Product<Scalar>::depth / 4;
    const int strip = run_ * inputs_, cols = std::min(panel, weights() - q * panel);
    std::ptrdiff_t from[panel];
    for (int j = 0; j < cols; ++j)
      from[j] =
          tap_[at((q * panel + j) / strip)] + (q * panel + j) % strip + std::ptrdiff_t{g} * inputs_;
    Scalar* const b = scratch<Scalar>(Slot::panels, std::ptrdiff_t{most} * panel);
    std::ptrdiff_t offset[most];
    for (int p = 0; p < pixels_; p += piece_of(pixels_, most)) {
      const int k = std::min(piece_of(pixels_, most), pixels_ - p);
      for (int s = 0; s < k; ++s) {
        const Scalar* const corner = u + corner_[at(p + s)];
        for (int j = 0; j < panel; ++j) b[s * panel + j] = j < cols ? corner[from[j]] : Scalar{0};
        offset[s] = std::ptrdiff_t{p + s} * c_out_ + std::ptrdiff_t{g} * outputs_;
      }
      for (int m = 0; m < outputs_; m += Product<Scalar>::rows)
        correlate(gradient + m, offset, b, k, c + std::ptrdiff_t{m} * panel,
                  std::min(Product<Scalar>::rows, outputs_ - m));
    }
  }

  /// The size of parts of near equal size.
  static int piece_of(int numbers, int most) {
    const int parts = (numbers + most - 1) / most;
    return (numbers + parts - 1) / parts;
  }

  /// body(first strip, strips, first number, numbers) for pieces of the inner dimension: several
  /// whole strips, or a part of one.
  template <class Body>
  void for_each_piece(int strip, const Body& body) const {
    const int some = std::clamp(deepest / strip, 1, most_strips),
              all = static_cast<int>(tap_.size());
    const int depth = piece_of(strip, deepest);
    for (int r = 0; r < all; r += some)
      for (int k = 0; k < strip; k += depth)
        body(r, std::min(some, all - r), k, std::min(depth, strip - k));
  }

  /// body(first window, windows) for pieces of the windows in which a strip sees more than zeros.
  template <class Body>
  void for_each_span(int strip, const Body& body) const {
    constexpr int most = 3 * Product<Scalar>::depth / 4;  // here both factors share the first cache
    const int width = windows_.output()[2], lines = pixels_ / width;
    const char* const seen = seen_.data() + at(strip) * at(lines);
    for (int line = 0; line < lines; ++line) {
      int last = line;
      while (last < lines && seen[last]) ++last;
      const int count = (last - line) * width;
      for (int p = 0; p < count; p += piece_of(count, most))
        body(line * width + p, std::min(piece_of(count, most), count - p));
      line = std::max(line, last);
    }
  }

  /// body(first pixel, pixels) for tiles of n pixels.
  template <class Body>
  static void each_tile(int n, const Body& body) {
    for (int p = 0; p < n; p += Product<Scalar>::rows)
      body(p, std::min(Product<Scalar>::rows, n - p));
  }

  /// Whether a strip sees anything but zeros in windows p to q.
  bool meets(int strip, int p, int q) const {
    const char* const seen = seen_.data() + at(strip) * (seen_.size() / tap_.size());
    return seen[line_[at(p)]] || seen[line_[at(q)]] || line_[at(q)] > line_[at(p)] + 1 ||
           line_[at(q)] < line_[at(p)];
  }

  /// c[r][channel...] += ... for m rows, by the tile that fits.
  static void gather(const Scalar* const* rows, int m, const Strip<Scalar>* strips, int count,
                     int k, Scalar* const* c, int channel, int cols) {
    constexpr int most = Product<Scalar>::rows;
    const Scalar* row[most];
    Scalar* target[most];
    for (int r = 0; r < most; ++r) {
      row[r] = rows[std::min(r, m - 1)];
      target[r] = c[std::min(r, m - 1)] + channel;
    }
    const bool narrow = cols <= Product<Scalar>::width;
    if (3 * m > most) {
      if (narrow)
        ProductTile<Scalar, most, 1>::gather(row, strips, count, k, target, m, cols);
      else
        ProductTile<Scalar, most, 2>::gather(row, strips, count, k, target, m, cols);
    } else {
      if (narrow)
        ProductTile<Scalar, most / 3, 1>::gather(row, strips, count, k, target, m, cols);
      else
        ProductTile<Scalar, most / 3, 2>::gather(row, strips, count, k, target, m, cols);
    }
  }
  static void correlate(const Scalar* a, const std::ptrdiff_t* offset, const Scalar* b, int k,
                        Scalar* c, int m) {
    constexpr int most = Product<Scalar>::rows;
    Scalar* target[most];
    for (int r = 0; r < most; ++r) target[r] = c + std::ptrdiff_t{std::min(r, m - 1)} * panel;
    ProductTile<Scalar, most, 2>::correlate(a, offset, b, k, target, m, panel);
  }

  /// visit(place in the kernel, place in panels) for all weights: [group][panel of outputs][tap]
  /// [input][output] or, for the adjoint, [group][panel][strip][output][tap and input of the
  /// strip].
  template <class Visit>
  void for_each_weight(bool turned, const Visit& visit) const {
    const int taps = windows_.taps(), panels = panels_of(turned ? run_ * inputs_ : outputs_);
    std::size_t place = 0;
    for (int g = 0; g < groups_; ++g)
      for (int o = 0; o < outputs_; ++o)
        for (int i = 0; i < inputs_; ++i)
          for (int t = 0; t < taps; ++t) {
            const int j = turned ? t % run_ * inputs_ + i : o;
            const int k = turned ? t / run_ * outputs_ + o : t * inputs_ + i;
            const int all = turned ? taps / run_ * outputs_ : taps * inputs_;
            visit(place++,
                  ((std::ptrdiff_t{g} * panels + j / panel) * all + k) * panel + j % panel);
          }
  }
  Buffer<Scalar> pack(const Scalar* kernel, bool turned) const {
    const int taps = windows_.taps(), panels = panels_of(turned ? run_ * inputs_ : outputs_);
    Buffer<Scalar> packed(at(groups_) * at(panels) *
                          at(turned ? taps / run_ * outputs_ : taps * inputs_) * at(panel));
    for_each_weight(turned, [&](std::size_t place, std::ptrdiff_t to) {
      packed[static_cast<std::size_t>(to)] = kernel[place];
    });
    return packed;
  }

  /// A picture to channels innermost, with its border filled.
  void enter(Scalar* u, const Scalar* in, int image) const {
    std::fill_n(u, grid_.size() + slack, Scalar{0});
    const Scalar* const from = in + std::ptrdiff_t{image} * grid_.channels * grid_.pixels();
    for_each_run(grid_, [&](int pixel, std::ptrdiff_t start, int run) {
      transpose(u + start, grid_.channels, from + pixel, grid_.pixels(), run, grid_.channels);
    });
    for_each_border_pixel(grid_, windows_.mode, [&](std::ptrdiff_t border, std::ptrdiff_t source) {
      std::copy_n(u + source, grid_.channels, u + border);
    });
  }
  void leave(Scalar* d_in, int image, const Scalar* u, bool add) const {
    Scalar* const to = d_in + std::ptrdiff_t{image} * grid_.channels * grid_.pixels();
    for_each_run(grid_, [&](int pixel, std::ptrdiff_t start, int run) {
      for (int c = 0; c < grid_.channels; ++c) {
        Scalar* const plane = to + std::ptrdiff_t{c} * grid_.pixels() + pixel;
        const Scalar* const from = u + start + c;
        for (int p = 0; p < run; ++p)
          plane[p] = from[std::ptrdiff_t{p} * grid_.channels] + (add ? plane[p] : Scalar{0});
      }
    });
  }
  /// [output pixel][channel] of an image, and `count` pixels of it back.
  void from_planes(Scalar* rows, const Scalar* planes, int image) const {
    planes += std::ptrdiff_t{image} * c_out_ * pixels_;
    for (int p = 0; p < pixels_; p += 16)
      transpose(rows + std::ptrdiff_t{p} * c_out_, c_out_, planes + p, pixels_,
                std::min(16, pixels_ - p), c_out_);
  }
  void to_planes(Scalar* planes, const Scalar* rows, int count, bool add) const {
    if (!add) {
      for (int p = 0; p < count; p += 16)
        transpose(planes + p, pixels_, rows + std::ptrdiff_t{p} * c_out_, c_out_, c_out_,
                  std::min(16, count - p));
      return;
    }
    for (int c = 0; c < c_out_; ++c)
      for (int p = 0; p < count; ++p)
        planes[std::ptrdiff_t{c} * pixels_ + p] += rows[std::ptrdiff_t{p} * c_out_ + c];
  }

  Windows windows_;
  PixelGrid grid_;
  int batch_, groups_, c_out_, inputs_, outputs_, pixels_;
  int run_ = 1;                          // taps in a strip
  PooledVector<std::ptrdiff_t> corner_;  // of each window, where its first tap lies in a picture
  PooledVector<std::ptrdiff_t> tap_;     // of each strip, from there
  PooledVector<int> line_;               // of each window
  PooledVector<char> seen_;              // [strip][line]: it sees more than zeros
};

/// out = correlation of `in` with the kernel, plus bias[channel] unless bias is null, finished.
template <class Scalar>
void convolve(Scalar* out, const Scalar* in, const Scalar* kernel, const Scalar* bias,
              const Windows& windows, int batch, int c_out, int c_in, int groups,
              const Finish<Scalar>& finish = {}) {
  DenseConvolution<Scalar>(windows, batch, c_out, c_in, groups)
      .forward(out, in, kernel, bias, false, finish);
}

/// d_in (+)= the adjoint of convolve (without bias) applied to d_out: the transposed convolution.
/// Overwrites unless `add`.
template <class Scalar>
void convolve_adjoint(Scalar* d_in, const Scalar* d_out, const Scalar* kernel,
                      const Windows& windows, int batch, int c_out, int c_in, int groups,
                      bool add = false) {
  DenseConvolution<Scalar>(windows, batch, c_out, c_in, groups).adjoint(d_in, d_out, kernel, add);
}

/// d_kernel += the gradient of <convolve(in, kernel), d_out> with respect to the kernel.
template <class Scalar>
void convolve_kernel_gradient(Scalar* d_kernel, const Scalar* in, const Scalar* d_out,
                              const Windows& windows, int batch, int c_out, int c_in, int groups) {
  DenseConvolution<Scalar>(windows, batch, c_out, c_in, groups)
      .kernel_gradient(d_kernel, in, d_out);
}

}  // namespace gsteer::detail
