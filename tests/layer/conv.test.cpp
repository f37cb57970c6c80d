// SPDX-License-Identifier: MIT
#include "gsteer/layer/conv.hpp"

#include <thread>

#include "catch.hpp"
#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/dihedral.hpp"
#include "gsteer/group/orthogonal2.hpp"
#include "gsteer/layer/conv_transposed.hpp"
#include "gsteer/layer/linear.hpp"
#include "gsteer/layer/sequential.hpp"
#include "layer/linear_laws.hpp"
#include "layer/nonlinearity_laws.hpp"

using namespace gsteer;
using namespace gsteer::test;
using Catch::Matchers::ContainsSubstring;

namespace {

template <class Layer>
void check_linear_layer(Layer layer, int height, int width) {
  gsteer::test::check_linear_layer(std::move(layer), Grid<2>{{height, width}});
}

template <class Group>
void check_group(Group) {
  constexpr auto G = Group{};
  SECTION("scalars") {
    check_linear_layer(Conv2d<2 * trivial<G>, 3 * trivial<G>, 3, double>{{.padding = 1}}, 7, 6);
  }
  if constexpr (finite_group<Group>) {
    SECTION("regular, stride, no padding") {
      check_linear_layer(Conv2d<2 * regular<G>, regular<G> + trivial<G>, 5, double>{{.stride = 2}},
                         9, 11);
      check_linear_layer(Conv2d<2 * regular<G>, regular<G> + trivial<G>, 5, float>{{.stride = 2}},
                         9, 11);
    }
    SECTION("lifting, all paddings, dilation") {
      for (const Padding mode : {Padding::zero, Padding::circular, Padding::reflect})
        for (const int dilation : {1, 2})
          check_linear_layer(
              Conv2d<trivial<G>, 2 * regular<G>, 3, double>{
                  {.padding = 2, .padding_mode = mode, .dilation = dilation}},
              7, 7);
    }
    SECTION("groups, one kind of field and several") {
      check_linear_layer(
          Conv2d<4 * regular<G>, 2 * regular<G>, 3, double>{{.padding = 1, .groups = 2}}, 5, 5);
      check_linear_layer(
          Conv2d<2 * trivial<G> + 2 * regular<G>, 2 * regular<G> + 4 * trivial<G>, 3, double>{
              {.padding = 1, .groups = 2}},
          5, 5);
    }
    SECTION("transposed") {
      check_linear_layer(
          ConvTransposed2d<2 * regular<G>, regular<G> + trivial<G>, 3, double>{
              {.stride = 2, .padding = 1}},
          4, 5);
      check_linear_layer(
          ConvTransposed2d<2 * trivial<G> + 2 * regular<G>, 2 * regular<G>, 5, float>{
              {.stride = 2, .padding = 1, .groups = 2}},
          4, 4);
    }
  }
  SECTION("on each pixel") {
    check_linear_layer(Linear<2 * trivial<G>, 3 * trivial<G>, double>{}, 5, 4);
  }
}

template <class Scalar, class Group>
void check_all_options(Group) {
  constexpr auto G = Group{};
  for (const Padding mode : {Padding::zero, Padding::circular, Padding::reflect})
    check_linear_layer(
        Conv2d<4 * regular<G>, 2 * regular<G>, 3, Scalar>{
            {.stride = 2, .padding = 2, .padding_mode = mode, .dilation = 2, .groups = 2}},
        7, 9);
  check_linear_layer(
      ConvTransposed2d<4 * regular<G>, 2 * regular<G>, 3, Scalar>{
          {.stride = 2, .padding = 1, .dilation = 2, .groups = 2}},
      4, 5);
}

/// Four channels of which a layer knows no symmetry.
constexpr auto four = 4 * trivial<C<1>>;

}  // namespace

TEMPLATE_TEST_CASE("convolutions obey the laws", "[conv]", cyclic<1>, cyclic<2>, cyclic<3>,
                   cyclic<4>, cyclic<8>, dihedral<1>, dihedral<4>, special_orthogonal<2>,
                   orthogonal<2>) {
  check_group(TestType{});
}

