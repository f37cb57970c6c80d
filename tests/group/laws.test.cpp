// SPDX-License-Identifier: MIT
#include "gsteer/check/group_laws.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "catch.hpp"
#include "group/embedding_laws.hpp"
#include "group/quaternion.hpp"
#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/dihedral.hpp"
#include "gsteer/group/orthogonal1.hpp"
#include "gsteer/group/orthogonal2.hpp"

using namespace gsteer;
using SO2 = special_orthogonal<2>;
using O2 = orthogonal<2>;

namespace {

template <class G>
std::string complaints(int max_frequency = 4) {
  std::string text;
  for (const auto& one : check_group<G>(Rng{20}, max_frequency).complaints()) text += one + "\n";
  return text;
}

}  // namespace

TEMPLATE_TEST_CASE("the laws hold", "", cyclic<1>, cyclic<2>, cyclic<3>, cyclic<4>, cyclic<5>,
                   cyclic<6>, cyclic<7>, cyclic<8>, cyclic<9>, cyclic<12>, cyclic<16>, dihedral<1>,
                   dihedral<2>, dihedral<3>, dihedral<4>, dihedral<5>, dihedral<6>, dihedral<7>,
                   dihedral<8>, dihedral<12>, SO2, O2, special_orthogonal<1>, orthogonal<1>,
                   quaternion_group) {
  const auto report = check_group<TestType>(Rng{20});
  for (const auto& text : report.complaints(1e-11)) FAIL_CHECK(text);
  CHECK(report.laws.size() > 20);
}

TEST_CASE("the groups of the line lie in each other, and act by a sign") {
  CHECK(embedding_off<special_orthogonal<1>, orthogonal<1>>(1) < 1e-15);
  CHECK(orthogonal<1>::action({1, 0})(0, 0) == -1);
  CHECK(lattice_elements<orthogonal<1>>().size() == 2);
  STATIC_REQUIRE(orthogonal<1>::kernel_multiplicity(1, {1, 0}, {0, 0}) == 1);
  STATIC_REQUIRE(orthogonal<1>::kernel_multiplicity(1, {0, 0}, {0, 0}) == 0);
  STATIC_REQUIRE(orthogonal<1>::kernel_multiplicity(2, {0, 0}, {0, 0}) == 0);
}

// Groups with one mistake each, and a part of the sentence in which it is found.

