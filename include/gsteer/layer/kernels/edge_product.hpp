// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstddef>
#include <vector>

#include "gsteer/core/parallel.hpp"
#include "gsteer/field/graph.hpp"

namespace gsteer::detail {

/// One way in which the features of a sender reach its receivers: an input irrep times harmonics of
/// one degree, projected on an output irrep (mode uvu: every channel by itself, with a weight of
/// its own on each edge).
struct EdgePath {
  int in_offset = 0, in_size = 1;  ///< [component][channel] of the sender's row
  int out_size = 1;
  int channels = 0;
  int weight_offset = 0;  ///< in the edge's row of weights
  int group = 0;          ///< the output irrep, one matrix of messages each
  int column = 0;         ///< in that matrix
  int first_entry = 0, entries = 0;
};

/// An entry T(harmonic, k, i) of a coupling: M(k, i) += value Y(harmonic).
struct CouplingEntry {
  int place = 0;  ///< k * in_size + i
  int harmonic = 0;
  double value = 0;
};

/// The messages of one output irrep: rows are [node][component], columns all paths that end there.
struct MessageGroup {
  int size = 1;  ///< components
  int columns = 0;
};

/// The size-erased form of sum over edges of W(edge) T(Y(edge), features of the sender).
struct EdgePlan {
  std::vector<EdgePath> paths;
  std::vector<CouplingEntry> entries;
  std::vector<MessageGroup> groups;
  int in_channels = 0, harmonics = 0, weights = 0;
  int largest = 1;  ///< entries of the largest matrix M

  /// Where the rows of a node begin in the messages of a group, for n nodes.
  std::ptrdiff_t start(int group, int nodes) const {
    std::ptrdiff_t at = 0;
    for (int g = 0; g < group; ++g) {
      const auto& messages = groups[static_cast<std::size_t>(g)];
      at += std::ptrdiff_t{nodes} * messages.size * messages.columns;
    }
    return at;
  }
  std::ptrdiff_t message_size(int nodes) const {
    return start(static_cast<int>(groups.size()), nodes);
  }
};

// What a kernel works on at a time: as many channels as the machine has lanes, or one. Tags,
// because g++ warns of vector types as template arguments.
template <class Scalar>
struct ManyChannels {
  using type = typename Eigen::internal::packet_traits<Scalar>::type;
};
template <class Scalar>
struct OneChannel {
  using type = Scalar;
};

/// A packet of channels, and the same with a derivative along some direction: the product rule then
/// gives the tangents of every kernel below from its own text.
template <class Channels>
struct Plain {
  using Packet = typename Channels::type;
  Packet value;

  template <class Scalar>
  static Plain load(const Scalar* v, const Scalar*, std::ptrdiff_t i) {
    return {Eigen::internal::ploadu<Packet>(v + i)};
  }
  template <class Scalar>
  static Plain broadcast(const Scalar* v, const Scalar*, std::ptrdiff_t i) {
    return {Eigen::internal::pset1<Packet>(v[i])};
  }
  static Plain product(const Plain& a, const Plain& b) {
    return {Eigen::internal::pmul(a.value, b.value)};
  }
  /// c + a b
  static Plain add(const Plain& a, const Plain& b, const Plain& c) {
    return {Eigen::internal::pmadd(a.value, b.value, c.value)};
  }
  const Packet& result() const { return value; }
};

template <class Channels>
struct Dual {
  using Packet = typename Channels::type;
  Packet value, tangent;

  template <class Scalar>
  static Dual load(const Scalar* v, const Scalar* t, std::ptrdiff_t i) {
    return {Eigen::internal::ploadu<Packet>(v + i), Eigen::internal::ploadu<Packet>(t + i)};
  }
  template <class Scalar>
  static Dual broadcast(const Scalar* v, const Scalar* t, std::ptrdiff_t i) {
    return {Eigen::internal::pset1<Packet>(v[i]), Eigen::internal::pset1<Packet>(t[i])};
  }
  static Dual product(const Dual& a, const Dual& b) {
    return {Eigen::internal::pmul(a.value, b.value),
            Eigen::internal::pmadd(a.value, b.tangent, Eigen::internal::pmul(a.tangent, b.value))};
  }
  static Dual add(const Dual& a, const Dual& b, const Dual& c) {
    return {Eigen::internal::pmadd(a.value, b.value, c.value),
            Eigen::internal::pmadd(a.value, b.tangent,
                                   Eigen::internal::pmadd(a.tangent, b.value, c.tangent))};
  }
  const Packet& result() const { return tangent; }
};

/// Numbers, and (for dual arithmetic) their derivatives in an array of the same layout.
template <class Scalar>
struct Numbers {
  const Scalar* value = nullptr;
  const Scalar* tangent = nullptr;

