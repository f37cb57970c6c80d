// SPDX-License-Identifier: MIT
#include "gsteer/train/augmentation.hpp"

#include <Eigen/Eigenvalues>
#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <vector>

#include "catch.hpp"
#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/dihedral.hpp"
#include "gsteer/group/orthogonal2.hpp"

using namespace gsteer;
using Catch::Matchers::ContainsSubstring;

namespace {

/// Every item the same noise.
template <auto F>
GridField<F, double> copies_of_noise(int batch, int height, int width) {
  GridField<F, double> f(batch, height, width);
  Rng rng(1);
  for (int i = 0; i < f.channels() * f.points(); ++i)
    for (int b = 0; b < batch; ++b)
      f.item(b).data()[i] = b == 0 ? rng.normal() : f.item(0).data()[i];
  return f;
}

}  // namespace

TEST_CASE("every item is transformed by an element of its own") {
  constexpr auto G = D<4>;
  const auto f = copies_of_noise<regular<G> + irrep<G, 1, 1>>(200, 5, 5);
  std::vector<GridField<regular<G> + irrep<G, 1, 1>, double>> turned;
  for (int i = 0; i < 8; ++i) turned.push_back(transform(dihedral<4>::element_at(i), f));
  Rng rng(2);
  const auto result = random_transform(f, rng);
  std::map<int, int> seen;
  for (int b = 0; b < f.batch(); ++b)
    for (int i = 0; i < 8; ++i)
      if ((result.item(b) - turned[static_cast<std::size_t>(i)].item(b)).cwiseAbs().maxCoeff() <
          1e-12)
        ++seen[i];
  CHECK(seen.size() == 8);
  for (const auto& [element, count] : seen) CHECK(count > 8);
  int total = 0;
  for (const auto& [element, count] : seen) total += count;
  CHECK(total == 200);
}

TEST_CASE("augmentation depends on the generator only") {
  const auto f = copies_of_noise<trivial<SO<2>>>(9, 7, 7);
  const auto draw = [&](int workers) {
    set_threads(workers);
    Rng rng(3);
    const auto moved =
        random_stretch(random_shift(random_transform(f, rng, Resampling::cubic), 2, rng), 0.2, rng);
    set_threads(0);
    return std::vector<double>(moved.values().begin(), moved.values().end());
  };
  CHECK(draw(1) == draw(2));
  CHECK(draw(1) != std::vector<double>(f.values().begin(), f.values().end()));
}

TEST_CASE("shapes that a group changes are refused") {
  Rng rng(1);
  CHECK_THROWS_WITH(random_transform(copies_of_noise<trivial<C<4>>>(1, 3, 5), rng),
                    ContainsSubstring("expected a grid that C4 maps to itself, got 3 x 5"));
  CHECK_THROWS_AS(random_transform(copies_of_noise<trivial<O<2>>>(1, 3, 5), rng), Error);
  CHECK_NOTHROW(random_transform(copies_of_noise<trivial<C<2>>>(3, 3, 5), rng));
}

TEST_CASE("shifts move whole pixels and fill with zeros") {
  const auto f = copies_of_noise<2 * trivial<C<4>>>(400, 3, 4);
  Rng rng(5);
  const auto moved = random_shift(f, 2, rng);
  std::set<std::pair<int, int>> seen;
  for (int b = 0; b < f.batch(); ++b)
    for (int dy = -2; dy <= 2; ++dy)
      for (int dx = -2; dx <= 2; ++dx) {
        bool same = true;
        for (int c = 0; c < 2; ++c)
          for (int y = 0; y < 3; ++y)
            for (int x = 0; x < 4; ++x) {
              const bool inside = y - dy >= 0 && y - dy < 3 && x - dx >= 0 && x - dx < 4;
              same = same && moved(b, c, y, x) == (inside ? f(b, c, y - dy, x - dx) : 0);
            }
        if (same) seen.insert({dy, dx});
      }
  CHECK(seen.size() == 25);
  const auto still = random_shift(f, 0, rng);
  CHECK(std::equal(still.values().begin(), still.values().end(), f.values().begin()));
  CHECK_THROWS_AS(random_shift(f, -1, rng), Error);
  CHECK_THROWS_WITH(random_shift(f, 3, rng),
                    ContainsSubstring("less than the grid of 3 x 4, got 3"));
}

TEST_CASE("shifts work along one axis and three") {
  Rng rng(5);
  GridField<trivial<C<4>>, float, 3> volume(400, Grid<3>{{2, 3, 2}});
  GridField<trivial<C<4>>, float, 1> line(400, Grid<1>{{4}});
  for (int b = 0; b < 400; ++b) {
    volume.item(b)(0, (1 * 3 + 1) * 2 + 0) = 1;
    line.item(b)(0, 2) = 1;
  }
  const auto moved_volume = random_shift(volume, 1, rng);
  const auto moved_line = random_shift(line, 3, rng);
  std::set<int> in_volume, in_line;
  for (int b = 0; b < 400; ++b) {
    for (int i = 0; i < 12; ++i)
      if (moved_volume.item(b)(0, i) == 1) in_volume.insert(i);
    for (int i = 0; i < 4; ++i)
      if (moved_line.item(b)(0, i) == 1) in_line.insert(i);
    CHECK(moved_volume.item(b).sum() <= 1);
  }
  CHECK(in_volume.size() == 12);  // z and x to either end, y anywhere
  CHECK(in_line.size() == 4);
}

