// SPDX-License-Identifier: MIT
// Every layer that works on any grid, on volumes; and a whole network of them.
#include <algorithm>

#include "catch.hpp"
#include "gsteer/check/symmetry_report.hpp"
#include "gsteer/group/axial.hpp"
#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/orthogonal1.hpp"
#include "gsteer/group/orthogonal3.hpp"
#include "gsteer/group/subgroup_polyhedral.hpp"
#include "gsteer/layer/antialiased_pooling.hpp"
#include "gsteer/layer/batch_norm.hpp"
#include "gsteer/layer/concatenated.hpp"
#include "gsteer/layer/conv.hpp"
#include "gsteer/layer/gated.hpp"
#include "gsteer/layer/global_pooling.hpp"
#include "gsteer/layer/invariant_pooling.hpp"
#include "gsteer/layer/linear.hpp"
#include "gsteer/layer/norm_nonlinearity.hpp"
#include "gsteer/layer/normalization.hpp"
#include "gsteer/layer/pointwise.hpp"
#include "gsteer/layer/pooling.hpp"
#include "gsteer/layer/residual.hpp"
#include "gsteer/layer/restrict.hpp"
#include "gsteer/layer/sequential.hpp"
#include "gsteer/layer/upsample.hpp"
#include "gsteer/train/augmentation.hpp"
#include "layer/laws.hpp"

using namespace gsteer;
using namespace gsteer::test;

namespace {

constexpr auto permuted = trivial<octahedral> + regular<octahedral>;
constexpr auto turned = trivial<SO<3>> + 2 * irrep<SO<3>, 1> + irrep<SO<3>, 2>;
constexpr auto mirrored = trivial<O<3>> + irrep<O<3>, 1, 1> + irrep<O<3>, 1, 0>;

/// Exact under the symmetries of the lattice, in training and in use; gradients; the bits of any
/// number of threads.
template <class Layer, int Dimension>
void check_on_grid(Layer layer, const Grid<Dimension>& grid) {
  using Scalar = typename Layer::Scalar;
  INFO(Layer::in::name() << " on " << grid);
  Rng rng(3);
  randomize(layer, rng);
  const auto x = random_field(Field<typename Layer::in, Scalar, Grid<Dimension>>(2, grid), rng);
  const auto y = layer.forward(x);
  double size = 0;
  for (const Scalar v : y.values()) size += std::abs(static_cast<double>(v));
  REQUIRE(size > 0);
  CHECK(lattice_error(layer, x) < tolerance<Scalar>);
  if constexpr (std::is_same_v<Scalar, double>)
    CHECK(gradient_error(layer, x, rng, 2, 1e-6).worst() < 1e-6);
  check_threads(layer, x);
}

template <class Layer>
void check_on_volumes(Layer layer, const Grid<3>& grid) {
  check_on_grid(std::move(layer), grid);
}

}  // namespace

TEST_CASE("layers on signals", "[volumes]") {
  constexpr auto G = O<1>;
  constexpr auto either = 2 * regular<G> + trivial<G>;
  constexpr auto signs = 2 * irrep<G, 1, 0> + trivial<G>;
  const Grid<1> odd{{9}}, even{{8}};
  check_on_grid(avg_pool<features_of<signs>, double>{}, even);
  check_on_grid(max_pool<features_of<either>, double>{{.kernel = 3, .stride = 2}}, odd);
  check_on_grid(antialiased_avg_pool<features_of<signs>, double>{}, odd);
  check_on_grid(upsample<features_of<signs>, double>{{.factor = 3}}, even);
  check_on_grid(GlobalAvgPool<signs, double>{}, odd);
  check_on_grid(BatchNorm<signs, double>{}, odd);
  check_on_grid(InstanceNorm<either, double>{}, odd);
  check_on_grid(ELU<either, double>{}, odd);
  check_on_grid(Gated<signs, double>{}, odd);
  check_on_grid(GroupPool<2 * regular<G>, double>{}, odd);
  check_on_grid(Linear<either, signs, double>{}, odd);
}

TEST_CASE("what layers do to volumes is foretold", "[volumes]") {
  const Sequential net{Upsample<trivial<SO<3>>>{{.factor = 3}}, AvgPool<trivial<SO<3>>>{}};
  const auto steps = symmetry_report(net, Grid<3>{{4, 4, 4}});
  REQUIRE(steps.size() == 2);
  CHECK(steps[0].output == Grid<3>{{12, 12, 12}});
  CHECK(steps[1].output == Grid<3>{{6, 6, 6}});
}

