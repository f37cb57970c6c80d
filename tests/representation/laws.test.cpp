// SPDX-License-Identifier: MIT
#include "gsteer/check/representation_laws.hpp"

#include <string>
#include <type_traits>

#include "catch.hpp"
#include "group/quaternion.hpp"
#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/dihedral.hpp"
#include "gsteer/group/orthogonal2.hpp"

using namespace gsteer;
using Catch::Matchers::ContainsSubstring;

namespace {

/// Checks every field of a representation; returns how many kinds there were.
template <auto F>
int laws_hold() {
  const auto report = check_representation<F>(Rng{30});
  for (const auto& text : report.complaints(1e-11)) FAIL_CHECK(text);
  return static_cast<int>(F.copies.size());
}

/// trivial + every irrep of frequency 0 ... 4, seen from a group with one number, and with two.
template <auto G, int... K>
constexpr auto irreps_of(std::integer_sequence<int, K...>) {
  return (trivial<G> + ... + irrep<G, K>);
}
template <auto G, int... K>
constexpr auto odd_irreps_of(std::integer_sequence<int, K...>) {
  return ((irrep<G, 0, 0> + irrep<G, 1, 0>)+... + irrep<G, 1, K + 1>);
}
template <int N>
constexpr auto all_irreps_of_c = irreps_of<C<N>>(std::make_integer_sequence<int, N / 2 + 1>{});
template <int N>
constexpr auto all_irreps_of_d =
    odd_irreps_of<D<N>>(std::make_integer_sequence<int, (N - 1) / 2>{});

template <auto G, auto... H>
void quotients() {
  (laws_hold<quotient<G, H>>(), ...);
  CHECK((... && (quotient<G, H>.size() == group_of<G>::order / group_of<H>::order)));
}

}  // namespace

TEST_CASE("the trivial and every other irrep") {
  laws_hold<all_irreps_of_c<1>>();
  laws_hold<all_irreps_of_c<2>>();
  laws_hold<all_irreps_of_c<3>>();
  laws_hold<all_irreps_of_c<8>>();
  laws_hold<all_irreps_of_d<1>>();
  laws_hold<all_irreps_of_d<2> + irrep<D<2>, 0, 1> + irrep<D<2>, 1, 1>>();
  laws_hold<all_irreps_of_d<3>>();
  laws_hold<all_irreps_of_d<8> + irrep<D<8>, 0, 4> + irrep<D<8>, 1, 4>>();
  laws_hold<irreps_of<SO<2>>(std::make_integer_sequence<int, 6>{})>();
  laws_hold<odd_irreps_of<O<2>>(std::make_integer_sequence<int, 6>{})>();
  laws_hold<trivial<Q8> + irrep<Q8, 1, 1> + irrep<Q8, 0, 2>>();
}

TEST_CASE("regular") {
  laws_hold<regular<C<1>>>();
  laws_hold<regular<C<2>>>();
  laws_hold<regular<C<3>>>();
  laws_hold<regular<C<8>>>();
  laws_hold<regular<C<16>>>();
  laws_hold<regular<D<1>>>();
  laws_hold<regular<D<2>>>();
  laws_hold<regular<D<3>>>();
  laws_hold<regular<D<4>>>();
  laws_hold<regular<D<8>>>();
  laws_hold<regular<Q8>>();
}

TEST_CASE(
    "a regular representation takes the basis vector of h to that of g h, and is ordered e, r, "
    "..., f, r f, ...") {
  using G = dihedral<4>;
  for (int i = 0; i < 8; ++i)
    for (int j = 0; j < 8; ++j) {
      const Eigen::MatrixXd rho = representation_matrix<regular<D<4>>>(G::element_at(i));
      const int product = G::index_of(G::element_at(i) * G::element_at(j));
      CHECK(rho.col(j) == Eigen::VectorXd::Unit(8, product));
    }
  const Eigen::MatrixXd r = representation_matrix<regular<D<4>>>({0, 1});
  CHECK(r.col(0) == Eigen::VectorXd::Unit(8, 1));  // e -> r
  CHECK(r.col(4) == Eigen::VectorXd::Unit(8, 5));  // f -> r f
  const Eigen::MatrixXd f = representation_matrix<regular<D<4>>>({1, 0});
  CHECK(f.col(0) == Eigen::VectorXd::Unit(8, 4));  // e -> f
  CHECK(f.col(1) == Eigen::VectorXd::Unit(8, 7));  // r -> f r = r^3 f
}

TEST_CASE("quotients by every standard subgroup") {
  quotients<C<8>, C<1>, C<2>, C<4>, C<8>>();
  quotients<C<6>, C<1>, C<2>, C<3>, C<6>>();
  quotients<D<4>, C<1>, C<2>, C<4>, D<1>, D<2>, D<4>>();
  quotients<D<6>, C<1>, C<2>, C<3>, C<6>, D<1>, D<2>, D<3>, D<6>>();
  quotients<D<3>, C<1>, C<3>, D<1>, D<3>>();
  laws_hold<quotient<O<2>, SO<2>>>();
  CHECK(quotient<O<2>, SO<2>>.size() == 2);
  CHECK(quotient<O<2>, O<2>>.size() == 1);
}

