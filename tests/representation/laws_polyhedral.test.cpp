// SPDX-License-Identifier: MIT
#include "catch.hpp"
#include "gsteer/check/representation_laws.hpp"
#include "gsteer/group/axial.hpp"
#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/dihedral.hpp"
#include "gsteer/group/full_tetrahedral.hpp"
#include "gsteer/group/subgroup_polyhedral.hpp"
#include "gsteer/representation/representation.hpp"

using namespace gsteer;
using Catch::Matchers::ContainsSubstring;

namespace {

/// Checks every field of a representation.
template <auto F>
void laws_hold() {
  const auto report = check_representation<F>(Rng{30});
  for (const auto& text : report.complaints(1e-11)) FAIL_CHECK(text);
  CHECK(report.laws.size() > 5);
}

template <auto G>
constexpr auto five_irreps = irrep<G, 0> + irrep<G, 1> + irrep<G, 2> + irrep<G, 3> + irrep<G, 4>;

}  // namespace

TEST_CASE("the irreps of polyhedral groups") {
  laws_hold<trivial<tetrahedral> + irrep<tetrahedral, 1> + irrep<tetrahedral, 2>>();
  laws_hold<five_irreps<octahedral>>();
  laws_hold<five_irreps<icosahedral>>();
  laws_hold<five_irreps<full_tetrahedral>>();
  laws_hold<irrep<full_icosahedral, 1, 0> + irrep<full_icosahedral, 1, 4>>();
  CHECK(five_irreps<octahedral>.size() == 10);
  CHECK(five_irreps<icosahedral>.size() == 16);
}

TEST_CASE("regular and quotient representations of polyhedral groups") {
  laws_hold<regular<tetrahedral>>();
  laws_hold<regular<octahedral>>();
  laws_hold<regular<icosahedral>>();
  laws_hold<regular<pyritohedral>>();
  laws_hold<regular<full_octahedral>>();
  laws_hold<quotient<octahedral, C<4>> + quotient<octahedral, D<4>>>();
  laws_hold<quotient<octahedral, tetrahedral>>();
  laws_hold<quotient<icosahedral, tetrahedral> + quotient<icosahedral, C<2>>>();
  laws_hold<quotient<full_octahedral, D<4>> + quotient<full_octahedral, octahedral>>();
  laws_hold<quotient<tetrahedral, C<3>>>();
  laws_hold<quotient<octahedral, C<3>>>();
  laws_hold<quotient<icosahedral, C<5>> + quotient<icosahedral, C<3>>>();
  CHECK(quotient<octahedral, C<4>>.size() == 6);  // the faces of a cube
  CHECK(quotient<icosahedral, C<5>>.size() == 12);
  // Functions on the vertices of the icosahedron: 1 + 3 + 3 + 5.
  constexpr auto vertices = quotient<icosahedral, C<5>>.content();
  STATIC_REQUIRE(vertices.distinct() == 4);
  STATIC_REQUIRE(vertices.copies({0, 4}) == 0);
  CHECK(quotient<icosahedral, tetrahedral>.size() == 5);
  // A_5 acts on five things: 5 = 1 + 4.
  constexpr auto five = quotient<icosahedral, tetrahedral>.content();
  STATIC_REQUIRE(five.copies({0, 0}) == 1);
  STATIC_REQUIRE(five.copies({0, 4}) == 1);
  // The mirror images of a chiral function: the sign of the inversion.
  STATIC_REQUIRE(quotient<full_octahedral, octahedral>.content().copies({1, 0}) == 1);
}

TEST_CASE("regular and quotient representations about an axis") {
  laws_hold<regular<about_z<C<4>>>>();
  laws_hold<regular<about_z<D<3>, O<3>>> + irrep<about_z<D<3>, O<3>>, 1, 1>>();
  laws_hold<quotient<about_z<D<4>>, about_z<C<2>>> + quotient<about_z<D<4>>, about_z<D<2>>>>();
  laws_hold<quotient<octahedral, about_z<D<4>>>>();
  CHECK(quotient<octahedral, about_z<D<4>>>.size() == 3);  // the axes of the cube
}

