// SPDX-License-Identifier: MIT
// The kernels between functions on SO(3), O(3) and the sphere.
#include <algorithm>

#include "gsteer/group/orthogonal3.hpp"
#include "gsteer/representation/spherical.hpp"
#include "kernel/sphere.hpp"

using namespace gsteer;

namespace {

/// Kernels with harmonics of degree <= limit between irreps l and m: one for each degree from |l -
/// m| to l + m.
constexpr int between(int l, int m, int limit) {
  const int least = l > m ? l - m : m - l, most = l + m < limit ? l + m : limit;
  return most < least ? 0 : most - least + 1;
}

/// The same between fields that hold irrep l as often as `copies` says.
template <class Copies>
constexpr int between_fields(int from, int to, int limit, Copies copies) {
  int sum = 0;
  for (int l = 0; l <= from; ++l)
    for (int m = 0; m <= to; ++m) sum += copies(l) * copies(m) * between(l, m, limit);
  return sum;
}

}  // namespace

TEST_CASE("as many kernels between band-limited functions as the triangle allows") {
  constexpr auto regular_copies = [](int l) { return 2 * l + 1; };
  constexpr auto sphere_copies = [](int) { return 1; };
  STATIC_REQUIRE(kernel_dimension<band_limited<SO<3>, 1>, band_limited<SO<3>, 1>>(sphere(2)) == 34);
  STATIC_REQUIRE(kernel_dimension<band_limited<SO<3>, 2>, band_limited<SO<3>, 3>>(sphere(4)) ==
                 between_fields(2, 3, 4, regular_copies));
  STATIC_REQUIRE(kernel_dimension<spherical<SO<3>, 2>, spherical<SO<3>, 3>>(sphere(4)) ==
                 between_fields(2, 3, 4, sphere_copies));
  // The inversion leaves every other degree: |l - m|, |l - m| + 2, ..., l + m.
  STATIC_REQUIRE(kernel_dimension<spherical<O<3>, 1>, spherical<O<3>, 1>>(sphere(2)) == 5);
  STATIC_REQUIRE(kernel_dimension<spherical<SO<3>, 1>, spherical<SO<3>, 1>>(sphere(2)) == 6);
}

TEST_CASE("closed form and null space agree for band-limited functions") {
  agree<band_limited<SO<3>, 1>, spherical<SO<3>, 1>>(2);
  agree<spherical<O<3>, 2>, spherical<O<3>, 1>>(3);
  agree<band_limited<O<3>, 0>, band_limited<O<3>, 1>>(2);
  agree<band_limited_quotient<SO<3>, O<2>, 2>, spherical<SO<3>, 1>>(2);
}

TEST_CASE("every kernel between functions on the sphere satisfies the constraint everywhere") {
  constexpr auto in = spherical<O<3>, 2>;
  constexpr auto out = spherical<O<3>, 3>;
  Rng rng(8);
  const auto violation = [&](const auto& kernel) {
    double worst = 0;
    for (int i = 0; i < 5; ++i) {
      const auto g = orthogonal<3>::sample(rng);
      const Eigen::Vector3d x = random_point(rng);
      const Eigen::MatrixXd here = kernel(x), there = kernel(orthogonal<3>::action(g) * x);
      const Eigen::MatrixXd expected = representation_matrix<out>(g) * here *
                                       representation_matrix<in>(orthogonal<3>::inverse(g));
      worst = std::max(worst, (there - expected).norm() / std::max(1e-3, here.norm()));
    }
    return worst;
  };
  const auto basis = kernel_basis<in, out>(kernel_size(5));
  REQUIRE(static_cast<int>(basis.size()) == kernel_dimension<in, out>(kernel_size(5)));
  double worst = 0;
  for (const auto& kernel : basis) worst = std::max(worst, violation(kernel));
  CHECK(worst < 1e-12);
  CHECK(violation([&](const Eigen::Vector3d& x) {
          Eigen::MatrixXd k = basis.back()(x);
          k(k.rows() - 1, k.cols() - 1) += 0.01;
          return k;
        }) > 1e-3);
}
