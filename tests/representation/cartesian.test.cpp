// SPDX-License-Identifier: MIT
#include "gsteer/representation/cartesian.hpp"

#include <string>

#include "catch.hpp"
#include "gsteer/representation/decomposition.hpp"

using namespace gsteer;

namespace {

template <detail::fixed_string Formula>
constexpr IrrepList content() {
  IrrepList list;
  for (const auto& item : cartesian<Formula>.content()) list.push_back(item);
  return list;
}
constexpr bool is(const IrrepList& found, std::string_view expected) {
  return found == detail::parse_irreps_text(expected).list;
}

// Known reductions (e3nn's ReducedTensorProducts; EMLP's table of invariants).
static_assert(is(content<"i">(), "1o"));
static_assert(is(content<"ij">(), "0e+1e+2e"));
static_assert(is(content<"ij=ji">(), "0e+2e") && cartesian<"ij=ji">.size() == 6);
static_assert(is(content<"ij=-ji">(), "1e") && cartesian<"ij=-ji">.size() == 3);
static_assert(is(content<"ijk=-jik=-ikj">(), "0o"));
static_assert(is(content<"ijkl=jikl=klij">(), "2x0e+2x2e+4e") &&
              cartesian<"ijkl=jikl=klij">.size() == 21);
static_assert(is(content<"ijkl=jikl=ikjl=ijlk">(), "0e+2e+4e") &&
              cartesian<"ijkl=jikl=ikjl=ijlk">.size() == 15);
// Invariants of vectors: 1, 0, 1, 1, 3, 6 under SO(3).
static_assert(content<"ijk">().front() == irrep_copies{{1, 0}, 1});
static_assert(content<"ijkl">().front() == irrep_copies{{0, 0}, 3});
static_assert(content<"ijklm">().front() == irrep_copies{{1, 0}, 6});

template <detail::fixed_string Formula>
void check_laws(Rng& rng) {
  using A = cartesian_of<Formula>;
  using G = orthogonal<3>;
  CAPTURE(A::name());
  const Eigen::MatrixXd& basis = cartesian_basis<Formula>();
  CHECK((basis.transpose() * basis - Eigen::MatrixXd::Identity(A::size, A::size)).norm() < 1e-13);
  const auto parts = decompose<cartesian<Formula>>();
  for (int run = 0; run < 3; ++run) {
    const auto g = G::sample(rng), h = G::sample(rng);
    const Eigen::MatrixXd a = A::matrix(g), b = A::matrix(h);
    CHECK((A::matrix(g * h) - a * b).norm() < 1e-12);
    CHECK((a * a.transpose() - Eigen::MatrixXd::Identity(A::size, A::size)).norm() < 1e-12);
    Eigen::MatrixXd irreps_of_g = Eigen::MatrixXd::Zero(A::size, A::size);
    Eigen::Index at = 0;
    for (const auto& label : parts.irreps) {
      const Eigen::MatrixXd block = G::irrep_matrix(label, g);
      irreps_of_g.block(at, at, block.rows(), block.cols()) = block;
      at += block.rows();
    }
    CHECK((parts.basis * irreps_of_g * parts.basis.transpose() - a).norm() < 1e-11);
    // Another element has another matrix.
    CHECK((a - b).norm() > 1e-3);
  }
}

}  // namespace

TEST_CASE("tensors with symmetries are representations and fall into irreps") {
  Rng rng(51);
  check_laws<"i">(rng);
  check_laws<"ij">(rng);
  check_laws<"ij=ji">(rng);
  check_laws<"ij=-ji">(rng);
  check_laws<"ijkl=jikl=klij">(rng);
  check_laws<"ijk=jik">(rng);
}

TEST_CASE("a symmetric matrix turns as R S R^T") {
  Rng rng(52);
  const auto g = orthogonal<3>::sample(rng);
  const Eigen::MatrixXd r = orthogonal<3>::action(g);
  Eigen::Matrix3d s;
  s << 1, 2, 3, 2, -4, 5, 3, 5, 6;
  const auto& basis = cartesian_basis<"ij=ji">();
  const auto flat = [](const Eigen::Matrix3d& m) {
    Eigen::VectorXd v(9);
    for (int i = 0; i < 9; ++i) v[i] = m(i / 3, i % 3);
    return v;
  };
  const Eigen::VectorXd c = basis.transpose() * flat(s);
  CHECK((basis * c - flat(s)).norm() < 1e-14);
  const Eigen::VectorXd turned = cartesian_of<"ij=ji">::matrix(g) * c;
  CHECK((basis * turned - flat(r * s * r.transpose())).norm() < 1e-12);
  // The trace is the part 0e.
  const Eigen::VectorXd trace = change_of_basis<cartesian_of<"ij=ji">>().transpose() * c;
  CHECK(std::abs(std::abs(trace[0]) - std::abs(s.trace()) / std::sqrt(3.0)) < 1e-12);
  // A part that is not symmetric is lost.
  s(0, 1) += 1;
  CHECK((basis * (basis.transpose() * flat(s)) - flat(s)).norm() > 0.5);
}
