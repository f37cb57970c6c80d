// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstddef>
#include <type_traits>

#include "gsteer/core/parallel.hpp"
#include "gsteer/core/scratch.hpp"
#include "gsteer/field/graph.hpp"
#include "gsteer/layer/kernels/edge_arithmetic.hpp"
#include "gsteer/layer/kernels/edge_block.hpp"
#include "gsteer/layer/kernels/edge_plan.hpp"

namespace gsteer::detail {

/// messages(i) = scale(i) sum over edges into i of W T(Y, x_sender), and its derivatives. Layouts:
/// - x and its gradient: [node][block][component][channel],
/// - weights: [edge][weight],
/// - harmonics: [harmonic][edge],
/// - messages: per group [node][component][column].
///
/// The form is multilinear in weights, harmonics and features. Every result is added in an order
/// that does not depend on threads. Per path and a few edges, the harmonics make the small matrices
/// M of the edges; then M acts on all channels, a tile of components and channels at a time in
/// registers.
template <class Scalar>
class EdgeProduct {
 public:
  /// `scale`: a number for each node, null for ones.
  explicit EdgeProduct(const EdgePlan& plan, const Scalar* scale = nullptr)
      : plan_(&plan), scale_(scale) {}

  /// Messages; with `Dual` as arithmetic their derivative along the tangents of all arguments.
  template <template <class> class Arithmetic>
  void forward(const Graph& graph, Numbers<Scalar> x, Numbers<Scalar> w, Numbers<Scalar> y,
               Scalar* messages) const {
    const int nodes = graph.nodes();
    parallel_pieces(nodes, task_nodes, [&](int first, int last) {
      for (std::size_t g = 0; g < plan_->groups.size(); ++g) {
        const std::ptrdiff_t row = std::ptrdiff_t{plan_->groups[g].size} * plan_->groups[g].columns;
        std::fill_n(messages + plan_->start(static_cast<int>(g), nodes) + first * row,
                    (last - first) * row, Scalar{0});
      }
      Block block(*plan_);
      const int end = graph.received(last);
      for (int e = graph.received(first); e < end; e += lanes) {
        block.begin(graph, *plan_, e, end);
        block.gather(y, graph.edges(), scale_);
        block.couple(*plan_, y.tangent != nullptr);
        for (const EdgePath& path : plan_->paths) {
          block.for_each_receiver([&](int begin, int stop, int receiver) {
            send<Arithmetic>({path, block, w, x, begin, stop},
                             messages + path.messages_of(receiver, nodes));
          });
        }
      }
    });
  }

