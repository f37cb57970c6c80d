// SPDX-License-Identifier: MIT
#include "gsteer/layer/fusion.hpp"

#include <cstddef>
#include <utility>
#include <vector>

#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/dihedral.hpp"
#include "gsteer/group/orthogonal1.hpp"
#include "gsteer/group/orthogonal2.hpp"
#include "gsteer/group/orthogonal3.hpp"
#include "gsteer/layer/batch_norm.hpp"
#include "gsteer/layer/conv.hpp"
#include "gsteer/layer/conv_transposed.hpp"
#include "gsteer/layer/linear.hpp"
#include "gsteer/layer/norm_nonlinearity.hpp"
#include "gsteer/layer/pointwise.hpp"
#include "gsteer/layer/residual.hpp"
#include "gsteer/layer/sequential.hpp"
#include "layer/laws.hpp"

using namespace gsteer;
using namespace gsteer::test;
using gsteer::detail::relative_distance;

namespace {

// The same network for use with every layer on its own.
template <class Layer>
auto apart(const Layer& layer) {
  return layer.freeze();
}
template <class... Layers>
auto apart(const Sequential<Layers...>& net) {
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return Sequential(apart(net.template layer<I>())...);
  }
  (std::index_sequence_for<Layers...>{});
}
template <class Body, class Shortcut>
auto apart(const Residual<Body, Shortcut>& block) {
  return Residual(apart(block.body()), apart(block.shortcut()));
}

/// Not centered, so that means matter.
template <class Net, class Space>
auto random_input(Rng& rng, int batch, const Space& space) {
  auto x = random_field(Field<typename Net::in, typename Net::Scalar, Space>(batch, space), rng);
  for (auto& v : x.values()) v = v / 2 + 1;
  return x;
}

/// After some steps of training the fused network gives what its layers give, on any number of
/// threads, and still after it was copied and the network trained on. Returns how many layers are
/// left.
template <class Net, class Space>
std::size_t check_fusion(Net net, int batch, const Space& grid) {
  using Scalar = typename Net::Scalar;
  INFO(Net::in::name() << " -> " << Net::out::name());
  Rng rng(21);
  randomize(net, rng);
  const auto train = [&] {
    for (int step = 0; step < 3; ++step) net.forward(random_input<Net>(rng, batch, grid));
  };
  train();
  const auto x = random_input<Net>(rng, batch, grid);
  const auto separate = apart(net);
  const auto frozen = [copied = net.freeze()] { return copied; }();
  const auto y = separate.forward(x);
  train();
  CHECK(relative_distance(frozen.forward(x), y) < tolerance<Scalar>);
  CHECK(relative_distance(net.freeze().forward(x), y) > 1e-3);  // the control: other statistics
  for (const int count : {1, 3}) {
    set_threads(count);
    CHECK(relative_distance(frozen.forward(x), y) < tolerance<Scalar>);
    set_threads(0);
  }
  return frozen.size();
}

/// The patterns that are one layer, with both methods.
template <class Conv>
void check_patterns(ConvolutionOptions options, int batch, const typename Conv::Space& grid) {
  using F = typename Conv::out;
  using Scalar = typename Conv::Scalar;
  using Norm = batch_norm<F, Scalar>;
  using Map = pointwise<F, hyperbolic_tangent, Scalar>;
  for (const auto method : {ConvolutionMethod::dense, ConvolutionMethod::harmonic}) {
    if (options.groups > 1 && method == ConvolutionMethod::harmonic) continue;
    options.method = method;
    for (const bool bias : {true, false}) {
      options.bias = bias;
      CHECK(check_fusion(Sequential{Conv{options}, Norm{}}, batch, grid) == 1);
      if constexpr (F::kind != matrix_kind::orthogonal)
        CHECK(check_fusion(Sequential{Conv{options}, Norm{}, Map{}}, batch, grid) == 1);
      else
        CHECK(check_fusion(Sequential{Conv{options}, Norm{}, norm_nonlinearity<F, elu, Scalar>{}},
                           batch, grid) == 2);
    }
  }
}

}  // namespace

