// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <type_traits>
#include <vector>

#include "gsteer/core/buffer.hpp"
#include "gsteer/core/matrix.hpp"
#include "gsteer/core/parallel.hpp"
#include "gsteer/core/scratch.hpp"
#include "gsteer/core/transpose.hpp"
#include "gsteer/group/wigner_3j.hpp"
#include "gsteer/layer/kernels/edge_plan.hpp"
#include "gsteer/layer/parameter.hpp"
#include "gsteer/representation/irreps.hpp"

namespace gsteer::detail {

/// l_max if the irreps are those of the harmonics, 0e, 1o, 2e, ... (in SO(3) 0, 1, 2, ...) up to
/// l_max, once each; else -1.
template <class Edge>
constexpr int harmonic_degree() {
  const IrrepList list = irrep_list<Edge>();
  int l = 0;
  for (const auto& item : list) {
    if (item.copies != 1 || !(item.label == Edge::group::harmonic(l))) return -1;
    ++l;
  }
  return l - 1;
}

template <class First, class... Rest>
inline constexpr bool of_one_group = (std::is_same_v<typename First::group, typename Rest::group> &&
                                      ...);

template <class In, class Edge, class Out>
constexpr bool has_path() {
  for (const auto& from : irrep_list<In>())
    for (const auto& to : irrep_list<Out>())
      for (const auto& harmonic : irrep_list<Edge>())
        if (occurs_in_product(to.label, from.label, harmonic.label)) return true;
  return false;
}

/// An edge plan, and the irrep of each of its groups of messages.
struct LabeledEdgePlan {
  EdgePlan plan;
  std::vector<irrep_label> labels;
};

/// All paths from the blocks `in` through `harmonics`, those of degree 0, 1, 2, ... in the irreps
/// of the group, to the irreps that occur in `out`, in the order of input block, degree, output
/// irrep. A path carries the tensor sqrt(2 l_out + 1) C(in, l, out), which keeps the variance of
/// every component.
[[gnu::cold]] inline LabeledEdgePlan make_edge_plan(const IrrepList& in, const IrrepList& out,
                                                    const IrrepList& harmonics) {
  LabeledEdgePlan made;
  EdgePlan& plan = made.plan;
  plan.harmonics = channels(harmonics);
  for (const auto& to : out) {
    bool known = false, reached = false;
    for (const auto& label : made.labels) known = known || label == to.label;
    for (const auto& from : in)
      for (const auto& harmonic : harmonics)
        reached = reached || occurs_in_product(to.label, from.label, harmonic.label);
    if (known || !reached) continue;
    made.labels.push_back(to.label);
    plan.groups.push_back({irrep_dimension(to.label), 0});
  }
  for (const auto& from : in) {
    const int size = irrep_dimension(from.label);
    for (const auto& harmonic : harmonics)
      for (std::size_t g = 0; g < made.labels.size(); ++g) {
        if (!occurs_in_product(made.labels[g], from.label, harmonic.label)) continue;
        const int l = harmonic.label.frequency;
        EdgePath path;
        path.in_offset = plan.in_channels;
        path.in_size = size;
        path.out_size = plan.groups[g].size;
        path.channels = from.copies;
        path.weight_offset = plan.weights;
        path.group = static_cast<int>(g);
        path.column = plan.groups[g].columns;
        path.first_entry = static_cast<int>(plan.entries.size());
        path.first_place = plan.places;
        path.diagonal = l == 0;
        const invariant_tensor c = wigner_3j(from.label.frequency, l, made.labels[g].frequency);
        const double scale = std::sqrt(1.0 * path.out_size);
        if (path.diagonal) plan.entries.push_back({0, 0, scale * c(0, 0, 0)});
        for (int k = 0; k < path.out_size && !path.diagonal; ++k)
          for (int i = 0; i < size; ++i)
            for (int j = 0; j <= 2 * l; ++j)
              if (std::abs(c(i, j, k)) > 1e-14)
                plan.entries.push_back({k * size + i, l * l + j, scale * c(i, j, k)});
        path.entries = static_cast<int>(plan.entries.size()) - path.first_entry;
        plan.places += path.places();
        plan.weights += from.copies;
        plan.groups[g].columns += from.copies;
        plan.paths.push_back(path);
      }
    plan.in_channels += from.copies * size;
  }
  for (auto& path : plan.paths) {
    path.columns = plan.groups[static_cast<std::size_t>(path.group)].columns;
    path.before = static_cast<int>(plan.start(path.group, 1));
  }
  for (int h = 1; h < plan.harmonics; ++h)
    for (const auto& path : plan.paths)
      for (int i = path.first_entry; i < path.first_entry + path.entries; ++i) {
        CouplingEntry entry = plan.entries[static_cast<std::size_t>(i)];
        entry.place += path.first_place;
        if (entry.harmonic == h) plan.by_harmonic.push_back(entry);
      }
  return made;
}

/// Nodes that are worked on at a time.
inline constexpr int node_piece = 16;

/// Turns the matrices of each block of each node: from [channel][component], as fields have them,
/// to [component][channel], or the other way.
template <class Scalar>
void transpose_blocks(const IrrepList& blocks, int nodes, bool channels_first, const Scalar* from,
                      Scalar* to) {
  const int width = channels(blocks);
  parallel_pieces(nodes, node_piece, [&](int first, int last) {
    std::ptrdiff_t start = std::ptrdiff_t{first} * width;
    for (int n = first; n < last; ++n)
      for (const auto& block : blocks) {
        const int size = irrep_dimension(block.label);
        const int rows = channels_first ? block.copies : size,
                  columns = channels_first ? size : block.copies;
        transpose(to + start, rows, from + start, columns, columns, rows);
        start += rows * columns;
      }
  });
}
/// [node][block][channel][component], as fields have it, to [node][block][component][channel].
template <class Scalar>
void to_channels_innermost(const IrrepList& blocks, int nodes, const Scalar* from, Scalar* to) {
  transpose_blocks(blocks, nodes, true, from, to);
}
/// The way back.
template <class Scalar>
void to_channels_outermost(const IrrepList& blocks, int nodes, const Scalar* from, Scalar* to) {
  transpose_blocks(blocks, nodes, false, from, to);
}

/// The equivariant linear map from the messages of all paths to the output blocks of the same
/// irrep, y = x W / sqrt(columns); rows are [node][component]. Blocks that no path reaches are 0.
template <class Scalar>
class MessageMixing {
 public:
  [[gnu::cold]] MessageMixing(const EdgePlan& plan, const std::vector<irrep_label>& labels,
                              const IrrepList& out)
      : groups_(plan.groups) {
    int size = 0;
    for (const auto& block : out) {
      int group = -1;
      for (std::size_t g = 0; g < labels.size(); ++g)
        if (labels[g] == block.label) group = static_cast<int>(g);
      blocks_.push_back({channels_, irrep_dimension(block.label), block.copies, group, size,
                         plan.start(std::max(group, 0), 1)});
      if (group >= 0) size += plan.groups[static_cast<std::size_t>(group)].columns * block.copies;
      channels_ += block.copies * irrep_dimension(block.label);
    }
    weight = Parameter<Scalar>(size);
  }

