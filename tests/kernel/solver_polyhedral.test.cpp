// SPDX-License-Identifier: MIT
// The kernels on R^3 that finite groups of space and groups about an axis allow.
#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "gsteer/group/axial.hpp"
#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/dihedral.hpp"
#include "gsteer/group/full_tetrahedral.hpp"
#include "gsteer/group/orthogonal2.hpp"
#include "gsteer/group/subgroup_polyhedral.hpp"
#include "gsteer/kernel/basis.hpp"
#include "gsteer/kernel/null_space.hpp"
#include "kernel/sphere.hpp"

using namespace gsteer;
using Eigen::Vector3d;

namespace {

/// Irrep number I of all those of a group.
template <auto G, std::size_t I>
constexpr auto irrep_number() {
  constexpr irrep_label label = (group_of<G>::irreps_up_to(0).begin() + I)->label;
  return irrep<G, label.parity, label.frequency>;
}

template <auto G>
using irrep_numbers =
    std::make_index_sequence<static_cast<std::size_t>(group_of<G>::irreps_up_to(0).distinct())>;

/// From every irrep to the sum of all: all pairs.
template <auto G>
void irreps_agree(int max_frequency) {
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    constexpr auto all = (irrep_number<G, I>() + ...);
    (agree<irrep_number<G, I>(), all>(max_frequency), ...);
  }
  (irrep_numbers<G>{});
}

/// The same, one pair after the other, which is faster to run and slower to compile.
template <auto G>
void pairs_of_irreps_agree(int max_frequency) {
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    const auto from = [&]<std::size_t J>(std::integral_constant<std::size_t, J>) {
      (agree<irrep_number<G, J>(), irrep_number<G, I>()>(max_frequency), ...);
    };
    (from(std::integral_constant<std::size_t, I>{}), ...);
  }
  (irrep_numbers<G>{});
}

}  // namespace

TEST_CASE("closed form and null space agree for all pairs of irreps of T, T_h and T_d") {
  irreps_agree<tetrahedral>(4);
  irreps_agree<pyritohedral>(3);
  irreps_agree<full_tetrahedral>(3);
}

TEST_CASE("closed form and null space agree for all pairs of irreps of O") {
  irreps_agree<octahedral>(3);
}

TEST_CASE("closed form and null space agree for all pairs of irreps of O_h") {
  irreps_agree<full_octahedral>(2);
}

TEST_CASE("closed form and null space agree for all pairs of irreps of I") {
  pairs_of_irreps_agree<icosahedral>(3);
}

TEST_CASE("they agree for some of the irreps of I_h") {
  agree<irrep<full_icosahedral, 1, 1>, irrep<full_icosahedral, 0, 1>>(3);
  agree<irrep<full_icosahedral, 1, 1>, irrep<full_icosahedral, 0, 4>>(3);
  agree<irrep<full_icosahedral, 0, 3>, irrep<full_icosahedral, 1, 3>>(3);
  agree<irrep<full_icosahedral, 1, 2>, irrep<full_icosahedral, 1, 3>>(3);
}

TEST_CASE("they agree for groups about an axis") {
  agree<irrep<about_z<C<3>>, 1>, irrep<about_z<C<3>>, 0> + irrep<about_z<C<3>>, 1>>(3);
  agree<irrep<about_z<D<4>>, 1, 1>, irrep<about_z<D<4>>, 1, 0> + irrep<about_z<D<4>>, 0, 2>>(3);
  agree<irrep<about_z<D<3>, O<3>>, 1, 1>, irrep<about_z<D<3>, O<3>>, 1, 1>>(3);
  agree<irrep<about_z<SO<2>>, 1>, irrep<about_z<SO<2>>, 2>>(3);
  agree<irrep<about_z<O<2>, O<3>>, 1, 1>, irrep<about_z<O<2>, O<3>>, 1, 0>>(3);
}

TEST_CASE("they agree for quotient and induced fields") {
  agree<trivial<octahedral>, quotient<octahedral, C<4>>>(3);
  agree<quotient<icosahedral, tetrahedral>, irrep<icosahedral, 2>>(2);
  agree<induce<octahedral>(irrep<tetrahedral, 2>), irrep<octahedral, 1>>(2);
}

