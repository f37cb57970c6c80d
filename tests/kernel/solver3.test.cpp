// SPDX-License-Identifier: MIT
// The kernels on R^3: tests/kernel/solver.test.cpp for the groups of space.
#include <algorithm>
#include <cmath>
#include <type_traits>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "group/quarter_turns.hpp"
#include "gsteer/group/orthogonal3.hpp"
#include "gsteer/group/subgroup3.hpp"
#include "gsteer/kernel/basis.hpp"
#include "gsteer/kernel/filters.hpp"
#include "gsteer/kernel/null_space.hpp"
#include "kernel/sphere.hpp"

using namespace gsteer;
using Eigen::Vector3d;
using SO3 = special_orthogonal<3>;
using O3 = orthogonal<3>;

namespace {

/// Irrep number I of those with l <= 2.
template <auto G, std::size_t I>
constexpr auto irrep_number() {
  constexpr irrep_label label = (group_of<G>::irreps_up_to(2).begin() + I)->label;
  if constexpr (std::is_same_v<group_of<G>, O3>)
    return irrep<G, label.parity, label.frequency>;
  else
    return irrep<G, label.frequency>;
}

/// Every pair of irreps with l <= 2.
template <auto G>
void irreps_agree(int max_frequency) {
  constexpr auto count = static_cast<std::size_t>(group_of<G>::irreps_up_to(2).distinct());
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (agree<irrep_number<G, I / count>(), irrep_number<G, I % count>()>(max_frequency), ...);
  }
  (std::make_index_sequence<count * count>{});
}

/// The largest violation of K(g x) = rho_out(g) K(x) rho_in(g)^-1 at random points and elements,
/// relative to |K|.
template <auto In, auto Out, class Kernel>
double violation(const Kernel& kernel, int samples = 10) {
  using G = typename features_of<In>::group;
  Rng rng(8);
  double worst = 0;
  for (int i = 0; i < samples; ++i) {
    const auto g = G::sample(rng);
    const Vector3d x = random_point(rng);
    const Eigen::MatrixXd here = kernel(x), there = kernel(G::action(g) * x);
    const Eigen::MatrixXd expected =
        representation_matrix<Out>(g) * here * representation_matrix<In>(G::inverse(g));
    worst = std::max(worst, (there - expected).norm() / std::max(1e-3, here.norm()));
  }
  return worst;
}

}  // namespace

TEST_CASE("closed form and null space agree for all pairs of irreps of SO(3) with l <= 2") {
  irreps_agree<SO<3>>(3);
}

TEST_CASE("closed form and null space agree for all pairs of irreps of O(3) with l <= 2") {
  irreps_agree<O<3>>(3);
}

TEST_CASE("they agree for sums, tensor products and induced fields of space") {
  agree<2 * trivial<O<3>> + irrep<O<3>, 1, 1>, irrep<O<3>, 0, 0> + irrep<O<3>, 0, 1>>(3);
  agree<irrep<SO<3>, 1>, tensor_product(irrep<SO<3>, 1>, irrep<SO<3>, 1>)>(2);
  agree<irrep<O<3>, 1, 1>, induce<O<3>>(irrep<SO<3>, 1>)>(2);
}

TEST_CASE("they agree for a group of the user on R^3") {
  agree<irrep<C4z, 1>, irrep<C4z, 0> + irrep<C4z, 2>>(3);
  agree<regular<C4z>, regular<C4z>>(2);
}