TEST_CASE("the quotient by the trivial subgroup is the regular representation, matrix by matrix") {
  for (const auto& [g, weight] : all_elements<dihedral<6>>())
    CHECK(representation_matrix<quotient<D<6>, C<1>>>(g) ==
          representation_matrix<regular<D<6>>>(g));
}

TEST_CASE("induced from irreps") {
  laws_hold<induce<C<8>>(all_irreps_of_c<4>)>();
  laws_hold<induce<D<4>>(all_irreps_of_c<4>)>();
  laws_hold<induce<D<6>>(all_irreps_of_c<3>)>();
  laws_hold<induce<D<6>>(all_irreps_of_d<3>)>();
  laws_hold<induce<D<4>>(all_irreps_of_d<1>)>();
  laws_hold<induce<D<8>>(irrep<D<4>, 1, 1> + irrep<D<4>, 0, 2>)>();
  laws_hold<induce<O<2>>(irreps_of<SO<2>>(std::make_integer_sequence<int, 5>{}))>();
  CHECK(induce<D<4>>(induce<C<4>>(irrep<C<2>, 1>)).content() ==
        induce<D<4>>(irrep<C<2>, 1>).content());
  laws_hold<induce<D<4>>(induce<C<4>>(irrep<C<2>, 1>))>();
  // Frobenius: k > 0 gives two copies of (1, k), k = 0 one each of (0, 0) and (1, 0).
  CHECK(induce<O<2>>(irrep<SO<2>, 3>).content().copies({1, 3}) == 2);
  CHECK(induce<O<2>>(irrep<SO<2>, 3>).content().distinct() == 1);
  CHECK(induce<O<2>>(irrep<SO<2>, 0>).content().copies({0, 0}) == 1);
  CHECK(induce<O<2>>(irrep<SO<2>, 0>).content().copies({1, 0}) == 1);
}

TEST_CASE("restricted") {
  constexpr auto d8 =
      regular<D<8>> + irrep<D<8>, 1, 3> + irrep<D<8>, 0, 4> + irrep<D<8>, 1, 0> + irrep<D<8>, 1, 2>;
  laws_hold<restrict_to<D<4>>(d8)>();
  laws_hold<restrict_to<D<1>>(restrict_to<D<4>>(d8))>();
  laws_hold<restrict_to<C<4>>(d8)>();
  CHECK(restrict_to<D<1>>(restrict_to<D<4>>(d8)).content() == restrict_to<D<1>>(d8).content());
  constexpr auto so2 = irreps_of<SO<2>>(std::make_integer_sequence<int, 9>{});
  laws_hold<restrict_to<C<1>>(so2)>();
  laws_hold<restrict_to<C<4>>(so2)>();
  laws_hold<restrict_to<C<5>>(so2)>();
  constexpr auto o2 = odd_irreps_of<O<2>>(std::make_integer_sequence<int, 8>{});
  laws_hold<restrict_to<D<1>>(o2)>();
  laws_hold<restrict_to<D<4>>(o2)>();
  laws_hold<restrict_to<D<5>>(o2)>();
  laws_hold<restrict_to<SO<2>>(o2)>();
  // The regular representation of D_4 is two of C_4.
  CHECK(restrict_to<C<4>>(regular<D<4>>).content() == (2 * regular<C<4>>).content());
}

TEST_CASE("tensor products, duals and rectified fields") {
  laws_hold<tensor_product(irrep<C<8>, 1> + trivial<C<8>>, irrep<C<8>, 3> + irrep<C<8>, 4>)>();
  laws_hold<tensor_product(regular<C<4>>, irrep<C<4>, 1>)>();
  laws_hold<tensor_product(regular<D<3>>, irrep<D<3>, 1, 1> + irrep<D<3>, 1, 0>)>();
  laws_hold<tensor_product(irrep<SO<2>, 2>, irrep<SO<2>, 2> + irrep<SO<2>, 3>)>();
  laws_hold<tensor_product(irrep<O<2>, 1, 2>, irrep<O<2>, 1, 2> + irrep<O<2>, 1, 0>)>();
  laws_hold<tensor_product(irrep<Q8, 0, 2>, irrep<Q8, 0, 2> + irrep<Q8, 1, 0>)>();
  laws_hold<dual(regular<D<4>> + irrep<D<4>, 1, 1>)>();
  laws_hold<dual(irrep<SO<2>, 3>)>();
  laws_hold<representation_of<concatenated_of<irrep_of<dihedral<4>, 1, 0>>> +
            representation_of<concatenated_of<regular_of<dihedral<4>>>> +
            representation_of<concatenated_of<irrep_of<dihedral<4>, 0, 2>>>>();
  laws_hold<representation_of<concatenated_of<irrep_of<orthogonal<2>, 1, 0>>>>();
}

