// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "gsteer/core/matrix.hpp"
#include "gsteer/core/parallel.hpp"
#include "gsteer/kernel/space.hpp"

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
/// Each basis element is scaled so that, with d = size of its output irrep,
///   (1/d) sum over taps of |K(tap)|^2 = 1   (Frobenius norm; escnn scales so too),
/// which is what the generalized He initialization rests on.
template <class Scalar>
class SampledKernels {
 public:
  /// \throws Error if a harmonic vanishes on the grid (a ring with a frequency too high for its
  /// radius)
  explicit SampledKernels(kernel_space space) : space_(std::move(space)) {
    sample_filters();
    for (const auto& list : space_.terms) sparse_.push_back(sparse_terms(list));
    for (const auto& block : space_.out) out_basis_.push_back(block.basis.template cast<Scalar>());
    for (const auto& block : space_.in) in_basis_.push_back(block.basis.template cast<Scalar>());
  }

  const kernel_space& space() const { return space_; }

  /// Number of coefficients.
  int size() const { return space_.size; }
  int taps() const { return static_cast<int>(filters_.cols()); }

  /// Writes the kernel [channel out][channel in][tap] of the coefficients; taps as in a picture, y
  /// downwards, x fastest.
  void expand(const Scalar* coefficients, Scalar* kernel) const {
    const int row = channels(space_.in) * taps();
    std::fill_n(kernel,
                static_cast<std::size_t>(channels(space_.out)) * static_cast<std::size_t>(row),
                Scalar{0});
    for_each_output([&](const kernel_space::block_pair& b, int copy, Scratch& s) {
      const auto& out = space_.out[at(b.out_block)];
      const auto& in = space_.in[at(b.in_block)];
      const int inner = in.copies * filter_count() * in.size;
      s.resize(out.size * inner, filter_count() * in.copies * in.size);
      std::fill(s.between.begin(), s.between.end(), Scalar{0});
      combine(
          b, copy, [&](const Scalar& w, Scalar value, std::size_t i) { s.between[i] += w * value; },
          coefficients, s);
      change_basis(b, s, false);
      for (int m = 0; m < out.size; ++m) {
        transpose(s.between.data() + m * inner, s.turned.data(), in, false);
        detail::multiply_transposed_a(
            kernel + (out.offset + copy * out.size + m) * row + in.offset * taps(), taps(),
            s.turned.data(), in.copies * in.size, filters_.data(), taps(), in.copies * in.size,
            taps(), filter_count(), false);
      }
    });
  }

  /// Adds to `gradient` what the gradient with respect to the kernel gives the coefficients: the
  /// adjoint of expand.
  void adjoint(const Scalar* kernel_gradient, Scalar* gradient) const {
    const int row = channels(space_.in) * taps();
    for_each_output([&](const kernel_space::block_pair& b, int copy, Scratch& s) {
      const auto& out = space_.out[at(b.out_block)];
      const auto& in = space_.in[at(b.in_block)];
      const int inner = in.copies * filter_count() * in.size;
      s.resize(out.size * inner, filter_count() * in.copies * in.size);
      for (int m = 0; m < out.size; ++m) {
        detail::multiply_transposed_b(
            s.turned.data(), in.copies * in.size, filters_.data(), taps(),
            kernel_gradient + (out.offset + copy * out.size + m) * row + in.offset * taps(), taps(),
            filter_count(), in.copies * in.size, taps(), false);
        transpose(s.turned.data(), s.between.data() + m * inner, in, true);
      }
      change_basis(b, s, true);
      combine(
          b, copy, [&](Scalar& w, Scalar value, std::size_t i) { w += s.between[i] * value; },
          gradient, s);
    });
  }

 private:
  struct Entry {
    int filter, m, n;
    Scalar value;
  };
  using SparseTerms =
      std::vector<std::vector<Entry>>;  // for each basis element of a pair of irreps

  /// One field of the output against all fields of one kind of the input: [m][in copy][filter][n],
  /// and a turned copy of one m.
  struct Scratch {
    std::vector<Scalar> between, other, turned;
    void resize(int size, int turned_size) {
      between.resize(at(size));
      other.resize(at(size));
      turned.resize(at(turned_size));
    }
  };

  static std::size_t at(int i) { return static_cast<std::size_t>(i); }
  int filter_count() const { return static_cast<int>(filters_.rows()); }

  void sample_filters() {
    const int k = space_.profile.size, center = k / 2;
    int count = 0;
    for (const auto& list : space_.terms)
      for (const auto& term : list)
        if (filter_index(term) < 0) {
          used_.push_back({term.ring, term.frequency, count});
          count += harmonic_count(space_.dimension, term.frequency);
        }
    filters_double_.resize(count, k * k);
    for (const auto& use : used_)
      for (int row = 0; row < k; ++row)
        for (int col = 0; col < k; ++col) {
          const Eigen::Vector2d x(col - center, center - row);
          double values[2];
          harmonics(use.frequency, x, values);
          const double radial = radial_value(space_.profile.rings[at(use.ring)], x.norm());
          for (int c = 0; c < harmonic_count(space_.dimension, use.frequency); ++c)
            filters_double_(use.first + c, row * k + col) = radial * values[c];
        }
    filters_ = filters_double_.template cast<Scalar>();
  }