  /// From the gradient g with respect to the messages to those with respect to features (`gx`, null
  /// if not wanted), weights and harmonics (`gy`, null if not wanted), all overwritten; with
  /// `Dual`, the derivatives of these. The harmonic of degree 0 is constant: its gradient is left
  /// 0.
  template <template <class> class Arithmetic>
  void backward(const Graph& graph, Numbers<Scalar> x, Numbers<Scalar> w, Numbers<Scalar> y,
                Numbers<Scalar> g, Scalar* gx, Scalar* gw, Scalar* gy) const {
    const int nodes = graph.nodes(), edges = graph.edges();
    // Edges as they reach their receivers, whose gradient is the largest thing that is read. What
    // a few groups of receivers give to a sender is added group by group, whatever the threads.
    const int groups = gx ? std::clamp(edges / std::max(nodes, 1), 1, 8) : 8;
    const std::ptrdiff_t size = std::ptrdiff_t{nodes} * plan_->in_channels;
    Scalar* const others = gx ? scratch<Scalar>(Slot::gradient, (groups - 1) * size) : nullptr;
    parallel_for(groups, [&](int group) {
      Scalar* const sums = !gx || group == 0 ? gx : others + (group - 1) * size;
      if (sums) std::fill_n(sums, size, Scalar{0});
      const int first = static_cast<int>(std::ptrdiff_t{edges} * group / groups),
                end = static_cast<int>(std::ptrdiff_t{edges} * (group + 1) / groups);
      Block block(*plan_);
      for (int e = first; e < end; e += lanes) {
        block.begin(graph, *plan_, e, end);
        block.gather(y, edges, scale_);
        block.couple_by_edge(*plan_, y.tangent != nullptr);
        // Edge by edge: its numbers, and those of its sender, lie side by side.
        for (int lane = 0; lane < block.count; ++lane) {
          for (const EdgePath& path : plan_->paths) {
            const Piece piece{path, block, w, x, lane, lane + 1};
            const auto from = g.at(path.messages_of(block.receiver[lane], nodes));
            give_back<Arithmetic>(piece, from, sums, gw);
            if (gy && !path.diagonal) overlap<Arithmetic>(piece, from);
          }
          if (gy) block.uncouple(*plan_, lane);
        }
        if (gy) block.scatter(gy, edges, scale_);
      }
    });
    if (!gx || groups == 1) return;
    parallel_pieces(nodes, task_nodes, [&](int first, int last) {
      for (int group = 1; group < groups; ++group) {
        const Scalar* const sums = others + (group - 1) * size;
        for (auto i = std::ptrdiff_t{first} * plan_->in_channels;
             i < std::ptrdiff_t{last} * plan_->in_channels; ++i)
          gx[i] += sums[i];
      }
    });
  }

 private:
  using Block = EdgeBlock<Scalar>;
  static constexpr int lanes = Block::lanes;
  static constexpr int task_nodes = 8;
  static constexpr int width =
      Eigen::internal::unpacket_traits<typename ManyChannels<Scalar>::type>::size;

  /// One path of the edges in lanes [first, last).
  struct Piece {
    const EdgePath& path;
    Block& block;
    Numbers<Scalar> weights, features;
    int first, last;
  };
  static std::ptrdiff_t weight_place(const Piece& p, int lane) {
    return p.block.weights[lane] + p.path.weight_offset;
  }
  static std::ptrdiff_t feature_place(const Piece& p, int lane, std::ptrdiff_t component) {
    return p.block.features[lane] + p.path.in_offset + component * p.path.channels;
  }

  /// A tile of channels: U packets.
  template <class N, int U_>
  struct Tile {
    using Number = N;
    using Packet = typename N::Packet;
    static constexpr int U = U_;
    static constexpr int step = sizeof(Packet) / sizeof(Scalar);
  };
  /// body(tile, first, last) for the channels of tiles of U packets, of one, and of one channel.
  template <template <class> class Arithmetic, int U, class Body>
  static void for_each_tile(int channels, Body&& body) {
    const int large = channels - channels % (U * width), packed = channels - channels % width;
    if (large > 0) body(Tile<Arithmetic<ManyChannels<Scalar>>, U>{}, 0, large);
    if constexpr (U > 1)
      if (packed > large) body(Tile<Arithmetic<ManyChannels<Scalar>>, 1>{}, large, packed);
    if (channels > packed) body(Tile<Arithmetic<OneChannel<Scalar>>, 1>{}, packed, channels);
  }
  /// body(number, first) for runs of components, the number known when this is compiled: 2 l + 1 in
  /// as few runs as fit the registers; of one channel, one by one.
  template <class Tile, class Body>
  static void for_each_run(int size, Body&& body) {
    for (int i = 0, run = 1; i < size; i += run) {
      if constexpr (Tile::step > 1) {
        const int left = size - i;
        run = left <= 5 ? left : (left < 9 ? (left + 1) / 2 : 5);
        if (run == 5) {
          body(std::integral_constant<int, 5>{}, i);
          continue;
        }
        if (run == 4) {
          body(std::integral_constant<int, 4>{}, i);
          continue;
        }
        if (run == 3) {
          body(std::integral_constant<int, 3>{}, i);
          continue;
        }
      }
      run = 1;
      body(std::integral_constant<int, 1>{}, i);
    }
  }