  Numbers at(std::ptrdiff_t i) const { return {value + i, tangent ? tangent + i : nullptr}; }
};

/// messages(i) = sum over edges into i of W T(Y, x_sender), and its derivatives. Layouts:
/// - x and its gradient: [node][block][component][channel],
/// - weights: [edge][weight],
/// - harmonics: [harmonic][edge],
/// - messages: per group [node][component][column].
///
/// The form is multilinear in weights, harmonics and features. `forward` runs over edges as they
/// reach their receiver, `backward` as they leave their sender, so that each result is written by
/// one thread and in one order.
template <class Scalar>
class EdgeProduct {
 public:
  explicit EdgeProduct(const EdgePlan& plan) : plan_(&plan) {}

  /// Messages; with `Dual` as arithmetic their derivative along the tangents of all arguments.
  template <template <class> class Arithmetic>
  void forward(const Graph& graph, Numbers<Scalar> x, Numbers<Scalar> w, Numbers<Scalar> y,
               Scalar* messages) const {
    const int nodes = graph.nodes();
    for_each_task(nodes, [&](int first, int last) {
      for (std::size_t g = 0; g < plan_->groups.size(); ++g) {
        const std::ptrdiff_t row = std::ptrdiff_t{plan_->groups[g].size} * plan_->groups[g].columns;
        std::fill_n(messages + plan_->start(static_cast<int>(g), nodes) + first * row,
                    (last - first) * row, Scalar{0});
      }
      Block block(*plan_);
      for (int e0 = graph.received(first); e0 < graph.received(last); e0 += lanes) {
        const int count = std::min(lanes, graph.received(last) - e0);
        for (int lane = 0; lane < count; ++lane) block.edge[lane] = e0 + lane;
        block.gather(y, graph.edges(), count);
        const std::size_t paths = plan_->paths.size();
        for (std::size_t p = 0; p < paths; ++p) {
          const EdgePath& path = plan_->paths[p];
          block.couple(*plan_, path, y.tangent != nullptr);
          const int columns = plan_->groups[static_cast<std::size_t>(path.group)].columns;
          const std::ptrdiff_t start = plan_->start(path.group, nodes) + path.column;
          for (int lane = 0; lane < count; ++lane) {
            const int e = block.edge[lane];
            const auto k = static_cast<std::size_t>(e);
            const std::ptrdiff_t receiver = graph.receivers()[k], sender = graph.senders()[k];
            send<Arithmetic>(path, block.matrix(lane),
                             w.at(std::ptrdiff_t{e} * plan_->weights + path.weight_offset),
                             x.at(sender * plan_->in_channels + path.in_offset),
                             messages + start + receiver * path.out_size * columns, columns);
          }
        }
      }
    });
  }

  /// From the gradient with respect to the messages to those with respect to features (`gx`),
  /// weights and harmonics (`gy`, null if not wanted), all overwritten; with
  /// `Dual`, the derivatives of these.
  template <template <class> class Arithmetic>
  void backward(const Graph& graph, Numbers<Scalar> x, Numbers<Scalar> w, Numbers<Scalar> y,
                Numbers<Scalar> g, Scalar* gx, Scalar* gw, Scalar* gy) const {
    const int nodes = graph.nodes();
    for_each_task(nodes, [&](int first, int last) {
      std::fill_n(gx + std::ptrdiff_t{first} * plan_->in_channels,
                  std::ptrdiff_t{last - first} * plan_->in_channels, Scalar{0});
      Block block(*plan_);
      for (int s0 = graph.sent(first); s0 < graph.sent(last); s0 += lanes) {
        const int count = std::min(lanes, graph.sent(last) - s0);
        for (int lane = 0; lane < count; ++lane)
          block.edge[lane] = graph.sent_edges()[static_cast<std::size_t>(s0 + lane)];
        block.gather(y, graph.edges(), count);
        std::fill(block.gradient.begin(), block.gradient.end(), Scalar{0});
        const std::size_t paths = plan_->paths.size();
        for (std::size_t p = 0; p < paths; ++p) {
          const EdgePath& path = plan_->paths[p];
          block.couple(*plan_, path, y.tangent != nullptr);
          const int columns = plan_->groups[static_cast<std::size_t>(path.group)].columns;
          const std::ptrdiff_t start = plan_->start(path.group, nodes) + path.column;
          for (int lane = 0; lane < count; ++lane) {
            const int e = block.edge[lane];
            const auto k = static_cast<std::size_t>(e);
            const std::ptrdiff_t receiver = graph.receivers()[k], sender = graph.senders()[k];
            const std::ptrdiff_t weight = std::ptrdiff_t{e} * plan_->weights + path.weight_offset;
            const std::ptrdiff_t feature = sender * plan_->in_channels + path.in_offset;
            give_back<Arithmetic>(path, block, lane, w.at(weight), x.at(feature),
                                  g.at(start + receiver * path.out_size * columns), columns,
                                  gx + feature, gw + weight, gy != nullptr);
          }
        }
        for (int lane = 0; gy && lane < count; ++lane)
          for (int h = 0; h < plan_->harmonics; ++h)
            gy[std::ptrdiff_t{h} * graph.edges() + block.edge[lane]] =
                block.gradient[static_cast<std::size_t>(h * lanes + lane)];
      }
    });
  }