  /// Per output block that is reached: [message][channel].
  Parameter<Scalar> weight;

  /// Messages [group][node][component][column] to y [node][channel].
  void forward(const Scalar* messages, int nodes, Scalar* y) const {
    parallel_pieces(nodes, node_piece, [&](int first, int last) {
      std::fill_n(y + std::ptrdiff_t{first} * channels_, std::ptrdiff_t{last - first} * channels_,
                  Scalar{0});
      for (const Block& b : blocks_) {
        if (b.source < 0) continue;
        Scalar* const rows = rows_of(b, last - first);
        multiply(rows, b.copies, messages + start(b, nodes, first), columns_of(b),
                 weight.value.data() + b.weight, b.copies, (last - first) * b.size, b.copies,
                 columns_of(b), false);
        const Scalar scale = scale_of(b);
        for_each_channel(b, first, last,
                         [&](int row, std::ptrdiff_t channel) { y[channel] = scale * rows[row]; });
      }
    });
  }

  /// Gradient with respect to y to that with respect to the messages.
  void backward(const Scalar* g, int nodes, Scalar* messages) const {
    parallel_pieces(nodes, node_piece, [&](int first, int last) {
      for (int group = 0, offset = 0; group < static_cast<int>(groups_.size()); ++group) {
        const int row = groups_[static_cast<std::size_t>(group)].size *
                        groups_[static_cast<std::size_t>(group)].columns;
        std::fill_n(messages + std::ptrdiff_t{nodes} * offset + std::ptrdiff_t{first} * row,
                    std::ptrdiff_t{last - first} * row, Scalar{0});
        offset += row;
      }
      for (const Block& b : blocks_) {
        if (b.source < 0) continue;
        Scalar* const rows = rows_of(b, last - first);
        collect(g, b, first, last, rows);
        multiply_transposed_b(messages + start(b, nodes, first), columns_of(b), rows, b.copies,
                              weight.value.data() + b.weight, b.copies, (last - first) * b.size,
                              columns_of(b), b.copies, true);
      }
    });
  }

