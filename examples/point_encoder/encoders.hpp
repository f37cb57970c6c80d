// SPDX-License-Identifier: MIT
// Seven encoders of a cloud of points, each made from the one before. Weights are random: what
// holds by construction needs no training.
#pragma once

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "point_encoder/symmetries.hpp"

namespace example {

namespace fields {
inline constexpr auto ones = irreps<"1x0e">;
inline constexpr auto harmonics = irreps<"1x0e + 1x1o + 1x2e">;
inline constexpr auto hidden = irreps<"8x0e + 8x1o + 4x2e">;
inline constexpr auto frame = irreps<"1x0e + 2x1o">;
}  // namespace fields

/// A network of linear maps and silu that knows nothing of space, for rows of numbers.
inline RadialNetwork<double> make_plain_network(int inputs, Rng& rng) {
  RadialNetwork<double> network(inputs, {64}, Features::channels());
  network.initialize(rng);
  return network;
}

/// 0: a plain network for each point, of its coordinates and those of its neighbors.
/// 1: the same, of where the neighbors lie as seen from the point.
class Concatenation {
 public:
  Concatenation(int neighbors, bool relative, Rng& rng)
      : relative_(relative), network_(make_plain_network(3 * (neighbors + 1), rng)) {}

  Features operator()(const Cloud& cloud, bool) const {
    const int width = network_.inputs();
    Features y(cloud.graph.nodes());
    std::vector<double> row(static_cast<std::size_t>(width));
    for (int i = 0; i < y.batch(); ++i) {
      // Stored side by side, so in the order in which they are stored.
      std::vector<int> who{i};
      for (int e = cloud.graph.received(i); e < cloud.graph.received(i + 1); ++e)
        who.push_back(cloud.graph.senders()[static_cast<std::size_t>(e)]);
      std::sort(who.begin() + 1, who.end());
      for (int k = 0; k < width; ++k) {
        const int point = who[static_cast<std::size_t>(k / 3)];
        row[static_cast<std::size_t>(k)] =
            cloud.positions(k % 3, point) - (relative_ ? cloud.positions(k % 3, i) : 0);
      }
      network_.apply(row.data(), 1, &y(i, 0));
    }
    return y;
  }

 private:
  bool relative_;
  RadialNetwork<double> network_;
};

/// 2: a plain network of each relative position, and the sum over the neighbors.
class Sum {
 public:
  explicit Sum(Rng& rng) : network_(make_plain_network(3, rng)) {}

  Features operator()(const Cloud& cloud, bool) const {
    const Graph& graph = cloud.graph;
    Features y(graph.nodes()), messages(graph.edges());
    network_.apply(graph.vectors().data(), graph.edges(), messages.data());
    for (int e = 0; e < graph.edges(); ++e)
      for (int c = 0; c < y.channels(); ++c)
        y(graph.receivers()[static_cast<std::size_t>(e)], c) += messages(e, c);
    return y;
  }

 private:
  RadialNetwork<double> network_;
};

using Lifting = MessagePassing<fields::ones, fields::harmonics, features, double>;
using Messages = SteerableMessagePassing<features, fields::harmonics, fields::hidden, double>;
using Hearing = Attention<features, fields::harmonics, features, double>;
using Pool = GraphPool<features, double>;
using Invariants = VNInvariant<features, fields::frame, double>;

/// 3 to 6: layers of the library one after the other, from points that are all alike.
template <class Net>
class Layers {
 public:
  Layers(Net net, Rng& rng) {
    initialize(net, rng.split());
    net_ = std::make_shared<Frozen>(net.freeze());
  }

  auto operator()(const Cloud& cloud, bool) const {
    PointField<fields::ones, double> x(cloud.graph.nodes());
    std::fill(x.values().begin(), x.values().end(), 1);
    return net_->forward(std::move(x), cloud.graph);
  }

 private:
  using Frozen = decltype(std::declval<const Net&>().freeze());
  std::shared_ptr<const Frozen> net_;
};

/// 6: one description for the whole cloud, the sum over its points, made invariant.
template <class Net>
class Pooled {
 public:
  Pooled(Layers<Net> layers, Rng& rng) : layers_(std::move(layers)) { invariants_.initialize(rng); }

  auto operator()(const Cloud& cloud, bool exact) const {
    Features x = layers_(cloud, exact);
    // The points come in any order, and a sum of rounded numbers depends on it in the last bits.
    // Not so a sum of 2^7 multiples, at most the 2^45-fold, of one number: it takes 52 bits and is
    // exact.
    if (exact) {
      double largest = 0;
      for (const double v : x.values()) largest = std::max(largest, std::abs(v));
      const double unit = std::exp2(std::ilogb(largest) - 44);
      for (auto& v : x.values()) v = unit * std::nearbyint(v / unit);
    }
    return invariants_.freeze().forward(Pool{}.freeze().forward(x, cloud.graph));
  }

 private:
  Layers<Net> layers_;
  Invariants invariants_;
};

}  // namespace example
