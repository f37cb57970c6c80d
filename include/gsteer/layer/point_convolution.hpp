// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "gsteer/core/buffer.hpp"
#include "gsteer/core/matrix.hpp"
#include "gsteer/core/parallel.hpp"
#include "gsteer/field/graph.hpp"
#include "gsteer/kernel/harmonic_plan.hpp"
#include "gsteer/layer/kernels/coupled_mixing.hpp"
#include "gsteer/layer/kernels/harmonic_mixing.hpp"
#include "gsteer/layer/kernels/irrep_rows.hpp"
#include "gsteer/layer/kernels/neighbor_filters.hpp"

namespace gsteer::detail {

/// Numbers, and, where a derivative along some direction is asked for, how they move.
template <class Scalar>
struct Moving {
  const Scalar* value = nullptr;
  const Scalar* tangent = nullptr;  ///< null: they stay
};

/// A convolution over the edges of a graph, carried out as HarmonicPlan says: what the neighbors of
/// a node have is filtered by the scalar filters of the kernel space, then mixed by matrices,
///   v_i = sum over filters f, edges e = (j -> i) of B_f^T F(e, f) u_j,
/// in the basis of irreps and the order of the plan. No kernel of an edge is ever formed: the
/// matrices, which have most of the arithmetic, meet each node once; or, where that is less work,
/// the factors that CoupledMixing has of them.
///
/// Trilinear in F, u and B: derivatives are the same sums with an argument exchanged.
template <class Scalar>
class PointConvolution {
 public:
  /// `filters` are those of the space.
  [[gnu::cold]] PointConvolution(const kernel_space& space, const KernelFilters& filters)
      : plan_(space, filters),
        filters_(filters.count()),
        in_rows_(space.in, plan_.in_position, plan_.in_channels),
        out_rows_(space.out, plan_.out_position, plan_.out_channels) {
    for (const auto& group : plan_.in) {
      starts_.push_back(row_);
      banks_.emplace_back(group.filters, filters_, group.channels);
      row_ += banks_.back().size() * group.channels;
    }
    mixing_ = CoupledMixing<Scalar>::if_cheaper(space, filters, plan_, starts_, row_);
  }

  const IrrepRows<Scalar>& in() const { return in_rows_; }
  const IrrepRows<Scalar>& out() const { return out_rows_; }
  /// The number of filters, and of entries of all matrices.
  int filters() const { return filters_; }
  std::size_t matrix_size() const { return mixing_ ? mixing_->size() : plan_.size; }

  /// Fills the matrices from the coefficients of the kernel space.
  void load(const Scalar* coefficients, Scalar* matrices) const {
    if (mixing_)
      mixing_->load(coefficients, matrices);
    else
      plan_.load(coefficients, matrices);
  }
  /// Adds to the gradient of the coefficients what that of the matrices gives them.
  void store(const Scalar* d_matrices, Scalar* d_coefficients) const {
    if (mixing_)
      mixing_->store(d_matrices, d_coefficients);
    else
      plan_.store(d_matrices, d_coefficients);
  }

  /// v of all nodes; its derivative if the arguments move.
  void forward(const Graph& graph, Moving<Scalar> f, Moving<Scalar> u, const Scalar* matrices,
               Scalar* v) const {
    for_each_tile(0, graph.nodes(), [&](int first, int last) {
      const int count = last - first;
      Scalar* const r = scratch<Scalar>(Slot::responses, std::ptrdiff_t{count} * row_);
      if (f.tangent) {
        respond(graph, first, last, f.tangent, u.value, r, false);
        respond(graph, first, last, f.value, u.tangent, r, true);
      } else {
        respond(graph, first, last, f.value, u.value, r, false);
      }
      couple(r, count);
      mix(r, count, matrices, v + std::ptrdiff_t{first} * out_rows_.width());
    });
  }

