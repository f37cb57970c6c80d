// SPDX-License-Identifier: MIT
#include <string>

#include "catch.hpp"
#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/dihedral.hpp"
#include "gsteer/group/orthogonal2.hpp"
#include "gsteer/representation/decomposition.hpp"
#include "gsteer/representation/layout.hpp"

using namespace gsteer;

namespace {

constexpr auto mixed = 2 * trivial<D<4>> + irrep<D<4>, 1, 1> + 3 * regular<D<4>>;

}  // namespace

TEST_CASE("sums keep their order and merge neighbors of one kind") {
  CHECK(8 * regular<C<8>> + 8 * regular<C<8>> == 16 * regular<C<8>>);
  CHECK(features_of<mixed>::name() == "2 trivial + 1 irrep 1,1 + 3 regular of D4");
  CHECK(features_of<trivial<C<4>> + irrep<C<4>, 2>>::name() == "1 trivial + 1 irrep 2 of C4");
  CHECK(features_of<mixed>::fields == 6);
  CHECK((0 * mixed).size() == 0);
  CHECK_THROWS_AS(-1 * mixed, Error);
  std::string order;
  int next = 0;
  features_of<mixed>::for_each_kind([&]<class Field>(int count, int offset) {
    CHECK(offset == next);
    next += count * Field::size;
    order += std::to_string(count) + Field::name() + " ";
  });
  CHECK(order == "2trivial 1irrep 1,1 3regular ");
  CHECK(next == mixed.size());
}

TEST_CASE("the matrix of a sum has the fields along its diagonal, and its trace is the character") {
  for (const auto& [g, weight] : all_elements<dihedral<4>>()) {
    const Eigen::MatrixXd rho = representation_matrix<mixed>(g);
    REQUIRE(rho.rows() == mixed.size());
    Eigen::MatrixXd expected = Eigen::MatrixXd::Zero(28, 28);
    expected.topLeftCorner(2, 2).setIdentity();
    expected.block(2, 2, 2, 2) = dihedral<4>::irrep_matrix({1, 1}, g);
    for (int i = 0; i < 3; ++i)
      expected.block(4 + 8 * i, 4 + 8 * i, 8, 8) = regular_of<dihedral<4>>::matrix(g);
    CHECK(rho == expected);
    CHECK(character<mixed>(g) == Approx(rho.trace()).margin(1e-13));
  }
}

namespace {

template <auto F>
void falls_apart() {
  using G = typename features_of<F>::group;
  const auto [irreps, Q] = decompose<F>();
  CHECK((Q * Q.transpose() - Eigen::MatrixXd::Identity(Q.rows(), Q.rows())).norm() < 1e-12);
  Rng rng(2);
  for (int sample = 0; sample < 10; ++sample) {
    const auto g = G::sample(rng);
    Eigen::MatrixXd blocks = Eigen::MatrixXd::Zero(Q.rows(), Q.rows());
    int at = 0;
    for (const auto label : irreps) {
      const int n = G::irrep_size(label);
      blocks.block(at, at, n, n) = G::irrep_matrix(label, g);
      at += n;
    }
    CHECK(at == F.size());
    CHECK((Q * blocks * Q.transpose() - representation_matrix<F>(g)).norm() < 1e-12);
  }
}

}  // namespace

TEST_CASE("decompose takes a representation apart into irreps") {
  falls_apart<mixed>();
  falls_apart<band_limited<SO<2>, 3> + 2 * tensor_product(irrep<SO<2>, 1>, irrep<SO<2>, 2>)>();
}

TEST_CASE("the tensor product is distributed over sums, the right side changing fastest") {
  constexpr auto a = 2 * trivial<C<8>> + irrep<C<8>, 1>;
  constexpr auto b = trivial<C<8>> + 3 * irrep<C<8>, 2>;
  constexpr auto product = tensor_product(a, b);
  CHECK(product.size() == a.size() * b.size());
  CHECK(product.copies == std::array{2, 6, 1, 3});
  for (int turns = 0; turns < 8; ++turns)
    CHECK(character<product>({turns}) ==
          Approx(character<a>({turns}) * character<b>({turns})).margin(1e-12));
}

TEST_CASE("a layout says where fields and irreps lie, and which directions are invariant") {
  const auto layout = layout_of<features_of<mixed>>();
  REQUIRE(layout.size() == 3);
  CHECK(channels(layout) == mixed.size());
  CHECK(layout[1].offset == 2);
  CHECK(layout[2].offset == 4);
  CHECK(layout[2].copies == 3);
  CHECK(layout[2].kind == matrix_kind::permutation);
  int end = 0;
  for (const auto& slot : layout[2].irreps) {
    CHECK(slot.offset == end);
    end += slot.size;
  }
  CHECK(end == 8);
  CHECK(invariant_directions(layout[0]).cols() == 1);
  CHECK(invariant_directions(layout[1]).cols() == 0);
  const Eigen::MatrixXd direction = invariant_directions(layout[2]);
  REQUIRE(direction.cols() == 1);
  CHECK((direction.cwiseAbs() - Eigen::MatrixXd::Constant(8, 1, std::sqrt(0.125))).norm() < 1e-14);
}

TEST_CASE("a content has room for 64 irreps and merges those of one label") {
  irrep_content content;
  content.add({0, 1}, 0);
  CHECK(content.distinct() == 0);
  for (int k = 0; k < irrep_content::capacity; ++k) content.add({0, k}, 1);
  content.add({0, 5}, 2);
  CHECK(content.copies({0, 5}) == 3);
  CHECK(content.copies({1, 5}) == 0);
  CHECK(content.distinct() == 64);
  CHECK_THROWS_AS(content.add({1, 0}, 1), Error);
}
