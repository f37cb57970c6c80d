// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "gsteer/core/buffer.hpp"
#include "gsteer/core/matrix.hpp"
#include "gsteer/core/parallel.hpp"
#include "gsteer/kernel/harmonic_plan.hpp"
#include "gsteer/layer/kernels/filter_bank.hpp"
#include "gsteer/layer/kernels/finish.hpp"
#include "gsteer/layer/kernels/harmonic_mixing.hpp"
#include "gsteer/layer/kernels/mixing.hpp"
#include "gsteer/layer/kernels/pixel_major.hpp"
#include "gsteer/layer/kernels/windows.hpp"
#include "gsteer/representation/field_bases.hpp"

namespace gsteer::detail {

/// A convolution of pictures or volumes carried out as HarmonicPlan says: change of basis, filter
/// bank, mixing, change of basis back. It gives what the dense kernel gives, up to rounding, with
/// several times less arithmetic where fields are large.
template <class Scalar>
class HarmonicConvolution {
 public:
  /// `filters` are those of the space; `mixing`: what may take the place of the plan's matrices.
  [[gnu::cold]] HarmonicConvolution(const kernel_space& space, const KernelFilters& filters,
                                    MixingFactory<Scalar> mixing = nullptr)
      : plan_(space, filters),
        dimension_(space.dimension),
        in_channels_(channels(space.in)),
        out_channels_(channels(space.out)),
        in_bases_(space.in),
        out_bases_(space.out) {
    std::array<int, 3> size{1, 1, 1};
    for (auto axis = at(3 - space.dimension); axis < 3; ++axis) size[axis] = space.profile.size;
    for (const auto& group : plan_.in) {
      banks_.emplace_back(filters.values, group.filters, size);
      starts_.push_back(row_);
      row_ += banks_.back().count() * group.channels;
    }
    if (mixing) mixing_ = mixing(space, filters, plan_, starts_, row_);
    in_rows_ = rows(space.in, in_bases_, plan_.in_position);
    out_rows_ = rows(space.out, out_bases_, plan_.out_position);
  }

  // The rows point into this object.
  HarmonicConvolution(const HarmonicConvolution&) = delete;
  HarmonicConvolution& operator=(const HarmonicConvolution&) = delete;
  [[gnu::noinline]] ~HarmonicConvolution() = default;

  /// Whether it takes kernels of so many taps.
  static constexpr bool takes(int taps) { return taps <= FilterBank<Scalar>::most_taps; }

  std::size_t matrix_size() const { return mixing_ ? mixing_->size() : plan_.size; }

  /// Fills the mixing matrices from the coefficients of the kernel space.
  void load(const Scalar* coefficients, Scalar* matrices) const {
    if (mixing_)
      mixing_->load(coefficients, matrices);
    else
      plan_.load(coefficients, matrices);
  }

  /// The time for one pixel of the output, in multiply-adds of a dense convolution. Fitted to
  /// layers of the plane; in space all of it takes longer. The benchmarks check the choice that it
  /// makes (gsteer.bench.table, choices).
  double cost() const {
    double filtering = 0;
    for (std::size_t g = 0; g < plan_.in.size(); ++g)
      filtering += plan_.in[g].channels * banks_[g].cost();
    double turning = 0;
    for (const auto* kinds : {&in_rows_, &out_rows_})
      for (const auto& k : *kinds)
        turning += static_cast<double>(k.copies) * k.size * (k.size + 16);
    const double mixing = mixing_ ? 1.25 * mixing_->cost() : plan_.multiplications();
    return (dimension_ == 3 ? 1.4 : 1.0) *
           (mixing + 1.25 * filtering + turning + 3000.0 * static_cast<double>(plan_.in.size()));
  }
  /// The same for the dense convolution of as many channels.
  static double dense_cost(int inputs, int outputs, int taps) {
    return (static_cast<double>(inputs) * taps + 34) * outputs;
  }

