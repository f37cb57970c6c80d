// SPDX-License-Identifier: MIT
// Convolution of volumes and of signals.
#include "gsteer/layer/conv.hpp"

#include "catch.hpp"
#include "gsteer/check/symmetry_report.hpp"
#include "gsteer/group/axial.hpp"
#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/dihedral.hpp"
#include "gsteer/group/orthogonal1.hpp"
#include "gsteer/group/orthogonal2.hpp"
#include "gsteer/group/orthogonal3.hpp"
#include "gsteer/group/polyhedral.hpp"
#include "gsteer/layer/conv_transposed.hpp"
#include "gsteer/layer/linear.hpp"
#include "gsteer/layer/sequential.hpp"
#include "layer/linear_laws.hpp"

using namespace gsteer;
using namespace gsteer::test;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr Grid<3> cube{{5, 5, 5}};
constexpr auto plain = 3 * trivial<about_z<C<1>>>;

/// What the laws need besides the group: a field that is not scalar.
template <auto G, auto Other>
void check_group() {
  constexpr auto in = trivial<G> + Other;
  SECTION("all kinds of padding") {
    for (const Padding mode : {Padding::zero, Padding::circular, Padding::reflect})
      check_linear_layer(Conv3d<in, Other, 3, double>{{.padding = 1, .padding_mode = mode}},
                         Grid<3>{{4, 4, 4}});
  }
  SECTION("stride and dilation, in float and in double") {
    check_linear_layer(Conv3d<in, Other, 3, double>{{.stride = 2, .dilation = 2}},
                       Grid<3>{{7, 7, 7}});
    check_linear_layer(Conv3d<Other, trivial<G>, 3, float>{{.stride = 2, .padding = 1}}, cube);
  }
  SECTION("groups, transposed, and on each voxel") {
    check_linear_layer(
        Conv3d<2 * Other, 2 * Other + 2 * trivial<G>, 3, double>{{.padding = 1, .groups = 2}},
        Grid<3>{{3, 3, 3}});
    check_linear_layer(ConvTransposed3d<in, Other, 3, double>{{.stride = 2, .padding = 1}},
                       Grid<3>{{3, 3, 3}});
    check_linear_layer(Linear<in, Other, double>{}, Grid<3>{{2, 2, 2}});
  }
}

/// The dense kernel and the harmonic method give the same numbers.
template <class Layer>
double distance_of_methods(ConvolutionOptions options, const Grid<3>& grid) {
  using Scalar = typename Layer::Scalar;
  options.method = ConvolutionMethod::dense;
  Layer dense{options};
  options.method = ConvolutionMethod::harmonic;
  Layer harmonic{options};
  Rng rng(5);
  randomize(dense, rng);
  const auto from = parameters(dense), to = parameters(harmonic);
  for (std::size_t i = 0; i < from.size(); ++i) to[i].parameter->value = from[i].parameter->value;
  const auto x = random_field(Field<typename Layer::in, Scalar, Grid<3>>(2, grid), rng);
  const auto y = dense.forward(x);
  double worst = detail::relative_distance(harmonic.forward(x), y);
  const auto g = random_field(y, rng);
  const auto d = dense.backward(g);
  worst = std::max(worst, detail::relative_distance(harmonic.backward(g), d));
  for (std::size_t i = 0; i < from.size(); ++i) {
    double difference = 0, norm = 0;
    for (std::size_t k = 0; k < from[i].parameter->gradient.size(); ++k) {
      const double a = from[i].parameter->gradient[k], b = to[i].parameter->gradient[k];
      difference += (a - b) * (a - b);
      norm += a * a;
    }
    worst = std::max(worst, std::sqrt(difference / norm));
  }
  return worst;
}

}  // namespace