TEST_CASE("two kinds of type H make four maps") {
  // H (x) H holds each of the four irreps of size 1 four times.
  const auto content = tensor_product(irrep<Q8, 0, 2>, irrep<Q8, 0, 2>).content();
  for (const auto& [label, copies] : content) CHECK(copies == 4);
  CHECK(content.distinct() == 4);
  CHECK(homomorphism_dimension<quaternion_group>(irrep<Q8, 0, 2>.content(),
                                                 irrep<Q8, 0, 2>.content()) == 4);
  CHECK(homomorphism_dimension<quaternion_group>(regular<Q8>.content(), regular<Q8>.content()) ==
        8);
}

TEST_CASE("band-limited") {
  laws_hold<band_limited<SO<2>, 0> + band_limited<SO<2>, 1> + band_limited<SO<2>, 4>>();
  laws_hold<band_limited<O<2>, 0> + band_limited<O<2>, 1> + band_limited<O<2>, 4>>();
  laws_hold<band_limited<C<8>, 2> + band_limited<C<8>, 4>>();
  laws_hold<band_limited<D<6>, 1> + band_limited<D<6>, 3>>();
  const auto sizes = []<int... L>(std::integer_sequence<int, L...>) {
    CHECK((... && (band_limited<SO<2>, L>.size() == 2 * L + 1)));
    CHECK((... && (band_limited<O<2>, L>.size() == 2 * (2 * L + 1))));
  };
  sizes(std::make_integer_sequence<int, 5>{});
}

// A kind of field as a user would write it, and four that are wrong.

namespace {

/// The corners of a square under D_4: (1, 1), (-1, 1), (-1, -1), (1, -1).
struct corners {
  using group = dihedral<4>;
  static constexpr int size = 4;
  static constexpr matrix_kind kind = matrix_kind::permutation;
  static constexpr irrep_content content() {
    irrep_content all;
    all.add({0, 0}, 1);
    all.add({1, 1}, 1);
    all.add({1, 2}, 1);
    return all;
  }
  static Eigen::MatrixXd matrix(group::element g) {
    const Eigen::Matrix<double, 2, 4> points{{1, -1, -1, 1}, {1, 1, -1, -1}};
    const Eigen::Matrix<double, 2, 4> moved = group::action(g) * points;
    Eigen::MatrixXd m = Eigen::MatrixXd::Zero(4, 4);
    for (int i = 0; i < 4; ++i)
      for (int j = 0; j < 4; ++j) m(i, j) = (moved.col(j) - points.col(i)).norm() < 1e-9;
    return m;
  }
  static std::string name() { return "corners"; }
};
struct wrong_content : corners {
  static constexpr irrep_content content() {
    irrep_content all;
    all.add({0, 0}, 1);
    all.add({1, 1}, 1);
    all.add({0, 2}, 1);
    return all;
  }
};
struct wrong_kind : irrep_of<dihedral<4>, 1, 1> {
  static constexpr matrix_kind kind = matrix_kind::permutation;
};
struct sheared : irrep_of<dihedral<4>, 1, 1> {
  static Eigen::MatrixXd matrix(group::element g) {
    Eigen::Matrix2d shear, back;
    shear << 1, 0.5, 0, 1;
    back << 1, -0.5, 0, 1;
    return shear * group::irrep_matrix({1, 1}, g) * back;
  }
};
struct transposed : irrep_of<dihedral<4>, 1, 1> {
  static Eigen::MatrixXd matrix(group::element g) {
    return group::irrep_matrix({1, 1}, g).transpose();
  }
};

template <class Field>
std::string complaints() {
  std::string text;
  for (const auto& complaint : check_representation<Field>(Rng{1}).complaints())
    text += complaint + "\n";
  return text;
}

}  // namespace

TEST_CASE("a field of the user is a field as any other, and a wrong one is found out") {
  laws_hold<2 * representation_of<corners> + trivial<D<4>>>();
  CHECK((2 * representation_of<corners> + trivial<D<4>>).size() == 9);
  CHECK(features_of<2 * representation_of<corners>>::name() == "2 corners of D4");
  CHECK_THAT(complaints<wrong_content>(),
             ContainsSubstring("D4: corners: content() is what the characters say") &&
                 ContainsSubstring("holds the irreps that content() states"));
  CHECK_THROWS_WITH(change_of_basis<wrong_content>(),
                    "change_of_basis: corners of D4 holds fewer copies of irrep (0, 2) than its "
                    "content() states: 1");
  CHECK_THROWS_AS(change_of_basis<wrong_content>(), Error);
  CHECK_THAT(complaints<wrong_kind>(), ContainsSubstring("of the stated kind"));
  CHECK_THAT(complaints<sheared>(), ContainsSubstring("matrices are orthogonal"));
  CHECK_THAT(complaints<transposed>(), ContainsSubstring("rho(g) rho(h) = rho(g h)"));
}