TEST_CASE("pooling and up-sampling of volumes", "[volumes]") {
  const Grid<3> even{{4, 4, 4}}, odd{{5, 5, 5}};
  check_on_volumes(avg_pool<features_of<turned>, double>{}, even);
  check_on_volumes(avg_pool<features_of<turned>, float>{{.kernel = 3, .padding = 1}}, odd);
  check_on_volumes(max_pool<features_of<permuted>, double>{}, even);
  check_on_volumes(avg_pool<features_of<mirrored>, double>{{.kernel = 3, .stride = 2}}, odd);
  check_on_volumes(max_pool<features_of<permuted>, double>{{.kernel = 3, .stride = 2}}, odd);
  check_on_volumes(antialiased_avg_pool<features_of<mirrored>, double>{}, odd);
  check_on_volumes(antialiased_max_pool<features_of<permuted>, double>{{.kernel = 3, .padding = 1}},
                   odd);
  check_on_volumes(upsample<features_of<turned>, double>{{.factor = 2}}, {{3, 3, 3}});
  check_on_volumes(
      upsample<features_of<turned>, double>{{.factor = 2, .interpolation = Interpolation::linear}},
      {{3, 3, 3}});
  check_on_volumes(GlobalAvgPool<turned, double>{}, even);
  check_on_volumes(GlobalMaxPool<permuted, double>{}, even);
}

TEST_CASE("nonlinearities on volumes", "[volumes]") {
  const Grid<3> grid{{3, 3, 3}};
  check_on_volumes(ELU<permuted, double>{}, grid);
  check_on_volumes(CReLU<permuted, double>{}, grid);
  check_on_volumes(NormNonlinearity<turned, double, sigmoid>{}, grid);
  check_on_volumes(Gated<turned, double>{}, grid);
  check_on_volumes(GroupPool<regular<octahedral>, double>{}, grid);
  check_on_volumes(NormPool<mirrored, double>{}, grid);
}

TEST_CASE("normalization and linear maps on volumes", "[volumes]") {
  const Grid<3> grid{{3, 3, 3}};
  check_on_volumes(BatchNorm<turned, double>{}, grid);
  check_on_volumes(BatchNorm<permuted, double>{}, grid);
  check_on_volumes(InstanceNorm<mirrored, double>{}, grid);
  check_on_volumes(Linear<turned, turned, double>{}, grid);
}

TEST_CASE("a network of volumes, from SO(3) to the octahedron's rotations", "[volumes]") {
  constexpr auto hidden = 2 * trivial<SO<3>> + irrep<SO<3>, 1>;
  constexpr auto restricted = restrict_to<octahedral>(hidden);
  constexpr auto last = 2 * regular<octahedral>;
  Sequential net{Conv3d<trivial<SO<3>>, hidden, 3, double>{{.padding = 1}},
                 BatchNorm<hidden, double>{},
                 NormNonlinearity<hidden, double, squash>{},
                 Residual{Sequential{Conv3d<hidden, hidden, 3, double>{{.padding = 1}},
                                     NormNonlinearity<hidden, double, squash>{}}},
                 Restrict<hidden, octahedral, double>{},
                 Conv3d<restricted, last, 3, double>{{.stride = 2}},
                 BatchNorm<last, double>{},
                 SiLU<last, double>{},
                 GroupPool<last, double>{},
                 GlobalAvgPool<2 * trivial<octahedral>, double>{},
                 Linear<2 * trivial<octahedral>, 3 * trivial<octahedral>, double>{}};
  Rng rng(9);
  randomize(net, rng);
  const auto x = random_field(GridField<trivial<SO<3>>, double>(2, 7, 7, 7), rng);
  const auto y = net.forward(x);
  REQUIRE(y.channels() == 3);
  // The answers do not change under the 24 rotations of the lattice, and do under the inversion.
  double size = 0;
  for (const double v : y.values()) size = std::max(size, std::abs(v));
  for (const auto& g : special_orthogonal<3>::lattice_elements()) {
    const auto z = net.forward(transform(g, x));
    for (std::size_t i = 0; i < y.size(); ++i)
      CHECK(std::abs(z.values()[i] - y.values()[i]) < 1e-12 * size);
  }
  const auto inverted = net.forward(rotate_grid(x, -Eigen::Matrix3d::Identity()));
  CHECK(detail::relative_distance(inverted, y) > 1e-3);
  CHECK(gradient_error(net, x, rng, 2, 1e-6).worst() < 1e-6);
}

