// SPDX-License-Identifier: MIT
#include "gsteer/group/polyhedral.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "catch.hpp"
#include "group/embedding_laws.hpp"
#include "gsteer/check/group_laws.hpp"
#include "gsteer/group/axial.hpp"
#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/dihedral.hpp"
#include "gsteer/group/full_tetrahedral.hpp"
#include "gsteer/group/subgroup_polyhedral.hpp"

using namespace gsteer;
using Catch::Matchers::ContainsSubstring;
using SO3 = special_orthogonal<3>;
using O3 = orthogonal<3>;
using T = polyhedral<solid::tetrahedron>;
using Oct = polyhedral<solid::octahedron>;
using Ico = polyhedral<solid::icosahedron>;
using Th = polyhedral<solid::tetrahedron, true>;
using Oh = polyhedral<solid::octahedron, true>;
using Ih = polyhedral<solid::icosahedron, true>;
using Td = full_tetrahedral_group;

namespace {

template <class G>
std::string complaints(int max_frequency) {
  std::string text;
  for (const auto& one : check_group<G>(Rng{20}, max_frequency).complaints()) text += one + "\n";
  return text;
}

}  // namespace

TEMPLATE_TEST_CASE("the laws hold for the groups of polyhedra", "", T, Oct, Ico, Th, Td) {
  const auto report = check_group<TestType>(Rng{20}, 3);
  for (const auto& text : report.complaints(1e-11)) FAIL_CHECK(text);
  CHECK(report.laws.size() > 20);
}

TEMPLATE_TEST_CASE("they hold with inversion", "", Oh, Ih) {
  const auto report = check_group<TestType>(Rng{20}, 1);
  for (const auto& text : report.complaints(1e-11)) FAIL_CHECK(text);
  CHECK(report.laws.size() > 20);
}

TEST_CASE("orders, names, sizes and types") {
  STATIC_REQUIRE(T::order == 12);
  STATIC_REQUIRE(Oct::order == 24);
  STATIC_REQUIRE(Ico::order == 60);
  STATIC_REQUIRE(Th::order == 24);
  STATIC_REQUIRE(Oh::order == 48);
  STATIC_REQUIRE(Ih::order == 120);
  STATIC_REQUIRE(Td::order == 24);
  CHECK(T::name() + Oct::name() + Ico::name() + Th::name() + Oh::name() + Ih::name() + Td::name() ==
        "TOIThOhIhTd");
  STATIC_REQUIRE(T::irreps_up_to(0).distinct() == 3);
  STATIC_REQUIRE(Oct::irreps_up_to(0).distinct() == 5);
  STATIC_REQUIRE(Ih::irreps_up_to(0).distinct() == 10);
  STATIC_REQUIRE(T::type_of_irrep({0, 2}) == irrep_type::complex);
  STATIC_REQUIRE(Ico::irrep_size({0, 2}) == 5);
  STATIC_REQUIRE(Ico::irrep_size({0, 4}) == 4);
  STATIC_REQUIRE(!T::has_irrep({0, 3}));
  STATIC_REQUIRE(!Oct::has_irrep({1, 0}));
  STATIC_REQUIRE(Oh::has_irrep({1, 4}));
  STATIC_REQUIRE(!Oh::has_irrep({0, -1}));
}

TEST_CASE("T and O map the grid to itself, exactly, and T is what I has of that") {
  const auto check = []<class G>(G, std::size_t count) {
    const auto all = lattice_elements<G>();
    REQUIRE(all.size() == count);
    for (const auto& g : all) {
      const Eigen::Matrix3d a = G::action(g);
      CHECK((a.array() == a.array().round()).all());
      CHECK((a.array() != 0).count() == 3);
    }
  };
  check(tetrahedral, 12);
  check(octahedral, 24);
  check(icosahedral, 12);
  check(pyritohedral, 24);
  check(full_octahedral, 48);
  check(full_icosahedral, 24);
  check(full_tetrahedral, 24);
}