TEST_CASE("stretches are symmetric maps about the center, another one for every item") {
  constexpr double amount = 0.1;
  constexpr int items = 400;
  // A vector field that says where each pixel is, and a constant; 8 x 11: a center of each kind.
  GridField<irrep<C<4>, 1> + trivial<C<4>>, double> f(items, 8, 11);
  const auto position = [](int i, int j) { return Eigen::Vector2d(j - 5, 3.5 - i); };
  for (int b = 0; b < items; ++b)
    for (int i = 0; i < 8; ++i)
      for (int j = 0; j < 11; ++j) {
        f(b, 0, i, j) = position(i, j).x();
        f(b, 1, i, j) = position(i, j).y();
        f(b, 2, i, j) = 1;
      }
  for (const auto how : {Resampling::linear, Resampling::cubic}) {
    Rng rng(7);
    const auto moved = random_stretch(f, amount, rng, how);
    const auto at = [&](int b, int i, int j) {
      return Eigen::Vector2d(moved(b, 0, i, j), moved(b, 1, i, j));
    };
    double worst = 0, smallest = 1, largest = 1, across = 0;
    Eigen::Matrix2d mean = Eigen::Matrix2d::Zero();
    std::set<double> seen;
    for (int b = 0; b < items; ++b) {
      Eigen::Matrix2d map;
      map << at(b, 3, 6) - at(b, 3, 5), at(b, 3, 5) - at(b, 4, 5);
      mean += map / items;
      seen.insert(map(0, 0));
      worst = std::max(worst, std::abs(map(0, 1) - map(1, 0)));
      across += map(0, 1) * map(0, 1) / items;
      for (int i = 2; i < 6; ++i)
        for (int j = 3; j < 8; ++j) {
          worst = std::max(worst, (at(b, i, j) - map * position(i, j)).norm());
          worst = std::max(worst, std::abs(moved(b, 2, i, j) - 1));
        }
      const auto factors = Eigen::SelfAdjointEigenSolver<Eigen::Matrix2d>(map).eigenvalues();
      smallest = std::min(smallest, factors[0]);
      largest = std::max(largest, factors[1]);
    }
    CHECK(worst < 1e-12);
    CHECK(seen.size() == items);
    CHECK((mean - Eigen::Matrix2d::Identity()).norm() < 0.2 * amount);
    CHECK(across == Approx(amount * amount / 3).epsilon(0.2));  // uniform in +-amount
    CHECK(smallest > 1 - 2.5 * amount);
    CHECK(smallest < 1 - amount);
    CHECK(largest < 1 + 2.5 * amount);
    CHECK(largest > 1 + amount);
  }
}

TEST_CASE("what is drawn in a picture is stretched by the map that its positions tell") {
  constexpr double width = 4;
  GridField<irrep<C<4>, 1> + trivial<C<4>>, double> f(10, 51, 51);
  const auto position = [](int i, int j) { return Eigen::Vector2d(j - 25, 25 - i); };
  for (int b = 0; b < 10; ++b)
    for (int i = 0; i < 51; ++i)
      for (int j = 0; j < 51; ++j) {
        const auto p = position(i, j);
        f(b, 0, i, j) = p.x();
        f(b, 1, i, j) = p.y();
        f(b, 2, i, j) = std::exp(-p.squaredNorm() / (2 * width * width));
      }
  Rng rng(8);
  const auto moved = random_stretch(f, 0.2, rng, Resampling::cubic);
  for (int b = 0; b < 10; ++b) {
    Eigen::Matrix2d map, moments = Eigen::Matrix2d::Zero();
    map << moved(b, 0, 25, 26), moved(b, 0, 24, 25), moved(b, 1, 25, 26), moved(b, 1, 24, 25);
    double sum = 0;
    for (int i = 0; i < 51; ++i)
      for (int j = 0; j < 51; ++j) {
        const auto p = position(i, j);
        sum += moved(b, 2, i, j);
        moments += moved(b, 2, i, j) * p * p.transpose();
      }
    // The picture at p is what was at map p: a spot as wide as the inverse of the map.
    const Eigen::Matrix2d inverse = map.inverse();
    const Eigen::Matrix2d expected = width * width * inverse * inverse.transpose();
    CHECK((moments / sum - expected).norm() < 0.01 * expected.norm());
    CHECK((moments / sum - width * width * map * map.transpose()).norm() > 0.02 * expected.norm());
  }
}

TEST_CASE("a stretch by nothing is the same picture; wrong amounts are refused") {
  const auto f = copies_of_noise<regular<C<4>>>(3, 6, 7);
  Rng rng(9);
  for (const auto how : {Resampling::linear, Resampling::cubic}) {
    const auto still = random_stretch(f, 0, rng, how);
    CHECK(std::equal(still.values().begin(), still.values().end(), f.values().begin()));
  }
  for (const double amount : {-0.1, 1.0 / 3, std::numeric_limits<double>::quiet_NaN()})
    CHECK_THROWS_WITH(random_stretch(f, amount, rng),
                      ContainsSubstring("random_stretch: expected an amount in [0, 1/3)"));
}