namespace {

struct wrong_inverse : cyclic<5> {
  static element inverse(element g) { return g; }
};
struct wrong_product : cyclic<4> {
  struct element {
    int turns = 0;
    friend bool operator==(element, element) = default;
    friend element operator*(element g, element h) { return {(4 + g.turns - h.turns) % 4}; }
  };
  static element identity() { return {}; }
  static element inverse(element g) { return g; }
  static element element_at(int i) { return {i}; }
  static int index_of(element g) { return g.turns; }
  static std::vector<element> generators() { return {{1}}; }
  static element sample(Rng& rng) { return {rng.below(4)}; }
  static haar_quadrature_rule<wrong_product> haar_quadrature(int) {
    return all_elements<wrong_product>();
  }
  static Eigen::Matrix2d action(element g) { return cyclic<4>::action({g.turns}); }
  static Eigen::MatrixXd irrep_matrix(irrep_label l, element g) {
    return cyclic<4>::irrep_matrix(l, {g.turns});
  }
};
struct wrong_index : dihedral<3> {
  static int index_of(element g) { return g.flip + 2 * g.turns; }
};
struct too_few_generators : cyclic<6> {
  static std::vector<element> generators() { return {{2}}; }
};
struct rational_generator : SO2 {
  static std::vector<element> generators() { return {{0.25}}; }
};
struct wrong_quadrature : SO2 {
  static haar_quadrature_rule<SO2> haar_quadrature(int n) {
    return SO2::haar_quadrature(n > 0 ? n - 1 : 0);
  }
};
struct wrong_multiplicity : O2 {
  static int multiplicity(irrep_label a, irrep_label b, irrep_label c) {
    return O2::multiplicity(a, b, c) + (a.frequency == 2 && b.frequency == 1 && c.frequency == 1);
  }
};
struct wrong_kernel_multiplicity : cyclic<4> {  // forgets that frequencies count modulo 4
  static int kernel_multiplicity(int l, irrep_label out, irrep_label in) {
    return l > 4 ? 0 : cyclic<4>::kernel_multiplicity(l, out, in);
  }
};
struct reducible
    : cyclic<4> {  // of type C a sum of two irreps of type R has the right mean of chi^2
  static Eigen::MatrixXd irrep_matrix(irrep_label label, element g) {
    if (label.frequency != 1) return cyclic<4>::irrep_matrix(label, g);
    return Eigen::Vector2d(1, g.turns % 2 ? -1 : 1).asDiagonal();
  }
};
struct wrong_type : dihedral<4> {
  static constexpr irrep_type type_of_irrep(irrep_label l) {
    return irrep_size(l) == 2 ? irrep_type::complex : irrep_type::real;
  }
};
struct quaternionic_called_complex : quaternion_group {
  static constexpr irrep_type type_of_irrep(irrep_label l) {
    return irrep_size(l) == 4 ? irrep_type::complex : irrep_type::real;
  }
};
struct missing_irrep : dihedral<5> {
  static irrep_content irreps_up_to(int) {
    irrep_content all;
    for (const irrep_label label : {irrep_label{0, 0}, {1, 0}, {1, 1}}) all.add(label, 1);
    return all;
  }
};
struct same_irrep_twice : cyclic<8> {
  static Eigen::MatrixXd irrep_matrix(irrep_label l, element g) {
    return cyclic<8>::irrep_matrix({0, l.frequency == 3 ? 1 : l.frequency}, g);
  }
};
struct wrong_size : cyclic<4> {
  static constexpr int irrep_size(irrep_label l) {
    return l.frequency == 2 ? 2 : cyclic<4>::irrep_size(l);
  }
};
struct sheared_irrep : SO2 {
  static Eigen::MatrixXd irrep_matrix(irrep_label label, element g) {
    if (label.frequency != 1) return SO2::irrep_matrix(label, g);
    Eigen::Matrix2d shear, back;
    shear << 1, 0.5, 0, 1;
    back << 1, -0.5, 0, 1;
    return shear * SO2::irrep_matrix(label, g) * back;
  }
};
struct clockwise_action
    : cyclic<5> {  // a homomorphism, but not the one that the closed-form kernels are for
  static Eigen::Matrix2d action(element g) { return cyclic<5>::action(g).transpose(); }
};
struct other_axis : dihedral<3> {
  static Eigen::Matrix2d action(element g) {
    Eigen::Matrix2d a = plane_rotation(g.turns / 3.0);
    if (g.flip) a.col(1) = -a.col(1);
    return a;
  }
};
struct no_action : cyclic<3> {
  static Eigen::Matrix2d action(element g) { return 2 * cyclic<3>::action(g); }
};
struct unscaled_invariants : SO2 {
  static std::vector<invariant_tensor> invariants(irrep_label a, irrep_label b, irrep_label c) {
    auto basis = SO2::invariants(a, b, c);
    for (auto& tensor : basis)
      for (auto& value : tensor.values) value *= 1.001;
    return basis;
  }
};
struct too_few_invariants : O2 {
  static std::vector<invariant_tensor> kernel_invariants(int l, irrep_label out, irrep_label in) {
    auto basis = O2::kernel_invariants(l, out, in);
    if (l == 3 && !basis.empty()) basis.pop_back();
    return basis;
  }
};
struct never_reflects : O2 {
  static element sample(Rng& rng) { return {0, rng.uniform()}; }
};
struct half_the_turns : SO2 {
  static element sample(Rng& rng) { return {rng.uniform() / 2}; }
};
struct last_left_out : cyclic<5> {
  static element sample(Rng& rng) { return {rng.below(4)}; }
};
struct always_the_identity : dihedral<4> {
  static element sample(Rng&) { return identity(); }
};

}  // namespace