 private:
  static constexpr int lanes = 8;  // edges at a time
  static constexpr int width =
      Eigen::internal::unpacket_traits<typename ManyChannels<Scalar>::type>::size;

  /// Nodes in pieces of a few, in parallel.
  template <class Body>
  static void for_each_task(int nodes, Body&& body) {
    constexpr int piece = 8;
    parallel_for((nodes + piece - 1) / piece,
                 [&](int i) { body(i * piece, std::min(nodes, (i + 1) * piece)); });
  }

  /// A few edges, their harmonics [harmonic][lane] and the matrices M of one path [place][lane].
  struct Block {
    explicit Block(const EdgePlan& plan)
        : harmonics(static_cast<std::size_t>(2 * plan.harmonics * lanes)),
          gradient(static_cast<std::size_t>(plan.harmonics * lanes)),
          matrices(static_cast<std::size_t>(2 * plan.largest * lanes)),
          sums(static_cast<std::size_t>(plan.largest * width)),
          harmonic_count(plan.harmonics),
          half(plan.largest * lanes) {}

    void gather(const Numbers<Scalar>& y, int stride, int count) {
      for (int part = 0; part < (y.tangent ? 2 : 1); ++part) {
        const Scalar* const from = part == 0 ? y.value : y.tangent;
        Scalar* const to = harmonics.data() + part * harmonic_count * lanes;
        for (int h = 0; h < harmonic_count; ++h)
          for (int lane = 0; lane < count; ++lane)
            to[h * lanes + lane] = from[std::ptrdiff_t{h} * stride + edge[lane]];
      }
    }

    /// M(k, i) = sum over harmonics of T(harmonic, k, i) Y(harmonic).
    void couple(const EdgePlan& plan, const EdgePath& path, bool tangent) {
      for (int part = 0; part < (tangent ? 2 : 1); ++part) {
        Scalar* const m = matrices.data() + part * half;
        const Scalar* const y = harmonics.data() + part * harmonic_count * lanes;
        std::fill_n(m, path.in_size * path.out_size * lanes, Scalar{0});
        for (int i = path.first_entry; i < path.first_entry + path.entries; ++i) {
          const CouplingEntry& entry = plan.entries[static_cast<std::size_t>(i)];
          const auto value = static_cast<Scalar>(entry.value);
          Scalar* const to = m + entry.place * lanes;
          const Scalar* const from = y + entry.harmonic * lanes;
          for (int lane = 0; lane < lanes; ++lane) to[lane] += value * from[lane];
        }
      }
    }
    Numbers<Scalar> matrix(int lane) const {
      return {matrices.data() + lane, matrices.data() + half + lane};
    }

    int edge[lanes]{};
    std::vector<Scalar> harmonics, gradient, matrices, sums;
    int harmonic_count, half;
  };

  /// message(k, u) += w(u) sum over i of M(k, i) x(i, u)
  template <template <class> class Arithmetic>
  static void send(const EdgePath& path, Numbers<Scalar> m, Numbers<Scalar> w, Numbers<Scalar> x,
                   Scalar* message, int columns) {
    int u = 0;
    for (; u + width <= path.channels; u += width)
      send_packet<Arithmetic<ManyChannels<Scalar>>>(path, m, w, x, message, columns, u);
    for (; u < path.channels; ++u)
      send_packet<Arithmetic<OneChannel<Scalar>>>(path, m, w, x, message, columns, u);
  }

