// SPDX-License-Identifier: MIT
#include "gsteer/layer/pooling.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/dihedral.hpp"
#include "gsteer/group/orthogonal2.hpp"
#include "gsteer/layer/antialiased_pooling.hpp"
#include "gsteer/layer/global_pooling.hpp"
#include "gsteer/layer/sequential.hpp"
#include "layer/laws.hpp"

using namespace gsteer;
using namespace gsteer::test;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr auto permuted_c4 = trivial<C<4>> + 2 * regular<C<4>> + quotient<C<4>, C<2>>;
constexpr auto permuted_c8 = 2 * trivial<C<8>> + regular<C<8>>;
constexpr auto permuted_d4 = regular<D<4>> + quotient<D<4>, D<1>>;
constexpr auto mixed_c8 = trivial<C<8>> + 2 * irrep<C<8>, 1> + regular<C<8>>;
constexpr auto mixed_d4 = regular<D<4>> + irrep<D<4>, 1, 1> + irrep<D<4>, 1, 0>;
constexpr auto mirrored = band_limited<O<2>, 2> + irrep<O<2>, 1, 0>;

template <class Layer>
using picture = Field<typename Layer::in, typename Layer::Scalar, Grid<2>>;

template <class Layer>
void check_laws(Layer layer, int height, int width) {
  using Scalar = typename Layer::Scalar;
  INFO(Layer::in::name() << " on " << height << " x " << width);
  Rng rng(3);
  const auto x = random_field(picture<Layer>(2, height, width), rng);
  const auto y = layer.forward(x);
  double size = 0;
  for (const Scalar v : y.values()) size += std::abs(static_cast<double>(v));
  REQUIRE(size > 0);
  CHECK(lattice_error(layer, x) < tolerance<Scalar>);
  CHECK(gsteer::detail::relative_distance(layer.freeze().forward(x), y) == 0);
  if constexpr (std::is_same_v<Scalar, double>) {
    CHECK(gradient_error(layer, x, rng, 2, 1e-6).worst() < 1e-6);
  }
  check_threads(layer, x);
}

/// What the layer for plain channels makes of the numbers of a field that is none.
template <class Layer, class X>
double error_on_plain_channels(Layer layer, const X& x) {
  using Plain = picture<Layer>;
  static_assert(Plain::channels() == X::channels());
  return lattice_error_of<typename X::features::group>(
      [&](const X& f) {
        const auto y = layer.forward(
            Plain::map(const_cast<typename X::Scalar*>(f.data()), f.batch(), f.space()));
        Field<typename X::features, typename X::Scalar, typename decltype(y)::Space> back(
            y.batch(), y.space());
        std::copy(y.values().begin(), y.values().end(), back.values().begin());
        return back;
      },
      x);
}

}  // namespace

template class gsteer::avg_pool<features_of<mixed_c8>, float>;
template class gsteer::avg_pool<features_of<mixed_c8>, double>;
template class gsteer::max_pool<features_of<permuted_c8>, float>;
template class gsteer::max_pool<features_of<permuted_c8>, double>;
template class gsteer::antialiased_avg_pool<features_of<mixed_c8>, float>;
template class gsteer::antialiased_avg_pool<features_of<mixed_c8>, double>;
template class gsteer::antialiased_max_pool<features_of<permuted_c8>, float>;
template class gsteer::antialiased_max_pool<features_of<permuted_c8>, double>;
template class gsteer::global_avg_pool<features_of<mixed_c8>, float>;
template class gsteer::global_avg_pool<features_of<mixed_c8>, double>;
template class gsteer::global_max_pool<features_of<permuted_c8>, float>;
template class gsteer::global_max_pool<features_of<permuted_c8>, double>;

TEST_CASE("average pooling commutes with every representation", "[pooling]") {
  check_laws(AvgPool<trivial<C<1>>, double>{}, 5, 7);
  check_laws(AvgPool<mixed_c8, double>{}, 6, 4);
  check_laws(AvgPool<mixed_c8, float>{}, 6, 4);
  check_laws(AvgPool<mixed_d4, double>{{.kernel = 3, .stride = 2, .padding = 1}}, 5, 7);
  check_laws(AvgPool<mirrored, double>{{.kernel = 3, .stride = 1}}, 5, 6);
  check_laws(AvgPool<regular<D<1>>, double>{}, 5, 4);  // D_1 reflects x only
}