TEST_CASE("convolutions between irreps, quotients and products", "[conv]") {
  check_linear_layer(
      Conv2d<2 * irrep<C<8>, 1> + trivial<C<8>>, irrep<C<8>, 2> + irrep<C<8>, 4>, 5, double>{
          {.padding = 2}},
      7, 7);
  check_linear_layer(
      Conv2d<quotient<D<4>, D<1>>, irrep<D<4>, 1, 1> + quotient<D<4>, C<4>>, 5, double>{
          {.padding = 2}},
      7, 7);
  check_linear_layer(
      Conv2d<irrep<SO<2>, 1>, irrep<SO<2>, 2> + band_limited<SO<2>, 2>, 5, double>{{.padding = 2}},
      7, 7);
  check_linear_layer(
      Conv2d<irrep<O<2>, 1, 1>, irrep<O<2>, 1, 0> + induce<O<2>>(irrep<SO<2>, 1>), 5, double>{
          {.padding = 2}},
      7, 7);
  check_linear_layer(Conv2d<tensor_product(irrep<D<4>, 1, 1>, irrep<D<4>, 1, 1>),
                            restrict_to<D<4>>(regular<D<8>>), 3, double>{{.padding = 1}},
                     5, 5);
  check_linear_layer(
      Linear<regular<D<4>> + irrep<D<4>, 1, 1>, quotient<D<4>, D<1>> + irrep<D<4>, 1, 1>, double>{},
      5, 5);
  check_linear_layer(
      Linear<regular<D<4>> + irrep<D<4>, 1, 1>, quotient<D<4>, D<1>> + irrep<D<4>, 1, 1>, float>{},
      5, 5);
}

TEST_CASE("stride, dilation, groups and padding together", "[conv]") {
  check_all_options<double>(C<4>);
  check_all_options<double>(D<4>);
  check_all_options<float>(D<4>);
}

TEST_CASE("a kernel that is not steerable fails the check that layers pass", "[conv]") {
  Rng rng(1);
  const auto x = random_field(GridField<regular<C<4>>, double>(1, 7, 7), rng);
  // The same layers over the trivial group mix the four channels freely.
  const auto error = [&](auto layer) {
    randomize(layer, rng);
    const auto as_plain = [&](const auto& f) {
      return seen_as<features_of<regular<C<4>>>>(layer.forward(seen_as<features_of<four>>(f)));
    };
    return lattice_error_of<cyclic<4>>(as_plain, x);
  };
  CHECK(error(Conv2d<four, four, 3, double>{{.padding = 1}}) > 0.1);
  CHECK(error(ConvTransposed2d<four, four, 3, double>{{.stride = 2, .padding = 1}}) > 0.1);
  CHECK(error(Linear<four, four, double>{}) > 0.1);
}

TEST_CASE("a bias on a part that is not invariant does not exist", "[conv]") {
  const auto biases = [](auto layer) {
    for (const auto& [name, p] : parameters(layer))
      if (name == "bias") return static_cast<int>(p->value.size());
    return -1;
  };
  CHECK(biases(Conv2d<trivial<C<4>>, 3 * regular<C<4>> + 2 * irrep<C<4>, 1>, 3>{}) == 3);
  CHECK(biases(Conv2d<trivial<C<4>>, 2 * irrep<C<4>, 1>, 3>{}) == 0);
  CHECK(biases(Conv2d<trivial<C<4>>, trivial<C<4>>, 3>{{.bias = false}}) == -1);
}