namespace {

/// By how much the largest coordinates by which points of an orbit differ from one in the list.
template <class G>
double orbit_off(const Eigen::Vector3d& point, int size) {
  std::vector<Eigen::Vector3d> orbit;
  for (int i = 0; i < G::order; ++i) {
    const Eigen::Vector3d p = G::action(G::element_at(i)) * point;
    if (std::none_of(orbit.begin(), orbit.end(),
                     [&](const auto& q) { return (p - q).norm() < 0.1; }))
      orbit.push_back(p);
  }
  return std::abs(static_cast<double>(orbit.size()) - size);
}

}  // namespace

TEST_CASE("vertices, faces and edges of the solids") {
  using std::numbers::phi;
  CHECK(orbit_off<T>({1, 1, 1}, 4) == 0);
  CHECK(orbit_off<Td>({1, 1, 1}, 4) == 0);
  CHECK(orbit_off<Td>({-1, -1, -1}, 4) == 0);  // its faces
  CHECK(orbit_off<Td>({1, 0, 0}, 6) == 0);     // its edges
  CHECK(orbit_off<Th>({1, 1, 1}, 8) == 0);
  CHECK(orbit_off<Oct>({0, 0, 1}, 6) == 0);
  CHECK(orbit_off<Oct>({1, 1, 1}, 8) == 0);
  CHECK(orbit_off<Oh>({1, 1, 0}, 12) == 0);
  CHECK(orbit_off<Ico>({1, phi, 0}, 12) == 0);
  CHECK(orbit_off<Ih>({1, 1, 1}, 20) == 0);
  CHECK(orbit_off<Ih>({0, 0, 1}, 30) == 0);
  CHECK(orbit_off<Ico>({phi, 1, 0}, 12) != 0);  // the vertices of the other icosahedron
}

TEST_CASE("irreps are parts of harmonics, the first three numbers of I whole degrees") {
  double worst = 0;
  for (int i = 0; i < Ih::order; ++i) {
    const auto g = Ih::element_at(i);
    const double sign = Ih::inverted(g) ? -1 : 1;
    worst = std::max(worst, (Ih::irrep_matrix({1, 1}, g) - Eigen::MatrixXd(Ih::action(g))).norm());
    worst = std::max(
        worst,
        (Ih::irrep_matrix({1, 2}, g) - Eigen::MatrixXd(sign * wigner_d(2, Ih::proper(g)))).norm());
    worst = std::max(
        worst, std::abs(wigner_d(3, Ih::proper(g)).trace() - Ih::irrep_matrix({0, 3}, g).trace() -
                        Ih::irrep_matrix({0, 4}, g).trace()));
  }
  CHECK(worst < 1e-13);
  // E of O is spanned by y^2 - (z^2 + x^2) / 2 and z^2 - x^2, which quarter turns about y leave
  // alone but for a sign.
  const auto quarter = Oct::find(rotation::from_axis_angle({0, 1, 0}, std::numbers::pi / 2));
  REQUIRE(quarter);
  const Eigen::MatrixXd E = Oct::irrep_matrix({0, 2}, *quarter);
  CHECK((E - Eigen::MatrixXd(Eigen::Vector2d(1, -1).asDiagonal())).norm() < 1e-14);
  CHECK(Oct::irrep_matrix({0, 4}, *quarter)(0, 0) == Approx(-1));
}

TEST_CASE("elements are found from their rotations") {
  for (int i = 0; i < Oh::order; ++i) {
    const auto g = Oh::element_at(i);
    const auto& q = Oh::proper(g);
    const auto found = Oh::find({-2 * q.w, -2 * q.x, -2 * q.y, -2 * q.z}, Oh::inverted(g));
    REQUIRE(found);
    CHECK(*found == g);
  }
  CHECK(!Oct::find(rotation::from_axis_angle({0, 0, 1}, std::numbers::pi / 2 + 1e-7)));
  CHECK(!Oct::find(rotation::identity(), true));
  CHECK(!Oct::find({0, 0, 0, 0}));
  CHECK(!Ico::find(rotation::from_axis_angle({0, 0, 1}, std::numbers::pi / 2)));
}

