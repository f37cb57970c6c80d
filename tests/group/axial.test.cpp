// SPDX-License-Identifier: MIT
#include "gsteer/group/axial.hpp"

#include <algorithm>
#include <string>

#include "catch.hpp"
#include "group/embedding_laws.hpp"
#include "group/quarter_turns.hpp"
#include "gsteer/check/group_laws.hpp"
#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/dihedral.hpp"
#include "gsteer/group/orthogonal2.hpp"

using namespace gsteer;
using Catch::Matchers::ContainsSubstring;
using SO2 = special_orthogonal<2>;
using O2 = orthogonal<2>;
using SO3 = special_orthogonal<3>;
using O3 = orthogonal<3>;

TEMPLATE_TEST_CASE("the laws hold about an axis", "", axial<cyclic<1>>, axial<cyclic<3>>,
                   axial<cyclic<4>>, (axial<cyclic<2>, O3>), axial<dihedral<1>>,
                   (axial<dihedral<1>, O3>), axial<dihedral<3>>, (axial<dihedral<3>, O3>),
                   axial<dihedral<4>>, (axial<dihedral<4>, O3>), axial<SO2>, axial<O2>,
                   (axial<O2, O3>)) {
  const auto report = check_group<TestType>(Rng{20}, 2);
  for (const auto& text : report.complaints(1e-11)) FAIL_CHECK(text);
  CHECK(report.laws.size() > 20);
}

namespace {

/// f as in the other space.
struct wrong_flip : axial<dihedral<4>> {
  static Eigen::Matrix3d action(const element& h) { return axial<dihedral<4>, O3>::action(h); }
};

std::string complaints_of_wrong_flip() {
  std::string text;
  for (const auto& one : check_group<wrong_flip>(Rng{20}, 2).complaints()) text += one + "\n";
  return text;
}

}  // namespace

TEST_CASE("a mirror is told from a half turn") {
  CHECK_THAT(complaints_of_wrong_flip(),
             ContainsSubstring("D4 about z: kernel_multiplicity is the mean"));
  CHECK(axial<dihedral<4>, O3>::name() == "D4 about z, f a mirror");
  // z is left alone by mirrors, and reversed by half turns.
  STATIC_REQUIRE(axial<dihedral<4>, O3>::kernel_multiplicity(1, {0, 0}, {0, 0}) == 1);
  STATIC_REQUIRE(axial<dihedral<4>>::kernel_multiplicity(1, {0, 0}, {0, 0}) == 0);
  STATIC_REQUIRE(axial<dihedral<4>>::kernel_multiplicity(1, {1, 0}, {0, 0}) == 1);
}

TEST_CASE("a group about z acts on the plane as before, on the grid exactly") {
  for (int i = 0; i < 4; ++i)
    CHECK(axial<cyclic<4>>::action({i}) == Eigen::Matrix3d(quarter_turns::action({i})));
  for (int l = 0; l < 6; ++l)
    for (int out = 0; out < 3; ++out)
      for (int in = 0; in < 3; ++in)
        CHECK(axial<cyclic<4>>::kernel_multiplicity(l, {0, out}, {0, in}) ==
              quarter_turns::kernel_multiplicity(l, {0, out}, {0, in}));
  CHECK(lattice_elements<axial<dihedral<8>>>().size() == 8);
  CHECK(lattice_elements<axial<O2, O3>>().size() == 8);
  for (const auto& g : lattice_elements<axial<O2, O3>>()) {
    const Eigen::Matrix3d a = axial<O2, O3>::action(g);
    CHECK((a.array() == a.array().round()).all());
  }
  // It is no group of the plane any more.
  STATIC_REQUIRE(!plane_group<axial<cyclic<4>>>);
  STATIC_REQUIRE(!subgroup_of<axial<cyclic<4>>, O2>);
}

TEST_CASE("axial groups in SO(3), O(3) and each other") {
  double worst = 0;
  const auto check = [&]<class H>(H) {
    worst = std::max({worst, embedding_off<axial<H>, SO3>(5), embedding_off<axial<H>, O3>(4),
                      embedding_off<axial<H, O3>, O3>(4)});
  };
  check(C<1>);
  check(C<3>);
  check(C<4>);
  check(D<1>);
  check(D<3>);
  check(D<4>);
  check(SO<2>);
  check(O<2>);
  worst = std::max({worst, embedding_off<axial<cyclic<4>>, axial<dihedral<8>>>(4),
                    embedding_off<axial<dihedral<3>, O3>, axial<O2, O3>>(4)});
  CHECK(worst < 1e-12);
  STATIC_REQUIRE(!subgroup_of<axial<dihedral<4>>, axial<cyclic<4>>>);
  STATIC_REQUIRE(!subgroup_of<axial<dihedral<4>, O3>, SO3>);
  STATIC_REQUIRE(embedding<axial<cyclic<4>>, axial<dihedral<8>>>::index == 4);
}
