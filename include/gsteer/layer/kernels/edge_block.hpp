// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>

#include "gsteer/core/scratch.hpp"
#include "gsteer/field/graph.hpp"
#include "gsteer/layer/kernels/edge_arithmetic.hpp"
#include "gsteer/layer/kernels/edge_plan.hpp"

namespace gsteer::detail {

/// A few edges: their harmonics and the gradients of these, [harmonic][lane], and the matrices M
/// of all paths, [place][lane] or, to work on edge by edge, [lane][place]. In memory of the thread.
template <class Scalar>
struct EdgeBlock {
  static constexpr int lanes = 16;

  /// A number of each edge.
  struct Lanes {
    using Packet = typename ManyChannels<Scalar>::type;
    static constexpr int width = sizeof(Packet) / sizeof(Scalar);
    Packet part[lanes / width];

    void clear() {
      for (Packet& p : part) p = Eigen::internal::pset1<Packet>(Scalar{0});
    }
    void add_scaled(Scalar factor, const Scalar* v) {
      for (int i = 0; i < lanes / width; ++i)
        part[i] = Eigen::internal::pmadd(Eigen::internal::pset1<Packet>(factor),
                                         Eigen::internal::ploadu<Packet>(v + i * width), part[i]);
    }
    void store(Scalar* to) const {
      for (int i = 0; i < lanes / width; ++i) Eigen::internal::pstoreu(to + i * width, part[i]);
    }
  };

  explicit EdgeBlock(const EdgePlan& plan) : harmonic_count(plan.harmonics), places(plan.places) {
    harmonics =
        scratch<Scalar>(Slot::tile, std::ptrdiff_t{3 * harmonic_count + 4 * places} * lanes +
                                        std::ptrdiff_t{places} * Lanes::width);
    gradient = harmonics + 2 * harmonic_count * lanes;
    matrices = gradient + harmonic_count * lanes;
    rows = matrices + 2 * places * lanes;
    overlaps = rows + 2 * places * lanes;
  }
  /// The edges from `edge` on, those before `end`.
  void begin(const Graph& graph, const EdgePlan& plan, int edge, int end) {
    first = edge;
    count = std::min(lanes, end - edge);
    for (int lane = 0; lane < count; ++lane) {
      const auto e = static_cast<std::size_t>(edge + lane);
      receiver[lane] = graph.receivers()[e];
      weights[lane] = std::ptrdiff_t{edge + lane} * plan.weights;
      features[lane] = std::ptrdiff_t{graph.senders()[e]} * plan.in_channels;
    }
  }
  /// body(first lane, last lane, receiver) for the edges into each receiver.
  template <class Body>
  void for_each_receiver(const Body& body) const {
    for (int lane = 0, next = 0; lane < count; lane = next) {
      while (next < count && receiver[next] == receiver[lane]) ++next;
      body(lane, next, receiver[lane]);
    }
  }

  /// Times the scale of the receiver, for which every result is linear in M. Absent edges: 0.
  void gather(const Numbers<Scalar>& y, int stride, const Scalar* scale) {
    for (int part = 0; part < (y.tangent ? 2 : 1); ++part) {
      const Scalar* const from = part == 0 ? y.value : y.tangent;
      Scalar* to = harmonics + part * harmonic_count * lanes;
      for (int h = 0; h < harmonic_count; ++h, to += lanes)
        for (int lane = 0; lane < lanes; ++lane)
          to[lane] = lane < count
                         ? factor(scale, lane) * from[std::ptrdiff_t{h} * stride + first + lane]
                         : Scalar{0};
    }
  }
  void scatter(Scalar* gy, int stride, const Scalar* scale) const {
    for (int h = 0; h < harmonic_count; ++h)
      for (int lane = 0; lane < count; ++lane)
        gy[std::ptrdiff_t{h} * stride + first + lane] =
            factor(scale, lane) * gradient[h * lanes + lane];
  }
  Scalar factor(const Scalar* scale, int lane) const {
    return scale ? scale[receiver[lane]] : Scalar{1};
  }

  /// M(k, i) = sum over harmonics of T(harmonic, k, i) Y(harmonic).
  void couple(const EdgePlan& plan, bool tangent) {
    for (int part = 0; part < (tangent ? 2 : 1); ++part) {
      const Scalar* const y = harmonics + part * harmonic_count * lanes;
      Scalar* m = matrices + part * places * lanes;
      const CouplingEntry* entry = plan.entries.data();
      for (const EdgePath& path : plan.paths) {
        const CouplingEntry* const end = plan.entries.data() + path.first_entry + path.entries;
        for (int place = 0; place < path.places(); ++place, m += lanes) {
          Lanes sum;
          sum.clear();
          for (; entry != end && entry->place == place; ++entry)
            sum.add_scaled(static_cast<Scalar>(entry->value), y + entry->harmonic * lanes);
          sum.store(m);
        }
      }
    }
  }
  /// The same edge by edge.
  void couple_by_edge(const EdgePlan& plan, bool tangent) {
    couple(plan, tangent);
    for (int part = 0; part < (tangent ? 2 : 1); ++part)
      transpose(places, lanes, matrices + part * places * lanes, rows + part * places * lanes);
  }
  /// The transpose of `couple` for one edge: the gradients with respect to the harmonics, but for
  /// the first one, which is constant. Sums over channels are finished here.
  void uncouple(const EdgePlan& plan, int lane) {
    using Packet = typename Lanes::Packet;
    auto entry = plan.by_harmonic.begin();
    for (int h = 0; h < harmonic_count; ++h) {
      Packet sum = Eigen::internal::pset1<Packet>(Scalar{0});
      for (; entry != plan.by_harmonic.end() && entry->harmonic == h; ++entry)
        sum = Eigen::internal::pmadd(
            Eigen::internal::pset1<Packet>(static_cast<Scalar>(entry->value)),
            Eigen::internal::ploadu<Packet>(overlap(entry->place)), sum);
      gradient[h * lanes + lane] = Eigen::internal::predux(sum);
    }
  }

  /// to = from^T
  static void transpose(int rows, int columns, const Scalar* from, Scalar* to) {
    for (int c = 0; c < columns; ++c)
      for (int r = 0; r < rows; ++r) *to++ = from[r * columns + c];
  }
  /// The number at a place, those at the following places `lanes` numbers apart.
  Numbers<Scalar> entry(int lane, int place) const {
    const Scalar* const m = matrices + place * lanes + lane;
    return {m, m + places * lanes};
  }
  /// The same side by side, after couple_by_edge; and the gradients.
  Numbers<Scalar> row(int lane, int place) const {
    const Scalar* const m = rows + lane * places + place;
    return {m, m + places * lanes};
  }
  /// The gradient with respect to M of one edge: a packet, whose sum it is.
  Scalar* overlap(int place) const { return overlaps + place * Lanes::width; }

  int harmonic_count, places, first = 0, count = 0;
  int receiver[lanes];
  std::ptrdiff_t weights[lanes], features[lanes];  ///< first numbers of the edge, of its sender
  Scalar *harmonics, *gradient, *matrices, *rows, *overlaps;
};

}  // namespace gsteer::detail
