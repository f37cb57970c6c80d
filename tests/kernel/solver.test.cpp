// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <numbers>
#include <type_traits>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "group/quaternion.hpp"
#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/dihedral.hpp"
#include "gsteer/group/orthogonal2.hpp"
#include "gsteer/kernel/basis.hpp"
#include "gsteer/kernel/null_space.hpp"
#include "kernel/both_bases.hpp"

using namespace gsteer;

namespace {

/// Harmonics up to a degree on the unit circle, where the radial function is 1.
constexpr kernel_profile circle(int max_frequency) {
  return kernel_size(3).with_rings({{1.0, 0.6, max_frequency}});
}

Eigen::Vector2d on_circle(double turns) {
  return {std::cos(2 * std::numbers::pi * turns), std::sin(2 * std::numbers::pi * turns)};
}

/// Enough to tell harmonics up to a degree apart.
std::vector<Eigen::Vector2d> points_on_circle(int max_frequency) {
  const int count = 2 * max_frequency + 1;
  std::vector<Eigen::Vector2d> points;
  for (int p = 0; p < count; ++p) points.push_back(on_circle((p + 0.3) / count));
  return points;
}

template <auto In, auto Out>
void agree(int max_frequency) {
  check_that_bases_agree<In, Out>(circle(max_frequency), max_frequency,
                                  points_on_circle(max_frequency));
}

template <auto G, int Limit, std::size_t I>
constexpr irrep_label nth_irrep = (group_of<G>::irreps_up_to(Limit).begin() + I) -> label;

/// The irrep number I, under the name that its group gives it.
template <auto G, int Limit, std::size_t I>
constexpr auto irrep_number() {
  constexpr irrep_label label = nth_irrep<G, Limit, I>;
  if constexpr (group_of<G>::symmetry.reflection)
    return irrep<G, label.parity, label.frequency>;
  else
    return irrep<G, label.frequency>;
}

/// Every irrep of frequency <= limit to their sum. The kernels to a sum are pairs of kernels to its
/// parts: if the spaces agree here, they do so for every pair.
template <auto G, int Limit>
void irreps_agree(int max_frequency) {
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    constexpr auto sum = (irrep_number<G, Limit, I>() + ...);
    (agree<irrep_number<G, Limit, I>(), sum>(max_frequency), ...);
  }
  (std::make_index_sequence<static_cast<std::size_t>(
       group_of<G>::irreps_up_to(Limit).distinct())>{});
}

/// The quotients by these subgroups to a field, up to the degree that a dense eigenvalue
/// decomposition takes quickly.
template <auto Out, auto... Subgroups>
void quotients_agree_to() {
  constexpr typename features_of<Out>::group G{};
  const auto degree = [](int size) {
    return std::clamp((300 / (size * Out.size()) - 1) / 2, 1, 4);
  };
  (agree<quotient<G, Subgroups>, Out>(degree(quotient<G, Subgroups>.size())), ...);
}

/// The quotients by these subgroups to their sum.
template <auto G, auto... Subgroups>
void quotients_agree() {
  quotients_agree_to<(quotient<G, Subgroups> + ...), Subgroups...>();
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
    const Eigen::Vector2d x(rng.uniform(-3, 3), rng.uniform(-3, 3));
    const Eigen::MatrixXd here = kernel(x), there = kernel(G::action(g) * x);
    const Eigen::MatrixXd expected =
        representation_matrix<Out>(g) * here * representation_matrix<In>(G::inverse(g));
    worst = std::max(worst, (there - expected).norm() / std::max(1e-3, here.norm()));
  }
  return worst;
}

}  // namespace

TEMPLATE_TEST_CASE_SIG("closed form and null space agree for all pairs of irreps of C_N and D_N",
                       "", ((int N), N), 1, 2, 3, 4, 5, 6, 7, 8) {
  irreps_agree<C<N>, 4>(8);
  irreps_agree<D<N>, 4>(8);
}

TEST_CASE("closed form and null space agree for all pairs of irreps of SO(2) and O(2)") {
  irreps_agree<SO<2>, 4>(8);
  irreps_agree<O<2>, 4>(8);
}

TEST_CASE("they agree for regular and quotient representations") {
  agree<regular<C<1>>, regular<C<1>>>(3);
  agree<regular<C<2>>, regular<C<2>>>(3);
  agree<regular<C<3>>, regular<C<3>>>(3);
  agree<regular<C<4>>, regular<C<4>>>(3);
  agree<regular<C<5>>, regular<C<5>>>(4);
  agree<regular<C<6>>, regular<C<6>>>(3);
  agree<regular<C<6>>, quotient<C<6>, C<2>>>(3);
  agree<regular<C<7>>, regular<C<7>>>(3);
  agree<regular<C<8>>, regular<C<8>>>(3);
  agree<quotient<C<8>, C<2>>, regular<C<8>>>(2);
  agree<quotient<C<8>, C<4>>, quotient<C<8>, C<2>>>(4);
  agree<regular<D<1>>, regular<D<1>>>(3);
  agree<regular<D<2>>, regular<D<2>>>(3);
  agree<regular<D<3>>, regular<D<3>>>(3);
  agree<regular<D<3>>, quotient<D<3>, D<1>>>(3);
  agree<regular<D<4>>, regular<D<4>>>(3);
  agree<regular<D<4>>, quotient<D<4>, D<1>>>(4);
  agree<quotient<D<4>, C<2>>, quotient<D<4>, D<2>>>(4);
  agree<quotient<O<2>, SO<2>>, irrep<O<2>, 1, 2>>(4);
}

