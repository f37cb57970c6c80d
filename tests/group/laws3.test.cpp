// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <type_traits>
#include <vector>

#include "catch.hpp"
#include "group/embedding_laws.hpp"
#include "group/quarter_turns.hpp"
#include "gsteer/check/group_laws.hpp"
#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/dihedral.hpp"
#include "gsteer/group/orthogonal2.hpp"
#include "gsteer/group/orthogonal3.hpp"
#include "gsteer/group/subgroup3.hpp"

using namespace gsteer;
using Catch::Matchers::ContainsSubstring;
using SO2 = special_orthogonal<2>;
using O2 = orthogonal<2>;
using SO3 = special_orthogonal<3>;
using O3 = orthogonal<3>;

namespace {

template <class G>
std::string complaints(int max_frequency) {
  std::string text;
  for (const auto& one : check_group<G>(Rng{20}, max_frequency).complaints()) text += one + "\n";
  return text;
}

/// The character of g on harmonics of degree l, from its matrix on points only: homogeneous
/// polynomials are harmonics + |x|^2 polynomials, and their characters h follow from the traces of
/// powers by Newton's identities, l h_l = sum over i = 1 ... l of tr(a^i) h_(l - i).
double harmonic_character(int l, const Eigen::Matrix3d& a) {
  std::vector<double> traces{3}, h{1};
  Eigen::MatrixXd power = Eigen::Matrix3d::Identity();
  for (int i = 1; i <= l; ++i) {
    power = detail::product(power, a);
    traces.push_back(power.trace());
    double sum = 0;
    for (int k = 1; k <= i; ++k)
      sum += traces[static_cast<std::size_t>(k)] * h[static_cast<std::size_t>(i - k)];
    h.push_back(sum / i);
  }
  const auto at = static_cast<std::size_t>(l);
  return l < 2 ? h[at] : h[at] - h[at - 2];
}

/// By how much kernel_multiplicity misses the mean of the product of the characters.
template <class G>
double kernel_multiplicity_off(int limit) {
  double worst = 0;
  const auto rule = G::haar_quadrature(4 * limit);
  for (const auto& out : G::irreps_up_to(limit))
    for (const auto& in : G::irreps_up_to(limit)) {
      std::vector<double> mean(static_cast<std::size_t>(2 * limit + 1));
      for (const auto& [g, weight] : rule) {
        const double product =
            G::irrep_matrix(out.label, g).trace() * G::irrep_matrix(in.label, g).trace() * weight;
        for (int l = 0; l <= 2 * limit; ++l)
          mean[static_cast<std::size_t>(l)] += product * harmonic_character(l, G::action(g));
      }
      for (int l = 0; l <= 2 * limit; ++l)
        worst = std::max(worst, std::abs(mean[static_cast<std::size_t>(l)] -
                                         G::kernel_multiplicity(l, out.label, in.label)));
    }
  return worst;
}

}  // namespace

TEMPLATE_TEST_CASE("the laws hold in space", "", SO3, O3) {
  const auto report = check_group<TestType>(Rng{20}, 3);
  for (const auto& text : report.complaints(1e-11)) FAIL_CHECK(text);
  CHECK(report.laws.size() > 20);
  CHECK(kernel_multiplicity_off<TestType>(2) < 1e-12);
}

TEST_CASE("they hold for a group of the user on R^3, which has no closed form") {
  for (const auto& text : check_group<quarter_turns>(Rng{20}, 3).complaints(1e-11))
    FAIL_CHECK(text);
}

// Groups with one mistake each, and a part of the sentence in which it is found.

namespace {

struct one_axis : SO3 {
  static std::vector<element> generators() { return {SO3::generators()[0]}; }
};
struct no_inversion : O3 {
  static std::vector<element> generators() {
    return {{SO3::generators()[0], 0}, {SO3::generators()[1], 0}};
  }
};
struct coarse_quadrature : SO3 {
  static haar_quadrature_rule<SO3> haar_quadrature(int n) {
    return SO3::haar_quadrature(n > 0 ? n - 1 : 0);
  }
};
struct parity_forgotten : O3 {
  static int multiplicity(irrep_label a, irrep_label b, irrep_label c) {
    return is_triangle(a.frequency, b.frequency, c.frequency) ? 1 : 0;
  }
};
struct pseudovectors : O3 {  // 1e called 1o
  static constexpr irrep_label harmonic(int l) { return {0, l}; }
  static constexpr int kernel_multiplicity(int l, irrep_label out, irrep_label in) {
    return multiplicity(harmonic(l), out, in);
  }
};
struct wrong_axis : quarter_turns {  // acts as on the plane, but on z as well
  static Eigen::Matrix3d action(element g) {
    Eigen::Matrix3d a = quarter_turns::action(g);
    if (g.turns % 2 != 0) a.col(2) = -a.col(2);
    return a;
  }
};
struct never_inverted : O3 {
  static element sample(Rng& rng) { return {rotation::sample(rng), 0}; }
};
struct angles_drawn_alike : SO3 {  // which crowds the poles
  static element sample(Rng& rng) {
    const auto angle = [&] { return std::numbers::pi * rng.uniform(); };
    return rotation::from_angles(2 * angle(), angle(), 2 * angle());
  }
};
struct transposed : SO3 {
  static Eigen::MatrixXd irrep_matrix(irrep_label label, const element& g) {
    return wigner_d(label.frequency, g).transpose();
  }
};

}  // namespace

