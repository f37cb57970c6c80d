// SPDX-License-Identifier: MIT
// The notation of e3nn and its algebra, at compile time.
#include <type_traits>

#include "gsteer/representation/irreps.hpp"

using namespace gsteer;

namespace {

template <auto A, auto B>
constexpr bool same = std::is_same_v<features_of<A>, features_of<B>>;

// One spelling for one representation.
static_assert(same<irreps<"1x0e">, trivial<O<3>>>);
static_assert(same<irreps<"32x0e + 16x1o+8x2e">,
                   32 * trivial<O<3>> + 16 * irrep<O<3>, 1, 1> + 8 * irrep<O<3>, 0, 2>>);
static_assert(irreps<"32x0e + 16x1o"> == 32 * trivial<O<3>> + 16 * irrep<O<3>, 1, 1>);
static_assert(same<irreps<"  3 x 1 o+0e ">, irreps<"3x1o+1x0e">>);
static_assert(same<irreps<"0y+1y+2y+3y">, irreps<"0e+1o+2e+3o">>);
static_assert(same<irreps<"2x1o+3x1o">, irreps<"5x1o">>);
static_assert(same<irreps<"2x1o+0x5e+3x1o">, irreps<"5x1o">>);
static_assert(!same<irreps<"1o+1e">, irreps<"1e+1o">>);
static_assert(!same<irreps<"1o">, irreps<"1e">>);
static_assert(irreps<"32x0e+16x1o+8x2e">.size() == 32 + 48 + 40);
static_assert(irreps<"10x12o">.size() == 250);
static_assert(same<irreps<"4x0e"> + irreps<"1o">, irreps<"4x0e+1o">>);
static_assert(same<2 * irreps<"4x0e+1o">, irreps<"8x0e+2x1o">>);

// Blocks stay in the value until features_of merges them.
static_assert(irrep_list(irreps<"2x1o+3x1o+0x0e">).size() == 3);
static_assert(irrep_list<features_of<irreps<"2x1o+3x1o+0x0e">>>() == IrrepList{{{1, 1}, 5}});

// Algebra
static_assert(sorted_irreps<irreps<"2e+1e+3x1o+0e+0o+2x1o">> == irreps<"0o+0e+3x1o+2x1o+1e+2e">);
static_assert(simplified_irreps<irreps<"2x1o+0x2e+3x1o+0e+1o">> == irreps<"5x1o+0e+1o">);
static_assert(filtered_irreps<irreps<"4x0e+2x1o+3x0e+1e">, irreps<"0e+1e">> ==
              irreps<"4x0e+3x0e+1e">);
static_assert(product_of_irreps<irreps<"1o">, irreps<"1o">> == irreps<"0e+1e+2e">);
static_assert(product_of_irreps<irreps<"0e+1o+2e">, irreps<"1e">> == irreps<"0o+1o+2x1e+2o+2e+3e">);
static_assert(product_of_irreps<irreps<"8x0e+4x1o">, irreps<"2x1o">> ==
              irreps<"8x0e+16x1o+8x1e+8x2e">);
static_assert(spherical_harmonics_irreps<3> == irreps<"0e+1o+2e+3o">);
// The tensor product has the same irreps in the basis of products of channels.
static_assert([] {
  const auto content = tensor_product(irreps<"2x0e+1o">, irreps<"1o+3x2e">).content();
  int distinct = 0;
  for (const auto& block : irrep_list(product_of_irreps<irreps<"2x0e+1o">, irreps<"1o+3x2e">>)) {
    if (content.copies(block.label) != block.copies) return false;
    ++distinct;
  }
  return distinct == content.distinct();
}());

static_assert(irrep_count(irrep_list(irreps<"8x0e+4x1o+2e">)) == 13);
static_assert(l_max(irrep_list(irreps<"8x0e+4x1o+0x5e">)) == 1 && l_max(IrrepList{}) == -1);
static_assert(slices(irrep_list(irreps<"8x0e+4x1o+2e">)) ==
              std::vector<IrrepSlice>{{0, 8}, {8, 12}, {20, 5}});

// SO(3): the same without parities.
static_assert(
    same<without_parity<irreps<"2x0e+3x1o+1x1e">>, 2 * trivial<SO<3>> + 4 * irrep<SO<3>, 1>>);
static_assert(same<without_parity<irreps<"1x0o+1x2e">>, trivial<SO<3>> + irrep<SO<3>, 2>>);
static_assert(irrep_list(4 * irrep<SO<3>, 0> + 2 * irrep<SO<3>, 3>) ==
              IrrepList{{{0, 0}, 4}, {{0, 3}, 2}});
static_assert(spherical_harmonics_irreps<2, SO<3>> ==
              trivial<SO<3>> + irrep<SO<3>, 1> + irrep<SO<3>, 2>);
static_assert(product_of_irreps<irrep<SO<3>, 1>, irrep<SO<3>, 1>> ==
              spherical_harmonics_irreps<2, SO<3>>);
static_assert(sorted_irreps<3 * irrep<SO<3>, 1> + trivial<SO<3>>> ==
              trivial<SO<3>> + 3 * irrep<SO<3>, 1>);

// Mistakes: which, and where.
constexpr bool wrong(std::string_view text, irreps_mistake mistake, std::size_t first,
                     std::size_t last) {
  const auto parsed = detail::parse_irreps_text(text);
  return parsed.mistake == mistake && parsed.first == first && parsed.last == last;
}
static_assert(wrong("16x1o + b", irreps_mistake::number_expected, 8, 9));
static_assert(wrong("16x1o +", irreps_mistake::number_expected, 7, 7));
static_assert(wrong("16x1o++0e", irreps_mistake::number_expected, 6, 6));
static_assert(wrong("16xo+0e", irreps_mistake::l_expected, 3, 4));
static_assert(wrong("0e+16x1+1o", irreps_mistake::parity_expected, 7, 7));
static_assert(wrong("0e+16x1p+1o", irreps_mistake::parity_expected, 7, 8));
static_assert(wrong("16x1O", irreps_mistake::parity_expected, 4, 5));
static_assert(wrong("0e 1o", irreps_mistake::plus_expected, 3, 5));
static_assert(wrong("-1x0e", irreps_mistake::number_expected, 0, 5));
static_assert(wrong("1234567x0e", irreps_mistake::number_has_seven_digits, 0, 10));
static_assert(wrong("", irreps_mistake::none, 0, 0));

}  // namespace