TEST_CASE("they agree for all pairs of quotients of a group, by C_1 the regular field") {
  quotients_agree<C<4>, C<1>, C<2>, C<4>>();
  quotients_agree<C<8>, C<1>, C<2>, C<4>, C<8>>();
  quotients_agree<D<1>, C<1>, D<1>>();
  quotients_agree<D<4>, C<1>, C<2>, C<4>, D<1>, D<2>, D<4>>();
  quotients_agree<SO<2>, SO<2>>();
  quotients_agree<O<2>, SO<2>, O<2>>();
  // Of D_8 most pairs: the sum of all quotients has too many unknowns.
  quotients_agree<D<8>, C<4>, C<8>, D<2>, D<4>, D<8>>();
  quotients_agree_to<quotient<D<8>, C<2>>, C<1>, C<2>, C<4>, C<8>, D<1>, D<2>, D<4>, D<8>>();
  quotients_agree_to<quotient<D<8>, D<1>>, C<1>, C<2>, C<4>, C<8>, D<1>, D<2>, D<4>, D<8>>();
  agree<regular<D<8>>, regular<D<8>>>(1);
}

TEST_CASE(
    "they agree for tensor products, induced and restricted fields, and sums with multiplicities") {
  agree<tensor_product(irrep<C<8>, 1>, irrep<C<8>, 2>), irrep<C<8>, 1>>(4);
  agree<tensor_product(irrep<O<2>, 1, 1>, irrep<O<2>, 1, 1>), irrep<O<2>, 1, 1>>(4);
  agree<induce<O<2>>(irrep<SO<2>, 1>), irrep<O<2>, 1, 2>>(4);
  agree<induce<D<4>>(irrep<C<4>, 1>), induce<D<4>>(irrep<D<1>, 1, 0>)>(2);
  agree<restrict_to<C<4>>(regular<D<4>>), irrep<C<4>, 1>>(3);
  agree<restrict_to<D<4>>(irrep<O<2>, 1, 3>), restrict_to<D<4>>(irrep<O<2>, 1, 5>)>(4);
  agree<band_limited<SO<2>, 2>, irrep<SO<2>, 1>>(4);
  agree<2 * trivial<D<3>> + irrep<D<3>, 1, 1>,
        trivial<D<3>> + 2 * irrep<D<3>, 1, 1> + irrep<D<3>, 1, 0>>(3);
}

TEST_CASE("they agree for a group of the user, which has an irrep of type H and no closed form") {
  agree<irrep<Q8, 0, 2>, irrep<Q8, 0, 2>>(3);
  agree<irrep<Q8, 1, 0> + irrep<Q8, 0, 1>, trivial<Q8> + irrep<Q8, 1, 1>>(4);
  agree<regular<Q8>, irrep<Q8, 0, 2>>(2);
}

TEST_CASE("a space of the wrong size or place is told from the right one") {
  constexpr auto in = irrep<D<4>, 1, 1>;
  constexpr auto out = regular<D<4>>;
  const Bases found = both_bases<in, out>(circle(3), 3, points_on_circle(3));
  REQUIRE(found.stated > 1);
  const auto fewer = found.closed.leftCols(found.closed.cols() - 1).eval();
  CHECK(sine_of_angles(fewer, found.numerical) > 0.5);
  CHECK(sine_of_angles(found.numerical, fewer) < 1e-8);
  // Larger: what only the rotations ask for.
  const Bases larger =
      both_bases<restrict_to<C<4>>(in), restrict_to<C<4>>(out)>(circle(3), 3, points_on_circle(3));
  CHECK(larger.stated > found.stated);
  CHECK(sine_of_angles(larger.closed, found.numerical) < 1e-8);
  CHECK(sine_of_angles(found.numerical, larger.closed) > 0.5);
  // A small turn of one kernel.
  Eigen::MatrixXd turned = found.closed;
  turned(0, 0) += 1e-6;
  CHECK(sine_of_angles(found.numerical, orthonormal_basis(turned)) > 1e-8);
}

namespace {

template <auto In, auto Out>
void satisfies_constraint(int size) {
  CAPTURE(features_of<In>::name(), features_of<Out>::name());
  const auto basis = kernel_basis<In, Out>(kernel_size(size));
  REQUIRE(static_cast<int>(basis.size()) == kernel_dimension<In, Out>(kernel_size(size)));
  double worst = 0;
  for (const auto& kernel : basis) worst = std::max(worst, violation<In, Out>(kernel, 5));
  CHECK(worst < 1e-12);
}

}  // namespace