TEST_CASE("as many kernels on R^3 as escnn finds") {
  STATIC_REQUIRE(kernel_dimension<regular<octahedral>, regular<octahedral>>(kernel_size(3)) == 240);
  STATIC_REQUIRE(kernel_dimension<regular<octahedral>, regular<octahedral>>(kernel_size(5)) == 456);
  STATIC_REQUIRE(kernel_dimension<irrep<octahedral, 1>, irrep<octahedral, 1>>(kernel_size(3)) == 5);
  STATIC_REQUIRE(kernel_dimension<irrep<octahedral, 1>, irrep<octahedral, 1>>(kernel_size(5)) == 9);
  STATIC_REQUIRE(kernel_dimension<regular<icosahedral>, regular<icosahedral>>(kernel_size(3)) ==
                 600);
  STATIC_REQUIRE(kernel_dimension<regular<icosahedral>, regular<icosahedral>>(kernel_size(5)) ==
                 1140);
  STATIC_REQUIRE(kernel_dimension<irrep<icosahedral, 1>, irrep<icosahedral, 1>>(kernel_size(3)) ==
                 4);
  STATIC_REQUIRE(kernel_dimension<irrep<icosahedral, 1>, irrep<icosahedral, 1>>(kernel_size(5)) ==
                 7);
  // A point: linear maps, of which a regular representation has one for each element.
  STATIC_REQUIRE(kernel_dimension<regular<octahedral>, regular<octahedral>>(kernel_size(1)) == 24);
  STATIC_REQUIRE(kernel_dimension<regular<icosahedral>, regular<icosahedral>>(kernel_size(1)) ==
                 60);
  // From a scalar to a regular field: all scalar filters, 10 and 19.
  STATIC_REQUIRE(kernel_dimension<trivial<tetrahedral>, regular<tetrahedral>>(kernel_size(3)) ==
                 10);
  STATIC_REQUIRE(
      kernel_dimension<trivial<full_icosahedral>, regular<full_icosahedral>>(kernel_size(5)) == 19);
  STATIC_REQUIRE(kernel_dimension<trivial<about_z<D<4>>>, regular<about_z<D<4>>>>(kernel_size(5)) ==
                 19);
}

TEST_CASE("a kernel that a polyhedral group allows and SO(3) does not, and one it does not allow") {
  // Between vectors SO(3) has one kernel for each l <= 2, O two for l = 2, which is E + T2.
  STATIC_REQUIRE(kernel_dimension<irrep<octahedral, 1>, irrep<octahedral, 1>>(sphere(2)) == 4);
  STATIC_REQUIRE(kernel_dimension<irrep<SO<3>, 1>, irrep<SO<3>, 1>>(sphere(2)) == 3);
  constexpr auto vector = irrep<octahedral, 1>;
  constexpr auto tensor = irrep<octahedral, 3>;
  const Bases found = both_bases<vector, vector>(sphere(2), 2, points_on_sphere(2));
  const Bases restricted =
      both_bases<restrict_to<octahedral>(irrep<SO<3>, 1>),
                 restrict_to<octahedral>(irrep<SO<3>, 1>)>(sphere(2), 2, points_on_sphere(2));
  CHECK(sine_of_angles(found.closed, restricted.closed) < 1e-8);
  const Bases smaller =
      both_bases<irrep<SO<3>, 1>, irrep<SO<3>, 1>>(sphere(2), 2, points_on_sphere(2));
  CHECK(sine_of_angles(found.closed, smaller.closed) < 1e-8);
  CHECK(sine_of_angles(smaller.closed, found.closed) > 0.5);
  const Bases other = both_bases<vector, tensor>(sphere(2), 2, points_on_sphere(2));
  CHECK(sine_of_angles(found.closed, other.numerical) > 0.5);
}

TEST_CASE("the kernels of a polyhedral group satisfy the constraint at all its elements") {
  constexpr auto in = irrep<icosahedral, 3>;
  constexpr auto out = irrep<icosahedral, 4>;
  using G = group_of<icosahedral>;
  Rng rng(8);
  const auto violation = [&](const auto& kernel) {
    double worst = 0;
    for (int i = 0; i < G::order; ++i) {
      const auto g = G::element_at(i);
      const Vector3d x = random_point(rng);
      const Eigen::MatrixXd here = kernel(x), there = kernel(G::action(g) * x);
      const Eigen::MatrixXd expected =
          representation_matrix<out>(g) * here * representation_matrix<in>(G::inverse(g));
      worst = std::max(worst, (there - expected).norm() / std::max(1e-3, here.norm()));
    }
    return worst;
  };
  const auto basis = kernel_basis<in, out>(kernel_size(5));
  REQUIRE(static_cast<int>(basis.size()) == kernel_dimension<in, out>(kernel_size(5)));
  REQUIRE(!basis.empty());
  for (const auto& kernel : basis) CHECK(violation(kernel) < 1e-12);
  CHECK(violation([&](const Vector3d& x) { return basis[0](x).reverse().eval(); }) > 0.1);
}
