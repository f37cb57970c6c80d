// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

#include "gsteer/core/matrix.hpp"
#include "gsteer/kernel/harmonic_plan.hpp"
#include "gsteer/core/scratch.hpp"

namespace gsteer::detail {

/// The mixing of HarmonicPlan with the invariant tensors taken out of its matrices. Every matrix is
/// a sum over basis elements t of T_t (x) w_t, with T_t(filter, m, n) a number for components and
/// w_t(i, o) a coefficient for copies; so first all copies are coupled alike,
///   s_t(m)[i] = sum over filters, n of T_t(filter, m, n) response(filter)(n)[i],
/// then the copies are mixed, v(m)[o] = sum over t, i of s_t(m)[i] w_t(i, o). For irreps j and l
/// this takes (2 j + 1)(2 l + 1) times fewer multiplications than the matrices, which pays in
/// space, and not on the plane.
///
/// Rows are those of nodes: responses [input group][filter][channel], results in the plan's order.
template <class Scalar>
class CoupledMixing {
 public:
  /// `starts`: where the responses of each input group begin in a row of `row` numbers.
  [[gnu::cold]] CoupledMixing(const kernel_space& space, const KernelFilters& filters,
                              const HarmonicPlan<Scalar>& plan, const std::vector<int>& starts,
                              int row)
      : row_(row), width_(plan.out_channels) {
    for (std::size_t p = 0; p < space.out.size(); ++p)
      for (std::size_t slot = 0; slot < space.out[p].irreps.size(); ++slot) {
        const auto& irrep = space.out[p].irreps[slot];
        Target target{plan.out_position[p][at(irrep.offset)], irrep.size, space.out[p].copies, 0,
                      size_};
        const std::size_t first = terms_.size();
        for (const auto& pair : space.blocks)
          for (const auto& joined : pair.slots)
            if (pair.out_block == static_cast<int>(p) && joined.out_slot == static_cast<int>(slot))
              add_source(space, filters, plan, starts, pair, joined, target);
        if (terms_.size() == first) continue;
        target.first_term = static_cast<int>(first);
        target.last_term = static_cast<int>(terms_.size());
        size_ += at(target.columns) * at(target.copies);
        targets_.push_back(target);
      }
  }

  /// The mixing where it is much less work than the matrices of the plan, else null.
  [[gnu::cold]] static std::unique_ptr<const CoupledMixing> if_cheaper(
      const kernel_space& space, const KernelFilters& filters, const HarmonicPlan<Scalar>& plan,
      const std::vector<int>& starts, int row) {
    auto mixing = std::make_unique<const CoupledMixing>(space, filters, plan, starts, row);
    if (2 * mixing->cost() >= plan.multiplications()) mixing.reset();
    return mixing;
  }

  /// Numbers in all matrices w.
  std::size_t size() const { return size_; }
  /// Multiply-adds for a node, the coupling counted at what it costs in time.
  double cost() const {
    double sum = 0;
    for (const auto& t : targets_) {
      sum += static_cast<double>(t.size) * t.columns * t.copies;
      for (int i = t.first_term; i < t.last_term; ++i)
        sum += terms_[at(i)].entries * (50.0 + 2 * terms_[at(i)].copies);
    }
    return sum;
  }

  /// Copies the coefficients of the kernel space to the matrices.
  void load(const Scalar* coefficients, Scalar* matrices) const {
    for_each_coefficient([&](std::size_t place, int i) { matrices[place] = coefficients[i]; });
  }
  void store(const Scalar* d_matrices, Scalar* d_coefficients) const {
    for_each_coefficient([&](std::size_t place, int i) { d_coefficients[i] += d_matrices[place]; });
  }

