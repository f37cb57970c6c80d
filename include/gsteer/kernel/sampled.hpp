// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

#include "gsteer/core/buffer.hpp"
#include "gsteer/core/matrix.hpp"
#include "gsteer/core/parallel.hpp"
#include "gsteer/core/scratch.hpp"
#include "gsteer/kernel/filters.hpp"
#include "gsteer/kernel/space.hpp"
#include "gsteer/representation/field_bases.hpp"

namespace gsteer {

/// A kernel space sampled on the taps of a grid: turns coefficients into a dense kernel, and back
/// for the gradient.
///
/// Nothing dense in (basis x channels x taps) is stored. The basis factorizes as filters (ring x
/// harmonic, a few dozen at most) times sparse invariant tensors between irreps times the change of
/// basis of a field, and expansion goes through these factors:
///   A_f = Q_out (sum over basis of w T_f) Q_in^T     for every filter f, then     K(tap) = sum
///   over f of A_f filter_f(tap).
///
/// Basis elements are scaled as KernelFilters says.
template <class Scalar>
class SampledKernels {
 public:
  /// \throws Error if a harmonic vanishes on the grid
  [[gnu::cold]] explicit SampledKernels(kernel_space space)
      : space_(std::move(space)),
        filters_(space_),
        taps_of_filter_(at(filters_.count() * filters_.taps())),
        out_basis_(space_.out),
        in_basis_(space_.in) {
    detail::copy_numbers(filters_.values, taps_of_filter_.data());
  }

  const kernel_space& space() const { return space_; }
  const KernelFilters& filters() const { return filters_; }

  /// Number of coefficients.
  int size() const { return space_.size; }
  int taps() const { return filters_.taps(); }

  /// Writes the kernel [channel out][channel in][tap] of the coefficients; taps as in a picture, y
  /// downwards, x fastest.
  void expand(const Scalar* coefficients, Scalar* kernel) const {
    const int row = channels(space_.in) * taps();
    std::fill_n(kernel,
                static_cast<std::size_t>(channels(space_.out)) * static_cast<std::size_t>(row),
                Scalar{0});
    for_each_output([&](const kernel_space::block_pair& b, int copy) {
      const auto& out = space_.out[at(b.out_block)];
      const auto& in = space_.in[at(b.in_block)];
      const int inner = in.copies * filter_count() * in.size;
      Scratch s = scratch_for(b);
      std::fill_n(s.between, out.size * inner, Scalar{0});
      combine(
          b, copy, [&](const Scalar& w, Scalar value, std::size_t i) { s.between[i] += w * value; },
          coefficients);
      change_basis(b, s, false);
      for (int m = 0; m < out.size; ++m) {
        transpose(s.between + m * inner, s.turned, in, false);
        detail::multiply_transposed_a<Scalar>(
            kernel + (out.offset + copy * out.size + m) * row + in.offset * taps(), taps(),
            s.turned, in.copies * in.size, taps_of_filter_.data(), taps(), in.copies * in.size,
            taps(), filter_count(), false);
      }
    });
  }

  /// Adds to `gradient` what the gradient with respect to the kernel gives the coefficients: the
  /// adjoint of expand.
  void adjoint(const Scalar* kernel_gradient, Scalar* gradient) const {
    const int row = channels(space_.in) * taps();
    for_each_output([&](const kernel_space::block_pair& b, int copy) {
      const auto& out = space_.out[at(b.out_block)];
      const auto& in = space_.in[at(b.in_block)];
      const int inner = in.copies * filter_count() * in.size;
      Scratch s = scratch_for(b);
      for (int m = 0; m < out.size; ++m) {
        detail::multiply_transposed_b<Scalar>(
            s.turned, in.copies * in.size, taps_of_filter_.data(), taps(),
            kernel_gradient + (out.offset + copy * out.size + m) * row + in.offset * taps(), taps(),
            filter_count(), in.copies * in.size, taps(), false);
        transpose(s.turned, s.between + m * inner, in, true);
      }
      change_basis(b, s, true);
      combine(
          b, copy, [&](Scalar& w, Scalar value, std::size_t i) { w += s.between[i] * value; },
          gradient);
    });
  }

 private:
  static std::size_t at(int i) { return static_cast<std::size_t>(i); }
  int filter_count() const { return filters_.count(); }