TEST_CASE("volumes are turned about their center", "[volumes]") {
  using G = special_orthogonal<3>;
  GridField<trivial<SO<3>>, double> x(1, 3, 4, 5);
  Rng rng(2);
  x = random_field(std::move(x), rng);
  // A quarter turn about z takes +x to +y: what lay at the end of a row lies in the first one.
  const auto about_z_axis =
      rotation::from_matrix((Eigen::Matrix3d() << 0, -1, 0, 1, 0, 0, 0, 0, 1).finished());
  const auto y = transform(about_z_axis, x);
  REQUIRE(y.space() == Grid<3>{{3, 5, 4}});
  for (int z = 0; z < 3; ++z)
    for (int r = 0; r < 4; ++r)
      for (int c = 0; c < 5; ++c) CHECK(y(0, 0, z, 4 - c, r) == x(0, 0, z, r, c));
  // A quarter turn about x takes +y to +z: the top row goes to the first plane.
  const auto about_x_axis =
      rotation::from_matrix((Eigen::Matrix3d() << 1, 0, 0, 0, 0, -1, 0, 1, 0).finished());
  const auto w = transform(about_x_axis, x);
  REQUIRE(w.space() == Grid<3>{{4, 3, 5}});
  for (int z = 0; z < 3; ++z)
    for (int r = 0; r < 4; ++r)
      for (int c = 0; c < 5; ++c) CHECK(w(0, 0, r, 2 - z, c) == x(0, 0, z, r, c));
  // A homomorphism on the lattice.
  for (int i = 0; i < 20; ++i) {
    const auto g = G::lattice_elements()[static_cast<std::size_t>(rng.below(24))];
    const auto h = G::lattice_elements()[static_cast<std::size_t>(rng.below(24))];
    CHECK(detail::relative_distance(transform(g, transform(h, x)), transform(g * h, x)) < 1e-15);
  }
  // Linear functions of the position are turned exactly, away from the edge.
  const auto g = G::sample(rng);
  const Eigen::Matrix3d a = G::action(g);
  for (const Resampling how : {Resampling::linear, Resampling::cubic}) {
    GridField<trivial<SO<3>>, double> f(1, 11, 11, 11);
    const Eigen::Vector3d slope(0.3, -0.7, 0.4);
    for (int z = 0; z < 11; ++z)
      for (int r = 0; r < 11; ++r)
        for (int c = 0; c < 11; ++c)
          f(0, 0, z, r, c) = slope.dot(Eigen::Vector3d(c - 5, 5 - r, 5 - z));
    const auto turned_field = transform(g, f, how);
    for (int z = 4; z < 7; ++z)
      for (int r = 4; r < 7; ++r)
        for (int c = 4; c < 7; ++c)
          CHECK(std::abs(turned_field(0, 0, z, r, c) -
                         slope.dot(a.transpose() * Eigen::Vector3d(c - 5, 5 - r, 5 - z))) < 1e-12);
  }
  CHECK_THROWS_AS(rotate_grid(x, Eigen::MatrixXd::Identity(2, 2)), Error);
  Eigen::Matrix3d shear = Eigen::Matrix3d::Identity();
  shear(0, 1) = 0.4;
  CHECK_THROWS_AS(rotate_grid(x, shear), Error);
}

TEST_CASE("random transformations of volumes and signals keep their norms", "[volumes]") {
  Rng rng(4);
  const auto x = random_field(GridField<irrep<octahedral, 0, 1>, double>(3, 4, 4, 4), rng);
  const auto y = random_transform(x, rng);
  for (int b = 0; b < 3; ++b) CHECK(y.item(b).norm() == Approx(x.item(b).norm()).epsilon(1e-12));
  const auto signal = random_field(GridField<irrep<O<1>, 1, 0>, double>(8, 6), rng);
  const auto flipped = random_transform(signal, rng);
  for (int b = 0; b < 8; ++b)
    CHECK(flipped.item(b).norm() == Approx(signal.item(b).norm()).epsilon(1e-12));
}
