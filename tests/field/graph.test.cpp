// SPDX-License-Identifier: MIT
#include "gsteer/field/graph.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <tuple>
#include <vector>

#include "catch.hpp"
#include "gsteer/core/random.hpp"
#include "gsteer/field/neighbors.hpp"

using namespace gsteer;
using Catch::Matchers::ContainsSubstring;

namespace {

using Link = std::tuple<int, int, std::array<long, 3>>;  // sender, receiver, vector rounded

Link link(int sender, int receiver, const Eigen::Vector3d& v) {
  return {sender,
          receiver,
          {std::lround(1e6 * v(0)), std::lround(1e6 * v(1)), std::lround(1e6 * v(2))}};
}

std::vector<Link> links(const Graph& graph) {
  std::vector<Link> all;
  for (int e = 0; e < graph.edges(); ++e)
    all.push_back(link(graph.senders()[static_cast<std::size_t>(e)],
                       graph.receivers()[static_cast<std::size_t>(e)], graph.vectors().col(e)));
  std::sort(all.begin(), all.end());
  return all;
}

/// Every pair and every image, one by one.
std::vector<Link> brute_force(const Eigen::MatrixXd& p, double cutoff, const PeriodicBox& box) {
  std::vector<Link> all;
  const auto reach = [&](std::size_t i) { return box.periodic[i] ? 6 : 0; };
  for (int i = 0; i < p.cols(); ++i)
    for (int j = 0; j < p.cols(); ++j)
      for (int a = -reach(0); a <= reach(0); ++a)
        for (int b = -reach(1); b <= reach(1); ++b)
          for (int c = -reach(2); c <= reach(2); ++c) {
            if (i == j && a == 0 && b == 0 && c == 0) continue;
            const Eigen::Vector3d shift = box.cell * Eigen::Vector3d(a, b, c);
            const Eigen::Vector3d v = p.col(j) + shift - p.col(i);
            if (v.norm() < cutoff) all.push_back(link(j, i, v));
          }
  std::sort(all.begin(), all.end());
  return all;
}

Eigen::MatrixXd random_points(int n, Rng& rng, double scale) {
  Eigen::MatrixXd p(3, n);
  for (Eigen::Index i = 0; i < p.size(); ++i) p.data()[i] = scale * (2 * rng.uniform() - 1);
  return p;
}

}  // namespace

TEST_CASE("radius_graph finds what a search of all pairs finds", "[graph]") {
  Rng rng(1);
  for (const int n : {1, 2, 17, 150})
    for (const double cutoff : {0.3, 1.0, 9.0}) {
      const auto p = random_points(n, rng, 2);
      CHECK(links(radius_graph(p, cutoff)) == brute_force(p, cutoff, {}));
    }
  // All in a plane, in a line, in a point.
  for (int flat = 1; flat <= 3; ++flat) {
    auto p = random_points(30, rng, 1);
    for (int axis = 0; axis < flat; ++axis) p.row(axis).setConstant(0.5);
    CHECK(links(radius_graph(p, 0.4)) == brute_force(p, 0.4, {}));
  }
}

TEST_CASE("radius_graph in periodic boxes, triclinic and left-handed ones too", "[graph]") {
  Rng rng(2);
  PeriodicBox box;
  box.cell << 2.0, 0.4, -0.3, 0.1, 1.7, 0.5, 0.2, -0.1, 1.4;
  if (GENERATE(false, true)) box.cell.col(0).swap(box.cell.col(1));
  for (const std::array<bool, 3> periodic :
       {std::array{true, true, true}, std::array{true, false, true},
        std::array{false, true, false}}) {
    box.periodic = periodic;
    // Points outside of the box count as well; the last cutoff is longer than the box.
    for (const double cutoff : {0.5, 1.1, 3.1}) {
      const auto p = random_points(8, rng, 2.5);
      const auto expected = brute_force(p, cutoff, box);
      CHECK(links(radius_graph(p, cutoff, {}, box)) == expected);
      CHECK((cutoff < 3 || !expected.empty()));
    }
  }
  box.periodic = {true, true, true};
  box.cell.col(2) = box.cell.col(1);
  CHECK_THROWS_AS(radius_graph(random_points(3, rng, 1), 1.0, {}, box), Error);
}

