// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <memory>
#include <string>
#include <vector>

#include "gsteer/core/error.hpp"

namespace gsteer {

/// A directed edge between two points, by which the receiver hears of the sender.
struct Edge {
  int sender = 0;
  int receiver = 0;
  /// Added to the sender's position: the lattice vector of a periodic image, or zero.
  Eigen::Vector3d shift = Eigen::Vector3d::Zero();
};

namespace detail {

/// Who is joined to whom; does not change when points move.
struct Topology {
  int nodes = 0;
  std::vector<int> sender, receiver;       ///< of each edge; edges are sorted by receiver
  std::vector<int> first_edge;             ///< of each receiver; nodes + 1
  std::vector<int> by_sender, first_sent;  ///< edges in the order of their sender; nodes + 1
  std::vector<int> first_node;             ///< of each graph of a batch; graphs + 1
  std::vector<int> kind;                   ///< of each node
  Eigen::MatrixXd shifts;                  ///< 3 x edges
};

/// For items with keys below count: the items in the order of their keys (stable), and the first
/// position of each key. Counting sort.
[[gnu::cold]] inline void order_by(const std::vector<int>& keys, int count, std::vector<int>& order,
                                   std::vector<int>& first) {
  first.assign(static_cast<std::size_t>(count) + 1, 0);
  for (const int key : keys) ++first[static_cast<std::size_t>(key) + 1];
  for (std::size_t i = 1; i < first.size(); ++i) first[i] += first[i - 1];
  order.resize(keys.size());
  std::vector<int> next(first.begin(), first.end() - 1);
  for (std::size_t i = 0; i < keys.size(); ++i)
    order[static_cast<std::size_t>(next[static_cast<std::size_t>(keys[i])]++)] =
        static_cast<int>(i);
}

/// Points of space, 3 x n, as they are; those of the plane, 2 x n, with z = 0.
[[gnu::cold]] inline Eigen::MatrixXd in_space(const Eigen::MatrixXd& positions, const char* what) {
  expect(positions.rows() == 3 || positions.rows() == 2, what,
         ": expected positions of 3 x n, or of the plane, 2 x n, got ", positions.rows(), " x ",
         positions.cols());
  Eigen::MatrixXd all = Eigen::MatrixXd::Zero(3, positions.cols());
  for (Eigen::Index i = 0; i < positions.cols(); ++i)
    for (Eigen::Index axis = 0; axis < positions.rows(); ++axis) all(axis, i) = positions(axis, i);
  return all;
}

}  // namespace detail

/// Points in space and the edges between them, the space of message passing: one molecule or
/// crystal, or a batch of them (`join`). A value that is cheap to copy; copies share their edges.
///
/// The vector of an edge points from the receiver to the sender, x_sender + shift - x_receiver, so
/// that sum_j K(x_j - x_i) f_j on a graph is what a convolution computes on a grid.
///
/// Positions are 3 x nodes. Wherever they are given, those of the plane may be 2 x nodes; all that
/// is given back (vectors, gradients) has three rows, of which the last is then 0.
class Graph {
 public:
  Graph() = default;

  int nodes() const { return topology_ ? topology_->nodes : 0; }
  int edges() const { return topology_ ? static_cast<int>(topology_->sender.size()) : 0; }
  /// How many graphs were joined into this one; 1 if none were.
  int graphs() const { return topology_ ? static_cast<int>(topology_->first_node.size()) - 1 : 0; }
  /// First node of graph i of a batch; first_node(graphs()) is nodes().
  int first_node(int i) const { return topology_->first_node[static_cast<std::size_t>(i)]; }

  /// Sender and receiver of each edge; sorted by receiver.
  const std::vector<int>& senders() const { return topology_->sender; }
  const std::vector<int>& receivers() const { return topology_->receiver; }
  /// Edges [received(i), received(i + 1)) end at node i.
  int received(int node) const { return topology_->first_edge[static_cast<std::size_t>(node)]; }
  /// sent_edges()[k] for k in [sent(i), sent(i + 1)) start at node i.
  int sent(int node) const { return topology_->first_sent[static_cast<std::size_t>(node)]; }
  const std::vector<int>& sent_edges() const { return topology_->by_sender; }

  /// The kind of each node, such as its chemical element, counted from 0.
  const std::vector<int>& kinds() const { return topology_->kind; }

  /// The vector of each edge, 3 x edges.
  const Eigen::MatrixXd& vectors() const { return vectors_; }