TEST_CASE("a convolution takes in the batch norm and the function after it", "[fusion]") {
  const Grid<2> grid{{21, 22}};
  SECTION("scalars") {
    check_patterns<Conv2d<trivial<C<4>>, 3 * trivial<C<4>>, 3, double>>({.padding = 1}, 2, grid);
  }
  SECTION("regular fields") {
    check_patterns<Conv2d<2 * regular<C<8>>, 3 * regular<C<8>>, 5, double>>({.padding = 2}, 2,
                                                                            grid);
    check_patterns<Conv2d<2 * regular<C<8>>, 3 * regular<C<8>>, 5, float>>({.padding = 2}, 9, grid);
  }
  SECTION("quotients, several kinds of field, strides") {
    constexpr auto mixed =
        2 * trivial<D<4>> + quotient<D<4>, D<1>> + regular<D<4>> + irrep<D<4>, 1, 0>;
    check_patterns<Conv2d<regular<D<4>>, mixed, 3, double>>({.stride = 2, .padding = 1}, 3,
                                                            Grid<2>{{11, 13}});
    check_patterns<Conv2d<regular<D<4>>, mixed, 3, float>>({.stride = 2, .padding = 1}, 3,
                                                           Grid<2>{{11, 13}});
  }
  SECTION("groups") {
    constexpr auto in = 2 * regular<C<4>> + 4 * trivial<C<4>>;
    constexpr auto out = 4 * trivial<C<4>> + 2 * regular<C<4>> + 2 * quotient<C<4>, C<2>>;
    check_patterns<Conv2d<in, out, 3, double>>({.padding = 1, .groups = 2}, 2, Grid<2>{{7, 8}});
  }
  SECTION("irreps, whose nonlinearity stays on its own") {
    constexpr auto circle = 2 * irrep<SO<2>, 1> + trivial<SO<2>> + irrep<SO<2>, 2>;
    check_patterns<Conv2d<circle, circle, 5, double>>({.padding = 2}, 2, Grid<2>{{9, 10}});
    check_patterns<Conv2d<circle, circle, 5, float>>({.padding = 2}, 2, Grid<2>{{9, 10}});
  }
  SECTION("signals and volumes") {
    check_patterns<Conv1d<trivial<O<1>>, 2 * regular<O<1>>, 5, double>>({.padding = 2}, 2,
                                                                        Grid<1>{{17}});
    constexpr auto in = trivial<SO<3>> + irrep<SO<3>, 1>;
    constexpr auto out = 2 * trivial<SO<3>> + 2 * irrep<SO<3>, 1>;
    check_patterns<Conv3d<in, out, 3, double>>({.padding = 1}, 2, Grid<3>{{5, 6, 5}});
  }
}

TEST_CASE("so do Linear and the transposed convolution", "[fusion]") {
  constexpr auto in = 2 * regular<C<4>> + trivial<C<4>>;
  constexpr auto out = 3 * regular<C<4>> + 2 * quotient<C<4>, C<2>>;
  using Norm = BatchNorm<out, double>;
  using Map = ELU<out, double>;
  for (const bool bias : {true, false}) {
    CHECK(check_fusion(Sequential{Linear<in, out, double>{{.bias = bias}}, Norm{}, Map{}}, 2,
                       Grid<2>{{7, 8}}) == 1);
    CHECK(check_fusion(Sequential{Linear<in, out, double>{{.bias = bias}}, Norm{}, Map{}}, 9,
                       Point{}) == 1);
    CHECK(check_fusion(Sequential{ConvTransposed2d<in, out, 3, double>{
                                      {.stride = 2, .padding = 1, .bias = bias}},
                                  Norm{}, Map{}},
                       2, Grid<2>{{5, 6}}) == 1);
  }
  constexpr auto four = 4 * regular<C<4>>;
  CHECK(check_fusion(Sequential{ConvTransposed2d<2 * regular<C<4>>, four, 3, double>{
                                    {.padding = 1, .groups = 2}},
                                BatchNorm<four, double>{}, ReLU<four, double>{}},
                     3, Grid<2>{{5, 6}}) == 1);
}