  /// message(k, u) += sum over edges of w(u) sum over i of M(k, i) x(i, u), for all edges of the
  /// piece, which have one receiver
  template <template <class> class Arithmetic>
  static void send(const Piece& piece, Scalar* message) {
    for_each_tile<Arithmetic, 2>(piece.path.channels, [&](auto tile, int first, int last) {
      using T = decltype(tile);
      const auto at = [&](int k, int u) { return message + k * piece.path.columns + u; };
      if (piece.path.diagonal) {
        for (int k = 0; k < piece.path.out_size; ++k)
          for (int u = first; u < last; u += T::U * T::step)
            send_diagonal<T>(piece, k, u, at(k, u));
        return;
      }
      for_each_run<T>(piece.path.out_size, [&](auto rows, int k) {
        for (int u = first; u < last; u += T::U * T::step)
          send_rows<T, decltype(rows)::value>(piece, k, u, at(k, u));
      });
    });
  }

  template <class Tile, int K>
  static void send_rows(const Piece& p, int k0, int u, Scalar* message) {
    using Number = typename Tile::Number;
    constexpr int U = Tile::U, step = Tile::step;
    const int in = p.path.in_size;
    const std::ptrdiff_t row = p.path.channels;
    SumTile<Tile, K> sum(message, p.path.columns);
    for (int lane = p.first; lane < p.last; ++lane) {
      const auto w = p.weights.at(weight_place(p, lane) + u),
                 x = p.features.at(feature_place(p, lane, 0) + u),
                 m = p.block.entry(lane, p.path.first_place + k0 * in);
      Number weight[U];
      for (int j = 0; j < U; ++j) weight[j] = Number::load(w.value, w.tangent, j * step);
      for (int i = 0; i < in; ++i) {
        Number weighted[U];
        for (int j = 0; j < U; ++j)
          weighted[j] =
              Number::product(weight[j], Number::load(x.value, x.tangent, i * row + j * step));
        for (int k = 0; k < K; ++k) {
          const auto entry = Number::broadcast(m.value, m.tangent, (k * in + i) * lanes);
          for (int j = 0; j < U; ++j)
            sum.at[k][j] = Number::add_result(entry, weighted[j], sum.at[k][j]);
        }
      }
    }
    sum.store(message, p.path.columns);
  }

  /// The same for one component where M is a number.
  template <class Tile>
  static void send_diagonal(const Piece& p, int k, int u, Scalar* message) {
    using Number = typename Tile::Number;
    constexpr int step = Tile::step;
    SumTile<Tile, 1> sum(message, 0);
    for (int lane = p.first; lane < p.last; ++lane) {
      const auto w = p.weights.at(weight_place(p, lane) + u),
                 x = p.features.at(feature_place(p, lane, k) + u),
                 m = p.block.entry(lane, p.path.first_place);
      const Number entry = Number::broadcast(m.value, m.tangent, 0);
      for (int j = 0; j < Tile::U; ++j)
        sum.at[0][j] =
            Number::add_result(Number::product(entry, Number::load(w.value, w.tangent, j * step)),
                               Number::load(x.value, x.tangent, j * step), sum.at[0][j]);
    }
    sum.store(message, 0);
  }

  /// K components of a tile of messages.
  template <class Tile, int K>
  struct SumTile {
    typename Tile::Packet at[K][Tile::U];

    SumTile(const Scalar* from, int columns) {
      for (int k = 0; k < K; ++k)
        for (int j = 0; j < Tile::U; ++j)
          at[k][j] =
              Eigen::internal::ploadu<typename Tile::Packet>(from + k * columns + j * Tile::step);
    }
    void store(Scalar* to, int columns) const {
      for (int k = 0; k < K; ++k)
        for (int j = 0; j < Tile::U; ++j)
          Eigen::internal::pstoreu(to + k * columns + j * Tile::step, at[k][j]);
    }
  };