  /// out = correlation of in with the kernel, plus bias[channel], and finished.
  void forward(const Scalar* in, Scalar* out, const Scalar* matrices, const Scalar* bias, int batch,
               const Windows& w, const Finish<Scalar>& finish) const {
    const Shape s(*this, w);
    const int tiles = (s.output.lines() - 1) / s.rows + 1;
    const auto convolve = [&](int i) {
      auto u = Buffer<Scalar>::uninitialized(static_cast<std::size_t>(s.input.size()));
      enter(u.data(), s, in + static_cast<std::ptrdiff_t>(i) * in_channels_ * w.cells(), w.mode);
      parallel_for(tiles, [&](int tile) {
        const int y = tile * s.rows;
        const PixelGrid part = s.part(y, s.output.lines());
        const int pixels = part.pixels();
        Scalar* v = scratch<Scalar>(Slot::mixed, part.size());
        if (mixing_) {
          Scalar* r = filter_all(u.data(), s, w, y, part);
          mixing_->mix(r, pixels, matrices, v);
        } else {
          mix_groups(u.data(), s, w, y, part, matrices, v);
        }
        Scalar* picture = out + static_cast<std::ptrdiff_t>(i) * out_channels_ * w.outputs();
        from_pixel_major(picture + y * part.width(), w.outputs(), v, part, bias, out_rows_, finish);
      });
    };
    // As long as there is a picture for each thread, each takes one; they share the others, unless
    // those are too small to share.
    const int rest = batch % threads();
    const int alone = rest > 1 && tiles < threads() ? batch : batch - rest;
    parallel_for(alone, convolve);
    for (int i = alone; i < batch; ++i) convolve(i);
  }

  /// The gradients: d_in, overwritten, and those of the coefficients, added to.
  void backward(const Scalar* in, const Scalar* d_out, Scalar* d_in, const Scalar* matrices,
                Scalar* d_coefficients, int batch, const Windows& w) const {
    const Shape s(*this, w);
    // A fixed number of parts of the batch, or of each picture of a small one, with sums of their
    // own: the same for any number of threads.
    const Slabs slabs(s, w, batch < 8 ? 8 / batch : 1);
    const int parts = slabs.count > 1 ? slabs.count : std::min(batch, 8);
    const std::size_t size = matrix_size();
    Buffer<Scalar> sums(static_cast<std::size_t>(parts) * size);
    const auto picture = [&](int i) {
      return Picture{in + static_cast<std::ptrdiff_t>(i) * in_channels_ * w.cells(),
                     d_out + static_cast<std::ptrdiff_t>(i) * out_channels_ * w.outputs(),
                     d_in + static_cast<std::ptrdiff_t>(i) * in_channels_ * w.cells()};
    };
    if (slabs.count > 1) {
      for (int i = 0; i < batch; ++i)
        backward_slabs(picture(i), slabs, matrices, sums.data(), s, w);
    } else {
      parallel_for(parts, [&](int part) {
        for (int i = part * batch / parts; i < (part + 1) * batch / parts; ++i)
          backward_picture(picture(i), matrices, sums.data() + at(part) * size, s, w);
      });
    }
    for (int p = 1; p < parts; ++p)
      for (std::size_t i = 0; i < size; ++i)
        sums[i] += sums[static_cast<std::size_t>(p) * size + i];
    if (mixing_)
      mixing_->store(sums.data(), d_coefficients);
    else
      plan_.store(sums.data(), d_coefficients);
  }

 private:
  static std::size_t at(int i) { return static_cast<std::size_t>(i); }

  [[gnu::cold]] static std::vector<FieldRows<Scalar>> rows(
      const channel_layout& layout, const FieldBases<Scalar>& bases,
      const std::vector<std::vector<int>>& position) {
    std::vector<FieldRows<Scalar>> all;
    for (std::size_t q = 0; q < layout.size(); ++q)
      all.push_back(
          {layout[q].offset, layout[q].copies, layout[q].size, bases.of(q), position[q].data()});
    return all;
  }

