// SPDX-License-Identifier: MIT
// Whole networks: equivariance, gradients, threads.
#include "catch.hpp"
#include "gsteer/gsteer.hpp"
#include "layer/laws.hpp"

using namespace gsteer;
using namespace gsteer::test;

namespace {

/// The kinds of layer of the main example, small, with a residual block.
template <auto G, class Scalar>
auto classifier() {
  constexpr auto image = trivial<G>;
  constexpr auto f = 2 * regular<G>;
  constexpr auto pooled = 2 * trivial<G>;
  return Sequential{Conv2d<image, f, 5, Scalar>{{.padding = 2}},
                    BatchNorm<f, Scalar>{},
                    ELU<f, Scalar>{},
                    AntialiasedAvgPool<f, Scalar>{},
                    Residual{Sequential{Conv2d<f, f, 3, Scalar>{{.padding = 1}},
                                        InstanceNorm<f, Scalar>{}, SiLU<f, Scalar>{}}},
                    Conv2d<f, f, 3, Scalar>{{.stride = 2}},
                    GroupPool<f, Scalar>{{.pooling = GroupPooling::mean}},
                    GlobalAvgPool<pooled, Scalar>{},
                    Linear<pooled, 3 * trivial<G>, Scalar>{}};
}

/// From pictures to a vector field, through irreps, gates and norms, on a continuous group.
template <class Scalar>
auto vector_net() {
  constexpr auto G = SO<2>;
  constexpr auto f = 3 * trivial<G> + 2 * irrep<G, 1> + irrep<G, 2>;
  return Sequential{Conv2d<trivial<G>, gated_input<f>, 5, Scalar>{{.padding = 2}},
                    Gated<f, Scalar>{},
                    BatchNorm<f, Scalar>{},
                    Conv2d<f, f, 3, Scalar>{{.padding = 1}},
                    NormNonlinearity<f, Scalar>{},
                    ConvTransposed2d<f, irrep<G, 1>, 3, Scalar>{{.stride = 2, .padding = 1}}};
}

template <class Net>
void check_network(Net net) {
  using Scalar = typename Net::Scalar;
  Rng rng(5);
  initialize(net, rng);
  const auto x = random_field(Field<typename Net::in, Scalar, Grid<2>>(3, 13, 13), rng);
  CHECK(lattice_error(net, x) < tolerance<Scalar>);
  check_threads(net, x);
  if constexpr (std::is_same_v<Scalar, double>)
    CHECK(gradient_error(net, x, rng, 2).worst() < 1e-6);
}

}  // namespace

TEST_CASE("whole networks are equivariant, and their gradients right", "[network]") {
  SECTION("C_4, double") { check_network(classifier<C<4>, double>()); }
  SECTION("C_8, float") { check_network(classifier<C<8>, float>()); }
  SECTION("D_4, double") { check_network(classifier<D<4>, double>()); }
  SECTION("a vector field, double") { check_network(vector_net<double>()); }
  SECTION("a vector field, float") { check_network(vector_net<float>()); }
}

TEST_CASE("a network that is changed in one pixel only fails the same check", "[network]") {
  auto net = classifier<C<4>, double>();
  Rng rng(6);
  initialize(net, rng);
  const auto x = random_field(GridField<trivial<C<4>>, double>(2, 13, 13), rng);
  const auto spoiled = [&](auto f) {
    for (int b = 0; b < f.batch(); ++b)
      f(b, 0, 2, 3) *= 2;  // the same pixel whichever way f is turned
    return net.forward(f);
  };
  CHECK(lattice_error_of<cyclic<4>>(spoiled, x) > 1e-3);
}