TEST_CASE("every wrong group of space is found out") {
  CHECK_THAT(complaints<one_axis>(2), ContainsSubstring("that all generators fix"));
  CHECK_THAT(complaints<no_inversion>(1), ContainsSubstring("irrep 1,0: only the trivial irrep"));
  CHECK_THAT(complaints<coarse_quadrature>(2), ContainsSubstring("haar_quadrature averages it"));
  CHECK_THAT(complaints<parity_forgotten>(1), ContainsSubstring("multiplicity is the mean"));
  CHECK_THAT(complaints<transposed>(1), ContainsSubstring("rho(g) rho(h) = rho(g h)"));
  CHECK_THAT(complaints<pseudovectors>(1), ContainsSubstring("kernel_multiplicity is the mean"));
  CHECK_THAT(complaints<wrong_axis>(2), ContainsSubstring("kernel_multiplicity is the mean"));
  CHECK_THAT(complaints<never_inverted>(1),
             ContainsSubstring("irrep 1,0: samples average it to nearly 0: missed by 1.0"));
  CHECK_THAT(complaints<angles_drawn_alike>(2),
             ContainsSubstring("irrep 0,2: samples average it to nearly 0: missed by 0.2"));
  CHECK(kernel_multiplicity_off<pseudovectors>(1) > 0.9);
}

TEST_CASE("O(3) in the notation of e3nn") {
  STATIC_REQUIRE(O3::multiplicity({1, 1}, {1, 1}, {0, 1}) == 1);  // 1o x 1o holds 1e, the cross
  STATIC_REQUIRE(O3::multiplicity({1, 1}, {1, 1}, {1, 1}) == 0);  // product, and not 1o
  STATIC_REQUIRE(O3::kernel_multiplicity(1, {1, 1}, {0, 0}) == 1);
  STATIC_REQUIRE(O3::kernel_multiplicity(1, {0, 1}, {0, 0}) == 0);
  STATIC_REQUIRE(SO3::kernel_multiplicity(1, {0, 1}, {0, 1}) == 1);
  STATIC_REQUIRE(!SO3::has_irrep({1, 1}));
  STATIC_REQUIRE(O3::has_irrep({1, 1}));
  STATIC_REQUIRE(!O3::has_irrep({2, 1}));
  STATIC_REQUIRE(!O3::has_irrep({0, -1}));
  Rng rng(6);
  for (int i = 0; i < 10; ++i) {
    const auto g = O3::sample(rng);
    CHECK(O3::irrep_matrix({1, 1}, g) == Eigen::MatrixXd(O3::action(g)));
    CHECK(O3::irrep_matrix({1, 0}, g)(0, 0) == (g.inverted ? -1 : 1));
    CHECK(O3::irrep_matrix({0, 0}, g)(0, 0) == 1);
  }
  const Eigen::MatrixXd inversion = O3::irrep_matrix({1, 2}, {rotation::identity(), 1});
  CHECK((inversion + Eigen::MatrixXd::Identity(5, 5)).norm() < 1e-14);
}

TEST_CASE("the symmetries of the cube, exactly") {
  const auto check = []<class G>(G, std::size_t count) {
    const auto all = lattice_elements<G>();
    REQUIRE(all.size() == count);
    CHECK(G::action(all[0]) == Eigen::Matrix3d::Identity());
    for (std::size_t i = 0; i < all.size(); ++i) {
      const Eigen::Matrix3d a = G::action(all[i]);
      CHECK((a.array() == a.array().round()).all());
      CHECK((a.array() != 0).count() == 3);
      for (std::size_t j = 0; j < i; ++j) CHECK(a != G::action(all[j]));
    }
  };
  check(SO<3>, 24);
  check(O<3>, 48);
}

