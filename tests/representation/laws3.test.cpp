// SPDX-License-Identifier: MIT
#include <string>
#include <vector>

#include "catch.hpp"
#include "gsteer/check/representation_laws.hpp"
#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/dihedral.hpp"
#include "gsteer/group/orthogonal2.hpp"
#include "gsteer/group/orthogonal3.hpp"
#include "gsteer/group/subgroup3.hpp"
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

constexpr auto so3_irreps =
    trivial<SO<3>> + irrep<SO<3>, 0> + irrep<SO<3>, 1> + irrep<SO<3>, 2> + irrep<SO<3>, 3>;
constexpr auto o3_irreps = trivial<O<3>> + irrep<O<3>, 1, 0> + irrep<O<3>, 0, 1> +
                           irrep<O<3>, 1, 1> + irrep<O<3>, 0, 2> + irrep<O<3>, 1, 2> +
                           irrep<O<3>, 0, 3> + irrep<O<3>, 1, 3>;

}  // namespace

TEST_CASE("the irreps of space") {
  laws_hold<so3_irreps>();
  laws_hold<o3_irreps>();
  CHECK(so3_irreps.size() == 1 + 1 + 3 + 5 + 7);
  CHECK(o3_irreps.size() == 2 * (1 + 3 + 5 + 7));
}

TEST_CASE("band-limited functions on SO(3) and O(3)") {
  laws_hold<band_limited<SO<3>, 0> + band_limited<SO<3>, 2>>();
  laws_hold<band_limited<O<3>, 0> + band_limited<O<3>, 2>>();
  CHECK(band_limited<SO<3>, 2>.size() == 1 + 9 + 25);
  CHECK(band_limited<O<3>, 2>.size() == 2 * (1 + 9 + 25));
}

TEST_CASE("tensor products and duals in space") {
  laws_hold<tensor_product(irrep<SO<3>, 1>, irrep<SO<3>, 1> + irrep<SO<3>, 2>)>();
  laws_hold<tensor_product(irrep<O<3>, 1, 1>, irrep<O<3>, 1, 1> + irrep<O<3>, 0, 1>)>();
  laws_hold<dual(irrep<O<3>, 1, 2>)>();
  // 1o x 1o = 0e + 1e + 2e
  constexpr auto square = tensor_product(irrep<O<3>, 1, 1>, irrep<O<3>, 1, 1>).content();
  STATIC_REQUIRE(square.distinct() == 3);
  STATIC_REQUIRE(square.copies({0, 0}) == 1);
  STATIC_REQUIRE(square.copies({0, 1}) == 1);
  STATIC_REQUIRE(square.copies({0, 2}) == 1);
}

TEST_CASE("tensor products of vectors hold as many invariants as is known") {
  // Motzkin sums: 1, 0, 1, 1, 3, 6, 15 for SO(3); for O(3) those of odd k are 0.
  constexpr auto v = irrep<SO<3>, 1>;
  constexpr auto v2 = tensor_product(v, v);
  constexpr auto v3 = tensor_product(v2, v);
  STATIC_REQUIRE(v2.content().copies({0, 0}) == 1);
  STATIC_REQUIRE(v3.content().copies({0, 0}) == 1);
  STATIC_REQUIRE(tensor_product(v2, v2).content().copies({0, 0}) == 3);
  STATIC_REQUIRE(tensor_product(v2, v3).content().copies({0, 0}) == 6);
  STATIC_REQUIRE(tensor_product(v3, v3).content().copies({0, 0}) == 15);
  constexpr auto o = irrep<O<3>, 1, 1>;
  constexpr auto o2 = tensor_product(o, o);
  constexpr auto o3 = tensor_product(o2, o);
  STATIC_REQUIRE(o3.content().copies({0, 0}) == 0);
  STATIC_REQUIRE(tensor_product(o2, o2).content().copies({0, 0}) == 3);
  STATIC_REQUIRE(tensor_product(o2, o3).content().copies({0, 0}) == 0);
  STATIC_REQUIRE(tensor_product(o3, o3).content().copies({0, 0}) == 15);
}

