// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "gsteer/core/parallel.hpp"
#include "gsteer/kernel/filters.hpp"

namespace gsteer {

/// How a convolution is carried out without ever forming its dense kernel: channels in the basis of
/// irreps, those of equal irreps next to each other; every input channel filtered by the scalar
/// filters; the responses mixed, per output irrep, by the matrices that the selection rule allows:
///   v_J = sum over input irreps j and degrees l that couple to J of  B(j, l, J)^T  (filters of
///   degree l applied to u_j).
///
/// Every basis element of the kernel space belongs to one matrix B, so that coefficients and
/// matrices are filled from each other block by block.
///
/// On the plane, where an irrep j and a harmonic l have two components each, their four products
/// u_n h_c are those of frequency j + l and those of j - l,
///   P = (u_0 h_0 - u_1 h_1, u_1 h_0 + u_0 h_1),   M = (u_0 h_0 + u_1 h_1, u_1 h_0 - u_0 h_1),
/// and an output irrep mostly sees one of the two. So the responses are first turned from the
/// products to P and M (see `couples`), and matrices have half the rows.
template <class Scalar>
struct HarmonicPlan {
  /// Channels of equal irreps: a channel for each copy of each component, filled up with empty ones
  /// to whole vectors.
  struct Group {
    irrep_label label;
    int first = 0;
    int channels = 0;
    /// That any output needs, sorted by degree (input groups only). Where responses are turned, all
    /// h_0 of a degree, then all h_1.
    std::vector<int> filters;
    /// Places in `filters` of h_0 and h_1 whose responses are turned, P to that of h_0, M to that
    /// of h_1. Their component 0 has the first half of the channels, component 1 the other one.
    std::vector<std::array<int, 2>> couples;
  };
  /// One matrix B: rows are [filter of the degree][input channel], or those of all P or all M of
  /// the degree; columns are output channels.
  struct Block {
    int in = 0, out = 0, degree = 0;
    int first_filter = 0;  ///< among the filters of the input group
    int rows = 0, cols = 0;
    std::size_t offset = 0;
  };
  /// The channel of row r of field `copy` of block q: position[q][r] + copy.
  using Positions = std::vector<std::vector<int>>;

  std::vector<Group> in, out;
  Positions in_position, out_position;
  int in_channels = 0, out_channels = 0;
  std::vector<Block> blocks;
  std::size_t size = 0;  ///< numbers in all blocks

  // Cold: code that runs once, when a layer is made, is not worth a user's compile time.
  [[gnu::cold]] HarmonicPlan(const kernel_space& space, const KernelFilters& filters) {
    arrange(space.in, in, in_position, in_channels, space.dimension == 2);
    arrange(space.out, out, out_position, out_channels, false);
    find_filters(space, filters);
    find_blocks(space, filters);
  }
  // Out of line: as cold as the constructor.
  [[gnu::noinline]] ~HarmonicPlan() = default;

  /// Multiply-adds of all matrices for one vector.
  double multiplications() const {
    double sum = 0;
    for (const auto& b : blocks) sum += static_cast<double>(b.rows) * b.cols;
    return sum;
  }

  /// Fills the matrices (`size` numbers) from the coefficients.
  void load(const Scalar* coefficients, Scalar* matrices) const {
    parallel_for(static_cast<int>(blocks.size()), [&](int b) {
      const Block& block = blocks[at(b)];
      Scalar* target = matrices + block.offset;
      std::fill_n(target, block.rows * block.cols, Scalar{0});
      for (const Update& u : updates_[at(b)])
        for (int i = 0; i < u.in_copies; ++i)
          for (int o = 0; o < u.out_copies; ++o)
            target[(u.row + i) * block.cols + u.col + o] +=
                u.value * coefficients[u.coefficient + (o * u.in_copies + i) * u.dimension];
    });
  }

  /// Adds to the gradient of the coefficients what that of the matrices gives them.
  void store(const Scalar* d_matrices, Scalar* d_coefficients) const {
    parallel_for(static_cast<int>(blocks.size()), [&](int b) {
      const Block& block = blocks[at(b)];
      const Scalar* source = d_matrices + block.offset;
      for (const Update& u : updates_[at(b)])
        for (int i = 0; i < u.in_copies; ++i)
          for (int o = 0; o < u.out_copies; ++o)
            d_coefficients[u.coefficient + (o * u.in_copies + i) * u.dimension] +=
                u.value * source[(u.row + i) * block.cols + u.col + o];
    });
  }