TEST_CASE("convolutions of volumes over SO(3) obey the laws", "[conv3]") {
  check_group<SO<3>, irrep<SO<3>, 1> + irrep<SO<3>, 2>>();
}
TEST_CASE("convolutions of volumes over O(3) obey the laws", "[conv3]") {
  check_group<O<3>, irrep<O<3>, 1, 1> + irrep<O<3>, 1, 0> + irrep<O<3>, 0, 2>>();
}
TEST_CASE("convolutions of volumes over T, O and I obey the laws", "[conv3]") {
  check_linear_layer(
      Conv3d<regular<tetrahedral>, irrep<tetrahedral, 0, 1>, 3, double>{
          {.padding = 1, .padding_mode = Padding::circular}},
      Grid<3>{{3, 4, 5}});
  check_linear_layer(
      Conv3d<trivial<octahedral>, regular<octahedral>, 3, double>{{.stride = 2, .padding = 1}},
      cube);
  check_linear_layer(
      Conv3d<trivial<icosahedral>, irrep<icosahedral, 0, 1>, 3, double>{{.padding = 1}},
      Grid<3>{{3, 3, 3}});
}
TEST_CASE("kernels of five taps obey the laws, with strides, with and without inversion",
          "[conv3]") {
  constexpr auto G = full_octahedral;
  check_linear_layer(Conv3d<trivial<G>, regular<G>, 5, double>{{.padding = 2}}, cube);
  check_linear_layer(Conv3d<regular<G>, trivial<G>, 5, float>{{.stride = 2, .padding = 2}},
                     Grid<3>{{5, 5, 5}});
  check_linear_layer(
      Conv3d<irrep<SO<3>, 1>, irrep<SO<3>, 2>, 5, double>{{.stride = 2, .padding = 1}},
      Grid<3>{{7, 7, 7}});
  check_linear_layer(
      ConvTransposed3d<regular<octahedral>, trivial<octahedral>, 5, double>{
          {.stride = 2, .padding = 2}},
      Grid<3>{{3, 3, 3}});
  check_linear_layer(
      ConvTransposed3d<trivial<pyritohedral>, regular<pyritohedral>, 3, double>{{.padding = 1}},
      Grid<3>{{3, 3, 3}});
}
TEST_CASE("convolutions of volumes over groups about an axis obey the laws", "[conv3]") {
  check_linear_layer(
      Conv3d<2 * trivial<about_z<C<1>>>, 3 * trivial<about_z<C<1>>>, 3, double>{{.padding = 1}},
      Grid<3>{{4, 5, 6}});
  check_linear_layer(
      Conv3d<trivial<about_z<C<4>>>, regular<about_z<C<4>>>, 3, double>{{.padding = 1}},
      Grid<3>{{3, 5, 5}});
  check_linear_layer(
      Conv3d<irrep<about_z<SO<2>>, 1>, irrep<about_z<SO<2>>, 2>, 3, double>{{.padding = 1}},
      Grid<3>{{4, 3, 3}});
  check_linear_layer(
      Conv3d<regular<about_z<D<4>>>, irrep<about_z<D<4>>, 1, 1>, 3, double>{{.padding = 1}},
      Grid<3>{{4, 3, 3}});
  check_linear_layer(
      Conv3d<regular<about_z<D<4>, O<3>>>, irrep<about_z<D<4>, O<3>>, 1, 0>, 3, double>{
          {.padding = 1}},
      Grid<3>{{2, 3, 3}});
}