  /// Adds to the gradient of the weight.
  void backward_weight(const Scalar* messages, const Scalar* g, int nodes) {
    const auto size = static_cast<std::size_t>(nodes) * static_cast<std::size_t>(channels_);
    if (collected_.size() < size) collected_ = Buffer<Scalar>(size);
    const auto rows = [&](const Block& b) {
      return collected_.data() + std::ptrdiff_t{nodes} * b.offset;
    };
    parallel_pieces(nodes, node_piece, [&](int first, int last) {
      for (const Block& b : blocks_)
        if (b.source >= 0)
          collect(g, b, first, last, rows(b) + std::ptrdiff_t{first} * b.size * b.copies);
    });
    constexpr int piece = 48;  // rows of a gradient
    for (const Block& b : blocks_) {
      if (b.source < 0) continue;
      const int columns = columns_of(b);
      parallel_pieces(columns, piece, [&](int first, int last) {
        multiply_transposed_a(weight.gradient.data() + b.weight + std::ptrdiff_t{first} * b.copies,
                              b.copies, messages + start(b, nodes, 0) + first, columns, rows(b),
                              b.copies, last - first, b.copies, nodes * b.size, true);
      });
    }
  }

 private:
  struct Block {
    int offset, size, copies;
    int source;             ///< group of messages, -1 if none reaches the block
    int weight;             ///< where its matrix begins
    std::ptrdiff_t before;  ///< messages of a node in earlier groups
  };

  int columns_of(const Block& b) const {
    return groups_[static_cast<std::size_t>(b.source)].columns;
  }
  Scalar scale_of(const Block& b) const {
    return static_cast<Scalar>(1 / std::sqrt(1.0 * columns_of(b)));
  }
  /// Where the messages of a node begin.
  std::ptrdiff_t start(const Block& b, int nodes, int node) const {
    return b.before * nodes + std::ptrdiff_t{node} * b.size * columns_of(b);
  }
  /// Memory for the block's part of some nodes, [node][component][channel].
  static Scalar* rows_of(const Block& b, int nodes) {
    return scratch<Scalar>(Slot::mixed, std::ptrdiff_t{nodes} * b.size * b.copies);
  }
  /// body(place in these rows, place in [node][channel]) for the block's numbers of some nodes.
  template <class Body>
  void for_each_channel(const Block& b, int first, int last, const Body& body) const {
    int row = 0;
    for (int n = first; n < last; ++n)
      for (int k = 0; k < b.size; ++k)
        for (int u = 0; u < b.copies; ++u)
          body(row++, std::ptrdiff_t{n} * channels_ + b.offset + u * b.size + k);
  }
  /// The block's part of g, scaled.
  void collect(const Scalar* g, const Block& b, int first, int last, Scalar* rows) const {
    const Scalar scale = scale_of(b);
    for_each_channel(b, first, last,
                     [&](int row, std::ptrdiff_t channel) { rows[row] = scale * g[channel]; });
  }

  std::vector<MessageGroup> groups_;
  std::vector<Block> blocks_;
  int channels_ = 0;
  Buffer<Scalar> collected_;
};

}  // namespace gsteer::detail