TEST_CASE("transposed convolution of stride 1 is a convolution", "[conv]") {
  constexpr auto in = 2 * regular<D<4>>;
  constexpr auto out = regular<D<4>> + 2 * irrep<D<4>, 1, 1>;
  Conv2d<in, out, 5, double> conv{{.padding = 1}};
  ConvTransposed2d<in, out, 5, double> transposed{{.padding = 3}};
  Rng rng(2);
  randomize(conv, rng);
  const auto from = parameters(conv), to = parameters(transposed);
  for (std::size_t i = 0; i < from.size(); ++i) to[i].parameter->value = from[i].parameter->value;
  const auto x = random_field(GridField<in, double>(2, 8, 9), rng);
  CHECK(detail::relative_distance(transposed.forward(x), conv.forward(x)) < 1e-13);
}

TEST_CASE("Linear on points is Linear on pixels", "[linear]") {
  constexpr auto in = 2 * regular<C<8>> + irrep<C<8>, 1>;
  constexpr auto out = regular<C<8>> + 2 * trivial<C<8>>;
  Linear<in, out, double> layer;
  Rng rng(3);
  randomize(layer, rng);
  const auto points = random_field(PointField<in, double>(5), rng);
  const auto pixels = GridField<in, double>::map(const_cast<double*>(points.data()), 5, 1, 1);
  const auto a = layer.forward(points);
  const auto b = layer.forward(pixels);
  for (std::size_t i = 0; i < a.size(); ++i)
    CHECK(a.values()[i] == Approx(b.values()[i]).margin(1e-13));
  for (int i = 0; i < 5; ++i) {
    const auto g = cyclic<8>::sample(rng);
    CHECK(equivariance_error(layer, g, points) < 1e-12);
  }
  const auto error = gradient_error(layer, points, rng);
  CHECK(error.worst() < 1e-6);
  Linear<in, out, float> single;
  randomize(single, rng);
  const auto few = random_field(PointField<in, float>(5), rng);
  CHECK(point_error<cyclic<8>>([&](const auto& x) { return single.forward(x); }, few) < 1e-5);
  // The control: fields of another frequency.
  const auto wrong = random_field(PointField<2 * regular<C<8>> + irrep<C<8>, 3>, double>(5), rng);
  CHECK(point_error<cyclic<8>>(
            [&](const auto& x) { return layer.forward(seen_as<decltype(layer)::in>(x)); }, wrong) >
        0.1);
  CHECK_THROWS_WITH((Linear<in, out, double>{}.backward(a)),
                    ContainsSubstring("backward before forward"));
}

TEST_CASE("grids that a stride samples unevenly are refused", "[conv]") {
  constexpr auto G = C<4>;
  Conv2d<trivial<G>, regular<G>, 3> layer{{.stride = 2, .padding = 1}};
  CHECK_NOTHROW(layer.forward(GridField<trivial<G>>(1, 9, 9)));
  CHECK_THROWS_WITH(layer.forward(GridField<trivial<G>>(1, 9, 8)),
                    ContainsSubstring("Conv2d") && ContainsSubstring("axis x") &&
                        ContainsSubstring("use 7 or 9"));
  CHECK_THROWS_WITH(layer.freeze().forward(GridField<trivial<G>>(1, 8, 9)),
                    ContainsSubstring("axis y"));
  Conv2d<trivial<G>, regular<G>, 3> free{{.stride = 2, .padding = 1, .any_size = true}};
  CHECK_NOTHROW(free.forward(GridField<trivial<G>>(1, 8, 8)));
  // The trivial group has nothing to break; the reflection only an axis.
  Conv2d<trivial<C<1>>, trivial<C<1>>, 3> plain{{.stride = 2, .padding = 1}};
  CHECK_NOTHROW(plain.forward(GridField<trivial<C<1>>>(1, 8, 8)));
  Conv2d<trivial<D<1>>, trivial<D<1>>, 3> flips{{.stride = 2, .padding = 1}};
  CHECK_NOTHROW(flips.forward(GridField<trivial<D<1>>>(1, 8, 9)));
  CHECK_THROWS_AS(flips.forward(GridField<trivial<D<1>>>(1, 9, 8)), Error);
}

