// SPDX-License-Identifier: MIT
#include "gsteer/field/field.hpp"

#include <utility>

#include "catch.hpp"
#include "gsteer/group/cyclic.hpp"
#include "gsteer/layer/batch_norm.hpp"
#include "gsteer/layer/conv.hpp"
#include "gsteer/layer/global_pooling.hpp"
#include "gsteer/layer/pooling.hpp"
#include "gsteer/train/loss.hpp"

using namespace gsteer;

namespace {

constexpr auto image = trivial<C<4>>;
constexpr auto hidden = 2 * regular<C<4>>;

}  // namespace

TEST_CASE("a moved-from field is a batch of none, which layers and losses refuse") {
  GridField<hidden> x(2, 5, 7), same = x;
  const auto y = std::move(x);
  CHECK(y.batch() == 2);
  CHECK(x.empty());
  CHECK(x.batch() == 0);
  CHECK(x.space() == Grid<2>{});
  Conv2d<hidden, image, 3> conv;
  CHECK_THROWS_AS(conv.forward(x), Error);
  CHECK_THROWS_AS(conv.freeze().forward(x), Error);
  CHECK_THROWS_AS(BatchNorm<hidden>{}.forward(x), Error);
  CHECK_THROWS_AS(MaxPool<hidden>{}.forward(x), Error);
  CHECK_THROWS_AS(GlobalAvgPool<hidden>{}.forward(x), Error);
  CHECK_THROWS_AS(mean_square_error(x, y), Error);
  CHECK_THROWS_AS(mean_square_error(y, x), Error);

  x = std::move(same);
  CHECK(x.batch() == 2);
  CHECK(same.batch() == 0);
  auto& alias = x;
  x = std::move(alias);
  CHECK(x.batch() == 2);
  CHECK(x.size() == y.size());
}

TEST_CASE("a field whose numbers memory cannot hold is refused") {
  CHECK_THROWS_AS((GridField<16 * image>(1 << 30, 32768, 32768)), Error);
  CHECK_THROWS_AS((GridField<image>(1, 65536, 65536)), Error);
  CHECK_THROWS_AS((GridField<image>(0, 4, 4)), Error);
  CHECK_THROWS_AS((GridField<image>(1, 4, -4)), Error);
}