TEST_CASE("samples of a polyhedral group are uniform") {
  Rng rng(4);
  constexpr int draws = 12000;
  std::vector<int> counts(Ico::order);
  for (int i = 0; i < draws; ++i) ++counts[static_cast<std::size_t>(Ico::sample(rng).index)];
  double chi_square = 0;
  for (const int n : counts) chi_square += std::pow(n - 200.0, 2) / 200;
  CHECK(std::abs(chi_square - 59) < 5 * std::sqrt(2.0 * 59));
}

// Groups with one mistake each, and a part of the sentence in which it is found.

namespace {

struct pyritohedral_generators : Ih {  // of a subgroup
  static std::vector<element> generators() {
    std::vector<element> found;
    for (const auto& g : Th::generators())
      found.push_back(*Ih::find(Th::proper(g), Th::inverted(g)));
    return found;
  }
};
struct no_inversion : Oh {
  static std::vector<element> generators() {
    auto all = Oh::generators();
    all.pop_back();
    return all;
  }
};
struct conjugate_irreps : Ico {  // T1 for T2, which the characters of the group alone do not tell
  static Eigen::MatrixXd irrep_matrix(irrep_label label, element g) {
    const int i = label.frequency;
    return Ico::irrep_matrix({0, i == 1 ? 3 : (i == 3 ? 1 : i)}, g);
  }
};
struct tensor_for_vector : Oct {  // T2 for T1
  static Eigen::MatrixXd irrep_matrix(irrep_label label, element g) {
    return Oct::irrep_matrix({0, label.frequency == 1 ? 3 : label.frequency}, g);
  }
};
struct called_real : T {
  static constexpr irrep_type type_of_irrep(irrep_label) { return irrep_type::real; }
};
struct without_mirrors : Td {  // harmonics of odd degree as under O
  static constexpr int kernel_multiplicity(int l, irrep_label out, irrep_label in) {
    return Oct::kernel_multiplicity(l, out, in);
  }
};
struct even_harmonics : Th {  // forgets that harmonics of odd degree are odd
  static constexpr int kernel_multiplicity(int l, irrep_label out, irrep_label in) {
    return (out.parity + in.parity) % 2 == 0
               ? T::kernel_multiplicity(l, {0, out.frequency}, {0, in.frequency})
               : 0;
  }
};
struct inverse_action : Oct {
  static Eigen::Matrix3d action(element g) { return Oct::action(g).transpose(); }
};

}  // namespace

TEST_CASE("every wrong polyhedral group is found out") {
  CHECK_THAT(complaints<pyritohedral_generators>(0),
             ContainsSubstring("the generators reach every element: missed by 96"));
  CHECK_THAT(complaints<no_inversion>(0),
             ContainsSubstring("the generators reach every element: missed by 24"));
  CHECK_THAT(complaints<conjugate_irreps>(1), ContainsSubstring("kernel_multiplicity is the mean"));
  CHECK_THAT(complaints<tensor_for_vector>(1),
             ContainsSubstring("different irreps have orthogonal characters"));
  CHECK_THAT(complaints<called_real>(1),
             ContainsSubstring("irrep 0,2: the mean of chi^2 is dim End"));
  CHECK_THAT(complaints<without_mirrors>(1), ContainsSubstring("kernel_multiplicity is the mean"));
  CHECK_THAT(complaints<even_harmonics>(1), ContainsSubstring("kernel_multiplicity is the mean"));
  CHECK_THAT(complaints<inverse_action>(1), ContainsSubstring("action: rho(g) rho(h) = rho(g h)"));
}