  /// Where gradients go; null: nobody wants them.
  struct Gradients {
    Scalar* u = nullptr;         ///< overwritten
    Scalar* f = nullptr;         ///< overwritten
    Scalar* matrices = nullptr;  ///< added to
  };
  /// Memory between calls.
  struct Workspace {
    Buffer<Scalar> by_response[2], responses;
    std::vector<int> next;
  };

  /// From the gradient g of v to those of u, F and B; their derivatives if the arguments move.
  void backward(const Graph& graph, Moving<Scalar> f, Moving<Scalar> u, Moving<Scalar> g,
                const Scalar* matrices, Gradients to, Workspace& work) const {
    // The derivative of a product is a sum of terms, in each of which one factor moves. The terms
    // are sorted by what is made of the responses' gradient: of dg with F and u, of g with dF, du.
    const int terms = f.tangent ? 2 : 1;
    const Scalar* const gradients[2] = {f.tangent ? g.tangent : g.value, g.value};
    const Scalar* const filters[2] = {f.value, f.tangent};
    const Scalar* const rows[2] = {u.value, u.tangent};
    const int nodes = graph.nodes();
    const auto width = std::ptrdiff_t{in_rows_.width()};
    std::fill_n(to.u, nodes * width, Scalar{0});
    if (to.f) std::fill_n(to.f, std::ptrdiff_t{graph.edges()} * filters_, Scalar{0});
    work.next.clear();
    for (int i = 0; i < nodes; ++i) work.next.push_back(graph.sent(i));

    // Nodes in waves, so that memory is bounded. In each wave every result is written by one task,
    // and every sum is taken in the order of the edges: the same for any number of threads.
    const int wave = std::clamp((1 << 20) / std::max(row_, 1), 64, nodes + 64);
    for (int first = 0; first < nodes; first += wave) {
      const int last = std::min(nodes, first + wave);
      const auto size = static_cast<std::size_t>(last - first) * at(row_);
      for (int t = 0; t < terms; ++t) fit(work.by_response[t], size);
      for_each_tile(first, last, [&](int begin, int end) {
        for (int t = 0; t < terms; ++t) {
          Scalar* const gr = work.by_response[t].data() + std::ptrdiff_t{begin - first} * row_;
          unmix(gradients[t] + std::ptrdiff_t{begin} * out_rows_.width(), end - begin, matrices,
                gr);
          if (to.f) correlate(graph, begin, end, gr, rows[t], to.f);
        }
      });
      for_each_piece(nodes, [&](int sender) {
        int& next = work.next[at(sender)];
        const int begin = next;
        while (next < graph.sent(sender + 1) &&
               graph.receivers()[at(graph.sent_edges()[at(next)])] < last)
          ++next;
        for (int t = 0; begin < next && t < terms; ++t)
          for (std::size_t i = 0; i < banks_.size(); ++i)
            banks_[i].give_back(graph, begin, next, filters[t],
                                work.by_response[t].data() + starts_[i], first, row_,
                                to.u + sender * width + plan_.in[i].first);
      });
      if (!to.matrices) continue;
      fit(work.responses, size);
      for (int t = 0; t < terms; ++t) {
        for_each_tile(first, last, [&](int begin, int end) {
          Scalar* const r = work.responses.data() + std::ptrdiff_t{begin - first} * row_;
          respond(graph, begin, end, filters[t], rows[0], r, false);
          if (t == 1) respond(graph, begin, end, filters[0], rows[1], r, true);
          couple(r, end - begin);
        });
        add_gradient(work.responses.data(),
                     gradients[t] + std::ptrdiff_t{first} * out_rows_.width(), last - first,
                     to.matrices);
      }
    }
  }

 private:
  static std::size_t at(int i) { return static_cast<std::size_t>(i); }
  static void fit(Buffer<Scalar>& buffer, std::size_t size) {
    if (buffer.size() < size) buffer = Buffer<Scalar>(size);
  }

