// SPDX-License-Identifier: MIT
#include "catch.hpp"
#include "gsteer/check/representation_laws.hpp"
#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/dihedral.hpp"
#include "gsteer/group/orthogonal2.hpp"
#include "gsteer/group/subgroup_polyhedral.hpp"
#include "gsteer/kernel/spherical_harmonics.hpp"
#include "gsteer/representation/spherical.hpp"

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

}  // namespace

TEST_CASE("band-limited functions on SO(3) and O(3) have as many channels as escnn's") {
  STATIC_REQUIRE(band_limited<SO<3>, 2>.size() == 35);
  STATIC_REQUIRE(band_limited<SO<3>, 3>.size() == 84);
  STATIC_REQUIRE(band_limited<O<3>, 2>.size() == 70);
  STATIC_REQUIRE(band_limited<O<3>, 3>.size() == 168);
  STATIC_REQUIRE(spherical<SO<3>, 0>.size() == 1);
  STATIC_REQUIRE(spherical<SO<3>, 2>.size() == 9);
  STATIC_REQUIRE(spherical<SO<3>, 6>.size() == 49);
  STATIC_REQUIRE(spherical<O<3>, 3>.size() == 16);
  laws_hold<band_limited<SO<3>, 3>>();
}

TEST_CASE("functions on the sphere hold each harmonic once") {
  laws_hold<spherical<SO<3>, 0> + spherical<SO<3>, 2> + spherical<SO<3>, 4>>();
  laws_hold<spherical<O<3>, 0> + spherical<O<3>, 2> + spherical<O<3>, 3>>();
  constexpr auto odd = spherical<O<3>, 3>.content();
  STATIC_REQUIRE(odd.distinct() == 4);
  for (int l = 0; l <= 3; ++l) {
    CHECK(spherical<SO<3>, 3>.content().copies({0, l}) == 1);
    CHECK(odd.copies({l % 2, l}) == 1);
    CHECK(odd.copies({1 - l % 2, l}) == 0);
  }
  CHECK(spherical<O<3>, 2>.content() ==
        (irrep<O<3>, 0, 0> + irrep<O<3>, 1, 1> + irrep<O<3>, 0, 2>).content());
  CHECK(features_of<spherical<O<3>, 2>>::name() == "1 band-limited 2 on O(3) / O(2) of O(3)");
}

TEST_CASE("the invariant of an irrep under turns about the pole is its harmonic there") {
  Eigen::MatrixXd pole(3, 1);
  pole << 0, 0, 1;
  const Eigen::MatrixXd y = spherical_harmonics(8, pole, Normalization::norm);
  using on_so3 = spherical_of<special_orthogonal<3>, 8>;
  using on_o3 = spherical_of<orthogonal<3>, 8>;
  double worst = 0;
  for (int l = 0; l <= 8; ++l) {
    const Eigen::MatrixXd expected = y.middleRows(l * l, 2 * l + 1);
    worst = std::max(worst, (on_so3::invariants({0, l}) - expected).cwiseAbs().maxCoeff());
    worst = std::max(worst, (on_o3::invariants({l % 2, l}) - expected).cwiseAbs().maxCoeff());
  }
  CHECK(worst < 1e-13);
}

namespace {

/// H leaves the invariants alone, they are orthonormal, and as many as content() states.
template <auto G, auto H, int L>
void check_invariants() {
  using Field = band_limited_quotient_of<group_of<G>, group_of<H>, L>;
  CAPTURE(Field::name());
  double moved = 0, off = 0;
  Rng rng(4);
  for (const auto& item : Field::content()) {
    const Eigen::MatrixXd v = Field::invariants(item.label);
    REQUIRE(v.cols() == item.copies);
    for (int i = 0; i < 5; ++i) {
      const auto h = embedding<group_of<H>, group_of<G>>::map(group_of<H>::sample(rng));
      moved = std::max(moved, (group_of<G>::irrep_matrix(item.label, h) * v - v).norm());
    }
    off = std::max(off, (v.transpose() * v - Eigen::MatrixXd::Identity(v.cols(), v.cols())).norm());
  }
  CHECK(moved < 1e-12);
  CHECK(off < 1e-12);
}

}  // namespace