  struct Use {
    int ring, frequency, first;
  };

  int filter_index(const kernel_term& term) const {
    for (const auto& use : used_)
      if (use.ring == term.ring && use.frequency == term.frequency) return use.first;
    return -1;
  }

  SparseTerms sparse_terms(const std::vector<kernel_term>& list) const {
    SparseTerms sparse;
    for (const auto& term : list) {
      const int first = filter_index(term);
      const auto [harmonic, rows, cols] = term.tensor.sizes;
      const Eigen::MatrixXd gram = filters_double_.middleRows(first, harmonic) *
                                   filters_double_.middleRows(first, harmonic).transpose();
      double square = 0, scale = 0;
      for (int m = 0; m < rows; ++m)
        for (int n = 0; n < cols; ++n)
          for (int c = 0; c < harmonic; ++c) {
            for (int d = 0; d < harmonic; ++d)
              square += term.tensor(c, m, n) * term.tensor(d, m, n) * gram(c, d);
            scale += term.tensor(c, m, n) * term.tensor(c, m, n);
          }
      double unresolved = 0;  // what |filter|^2 would be if the harmonic were constant: the ring's
                              // weight on the grid
      const int k = space_.profile.size;
      for (int t = 0; t < k * k; ++t) {
        const double r = std::hypot(t % k - k / 2, t / k - k / 2);
        const double radial = radial_value(space_.profile.rings[at(term.ring)], r);
        unresolved += radial * radial;
      }
      expect(square > 1e-3 * scale * unresolved, "SampledKernels: harmonics of degree ",
             term.frequency, " on the ring of radius ", space_.profile.rings[at(term.ring)].radius,
             " vanish on a grid of ", k, " x ", k, " taps; lower the ring's max_frequency");
      const double norm = 1 / std::sqrt(square / rows);
      auto& entries = sparse.emplace_back();
      for (int c = 0; c < harmonic; ++c)
        for (int m = 0; m < rows; ++m)
          for (int n = 0; n < cols; ++n)
            if (const double value = term.tensor(c, m, n) * norm; std::abs(value) > 1e-14)
              entries.push_back({first + c, m, n, static_cast<Scalar>(value)});
    }
    return sparse;
  }

  /// Runs body(block pair, copy of the output field, scratch); in parallel over what writes to
  /// different rows.
  template <class Body>
  void for_each_output(Body&& body) const {
    std::vector<std::pair<std::size_t, int>> tasks;
    for (std::size_t b = 0; b < space_.blocks.size(); ++b)
      for (int o = 0; o < space_.out[at(space_.blocks[b].out_block)].copies; ++o)
        tasks.emplace_back(b, o);
    parallel_for(static_cast<int>(tasks.size()), [&](int i) {
      thread_local Scratch scratch;
      body(space_.blocks[tasks[at(i)].first], tasks[at(i)].second, scratch);
    });
  }

  /// visit(coefficient, tensor entry, index into scratch.between) for everything that the
  /// coefficients of one output field meet.
  template <class Visit, class Weight>
  void combine(const kernel_space::block_pair& b, int copy, Visit&& visit, Weight* weights,
               const Scratch&) const {
    const auto& out = space_.out[at(b.out_block)];
    const auto& in = space_.in[at(b.in_block)];
    const int nf = filter_count();
    for (int ic = 0; ic < in.copies; ++ic) {
      Weight* pair = weights + b.first + (copy * in.copies + ic) * b.dimension;
      for (const auto& slot : b.slots) {
        const int to = out.irreps[at(slot.out_slot)].offset,
                  from = in.irreps[at(slot.in_slot)].offset;
        Weight* w = pair + slot.first;
        for (const auto& element : sparse_[at(slot.terms)]) {
          for (const auto& e : element)
            visit(*w, e.value,
                  at((((to + e.m) * in.copies + ic) * nf + e.filter) * in.size + from + e.n));
          ++w;
        }
      }
    }
  }

  /// between <- Q_out between Q_in^T, or its adjoint.
  void change_basis(const kernel_space::block_pair& b, Scratch& s, bool adjoint) const {
    const auto& out = space_.out[at(b.out_block)];
    const auto& in = space_.in[at(b.in_block)];
    const int inner = in.copies * filter_count() * in.size,
              rows = out.size * in.copies * filter_count();
    const Matrix<Scalar>&q_out = out_basis_[at(b.out_block)], &q_in = in_basis_[at(b.in_block)];
    if (out.size > 1) {
      (adjoint ? detail::multiply_transposed_a<Scalar>
               : detail::multiply<Scalar>)(s.other.data(), inner, q_out.data(), out.size,
                                           s.between.data(), inner, out.size, inner, out.size,
                                           false);
      std::swap(s.between, s.other);
    }
    if (in.size > 1) {
      (adjoint ? detail::multiply<Scalar>
               : detail::multiply_transposed_b<Scalar>)(s.other.data(), in.size, s.between.data(),
                                                        in.size, q_in.data(), in.size, rows,
                                                        in.size, in.size, false);
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
  std::vector<Use> used_;
  Eigen::MatrixXd filters_double_;
  Matrix<Scalar> filters_;  // filter x tap
  std::vector<SparseTerms> sparse_;
  std::vector<Matrix<Scalar>> out_basis_, in_basis_;
};

}  // namespace gsteer