TEST_CASE("as many kernels as Wigner and Eckart say") {
  // l_in x l_out holds each l from |l_in - l_out| to l_in + l_out once; O(3) keeps those of the
  // parity that is left.
  STATIC_REQUIRE(kernel_dimension<irrep<SO<3>, 1>, irrep<SO<3>, 2>>(sphere(9)) == 3);
  STATIC_REQUIRE(kernel_dimension<irrep<SO<3>, 2>, irrep<SO<3>, 2>>(sphere(9)) == 5);
  STATIC_REQUIRE(kernel_dimension<irrep<SO<3>, 2>, irrep<SO<3>, 2>>(sphere(2)) == 3);
  STATIC_REQUIRE(kernel_dimension<irrep<O<3>, 1, 1>, irrep<O<3>, 1, 1>>(sphere(9)) == 2);
  STATIC_REQUIRE(kernel_dimension<irrep<O<3>, 1, 1>, irrep<O<3>, 0, 1>>(sphere(9)) == 1);
  STATIC_REQUIRE(kernel_dimension<trivial<O<3>>, irrep<O<3>, 0, 1>>(sphere(9)) == 0);
}

TEST_CASE("a space of the wrong size or place is told from the right one, in space") {
  constexpr auto in = irrep<O<3>, 1, 1>;
  constexpr auto out = irrep<O<3>, 1, 1>;
  const Bases found = both_bases<in, out>(sphere(2), 2, points_on_sphere(2));
  REQUIRE(found.stated == 2);
  const auto fewer = found.closed.leftCols(1).eval();
  CHECK(sine_of_angles(fewer, found.numerical) > 0.5);
  CHECK(sine_of_angles(found.numerical, fewer) < 1e-8);
  // Larger: what only the rotations ask for, the cross product with x too.
  const Bases larger = both_bases<restrict_to<SO<3>>(in), restrict_to<SO<3>>(out)>(
      sphere(2), 2, points_on_sphere(2));
  CHECK(larger.stated == 3);
  CHECK(sine_of_angles(larger.closed, found.numerical) < 1e-8);
  CHECK(sine_of_angles(found.numerical, larger.closed) > 0.5);
}

namespace {

template <auto In, auto Out>
void satisfies_constraint(int size) {
  CAPTURE(features_of<In>::name(), features_of<Out>::name());
  const auto basis = kernel_basis<In, Out>(kernel_size(size));
  REQUIRE(static_cast<int>(basis.size()) == kernel_dimension<In, Out>(kernel_size(size)));
  REQUIRE(!basis.empty());
  double worst = 0;
  for (const auto& kernel : basis) worst = std::max(worst, violation<In, Out>(kernel, 5));
  CHECK(worst < 1e-12);
}

}  // namespace

TEST_CASE("every kernel on R^3 satisfies the constraint everywhere") {
  satisfies_constraint<irrep<SO<3>, 1>, irrep<SO<3>, 2>>(5);
  satisfies_constraint<irrep<SO<3>, 3>, irrep<SO<3>, 4>>(7);
  satisfies_constraint<irrep<O<3>, 1, 1>, irrep<O<3>, 0, 1> + irrep<O<3>, 0, 2>>(5);
  satisfies_constraint<2 * trivial<O<3>> + irrep<O<3>, 1, 2>, trivial<O<3>> + irrep<O<3>, 1, 3>>(5);
  satisfies_constraint<irrep<O<3>, 1, 1>, tensor_product(irrep<O<3>, 1, 1>, irrep<O<3>, 1, 1>)>(5);
  satisfies_constraint<band_limited<SO<3>, 1>, irrep<SO<3>, 1>>(5);
  satisfies_constraint<regular<C4z>, irrep<C4z, 1>>(3);
}

TEST_CASE("a kernel on R^3 that breaks the constraint is noticed") {
  constexpr auto in = irrep<O<3>, 1, 1>;
  constexpr auto out = irrep<O<3>, 0, 2>;
  const auto kernel = kernel_basis<in, out>(kernel_size(5)).front();
  CHECK(violation<in, out>(kernel) < 1e-12);
  CHECK(violation<in, out>([&](const Vector3d& x) { return kernel(x).reverse().eval(); }) > 0.1);
  CHECK(violation<in, out>([&](const Vector3d& x) {
          Eigen::MatrixXd k = kernel(x);
          k(0, 0) *= 1.01;
          return k;
        }) > 1e-3);
  CHECK(violation<in, irrep<O<3>, 1, 2>>(kernel) > 0.1);  // only the inversion tells
}