  template <class Number>
  static void send_packet(const EdgePath& path, const Numbers<Scalar>& m, const Numbers<Scalar>& w,
                          const Numbers<Scalar>& x, Scalar* message, int columns, int u) {
    switch (path.in_size) {
      case 1:
        return send_sized<Number, 1>(path, m, w, x, message, columns, u);
      case 3:
        return send_sized<Number, 3>(path, m, w, x, message, columns, u);
      case 5:
        return send_sized<Number, 5>(path, m, w, x, message, columns, u);
      default:
        break;
    }
    const Number weight = Number::load(w.value, w.tangent, u);
    for (int k = 0; k < path.out_size; ++k) {
      Number sum{};
      for (int i = 0; i < path.in_size; ++i)
        sum = Number::add(Number::broadcast(m.value, m.tangent, (k * path.in_size + i) * lanes),
                          Number::load(x.value, x.tangent, std::ptrdiff_t{i} * path.channels + u),
                          sum);
      deposit(message + std::ptrdiff_t{k} * columns + u, Number::product(weight, sum).result());
    }
  }

  template <class Number, int Size>
  static void send_sized(const EdgePath& path, const Numbers<Scalar>& m, const Numbers<Scalar>& w,
                         const Numbers<Scalar>& x, Scalar* message, int columns, int u) {
    Number feature[Size];
    for (int i = 0; i < Size; ++i)
      feature[i] = Number::load(x.value, x.tangent, std::ptrdiff_t{i} * path.channels + u);
    const Number weight = Number::load(w.value, w.tangent, u);
    for (int k = 0; k < path.out_size; ++k) {
      Number sum{};
      for (int i = 0; i < Size; ++i)
        sum = Number::add(Number::broadcast(m.value, m.tangent, (k * Size + i) * lanes), feature[i],
                          sum);
      deposit(message + std::ptrdiff_t{k} * columns + u, Number::product(weight, sum).result());
    }
  }

  template <class P>
  static void deposit(Scalar* to, const P& value) {
    Eigen::internal::pstoreu(to, Eigen::internal::padd(Eigen::internal::ploadu<P>(to), value));
  }

  /// The transposes of `send` with respect to x, w and M; that of M goes on to the harmonics.
  template <template <class> class Arithmetic>
  void give_back(const EdgePath& path, Block& block, int lane, Numbers<Scalar> w, Numbers<Scalar> x,
                 Numbers<Scalar> g, int columns, Scalar* gx, Scalar* gw, bool harmonics) const {
    const Numbers<Scalar> m = block.matrix(lane);
    Scalar* const sums = harmonics ? block.sums.data() : nullptr;
    if (sums) std::fill_n(sums, path.in_size * path.out_size * width, Scalar{0});
    int u = 0;
    for (; u + width <= path.channels; u += width)
      give_back_packet<Arithmetic<ManyChannels<Scalar>>>(path, m, w, x, g, columns, gx, gw, sums,
                                                         u);
    for (; u < path.channels; ++u)
      give_back_packet<Arithmetic<OneChannel<Scalar>>>(path, m, w, x, g, columns, gx, gw, sums, u);
    if (!sums) return;
    for (int i = path.first_entry; i < path.first_entry + path.entries; ++i) {
      const CouplingEntry& entry = plan_->entries[static_cast<std::size_t>(i)];
      Scalar sum = 0;
      for (int j = 0; j < width; ++j) sum += sums[entry.place * width + j];
      block.gradient[static_cast<std::size_t>(entry.harmonic * lanes + lane)] +=
          static_cast<Scalar>(entry.value) * sum;
    }
  }

  template <class Number>
  static void give_back_packet(const EdgePath& path, const Numbers<Scalar>& m,
                               const Numbers<Scalar>& w, const Numbers<Scalar>& x,
                               const Numbers<Scalar>& g, int columns, Scalar* gx, Scalar* gw,
                               Scalar* sums, int u) {
    const Number weight = Number::load(w.value, w.tangent, u);
    Number by_weight{};
    for (int k = 0; k < path.out_size; ++k) {
      const Number gradient = Number::load(g.value, g.tangent, std::ptrdiff_t{k} * columns + u);
      const Number weighted = Number::product(weight, gradient);
      Number message{};
      for (int i = 0; i < path.in_size; ++i) {
        const std::ptrdiff_t at = std::ptrdiff_t{i} * path.channels + u;
        const Number entry = Number::broadcast(m.value, m.tangent, (k * path.in_size + i) * lanes);
        const Number feature = Number::load(x.value, x.tangent, at);
        message = Number::add(entry, feature, message);
        deposit(gx + at, Number::product(entry, weighted).result());
        if (sums)
          deposit(sums + (k * path.in_size + i) * width,
                  Number::product(weighted, feature).result());
      }
      by_weight = Number::add(gradient, message, by_weight);
    }
    Eigen::internal::pstoreu(gw + u, by_weight.result());
  }

  const EdgePlan* plan_;
};

}  // namespace gsteer::detail