  /// One field of the output against all fields of one kind of the input, [m][in copy][filter][n],
  /// as much memory for another, and a turned copy of one m.
  struct Scratch {
    Scalar *between, *other, *turned;
  };
  Scratch scratch_for(const kernel_space::block_pair& b) const {
    using detail::Slot;
    const auto& in = space_.in[at(b.in_block)];
    const std::ptrdiff_t row = std::ptrdiff_t{in.copies} * filter_count() * in.size;
    const std::ptrdiff_t size = row * space_.out[at(b.out_block)].size;
    return {detail::scratch<Scalar>(Slot::mixed, size),
            detail::scratch<Scalar>(Slot::responses, size),
            detail::scratch<Scalar>(Slot::turned, row)};
  }

  /// Runs body(block pair, copy of the output field); in parallel over what writes to different
  /// rows.
  template <class Body>
  void for_each_output(const Body& body) const {
    const auto copies = [&](std::size_t b) {
      return space_.out[at(space_.blocks[b].out_block)].copies;
    };
    int count = 0;
    for (std::size_t b = 0; b < space_.blocks.size(); ++b) count += copies(b);
    parallel_for(count, [&](int copy) {
      std::size_t b = 0;
      for (; copy >= copies(b); ++b) copy -= copies(b);
      body(space_.blocks[b], copy);
    });
  }

  /// visit(coefficient, tensor entry, index into scratch.between) for everything that the
  /// coefficients of one output field meet.
  template <class Visit, class Weight>
  void combine(const kernel_space::block_pair& b, int copy, Visit&& visit, Weight* weights) const {
    const auto& out = space_.out[at(b.out_block)];
    const auto& in = space_.in[at(b.in_block)];
    const int nf = filter_count();
    for (int ic = 0; ic < in.copies; ++ic) {
      Weight* pair = weights + b.first + (copy * in.copies + ic) * b.dimension;
      for (const auto& slot : b.slots) {
        const int to = out.irreps[at(slot.out_slot)].offset,
                  from = in.irreps[at(slot.in_slot)].offset;
        Weight* w = pair + slot.first;
        for (int t = 0; t < slot.size; ++t, ++w)
          for (const auto& e : filters_.entries_of(slot.first_term + t))
            visit(*w, static_cast<Scalar>(e.value),
                  at((((to + e.m) * in.copies + ic) * nf + e.filter) * in.size + from + e.n));
      }
    }
  }

  /// between <- Q_out between Q_in^T, or its adjoint.
  void change_basis(const kernel_space::block_pair& b, Scratch& s, bool adjoint) const {
    const auto& out = space_.out[at(b.out_block)];
    const auto& in = space_.in[at(b.in_block)];
    const int inner = in.copies * filter_count() * in.size,
              rows = out.size * in.copies * filter_count();
    const Scalar *q_out = out_basis_.of(at(b.out_block)), *q_in = in_basis_.of(at(b.in_block));
    if (out.size > 1) {
      (adjoint ? detail::multiply_transposed_a<Scalar>
               : detail::multiply<Scalar>)(s.other, inner, q_out, out.size, s.between, inner,
                                           out.size, inner, out.size, false);
      std::swap(s.between, s.other);
    }
    if (in.size > 1) {
      (adjoint ? detail::multiply<Scalar>
               : detail::multiply_transposed_b<Scalar>)(s.other, in.size, s.between, in.size, q_in,
                                                        in.size, rows, in.size, in.size, false);
      std::swap(s.between, s.other);
    }
  }

  /// [in copy][filter][n] to [filter][in copy][n], or back.
  void transpose(const Scalar* from, Scalar* to, const field_block& in, bool back) const {
    for (int ic = 0; ic < in.copies; ++ic)
      for (int f = 0; f < filter_count(); ++f) {
        const int by_copy = (ic * filter_count() + f) * in.size;
        const int by_filter = (f * in.copies + ic) * in.size;
        std::copy_n(from + (back ? by_filter : by_copy), in.size,
                    to + (back ? by_copy : by_filter));
      }
  }

  kernel_space space_;
  KernelFilters filters_;
  Buffer<Scalar> taps_of_filter_;  // filter x tap
  detail::FieldBases<Scalar> out_basis_, in_basis_;
};

}  // namespace gsteer