TEST_CASE("every kernel satisfies the constraint everywhere") {
  satisfies_constraint<regular<C<8>>, regular<C<8>>>(5);
  satisfies_constraint<regular<D<4>>, quotient<D<4>, D<1>>>(5);
  satisfies_constraint<irrep<SO<2>, 1>, irrep<SO<2>, 2>>(7);
  satisfies_constraint<irrep<O<2>, 1, 1>, irrep<O<2>, 1, 2>>(7);
  satisfies_constraint<irrep<O<2>, 1, 1>, induce<O<2>>(irrep<SO<2>, 2>)>(7);
  satisfies_constraint<band_limited<O<2>, 2>, trivial<O<2>> + irrep<O<2>, 1, 0>>(5);
  satisfies_constraint<2 * trivial<D<3>> + irrep<D<3>, 1, 1>, regular<D<3>> + irrep<D<3>, 1, 0>>(5);
  satisfies_constraint<irrep<Q8, 0, 2>, regular<Q8>>(3);
}

TEST_CASE("a kernel that breaks the constraint is noticed") {
  constexpr auto in = irrep<SO<2>, 1>;
  constexpr auto out = irrep<SO<2>, 2>;
  const auto kernel = kernel_basis<in, out>(kernel_size(5)).front();
  CHECK(violation<in, out>(kernel) < 1e-12);
  CHECK(violation<in, out>([&](const Eigen::Vector2d& x) { return kernel(x).reverse().eval(); }) >
        0.1);
  CHECK(violation<in, out>([&](const Eigen::Vector2d& x) {
          Eigen::MatrixXd k = kernel(x);
          k(0, 1) *= 1.01;
          return k;
        }) > 1e-3);
  CHECK(violation<in, irrep<SO<2>, 3>>(kernel) > 0.1);
}

TEST_CASE("at the origin a kernel is a linear map that commutes with the group") {
  for (const auto& kernel : kernel_basis<regular<D<4>>, regular<D<4>>>(kernel_size(5))) {
    const Eigen::MatrixXd center = kernel(Eigen::Vector2d::Zero());
    for (const auto& g : dihedral<4>::generators()) {
      const Eigen::MatrixXd rho = representation_matrix<regular<D<4>>>(g);
      CHECK((rho * center - center * rho).norm() < 1e-12);
    }
    if (kernel.frequency() > 0) CHECK(center.norm() == 0);
  }
}

TEST_CASE("harmonics turn as harmonic_matrix says") {
  Rng rng(1);
  for (int l = 0; l < 9; ++l)
    for (int i = 0; i < 10; ++i) {
      const Eigen::MatrixXd a = orthogonal<2>::action(orthogonal<2>::sample(rng));
      const Eigen::Vector2d x(rng.uniform(-1, 1), rng.uniform(-1, 1));
      Eigen::VectorXd here(harmonic_count(2, l)), there(harmonic_count(2, l));
      harmonics(l, x, here.data());
      harmonics(l, a * x, there.data());
      CHECK((there - harmonic_matrix(l, a) * here).norm() < 1e-12);
      if (l > 0) CHECK(here(0) == Approx(std::cos(l * std::atan2(x(1), x(0)))).margin(1e-12));
    }
  CHECK_THROWS_AS(harmonic_count(4, 1), Error);
}

TEST_CASE("profiles: the default rings, and what is refused") {
  constexpr auto profile = kernel_size(9);
  STATIC_REQUIRE(profile.ring_count == 5);
  const int expected[] = {0, 2, 3, 6, 2};
  for (int i = 0; i < 5; ++i) {
    const auto& ring = profile.rings[static_cast<std::size_t>(i)];
    CHECK(ring.radius == i);
    CHECK(ring.max_frequency == expected[i]);
    CHECK(ring.width == (i == 0 ? 0.005 : i == 4 ? 0.4 : 0.6));
  }
  CHECK(profile.with_max_frequency(1).rings[3].max_frequency == 1);
  CHECK(profile.with_max_frequency(9) == profile);
  CHECK(profile.with_max_frequency(6) == profile);
  CHECK_FALSE(profile.with_max_frequency(5) == profile);
  CHECK(profile.with_max_frequency(3).on(3).rings[2].max_frequency == 3);  // of 4
  CHECK(profile.with_max_frequency(3).with_max_frequency(1).on(3).rings[2].max_frequency == 1);
  for (const int bad : {-1, 0, 2, 8, 25}) CHECK_THROWS_AS(kernel_size(bad), Error);
  CHECK_THROWS_AS(profile.with_rings({{1.0, 0.0, 2}}), Error);
  CHECK_THROWS_AS(profile.with_rings({{-1.0, 0.5, 2}}), Error);
  CHECK_THROWS_AS(profile.with_rings({{1.0, 0.5, -1}}), Error);
}