  /// The transposes of `send` for one edge with respect to x (where gx is not null) and w: both
  /// need
  ///   t(i, u) = sum over k of M(k, i) g(k, u).
  template <template <class> class Arithmetic>
  static void give_back(const Piece& piece, const Numbers<Scalar>& g, Scalar* gx, Scalar* gw) {
    constexpr int U = 2 / Arithmetic<ManyChannels<Scalar>>::packets;
    gw += weight_place(piece, piece.first);
    if (gx) gx += feature_place(piece, piece.first, 0);
    for_each_tile<Arithmetic, U>(piece.path.channels, [&](auto tile, int first, int last) {
      using T = decltype(tile);
      if (piece.path.diagonal) return give_back_diagonal<T>(piece, first, last, g, gx, gw);
      for_each_run<T>(piece.path.in_size, [&](auto components, int i) {
        give_back_rows<T, decltype(components)::value>(piece, i, first, last, g, gx, gw);
      });
    });
  }

  template <class Tile, int I>
  static void give_back_rows(const Piece& p, int i0, int first, int last, const Numbers<Scalar>& g,
                             Scalar* gx, Scalar* gw) {
    using Number = typename Tile::Number;
    using Packet = typename Tile::Packet;
    constexpr int U = Tile::U, step = Tile::step;
    const int in = p.path.in_size, out = p.path.out_size;
    const std::ptrdiff_t row = p.path.channels, columns = p.path.columns;
    const auto m = p.block.row(p.first, p.path.first_place + i0),
               w = p.weights.at(weight_place(p, p.first)),
               x = p.features.at(feature_place(p, p.first, i0));
    if (gx) gx += i0 * row;
    for (int u = first; u < last; u += U * step) {
      Number t[I][U];
      for (int i = 0; i < I; ++i)
        for (int j = 0; j < U; ++j) t[i][j] = Number::zero();
      for (int k = 0; k < out; ++k) {
        Number gradient[U];
        for (int j = 0; j < U; ++j)
          gradient[j] = Number::load(g.value, g.tangent, k * columns + u + j * step);
        for (int i = 0; i < I; ++i) {
          const auto entry = Number::broadcast(m.value, m.tangent, k * in + i);
          for (int j = 0; j < U; ++j) t[i][j] = Number::add(entry, gradient[j], t[i][j]);
        }
      }
      // All that is read comes before what is written: large arrays begin at the same place of a
      // page, and then a read of one waits for a write to the same place of another.
      Packet by_weight[U], by_feature[I][U];
      for (int j = 0; j < U; ++j) {
        const int v = u + j * step;
        by_weight[j] = i0 > 0 ? Eigen::internal::ploadu<Packet>(gw + v)
                              : Eigen::internal::pset1<Packet>(Scalar{0});
        for (int i = 0; i < I; ++i)
          by_weight[j] = Number::add_result(Number::load(x.value, x.tangent, i * row + v), t[i][j],
                                            by_weight[j]);
        const Number weight = Number::load(w.value, w.tangent, v);
        for (int i = 0; i < I && gx; ++i)
          by_feature[i][j] = Number::add_result(weight, t[i][j],
                                                Eigen::internal::ploadu<Packet>(gx + i * row + v));
      }
      for (int j = 0; j < U; ++j) {
        const int v = u + j * step;
        Eigen::internal::pstoreu(gw + v, by_weight[j]);
        for (int i = 0; i < I && gx; ++i)
          Eigen::internal::pstoreu(gx + i * row + v, by_feature[i][j]);
      }
    }
  }