 private:
  /// An entry of a basis element, for all pairs of copies of two kinds of field.
  struct Update {
    int row = 0, col = 0;  ///< in the matrix for the first copies
    int coefficient = 0;   ///< for the first copies
    int in_copies = 0, out_copies = 0, dimension = 0;
    Scalar value = 0;
  };
  std::vector<std::vector<Update>> updates_;  // for each block

  static constexpr int vector_channels = 32 / static_cast<int>(sizeof(Scalar));
  static std::size_t at(int i) { return static_cast<std::size_t>(i); }

  static int group_of_label(const std::vector<Group>& groups, irrep_label label) {
    for (std::size_t g = 0; g < groups.size(); ++g)
      if (groups[g].label == label) return static_cast<int>(g);
    return -1;
  }

  /// With `halves`, components of two-dimensional irreps fill half of their group each.
  [[gnu::cold]] static void arrange(const channel_layout& layout, std::vector<Group>& groups,
                                    Positions& position, int& channels, bool halves) {
    for (const auto& block : layout)
      for (const auto& slot : block.irreps)
        if (group_of_label(groups, slot.label) < 0) groups.push_back({slot.label, 0, 0, {}, {}});
    for (const auto& block : layout) position.emplace_back(at(block.size));
    channels = 0;
    for (auto& group : groups) {
      group.first = channels;
      const int half = halves && size_of(layout, group.label) == 2 ? half_of(layout, group) : 0;
      for (std::size_t q = 0; q < layout.size(); ++q)
        for (const auto& slot : layout[q].irreps)
          if (slot.label == group.label) {
            for (int n = 0; n < slot.size; ++n)
              position[q][at(slot.offset + n)] =
                  channels + n * (half > 0 ? half : layout[q].copies);
            channels += (half > 0 ? 1 : slot.size) * layout[q].copies;
          }
      channels = half > 0 ? group.first + 2 * half
                          : (channels + vector_channels - 1) / vector_channels * vector_channels;
      group.channels = channels - group.first;
    }
  }
  static int size_of(const channel_layout& layout, irrep_label label) {
    for (const auto& block : layout)
      for (const auto& slot : block.irreps)
        if (slot.label == label) return slot.size;
    return 0;
  }
  /// Copies of all fields, filled up to half a vector.
  static int half_of(const channel_layout& layout, const Group& group) {
    int copies = 0;
    for (const auto& block : layout)
      for (const auto& slot : block.irreps)
        if (slot.label == group.label) copies += block.copies;
    constexpr int some = vector_channels / 2;
    return (copies + some - 1) / some * some;
  }

  int find_block(int i, int o, int degree) const {
    for (std::size_t b = 0; b < blocks.size(); ++b)
      if (blocks[b].in == i && blocks[b].out == o && blocks[b].degree == degree)
        return static_cast<int>(b);
    return -1;
  }

  /// Whether any kernel of degree l joins the two irreps.
  static bool couples(const kernel_space& space, irrep_label from, irrep_label to, int l) {
    for (const auto& pair : space.blocks)
      for (const auto& slot : pair.slots)
        if (space.in[at(pair.in_block)].irreps[at(slot.in_slot)].label == from &&
            space.out[at(pair.out_block)].irreps[at(slot.out_slot)].label == to)
          for (const auto& term : space.terms_of(slot))
            if (term.frequency == l) return true;
    return false;
  }

  bool couples_any(const kernel_space& space, std::size_t i, int l) const {
    for (const auto& group : out)
      if (couples(space, in[i].label, group.label, l)) return true;
    return false;
  }

  [[gnu::cold]] void find_filters(const kernel_space& space, const KernelFilters& filters) {
    for (std::size_t i = 0; i < in.size(); ++i)
      for (int l = 0; l < filters.degrees(); ++l) {
        if (!couples_any(space, i, l)) continue;
        const int first = filters.first[at(l)], last = filters.first[at(l + 1)];
        const auto start = static_cast<int>(in[i].filters.size());
        if (!turns(space, i, l)) {
          for (int f = first; f < last; ++f) in[i].filters.push_back(f);
          continue;
        }
        const int rings = (last - first) / 2;
        for (const int c : {0, 1})
          for (int f = first + c; f < last; f += 2) in[i].filters.push_back(f);
        for (int ring = 0; ring < rings; ++ring)
          in[i].couples.push_back({start + ring, start + rings + ring});
      }
  }
  /// Whether the responses of an input group to the filters of degree l are turned.
  bool turns(const kernel_space& space, std::size_t i, int l) const {
    return space.dimension == 2 && l > 0 && size_of(space.in, in[i].label) == 2;
  }