  /// The same edges between points that have moved. \throws Error unless there is a position for
  /// each node, finite where an edge ends
  [[gnu::cold]] Graph moved(const Eigen::MatrixXd& new_positions) const {
    const Eigen::MatrixXd positions = detail::in_space(new_positions, "Graph");
    expect(positions.cols() == nodes(), "Graph: expected positions of ", nodes(), " nodes, got ",
           positions.cols());
    Graph graph = *this;
    graph.vectors_.resize(3, edges());
    for (int e = 0; e < edges(); ++e)
      for (int axis = 0; axis < 3; ++axis) {
        const auto k = static_cast<std::size_t>(e);
        const double x = positions(axis, topology_->sender[k]) + topology_->shifts(axis, e) -
                         positions(axis, topology_->receiver[k]);
        expect(x - x == 0, "Graph: a position of node ", topology_->sender[k], " or ",
               topology_->receiver[k], " is not finite");
        graph.vectors_(axis, e) = x;
      }
    return graph;
  }

  /// From the derivative by the vector of each edge, 3 x edges, to that by the position of each
  /// node, 3 x nodes. \throws Error for another shape
  [[gnu::cold]] Eigen::MatrixXd gather(const Eigen::MatrixXd& by_vector) const {
    expect(by_vector.rows() == 3 && by_vector.cols() == edges(), "Graph: expected 3 x ", edges(),
           " derivatives by the vectors of edges, got ", by_vector.rows(), " x ", by_vector.cols());
    Eigen::MatrixXd by_position = Eigen::MatrixXd::Zero(3, nodes());
    for (int e = 0; e < edges(); ++e)
      for (int axis = 0; axis < 3; ++axis) {
        by_position(axis, topology_->sender[static_cast<std::size_t>(e)]) += by_vector(axis, e);
        by_position(axis, topology_->receiver[static_cast<std::size_t>(e)]) -= by_vector(axis, e);
      }
    return by_position;
  }

  /// From a direction in which each node moves, 3 x nodes, to that of each edge's vector. \throws
  /// Error for another shape
  [[gnu::cold]] Eigen::MatrixXd spread(const Eigen::MatrixXd& by_position) const {
    expect(by_position.rows() == 3 && by_position.cols() == nodes(), "Graph: expected 3 x ",
           nodes(), " directions of nodes, got ", by_position.rows(), " x ", by_position.cols());
    Eigen::MatrixXd by_vector(3, edges());
    for (int e = 0; e < edges(); ++e)
      for (int axis = 0; axis < 3; ++axis)
        by_vector(axis, e) = by_position(axis, topology_->sender[static_cast<std::size_t>(e)]) -
                             by_position(axis, topology_->receiver[static_cast<std::size_t>(e)]);
    return by_vector;
  }

 private:
  friend Graph make_graph(const Eigen::MatrixXd&, const std::vector<Edge>&, std::vector<int>);
  friend Graph join(const std::vector<Graph>&);
  friend Graph with_self_edges(const Graph&);

  std::shared_ptr<const detail::Topology> topology_;
  Eigen::MatrixXd vectors_;
};

/// A graph of given edges; `kinds` is empty (all 0) or has one entry a node. Edges may join a node
/// to itself or stand twice. \throws Error if a size, an index or a position is wrong
[[gnu::cold]] inline Graph make_graph(const Eigen::MatrixXd& positions,
                                      const std::vector<Edge>& edges, std::vector<int> kinds = {}) {
  const int n = static_cast<int>(positions.cols());
  expect(n >= 1, "make_graph: expected at least one point, got none");
  if (kinds.empty()) kinds.assign(static_cast<std::size_t>(n), 0);
  expect(kinds.size() == static_cast<std::size_t>(n), "make_graph: expected the kinds of ", n,
         " points, got ", kinds.size());
  for (const int kind : kinds)
    expect(kind >= 0, "make_graph: expected kinds counted from 0, got ", kind);
  std::vector<int> keys;
  keys.reserve(edges.size());
  for (const Edge& edge : edges) {
    expect(edge.sender >= 0 && edge.sender < n && edge.receiver >= 0 && edge.receiver < n,
           "make_graph: expected edges between ", n, " points, got one from ", edge.sender, " to ",
           edge.receiver);
    keys.push_back(edge.receiver);
  }
  auto topology = std::make_shared<detail::Topology>();
  topology->nodes = n;
  topology->kind = std::move(kinds);
  topology->first_node = {0, n};
  std::vector<int> order;
  detail::order_by(keys, n, order, topology->first_edge);
  topology->shifts.resize(3, static_cast<Eigen::Index>(edges.size()));
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Edge& edge = edges[static_cast<std::size_t>(order[i])];
    topology->sender.push_back(edge.sender);
    topology->receiver.push_back(edge.receiver);
    for (int axis = 0; axis < 3; ++axis)
      topology->shifts(axis, static_cast<Eigen::Index>(i)) = edge.shift(axis);
  }
  detail::order_by(topology->sender, n, topology->by_sender, topology->first_sent);
  Graph graph;
  graph.topology_ = std::move(topology);
  return graph.moved(positions);
}