TEST_CASE("convolutions of signals obey the laws", "[conv3]") {
  constexpr auto G = O<1>;
  constexpr auto in = 2 * regular<G> + irrep<G, 1, 0>;
  for (const Padding mode : {Padding::zero, Padding::circular, Padding::reflect})
    check_linear_layer(Conv1d<in, in, 5, double>{{.padding = 2, .padding_mode = mode}},
                       Grid<1>{{12}});
  check_linear_layer(Conv1d<in, trivial<G>, 7, float>{{.stride = 2, .padding = 3}}, Grid<1>{{15}});
  check_linear_layer(Conv1d<in, regular<G>, 3, double>{{.dilation = 3}}, Grid<1>{{9}});
  check_linear_layer(ConvTransposed1d<in, in, 5, double>{{.stride = 3}}, Grid<1>{{4}});
  check_linear_layer(Conv1d<2 * trivial<SO<1>>, 3 * trivial<SO<1>>, 5, double>{}, Grid<1>{{9}});
  // All kernels there are: of the taps, half are even and half are odd.
  STATIC_REQUIRE(kernel_dimension<trivial<SO<1>>, trivial<SO<1>>>(kernel_size(9)) == 9);
  STATIC_REQUIRE(kernel_dimension<trivial<O<1>>, trivial<O<1>>>(kernel_size(9)) == 5);
  STATIC_REQUIRE(kernel_dimension<trivial<O<1>>, irrep<O<1>, 1, 0>>(kernel_size(9)) == 4);
  STATIC_REQUIRE(kernel_dimension<regular<O<1>>, regular<O<1>>>(kernel_size(9)) == 18);
}

TEST_CASE("a derivative of a signal is a kernel from scalars to signs", "[conv3]") {
  Conv1d<trivial<O<1>>, irrep<O<1>, 1, 0>, 3, double> layer{{.bias = false}};
  REQUIRE(parameter_count(layer) == 1);
  parameters(layer)[0].parameter->value[0] = 1;
  GridField<trivial<O<1>>, double> x(1, 5);
  for (int i = 0; i < 5; ++i) x(0, 0, i) = i * i;
  const auto y = layer.forward(x);
  REQUIRE(y.width() == 3);
  CHECK(y(0, 0, 0) != 0);
  for (int i = 0; i < 3; ++i)
    CHECK(y(0, 0, i) == Approx(y(0, 0, 0) * (i + 1)).epsilon(1e-13));  // proportional to 2 x
}

TEST_CASE("a kernel of a volume that is not steerable fails the check that layers pass",
          "[conv3]") {
  constexpr auto vectors = irrep<SO<3>, 1>;
  Rng rng(1);
  Conv3d<plain, plain, 3, double> layer{{.padding = 1}};
  randomize(layer, rng);
  const auto x = random_field(GridField<vectors, double>(1, cube), rng);
  const auto as_plain = [&](auto f) {
    const auto y = layer.forward(GridField<plain, double>::map(f.data(), 1, f.space()));
    std::copy(y.values().begin(), y.values().end(), f.values().begin());
    return f;
  };
  CHECK(lattice_error_of<special_orthogonal<3>>(as_plain, x) > 0.1);
}

TEST_CASE("a volume convolved by harmonics is convolved by the dense kernel", "[conv3]") {
  constexpr auto scalars = 3 * trivial<SO<3>>;
  constexpr auto mixed = 2 * irrep<SO<3>, 0> + 2 * irrep<SO<3>, 1> + irrep<SO<3>, 2>;
  using D5 = Conv3d<mixed, mixed, 5, double>;
  using F5 = Conv3d<mixed, mixed, 5, float>;
  using Lift = Conv3d<trivial<octahedral>, regular<octahedral>, 3, double>;
  using Up = Conv3d<scalars, mixed, 7, double>;
  using Flat = Conv3d<scalars, mixed, 3, double>;
  CHECK(distance_of_methods<D5>({.padding = 2}, cube) < 1e-12);
  CHECK(distance_of_methods<F5>({.padding = 2}, cube) < 1e-5);
  CHECK(distance_of_methods<D5>({.stride = 2, .padding = 2}, {{7, 9, 5}}) < 1e-12);
  CHECK(distance_of_methods<D5>({.padding = 3, .padding_mode = Padding::reflect}, {{4, 5, 6}}) <
        1e-12);
  CHECK(distance_of_methods<D5>({.padding = 2, .padding_mode = Padding::circular}, {{6, 5, 4}}) <
        1e-12);
  CHECK(distance_of_methods<Lift>({.dilation = 2}, {{6, 5, 7}}) < 1e-12);
  CHECK(distance_of_methods<Up>({.padding = 3}, {{3, 4, 5}}) < 1e-12);
  // Results of a single plane, windows of several.
  CHECK(distance_of_methods<Flat>({.padding = 1}, {{1, 24, 20}}) < 1e-12);
  CHECK(distance_of_methods<Flat>({}, {{3, 25, 18}}) < 1e-12);
}

