// SPDX-License-Identifier: MIT
#include "gsteer/train/augmentation.hpp"

#include <map>
#include <set>

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
    auto moved = random_shift(random_transform(f, rng, Resampling::cubic), 2, rng);
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
