// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "gsteer/core/buffer.hpp"
#include "gsteer/core/parallel.hpp"
#include "gsteer/core/product.hpp"
#include "gsteer/core/scratch.hpp"
#include "gsteer/layer/kernels/convolution_windows.hpp"
#include "gsteer/layer/kernels/finish.hpp"
#include "gsteer/layer/kernels/panels.hpp"
#include "gsteer/layer/kernels/pixel_major.hpp"
#include "gsteer/layer/kernels/planes.hpp"
#include "gsteer/layer/kernels/strip_numbers.hpp"
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
// order, so results do not depend on the number of threads as long as weights are finite. (Zeros of
// the padding are left out where that is easy, and 0 * infinity is not 0.)

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

  /// out = correlation of `in` with the kernel, plus bias[channel] unless bias is null, finished.
  void forward(Scalar* out, const Scalar* in, const Scalar* kernel, const Scalar* bias,
               const Finish<Scalar>& finish = {}) const {
    const Panels<Scalar> panels{groups_, weights(), outputs_};
    Buffer<Scalar> packed(panels.size());
    for_each_weight([&](int g, int o, int i, int t, std::ptrdiff_t number) {
      packed[at(panels.at(g, t * inputs_ + i, o))] = kernel[number];
    });
    convolve(out, in, packed, bias, false, finish);
  }

  /// d_in (+)= the adjoint of forward (without bias) applied to d_out.
  void adjoint(Scalar* d_in, const Scalar* d_out, const Scalar* kernel, bool add) const {
    // With few inputs, the turned kernel would leave most of a vector of columns empty.
    if (adjoint_is_convolution(windows_) && outputs_ <= 2 * inputs_)
      return adjoint_by_turned_kernel(d_in, d_out, kernel, add);
    const Panels<Scalar> panels{groups_, strips_ * outputs_, strip()};
    Buffer<Scalar> packed(panels.size());
    for_each_weight([&](int g, int o, int i, int t, std::ptrdiff_t number) {
      packed[at(panels.at(g, t / run_ * outputs_ + o, t % run_ * inputs_ + i))] = kernel[number];
    });
    const std::ptrdiff_t picture = grid_.size(), rows = std::ptrdiff_t{pixels_} * c_out_;
    const int wave = wave_of(picture + rows);
    auto pictures = Buffer<Scalar>::uninitialized(at(wave) * at(picture));
    auto gradients = Buffer<Scalar>::uninitialized(at(wave) * at(rows));
    // What different windows give to a picture overlaps, but for single taps along x.
    const int parts = run_ == 1 ? panels.count() : 1;
    for (int first = 0; first < batch_; first += wave) {
      const int count = std::min(wave, batch_ - first);
      parallel_for(count, [&](int i) {
        from_planes(gradients.data() + i * rows, c_out_, output(d_out, first + i), pixels_, c_out_);
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
        leave_grid(input(d_in, first + i), u, grid_, windows_.mode, add);
      });
    }
  }

  /// d_kernel += the gradient of <forward(in, kernel), d_out> with respect to the kernel.
  void kernel_gradient(Scalar* d_kernel, const Scalar* in, const Scalar* d_out) const {
    // Tiles have rows of one factor and columns of the other: a strip of few numbers makes columns.
    if (strip() < 3 * Product<Scalar>::rows && strip() < outputs_)
      gradient_by_columns(d_kernel, in, d_out);
    else
      gradient_by_rows(d_kernel, in, d_out);
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

  static std::size_t at(std::ptrdiff_t i) { return static_cast<std::size_t>(i); }
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

  /// out (+)= the convolution with a kernel that is packed, [tap and input][output].
  void convolve(Scalar* out, const Scalar* in, const Buffer<Scalar>& packed, const Scalar* bias,
                bool add, const Finish<Scalar>& finish) const {
    const Panels<Scalar> panels{groups_, weights(), outputs_};
    const WindowOrder order = order_windows(windows_, batch_, Product<Scalar>::rows);
    const std::ptrdiff_t picture = grid_.size(), rows = std::ptrdiff_t{pixels_} * c_out_;
    const int wave = wave_of(picture + rows), blocks = (c_out_ + 15) / 16;
    auto pictures = Buffer<Scalar>::uninitialized(at(wave) * at(picture));
    auto results = Buffer<Scalar>::uninitialized(at(wave) * at(rows));
    for (int first = 0; first < batch_; first += wave) {
      const int count = std::min(wave, batch_ - first);
      parallel_for(count, [&](int i) {
        enter_grid(pictures.data() + i * picture, grid_, input(in, first + i), grid_.channels,
                   windows_.mode);
      });
      parallel_for((count * pixels_ + tile - 1) / tile, [&](int task) {
        const Some some(order, count, task * tile, Product<Scalar>::rows);
        const int n = some.count;
        const Scalar* source[tile + spare];
        Scalar* targets[tile];
        for (int p = 0; p < n + spare; ++p) {
          const int window = std::min(p, n - 1);
          source[p] =
              pictures.data() + some.image[window] * picture + corner_[at(some.pixel[window])];
        }
        for (int p = 0; p < n; ++p) {
          targets[p] =
              results.data() + some.image[p] * rows + std::ptrdiff_t{some.pixel[p]} * c_out_;
          for (int c = 0; c < c_out_; ++c) targets[p][c] = bias ? bias[c] : Scalar{0};
        }
        multiply(some, source, packed.data(), panels, targets);
        for (int p = 0, run = 1; p < n; p += run, run = 1) {
          while (p + run < n && targets[p + run] == targets[p] + std::ptrdiff_t{run} * c_out_)
            ++run;
          finish(targets[p], std::ptrdiff_t{run} * c_out_);
        }
      });
      parallel_for(count * blocks, [&](int task) {
        const int i = task / blocks, c = task % blocks * 16;
        for (int p = 0; p < pixels_; p += 16)
          to_planes(output(out, first + i) + std::ptrdiff_t{c} * pixels_ + p, pixels_,
                    results.data() + i * rows + std::ptrdiff_t{p} * c_out_ + c, c_out_,
                    std::min(16, c_out_ - c), std::min(16, pixels_ - p), add);
      });
    }
  }

  /// Adds to each window's results the product of what it sees, from source[window] on, and the
  /// kernel.
  void multiply(const Some& some, const Scalar* const* source, const Scalar* packed,
                const Panels<Scalar>& panels, Scalar* const* targets) const {
    for (int g = 0; g < groups_; ++g)
      for (int q = 0; q < panels.count(); ++q)
        for_each_piece([&](int r, int strips, int k0, int k) {
          const Scalar* const b = packed + panels.begin(g, q, r * strip());
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
              Product<Scalar>::gather(source + p, m, list, seen, to - from, targets + p,
                                      g * outputs_ + q * panel,
                                      std::min(panel, outputs_ - q * panel));
          }
        });
  }

  void adjoint_by_turned_kernel(Scalar* d_in, const Scalar* d_out, const Scalar* kernel,
                                bool add) const {
    const DenseConvolution back(turned(windows_), batch_, grid_.channels, c_out_, groups_);
    const Panels<Scalar> panels{groups_, back.weights(), inputs_};
    Buffer<Scalar> packed(panels.size());
    const int taps = windows_.taps();
    back.for_each_weight([&](int g, int i, int o, int t, std::ptrdiff_t) {
      const std::ptrdiff_t place = (std::ptrdiff_t{g} * outputs_ + o) * inputs_ + i;
      packed[at(panels.at(g, t * outputs_ + o, i))] = kernel[place * taps + taps - 1 - t];
    });
    const Scalar* no_bias = nullptr;
    back.convolve(d_in, d_out, packed, no_bias, add, {});
  }

  /// Adds the gradient to d_kernel, by way of [tap and input][output] in panels.
  void gradient_by_rows(Scalar* d_kernel, const Scalar* in, const Scalar* d_out) const {
    constexpr int together = Product<Scalar>::rows;
    const Panels<Scalar> panels{groups_, weights(), outputs_}, columns{groups_, pixels_, outputs_};
    // A number of neighboring pixels at a time is read: at distances that are a large power of two,
    // they would share a few places of the first cache.
    PixelGrid grid = grid_;
    grid.channels += 64 / static_cast<int>(sizeof(Scalar));
    const auto moved = [&](std::ptrdiff_t place) { return place / grid_.channels * grid.channels; };
    const StripNumbers numbers(windows_, run_, inputs_, grid.channels, together);
    const std::ptrdiff_t step = std::ptrdiff_t{windows_.stride[2]} * grid.channels;
    const int width = windows_.output()[2];
    auto start = Buffer<std::ptrdiff_t>::uninitialized(at(lines_));
    for (int l = 0; l < lines_; ++l) start[at(l)] = moved(corner_[at(l * width)]);

    const std::ptrdiff_t picture = grid.size(), rows = columns.begin(groups_, 0, 0);
    const int wave = wave_of(picture + rows);
    auto pictures = Buffer<Scalar>::uninitialized(at(wave) * at(picture));
    Buffer<Scalar> gradients(at(wave) * at(rows)), sums(panels.size());
    for (int first = 0; first < batch_; first += wave) {
      const int count = std::min(wave, batch_ - first);
      parallel_for(count, [&](int i) {
        enter_grid(pictures.data() + i * picture, grid, input(in, first + i), grid_.channels,
                   windows_.mode);
        planes_to_panels(gradients.data() + i * rows, columns, output(d_out, first + i));
      });
      // With enough strips to share out, all panels meet what a strip sees while it is in a cache.
      const int lot = strips_ >= 16 ? panels.count() : 1, lots = panels.count() / lot;
      parallel_for(groups_ * lots * strips_, [&](int task) {
        const int r = task % strips_, q0 = task / strips_ % lots * lot, g = task / strips_ / lots;
        const int kind = numbers.kind(r);
        for (int i = 0; i < count; ++i) {
          const Scalar* const u =
              pictures.data() + i * picture + moved(tap_[at(r)]) + std::ptrdiff_t{g} * inputs_;
          for_each_block(r, [&](int line, int lines, int x, int k) {
            const Lines block{start.data() + line, lines, step, std::ptrdiff_t{width} * panel};
            for (int q = q0; q < q0 + lot; ++q)
              for (int m = 0; m < strip(); m += together) {
                const auto seen = numbers.seen(kind, m);
                const int from = std::max(x, seen.first), to = std::min(x + k, seen.last);
                if (from < to)
                  Product<Scalar>::correlate(
                      u + from * step, numbers.place(m), block, to - from,
                      gradients.data() + i * rows + columns.begin(g, q, line * width + from),
                      sums.data() + panels.begin(g, q, r * strip() + m),
                      std::min(together, strip() - m), outputs_ - q * panel);
              }
          });
        }
      });
    }
    for_each_weight([&](int g, int o, int i, int t, std::ptrdiff_t number) {
      d_kernel[number] += sums[at(panels.at(g, t * inputs_ + i, o))];
    });
  }

  /// Adds the gradient to d_kernel, by way of [output][tap and input] in panels.
  void gradient_by_columns(Scalar* d_kernel, const Scalar* in, const Scalar* d_out) const {
    const Panels<Scalar> panels{groups_, outputs_, weights()};
    const std::ptrdiff_t picture = grid_.size(), rows = std::ptrdiff_t{pixels_} * c_out_;
    const int wave = wave_of(picture + rows);
    auto pictures = Buffer<Scalar>::uninitialized(at(wave) * at(picture));
    auto gradients = Buffer<Scalar>::uninitialized(at(wave) * at(rows));
    Buffer<Scalar> sums(panels.size());
    for (int first = 0; first < batch_; first += wave) {
      const int count = std::min(wave, batch_ - first);
      parallel_for(count, [&](int i) {
        enter_grid(pictures.data() + i * picture, grid_, input(in, first + i), grid_.channels,
                   windows_.mode);
        from_planes(gradients.data() + i * rows, c_out_, output(d_out, first + i), pixels_, c_out_);
      });
      parallel_for(groups_ * panels.count(), [&](int task) {
        const int g = task / panels.count(), q = task % panels.count();
        for (int i = 0; i < count; ++i)
          add_gradient(g, q, pictures.data() + i * picture, gradients.data() + i * rows,
                       sums.data() + panels.begin(g, q, 0));
      });
    }
    for_each_weight([&](int g, int o, int i, int t, std::ptrdiff_t number) {
      d_kernel[number] += sums[at(panels.at(g, o, t * inputs_ + i))];
    });
  }

  /// Adds to the gradient of a panel of weights, c[output][weight], what one picture gives.
  void add_gradient(int g, int q, const Scalar* u, const Scalar* gradient, Scalar* c) const {
    constexpr int most = 3 * Product<Scalar>::depth / 4;
    const int cols = std::min(panel, weights() - q * panel);
    std::ptrdiff_t from[panel];
    for (int j = 0, weight = q * panel; j < cols; ++j, ++weight)
      from[j] = tap_[at(weight / strip())] + weight % strip() + std::ptrdiff_t{g} * inputs_;
    Scalar* const b = scratch<Scalar>(Slot::panels, std::ptrdiff_t{most} * panel);
    for (int p = 0; p < pixels_; p += piece_of(pixels_, most)) {
      const int k = std::min(piece_of(pixels_, most), pixels_ - p);
      for (int s = 0; s < k; ++s) {
        const Scalar* const corner = u + corner_[at(p + s)];
        for (int j = 0; j < panel; ++j) b[s * panel + j] = j < cols ? corner[from[j]] : Scalar{0};
      }
      const std::ptrdiff_t start = std::ptrdiff_t{p} * c_out_ + std::ptrdiff_t{g} * outputs_;
      const Lines line{&start, 1, c_out_, 0};
      for (int m = 0; m < outputs_; m += Product<Scalar>::rows) {
        std::ptrdiff_t place[Product<Scalar>::rows];
        for (int n = 0; n < Product<Scalar>::rows; ++n) place[n] = std::min(m + n, outputs_ - 1);
        Product<Scalar>::correlate(gradient, place, line, k, b, c + std::ptrdiff_t{m} * panel,
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

  /// body(first line, lines, first column, columns) for pieces of the windows, without lines in
  /// which a strip sees nothing but zeros.
  template <class Body>
  void for_each_block(int r, const Body& body) const {
    constexpr int most = Product<Scalar>::depth / 2;  // here both factors share the first cache
    const int width = windows_.output()[2];
    const int columns = piece_of(width, most), high = std::max(1, most / width);
    const char* const seen = seen_.data() + at(r) * at(lines_);
    for (int line = 0; line < lines_; ++line) {
      int last = line;
      while (last < lines_ && seen[last]) ++last;
      const int count = last - line;
      for (int l = 0; l < count; l += piece_of(count, high))
        for (int x = 0; x < width; x += columns)
          body(line + l, std::min(piece_of(count, high), count - l), x,
               std::min(columns, width - x));
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

  /// visit(group, output, input, tap, number in the kernel) for all weights, those of a panel's
  /// outputs together: a panel is met line by line, the kernel in a few runs.
  template <class Visit>
  void for_each_weight(const Visit& visit) const {
    const int taps = windows_.taps();
    const auto next = std::ptrdiff_t{weights()};
    for (int g = 0; g < groups_; ++g)
      for (int first = 0; first < outputs_; first += panel)
        for (int i = 0; i < inputs_; ++i)
          for (int t = 0; t < taps; ++t) {
            std::ptrdiff_t number = (std::ptrdiff_t{g} * outputs_ + first) * next + i * taps + t;
            for (int o = first; o < std::min(first + panel, outputs_); ++o, number += next)
              visit(g, o, i, t, number);
          }
  }

  /// Image number `image` of a batch of pictures, of inputs or of outputs.
  template <class Pointer>
  Pointer input(Pointer pictures, int image) const {
    return pictures + std::ptrdiff_t{image} * grid_.channels * grid_.pixels();
  }
  template <class Pointer>
  Pointer output(Pointer pictures, int image) const {
    return pictures + std::ptrdiff_t{image} * c_out_ * pixels_;
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
      .forward(out, in, kernel, bias, finish);
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