TEST_CASE("max pooling commutes with permutations", "[pooling]") {
  check_laws(MaxPool<trivial<C<1>>, double>{}, 5, 7);
  check_laws(MaxPool<permuted_c4, double>{}, 6, 4);
  check_laws(MaxPool<permuted_c8, double>{{.kernel = 3, .stride = 2, .padding = 1}}, 5, 7);
  check_laws(MaxPool<permuted_c8, float>{}, 6, 4);
  check_laws(MaxPool<permuted_d4, double>{{.kernel = 3, .stride = 3}}, 6, 6);
  check_laws(MaxPool<quotient<O<2>, SO<2>>, double>{}, 4, 6);
  // The control: not with irreps.
  Rng rng(1);
  const auto x = random_field(GridField<2 * irrep<C<4>, 1>, double>(2, 4, 4), rng);
  CHECK(error_on_plain_channels(MaxPool<4 * trivial<C<4>>, double>{}, x) > 0.1);
}

TEST_CASE("antialiased pooling commutes with the group", "[pooling]") {
  check_laws(AntialiasedAvgPool<mixed_c8, double>{}, 7, 5);
  check_laws(AntialiasedAvgPool<mixed_c8, float>{{.sigma = 0.66}}, 7, 5);
  check_laws(AntialiasedAvgPool<mirrored, double>{{.sigma = 1, .stride = 1}}, 5, 6);
  check_laws(AntialiasedMaxPool<permuted_c8, double>{}, 6, 8);
  check_laws(AntialiasedMaxPool<permuted_c8, float>{}, 6, 8);
  check_laws(AntialiasedMaxPool<permuted_d4, double>{{.kernel = 3, .stride = 2, .padding = 1}}, 7,
             5);
  Rng rng(1);
  const auto x = random_field(GridField<2 * irrep<C<4>, 1>, double>(2, 4, 4), rng);
  CHECK(error_on_plain_channels(AntialiasedMaxPool<4 * trivial<C<4>>, double>{}, x) > 0.1);
}

TEST_CASE("global pooling commutes with the group", "[pooling]") {
  check_laws(GlobalAvgPool<mixed_c8, double>{}, 5, 6);
  check_laws(GlobalAvgPool<mixed_c8, float>{}, 5, 6);
  check_laws(GlobalAvgPool<mixed_d4, double>{}, 5, 6);
  check_laws(GlobalAvgPool<mirrored, double>{}, 5, 6);
  check_laws(GlobalMaxPool<permuted_c8, double>{}, 5, 6);
  check_laws(GlobalMaxPool<permuted_d4, float>{}, 5, 6);
  Rng rng(1);
  const auto x = random_field(GridField<2 * irrep<C<4>, 1>, double>(2, 4, 4), rng);
  CHECK(error_on_plain_channels(GlobalMaxPool<4 * trivial<C<4>>, double>{}, x) > 0.1);
  CHECK(error_on_plain_channels(GlobalAvgPool<4 * trivial<C<4>>, double>{}, x) < 1e-12);
  // The control: a mean in which one corner counts twice.
  GlobalAvgPool<2 * irrep<C<4>, 1>, double> layer;
  const auto leaning = [&](auto f) {
    for (int b = 0; b < f.batch(); ++b)
      for (int c = 0; c < f.channels(); ++c) f(b, c, 0, 0) *= 2;
    return layer.forward(f);
  };
  CHECK(lattice_error_of<cyclic<4>>(leaning, x) > 0.1);
}

TEST_CASE("pooling computes what it says", "[pooling]") {
  GridField<trivial<C<4>>, double> x(1, 4, 4);
  for (int i = 0; i < 16; ++i) x.values()[static_cast<std::size_t>(i)] = i % 5 * (i % 2 ? -1 : 1);
  //  0 -1  2 -3
  //  4  0  1 -2
  //  3 -4  0 -1
  //  2 -3  4  0
  MaxPool<trivial<C<4>>, double> max;
  const auto largest = max.forward(x);
  CHECK(largest(0, 0, 0, 0) == 4);
  CHECK(largest(0, 0, 0, 1) == 2);
  CHECK(largest(0, 0, 1, 0) == 3);
  CHECK(largest(0, 0, 1, 1) == 4);
  const auto mean = AvgPool<trivial<C<4>>, double>{}.forward(x);
  CHECK(mean(0, 0, 0, 0) == 0.75);
  CHECK(mean(0, 0, 1, 1) == 0.75);
  CHECK(GlobalMaxPool<trivial<C<4>>, double>{}.forward(x)(0, 0) == 4);
  CHECK(GlobalAvgPool<trivial<C<4>>, double>{}.forward(x)(0, 0) == 2 / 16.0);

  GridField<trivial<C<4>>, double> g(1, 2, 2);
  for (int i = 0; i < 4; ++i) g.values()[static_cast<std::size_t>(i)] = i + 1;
  const auto d = max.backward(g);
  CHECK(d(0, 0, 1, 0) == 1);
  CHECK(d(0, 0, 0, 2) == 2);
  CHECK(d(0, 0, 2, 0) == 3);
  CHECK(d(0, 0, 3, 2) == 4);

  // escnn's default: 2 round(4 * 0.6) + 1 = 5 taps; inside, a constant stays itself, at the edge
  // zeros come in.
  GridField<trivial<C<4>>, double> ones(1, 9, 9);
  for (double& v : ones.values()) v = 1;
  const auto blurred =
      AntialiasedMaxPool<trivial<C<4>>, double>{{.kernel = 3, .padding = 1}}.forward(ones);
  CHECK(blurred.height() == 5);
  CHECK(blurred(0, 0, 2, 2) == Approx(1));
  const auto filter = detail::gaussian_filter(0.6, 4);
  const double edge = filter[2] + filter[3] + filter[4];
  CHECK(blurred(0, 0, 0, 0) == Approx(edge * edge));
}

