// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "gsteer/core/buffer.hpp"
#include "gsteer/core/parallel.hpp"
#include "gsteer/core/product.hpp"
#include "gsteer/core/transpose.hpp"
#include "gsteer/layer/kernels/convolution_windows.hpp"
#include "gsteer/layer/kernels/finish.hpp"
#include "gsteer/layer/kernels/panels.hpp"
#include "gsteer/layer/kernels/pixel_major.hpp"
#include "gsteer/layer/kernels/window_order.hpp"
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
// order, so results do not depend on the number of threads. (Zeros of the padding are left out
// where that is easy, whatever the weights: 0 * infinity is not always NaN.)

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
    // Neighboring taps along x are one run of memory if nothing lies between their channels.
    run_ = w.dilation[2] == 1 && groups == 1 ? w.kernel[2] : 1;
    place_windows();
    place_strips();
  }

  /// out (+)= correlation of `in` with the kernel, plus bias[channel] unless bias is null,
  /// finished.
  void forward(Scalar* out, const Scalar* in, const Scalar* kernel, const Scalar* bias,
               bool add = false, const Finish<Scalar>& finish = {}) const {
    const Panels<Scalar> panels{groups_, weights(), outputs_};
    const Buffer<Scalar> packed = pack(kernel, panels, false);
    const WindowOrder order = order_windows(windows_, batch_, Product<Scalar>::rows);
    const std::ptrdiff_t picture = grid_.size();
    const int wave = wave_of(picture);
    auto pictures = Buffer<Scalar>::uninitialized(at(wave) * static_cast<std::size_t>(picture));
    for (int first = 0; first < batch_; first += wave) {
      const int count = std::min(wave, batch_ - first);
      parallel_for(count,
                   [&](int i) { enter(pictures.data() + i * picture, grid_, in, first + i); });
      parallel_for((count * pixels_ + tile - 1) / tile, [&](int task) {
        const Some some(order, count, task * tile, Product<Scalar>::rows);
        const int n = some.count;
        Scalar* const v = scratch<Scalar>(Slot::mixed, std::ptrdiff_t{n} * c_out_);
        const Scalar* rows[tile + spare];
        Scalar* targets[tile];
        for (int p = 0; p < n; ++p) {
          rows[p] = pictures.data() + some.image[p] * picture + corner_[at(some.pixel[p])];
          targets[p] = v + std::ptrdiff_t{p} * c_out_;
          for (int c = 0; c < c_out_; ++c) targets[p][c] = bias ? bias[c] : Scalar{0};
        }
        std::fill_n(rows + n, spare, rows[n - 1]);
        for (int g = 0; g < groups_; ++g)
          for (int q = 0; q < panels.count(); ++q)
            for_each_piece([&](int r, int strips, int k0, int k) {
              const Scalar* const b = packed.data() + panels.begin(g, q, r * strip());
              // The weights of the next piece follow; they come nearer while these are used.
              const Scalar* next = b + (std::ptrdiff_t{strips - 1} * strip() + k0 + k) * panel;
              const int share = (strips * k * panel + some.tiles - 1) / some.tiles;
              for (int t = 0; t < some.tiles; ++t, next += share) {
                for (int i = 0; i < share; i += 64 / static_cast<int>(sizeof(Scalar)))
                  __builtin_prefetch(next + i, 0, 2);
                // Of the piece, what lies between the first and the last tap that these see.
                const auto& [p, m, low, high, top, bottom] = some.tile[t];
                const int from = run_ > 1 ? std::max(k0, low * inputs_) : k0;
                const int to = run_ > 1 ? std::min(k0 + k, high * inputs_) : k0 + k;
                Strip<Scalar> list[most_strips];
                int seen = 0;
                for (int s = 0; s < strips; ++s)
                  if (meets(r + s, some.tile[t]))
                    list[seen++] = {tap_[at(r + s)] + std::ptrdiff_t{g} * inputs_ + from,
                                    b + (std::ptrdiff_t{s} * strip() + from) * panel};
                if (seen > 0 && from < to)
                  Product<Scalar>::gather(rows + p, m, list, seen, to - from, targets + p,
                                          g * outputs_ + q * panel,
                                          std::min(panel, outputs_ - q * panel));
              }
            });
        finish(v, std::ptrdiff_t{n} * c_out_);
        for (int p = 0, run = 1; p < n; p += run, run = 1) {
          while (run < 16 && p + run < n && some.image[p + run] == some.image[p] &&
                 some.pixel[p + run] == some.pixel[p] + run)
            ++run;
          to_planes(
              out + (std::ptrdiff_t{first} + some.image[p]) * c_out_ * pixels_ + some.pixel[p],
              pixels_, targets[p], c_out_, run, add);
        }
      });
    }
  }

  /// d_in (+)= the adjoint of forward (without bias) applied to d_out.
  void adjoint(Scalar* d_in, const Scalar* d_out, const Scalar* kernel, bool add) const {
    // With few inputs, the turned kernel would leave most of a vector of columns empty.
    if (adjoint_is_convolution(windows_) && outputs_ <= 2 * inputs_)
      return adjoint_by_turned_kernel(d_in, d_out, kernel, add);
    const Panels<Scalar> panels{groups_, strips_ * outputs_, strip()};
    const Buffer<Scalar> packed = pack(kernel, panels, true);
    const std::ptrdiff_t picture = grid_.size(), rows = std::ptrdiff_t{pixels_} * c_out_;
    const int wave = wave_of(picture + rows);
    auto pictures = Buffer<Scalar>::uninitialized(at(wave) * static_cast<std::size_t>(picture));
    auto gradients = Buffer<Scalar>::uninitialized(at(wave) * static_cast<std::size_t>(rows));
    // What different windows give to a picture overlaps, but for single taps along x.
    const int parts = run_ == 1 ? panels.count() : 1;
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
        for (int q = part; q < panels.count(); q += parts)
          for (int r = 0; r < strips_; ++r)
            for (int k0 = 0; k0 < outputs_; k0 += Product<Scalar>::depth) {
              const Strip<Scalar> piece{k0, packed.data() + panels.begin(g, q, r * outputs_ + k0)};
              for (int p = 0; p < pixels_; p += Product<Scalar>::rows) {
                const int m = std::min(Product<Scalar>::rows, pixels_ - p);
                if (!sees(r, line_[at(p)], line_[at(p + m - 1)])) continue;
                const Scalar* source[Product<Scalar>::rows];
                Scalar* target[Product<Scalar>::rows];
                for (int n = 0; n < Product<Scalar>::rows; ++n) {
                  const int window = p + std::min(n, m - 1);
                  source[n] = from + std::ptrdiff_t{window} * c_out_;
                  target[n] = u + corner_[at(window)] + tap_[at(r)];
                }
                Product<Scalar>::gather(source, m, &piece, 1,
                                        std::min(Product<Scalar>::depth, outputs_ - k0), target,
                                        q * panel, std::min(panel, strip() - q * panel));
              }
            }
      });
      parallel_for(count, [&](int i) {
        Scalar* const u = pictures.data() + i * picture;
        fold_border(u, grid_, windows_.mode);
        leave(d_in, first + i, u, add);
      });
    }
  }

  /// d_kernel += the gradient of <forward(in, kernel), d_out> with respect to the kernel.
  void kernel_gradient(Scalar* d_kernel, const Scalar* in, const Scalar* d_out) const {
    // Tiles have rows of one factor and columns of the other: a strip of few numbers makes columns.
    const bool few = strip() < 3 * Product<Scalar>::rows && strip() < outputs_;
    const Panels<Scalar> panels{groups_, few ? outputs_ : weights(), few ? weights() : outputs_};
    const Panels<Scalar> columns{groups_, pixels_, outputs_};  // of the gradient
    // A number of neighboring pixels at a time is read: at distances that are a large power of two,
    // they would share a few places of the first cache.
    PixelGrid grid = grid_;
    if (!few) grid.channels += 64 / static_cast<int>(sizeof(Scalar));
    const auto moved = [&](std::ptrdiff_t place) { return place / grid_.channels * grid.channels; };
    auto corner = Buffer<std::ptrdiff_t>::uninitialized(corner_.size());
    for (std::size_t p = 0; p < corner.size(); ++p) corner[p] = moved(corner_[p]);
    const std::ptrdiff_t picture = grid.size(), rows = few ? std::ptrdiff_t{pixels_} * c_out_
                                                           : columns.begin(groups_, 0, 0);
    const int wave = wave_of(picture + rows);
    auto pictures = Buffer<Scalar>::uninitialized(at(wave) * static_cast<std::size_t>(picture));
    Buffer<Scalar> gradients(at(wave) * static_cast<std::size_t>(rows)), sums(panels.size());
    for (int first = 0; first < batch_; first += wave) {
      const int count = std::min(wave, batch_ - first);
      parallel_for(count, [&](int i) {
        enter(pictures.data() + i * picture, grid, in, first + i);
        if (few)
          from_planes(gradients.data() + i * rows, d_out, first + i);
        else
          to_panels(gradients.data() + i * rows, columns, d_out, first + i);
      });
      if (few) {
        parallel_for(groups_ * panels.count(), [&](int task) {
          const int g = task / panels.count(), q = task % panels.count();
          for (int i = 0; i < count; ++i)
            gradient_of_columns(g, q, pictures.data() + i * picture, gradients.data() + i * rows,
                                sums.data() + panels.begin(g, q, 0));
        });
        continue;
      }
      // With enough strips to share out, all panels meet what a strip sees while it is in a cache.
      const int together = strips_ >= 16 ? panels.count() : 1, lots = panels.count() / together;
      parallel_for(groups_ * lots * strips_, [&](int task) {
        const int r = task % strips_, q0 = task / strips_ % lots * together,
                  g = task / strips_ / lots;
        for (int i = 0; i < count; ++i) {
          const Scalar* const u =
              pictures.data() + i * picture + moved(tap_[at(r)]) + std::ptrdiff_t{g} * inputs_;
          for_each_span(r, [&](int p, int k) {
            for (int q = q0; q < q0 + together; ++q)
              for (int m = 0; m < strip(); m += Product<Scalar>::rows) {
                const Scalar* row[Product<Scalar>::rows];
                for (int n = 0; n < Product<Scalar>::rows; ++n) {
                  const int weight = std::min(m + n, strip() - 1);
                  row[n] = u + weight / inputs_ * grid.channels + weight % inputs_;
                }
                Product<Scalar>::correlate(
                    row, corner.data() + p, gradients.data() + i * rows + columns.begin(g, q, p), k,
                    sums.data() + panels.begin(g, q, r * strip() + m),
                    std::min(Product<Scalar>::rows, strip() - m), outputs_ - q * panel);
              }
          });
        }
      });
    }
    for_each_weight([&](int g, int o, int i, int t) {
      const int weight = t * inputs_ + i;
      *d_kernel++ +=
          sums[static_cast<std::size_t>(panels.at(g, few ? o : weight, few ? weight : o))];
    });
  }

 private:
  static constexpr int panel = Panels<Scalar>::width;
  /// Windows of a task of forward.
  static constexpr int tile = 32 * Product<Scalar>::rows;
  using Some = SomeWindows<tile>;
  /// A tile of few windows reads behind them.
  static constexpr int spare = Product<Scalar>::rows - 1;
  static constexpr int most_strips = 32;
  /// The inner dimension of a product, at most: a panel of it stays in the first cache.
  static constexpr int deepest = 3 * Product<Scalar>::depth / 2;

  static std::size_t at(int i) { return static_cast<std::size_t>(i); }
  /// Taps times input channels: of a kernel, and of what one strip sees.
  int weights() const { return windows_.taps() * inputs_; }
  int strip() const { return run_ * inputs_; }
  /// Pictures at a time: as many for each thread as stay in its second cache.
  int wave_of(std::ptrdiff_t numbers) const {
    const auto some = std::clamp<std::ptrdiff_t>((1 << 18) / numbers, 1, 64);
    return static_cast<int>(std::min<std::ptrdiff_t>(some * threads(), batch_));
  }

  void place_windows() {
    const auto size = windows_.output();
    lines_ = size[0] * size[1];
    corner_ = Buffer<std::ptrdiff_t>::uninitialized(at(pixels_));
    line_ = Buffer<int>::uninitialized(at(pixels_));
    std::size_t p = 0;
    for (int z = 0; z < size[0]; ++z)
      for (int y = 0; y < size[1]; ++y)
        for (int x = 0; x < size[2]; ++x, ++p) {
          corner_[p] = grid_.at(z * windows_.stride[0] - windows_.padding[0],
                                y * windows_.stride[1] - windows_.padding[1],
                                x * windows_.stride[2] - windows_.padding[2]);
          line_[p] = z * size[1] + y;
        }
  }
  void place_strips() {
    const Windows& w = windows_;
    const int height = w.output()[1];
    strips_ = w.taps() / run_;
    tap_ = Buffer<std::ptrdiff_t>::uninitialized(at(strips_));
    seen_ = Buffer<char>::uninitialized(at(strips_) * at(lines_));
    char* seen = seen_.data();
    for (int r = 0; r < strips_; ++r) {
      const int tap = r * run_, x = tap % w.kernel[2], y = tap / w.kernel[2] % w.kernel[1],
                z = tap / w.kernel[2] / w.kernel[1];
      tap_[at(r)] = z * w.dilation[0] * grid_.plane() + y * w.dilation[1] * grid_.row() +
                    std::ptrdiff_t{x} * w.dilation[2] * grid_.channels;
      for (int line = 0; line < lines_; ++line)
        *seen++ = w.mode != Padding::zero ||
                  (w.source(0, line / height, z) >= 0 && w.source(1, line % height, y) >= 0);
    }
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
    const int cols = std::min(panel, weights() - q * panel);
    std::ptrdiff_t from[panel];
    for (int j = 0, weight = q * panel; j < cols; ++j, ++weight)
      from[j] = tap_[at(weight / strip())] + weight % strip() + std::ptrdiff_t{g} * inputs_;
    Scalar* const b = scratch<Scalar>(Slot::panels, std::ptrdiff_t{most} * panel);
    std::ptrdiff_t offset[most];
    for (int p = 0; p < pixels_; p += piece_of(pixels_, most)) {
      const int k = std::min(piece_of(pixels_, most), pixels_ - p);
      for (int s = 0; s < k; ++s) {
        const Scalar* const corner = u + corner_[at(p + s)];
        for (int j = 0; j < panel; ++j) b[s * panel + j] = j < cols ? corner[from[j]] : Scalar{0};
        offset[s] = std::ptrdiff_t{p + s} * c_out_ + std::ptrdiff_t{g} * outputs_;
      }
      for (int m = 0; m < outputs_; m += Product<Scalar>::rows) {
        const Scalar* row[Product<Scalar>::rows];
        for (int n = 0; n < Product<Scalar>::rows; ++n)
          row[n] = gradient + std::min(m + n, outputs_ - 1);
        Product<Scalar>::correlate(row, offset, b, k, c + std::ptrdiff_t{m} * panel,
                                   std::min(Product<Scalar>::rows, outputs_ - m), cols);
      }
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
  void for_each_piece(const Body& body) const {
    const int some = std::clamp(deepest / strip(), 1, most_strips);
    const int depth = piece_of(strip(), deepest);
    for (int r = 0; r < strips_; r += some)
      for (int k = 0; k < strip(); k += depth)
        body(r, std::min(some, strips_ - r), k, std::min(depth, strip() - k));
  }

  /// body(first window, windows) for pieces of the windows in which a strip sees more than zeros.
  template <class Body>
  void for_each_span(int strip, const Body& body) const {
    constexpr int most = Product<Scalar>::depth / 2;  // here both factors share the first cache
    const int width = windows_.output()[2];
    const char* const seen = seen_.data() + at(strip) * at(lines_);
    for (int line = 0; line < lines_; ++line) {
      int last = line;
      while (last < lines_ && seen[last]) ++last;
      const int count = (last - line) * width;
      for (int p = 0; p < count; p += piece_of(count, most))
        body(line * width + p, std::min(piece_of(count, most), count - p));
      line = std::max(line, last);
    }
  }

  /// Whether a strip sees anything but zeros in windows of lines [first, last].
  bool sees(int strip, int first, int last) const {
    const char* const seen = seen_.data() + at(strip) * at(lines_);
    bool any = false;
    for (int line = first; line <= last; ++line) any = any || seen[line];
    return any;
  }
  /// The same, in windows of a tile.
  bool meets(int strip, const typename Some::Tile& t) const {
    const int x = run_ > 1 ? t.low : strip % windows_.kernel[2];
    return t.low <= x && x < t.high && sees(strip, t.top, t.bottom);
  }

  /// visit(group, output, input, tap) for all weights, in the order of the kernel.
  template <class Visit>
  void for_each_weight(const Visit& visit) const {
    for (int g = 0; g < groups_; ++g)
      for (int o = 0; o < outputs_; ++o)
        for (int i = 0; i < inputs_; ++i)
          for (int t = 0; t < windows_.taps(); ++t) visit(g, o, i, t);
  }
  /// [tap and input][output] or, for the adjoint, [strip and output][input and tap of the strip].
  Buffer<Scalar> pack(const Scalar* kernel, const Panels<Scalar>& panels, bool turned) const {
    Buffer<Scalar> packed(panels.size());
    for_each_weight([&](int g, int o, int i, int t) {
      const int row = turned ? t / run_ * outputs_ + o : t * inputs_ + i;
      const int column = turned ? t % run_ * inputs_ + i : o;
      packed[static_cast<std::size_t>(panels.at(g, row, column))] = *kernel++;
    });
    return packed;
  }

  /// A picture to channels innermost, with its border filled; `grid`: may have channels to spare.
  void enter(Scalar* u, const PixelGrid& grid, const Scalar* in, int image) const {
    std::fill_n(u, grid.size(), Scalar{0});
    const Scalar* const from = in + std::ptrdiff_t{image} * grid_.channels * grid_.pixels();
    for_each_run(grid, [&](int pixel, std::ptrdiff_t start, int run) {
      transpose(u + start, grid.channels, from + pixel, grid_.pixels(), run, grid_.channels);
    });
    fill_border(u, grid, windows_.mode);
  }
  void leave(Scalar* d_in, int image, const Scalar* u, bool add) const {
    Scalar* const to = d_in + std::ptrdiff_t{image} * grid_.channels * grid_.pixels();
    for_each_run(grid_, [&](int pixel, std::ptrdiff_t start, int run) {
      to_planes(to + pixel, grid_.pixels(), u + start, grid_.channels, run, add);
    });
  }
  /// [output pixel][channel] of an image.
  void from_planes(Scalar* rows, const Scalar* planes, int image) const {
    planes += std::ptrdiff_t{image} * c_out_ * pixels_;
    for (int p = 0; p < pixels_; p += 16)
      transpose(rows + std::ptrdiff_t{p} * c_out_, c_out_, planes + p, pixels_,
                std::min(16, pixels_ - p), c_out_);
  }
  /// The same as panels of columns, what they have to spare left alone.
  void to_panels(Scalar* to, const Panels<Scalar>& columns, const Scalar* planes, int image) const {
    planes += std::ptrdiff_t{image} * c_out_ * pixels_;
    for (int g = 0; g < groups_; ++g)
      for (int o = 0; o < outputs_; o += panel) {
        const Scalar* const from = planes + (std::ptrdiff_t{g} * outputs_ + o) * pixels_;
        for (int p = 0; p < pixels_; p += 16)
          transpose(to + columns.begin(g, o / panel, p), panel, from + p, pixels_,
                    std::min(16, pixels_ - p), std::min(panel, outputs_ - o));
      }
  }
  /// Some neighboring pixels, [pixel][channel], to planes that are `stride` apart.
  static void to_planes(Scalar* planes, int stride, const Scalar* rows, int channels, int count,
                        bool add) {
    if (!add) return transpose(planes, stride, rows, channels, channels, count);
    for (int c = 0; c < channels; ++c)
      for (int p = 0; p < count; ++p)
        planes[std::ptrdiff_t{c} * stride + p] += rows[std::ptrdiff_t{p} * channels + c];
  }

  Windows windows_;
  PixelGrid grid_;
  int batch_, groups_, c_out_, inputs_, outputs_, pixels_;
  int run_ = 1, strips_ = 0;       // taps in a strip, strips
  int lines_ = 0;                  // rows of windows
  Buffer<std::ptrdiff_t> corner_;  // of each window, where its first tap lies in a picture
  Buffer<int> line_;               // of each window
  Buffer<std::ptrdiff_t> tap_;     // of each strip, from the corner
  Buffer<char> seen_;              // [strip][line]: it sees more than zeros
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
