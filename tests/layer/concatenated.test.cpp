// SPDX-License-Identifier: MIT
#include "gsteer/layer/concatenated.hpp"

#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/dihedral.hpp"
#include "gsteer/group/orthogonal2.hpp"
#include "gsteer/layer/conv.hpp"
#include "gsteer/layer/sequential.hpp"
#include "layer/nonlinearity_laws.hpp"

using namespace gsteer;
using namespace gsteer::test;

TEST_CASE("CReLU commutes with signed permutations") {
  SECTION("C1") { check_nonlinearity(CReLU<2 * regular<C<1>>, double>{}); }
  SECTION("C4") {
    check_nonlinearity(CReLU<2 * irrep<C<4>, 2> + regular<C<4>>, double>{});
    check_nonlinearity(CReLU<2 * irrep<C<4>, 2> + regular<C<4>>>{});
  }
  SECTION("C8") { check_nonlinearity(CReLU<irrep<C<8>, 4> + trivial<C<8>>, double>{}); }
  SECTION("D1") { check_nonlinearity(CReLU<3 * irrep<D<1>, 1, 0>, double>{}); }
  SECTION("D4") {
    check_nonlinearity(CReLU<irrep<D<4>, 1, 0> + irrep<D<4>, 0, 2> + regular<D<4>>, double>{});
  }
  SECTION("SO(2)") { check_nonlinearity(CReLU<2 * trivial<SO<2>>, double>{}); }
  SECTION("O(2)") { check_nonlinearity(CReLU<2 * irrep<O<2>, 1, 0>, double>{}); }
}

TEST_CASE("CReLU puts the positive part of a field before its negative part") {
  constexpr auto F = irrep<D<4>, 1, 0> + regular<D<4>>;
  static_assert(std::is_same_v<CReLU<F>::out, features_of<concatenated(F)>>);
  PointField<F> x(1);
  x(0, 0) = -3;
  x(0, 1) = 5;
  x(0, 2) = -7;
  const auto y = CReLU<F>{}.forward(x);
  CHECK(y.channels() == 18);
  CHECK(y(0, 0) == 0);
  CHECK(y(0, 1) == 3);
  CHECK(y(0, 2) == 5);
  CHECK(y(0, 3) == 0);
  CHECK(y(0, 10) == 0);
  CHECK(y(0, 11) == 7);
}

TEST_CASE("the two parts of a sign do not transform as two signs") {
  static constexpr auto F = irrep<D<4>, 1, 0>;
  Rng rng(6);
  const auto x = random_field(PointField<F, double>(5), rng);
  CHECK(
      point_error<dihedral<4>>(
          [](const auto& f) { return seen_as<features_of<2 * F>>(CReLU<F, double>{}.forward(f)); },
          x) > 0.1);
}

TEST_CASE("a network goes on from what CReLU makes") {
  constexpr auto F = 2 * irrep<O<2>, 1, 0> + trivial<O<2>>;
  Sequential net{Conv2d<irrep<O<2>, 1, 1>, F, 3, double>{}, CReLU<F, double>{},
                 Conv2d<concatenated(F), irrep<O<2>, 1, 1>, 3, double>{{.padding = 1}}};
  Rng rng(4);
  randomize(net, rng);
  const auto x = random_field(GridField<irrep<O<2>, 1, 1>, double>(2, 7, 6), rng);
  CHECK(lattice_error(net, x) < 1e-12);
  CHECK(gradient_error(net, x, rng).worst() < 1e-6);
}