TEST_CASE("ties and NaN in global max pooling", "[pooling]") {
  GlobalMaxPool<trivial<C<4>>, double> layer;
  const GridField<trivial<C<4>>, double> zero(1, 2, 3);
  layer.forward(zero);
  PointField<trivial<C<4>>, double> one(1);
  one(0, 0) = 1;
  const auto d = layer.backward(one);
  CHECK(d(0, 0, 0, 0) == 1);
  CHECK(d(0, 0, 1, 2) == 0);
  auto x = zero;
  x(0, 0, 1, 1) = std::numeric_limits<double>::quiet_NaN();
  x(0, 0, 1, 2) = 7;
  CHECK(std::isnan(layer.forward(x)(0, 0)));
}

TEST_CASE("strides that break the symmetry of the grid are refused", "[pooling]") {
  Rng rng(2);
  const auto odd = random_field(GridField<mixed_c8, double>(1, 7, 7), rng);
  const auto even = random_field(GridField<mixed_c8, double>(1, 8, 8), rng);
  AvgPool<mixed_c8, double> average;
  CHECK_NOTHROW(average.forward(even));
  CHECK_THROWS_WITH(average.forward(odd),
                    ContainsSubstring("AvgPool: the stride 2 leaves 1 of 7 pixels") &&
                        ContainsSubstring("use 6 or 8 pixels"));
  CHECK_THROWS_WITH(average.freeze().forward(odd), ContainsSubstring("set any_size"));
  AvgPool<mixed_c8, double> careless{{.any_size = true}};
  CHECK(careless.any_size());
  CHECK(lattice_error(careless, odd) > 0.1);
  CHECK_FALSE(careless.windows(odd.space()).symmetric());

  AntialiasedAvgPool<mixed_c8, double> blur;
  CHECK_NOTHROW(blur.forward(odd));
  CHECK_THROWS_WITH(blur.forward(even), ContainsSubstring("AntialiasedAvgPool: the stride 2"));
  AntialiasedAvgPool<mixed_c8, double> careless_blur{{.any_size = true}};
  CHECK(lattice_error(careless_blur, even) > 0.1);

  const auto odd_max = random_field(GridField<permuted_c8, double>(1, 7, 7), rng);
  const auto even_max = random_field(GridField<permuted_c8, double>(1, 8, 8), rng);
  AntialiasedMaxPool<permuted_c8, double> antialiased;
  CHECK(antialiased.forward(even_max).height() == 4);
  CHECK_THROWS_WITH(antialiased.forward(odd_max),
                    ContainsSubstring("AntialiasedMaxPool: the stride 2 leaves 1 of 7"));
  AntialiasedMaxPool<permuted_c8, double> careless_max{{.any_size = true}};
  CHECK(lattice_error(careless_max, odd_max) > 0.1);
  CHECK_THROWS_WITH((MaxPool<permuted_c8, double>{}.forward(odd_max)),
                    ContainsSubstring("MaxPool: the stride"));

  // A group without reflections or quarter turns has nothing to lose.
  CHECK_NOTHROW(AvgPool<trivial<C<1>>>{}.forward(GridField<trivial<C<1>>>(1, 7, 7)));
}