  /// v, overwritten, from the responses r of `count` nodes.
  void mix(const Scalar* r, int count, const Scalar* matrices, Scalar* v) const {
    std::fill_n(v, std::ptrdiff_t{count} * width_, Scalar{0});
    for_each_piece(count, [&](int first, int nodes, const Target& t) {
      const int rows = nodes * t.size;
      Scalar* const s = scratch<Scalar>(Slot::tile, std::ptrdiff_t{rows} * t.columns);
      couple(r + std::ptrdiff_t{first} * row_, nodes, t, t.first_term, t.last_term, t.columns, s);
      Scalar* const mixed = scratch<Scalar>(Slot::turned, std::ptrdiff_t{rows} * t.copies);
      multiply(mixed, t.copies, static_cast<const Scalar*>(s), t.columns, matrices + t.offset,
               t.copies, rows, t.copies, t.columns, false);
      for (int node = 0; node < nodes; ++node)
        std::copy_n(mixed + std::ptrdiff_t{node} * t.size * t.copies, t.size * t.copies,
                    v + std::ptrdiff_t{first + node} * width_ + t.channel);
    });
  }

  /// gr, overwritten: the gradient of the responses from that of v.
  void unmix(const Scalar* g, int count, const Scalar* matrices, Scalar* gr) const {
    std::fill_n(gr, std::ptrdiff_t{count} * row_, Scalar{0});
    for_each_piece(count, [&](int first, int nodes, const Target& t) {
      const int rows = nodes * t.size;
      const Scalar* const given = collect(g + std::ptrdiff_t{first} * width_, nodes, t);
      Scalar* const s = scratch<Scalar>(Slot::tile, std::ptrdiff_t{rows} * t.columns);
      multiply_transposed_b(s, t.columns, given, t.copies, matrices + t.offset, t.copies, rows,
                            t.columns, t.copies, false);
      for (int node = 0; node < nodes; ++node)
        for (int i = t.first_term; i < t.last_term; ++i) {
          const Term& term = terms_[at(i)];
          for (int e = term.first; e < term.first + term.entries; ++e)
            add_scaled(
                gr + std::ptrdiff_t{first + node} * row_ + entries_[at(e)].source,
                entries_[at(e)].value,
                s + std::ptrdiff_t{node * t.size + entries_[at(e)].m} * t.columns + term.column,
                term.copies);
        }
    });
  }

  /// The gradient of the matrices falls apart into this many tasks that write to different places.
  int tasks() const { return static_cast<int>(terms_.size()); }
  /// Adds to it from responses r and gradients g of `count` nodes.
  void add_gradient(int task, const Scalar* r, const Scalar* g, int count,
                    Scalar* d_matrices) const {
    const Term& term = terms_[at(task)];
    const auto& t = *std::find_if(targets_.begin(), targets_.end(),
                                  [task](const Target& x) { return task < x.last_term; });
    for (int first = 0; first < count; first += 4 * piece) {
      const int nodes = std::min(4 * piece, count - first), rows = nodes * t.size;
      const Scalar* const given = collect(g + std::ptrdiff_t{first} * width_, nodes, t);
      Scalar* const s = scratch<Scalar>(Slot::tile, std::ptrdiff_t{rows} * term.copies);
      couple(r + std::ptrdiff_t{first} * row_, nodes, t, task, task + 1, term.copies, s);
      multiply_transposed_a(d_matrices + t.offset + at(term.column) * at(t.copies), t.copies,
                            static_cast<const Scalar*>(s), term.copies, given, t.copies,
                            term.copies, t.copies, rows, true);
    }
  }

 private:
  static constexpr int piece = 16;  // nodes at a time

  /// An output irrep of the fields of one kind: components m of all copies follow each other.
  struct Target {
    int channel = 0, size = 1, copies = 0;
    int columns = 0;         ///< of s, [term][copy of the input]
    std::size_t offset = 0;  ///< of the matrix, columns x copies
    int first_term = 0, last_term = 0;
  };
  /// A basis element.
  struct Term {
    int column = 0, copies = 0;
    int coefficient = 0, dimension = 0;  ///< of the first copies, and from one pair to the next
    int first = 0, entries = 0;
  };
  struct Entry {
    int source = 0, m = 0;  ///< place in a row of responses, component of the output
    Scalar value = 0;
  };

  static std::size_t at(int i) { return static_cast<std::size_t>(i); }

