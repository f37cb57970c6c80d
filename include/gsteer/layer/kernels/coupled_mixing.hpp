// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

#include "gsteer/core/matrix.hpp"
#include "gsteer/core/scratch.hpp"
#include "gsteer/kernel/harmonic_plan.hpp"
#include "gsteer/layer/kernels/mixing.hpp"

namespace gsteer::detail {

/// The mixing of HarmonicPlan with the invariant tensors taken out of its matrices. Every matrix is
/// a sum over basis elements t of T_t (x) w_t, with T_t(filter, m, n) a number for components and
/// w_t(i, o) a coefficient for copies; so first all copies are coupled alike,
///   s_t(m)[i] = sum over filters, n of T_t(filter, m, n) response(filter)(n)[i],
/// then the copies are mixed, v(m)[o] = sum over t, i of s_t(m)[i] w_t(i, o). For irreps j and l
/// this takes (2 j + 1)(2 l + 1) times fewer multiplications than the matrices, which pays in
/// space. On the plane, where irreps are small, the matrices take less time.
template <class Scalar>
class CoupledMixing final : public Mixing<Scalar> {
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
        constexpr int some = 8;
        for (int i = target.first_term; i < target.last_term; i += some)
          tasks_.push_back({targets_.size(), i, std::min(i + some, target.last_term)});
        target.sums = sums_width_;
        sums_width_ += target.size * target.columns;
        targets_.push_back(target);
      }
    transpose_sums();
  }

  /// The mixing where it is much less work than the matrices of the plan, else null.
  [[gnu::cold]] static std::unique_ptr<const Mixing<Scalar>> if_cheaper(
      const kernel_space& space, const KernelFilters& filters, const HarmonicPlan<Scalar>& plan,
      const std::vector<int>& starts, int row) {
    auto mixing = std::make_unique<const CoupledMixing>(space, filters, plan, starts, row);
    if (2 * mixing->cost() >= plan.multiplications()) return nullptr;
    return mixing;
  }

  std::size_t size() const override { return size_; }
  double cost() const override {
    double sum = 0;
    for (const auto& t : targets_) {
      sum += static_cast<double>(t.size) * t.columns * t.copies;
      for (int i = t.first_term; i < t.last_term; ++i)
        sum += terms_[at(i)].entries * (20.0 + 2 * terms_[at(i)].copies);
    }
    return sum;
  }

  void load(const Scalar* coefficients, Scalar* matrices) const override {
    for_each_coefficient([&](std::size_t place, int i) { matrices[place] = coefficients[i]; });
  }
  void store(const Scalar* d_matrices, Scalar* d_coefficients) const override {
    for_each_coefficient([&](std::size_t place, int i) { d_coefficients[i] += d_matrices[place]; });
  }

  void mix(const Scalar* r, int count, const Scalar* matrices, Scalar* v) const override {
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

  void unmix(const Scalar* g, int count, const Scalar* matrices, Scalar* gr) const override {
    Scalar* const s = scratch<Scalar>(Slot::tile, std::ptrdiff_t{piece} * sums_width_);
    for (int first = 0; first < count; first += piece) {
      const int nodes = std::min(piece, count - first);
      for (const Target& t : targets_) {
        const Scalar* const given = collect(g + std::ptrdiff_t{first} * width_, nodes, t);
        for (int m = 0; m < t.size; ++m)
          multiply_transposed_b(s + t.sums + m * t.columns, sums_width_, given + m * t.copies,
                                t.size * t.copies, matrices + t.offset, t.copies, nodes, t.columns,
                                t.copies, false);
      }
      for (int node = 0; node < nodes; ++node) {
        Scalar* const to = gr + std::ptrdiff_t{first + node} * row_;
        if (!covered_) std::fill_n(to, row_, Scalar{0});
        for (std::size_t i = 0; i + 1 < sources_.size(); ++i)
          add_up(to + sources_[i].place, s + std::ptrdiff_t{node} * sums_width_, spreads_.data(),
                 sources_[i].first, sources_[i + 1].first, sources_[i].copies);
      }
    }
  }

  int tasks() const override { return static_cast<int>(tasks_.size()); }
  void add_gradient(int task, const Scalar* r, const Scalar* g, int count,
                    Scalar* d_matrices) const override {
    const auto [target, first_term, last_term] = tasks_[at(task)];
    const Target& t = targets_[target];
    const int column = terms_[at(first_term)].column,
              columns =
                  terms_[at(last_term - 1)].column + terms_[at(last_term - 1)].copies - column;
    for (int first = 0; first < count; first += 4 * piece) {
      const int nodes = std::min(4 * piece, count - first), rows = nodes * t.size;
      const Scalar* const given = collect(g + std::ptrdiff_t{first} * width_, nodes, t);
      Scalar* const s = scratch<Scalar>(Slot::tile, std::ptrdiff_t{rows} * columns);
      couple(r + std::ptrdiff_t{first} * row_, nodes, t, first_term, last_term, columns, s);
      multiply_transposed_a(d_matrices + t.offset + at(column) * at(t.copies), t.copies,
                            static_cast<const Scalar*>(s), columns, given, t.copies, columns,
                            t.copies, rows, true);
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
    int sums = 0;  ///< where [m][column] begins in a row of all s
  };
  /// A basis element.
  struct Term {
    int column = 0, copies = 0;
    int coefficient = 0, dimension = 0;  ///< of the first copies, and from one pair to the next
    int entries = 0;
    int first =
        0;  ///< entries of component m of the output: sums_[first + m] to sums_[first + m + 1]
  };
  struct Entry {
    int source = 0;  ///< place in a row of responses; in spreads_, in a row of all s
    Scalar value = 0;
  };
  /// Terms whose gradients are found at once.
  struct Task {
    std::size_t target;
    int first_term, last_term;
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
    for (int t = 0; t < joined.size; ++t) {
      const auto all = filters.entries_of(joined.first_term + t);
      const Term term{target.columns,
                      fields.copies,
                      pair.first + joined.first + t,
                      pair.dimension,
                      static_cast<int>(all.size()),
                      static_cast<int>(sums_.size())};
      for (int m = 0; m < target.size; ++m) {
        sums_.push_back(static_cast<int>(entries_.size()));
        for (const auto& e : all) {
          if (e.m != m) continue;
          int filter = 0;
          while (group.filters[at(filter)] != e.filter) ++filter;
          entries_.push_back({starts[g] + filter * group.channels - group.first +
                                  plan.in_position[at(pair.in_block)][at(irrep.offset + e.n)],
                              static_cast<Scalar>(e.value)});
        }
      }
      sums_.push_back(static_cast<int>(entries_.size()));
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
    const int shift = terms_[at(first_term)].column;
    for (int node = 0; node < nodes; ++node, r += row_, s += std::ptrdiff_t{t.size} * columns)
      for (int i = first_term; i < last_term; ++i) {
        const Term& term = terms_[at(i)];
        Scalar* to = s + term.column - shift;
        for (int m = 0; m < t.size; ++m, to += columns)
          add_up(to, r, entries_.data(), sums_[at(term.first + m)], sums_[at(term.first + m + 1)],
                 term.copies);
      }
  }

  /// to[0, n) = the sum of entries [first, last).
  static void add_up(Scalar* to, const Scalar* from, const Entry* entries, int first, int last,
                     int n) {
    // Eight copies are half a vector of AVX-512: what remains is done by halves and quarters.
    constexpr int lanes = Eigen::internal::packet_traits<Scalar>::size;
    int i = add_up_vectors<lanes>(to, from, entries, first, last, 0, n);
    i = add_up_vectors<lanes / 2>(to, from, entries, first, last, i, n);
    i = add_up_vectors<lanes / 4>(to, from, entries, first, last, i, n);
    for (; i < n; ++i) {
      Scalar sum = 0;
      for (int e = first; e < last; ++e) sum += entries[e].value * from[entries[e].source + i];
      to[i] = sum;
    }
  }
  /// to[i, n) as far as it consists of whole vectors. Returns where it ends.
  template <int Lanes>
  [[gnu::always_inline]] static int add_up_vectors(Scalar* to, const Scalar* from,
                                                   const Entry* entries, int first, int last, int i,
                                                   int n) {
    using namespace Eigen::internal;
    using Vector = typename find_best_packet<Scalar, Lanes>::type;
    constexpr int width = unpacket_traits<Vector>::size;
    for (; i + width <= n; i += width) {
      Vector sum = pset1<Vector>(Scalar{0});
      for (int e = first; e < last; ++e)
        sum = pmadd(pset1<Vector>(entries[e].value), ploadu<Vector>(from + entries[e].source + i),
                    sum);
      pstoreu(to + i, sum);
    }
    return i;
  }

  /// The rows of a target, [node][m][copy].
  const Scalar* collect(const Scalar* g, int nodes, const Target& t) const {
    const int numbers = t.size * t.copies;
    Scalar* const given = scratch<Scalar>(Slot::turned, std::ptrdiff_t{nodes} * numbers);
    for (int node = 0; node < nodes; ++node)
      std::copy_n(g + std::ptrdiff_t{node} * width_ + t.channel, numbers, given + node * numbers);
    return given;
  }

  /// The transpose of the sums: what every place of a row of responses gets from them.
  [[gnu::cold]] void transpose_sums() {
    std::vector<std::vector<Entry>> by_place(at(row_));
    std::vector<int> copies(at(row_));
    for (const Target& t : targets_)
      for (int i = t.first_term; i < t.last_term; ++i)
        for (int m = 0; m < t.size; ++m)
          for (int e = sums_[at(terms_[at(i)].first + m)];
               e < sums_[at(terms_[at(i)].first + m + 1)]; ++e) {
            const auto place = at(entries_[at(e)].source);
            by_place[place].push_back(
                {t.sums + m * t.columns + terms_[at(i)].column, entries_[at(e)].value});
            copies[place] = terms_[at(i)].copies;
          }
    int all = 0;
    for (int place = 0; place < row_; ++place)
      if (!by_place[at(place)].empty()) {
        sources_.push_back({place, copies[at(place)], static_cast<int>(spreads_.size())});
        for (const Entry& e : by_place[at(place)]) spreads_.push_back(e);
        all += copies[at(place)];
      }
    sources_.push_back({row_, 0, static_cast<int>(spreads_.size())});
    covered_ = all == row_;
  }

  int row_, width_;
  std::size_t size_ = 0;
  std::vector<Target> targets_;
  std::vector<Term> terms_;  // sorted by target
  std::vector<int> sums_;
  std::vector<Entry> entries_;
  std::vector<Task> tasks_;
  /// Copies of a component of the input in a row of responses, and the first of its spreads_.
  struct Source {
    int place, copies, first;
  };
  std::vector<Source> sources_;  // and an end
  std::vector<Entry> spreads_;
  int sums_width_ = 0;
  bool covered_ = false;  // sources fill a row of responses
};

}  // namespace gsteer::detail
