// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "gsteer/field/graph.hpp"
#include "gsteer/layer/kernels/lanes.hpp"

namespace gsteer::detail {

/// Some scalar filters on the edges of a graph, applied to some channels of its nodes:
///   response(i)[f][c] = sum over edges j -> i of  F(edge)[f] u(j)[c],
/// and the two transposes of this bilinear map. Layouts: F [edge][filter], u [node][channel],
/// responses [node][filter of the list][channel]; `channels` is a multiple of half a cache line.
/// Every sum is taken in the order of the edges.
///
/// Register blocks of a few filters times a few vectors of channels run over the edges of a node:
/// no row of responses is written before it is complete.
template <class Scalar>
class NeighborFilters {
 public:
  /// Which of the `total` filters, on which channels.
  NeighborFilters(std::vector<int> filters, int total, int channels)
      : filters_(std::move(filters)), total_(total), channels_(channels) {}

  int size() const { return static_cast<int>(filters_.size()); }
  int channels() const { return channels_; }

  /// r (+)= the responses at a node; `u` points to the first channel of node 0, rows are `stride`
  /// apart.
  void respond(const Graph& graph, int node, const Scalar* f, const Scalar* u,
               std::ptrdiff_t stride, Scalar* r, bool add) const {
    for (int q = 0; q < size(); q += chunk) {
      const int some = std::min(chunk, size() - q);
      const auto at = [&](auto lane_count, auto filter_count, int c) {
        respond_block<decltype(lane_count)::value, decltype(filter_count)::value>(
            graph, node, f, u + c, stride, r + std::ptrdiff_t{q} * channels_ + c,
            filters_.data() + q, add);
      };
      for_each_block([&](auto lane_count, int c) {
        if (some == 4) at(lane_count, Count<4>{}, c);
        if (some == 3) at(lane_count, Count<3>{}, c);
        if (some == 2) at(lane_count, Count<2>{}, c);
        if (some == 1) at(lane_count, Count<1>{}, c);
      });
    }
  }

  /// The transpose by u: what responses gr of receivers give back to a sender,
  ///   gu[c] += sum over edges sender -> i, f of F(edge)[f] gr(i)[f][c],
  /// over sent edges [first, last) of the graph. `gr` points to the row of node `origin`.
  void give_back(const Graph& graph, int first, int last, const Scalar* f, const Scalar* gr,
                 int origin, std::ptrdiff_t stride, Scalar* gu) const {
    for_each_block([&](auto lane_count, int c) {
      constexpr int L = decltype(lane_count)::value;
      Vector<L> sum;
      Vector<L>::load(sum, gu + c);
      for (int k = first; k < last; ++k) {
        const int e = graph.sent_edges()[static_cast<std::size_t>(k)];
        const Scalar* const weights = f + std::ptrdiff_t{e} * total_;
        const Scalar* row =
            gr + (graph.receivers()[static_cast<std::size_t>(e)] - origin) * stride + c;
        for (int q = 0; q < size(); ++q, row += channels_) {
          Vector<L> v;
          Vector<L>::load(v, row);
          Vector<L>::add_scaled(sum, weights[filters_[static_cast<std::size_t>(q)]], v);
        }
      }
      sum.store(gu + c);
    });
  }

  /// The transpose by F, for an edge from a sender with u to a receiver with gr:
  ///   gf[f] += sum over c of gr[f][c] u[c].
  void correlate(const Scalar* gr, const Scalar* u, Scalar* gf) const {
    for (int q = 0; q < size(); q += chunk) {
      const int some = std::min(chunk, size() - q);
      const Scalar* const rows = gr + std::ptrdiff_t{q} * channels_;
      const int* const list = filters_.data() + q;
      if (some == 4) correlate_block<4>(rows, u, list, gf);
      if (some == 3) correlate_block<3>(rows, u, list, gf);
      if (some == 2) correlate_block<2>(rows, u, list, gf);
      if (some == 1) correlate_block<1>(rows, u, list, gf);
    }
  }

 private:
  static constexpr int wide = 64 / static_cast<int>(sizeof(Scalar)), narrow = wide / 2;
  static constexpr int chunk = 4;

  template <int N>
  struct Count {
    static constexpr int value = N;
  };

  template <int L>
  using Vector = Lanes<Scalar, L>;

  template <class Body>
  void for_each_block(Body&& body) const {
    int c = 0;
    for (; c + wide <= channels_; c += wide) body(Count<wide>{}, c);
    for (; c < channels_; c += narrow) body(Count<narrow>{}, c);
  }

  template <int L, int N>
  void respond_block(const Graph& graph, int node, const Scalar* f, const Scalar* u,
                     std::ptrdiff_t stride, Scalar* r, const int* list, bool add) const {
    Vector<L> sum[N];
    for (int q = 0; q < N; ++q) {
      sum[q].clear();
      if (add) Vector<L>::load(sum[q], r + std::ptrdiff_t{q} * channels_);
    }
    const int* const senders = graph.senders().data();
    for (int e = graph.received(node); e < graph.received(node + 1); ++e) {
      const Scalar* const weights = f + std::ptrdiff_t{e} * total_;
      Vector<L> v;
      Vector<L>::load(v, u + senders[e] * stride);
      for (int q = 0; q < N; ++q) Vector<L>::add_scaled(sum[q], weights[list[q]], v);
    }
    for (int q = 0; q < N; ++q) sum[q].store(r + std::ptrdiff_t{q} * channels_);
  }

  template <int N>
  void correlate_block(const Scalar* gr, const Scalar* u, const int* list, Scalar* gf) const {
    Vector<narrow> sum[N];
    for (int q = 0; q < N; ++q) sum[q].clear();
    for (int c = 0; c < channels_; c += narrow) {
      Vector<narrow> v, row;
      Vector<narrow>::load(v, u + c);
      for (int q = 0; q < N; ++q) {
        Vector<narrow>::load(row, gr + std::ptrdiff_t{q} * channels_ + c);
        Vector<narrow>::add_product(sum[q], row, v);
      }
    }
    for (int q = 0; q < N; ++q) gf[list[q]] += sum[q].total();
  }

  std::vector<int> filters_;
  int total_, channels_;
};

}  // namespace gsteer::detail