  /// The pictures with channels innermost, and the rows of output that are worked on at a time:
  /// about 256 pixels, fewer where the responses of all groups must be there at once.
  struct Shape {
    PixelGrid input, output;
    int rows;
    Shape(const HarmonicConvolution& c, const Windows& w)
        : input{w.size, w.padding, c.plan_.in_channels},
          output{w.output(), {0, 0, 0}, c.plan_.out_channels},
          rows(std::clamp((c.mixing_ ? 64 : 256) / output.width(), 1, output.lines())) {
      rows = (output.lines() - 1) / ((output.lines() - 1) / rows + 1) + 1;  // parts of equal size
    }
    /// Some lines from `line` on, before line `last`.
    PixelGrid part(int line, int last) const {
      return {{1, std::min(rows, last - line), output.width()}, {0, 0, 0}, output.channels};
    }
  };

  static typename FilterBank<Scalar>::Steps steps(const Shape& s, const Windows& w) {
    return {{s.input.plane() * w.dilation[0], s.input.row() * w.dilation[1],
             std::ptrdiff_t{s.input.channels} * w.dilation[2]},
            std::ptrdiff_t{s.input.channels} * w.stride[2]};
  }

  /// A picture to channels innermost, with its border filled.
  void enter(Scalar* u, const Shape& s, const Scalar* picture, Padding mode) const {
    std::fill_n(u, s.input.size(), Scalar{0});
    to_pixel_major(u, s.input, picture, in_rows_);
    fill_border(u, s.input, mode);
  }

  /// Where the center of the window of the first pixel of a line of output lies in the picture.
  static std::ptrdiff_t center(const Shape& s, const Windows& w, int line) {
    const auto at = [&](std::size_t axis, int o) {
      return o * w.stride[axis] + w.dilation[axis] * (w.kernel[axis] / 2) - w.padding[axis];
    };
    const int height = s.output.sizes[1];
    return s.input.at(at(0, line / height), at(1, line % height), at(2, 0));
  }

  /// The responses of one group of channels for some rows of output: [pixel][filter][channel],
  /// pixels `stride` apart.
  void filter(Scalar* r, int stride, std::size_t g, const Scalar* u, const Shape& s,
              const Windows& w, int y0, const PixelGrid& part) const {
    const auto& group = plan_.in[g];
    for (int y = 0; y < part.lines(); ++y, r += std::ptrdiff_t{part.width()} * stride)
      banks_[g].apply(u + center(s, w, y0 + y) + group.first, part.width(), steps(s, w), r, stride,
                      group.channels);
  }
  /// The adjoint: adds to the picture, of which u begins at place `origin`.
  void scatter(Scalar* u, std::ptrdiff_t origin, const Scalar* r, int stride, std::size_t g,
               const Shape& s, const Windows& w, int y0, const PixelGrid& part) const {
    const auto& group = plan_.in[g];
    for (int y = 0; y < part.lines(); ++y, r += std::ptrdiff_t{part.width()} * stride)
      banks_[g].scatter(u + (center(s, w, y0 + y) - origin) + group.first, part.width(),
                        steps(s, w), r, stride, group.channels);
  }

  /// The responses of all groups: [pixel][group][filter][channel].
  Scalar* filter_all(const Scalar* u, const Shape& s, const Windows& w, int y0,
                     const PixelGrid& part) const {
    Scalar* r = scratch<Scalar>(Slot::responses, static_cast<std::ptrdiff_t>(part.pixels()) * row_);
    for (std::size_t g = 0; g < plan_.in.size(); ++g)
      filter(r + starts_[g], row_, g, u, s, w, y0, part);
    return r;
  }

  /// v = the responses of one group after the other, mixed by the matrices of the plan.
  void mix_groups(const Scalar* u, const Shape& s, const Windows& w, int y0, const PixelGrid& part,
                  const Scalar* matrices, Scalar* v) const {
    const int pixels = part.pixels();
    std::fill_n(v, part.size(), Scalar{0});
    for (std::size_t g = 0; g < plan_.in.size(); ++g) {
      const auto& group = plan_.in[g];
      if (group.filters.empty()) continue;
      const int row = banks_[g].count() * group.channels;
      Scalar* r = scratch<Scalar>(Slot::responses, static_cast<std::ptrdiff_t>(pixels) * row);
      filter(r, row, g, u, s, w, y0, part);
      couple_frequencies<Scalar>(group, r, row, pixels);
      mix_responses<Scalar>(plan_, static_cast<int>(g), r, row, pixels, matrices, v, part.channels);
    }
  }

