// SPDX-License-Identifier: MIT
// Layers on graphs over SO(3): without parity, vectors multiply to vectors.
#include <cstring>
#include <vector>

#include "gsteer/layer/attention.hpp"
#include "gsteer/layer/graph_pooling.hpp"
#include "gsteer/layer/interaction.hpp"
#include "gsteer/layer/norm_nonlinearity.hpp"
#include "gsteer/layer/steerable_message_passing.hpp"
#include "layer/graph_laws.hpp"

using namespace gsteer;
using namespace gsteer::test;

namespace {

constexpr auto node = 6 * irrep<SO<3>, 0> + 4 * irrep<SO<3>, 1> + 2 * irrep<SO<3>, 2>;
constexpr auto edge = spherical_harmonics_irreps<2, SO<3>>;
constexpr auto vectors = 3 * irrep<SO<3>, 1>;

const MessagePassingOptions messages{
    .cutoff = 3.0, .radial_functions = 4, .hidden = {6}, .average_neighbors = 3};
const AttentionOptions heads{.heads = 2, .cutoff = 3.0, .radial_functions = 4, .hidden = {6}};

/// The inversion of a field whose irreps of odd degree change their sign: that of polar vectors.
template <class F>
F inverted(F f) {
  const auto blocks = irrep_list<typename F::features>();
  for (int b = 0; b < f.batch(); ++b) {
    int c = 0;
    for (const auto& block : blocks)
      for (int i = 0; i < block.copies * irrep_dimension(block.label); ++i, ++c)
        if (block.label.frequency % 2 == 1) f(b, c) = -f(b, c);
  }
  return f;
}

/// The layer commutes with rotations, and, where a product changes the parity, with nothing else.
template <class Layer>
void check(const char* name, Layer layer, const PointCloud& cloud, Rng& rng) {
  INFO(name);
  using Scalar = typename Layer::Scalar;
  randomize(layer, rng);
  const auto x = random_field(Field<typename Layer::in, Scalar, Point>(cloud.nodes()), rng);
  const auto frozen = layer.freeze();
  const auto y = detail::forward_with(layer, x, cloud.graph);
  CHECK(detail::relative_distance(detail::forward_with(frozen, x, cloud.graph), y) == 0);
  for (int trial = 0; trial < 4; ++trial) {
    const auto g = rotation::sample(rng);
    const Graph turned = cloud.mapped(special_orthogonal<3>::action(g));
    CHECK(detail::relative_distance(detail::forward_with(frozen, transform(g, x), turned),
                                    transform(g, y)) < tolerance<Scalar>);
  }
  if constexpr (graph_layer<Layer>) {
    const auto mirrored =
        detail::forward_with(frozen, inverted(x), cloud.mapped(-Eigen::Matrix3d::Identity()));
    CHECK(detail::relative_distance(mirrored, inverted(y)) > 1e-2);
  }
}

}  // namespace

TEMPLATE_TEST_CASE("layers over SO(3) commute with rotations, and not with reflections", "[graph]",
                   float, double) {
  using Scalar = TestType;
  Rng rng(1);
  const auto cloud = random_clouds({8, 1, 5}, 2, rng);
  const auto run = [&](const char* name, auto layer) { check(name, std::move(layer), cloud, rng); };
  constexpr auto scalars = 3 * trivial<SO<3>>;
  constexpr auto gates = 5 * trivial<SO<3>>;
  run("message passing", MessagePassing<node, edge, node, Scalar>{messages});
  run("vectors alone", MessagePassing<vectors, edge, vectors, Scalar>{messages});
  run("attention", Attention<node, edge, vectors, Scalar>{heads});
  run("interaction", make_interaction<node, edge, node, Scalar>(2, messages));
  run("steerable message passing",
      SteerableMessagePassing<2 * trivial<SO<3>> + vectors, edge, node, Scalar>{});
  run("linear map", IrrepsLinear<node, 2 * trivial<SO<3>> + vectors, Scalar>{{.bias = true}});
  run("gate", Gate<scalars, gates, vectors + 2 * irrep<SO<3>, 2>, Scalar>{});
  run("norm activation", NormActivation<vectors, Scalar>{});
}

TEST_CASE("derivatives of layers over SO(3), first and second", "[graph]") {
  Rng rng(2);
  const auto cloud = random_clouds({6, 1, 3}, 2, rng);
  const auto run = [&](const char* name, auto layer) {
    INFO(name);
    randomize(layer, rng);
    const auto errors = graph_derivative_errors(layer, cloud, rng);
    CHECK(errors.adjoint < 1e-12);
    CHECK(errors.input_only == 0);
    CHECK(errors.worst() < 1e-7);
  };
  run("message passing", MessagePassing<vectors, edge, vectors, double>{messages});
  run("interaction", make_interaction<node, edge, node, double>(2, messages));
}

namespace {

/// Whether a network sees that a cloud is another one than its mirror image.
template <auto Scalars, auto Edge, auto Vectors>
double handedness(Rng& rng) {
  Sequential net{MessagePassing<Scalars, Edge, Vectors, double>{messages},
                 MessagePassing<Vectors, Edge, Vectors, double>{messages},
                 MessagePassing<Vectors, Edge, Scalars, double>{messages},
                 GraphPool<Scalars, double>{}};
  randomize(net, rng);
  const auto cloud = random_clouds({9}, 1, rng);
  const auto x = random_field(PointField<Scalars, double>(cloud.nodes()), rng);
  const auto y = net.forward(x, cloud.graph);
  return detail::relative_distance(net.forward(x, cloud.mapped(-Eigen::Matrix3d::Identity())), y);
}

}  // namespace

TEST_CASE("without parity a network tells a cloud from its mirror image", "[graph]") {
  Rng rng(3);
  constexpr auto scalars = 2 * trivial<SO<3>>;
  CHECK(handedness<scalars, edge, vectors>(rng) > 1e-2);
  CHECK(handedness<irreps<"2x0e">, spherical_harmonics_irreps<2>, irreps<"3x1o">>(rng) < 1e-12);

  // Because O(3) forbids the cross product: vectors to vectors by harmonics of degree 0, 1, 2.
  const auto paths = [](const IrrepList& list, const IrrepList& harmonics) {
    return detail::make_edge_plan(list, list, harmonics).plan.paths.size();
  };
  CHECK(paths(irrep_list(vectors), irrep_list(edge)) == 3);
  CHECK(paths(irrep_list(irreps<"3x1o">), irrep_list(spherical_harmonics_irreps<2>)) == 2);
}