TEST_CASE("what does not come right after a convolution stays on its own", "[fusion]") {
  constexpr auto F = 2 * regular<C<4>>;
  using Conv = Conv2d<F, F, 3, double>;
  using Norm = BatchNorm<F, double>;
  const ConvolutionOptions options{.padding = 1};
  const Grid<2> grid{{8, 9}};
  // A function with parameters of its own, after the norm, before it, and twice.
  const LeakyReLU<F, double> leaky{{.slope = 0.3}};
  CHECK(check_fusion(Sequential{Conv{options}, Norm{}, leaky}, 2, grid) == 1);
  CHECK(check_fusion(Sequential{Conv{options}, leaky, Norm{}}, 2, grid) == 2);
  CHECK(check_fusion(Sequential{Conv{options}, Norm{}, leaky, leaky}, 2, grid) == 2);
  CHECK(check_fusion(Sequential{Norm{}, leaky, Conv{options}}, 2, grid) == 3);
  CHECK(check_fusion(Sequential{Conv{options}, Norm{}, Norm{}, leaky, Conv{options}}, 2, grid) ==
        4);
  // The order is seen: f(norm(x)) is not norm(f(x)).
  Rng rng(3);
  Sequential one{Conv{options}, Norm{}, leaky};
  Sequential other{Conv{options}, leaky, Norm{}};
  randomize(one, rng);
  const auto x = random_input<Conv>(rng, 2, grid);
  one.forward(x);
  const auto values = [](auto& net, int layer) {
    return parameters(net.template layer<0>())[static_cast<std::size_t>(layer)].parameter;
  };
  for (const int p : {0, 1}) values(other, p)->value = values(one, p)->value;
  other.forward(x);
  CHECK(relative_distance(one.freeze().forward(x), other.freeze().forward(x)) > 1e-2);
}

TEST_CASE("a batch norm without running statistics sees the whole batch", "[fusion]") {
  constexpr auto F = 2 * regular<C<4>>;
  Rng rng(4);
  for (const auto method : {ConvolutionMethod::dense, ConvolutionMethod::harmonic}) {
    Sequential net{Conv2d<F, F, 5, double>{{.padding = 2, .method = method}},
                   BatchNorm<F, double>{{.track = false}}, ReLU<F, double>{}};
    randomize(net, rng);
    const auto x = random_input<decltype(net)>(rng, 3, Grid<2>{{8, 9}});
    const auto frozen = net.freeze();
    STATIC_REQUIRE(frozen.size() == 1);
    CHECK(relative_distance(frozen.forward(x), net.forward(x)) < 1e-12);
    const auto single = random_input<decltype(net)>(rng, 1, Grid<2>{{1, 1}});
    CHECK_THROWS_AS(frozen.forward(single), Error);
  }
}

TEST_CASE("networks in networks fuse on their own", "[fusion]") {
  constexpr auto F = 2 * regular<C<8>>;
  using Conv = Conv2d<F, F, 3, double>;
  using Norm = BatchNorm<F, double>;
  using Map = ReLU<F, double>;
  const ConvolutionOptions options{.padding = 1};
  const auto block = [&] {
    return Residual{Sequential{Conv{options}, Norm{}, Map{}, Conv{options}, Norm{}},
                    Sequential{Conv2d<F, F, 1, double>{}, Norm{}}};
  };
  Sequential net{
      Conv2d<trivial<C<8>>, F, 5, double>{{.padding = 2}},          Norm{}, Map{}, block(), Map{},
      Sequential{block(), Sequential{Conv{options}, Norm{}, Map{}}}};
  CHECK(check_fusion(net, 2, Grid<2>{{9, 9}}) == 4);
  CHECK(net.freeze().layer<1>().body().size() == 2);
  CHECK(net.freeze().freeze().size() == 4);
  // Names and the symmetry come from the network as it is written.
  CHECK(parameters(net)[2].name == "1.scale");
  Rng rng(5);
  randomize(net, rng);
  const auto x = random_input<decltype(net)>(rng, 2, Grid<2>{{9, 9}});
  net.forward(x);
  CHECK(lattice_error(net, x) < 1e-12);
}