TEST_CASE("volumes that a stride samples unevenly are refused", "[conv3]") {
  Conv3d<trivial<SO<3>>, irrep<SO<3>, 1>, 3> layer{{.stride = 2, .padding = 1}};
  CHECK_NOTHROW(layer.forward(GridField<trivial<SO<3>>>(1, cube)));
  CHECK_THROWS_WITH(layer.forward(GridField<trivial<SO<3>>>(1, 4, 5, 5)),
                    ContainsSubstring("Conv3d") && ContainsSubstring("axis z"));
  // About z, heights are not exchanged with anything, and only mirrors and half turns reverse them.
  Conv3d<trivial<about_z<C<4>>>, trivial<about_z<C<4>>>, 3> around{{.stride = 2, .padding = 1}};
  CHECK_NOTHROW(around.forward(GridField<trivial<about_z<C<4>>>>(1, 4, 5, 5)));
  Conv3d<trivial<about_z<D<4>>>, trivial<about_z<D<4>>>, 3> halves{{.stride = 2, .padding = 1}};
  CHECK_THROWS_WITH(halves.forward(GridField<trivial<about_z<D<4>>>>(1, 4, 5, 5)),
                    ContainsSubstring("axis z"));
  const Sequential net{layer};
  CHECK(symmetric_sizes(net, 3, 8) == std::vector<int>{3, 5, 7});
  CHECK(symmetry_report(net, Grid<3>{{5, 7, 9}})[0].output == Grid<3>{{3, 4, 5}});
}

TEST_CASE("sizes that no int holds are refused", "[conv3]") {
  using Volumes = GridField<trivial<SO<3>>>;
  CHECK_THROWS_WITH((Volumes(1, 1626, 1626, 1626)), ContainsSubstring("at most 2147483647 points"));
  CHECK_THROWS_WITH((Volumes(1, -2, -3, 4)), ContainsSubstring("positive size"));
  ConvTransposed1d<trivial<O<1>>, trivial<O<1>>, 3> wide{{.stride = 65536}};
  CHECK_THROWS_WITH(wide.output_grid(Grid<1>{{65537}}), ContainsSubstring("cells along an axis"));
  CHECK_THROWS_WITH(
      (Conv3d<trivial<SO<3>>, trivial<SO<3>>, kernel_size(3).with_rings({{0.5, 0.005, 0}})>{}),
      ContainsSubstring("meets no tap"));
}

TEST_CASE("the default rings of volumes are those of space", "[conv3]") {
  Conv3d<trivial<SO<3>>, trivial<SO<3>>, 9> layer{{.bias = false}};
  CHECK(parameter_count(layer) == 5);
  // One kernel for each scalar filter: 1, 10, 19, 35, 60.
  constexpr auto G = octahedral;
  STATIC_REQUIRE(kernel_dimension<trivial<G>, regular<G>>(kernel_size(1)) == 1);
  STATIC_REQUIRE(kernel_dimension<trivial<G>, regular<G>>(kernel_size(3)) == 10);
  STATIC_REQUIRE(kernel_dimension<trivial<G>, regular<G>>(kernel_size(5)) == 19);
  STATIC_REQUIRE(kernel_dimension<trivial<G>, regular<G>>(kernel_size(7)) == 35);
  STATIC_REQUIRE(kernel_dimension<trivial<G>, regular<G>>(kernel_size(9)) == 60);
  STATIC_REQUIRE(kernel_dimension<trivial<G>, regular<G>>(kernel_size(9).with_max_frequency(2)) ==
                 37);
}
