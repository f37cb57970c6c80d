// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
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
template <class Scalar>
struct HarmonicPlan {
  /// Channels of equal irreps: a channel for each copy of each component, filled up with empty ones
  /// to whole vectors.
  struct Group {
    irrep_label label;
    int first = 0;
    int channels = 0;
    std::vector<int> filters;  ///< that any output needs, sorted by degree (input groups only)
  };
  /// One matrix B: rows are [filter of the degree][input channel], columns output channels.
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
    arrange(space.in, in, in_position, in_channels);
    arrange(space.out, out, out_position, out_channels);
    find_blocks(space, filters);
    find_updates(space, filters);
  }

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
            target[u.base + i * block.cols + o] +=
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
                u.value * source[u.base + i * block.cols + o];
    });
  }

 private:
  /// An entry of a basis element, for all pairs of copies of two kinds of field.
  struct Update {
    int base = 0;         ///< place in the matrix for the first copies
    int coefficient = 0;  ///< the coefficient for the first copies
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

  [[gnu::cold]] static void arrange(const channel_layout& layout, std::vector<Group>& groups,
                                    Positions& position, int& channels) {
    for (const auto& block : layout)
      for (const auto& slot : block.irreps)
        if (group_of_label(groups, slot.label) < 0) groups.push_back({slot.label, 0, 0, {}});
    for (const auto& block : layout) position.emplace_back(at(block.size));
    channels = 0;
    for (auto& group : groups) {
      group.first = channels;
      for (std::size_t q = 0; q < layout.size(); ++q)
        for (const auto& slot : layout[q].irreps)
          if (slot.label == group.label)
            for (int n = 0; n < slot.size; ++n, channels += layout[q].copies)
              position[q][at(slot.offset + n)] = channels;
      channels = (channels + vector_channels - 1) / vector_channels * vector_channels;
      group.channels = channels - group.first;
    }
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
          for (const auto& term : space.terms[at(slot.terms)])
            if (term.frequency == l) return true;
    return false;
  }

  [[gnu::cold]] void find_blocks(const kernel_space& space, const KernelFilters& filters) {
    // Sorted by input group, degree, output group.
    for (std::size_t i = 0; i < in.size(); ++i)
      for (int l = 0; l < filters.degrees(); ++l) {
        const std::size_t before = blocks.size();
        for (std::size_t o = 0; o < out.size(); ++o)
          if (couples(space, in[i].label, out[o].label, l))
            blocks.push_back({static_cast<int>(i), static_cast<int>(o), l, 0, 0, 0, 0});
        if (blocks.size() == before) continue;
        for (int f = filters.first[at(l)]; f < filters.first[at(l + 1)]; ++f)
          in[i].filters.push_back(f);
      }
    for (auto& block : blocks) {
      const Group& group = in[at(block.in)];
      const int start = filters.first[at(block.degree)];
      while (group.filters[at(block.first_filter)] != start) ++block.first_filter;
      block.rows = (filters.first[at(block.degree + 1)] - start) * group.channels;
      block.cols = out[at(block.out)].channels;
      block.offset = size;
      size += at(block.rows) * at(block.cols);
    }
  }

  [[gnu::cold]] void find_updates(const kernel_space& space, const KernelFilters& filters) {
    updates_.resize(blocks.size());
    for (const auto& pair : space.blocks) {
      const auto& from = space.in[at(pair.in_block)];
      const auto& to = space.out[at(pair.out_block)];
      for (const auto& slot : pair.slots) {
        const auto& j = from.irreps[at(slot.in_slot)];
        const auto& J = to.irreps[at(slot.out_slot)];
        const int i = group_of_label(in, j.label), o = group_of_label(out, J.label);
        const auto& terms = space.terms[at(slot.terms)];
        for (std::size_t t = 0; t < terms.size(); ++t) {
          const int b = find_block(i, o, terms[t].frequency);
          const Block& block = blocks[at(b)];
          for (const auto& e : filters.entries_of(slot.terms, static_cast<int>(t))) {
            const int filter = e.filter - filters.first[at(block.degree)];
            const int row = filter * in[at(i)].channels - in[at(i)].first +
                            in_position[at(pair.in_block)][at(j.offset + e.n)];
            const int col = out_position[at(pair.out_block)][at(J.offset + e.m)] - out[at(o)].first;
            updates_[at(b)].push_back({row * block.cols + col,
                                       pair.first + slot.first + static_cast<int>(t), from.copies,
                                       to.copies, pair.dimension, static_cast<Scalar>(e.value)});
          }
        }
      }
    }
  }
};

}  // namespace gsteer
