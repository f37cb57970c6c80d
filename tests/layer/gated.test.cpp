// SPDX-License-Identifier: MIT
#include "gsteer/layer/gated.hpp"

#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/dihedral.hpp"
#include "gsteer/group/orthogonal2.hpp"
#include "gsteer/layer/conv.hpp"
#include "gsteer/layer/sequential.hpp"
#include "layer/nonlinearity_laws.hpp"

using namespace gsteer;
using namespace gsteer::test;

TEST_CASE("gates commute with every representation") {
  SECTION("C1") { check_nonlinearity(Gated<2 * regular<C<1>>, double>{}); }
  SECTION("C4") {
    check_nonlinearity(Gated<2 * irrep<C<4>, 1> + regular<C<4>> + trivial<C<4>>, double>{});
    check_nonlinearity(Gated<2 * irrep<C<4>, 1> + regular<C<4>> + trivial<C<4>>>{});
  }
  SECTION("C8") { check_nonlinearity(Gated<irrep<C<8>, 3> + regular<C<8>>, double>{}); }
  SECTION("D1") { check_nonlinearity(Gated<2 * irrep<D<1>, 1, 0>, double>{}); }
  SECTION("D4") { check_nonlinearity(Gated<irrep<D<4>, 1, 1> + regular<D<4>>, double, relu>{}); }
  SECTION("SO(2)") {
    check_nonlinearity(Gated<irrep<SO<2>, 2> + band_limited<SO<2>, 2>, double>{});
  }
  SECTION("O(2)") {
    check_nonlinearity(
        Gated<2 * irrep<O<2>, 1, 1> + irrep<O<2>, 1, 0>, double, hyperbolic_tangent>{});
  }
}

TEST_CASE("the gates are the last channels, one a field") {
  constexpr auto F = irrep<SO<2>, 1> + trivial<SO<2>>;
  static_assert(gated_input<F>.size() == 5);
  static_assert(std::is_same_v<Gated<F>::in, features_of<gated_input<F>>>);
  static_assert(std::is_same_v<Gated<F>::out, features_of<F>>);
  PointField<gated_input<F>, double> x(1);
  for (int c = 0; c < 5; ++c) x(0, c) = c + 1;
  const auto y = Gated<F, double>{}.forward(x);
  const auto open = [](double gate) { return 1 / (1 + std::exp(-gate)); };
  CHECK(y(0, 0) == Approx(1 * open(4)));
  CHECK(y(0, 1) == Approx(2 * open(4)));
  CHECK(y(0, 2) == Approx(3 * open(5)));
}

TEST_CASE("a gate that the group changes breaks the symmetry") {
  static constexpr auto F = irrep<D<4>, 1, 1>;
  constexpr auto gate = irrep<D<4>, 1, 0>;
  Rng rng(2);
  const auto x = random_field(PointField<F + gate, double>(8), rng);
  const auto gated_by = [](const auto& f) {
    return Gated<F, double>{}.forward(seen_as<features_of<gated_input<F>>>(f));
  };
  CHECK(point_error<dihedral<4>>(gated_by, x) > 0.1);
}

TEST_CASE("gates in a network") {
  constexpr auto F = 2 * irrep<O<2>, 1, 1> + trivial<O<2>>;
  Sequential net{Conv2d<trivial<O<2>>, gated_input<F>, 3, double>{}, Gated<F, double>{},
                 Conv2d<F, irrep<O<2>, 1, 1>, 3, double>{}};
  Rng rng(4);
  randomize(net, rng);
  const auto x = random_field(GridField<trivial<O<2>>, double>(2, 7, 6), rng);
  CHECK(lattice_error(net, x) < 1e-12);
  CHECK(gradient_error(net, x, rng).worst() < 1e-6);
}