TEST_CASE("functions on other quotients") {
  laws_hold<band_limited_quotient<SO<3>, O<2>, 4>>();  // lines through the origin
  laws_hold<band_limited_quotient<O<3>, SO<2>, 2>>();
  laws_hold<band_limited_quotient<SO<3>, C<3>, 3>>();
  laws_hold<band_limited_quotient<SO<3>, octahedral, 6>>();
  laws_hold<band_limited_quotient<O<3>, full_octahedral, 4>>();
  laws_hold<band_limited_quotient<SO<2>, C<3>, 7>>();
  laws_hold<band_limited_quotient<O<2>, D<1>, 3> + band_limited_quotient<O<2>, SO<2>, 2>>();
  laws_hold<band_limited_quotient<D<6>, D<2>, 3>>();
  STATIC_REQUIRE(band_limited_quotient<SO<3>, O<2>, 4>.size() == 1 + 5 + 9);
  STATIC_REQUIRE(band_limited_quotient<O<3>, SO<2>, 2>.size() == 2 * 9);  // two spheres
  STATIC_REQUIRE(band_limited_quotient<SO<3>, octahedral, 3>.size() == 1);
  STATIC_REQUIRE(band_limited_quotient<SO<3>, octahedral, 6>.size() == 1 + 9 + 13);
  STATIC_REQUIRE(band_limited_quotient<SO<3>, icosahedral, 6>.size() == 1 + 13);
  STATIC_REQUIRE(band_limited_quotient<SO<2>, C<3>, 7>.size() == 1 + 2 + 2);
  STATIC_REQUIRE(band_limited_quotient<O<2>, D<1>, 3>.size() == 7);  // the circle
  STATIC_REQUIRE(band_limited_quotient<D<6>, D<2>, 3>.content() == quotient<D<6>, D<2>>.content());
  // H = {e} leaves the regular representation.
  STATIC_REQUIRE(band_limited_quotient<SO<3>, C<1>, 2>.content() ==
                 band_limited<SO<3>, 2>.content());
  check_invariants<SO<3>, SO<2>, 6>();
  check_invariants<SO<3>, O<2>, 4>();
  check_invariants<SO<3>, C<3>, 4>();
  check_invariants<SO<3>, octahedral, 9>();
  check_invariants<SO<3>, icosahedral, 10>();
  check_invariants<O<3>, full_octahedral, 4>();
  check_invariants<O<2>, D<2>, 6>();
}

TEST_CASE("band-limited functions restricted to the rotations of solids") {
  laws_hold<restrict_to<octahedral>(band_limited<SO<3>, 1> + spherical<SO<3>, 3>)>();
  laws_hold<restrict_to<icosahedral>(band_limited<SO<3>, 1> + spherical<SO<3>, 3>)>();
  laws_hold<restrict_to<full_octahedral>(spherical<O<3>, 3>)>();
  laws_hold<restrict_to<SO<3>>(spherical<O<3>, 2>)>();
  // l = 2 is E + T2 of O, H of I; l = 3 is A2 + T1 + T2 of O, T2 + G of I.
  constexpr auto o = restrict_to<octahedral>(band_limited<SO<3>, 3>).content();
  STATIC_REQUIRE(o.copies({0, 0}) == 1);
  STATIC_REQUIRE(o.copies({0, 1}) == 3 + 7);
  STATIC_REQUIRE(o.copies({0, 2}) == 5);
  STATIC_REQUIRE(o.copies({0, 3}) == 5 + 7);
  STATIC_REQUIRE(o.copies({0, 4}) == 7);
  constexpr auto i = restrict_to<icosahedral>(band_limited<SO<3>, 3>).content();
  STATIC_REQUIRE(i.copies({0, 0}) == 1);
  STATIC_REQUIRE(i.copies({0, 1}) == 3);
  STATIC_REQUIRE(i.copies({0, 2}) == 5);
  STATIC_REQUIRE(i.copies({0, 3}) == 7);
  STATIC_REQUIRE(i.copies({0, 4}) == 7);
  CHECK(restrict_to<SO<3>>(spherical<O<3>, 3>).content() == spherical<SO<3>, 3>.content());
}

TEST_CASE("functions on the sphere of the wrong parity are found out") {
  struct wrong : spherical_of<orthogonal<3>, 1> {
    static Eigen::MatrixXd matrix(const group::element& g) {
      return detail::sum_of_irreps<group>(spherical_of<orthogonal<3>, 1>::content(), {g.proper, 0});
    }
  };
  std::string text;
  for (const auto& complaint : check_representation<wrong>(Rng{1}).complaints())
    text += complaint + "\n";
  CHECK_THAT(text, ContainsSubstring("content() is what the characters say"));
}