TEST_CASE("the quadrature starts at the identity, with as few points as it can") {
  CHECK(SO3::haar_quadrature(0).size() == 1);
  CHECK(SO3::haar_quadrature(4).size() == 75);
  CHECK(O3::haar_quadrature(1).size() == 8);
  for (const int n : {0, 1, 2, 5}) {
    const auto rule = SO3::haar_quadrature(n);
    CHECK((SO3::action(rule[0].first) - Eigen::Matrix3d::Identity()).norm() < 1e-15);
    double sum = 0;
    for (const auto& [g, weight] : rule) sum += weight;
    CHECK(sum == Approx(1).epsilon(1e-14));
  }
}

namespace {

/// An element that no group of the plane holds, nor, in O(3), SO(3).
template <class G>
typename G::element elsewhere() {
  const rotation oblique = rotation::from_axis_angle({1, 2, 3}, 1);
  if constexpr (std::is_same_v<G, O3>)
    return {oblique, 1};
  else
    return oblique;
}

/// embedding_off; and pull_back refuses what lies elsewhere.
template <class H, class G>
double embedding_in_space_off(int max_frequency) {
  using in = embedding<H, G>;
  for (const auto& h : elements_to_try<H>()) CHECK(!in::pull_back(in::map(h) * elsewhere<G>()));
  return embedding_off<H, G>(max_frequency);
}

}  // namespace

TEST_CASE("groups of the plane in those of space, and SO(3) in O(3)") {
  double worst = 0;
  const auto check = [&]<class H>(H) {
    worst = std::max({worst, embedding_in_space_off<H, SO3>(6), embedding_in_space_off<H, O3>(6)});
    STATIC_REQUIRE(embedding<H, SO3>::index == 0);
  };
  check(C<1>);
  check(C<2>);
  check(C<3>);
  check(C<4>);
  check(C<8>);
  check(SO<2>);
  check(D<1>);
  check(D<2>);
  check(D<3>);
  check(D<4>);
  check(D<6>);
  check(O<2>);
  worst = std::max(worst, embedding_in_space_off<SO3, O3>(4));
  CHECK(worst < 1e-12);
  STATIC_REQUIRE(!subgroup_of<O3, SO3>);
  STATIC_REQUIRE(!subgroup_of<SO3, SO2>);
  const auto cosets = coset_representatives<SO3, O3>();
  REQUIRE(cosets.size() == 2);
  CHECK((O3::action(cosets[0]) - Eigen::Matrix3d::Identity()).norm() < 1e-15);
  CHECK((O3::action(cosets[1]) + Eigen::Matrix3d::Identity()).norm() < 1e-15);
}

TEST_CASE("f is a mirror in O(3) and a half turn in SO(3)") {
  Eigen::Matrix3d mirror = Eigen::Matrix3d::Identity(), half_turn = mirror;
  mirror(0, 0) = half_turn(0, 0) = half_turn(2, 2) = -1;
  CHECK(O3::action(embedding<O2, O3>::map({1, 0})) == mirror);
  CHECK(SO3::action(embedding<O2, SO3>::map({1, 0})) == half_turn);
  // Hence a vector holds an invariant, z, in the one and not in the other.
  STATIC_REQUIRE(embedding<O2, O3>::branch({1, 1}).copies({0, 0}) == 1);
  STATIC_REQUIRE(embedding<O2, O3>::branch({0, 1}).copies({1, 0}) == 1);
  STATIC_REQUIRE(embedding<O2, SO3>::branch({0, 1}).copies({1, 0}) == 1);
  STATIC_REQUIRE(embedding<cyclic<4>, SO3>::branch({0, 4}).copies({0, 0}) == 3);
  // Each refuses the f of the other, and what it does not hold of O(2).
  CHECK(!embedding<O2, O3>::pull_back({rotation{0, 0, 1, 0}, 0}));
  CHECK(!embedding<O2, O3>::pull_back({rotation::identity(), 1}));
  CHECK(!embedding<O2, SO3>::pull_back(rotation::from_axis_angle({1, 0, 0}, 1e-6)));
  CHECK(!embedding<SO2, O3>::pull_back(embedding<O2, O3>::map({1, 0.2})));
  CHECK(!embedding<cyclic<4>, SO3>::pull_back(embedding<cyclic<8>, SO3>::map({1})));
  CHECK(!embedding<SO3, O3>::pull_back({rotation::identity(), 1}));
}
