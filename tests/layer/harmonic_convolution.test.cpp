// SPDX-License-Identifier: MIT
#include "gsteer/layer/harmonic_convolution.hpp"

#include "catch.hpp"
#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/dihedral.hpp"
#include "gsteer/group/orthogonal2.hpp"
#include "gsteer/layer/conv.hpp"
#include "layer/laws.hpp"

using namespace gsteer;
using namespace gsteer::test;
using Catch::Matchers::ContainsSubstring;

namespace {

/// The harmonic method gives what the dense kernel gives: results and all gradients.
template <auto In, auto Out, auto Kernel, class Scalar = double>
void compare(ConvolutionOptions options, int batch, int height, int width) {
  using Layer = Conv2d<In, Out, Kernel, Scalar>;
  INFO(Layer::in::name() << " -> " << Layer::out::name());
  Rng rng(11);
  options.method = ConvolutionMethod::dense;
  Layer dense{options};
  options.method = ConvolutionMethod::harmonic;
  Layer harmonic{options};
  randomize(dense, rng);
  const auto from = parameters(dense), to = parameters(harmonic);
  for (std::size_t i = 0; i < from.size(); ++i) to[i].parameter->value = from[i].parameter->value;
  const auto x = random_field(GridField<In, Scalar>(batch, height, width), rng);
  const double bound = std::is_same_v<Scalar, double> ? 1e-12 : 1e-5;
  const auto y = dense.forward(x);
  CHECK(detail::relative_distance(harmonic.forward(x), y) < bound);
  CHECK(detail::relative_distance(harmonic.freeze().forward(x), y) < bound);
  const auto r = random_field(y, rng);
  const auto d = dense.backward(r);
  CHECK(detail::relative_distance(harmonic.backward(r), d) < bound);
  for (std::size_t i = 0; i < from.size(); ++i) {
    double difference = 0, norm = 0;
    for (std::size_t k = 0; k < from[i].parameter->gradient.size(); ++k) {
      difference += std::pow(from[i].parameter->gradient[k] - to[i].parameter->gradient[k], 2);
      norm += std::pow(from[i].parameter->gradient[k], 2);
    }
    INFO(from[i].name);
    CHECK(std::sqrt(difference) <= bound * std::sqrt(norm));
  }
  CHECK(lattice_error(harmonic, x) < tolerance<Scalar>);
  check_threads(harmonic, x);
}

}  // namespace

TEST_CASE("the harmonic method agrees with the dense kernel", "[conv]") {
  SECTION("regular fields, a picture larger than a tile") {
    compare<2 * regular<C<8>>, 3 * regular<C<8>>, 5>({.padding = 2}, 2, 21, 22);
    compare<2 * regular<C<8>>, 3 * regular<C<8>>, 5, float>({.padding = 2}, 9, 9, 9);
  }
  SECTION("stride and all paddings") {
    for (const Padding mode : {Padding::zero, Padding::circular, Padding::reflect})
      compare<regular<D<4>> + irrep<D<4>, 1, 1>, quotient<D<4>, D<1>> + 2 * trivial<D<4>>, 3>(
          {.stride = 2, .padding = 2, .padding_mode = mode}, 3, 9, 11);
  }
  SECTION("dilation, no padding") {
    compare<regular<C<4>>, regular<C<4>>, 5>({.dilation = 2}, 1, 13, 12);
  }
  SECTION("more padding than the kernel needs") {
    compare<trivial<C<4>>, regular<C<4>>, 3>({.padding = 3}, 1, 5, 5);
  }
  SECTION("continuous groups, single channels, one tap") {
    compare<irrep<SO<2>, 1> + trivial<SO<2>>, irrep<SO<2>, 2> + band_limited<SO<2>, 1>, 7>(
        {.padding = 3}, 2, 8, 9);
    compare<irrep<O<2>, 1, 1>, irrep<O<2>, 1, 0> + irrep<O<2>, 1, 2>, 5>({.padding = 2}, 1, 6, 6);
    compare<2 * regular<C<3>>, regular<C<3>>, 1>({}, 2, 4, 5);
  }
  SECTION("rings of the user's choice") {
    compare<regular<C<6>>, regular<C<6>>, kernel_size(5).with_rings({{1.5, 0.7, 3}})>(
        {.padding = 2}, 1, 8, 8);
  }
}

TEST_CASE("an estimate of the times chooses the method", "[conv]") {
  const auto cost = [](const kernel_space& space) {
    return detail::HarmonicConvolution<float>(space, KernelFilters(space)).cost();
  };
  const double large =
      cost(kernel_space_of<features_of<16 * regular<C<8>>>, features_of<16 * regular<C<8>>>>(
          kernel_size(5)));
  CHECK(3 * large < 128 * 128 * 25);
  const double lifting = cost(
      kernel_space_of<features_of<trivial<C<8>>>, features_of<8 * regular<C<8>>>>(kernel_size(7)));
  CHECK(lifting > 64 * 49);
  CHECK_THROWS_WITH((Conv2d<2 * regular<C<4>>, 2 * regular<C<4>>, 3>{
                        {.groups = 2, .method = ConvolutionMethod::harmonic}}),
                    ContainsSubstring("groups = 1"));
}