TEST_CASE("the windows of antialiased max pooling are those of its two steps", "[pooling]") {
  for (int size : {6, 9, 14})
    for (int kernel : {1, 2, 3})
      for (int stride : {1, 2, 3}) {
        const AntialiasedMaxPool<trivial<C<1>>, double> layer{
            {.kernel = kernel, .stride = stride, .padding = kernel / 2}};
        const Grid<2> grid{{size, size}};
        const auto y = layer.freeze().forward(GridField<trivial<C<1>>, double>(1, grid));
        CHECK(y.space().zyx() == layer.windows(grid).output());
      }
}

TEST_CASE("pooling works on signals and voxels", "[pooling]") {
  Rng rng(5);
  const auto signal = random_field(GridField<trivial<C<1>>, double, 1>(2, {{9}}), rng);
  const auto voxels = random_field(GridField<trivial<C<1>>, double, 3>(2, {{4, 6, 8}}), rng);
  const auto check = [&](auto layer) {
    CHECK(gradient_error(layer, signal, rng, 2, 1e-6).worst() < 1e-6);
    CHECK(gradient_error(layer, voxels, rng, 2, 1e-6).worst() < 1e-6);
  };
  check(AvgPool<trivial<C<1>>, double>{});
  check(MaxPool<trivial<C<1>>, double>{});
  check(AntialiasedAvgPool<trivial<C<1>>, double>{});
  check(AntialiasedMaxPool<trivial<C<1>>, double>{});
  CHECK(MaxPool<trivial<C<1>>, double>{}.forward(voxels).space() == Grid<3>{{2, 3, 4}});
  GlobalAvgPool<trivial<C<1>>, double, 3> global;
  CHECK(gradient_error(global, voxels, rng).worst() < 1e-6);
}

TEST_CASE("frozen pooling serves many threads", "[pooling]") {
  Rng rng(12);
  const auto x = random_field(GridField<permuted_c8>(2, 16, 16), rng);
  const auto net = Sequential{MaxPool<permuted_c8>{}, AvgPool<permuted_c8>{},
                              AntialiasedMaxPool<permuted_c8>{}, GlobalMaxPool<permuted_c8>{}}
                       .freeze();
  const auto expected = net.forward(x);
  std::vector<int> wrong(4, 0);
  std::vector<std::thread> callers;
  for (std::size_t i = 0; i < 4; ++i)
    callers.emplace_back([&, i] {
      for (int repeat = 0; repeat < 5; ++repeat) {
        const auto y = net.forward(x);
        wrong[i] += !std::equal(y.values().begin(), y.values().end(), expected.values().begin());
      }
    });
  for (auto& caller : callers) caller.join();
  CHECK(wrong == std::vector<int>(4, 0));
}

TEST_CASE("pooling says what is wrong", "[pooling]") {
  using F = GridField<trivial<C<4>>>;
  AvgPool<trivial<C<4>>> layer;
  CHECK_THROWS_WITH(layer.backward(F(1, 2, 2)),
                    ContainsSubstring("AvgPool: backward before forward"));
  CHECK_THROWS_WITH(layer.forward(F(1, 1, 1)),
                    ContainsSubstring("AvgPool: expected a window that fits"));
  CHECK_THROWS_WITH(layer.forward(F()), ContainsSubstring("AvgPool: expected a batch"));
  layer.forward(F(1, 4, 4));
  CHECK_THROWS_WITH(
      layer.backward(F(1, 4, 4)),
      ContainsSubstring("AvgPool: expected a gradient of 1 items on 2 x 2, got 1 on 4 x 4"));
  CHECK_THROWS_WITH((MaxPool<trivial<C<4>>>{{.stride = 0}}.forward(F(1, 4, 4))),
                    ContainsSubstring("MaxPool: expected a positive stride"));
  CHECK_THROWS_WITH((AntialiasedMaxPool<trivial<C<4>>>{{.kernel = 0}}.forward(F(1, 4, 4))),
                    ContainsSubstring("AntialiasedMaxPool: expected a positive kernel"));
  CHECK_THROWS_WITH((AntialiasedAvgPool<trivial<C<4>>>{{.sigma = -1}}),
                    ContainsSubstring("got sigma -1"));
  CHECK_THROWS_WITH(
      (AvgPool<trivial<C<4>>>{{.kernel = 1, .stride = 1, .padding = 1}}.forward(F(1, 3, 3))),
      ContainsSubstring("one in the padding alone"));
  GlobalAvgPool<trivial<C<4>>> global;
  CHECK_THROWS_WITH(global.backward(PointField<trivial<C<4>>>(1)),
                    ContainsSubstring("GlobalAvgPool: backward"));
}