TEST_CASE("polyhedral groups in SO(3) and O(3)") {
  double worst = 0;
  worst = std::max(
      {worst, embedding_off<T, SO3>(7), embedding_off<Oct, SO3>(7), embedding_off<Ico, SO3>(6)});
  worst = std::max(
      {worst, embedding_off<T, O3>(4), embedding_off<Oct, O3>(4), embedding_off<Ico, O3>(3)});
  worst = std::max({worst, embedding_off<Th, O3>(4), embedding_off<Oh, O3>(4),
                    embedding_off<Ih, O3>(3), embedding_off<Td, O3>(5)});
  CHECK(worst < 1e-12);
  STATIC_REQUIRE(!subgroup_of<Oh, SO3>);
  STATIC_REQUIRE(!subgroup_of<SO3, Oct>);
  CHECK(!embedding<Oct, SO3>::pull_back(rotation::from_axis_angle({1, 2, 3}, 1)));
  CHECK(!embedding<Oct, O3>::pull_back({rotation::identity(), 1}));
  CHECK(!embedding<Td, O3>::pull_back({rotation::identity(), 1}));
}

TEST_CASE("what becomes of the irreps of SO(3) and O(3)") {
  const auto content = [](std::vector<irrep_label> labels) {
    irrep_content all;
    for (const auto& label : labels) all.add(label, 1);
    return all;
  };
  CHECK(embedding<Oct, SO3>::branch({0, 2}) == content({{0, 2}, {0, 3}}));
  CHECK(embedding<Oct, SO3>::branch({0, 3}) == content({{0, 1}, {0, 3}, {0, 4}}));
  CHECK(embedding<Ico, SO3>::branch({0, 3}) == content({{0, 3}, {0, 4}}));
  CHECK(embedding<T, SO3>::branch({0, 2}) == content({{0, 1}, {0, 2}}));
  CHECK(embedding<Ih, O3>::branch({1, 3}) == content({{1, 3}, {1, 4}}));
  // x y z is left alone by T_d, and changes sign under the mirrors of the cube.
  CHECK(embedding<Td, O3>::branch({1, 3}).copies({0, 0}) == 1);
  CHECK(embedding<Oh, O3>::branch({1, 3}).copies({1, 0}) == 0);
  // The first invariants of I after 1 are of degree 6 and 10, of O 4, of T 3.
  STATIC_REQUIRE(embedding<Ico, SO3>::branch({0, 6}).copies({0, 0}) == 1);
  for (const int l : {1, 2, 3, 4, 5, 7, 8, 9, 11})
    CHECK(embedding<Ico, SO3>::branch({0, l}).copies({0, 0}) == 0);
  STATIC_REQUIRE(embedding<Oct, SO3>::branch({0, 4}).copies({0, 0}) == 1);
  STATIC_REQUIRE(embedding<T, SO3>::branch({0, 3}).copies({0, 0}) == 1);
}

