// SPDX-License-Identifier: MIT
#include "gsteer/representation/clebsch_gordan.hpp"

#include <vector>

#include "catch.hpp"
#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/dihedral.hpp"
#include "gsteer/group/orthogonal2.hpp"
#include "gsteer/kernel/harmonics.hpp"

using namespace gsteer;
using SO2 = special_orthogonal<2>;
using O2 = orthogonal<2>;

namespace {

/// One tensor a column.
Eigen::MatrixXd columns(const std::vector<invariant_tensor>& basis) {
  const auto n = static_cast<Eigen::Index>(basis.empty() ? 1 : basis[0].values.size());
  Eigen::MatrixXd all(n, static_cast<Eigen::Index>(basis.size()));
  for (Eigen::Index i = 0; i < all.cols(); ++i)
    all.col(i) =
        Eigen::Map<const Eigen::VectorXd>(basis[static_cast<std::size_t>(i)].values.data(), n);
  return all;
}

double not_orthonormal(const Eigen::MatrixXd& m) {
  return (m.transpose() * m - Eigen::MatrixXd::Identity(m.cols(), m.cols())).norm();
}

/// The largest part of one orthonormal basis that sticks out of the other.
double apart(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) {
  return (b - a * (a.transpose() * b)).norm() + (a - b * (b.transpose() * a)).norm();
}

}  // namespace

TEMPLATE_TEST_CASE("averaging over the group finds the span of the closed form", "", cyclic<1>,
                   cyclic<2>, cyclic<3>, cyclic<8>, dihedral<1>, dihedral<2>, dihedral<3>,
                   dihedral<8>, SO2, O2) {
  using G = TestType;
  const irrep_content labels = G::irreps_up_to(3);
  const auto matrix = [](irrep_label label) {
    return [label](const auto& g) { return G::irrep_matrix(label, g); };
  };
  double worst = 0;
  int compared = 0;
  for (const auto& [b, one_b] : labels)
    for (const auto& [c, one_c] : labels) {
      for (const auto& [a, one_a] : labels) {
        const auto closed = columns(clebsch_gordan<G>(a, b, c));
        const auto averaged =
            columns(reynolds_invariants(G::haar_quadrature(a.frequency + b.frequency + c.frequency),
                                        matrix(a), matrix(b), matrix(c), G::multiplicity(a, b, c)));
        REQUIRE(closed.cols() == averaged.cols());
        worst = std::max({worst, not_orthonormal(closed), not_orthonormal(averaged)});
        if (closed.cols() > 0) worst = std::max(worst, apart(closed, averaged));
        compared += static_cast<int>(closed.cols());
      }
      for (int l = 0; l <= 6; ++l) {
        const auto harmonic = [l](const auto& g) { return harmonic_matrix(l, G::action(g)); };
        const auto closed = columns(kernel_invariants<G>(l, b, c));
        const auto averaged =
            columns(reynolds_invariants(G::haar_quadrature(l + b.frequency + c.frequency), harmonic,
                                        matrix(b), matrix(c), G::kernel_multiplicity(l, b, c)));
        REQUIRE(closed.cols() == averaged.cols());
        if (closed.cols() > 0) worst = std::max(worst, apart(closed, averaged));
      }
    }
  CHECK(compared > 0);
  CHECK(worst < 1e-12);
}

TEST_CASE("the tensors of 1 (x) 1 are complete and orthonormal") {
  // C_8: 2 x (0) + (2); D_8: (0, 0) + (1, 0) + (1, 2).
  CHECK(cyclic<8>::multiplicity({0, 1}, {0, 1}, {0, 0}) == 2);
  CHECK(cyclic<8>::multiplicity({0, 1}, {0, 1}, {0, 2}) ==
        2);  // one copy, whose maps commute with C
  CHECK(cyclic<8>::multiplicity({0, 1}, {0, 1}, {0, 1}) == 0);
  CHECK(dihedral<8>::multiplicity({1, 1}, {1, 1}, {1, 2}) == 1);
  // Together, scaled by sqrt(size), the maps x (x) y -> irrep are an orthogonal matrix.
  Eigen::MatrixXd all(4, 4);
  int row = 0;
  for (const irrep_label to : {irrep_label{0, 0}, irrep_label{1, 0}, irrep_label{1, 2}})
    for (const auto& tensor : clebsch_gordan<dihedral<8>>({1, 1}, {1, 1}, to))
      for (int k = 0; k < tensor.sizes[2]; ++k, ++row)
        for (int i = 0; i < 2; ++i)
          for (int j = 0; j < 2; ++j)
            all(row, 2 * i + j) = std::sqrt(tensor.sizes[2]) * tensor(i, j, k);
  REQUIRE(row == 4);
  CHECK(not_orthonormal(all) < 1e-12);
}

TEST_CASE("averaging refuses to find more invariants than there are") {
  const auto matrix = [](const auto& g) { return cyclic<4>::irrep_matrix({0, 1}, g); };
  CHECK_THROWS_AS(reynolds_invariants(cyclic<4>::haar_quadrature(0), matrix, matrix, matrix, 1),
                  Error);
}
