// SPDX-License-Identifier: MIT
#include "gsteer/train/batches.hpp"

#include <algorithm>
#include <map>
#include <numeric>

#include "catch.hpp"
#include "gsteer/group/cyclic.hpp"

using namespace gsteer;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("an epoch has every item once") {
  const Batches batches(10, 4, {.seed = 1});
  const auto epoch = batches.epoch(3);
  REQUIRE(epoch.size() == 3);
  CHECK(batches.count() == 3);
  CHECK(epoch[1].size() == 4);
  CHECK(epoch[2].size() == 2);
  std::vector<int> all;
  for (const auto& batch : epoch) all.insert(all.end(), batch.begin(), batch.end());
  CHECK(all == batches.order(3));
  std::sort(all.begin(), all.end());
  std::vector<int> expected(10);
  std::iota(expected.begin(), expected.end(), 0);
  CHECK(all == expected);
}

TEST_CASE("an epoch depends on the seed and its number only") {
  const Batches a(100, 7, {.seed = 1}), b(100, 7, {.seed = 1}), c(100, 7, {.seed = 2});
  static_cast<void>(a.epoch(0));
  CHECK(a.epoch(5) == b.epoch(5));
  CHECK(a.epoch(5) != a.epoch(6));
  CHECK(a.epoch(5) != c.epoch(5));
  CHECK(a.epoch(6) != c.epoch(5));
  const Batches ordered(5, 2, {.shuffle = false});
  CHECK(ordered.epoch(7) == std::vector<std::vector<int>>{{0, 1}, {2, 3}, {4}});
}

TEST_CASE("all orders are equally likely") {
  std::map<std::vector<int>, int> seen;
  const Batches batches(4, 1, {.seed = 8});
  for (int epoch = 0; epoch < 24'000; ++epoch) ++seen[batches.order(epoch)];
  REQUIRE(seen.size() == 24);
  double chi_squared = 0;
  for (const auto& [order, count] : seen) chi_squared += (count - 1000.0) * (count - 1000.0) / 1000;
  CHECK(chi_squared < 49.7);  // 23 degrees of freedom, probability 0.001
}

TEST_CASE("a last batch that is not full can be left out") {
  const Batches batches(10, 4, {.drop_last = true});
  CHECK(batches.count() == 2);
  CHECK(batches.epoch(0).size() == 2);
  CHECK(Batches(8, 4, {.drop_last = true}).epoch(1).size() == 2);
  CHECK(Batches(8, 4).epoch(1).size() == 2);
}

TEST_CASE("items are selected by their index") {
  GridField<irrep<C<4>, 1>> all(3, 2, 2);
  for (std::size_t i = 0; i < all.size(); ++i) all.data()[i] = static_cast<float>(i);
  const auto some = select(all, std::vector<int>{2, 0, 2});
  REQUIRE(some.batch() == 3);
  CHECK(some.item(0) == all.item(2));
  CHECK(some.item(1) == all.item(0));
  CHECK(some.item(2) == all.item(2));
  CHECK(select(std::vector<int>{7, 8, 9}, std::vector<int>{2, 1}) == std::vector<int>{9, 8});
  CHECK_THROWS_WITH(select(all, std::vector<int>{3}),
                    ContainsSubstring("expected items in [0, 3), got 3"));
  CHECK_THROWS_AS(select(std::vector<int>{7}, std::vector<int>{-1}), Error);
}

TEST_CASE("batches refuse what makes no sense") {
  CHECK_THROWS_AS(Batches(0, 4), Error);
  CHECK_THROWS_AS(Batches(4, 0), Error);
  CHECK_THROWS_AS(Batches(3, 4, {.drop_last = true}), Error);
  CHECK_THROWS_AS(Batches(3, 4).order(-1), Error);
}