TEST_CASE("polyhedral groups in each other, and groups of the plane in them") {
  double worst = 0;
  worst =
      std::max({worst, embedding_off<T, Oct>(0), embedding_off<T, Ico>(0), embedding_off<T, Th>(0),
                embedding_off<Th, Oh>(0), embedding_off<Th, Ih>(0), embedding_off<T, Oh>(0),
                embedding_off<Ico, Ih>(0), embedding_off<Oct, Oct>(0), embedding_off<Oct, Oh>(0)});
  const auto check = [&]<class H>(H) {
    worst =
        std::max({worst, embedding_off<H, T>(0), embedding_off<H, Oct>(0), embedding_off<H, Ico>(0),
                  embedding_off<H, Th>(0), embedding_off<H, Oh>(0), embedding_off<H, Ih>(0)});
  };
  check(C<1>);
  check(C<2>);
  check(D<1>);
  check(D<2>);
  worst = std::max({worst, embedding_off<cyclic<4>, Oct>(0), embedding_off<dihedral<4>, Oct>(0),
                    embedding_off<cyclic<4>, Oh>(0), embedding_off<dihedral<4>, Oh>(0)});
  worst = std::max({worst, embedding_off<T, Td>(0), embedding_off<Td, Oh>(0)});
  worst = std::max(
      {worst, embedding_off<axial<cyclic<4>>, Oct>(0), embedding_off<axial<dihedral<4>>, Oct>(0),
       embedding_off<axial<dihedral<2>>, Ico>(0), embedding_off<axial<cyclic<4>, O3>, Oh>(0),
       embedding_off<axial<dihedral<4>, O3>, Oh>(0)});
  CHECK(worst < 1e-13);
  CHECK(count_pulled_back<T, Td>() == 12);
  CHECK(count_pulled_back<Td, Oh>() == 24);
  CHECK(count_pulled_back<T, Oct>() == 12);
  CHECK(count_pulled_back<T, Ih>() == 12);
  CHECK(count_pulled_back<Th, Ih>() == 24);
  CHECK(count_pulled_back<dihedral<4>, Oh>() == 8);
  CHECK(count_pulled_back<cyclic<2>, Ico>() == 2);
  STATIC_REQUIRE(embedding<T, Ih>::index == 10);
  STATIC_REQUIRE(embedding<dihedral<4>, Oh>::index == 6);
  STATIC_REQUIRE(!subgroup_of<Oct, Ico>);
  STATIC_REQUIRE(!subgroup_of<Th, Oct>);
  STATIC_REQUIRE(!subgroup_of<cyclic<4>, Ico>);
  STATIC_REQUIRE(!subgroup_of<cyclic<5>, Oct>);
  STATIC_REQUIRE(!subgroup_of<dihedral<3>, Oct>);
  STATIC_REQUIRE(!subgroup_of<axial<cyclic<3>>, Oct>);  // turns about z, as O does not
  STATIC_REQUIRE(!subgroup_of<axial<dihedral<4>, O3>, Oct>);
  STATIC_REQUIRE(!subgroup_of<axial<dihedral<4>>, Oh>);
  STATIC_REQUIRE(!subgroup_of<Oct, Td>);
  CHECK(coset_representatives<T, Ico>().size() == 5);
}

namespace {

/// By how much C_N in G misses the law of a homomorphism, and branch() the characters.
template <class H, class G>
double turns_off() {
  using in = embedding<H, G>;
  double worst = 0;
  for (int i = 0; i < H::order; ++i) {
    const auto h = H::element_at(i);
    for (int j = 0; j < H::order; ++j)
      worst = std::max(worst, in::map(h * H::element_at(j)) == in::map(h) * in::map({j}) ? 0. : 1.);
    const auto back = in::pull_back(in::map(h));
    worst = std::max(worst, back && *back == h ? 0. : 1.);
    for (const auto& item : G::irreps_up_to(0)) {
      double character = G::irrep_matrix(item.label, in::map(h)).trace();
      for (const auto& part : in::branch(item.label))
        character -= part.copies * H::irrep_matrix(part.label, h).trace();
      worst = std::max(worst, std::abs(character));
    }
  }
  return worst;
}

}  // namespace

TEST_CASE("turns about the axes of vertices and faces") {
  CHECK(std::max({turns_off<cyclic<3>, T>(), turns_off<cyclic<3>, Oct>(),
                  turns_off<cyclic<3>, Ico>(), turns_off<cyclic<3>, Ih>(),
                  turns_off<cyclic<5>, Ico>(), turns_off<cyclic<5>, Ih>()}) < 1e-13);
  using std::numbers::phi;
  const Eigen::Vector3d vertex(1, phi, 0), face(1, 1, 1);
  CHECK((Ico::action(embedding<cyclic<5>, Ico>::map({1})) * vertex - vertex).norm() < 1e-14);
  CHECK((Ico::action(embedding<cyclic<3>, Ico>::map({1})) * face - face).norm() < 1e-14);
  CHECK(count_pulled_back<cyclic<5>, Ico>() == 5);
}