  /// A picture of a batch and its gradients.
  struct Picture {
    const Scalar *in, *d_out;
    Scalar* d_in;
  };

  /// A picture cut across its outermost axis, into parts of the output that do not overlap and
  /// parts of the input, a range of memory each, that do.
  struct Slabs {
    int count, lines, all;             ///< slabs, lines of the output in one, and in all
    std::ptrdiff_t step, extent, end;  ///< in the picture: from one to the next, length, limit

    Slabs(const Shape& s, const Windows& w, int most) : all(s.output.lines()) {
      // Across y if there is but one plane to add to, border and all.
      const std::size_t axis = s.input.sizes[0] + 2 * s.input.border[0] > 1 ? 0 : 1;
      const int units = s.output.sizes[axis], each = axis == 0 ? s.output.sizes[1] : 1;
      // Not thinner than what overlaps.
      const int least = std::max(1, (w.extent(axis) - 1) / w.stride[axis]);
      const int size = std::max(least, (units + most - 1) / most);
      count = (units + size - 1) / size;
      lines = size * each;
      const std::ptrdiff_t unit = axis == 0 ? s.input.plane() : s.input.row();
      step = unit * size * w.stride[axis];
      extent = unit * ((size - 1) * w.stride[axis] + w.extent(axis));
      end = s.input.size();
    }
    int first_line(int i) const { return i * lines; }
    int last_line(int i) const { return std::min(all, (i + 1) * lines); }
    std::ptrdiff_t begin(int i) const { return i * step; }
    std::ptrdiff_t length(int i) const { return std::min(extent, end - begin(i)); }
  };

  void backward_picture(const Picture& p, const Scalar* matrices, Scalar* d_matrices,
                        const Shape& s, const Windows& w) const {
    Scalar* u = scratch<Scalar>(Slot::picture, s.input.size());
    Scalar* d_u = scratch<Scalar>(Slot::gradient, s.input.size());
    Scalar* d_v = scratch<Scalar>(Slot::mixed, s.output.size());
    enter(u, s, p.in, w.mode);
    enter_gradient(d_v, s, p.d_out);
    std::fill_n(d_u, s.input.size(), Scalar{0});
    backward_lines(0, s.output.lines(), u, d_v, d_u, 0, matrices, d_matrices, s, w);
    leave_gradient(p.d_in, s, d_u, w.mode);
  }

  /// The same on several threads. `sums`: gradients of the matrices for each slab, added to.
  void backward_slabs(const Picture& p, const Slabs& slabs, const Scalar* matrices, Scalar* sums,
                      const Shape& s, const Windows& w) const {
    using Numbers = Buffer<Scalar>;
    const auto size = [](std::ptrdiff_t n) { return static_cast<std::size_t>(n); };
    auto u = Numbers::uninitialized(size(s.input.size()));
    auto d_v = Numbers::uninitialized(size(s.output.size()));
    parallel_for(2, [&](int which) {
      if (which == 0) enter(u.data(), s, p.in, w.mode);
      if (which == 1) enter_gradient(d_v.data(), s, p.d_out);
    });
    auto parts = Numbers::uninitialized(size(slabs.count * slabs.extent));
    parallel_for(slabs.count, [&](int i) {
      std::fill_n(parts.data() + i * slabs.extent, slabs.extent, Scalar{0});
      backward_lines(slabs.first_line(i), slabs.last_line(i), u.data(), d_v.data(),
                     parts.data() + i * slabs.extent, slabs.begin(i), matrices,
                     sums + at(i) * matrix_size(), s, w);
    });
    auto d_u = Numbers::uninitialized(size(s.input.size()));
    constexpr std::ptrdiff_t chunk = 1 << 14;
    parallel_for(static_cast<int>((s.input.size() - 1) / chunk + 1), [&](int task) {
      const std::ptrdiff_t from = task * chunk, to = std::min(from + chunk, s.input.size());
      std::fill(d_u.data() + from, d_u.data() + to, Scalar{0});
      for (int i = 0; i < slabs.count; ++i) {
        const Scalar* const part = parts.data() + i * slabs.extent;
        const std::ptrdiff_t begin = slabs.begin(i);
        for (std::ptrdiff_t k = std::max(from, begin); k < std::min(to, begin + slabs.length(i));
             ++k)
          d_u[size(k)] += part[k - begin];
      }
    });
    leave_gradient(p.d_in, s, d_u.data(), w.mode);
  }

