// SPDX-License-Identifier: MIT
#include "gsteer/representation/irreps.hpp"

#include <string>

#include "catch.hpp"

using namespace gsteer;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("the parser at run time reads what the compiler reads") {
  CHECK(parse_irreps("32x0e + 16x1o + 8x2e") == irrep_list(irreps<"32x0e + 16x1o + 8x2e">));
  CHECK(parse_irreps("3y+0y").size() == 2);
}

TEST_CASE("to_string is what the parser reads, and e3nn") {
  CHECK(to_string(parse_irreps(" 4 x 0e+1o + 2x3y")) == "4x0e+1x1o+2x3o");
  CHECK(to_string(IrrepList{}).empty());
  Rng rng(1);
  for (int run = 0; run < 50; ++run) {
    IrrepList list;
    for (int i = rng.below(6); i > 0; --i)
      list.push_back({{rng.below(2), rng.below(13)}, rng.below(200)});
    CHECK(parse_irreps(to_string(list)) == list);
    const auto order = sorted(list);
    CHECK(channels(order) == channels(list));
    for (std::size_t i = 1; i < order.size(); ++i)
      CHECK(!sorts_before(order[i].label, order[i - 1].label));
    CHECK(channels(simplified(order)) == channels(list));
    int offset = 0;
    for (const auto& slice : slices(list)) {
      CHECK(slice.offset == offset);
      offset += slice.size;
    }
    CHECK(offset == channels(list));
  }
}

TEST_CASE("a mistake is named with its place") {
  CHECK_THROWS_WITH(parse_irreps("16x0e + 8x1z + 2e"),
                    ContainsSubstring("parity") && ContainsSubstring("\"z\" at position 11"));
  CHECK_THROWS_WITH(parse_irreps("16x0e 8x1o"), ContainsSubstring("expected +"));
  CHECK_THROWS_WITH(parse_irreps("1o+"), ContainsSubstring("position 3"));
  CHECK_THROWS_AS(parse_irreps("16x"), Error);
  CHECK_THROWS_AS(parse_irreps("1.5x0e"), Error);
  CHECK_THROWS_AS(parse_irreps("9999999x0e"), Error);
  CHECK_THROWS_AS(parse_irreps(std::string_view("0e\0", 3)), Error);
}

TEST_CASE("the field of each block acts by the irrep of its label") {
  constexpr auto r = irreps<"2x0e+1x0o+2x1o+1x2e">;
  using G = features_of<r>::group;
  Rng rng(2);
  const auto g = G::sample(rng);
  const auto matrix = representation_matrix<r>(g);
  const auto list = irrep_list(r);
  const auto places = slices(list);
  Eigen::MatrixXd expected = Eigen::MatrixXd::Zero(r.size(), r.size());
  for (std::size_t b = 0; b < list.size(); ++b)
    for (int u = 0; u < list[b].copies; ++u) {
      const int d = irrep_dimension(list[b].label), at = places[b].offset + u * d;
      expected.block(at, at, d, d) = G::irrep_matrix(list[b].label, g);
    }
  CHECK((matrix - expected).norm() < 1e-15);
}