  /// A number of a basis element: of which row of responses, component of the output.
  struct Place {
    int filter, n, m;  ///< filter: in the order of the group
    double value;
  };
  /// What a basis element is for the responses of group i. Some may cancel, to rounding.
  [[gnu::cold]] std::vector<Place> places(const kernel_space& space, const KernelFilters& filters,
                                          std::span<const KernelFilters::Entry> entries,
                                          std::size_t i, int l) const {
    const auto place = [&](int filter) {
      const auto& all = in[i].filters;
      return static_cast<int>(std::find(all.begin(), all.end(), filter) - all.begin());
    };
    std::vector<Place> all;
    const auto add = [&](const Place& p) {
      for (auto& other : all)
        if (other.filter == p.filter && other.n == p.n && other.m == p.m) {
          other.value += p.value;
          return;
        }
      all.push_back(p);
    };
    for (const auto& e : entries) {
      if (!turns(space, i, l)) {
        add({place(e.filter), e.n, e.m, e.value});
        continue;
      }
      // u_n h_c = (P +- M) / 2, or (M - P) / 2 for c = n = 1.
      const int c = (e.filter - filters.first[at(l)]) % 2;
      const double half = e.value / 2;
      add({place(e.filter - c), e.n ^ c, e.m, c == 1 && e.n == 1 ? -half : half});
      add({place(e.filter - c + 1), e.n ^ c, e.m, c == 1 && e.n == 0 ? -half : half});
    }
    return all;
  }

  [[gnu::cold]] void find_blocks(const kernel_space& space, const KernelFilters& filters) {
    // Sorted by input group, degree, output group.
    for (std::size_t i = 0; i < in.size(); ++i)
      for (int l = 0; l < filters.degrees(); ++l)
        for (std::size_t o = 0; o < out.size(); ++o)
          if (couples(space, in[i].label, out[o].label, l))
            blocks.push_back({static_cast<int>(i), static_cast<int>(o), l, 0, 0, 0, 0});
    updates_.resize(blocks.size());
    // Filters whose responses a block sees: from the first to the last that occurs, of the degree
    // or of one half of it.
    std::vector<std::array<int, 2>> seen(blocks.size(), {1 << 30, -1});
    for (const auto& pair : space.blocks)
      for (const auto& slots : pair.slots)
        for (int t = 0; t < slots.size; ++t) {
          const auto& from = space.in[at(pair.in_block)];
          const auto& to = space.out[at(pair.out_block)];
          const auto &j = from.irreps[at(slots.in_slot)], &J = to.irreps[at(slots.out_slot)];
          const int i = group_of_label(in, j.label), o = group_of_label(out, J.label);
          const int term = slots.first_term + t, l = space.terms[at(term)].frequency;
          const auto b = at(find_block(i, o, l));
          for (const auto& p : places(space, filters, filters.entries_of(term), at(i), l)) {
            if (std::abs(p.value) <= 1e-14) continue;
            seen[b][0] = std::min(seen[b][0], p.filter);
            seen[b][1] = std::max(seen[b][1], p.filter);
            updates_[b].push_back(
                {p.filter * in[at(i)].channels - in[at(i)].first +
                     in_position[at(pair.in_block)][at(j.offset + p.n)],
                 out_position[at(pair.out_block)][at(J.offset + p.m)] - out[at(o)].first,
                 pair.first + slots.first + t, from.copies, to.copies, pair.dimension,
                 static_cast<Scalar>(p.value)});
          }
        }
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      Block& block = blocks[b];
      const Group& group = in[at(block.in)];
      const int count = filters.first[at(block.degree + 1)] - filters.first[at(block.degree)];
      int start = 0;
      while (group.filters[at(start)] != filters.first[at(block.degree)]) ++start;
      const int half = turns(space, at(block.in), block.degree) ? count / 2 : count;
      const bool plus = seen[b][0] < start + half, minus = seen[b][1] >= start + half;
      block.first_filter = plus ? start : start + half;
      block.rows = (plus && minus ? count : half) * group.channels;
      block.cols = out[at(block.out)].channels;
      for (auto& u : updates_[b]) u.row -= block.first_filter * group.channels;
      block.offset = size;
      size += at(block.rows) * at(block.cols);
    }
  }
};

}  // namespace gsteer