TEST_CASE("of a regular representation each irrep has as many copies as its size over dim End") {
  constexpr auto t = regular<tetrahedral>.content();
  STATIC_REQUIRE(t.copies({0, 0}) == 1);
  STATIC_REQUIRE(t.copies({0, 1}) == 3);
  STATIC_REQUIRE(t.copies({0, 2}) == 1);
  constexpr auto i = regular<full_icosahedral>.content();
  STATIC_REQUIRE(i.copies({1, 2}) == 5);
  STATIC_REQUIRE(regular<full_icosahedral>.size() == 120);
}

TEST_CASE("restricted from SO(3) and O(3), and to smaller groups") {
  constexpr auto so3 = irrep<SO<3>, 1> + irrep<SO<3>, 2> + irrep<SO<3>, 3>;
  constexpr auto o3 = irrep<O<3>, 1, 1> + irrep<O<3>, 0, 2> + irrep<O<3>, 1, 2> + irrep<O<3>, 1, 3>;
  laws_hold<restrict_to<tetrahedral>(so3)>();
  laws_hold<restrict_to<octahedral>(so3)>();
  laws_hold<restrict_to<icosahedral>(so3)>();
  laws_hold<restrict_to<octahedral>(o3)>();
  laws_hold<restrict_to<full_octahedral>(o3)>();
  laws_hold<restrict_to<full_tetrahedral>(o3)>();
  laws_hold<restrict_to<full_icosahedral>(o3)>();
  laws_hold<restrict_to<about_z<D<4>>>(so3)>();
  laws_hold<restrict_to<about_z<D<4>, O<3>>>(o3)>();
  laws_hold<restrict_to<tetrahedral>(regular<octahedral>)>();
  laws_hold<restrict_to<D<4>>(five_irreps<octahedral>)>();
  laws_hold<restrict_to<about_z<D<4>>>(five_irreps<octahedral>)>();
  laws_hold<restrict_to<full_tetrahedral>(regular<full_octahedral>)>();
  laws_hold<restrict_to<tetrahedral>(five_irreps<full_tetrahedral>)>();
}

TEST_CASE("induced, tensor products, duals of polyhedral groups") {
  laws_hold<induce<octahedral>(irrep<tetrahedral, 1> + irrep<tetrahedral, 2>)>();
  laws_hold<induce<octahedral>(irrep<C<4>, 1>)>();
  laws_hold<induce<full_octahedral>(irrep<octahedral, 2>)>();
  laws_hold<tensor_product(irrep<tetrahedral, 2>, irrep<tetrahedral, 2>)>();
  laws_hold<tensor_product(irrep<icosahedral, 1>, irrep<icosahedral, 3> + irrep<icosahedral, 4>)>();
  laws_hold<tensor_product(irrep<full_octahedral, 1, 1>, irrep<full_octahedral, 1, 3>)>();
  laws_hold<dual(irrep<octahedral, 3>)>();
  // T1 x T2 = G + H, which tells I from SO(3).
  constexpr auto product = tensor_product(irrep<icosahedral, 1>, irrep<icosahedral, 3>).content();
  STATIC_REQUIRE(product.distinct() == 2);
  STATIC_REQUIRE(product.copies({0, 2}) == 1);
  STATIC_REQUIRE(product.copies({0, 4}) == 1);
}

namespace {

struct wrong_degree : irrep_of<polyhedral<solid::octahedron>, 1> {  // T1 called T2
  static constexpr irrep_content content() {
    irrep_content all;
    all.add({0, 3}, 1);
    return all;
  }
};

}  // namespace

TEST_CASE("a wrong field of a polyhedral group is found out") {
  std::string text;
  for (const auto& complaint : check_representation<wrong_degree>(Rng{1}).complaints())
    text += complaint + "\n";
  CHECK_THAT(text, ContainsSubstring("content() is what the characters say"));
}