TEST_CASE("every wrong group is found out") {
  using Catch::Matchers::ContainsSubstring;
  CHECK_THAT(complaints<wrong_inverse>(), ContainsSubstring("C5: g g^-1 = e"));
  CHECK_THAT(complaints<wrong_product>(),
             ContainsSubstring("(g h) k = g (h k)") && ContainsSubstring("e g = g"));
  CHECK_THAT(complaints<wrong_index>(), ContainsSubstring("inverts element_at"));
  CHECK_THAT(complaints<too_few_generators>(),
             ContainsSubstring("the generators reach every element: missed by 3"));
  CHECK_THAT(
      complaints<rational_generator>(),
      ContainsSubstring("irrep 0,4: only the trivial irrep has vectors that all generators fix"));
  CHECK_THAT(complaints<wrong_quadrature>(),
             ContainsSubstring("irrep 0,1: haar_quadrature averages it to 0"));
  CHECK_THAT(complaints<wrong_multiplicity>(), ContainsSubstring("O(2): multiplicity is the mean"));
  CHECK_THAT(complaints<wrong_kernel_multiplicity>(),
             ContainsSubstring("C4: kernel_multiplicity is the mean"));
  CHECK_THAT(complaints<reducible>(),
             ContainsSubstring("irrep 0,1: the mean of chi(g^2)") &&
                 ContainsSubstring("different irreps have orthogonal characters"));
  CHECK_THAT(complaints<wrong_type>(),
             ContainsSubstring("irrep 1,1: the mean of chi^2 is dim End") &&
                 ContainsSubstring("irrep 1,1: the mean of chi(g^2)"));
  CHECK_THAT(complaints<quaternionic_called_complex>(),
             ContainsSubstring("irrep 0,2: the mean of chi(g^2)"));
  CHECK_THAT(complaints<missing_irrep>(), ContainsSubstring("add up to the order: missed by 4"));
  CHECK_THAT(complaints<same_irrep_twice>(),
             ContainsSubstring("different irreps have orthogonal characters"));
  CHECK_THAT(complaints<wrong_size>(),
             ContainsSubstring("irrep 0,2: matrices are orthogonal, of the stated size"));
  CHECK_THAT(complaints<sheared_irrep>(), ContainsSubstring("irrep 0,1: matrices are orthogonal"));
  CHECK_THAT(complaints<clockwise_action>(),
             ContainsSubstring("kernel_multiplicity: the tensors are left alone"));
  CHECK_THAT(complaints<other_axis>(),
             ContainsSubstring("kernel_multiplicity: the tensors are left alone"));
  CHECK_THAT(complaints<no_action>(), ContainsSubstring("action: matrices are orthogonal") &&
                                          ContainsSubstring("action: rho(g) rho(h) = rho(g h)"));
  CHECK_THAT(complaints<unscaled_invariants>(),
             ContainsSubstring("multiplicity: the tensors are orthonormal"));
  CHECK_THAT(
      complaints<too_few_invariants>(),
      ContainsSubstring("kernel_multiplicity: the tensors are as many and as large as stated"));
}

TEST_CASE("samples that are not uniform are found out, and nothing else is then wrong") {
  using Catch::Matchers::ContainsSubstring;
  CHECK(complaints<never_reflects>() ==
        "O(2): irrep 1,0: samples average it to nearly 0: missed by 1.000000\n");
  // The mean of sin over half a turn is 2 / pi, over three of them a third of this.
  CHECK_THAT(complaints<half_the_turns>(),
             ContainsSubstring("SO(2): irrep 0,1: samples average it to nearly 0: missed by 0.6") &&
                 ContainsSubstring("irrep 0,3: samples average it to nearly 0: missed by 0.2") &&
                 !ContainsSubstring("irrep 0,2"));
  CHECK_THAT(complaints<last_left_out>(), ContainsSubstring("C5: irrep 0,1: samples average it"));
  const std::string identity = complaints<always_the_identity>();
  for (const std::string irrep : {"1,0", "1,1", "0,2", "1,2"})
    CHECK_THAT(identity, ContainsSubstring("D4: irrep " + irrep +
                                           ": samples average it to nearly 0: missed by 1.0"));
  CHECK(std::count(identity.begin(), identity.end(), '\n') == 4);
}

TEST_CASE("a report keeps the largest residual of a law, and NaN is no success") {
  law_report report("G");
  report.record("a", 0);
  report.record("a", 0.5);
  report.record("a", 0.25);
  report.record("b", 1e-12);
  report.record("c", std::nan(""));
  report.record("c", 0);
  CHECK(report.laws.size() == 3);
  REQUIRE(report.complaints().size() == 2);
  CHECK(report.complaints()[0] == "G: a: missed by 0.500000");
  CHECK(report.complaints(1).size() == 1);
}
