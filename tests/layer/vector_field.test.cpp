// SPDX-License-Identifier: MIT
#include "gsteer/layer/vector_field.hpp"

#include "layer/nonlinearity_laws.hpp"

using namespace gsteer;
using namespace gsteer::test;

TEST_CASE("vectors from regular fields turn with them") {
  SECTION("C3") { check_nonlinearity(VectorField<regular<C<3>>, double>{}); }
  SECTION("C4") {
    check_nonlinearity(VectorField<3 * regular<C<4>>, double>{});
    check_nonlinearity(VectorField<3 * regular<C<4>>>{});
  }
  SECTION("C8") { check_nonlinearity(VectorField<2 * regular<C<8>>, double>{}); }
}

TEST_CASE("the vector points where the largest channel does") {
  PointField<regular<C<4>>, double> x(3);
  x(0, 1) = 2, x(0, 2) = 1;
  x(1, 0) = x(1, 1) = x(1, 2) = x(1, 3) = -1;
  x(2, 1) = x(2, 3) = 5;  // a tie goes to the first
  const auto y = VectorField<regular<C<4>>, double>{}.forward(x);
  CHECK(y(0, 0) == Approx(0).margin(1e-15));
  CHECK(y(0, 1) == 2);
  CHECK(y(1, 0) == 0);
  CHECK(y(1, 1) == 0);
  CHECK(y(2, 1) == 5);
}

TEST_CASE("the vector does not transform as one of twice the frequency") {
  static constexpr auto F = 2 * regular<C<8>>;
  Rng rng(6);
  const auto x = random_field(PointField<F, double>(5), rng);
  CHECK(point_error<cyclic<8>>(
            [](const auto& f) {
              return seen_as<features_of<2 * irrep<C<8>, 2>>>(VectorField<F, double>{}.forward(f));
            },
            x) > 0.1);
}
