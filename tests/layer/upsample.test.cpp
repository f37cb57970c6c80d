// SPDX-License-Identifier: MIT
#include "gsteer/layer/upsample.hpp"

#include <algorithm>
#include <cmath>

#include "catch.hpp"
#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/dihedral.hpp"
#include "gsteer/group/orthogonal2.hpp"
#include "layer/laws.hpp"

using namespace gsteer;
using namespace gsteer::test;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr auto mixed_c8 = trivial<C<8>> + 2 * irrep<C<8>, 1> + regular<C<8>>;
constexpr auto mixed_d4 = regular<D<4>> + irrep<D<4>, 1, 1> + quotient<D<4>, D<1>>;
constexpr auto mirrored = band_limited<O<2>, 2> + irrep<O<2>, 1, 0>;

template <class Layer>
void check_laws(Layer layer) {
  using Scalar = typename Layer::Scalar;
  INFO(Layer::in::name());
  Rng rng(3);
  const auto x = random_field(Field<typename Layer::in, Scalar, Grid<2>>(2, 4, 3), rng);
  const auto y = layer.forward(x);
  CHECK(lattice_error(layer, x) < tolerance<Scalar>);
  CHECK(gsteer::detail::relative_distance(layer.freeze().forward(x), y) == 0);
  if constexpr (std::is_same_v<Scalar, double>) {
    CHECK(gradient_error(layer, x, rng).worst() < 1e-6);
  }
  check_threads(layer, x);
}

}  // namespace

template class gsteer::upsample<features_of<mixed_c8>, float>;
template class gsteer::upsample<features_of<mixed_c8>, double>;

TEST_CASE("upsampling commutes with every representation", "[upsample]") {
  for (const auto kind :
       {Interpolation::nearest, Interpolation::linear, Interpolation::linear_aligned})
    for (const int factor : {1, 2, 3}) {
      const UpsampleOptions options{.factor = factor, .interpolation = kind};
      check_laws(Upsample<2 * trivial<C<1>>, double>{options});
      check_laws(Upsample<mixed_c8, double>{options});
      check_laws(Upsample<mixed_c8, float>{options});
      check_laws(Upsample<mixed_d4, double>{options});
      check_laws(Upsample<regular<D<1>>, double>{options});
      check_laws(Upsample<mirrored, double>{options});
    }
}

TEST_CASE("the control: interpolation that leans to one side is caught", "[upsample]") {
  Rng rng(4);
  const auto x = random_field(GridField<mixed_c8, double>(1, 4, 4), rng);
  Upsample<mixed_c8, double> layer{{.interpolation = Interpolation::nearest}};
  const auto leaning = [&](const auto& f) {
    auto y = layer.forward(f);
    for (int b = 0; b < y.batch(); ++b)
      for (int c = 0; c < y.channels(); ++c)
        for (int i = 0; i < y.height(); ++i)
          for (int j = y.width() - 1; j > 0; --j)
            y(b, c, i, j) = (y(b, c, i, j) + y(b, c, i, j - 1)) / 2;
    return y;
  };
  CHECK(lattice_error_of<cyclic<8>>(leaning, x) > 0.1);
}

TEST_CASE("upsampling computes what it says", "[upsample]") {
  GridField<trivial<C<4>>, double> x(1, 1, 2);
  x(0, 0, 0, 1) = 4;
  const auto y = Upsample<trivial<C<4>>, double>{}.forward(x);
  REQUIRE(y.height() == 2);
  REQUIRE(y.width() == 4);
  const double expected[] = {0, 1, 3, 4};
  for (int j = 0; j < 4; ++j) CHECK(y(0, 0, 1, j) == Approx(expected[j]));
  Field<features_of<trivial<C<4>>>, double, Grid<3>> voxels(1, {{2, 3, 1}});
  CHECK(Upsample<trivial<C<4>>, double>{{.factor = 3}}.forward(voxels).space() ==
        Grid<3>{{6, 9, 3}});
}

TEST_CASE("upsampling says what is wrong", "[upsample]") {
  using F = GridField<trivial<C<4>>>;
  CHECK_THROWS_WITH((Upsample<trivial<C<4>>>{{.factor = 0}}),
                    ContainsSubstring("Upsample: expected a factor >= 1"));
  Upsample<trivial<C<4>>> layer;
  CHECK_THROWS_WITH(layer.backward(F(1, 2, 2)),
                    ContainsSubstring("Upsample: backward before forward"));
  layer.forward(F(1, 2, 2));
  CHECK_THROWS_WITH(layer.backward(F(1, 2, 2)),
                    ContainsSubstring("Upsample: expected a gradient of 1 items on 4 x 4"));
}
