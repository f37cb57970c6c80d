// SPDX-License-Identifier: MIT
#include "gsteer/group/subgroup.hpp"

#include <Eigen/Geometry>
#include <cmath>
#include <numbers>
#include <type_traits>

#include "catch.hpp"
#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/dihedral.hpp"
#include "gsteer/group/orthogonal2.hpp"
#include "gsteer/representation/concepts.hpp"

using namespace gsteer;
using SO2 = special_orthogonal<2>;
using O2 = orthogonal<2>;

TEST_CASE("a rotation is exact at quarter turns") {
  for (int quarters = -9; quarters <= 9; ++quarters) {
    const Eigen::Matrix2d r = plane_rotation(quarters / 4.0);
    const int c[] = {1, 0, -1, 0}, q = ((quarters % 4) + 4) % 4;
    CHECK(r(0, 0) == c[q]);
    CHECK(r(1, 0) == c[(q + 3) % 4]);
    CHECK(r(0, 1) == -c[(q + 3) % 4]);
    CHECK(r(1, 1) == c[q]);
  }
  // Frequencies times quarter turns are quarter turns.
  const auto exact = [](const Eigen::MatrixXd& m) {
    return (m.array() == m.array().round()).all();
  };
  for (int k = 1; k < 4; ++k)
    for (const auto& g : SO2::lattice_elements()) CHECK(exact(SO2::irrep_matrix({0, k}, g)));
  for (const auto& g : lattice_elements<dihedral<8>>())
    CHECK(exact(dihedral<8>::irrep_matrix({1, 2}, g)));
  for (const double turns : {0.1, 0.3, 0.49, 0.77, -0.2})
    CHECK(
        (plane_rotation(turns) - Eigen::Rotation2Dd(2 * std::numbers::pi * turns).matrix()).norm() <
        1e-15);
}

TEST_CASE("the elements that keep a grid in place are the quarter turns and four reflections") {
  CHECK(lattice_elements<cyclic<8>>().size() == 4);
  CHECK(lattice_elements<cyclic<6>>().size() == 2);
  CHECK(lattice_elements<cyclic<7>>().size() == 1);
  CHECK(lattice_elements<dihedral<12>>().size() == 8);
  CHECK(lattice_elements<SO2>().size() == 4);
  CHECK(lattice_elements<O2>().size() == 8);
  for (const auto& g : lattice_elements<O2>()) {
    const Eigen::Matrix2d a = O2::action(g);
    CHECK((a.array() == a.array().round()).all());
  }
}

TEST_CASE(
    "conventions: f maps x to -x and is diag(1, -1) in (1, k), -1 in (1, 0); rotations are "
    "counter-clockwise") {
  const O2::element f{1, 0}, r{0, 0.125};
  CHECK(O2::action(f) == Eigen::Vector2d(-1, 1).asDiagonal().toDenseMatrix());
  CHECK(O2::irrep_matrix({1, 0}, f)(0, 0) == -1);
  CHECK(O2::irrep_matrix({1, 0}, r)(0, 0) == 1);
  for (int k = 1; k < 6; ++k)
    CHECK(O2::irrep_matrix({1, k}, f) == Eigen::Vector2d(1, -1).asDiagonal().toDenseMatrix());
  CHECK(dihedral<6>::irrep_matrix({0, 3}, {1, 0})(0, 0) == 1);
  CHECK(dihedral<6>::irrep_matrix({1, 3}, {1, 0})(0, 0) == -1);
  CHECK(dihedral<6>::irrep_matrix({1, 3}, {0, 1})(0, 0) == Approx(-1).margin(1e-15));
  const Eigen::Vector2d turned = cyclic<4>::action({1}) * Eigen::Vector2d(1, 0);
  CHECK(turned == Eigen::Vector2d(0, 1));
  const double theta = 2 * std::numbers::pi / 8;
  for (int k = 1; k < 4; ++k)
    CHECK((cyclic<8>::irrep_matrix({0, k}, {1}) - Eigen::Rotation2Dd(k * theta).matrix()).norm() <
          1e-15);
  // (j, k) is r^k f^j: first the reflection.
  const dihedral<4>::element f4{1, 0}, r4{0, 1};
  CHECK(r4 * f4 == dihedral<4>::element{1, 1});
  CHECK(f4 * r4 == dihedral<4>::element{1, 3});
  CHECK((r4 * f4).flip == 1);
}

TEST_CASE("elements are listed e, r, r^2, ..., f, r f, ...") {
  using G = dihedral<3>;
  G::element g{}, f{1, 0}, r{0, 1};
  for (int i = 0; i < 3; ++i, g = r * g) {
    CHECK(G::index_of(g) == i);
    CHECK(G::index_of(g * f) == 3 + i);
  }
}