TEST_CASE("an uneven stride does break the symmetry that it is refused for", "[conv]") {
  constexpr auto G = C<4>;
  Conv2d<trivial<G>, trivial<G>, 3, double> layer{{.stride = 2, .padding = 1, .any_size = true}};
  Rng rng(4);
  randomize(layer, rng);
  const auto x = random_field(GridField<trivial<G>, double>(1, 8, 8), rng);
  CHECK(lattice_error(layer, x) > 0.1);
}

TEST_CASE("data mistakes say what was expected and what came", "[conv]") {
  constexpr auto G = C<4>;
  Conv2d<trivial<G>, regular<G>, 5> layer;
  CHECK_THROWS_WITH(layer.forward(GridField<trivial<G>>(1, 3, 3)),
                    ContainsSubstring("window that fits"));
  CHECK_THROWS_WITH(layer.backward(GridField<regular<G>>(1, 3, 3)), ContainsSubstring("Conv2d"));
  CHECK_THROWS_WITH((Conv2d<3 * trivial<G>, 4 * regular<G>, 3>{{.groups = 2}}),
                    ContainsSubstring("divide the 3 fields"));
  CHECK_THROWS_WITH((Conv2d<trivial<G>, regular<G>, 3>{{.groups = 0}}), ContainsSubstring("got 0"));
  CHECK_THROWS_WITH(
      (ConvTransposed2d<trivial<G>, regular<G>, 3>{{.padding_mode = Padding::circular}}),
      ContainsSubstring("padding_mode zero"));
  CHECK_THROWS_WITH((GridField<trivial<G>>(0, 3, 3)), ContainsSubstring("positive size"));
}

TEST_CASE("a network, frozen and shared by threads", "[conv]") {
  constexpr auto G = D<4>;
  Sequential net{Conv2d<trivial<G>, 2 * regular<G>, 5, double>{{.padding = 2}},
                 Conv2d<2 * regular<G>, 2 * trivial<G>, 3, double>{{.stride = 2}}};
  Rng rng(5);
  randomize(net, rng);
  const auto x = random_field(GridField<trivial<G>, double>(2, 9, 9), rng);
  const auto expected = net.forward(x);
  const auto frozen = net.freeze();
  std::vector<std::thread> users;
  std::vector<double> distances(4, 1);
  for (std::size_t i = 0; i < 4; ++i)
    users.emplace_back(
        [&, i] { distances[i] = detail::relative_distance(frozen.forward(x), expected); });
  for (auto& user : users) user.join();
  for (const double d : distances) CHECK(d < 1e-14);
  CHECK(parameters(net)[2].name == "1.weight");
  CHECK(gradient_error(net, x, rng).worst() < 1e-6);
  CHECK(lattice_error(net, x) < 1e-12);
}

TEST_CASE("the number of parameters is the dimension of the kernel space", "[conv]") {
  constexpr auto in = 16 * regular<C<8>>;
  Conv2d<in, in, 5> layer{{.bias = false}};
  CHECK(parameter_count(layer) == 22528);
  CHECK(static_cast<int>(parameter_count(layer)) == kernel_dimension<in, in>(kernel_size(5)));
  Conv2d<in, in, 5> dilated{{.dilation = 2, .bias = false}};
  CHECK(parameter_count(dilated) == parameter_count(layer));
  Conv2d<trivial<SO<2>>, irrep<SO<2>, 3>, kernel_size(5).with_rings({{2, 0.6, 3}})> chosen;
  CHECK(parameter_count(chosen) == 2);
}

template class gsteer::steerable_conv<2, features_of<trivial<C<4>>>, features_of<regular<C<4>>>, 3,
                                      float>;
template class gsteer::steerable_conv<2, features_of<trivial<C<4>>>, features_of<regular<C<4>>>, 3,
                                      double>;
template class gsteer::steerable_conv_transposed<2, features_of<trivial<C<4>>>,
                                                 features_of<regular<C<4>>>, 3, float>;
template class gsteer::linear<features_of<trivial<C<4>>>, features_of<regular<C<4>>>, double>;