TEST_CASE("O(3) induced from and restricted to SO(3)") {
  laws_hold<induce<O<3>>(irrep<SO<3>, 0> + irrep<SO<3>, 1> + irrep<SO<3>, 2>)>();
  laws_hold<quotient<O<3>, SO<3>>>();
  laws_hold<restrict_to<SO<3>>(o3_irreps)>();
  CHECK(induce<O<3>>(irrep<SO<3>, 2>).content() ==
        (irrep<O<3>, 0, 2> + irrep<O<3>, 1, 2>).content());
}

TEST_CASE("restricted to groups of the plane") {
  constexpr auto so3 = irrep<SO<3>, 1> + irrep<SO<3>, 2> + irrep<SO<3>, 3>;
  constexpr auto o3 = irrep<O<3>, 1, 1> + irrep<O<3>, 0, 1> + irrep<O<3>, 0, 2> + irrep<O<3>, 1, 3>;
  laws_hold<restrict_to<SO<2>>(so3)>();
  laws_hold<restrict_to<O<2>>(so3)>();
  laws_hold<restrict_to<C<4>>(so3)>();
  laws_hold<restrict_to<D<3>>(so3)>();
  laws_hold<restrict_to<SO<2>>(o3)>();
  laws_hold<restrict_to<O<2>>(o3)>();
  laws_hold<restrict_to<C<3>>(o3)>();
  laws_hold<restrict_to<D<4>>(o3)>();
  CHECK(restrict_to<D<4>>(restrict_to<O<2>>(o3)).content() == restrict_to<D<4>>(o3).content());
}

namespace {

struct wrong_parity : irrep_of<orthogonal<3>, 1, 1> {
  static constexpr irrep_content content() {
    irrep_content all;
    all.add({0, 1}, 1);
    return all;
  }
};
struct inverse_matrix : irrep_of<special_orthogonal<3>, 2> {
  static Eigen::MatrixXd matrix(const group::element& g) {
    return group::irrep_matrix({0, 2}, g).transpose();
  }
};

template <class Field>
std::string complaints() {
  std::string text;
  for (const auto& complaint : check_representation<Field>(Rng{1}).complaints())
    text += complaint + "\n";
  return text;
}

/// By how much the change of basis of a field that is in irreps would miss the identity, were it
/// searched for: its gauge is that of basis convention 1.
template <class Field>
double off_identity() {
  using G = typename Field::group;
  static_assert(detail::is_in_irreps<Field>);
  const auto nodes = G::haar_quadrature(2 * highest_frequency(Field::content()));
  const Eigen::MatrixXd one = Eigen::MatrixXd::Identity(Field::size, Field::size);
  CHECK(change_of_basis<Field>() == one);
  return (detail::find_change_of_basis(detail::samples_of<Field>(nodes), Field::name()) - one)
      .norm();
}

}  // namespace

TEST_CASE("a wrong field of space is found out") {
  CHECK_THAT(complaints<wrong_parity>(), ContainsSubstring("content() is what the characters say"));
  CHECK_THAT(complaints<inverse_matrix>(), ContainsSubstring("rho(g) rho(h) = rho(g h)"));
}

TEST_CASE("the search for a change of basis would find the identity for irreps") {
  CHECK(off_identity<trivial_of<cyclic<4>>>() < 1e-13);
  CHECK(off_identity<irrep_of<cyclic<8>, 1>>() < 1e-13);
  CHECK(off_identity<irrep_of<cyclic<8>, 4>>() < 1e-13);
  CHECK(off_identity<irrep_of<dihedral<6>, 1, 2>>() < 1e-13);
  CHECK(off_identity<irrep_of<special_orthogonal<2>, 3>>() < 1e-13);
  CHECK(off_identity<irrep_of<orthogonal<2>, 1, 2>>() < 1e-13);
  CHECK(off_identity<band_limited_of<cyclic<8>, 3>>() < 1e-13);
  CHECK(off_identity<band_limited_of<dihedral<6>, 3>>() < 1e-13);
  CHECK(off_identity<band_limited_of<special_orthogonal<2>, 3>>() < 1e-13);
  CHECK(off_identity<band_limited_of<orthogonal<2>, 3>>() < 1e-13);
  CHECK(off_identity<irrep_of<special_orthogonal<3>, 3>>() < 1e-13);
  CHECK(off_identity<irrep_of<orthogonal<3>, 1, 2>>() < 1e-13);
  CHECK(off_identity<band_limited_of<special_orthogonal<3>, 2>>() < 1e-12);
}