  /// The same where M is a number m: t = m g.
  template <class Tile>
  static void give_back_diagonal(const Piece& p, int first, int last, const Numbers<Scalar>& g,
                                 Scalar* gx, Scalar* gw) {
    using Number = typename Tile::Number;
    using Packet = typename Tile::Packet;
    const std::ptrdiff_t row = p.path.channels, columns = p.path.columns;
    const auto entry = p.block.row(p.first, p.path.first_place),
               w = p.weights.at(weight_place(p, p.first)),
               x = p.features.at(feature_place(p, p.first, 0));
    const Number m = Number::broadcast(entry.value, entry.tangent, 0);
    for (int u = first; u < last; u += Tile::step) {
      const Number weight = Number::product(m, Number::load(w.value, w.tangent, u));
      Number sum = Number::zero();
      for (int i = 0; i < p.path.in_size; ++i) {
        const Number gradient = Number::load(g.value, g.tangent, i * columns + u);
        sum = Number::add(gradient, Number::load(x.value, x.tangent, i * row + u), sum);
        if (!gx) continue;
        Scalar* const to = gx + i * row + u;
        Eigen::internal::pstoreu(
            to, Number::add_result(weight, gradient, Eigen::internal::ploadu<Packet>(to)));
      }
      Eigen::internal::pstoreu(
          gw + u, Number::add_result(m, sum, Eigen::internal::pset1<Packet>(Scalar{0})));
    }
  }

  /// The transpose of `send` for one edge with respect to M: overlap(k, i) = sum over u of w(u)
  /// g(k, u) x(i, u).
  template <template <class> class Arithmetic>
  static void overlap(const Piece& piece, const Numbers<Scalar>& g) {
    for_each_tile<Arithmetic, 1>(piece.path.channels, [&](auto tile, int first, int last) {
      using T = decltype(tile);
      for_each_run<T>(piece.path.in_size, [&](auto components, int i) {
        constexpr int I = decltype(components)::value, K = T::step > 1 ? 2 : 1;
        int k = 0;
        for (; k + K <= piece.path.out_size; k += K)
          overlap_rows<T, K, I>(piece, k, i, first, last, g);
        if (k < piece.path.out_size) overlap_rows<T, 1, I>(piece, k, i, first, last, g);
      });
    });
  }

  template <class Tile, int K, int I>
  static void overlap_rows(const Piece& p, int k0, int i0, int first, int last,
                           const Numbers<Scalar>& g) {
    using Number = typename Tile::Number;
    const std::ptrdiff_t row = p.path.channels, columns = p.path.columns;
    const auto from = g.at(k0 * columns), w = p.weights.at(weight_place(p, p.first)),
               x = p.features.at(feature_place(p, p.first, i0));
    typename Tile::Packet sum[K][I];
    for (int k = 0; k < K; ++k)
      for (int i = 0; i < I; ++i)
        sum[k][i] = Eigen::internal::pset1<typename Tile::Packet>(Scalar{0});
    for (int u = first; u < last; u += Tile::step) {
      const Number weight = Number::load(w.value, w.tangent, u);
      Number weighted[K];
      for (int k = 0; k < K; ++k)
        weighted[k] =
            Number::product(weight, Number::load(from.value, from.tangent, k * columns + u));
      for (int i = 0; i < I; ++i) {
        const Number feature = Number::load(x.value, x.tangent, i * row + u);
        for (int k = 0; k < K; ++k) sum[k][i] = Number::add_result(weighted[k], feature, sum[k][i]);
      }
    }
    for (int k = 0; k < K; ++k)
      for (int i = 0; i < I; ++i) {
        Scalar* const to = p.block.overlap(p.path.first_place + (k0 + k) * p.path.in_size + i0 + i);
        if constexpr (Tile::step > 1) {
          Eigen::internal::pstoreu(to, sum[k][i]);
        } else {  // the channels behind the last packet
          if (first == 0) std::fill_n(to, width, Scalar{0});
          *to += sum[k][i];
        }
      }
  }

  const EdgePlan* plan_;
  const Scalar* scale_;
};

}  // namespace gsteer::detail