  /// body(first, last) for nodes in tiles, in parallel.
  template <class Body>
  static void for_each_tile(int first, int last, Body&& body) {
    constexpr int tile = 64;
    parallel_for((last - first + tile - 1) / tile, [&](int i) {
      const int begin = first + i * tile;
      body(begin, std::min(last, begin + tile));
    });
  }
  /// body(node) in parallel, a few nodes a task.
  template <class Body>
  static void for_each_piece(int nodes, Body&& body) {
    constexpr int piece = 16;
    parallel_for((nodes + piece - 1) / piece, [&](int i) {
      for (int node = i * piece; node < std::min(nodes, (i + 1) * piece); ++node) body(node);
    });
  }

  /// Responses of nodes [first, last), rows of [input group][filter][channel].
  void respond(const Graph& graph, int first, int last, const Scalar* f, const Scalar* u, Scalar* r,
               bool add) const {
    for (int node = first; node < last; ++node, r += row_)
      for (std::size_t i = 0; i < banks_.size(); ++i)
        banks_[i].respond(graph, node, f, u + plan_.in[i].first, in_rows_.width(), r + starts_[i],
                          add);
  }

  /// Responses as the matrices take them.
  void couple(Scalar* r, int count) const {
    for (std::size_t i = 0; !mixing_ && i < plan_.in.size(); ++i)
      couple_frequencies<Scalar>(plan_.in[i], r + starts_[i], row_, count);
  }

  /// v from the coupled responses of `count` nodes.
  void mix(const Scalar* r, int count, const Scalar* matrices, Scalar* v) const {
    if (mixing_) return mixing_->mix(r, count, matrices, v);
    std::fill_n(v, std::ptrdiff_t{count} * out_rows_.width(), Scalar{0});
    for (std::size_t i = 0; i < plan_.in.size(); ++i)
      mix_responses<Scalar>(plan_, static_cast<int>(i), r + starts_[i], row_, count, matrices, v,
                            out_rows_.width());
  }

  /// The gradient of the responses from that of v.
  void unmix(const Scalar* g, int count, const Scalar* matrices, Scalar* gr) const {
    if (mixing_) return mixing_->unmix(g, count, matrices, gr);
    for (std::size_t i = 0; i < plan_.in.size(); ++i)
      unmix_responses<Scalar>(plan_, static_cast<int>(i), g, out_rows_.width(), count, matrices,
                              gr + starts_[i], row_);
  }

  /// Adds to the gradient of the matrices, each of which is written by one task.
  void add_gradient(const Scalar* r, const Scalar* g, int count, Scalar* d_matrices) const {
    parallel_for(mixing_ ? mixing_->tasks() : static_cast<int>(plan_.blocks.size()), [&](int i) {
      if (mixing_) return mixing_->add_gradient(i, r, g, count, d_matrices);
      const auto& b = plan_.blocks[at(i)];
      add_matrix_gradient<Scalar>(plan_, b, r + starts_[at(b.in)], row_, g, out_rows_.width(),
                                  count, d_matrices);
    });
  }

  /// Adds to the gradient of the filters on all edges that end at nodes [first, last).
  void correlate(const Graph& graph, int first, int last, const Scalar* gr, const Scalar* u,
                 Scalar* gf) const {
    for (int node = first; node < last; ++node, gr += row_)
      for (int e = graph.received(node); e < graph.received(node + 1); ++e)
        for (std::size_t i = 0; i < banks_.size(); ++i)
          banks_[i].correlate(
              gr + starts_[i],
              u + std::ptrdiff_t{graph.senders()[at(e)]} * in_rows_.width() + plan_.in[i].first,
              gf + std::ptrdiff_t{e} * filters_);
  }

  HarmonicPlan<Scalar> plan_;
  int filters_ = 0;
  IrrepRows<Scalar> in_rows_, out_rows_;
  int row_ = 0;              // numbers in the responses of a node
  std::vector<int> starts_;  // of each input group in them
  std::vector<NeighborFilters<Scalar>> banks_;
  std::unique_ptr<const Mixing<Scalar>> mixing_;  // null: the matrices of the plan
};

}  // namespace gsteer::detail
