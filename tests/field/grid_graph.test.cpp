// SPDX-License-Identifier: MIT
#include "gsteer/field/grid_graph.hpp"

#include <cmath>
#include <cstdlib>

#include "catch.hpp"

using namespace gsteer;

namespace {

/// The edges from all pairs of points, by their vectors.
template <int Dimension>
void check(const Grid<Dimension>& grid, int taps, double spacing) {
  const Eigen::MatrixXd positions = grid_positions(grid, spacing);
  const Graph graph = grid_graph(grid, taps, spacing);
  REQUIRE(positions.cols() == grid.points());
  REQUIRE(graph.nodes() == grid.points());
  int e = 0;
  for (int i = 0; i < grid.points(); ++i)
    for (int j = 0; j < grid.points(); ++j) {
      const Eigen::Vector3d v = positions.col(j) - positions.col(i);
      if (v.cwiseAbs().maxCoeff() > (taps / 2 + 0.1) * spacing) continue;
      REQUIRE(e < graph.edges());
      CHECK(graph.senders()[static_cast<std::size_t>(e)] == j);
      CHECK(graph.receivers()[static_cast<std::size_t>(e)] == i);
      CHECK((graph.vectors().col(e) - v).norm() < 1e-15);
      ++e;
    }
  CHECK(e == graph.edges());
}

}  // namespace

TEST_CASE("grid_graph joins the points of each window", "[graph]") {
  check(Grid<1>{{6}}, 5, 1);
  check(Grid<2>{{4, 5}}, 3, 0.25);
  check(Grid<2>{{2, 7}}, 5, 1);
  check(Grid<3>{{3, 4, 5}}, 3, 2);
  check(Grid<2>{{3, 3}}, 1, 1);
  CHECK_THROWS_AS(grid_graph(Grid<2>{{3, 3}}, 2), Error);
  CHECK_THROWS_AS(grid_graph(Grid<2>{{3, 3}}, -1), Error);
}

TEST_CASE("grid_positions: x along the last axis, y and z against theirs", "[graph]") {
  const Eigen::MatrixXd p = grid_positions(Grid<3>{{2, 3, 4}}, 0.5);
  for (int z = 0; z < 2; ++z)
    for (int y = 0; y < 3; ++y)
      for (int x = 0; x < 4; ++x)
        CHECK(p.col((z * 3 + y) * 4 + x) == Eigen::Vector3d(0.5 * x, -0.5 * y, -0.5 * z));
}