TEST_CASE("the kernels from scalars are the harmonics, at the origin 0") {
  for (const auto& kernel : kernel_basis<trivial<SO<3>>, irrep<SO<3>, 2>>(sphere(4))) {
    CHECK(kernel.frequency() == 2);
    CHECK(kernel(Vector3d::Zero()).norm() == 0);
    CHECK(kernel(Vector3d::UnitY()).norm() == Approx(1 / std::sqrt(5.0)));
  }
  for (const auto& kernel : kernel_basis<irrep<SO<3>, 1>, irrep<SO<3>, 1>>(sphere(2)))
    if (kernel.frequency() == 1) {  // the cross product with x
      const Vector3d x(0.6, 0, 0.8), v(1, 2, 3);
      const Eigen::VectorXd w = kernel(x) * v;
      CHECK((w.normalized() - v.cross(x).normalized()).norm() *
                (w.normalized() + v.cross(x).normalized()).norm() <
            1e-12);
    }
}

TEST_CASE("harmonics of space turn as their matrix says, and are scaled like those of the plane") {
  Rng rng(1);
  const auto off = [&](int l, const O3::element& g, const Eigen::MatrixXd& h) {
    const Vector3d x = random_point(rng);
    Eigen::VectorXd here(harmonic_count(3, l)), there(harmonic_count(3, l));
    harmonics_on<3>::values(l, x, here.data());
    harmonics_on<3>::values(l, O3::action(g) * x, there.data());
    CHECK(here.norm() == Approx(1).epsilon(1e-13));
    return (there - h * here).norm();
  };
  double worst = 0, without_parity = 0;
  for (int l = 0; l <= 12; ++l)
    for (int i = 0; i < 4; ++i) {
      const auto g = O3::sample(rng);
      worst = std::max(worst, off(l, g, harmonics_on<3>::matrix(l, O3::action(g))));
      worst = std::max(worst, off(l, g, O3::irrep_matrix({l % 2, l}, g)));
      if (l == 1)
        without_parity =
            std::max(without_parity, off(l, {g.proper, 1}, O3::irrep_matrix({0, l}, g)));
    }
  CHECK(worst < 1e-12);
  CHECK(without_parity > 0.1);
  for (int l = 0; l < 3; ++l) {
    Eigen::VectorXd origin(harmonic_count(3, l));
    harmonics_on<3>::values(l, Vector3d::Zero(), origin.data());
    CHECK(origin.norm() == (l == 0 ? 1 : 0));
  }
  CHECK_THROWS_AS(harmonics_on<3>::matrix(2, 2 * Eigen::Matrix3d::Identity()), Error);
}

TEST_CASE("column 0 of Wigner's D is the harmonic where the pole goes") {
  Rng rng(2);
  double worst = 0;
  for (int l = 0; l <= 12; ++l) {
    const rotation g = rotation::sample(rng);
    Eigen::VectorXd y(harmonic_count(3, l));
    harmonics_on<3>::values(l, g.matrix() * Vector3d::UnitY(), y.data());
    worst = std::max(worst, (wigner_d(l, g).col(l) - y).norm());
  }
  CHECK(worst < 1e-12);
}

TEST_CASE("the filters of space are sampled on voxels, x to the right, y and z upwards") {
  const KernelFilters filters(
      kernel_space_of<features_of<trivial<SO<3>>>, features_of<irrep<SO<3>, 1>>>(kernel_size(3)));
  REQUIRE(filters.taps() == 27);
  REQUIRE(filters.count() == 3);  // x, y, z on the ring of radius 1
  // The next voxel of the same row, the row before, the plane before.
  for (const auto& [tap, component] : {std::pair{14, 0}, std::pair{10, 1}, std::pair{4, 2}})
    for (int c = 0; c < 3; ++c) {
      CHECK((filters.values(c, tap) > 0.5) == (c == component));
      CHECK(std::abs(filters.values(c, tap) + filters.values(c, 26 - tap)) < 1e-15);
    }
}