TEST_CASE("angles come back into [0, 1), whichever way they are reached") {
  for (const double t : {-1e-20, -1e-17, 1.0, 3.75, -0.25, 1 - 1e-17}) {
    CAPTURE(t);
    CHECK(SO2::element::of(t).turns >= 0);
    CHECK(SO2::element::of(t).turns < 1);
    CHECK(O2::element::of(1, t).turns < 1);
  }
  const SO2::element tiny{1e-20};
  CHECK(SO2::inverse(tiny).turns < 1);
}

namespace {

template <class H, class G>
void check_embedding(int& pairs) {
  if constexpr (!subgroup_of<H, G>) {
    CHECK(!G::symmetry.contains(H::symmetry));
  } else {
    using inclusion = embedding<H, G>;
    ++pairs;
    CAPTURE(H::name(), G::name());
    Rng rng(4);
    double action = 0, homomorphism = 0, back = 0;
    const auto apart = [](const auto& a, const auto& b) {
      return (O2::action({a.flip, a.turns}) - O2::action({b.flip, b.turns})).norm();
    };
    for (int i = 0; i < 10; ++i) {
      const auto g = H::sample(rng), h = H::sample(rng);
      action += (G::action(inclusion::map(g)) - H::action(g)).norm();
      homomorphism +=
          apart(G::plane(inclusion::map(g) * inclusion::map(h)), G::plane(inclusion::map(g * h)));
      const auto found = inclusion::pull_back(inclusion::map(h));
      REQUIRE(found);
      back += apart(H::plane(*found), H::plane(h));
    }
    CHECK(action < 1e-12);
    CHECK(homomorphism < 1e-12);
    CHECK(back < 1e-12);
    if constexpr (H::order > 0 && G::order > 0) {
      CHECK(inclusion::index == G::order / H::order);
      int members = 0;
      for (int i = 0; i < G::order; ++i)
        if (const auto h = inclusion::pull_back(G::element_at(i))) {
          ++members;
          CHECK(inclusion::map(*h) == G::element_at(i));
        }
      CHECK(members == H::order);
    }
    if constexpr (H::order > 0 && G::order == 0) CHECK(inclusion::index == 0);
    if constexpr (inclusion::index > 0) {
      const auto cosets = coset_representatives<H, G>();
      CHECK(static_cast<int>(cosets.size()) == inclusion::index);
      CHECK(apart(G::plane(cosets[0]), plane_element{}) < 1e-15);
      for (std::size_t i = 0; i < cosets.size(); ++i)
        for (std::size_t j = 0; j < i; ++j)
          CHECK(!inclusion::pull_back(G::inverse(cosets[i]) * cosets[j]));
    }
    double characters = 0;
    for (const auto& [label, copies] : G::irreps_up_to(9)) {
      const auto parts = inclusion::branch(label);
      CHECK(content_size<H>(parts) == G::irrep_size(label));
      for (const auto& [h, weight] : H::haar_quadrature(9)) {
        double chi = G::irrep_matrix(label, inclusion::map(h)).trace();
        for (const auto& part : parts) {
          CHECK(H::has_irrep(part.label));
          chi -= part.copies * H::irrep_matrix(part.label, h).trace();
        }
        characters += std::abs(chi);
      }
    }
    CHECK(characters < 1e-10);
  }
}

template <class G, class... H>
int check_subgroups() {
  int pairs = 0;
  (check_embedding<H, G>(pairs), ...);
  return pairs;
}

}  // namespace

TEST_CASE(
    "a subgroup lies in its group as it lies in O(2), and irreps branch as their characters say") {
  const auto count = []<class G>(std::type_identity<G>) {
    return check_subgroups<G, cyclic<1>, cyclic<2>, cyclic<3>, cyclic<4>, cyclic<6>, cyclic<8>,
                           dihedral<1>, dihedral<2>, dihedral<3>, dihedral<4>, dihedral<6>,
                           dihedral<8>, SO2, O2>();
  };
  CHECK(count(std::type_identity<cyclic<1>>{}) == 1);
  CHECK(count(std::type_identity<cyclic<4>>{}) == 3);
  CHECK(count(std::type_identity<cyclic<6>>{}) == 4);
  CHECK(count(std::type_identity<cyclic<8>>{}) == 4);
  CHECK(count(std::type_identity<dihedral<1>>{}) == 2);
  CHECK(count(std::type_identity<dihedral<2>>{}) == 4);
  CHECK(count(std::type_identity<dihedral<3>>{}) == 4);
  CHECK(count(std::type_identity<dihedral<6>>{}) == 8);
  CHECK(count(std::type_identity<dihedral<8>>{}) == 8);
  CHECK(count(std::type_identity<SO2>{}) == 7);
  CHECK(count(std::type_identity<O2>{}) == 14);
}