TEST_CASE("nearest_neighbor_graph finds the nearest", "[graph]") {
  Rng rng(3);
  for (const int n : {1, 5, 120})
    for (const int k : {1, 4, 200}) {
      auto p = random_points(n, rng, 1);
      p.row(2) *= GENERATE(1.0, 1e-3);
      const Graph graph = nearest_neighbor_graph(p, k);
      for (int i = 0; i < n; ++i) {
        std::vector<double> all;
        for (int j = 0; j < n; ++j)
          if (j != i) all.push_back((p.col(j) - p.col(i)).norm());
        std::sort(all.begin(), all.end());
        all.resize(std::min(all.size(), static_cast<std::size_t>(k)));
        std::vector<double> found;
        for (int e = graph.received(i); e < graph.received(i + 1); ++e)
          found.push_back(graph.vectors().col(e).norm());
        std::sort(found.begin(), found.end());
        REQUIRE(found.size() == all.size());
        for (std::size_t m = 0; m < all.size(); ++m) CHECK(std::abs(found[m] - all[m]) < 1e-14);
      }
    }
}

TEST_CASE("graphs are sorted, joined and moved", "[graph]") {
  Rng rng(4);
  const auto a = random_points(4, rng, 1), b = random_points(3, rng, 1);
  const Graph first = make_graph(a, {{3, 1}, {0, 1}, {1, 0}, {2, 2}}, {5, 0, 1, 1});
  const Graph second = make_graph(b, {{0, 2, Eigen::Vector3d(1, 2, 3)}});
  CHECK(first.senders() == std::vector<int>{1, 3, 0, 2});
  CHECK(first.receivers() == std::vector<int>{0, 1, 1, 2});
  CHECK(first.sent_edges() == std::vector<int>{2, 0, 3, 1});
  CHECK(first.received(1) == 1);
  CHECK(first.received(2) == 3);
  CHECK(first.sent(3) == 3);
  CHECK((first.vectors().col(1) - (a.col(3) - a.col(1))).norm() < 1e-15);

  const Graph both = join({first, second});
  CHECK(both.nodes() == 7);
  CHECK(both.graphs() == 2);
  CHECK(both.first_node(1) == 4);
  CHECK(both.first_node(2) == 7);
  CHECK(both.senders() == std::vector<int>{1, 3, 0, 2, 4});
  CHECK(both.receivers() == std::vector<int>{0, 1, 1, 2, 6});
  CHECK(both.sent_edges() == std::vector<int>{2, 0, 3, 1, 4});
  CHECK(both.kinds() == std::vector<int>{5, 0, 1, 1, 0, 0, 0});
  Eigen::MatrixXd p(3, 7);
  p << a, b;
  p.array() += 0.25;
  CHECK((both.moved(p).vectors() - both.vectors()).cwiseAbs().maxCoeff() < 1e-15);

  // gather is the transpose of spread.
  const auto d = random_points(7, rng, 1), g = random_points(5, rng, 1);
  const double left = (both.spread(d).array() * g.array()).sum();
  CHECK(std::abs(left - (both.gather(g).array() * d.array()).sum()) < 1e-13);
}

TEST_CASE("the order in which edges are given does not matter", "[graph]") {
  Rng rng(5);
  const auto p = random_points(6, rng, 1);
  std::vector<Edge> edges;
  for (int e = 0; e < 40; ++e)  // some join a node to itself, some stand twice
    edges.push_back({rng.below(6), rng.below(6), Eigen::Vector3d(rng.below(2), rng.below(3), 0)});
  edges.push_back(edges.front());
  const auto expected = links(make_graph(p, edges));
  const auto given = edges;
  std::reverse(edges.begin(), edges.end());
  std::rotate(edges.begin(), edges.begin() + 7, edges.end());
  const Graph graph = make_graph(p, edges);
  CHECK(links(graph) == expected);
  CHECK(graph.senders() != make_graph(p, given).senders());
  CHECK(std::is_sorted(graph.receivers().begin(), graph.receivers().end()));
  for (int i = 0; i < 6; ++i) {
    for (int e = graph.received(i); e < graph.received(i + 1); ++e)
      CHECK(graph.receivers()[static_cast<std::size_t>(e)] == i);
    for (int k = graph.sent(i); k < graph.sent(i + 1); ++k) {
      const int e = graph.sent_edges()[static_cast<std::size_t>(k)];
      CHECK(graph.senders()[static_cast<std::size_t>(e)] == i);
    }
  }
  // The control: another shift is another edge.
  edges.back().shift(2) = 1;
  CHECK(links(make_graph(p, edges)) != expected);
}