  [[gnu::cold]] void add_source(const kernel_space& space, const KernelFilters& filters,
                                const HarmonicPlan<Scalar>& plan, const std::vector<int>& starts,
                                const kernel_space::block_pair& pair,
                                const kernel_space::slot_pair& joined, Target& target) {
    const auto& fields = space.in[at(pair.in_block)];
    const auto& irrep = fields.irreps[at(joined.in_slot)];
    std::size_t g = 0;
    while (!(plan.in[g].label == irrep.label)) ++g;
    const auto& group = plan.in[g];
    const auto count = static_cast<int>(space.terms[at(joined.terms)].size());
    for (int t = 0; t < count; ++t) {
      Term term{target.columns,
                fields.copies,
                pair.first + joined.first + t,
                pair.dimension,
                static_cast<int>(entries_.size()),
                0};
      for (const auto& e : filters.entries_of(joined.terms, t)) {
        int filter = 0;
        while (group.filters[at(filter)] != e.filter) ++filter;
        entries_.push_back({starts[g] + filter * group.channels - group.first +
                                plan.in_position[at(pair.in_block)][at(irrep.offset + e.n)],
                            e.m, static_cast<Scalar>(e.value)});
        ++term.entries;
      }
      target.columns += fields.copies;
      terms_.push_back(term);
    }
  }

  /// visit(place in the matrices, coefficient)
  template <class Visit>
  void for_each_coefficient(Visit&& visit) const {
    for (const auto& t : targets_)
      for (int k = t.first_term; k < t.last_term; ++k) {
        const Term& term = terms_[at(k)];
        for (int i = 0; i < term.copies; ++i)
          for (int o = 0; o < t.copies; ++o)
            visit(t.offset + at(term.column + i) * at(t.copies) + at(o),
                  term.coefficient + (o * term.copies + i) * term.dimension);
      }
  }

  /// body(first node, nodes, target)
  template <class Body>
  void for_each_piece(int count, Body&& body) const {
    for (int first = 0; first < count; first += piece)
      for (const auto& t : targets_) body(first, std::min(piece, count - first), t);
  }

  /// s_t(m) of some terms, [node][m][columns].
  void couple(const Scalar* r, int nodes, const Target& t, int first_term, int last_term,
              int columns, Scalar* s) const {
    std::fill_n(s, std::ptrdiff_t{nodes} * t.size * columns, Scalar{0});
    const int shift = terms_[at(first_term)].column;
    for (int node = 0; node < nodes; ++node, r += row_, s += std::ptrdiff_t{t.size} * columns)
      for (int i = first_term; i < last_term; ++i) {
        const Term& term = terms_[at(i)];
        for (int e = term.first; e < term.first + term.entries; ++e)
          add_scaled(s + std::ptrdiff_t{entries_[at(e)].m} * columns + term.column - shift,
                     entries_[at(e)].value, r + entries_[at(e)].source, term.copies);
      }
  }

  /// The rows of a target, [node][m][copy].
  const Scalar* collect(const Scalar* g, int nodes, const Target& t) const {
    const int numbers = t.size * t.copies;
    Scalar* const given = scratch<Scalar>(Slot::turned, std::ptrdiff_t{nodes} * numbers);
    for (int node = 0; node < nodes; ++node)
      std::copy_n(g + std::ptrdiff_t{node} * width_ + t.channel, numbers, given + node * numbers);
    return given;
  }

  /// to[0, n) += w from[0, n)
  static void add_scaled(Scalar* to, Scalar w, const Scalar* from, int n) {
    using Packet = typename Eigen::internal::packet_traits<Scalar>::type;
    constexpr int lanes = Eigen::internal::packet_traits<Scalar>::size;
    const Packet factor = Eigen::internal::pset1<Packet>(w);
    int i = 0;
    for (; i + lanes <= n; i += lanes)
      Eigen::internal::pstoreu(
          to + i, Eigen::internal::pmadd(factor, Eigen::internal::ploadu<Packet>(from + i),
                                         Eigen::internal::ploadu<Packet>(to + i)));
    for (; i < n; ++i) to[i] += w * from[i];
  }

  int row_, width_;
  std::size_t size_ = 0;
  std::vector<Target> targets_;
  std::vector<Term> terms_;  // sorted by target
  std::vector<Entry> entries_;
};

}  // namespace gsteer::detail