/// Several graphs side by side as one, so that a network sees them in one pass. \throws Error if
/// there are none
[[gnu::cold]] inline Graph join(const std::vector<Graph>& graphs) {
  expect(!graphs.empty(), "join: expected at least one graph");
  auto all = std::make_shared<detail::Topology>();
  int edges = 0;
  for (const Graph& g : graphs) edges += g.edges();
  all->shifts.resize(3, edges);
  all->first_edge = all->first_sent = all->first_node = {0};
  Graph batch;
  batch.vectors_.resize(3, edges);
  int first = 0;  // edge
  for (const Graph& g : graphs) {
    expect(g.nodes() >= 1, "join: a graph has no points");
    const detail::Topology& part = *g.topology_;
    for (const int s : part.sender) all->sender.push_back(s + all->nodes);
    for (const int r : part.receiver) all->receiver.push_back(r + all->nodes);
    for (const int e : part.by_sender) all->by_sender.push_back(e + first);
    for (std::size_t i = 1; i < part.first_edge.size(); ++i)
      all->first_edge.push_back(part.first_edge[i] + first);
    for (std::size_t i = 1; i < part.first_sent.size(); ++i)
      all->first_sent.push_back(part.first_sent[i] + first);
    for (std::size_t i = 1; i < part.first_node.size(); ++i)
      all->first_node.push_back(part.first_node[i] + all->nodes);
    all->kind.insert(all->kind.end(), part.kind.begin(), part.kind.end());
    for (int e = 0; e < g.edges(); ++e)
      for (int axis = 0; axis < 3; ++axis) {
        all->shifts(axis, first + e) = part.shifts(axis, e);
        batch.vectors_(axis, first + e) = g.vectors_(axis, e);
      }
    first += g.edges();
    all->nodes += part.nodes;
  }
  batch.topology_ = std::move(all);
  return batch;
}

/// The same graph in which every node also hears of itself, by an edge of length zero at the end of
/// those it receives; nodes that do already stay as they are.
[[gnu::cold]] inline Graph with_self_edges(const Graph& graph) {
  if (graph.nodes() == 0) return graph;
  auto all = std::make_shared<detail::Topology>(*graph.topology_);
  all->sender.clear();
  all->receiver.clear();
  all->first_edge = {0};
  std::vector<int> from;  // which edge it was; -1 for a new one
  for (int i = 0; i < graph.nodes(); ++i) {
    bool hears = false;
    const auto add = [&](int sender, int edge) {
      all->sender.push_back(sender);
      all->receiver.push_back(i);
      from.push_back(edge);
    };
    for (int e = graph.received(i); e < graph.received(i + 1); ++e) {
      const int sender = graph.senders()[static_cast<std::size_t>(e)];
      const auto v = graph.vectors().col(e);
      hears = hears || (sender == i && v(0) == 0 && v(1) == 0 && v(2) == 0);
      add(sender, e);
    }
    if (!hears) add(i, -1);
    all->first_edge.push_back(static_cast<int>(from.size()));
  }
  Graph result;
  const auto edges = static_cast<Eigen::Index>(from.size());
  all->shifts = result.vectors_ = Eigen::MatrixXd::Zero(3, edges);
  for (Eigen::Index e = 0; e < edges; ++e) {
    const int old = from[static_cast<std::size_t>(e)];
    for (int axis = 0; axis < 3 && old >= 0; ++axis) {
      all->shifts(axis, e) = graph.topology_->shifts(axis, old);
      result.vectors_(axis, e) = graph.vectors_(axis, old);
    }
  }
  detail::order_by(all->sender, all->nodes, all->by_sender, all->first_sent);
  result.topology_ = std::move(all);
  return result;
}

}  // namespace gsteer