TEST_CASE("points of the plane are points of space with z = 0", "[graph]") {
  Rng rng(6);
  auto p = random_points(40, rng, 1);
  p.row(2).setZero();
  const Eigen::MatrixXd flat = p.topRows(2);
  CHECK(links(radius_graph(flat, 0.5)) == links(radius_graph(p, 0.5)));
  CHECK(links(nearest_neighbor_graph(flat, 3)) == links(nearest_neighbor_graph(p, 3)));
  const std::vector<Edge> edges{{0, 1}, {4, 1}};
  CHECK(links(make_graph(flat, edges)) == links(make_graph(p, edges)));
  const Eigen::MatrixXd moved = flat.array() + flat.array().square();
  Eigen::MatrixXd expected = Eigen::MatrixXd::Zero(3, 40);
  expected.topRows(2) = moved;
  const Graph graph = make_graph(p, edges);
  CHECK(links(graph.moved(moved)) == links(graph.moved(expected)));
  CHECK(links(graph.moved(moved)) != links(graph));
}

TEST_CASE("with_self_edges: every node hears of itself, once", "[graph]") {
  Rng rng(7);
  const auto p = random_points(4, rng, 1);
  const Eigen::Vector3d shift(1, 0, 0);
  // Node 2 hears of itself already; node 3 of its periodic image, which is another one.
  std::vector<Edge> edges{{1, 0}, {3, 0}, {2, 2}, {3, 3, shift}, {0, 3}};
  const Graph graph =
      with_self_edges(join({make_graph(p, edges, {2, 1, 0, 0}), make_graph(p, {})}));
  std::vector<Edge> expected = edges;
  for (const int node : {0, 1, 3}) expected.push_back({node, node});
  std::vector<Edge> alone;
  for (int node = 0; node < 4; ++node) alone.push_back({node, node});
  const Graph wanted = join({make_graph(p, expected, {2, 1, 0, 0}), make_graph(p, alone)});
  CHECK(links(graph) == links(wanted));
  CHECK(graph.senders() == wanted.senders());
  CHECK(graph.receivers() == wanted.receivers());
  CHECK(graph.sent_edges() == wanted.sent_edges());
  CHECK(graph.kinds() == wanted.kinds());
  CHECK(graph.graphs() == 2);
  for (int i = 0; i <= 8; ++i) {
    CHECK(graph.received(i) == wanted.received(i));
    CHECK(graph.sent(i) == wanted.sent(i));
  }
  Eigen::MatrixXd other(3, 8);
  other << p, random_points(4, rng, 1);
  CHECK(links(graph.moved(other)) == links(wanted.moved(other)));
  CHECK(links(with_self_edges(graph)) == links(graph));
  CHECK(with_self_edges(Graph{}).nodes() == 0);
}

TEST_CASE("graphs refuse what makes no sense", "[graph]") {
  const Eigen::MatrixXd p = Eigen::MatrixXd::Zero(3, 2);
  Eigen::MatrixXd bad = p;
  bad(1, 1) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(make_graph(p, {{0, 2}}), ContainsSubstring("between 2 points"));
  CHECK_THROWS_AS(make_graph(p, {{-1, 0}}), Error);
  CHECK_THROWS_AS(make_graph(p, {}, {1}), Error);
  CHECK_THROWS_AS(make_graph(p, {}, {0, -1}), Error);
  CHECK_THROWS_AS(make_graph(bad, {{0, 1}}), Error);
  CHECK_THROWS_AS(make_graph(Eigen::MatrixXd(3, 0), {}), Error);
  CHECK_THROWS_AS(radius_graph(bad, 1), Error);
  CHECK_THROWS_AS(radius_graph(p, 0), Error);
  CHECK_THROWS_AS(radius_graph(Eigen::MatrixXd::Zero(4, 2), 1), Error);
  CHECK_THROWS_AS(make_graph(p, {{0, 1}}).moved(Eigen::MatrixXd::Zero(3, 1)), Error);
  CHECK_THROWS_AS(nearest_neighbor_graph(p, 0), Error);
  CHECK_THROWS_AS(join({}), Error);
  CHECK_THROWS_AS(make_graph(p, {{0, 1}}).moved(bad), Error);
}