  void enter_gradient(Scalar* d_v, const Shape& s, const Scalar* d_out) const {
    std::fill_n(d_v, s.output.size(), Scalar{0});
    to_pixel_major(d_v, s.output, d_out, out_rows_);
  }
  /// From channels innermost; what the border has goes to where it came from.
  void leave_gradient(Scalar* d_in, const Shape& s, Scalar* d_u, Padding mode) const {
    fold_border(d_u, s.input, mode);
    const Scalar* no_bias = nullptr;
    from_pixel_major(d_in, d_u, s.input, no_bias, in_rows_);
  }

  /// Adds what some lines of the output give to the gradients; d_u begins at place `origin` of the
  /// picture.
  void backward_lines(int first, int last, const Scalar* u, const Scalar* d_v, Scalar* d_u,
                      std::ptrdiff_t origin, const Scalar* matrices, Scalar* d_matrices,
                      const Shape& s, const Windows& w) const {
    for (int y0 = first; y0 < last; y0 += s.rows) {
      const PixelGrid part = s.part(y0, last);
      const int pixels = part.pixels();
      const Scalar* d_part = d_v + s.output.line(y0);
      if (mixing_) {
        Scalar* r = filter_all(u, s, w, y0, part);
        for (int task = 0; task < mixing_->tasks(); ++task)
          mixing_->add_gradient(task, r, d_part, pixels, d_matrices);
        // The responses have done their work; their gradient takes their place.
        mixing_->unmix(d_part, pixels, matrices, r);
        for (std::size_t g = 0; g < plan_.in.size(); ++g)
          scatter(d_u, origin, r + starts_[g], row_, g, s, w, y0, part);
        continue;
      }
      for (std::size_t g = 0; g < plan_.in.size(); ++g) {
        const auto& group = plan_.in[g];
        if (group.filters.empty()) continue;
        const int row = banks_[g].count() * group.channels;
        Scalar* r = scratch<Scalar>(Slot::responses, static_cast<std::ptrdiff_t>(pixels) * row);
        filter(r, row, g, u, s, w, y0, part);
        couple_frequencies<Scalar>(group, r, row, pixels);
        for (const auto& b : plan_.blocks)
          if (b.in == static_cast<int>(g))
            add_matrix_gradient<Scalar>(plan_, b, r, row, d_part, part.channels, pixels,
                                        d_matrices);
        // Again the gradient takes the place of the responses.
        unmix_responses<Scalar>(plan_, static_cast<int>(g), d_part, part.channels, pixels, matrices,
                                r, row);
        scatter(d_u, origin, r, row, g, s, w, y0, part);
      }
    }
  }

  HarmonicPlan<Scalar> plan_;
  int dimension_, in_channels_, out_channels_;
  int row_ = 0;                                   // numbers in the responses of a pixel
  std::vector<int> starts_;                       // of each input group in them
  std::unique_ptr<const Mixing<Scalar>> mixing_;  // null: the matrices of the plan
  std::vector<FilterBank<Scalar>> banks_;         // for each input group
  FieldBases<Scalar> in_bases_, out_bases_;
  std::vector<FieldRows<Scalar>> in_rows_, out_rows_;
};

}  // namespace gsteer::detail
