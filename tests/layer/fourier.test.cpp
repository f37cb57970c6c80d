// SPDX-License-Identifier: MIT
#include "gsteer/layer/fourier.hpp"

#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/dihedral.hpp"
#include "gsteer/group/orthogonal2.hpp"
#include "layer/nonlinearity_laws.hpp"

using namespace gsteer;
using namespace gsteer::test;

namespace {

/// A^T A = rows / size, and (A rho(u) c)(g) = (A c)(u^-1 g) at the samples, for those u that move
/// samples to samples.
template <plane_group G, int L>
void check_transform(int samples) {
  using Field = band_limited_of<G, L>;
  const Eigen::MatrixXd A = inverse_fourier_transform<G, L>(samples);
  const int sheets = G::symmetry.reflection ? 2 : 1;
  INFO(G::name() << " " << L << " " << samples);
  REQUIRE(A.rows() == sheets * samples);
  const Eigen::MatrixXd gram = A.transpose() * A;
  const double scale = static_cast<double>(A.rows()) / Field::size;
  CHECK((gram - scale * Eigen::MatrixXd::Identity(Field::size, Field::size)).cwiseAbs().maxCoeff() <
        1e-12);
  for (int flip = 0; flip < sheets; ++flip)
    for (int turn = 0; turn < samples; ++turn) {
      const auto u = G::from_plane({flip, static_cast<double>(turn) / samples});
      const Eigen::MatrixXd moved = A * Field::matrix(u);
      for (int row = 0; row < A.rows(); ++row) {
        const auto g = G::from_plane({row / samples, static_cast<double>(row % samples) / samples});
        const plane_element from = G::plane(G::inverse(u) * g);
        const int k = static_cast<int>(std::lround(from.turns * samples)) % samples;
        CHECK((moved.row(row) - A.row(from.flip * samples + k)).cwiseAbs().maxCoeff() < 1e-12);
      }
    }
}

/// At any element, not only at samples: a function is known by its coefficients, so its values
/// after a move must be those of the function before it at the elements moved back. Values at
/// arbitrary elements are those at samples of a finer grid.
template <plane_group G, int L>
void check_fine_translation() {
  const int fine = 720;
  const Eigen::MatrixXd A = inverse_fourier_transform<G, L>(fine);
  for (const int turn : {7, 100, 433}) {
    const auto u =
        G::from_plane({G::symmetry.reflection ? 1 : 0, static_cast<double>(turn) / fine});
    const Eigen::MatrixXd moved = A * band_limited_of<G, L>::matrix(u);
    const auto back = G::plane(G::inverse(u));
    const int k = static_cast<int>(std::lround(back.turns * fine)) % fine;
    CHECK((moved.row(0) - A.row(back.flip * fine + k)).cwiseAbs().maxCoeff() < 1e-12);
  }
}

template <class Layer>
double worst_error(Layer layer) {
  using G = typename Layer::in::group;
  Rng rng(8);
  const auto x = random_field(Field<typename Layer::in, double, Point>(50), rng);
  return point_error<G>([&](const auto& f) { return layer.forward(f); }, x);
}

template <class Layer>
double worst_lattice_error(Layer layer) {
  Rng rng(9);
  const auto x = random_field(Field<typename Layer::in, double, Grid<2>>(2, 4, 4), rng);
  return lattice_error(layer, x);
}

}  // namespace

TEST_CASE("the Fourier transform is orthogonal and moves functions as the field transforms") {
  check_transform<special_orthogonal<2>, 0>(1);
  check_transform<special_orthogonal<2>, 3>(7);
  check_transform<special_orthogonal<2>, 3>(16);
  check_transform<orthogonal<2>, 2>(5);
  check_transform<orthogonal<2>, 3>(8);
  check_transform<cyclic<8>, 2>(8);
  check_transform<cyclic<8>, 4>(8);
  check_transform<cyclic<5>, 2>(5);
  check_transform<dihedral<4>, 1>(4);
  check_transform<dihedral<4>, 2>(4);
  check_transform<dihedral<1>, 0>(1);
  check_fine_translation<special_orthogonal<2>, 3>();
  check_fine_translation<orthogonal<2>, 3>();
}

TEST_CASE("Fourier nonlinearities of finite groups commute with all elements") {
  check_nonlinearity(FourierPointwise<2 * band_limited<C<8>, 3> + trivial<C<8>>, 8, double>{});
  check_nonlinearity(FourierPointwise<2 * band_limited<C<4>, 1>, 4, double, elu>{});
  check_nonlinearity(FourierPointwise<band_limited<D<4>, 2> + 2 * trivial<D<4>>, 4, double>{});
  check_nonlinearity(FourierPointwise<2 * band_limited<D<1>, 0>, 1, double>{});
  check_nonlinearity(FourierPointwise<band_limited<C<1>, 0>, 1, double>{});
  check_nonlinearity(FourierPointwise<2 * band_limited<C<8>, 3> + trivial<C<8>>, 8>{});
}

TEST_CASE("Fourier nonlinearities of continuous groups commute with the lattice") {
  check_nonlinearity(FourierPointwise<2 * band_limited<SO<2>, 3> + trivial<SO<2>>, 16, double>{},
                     false);
  check_nonlinearity(FourierPointwise<2 * band_limited<SO<2>, 2>, 8, double, elu>{}, false);
  check_nonlinearity(FourierPointwise<band_limited<O<2>, 2>, 8, double, elu>{}, false);
  check_nonlinearity(FourierPointwise<band_limited<O<2>, 2>, 8>{}, false);
}

TEST_CASE("samples that a quarter turn does not permute break the lattice symmetry") {
  CHECK(worst_lattice_error(FourierPointwise<band_limited<SO<2>, 2>, 12, double>{}) < 1e-12);
  CHECK(worst_lattice_error(FourierPointwise<band_limited<SO<2>, 2>, 7, double>{}) > 1e-4);
  CHECK(worst_lattice_error(FourierPointwise<band_limited<O<2>, 2>, 8, double>{}) < 1e-12);
  CHECK(worst_lattice_error(FourierPointwise<band_limited<O<2>, 2>, 9, double>{}) > 1e-4);
}

TEST_CASE("the error under other rotations falls with the number of samples") {
  constexpr auto F = 4 * band_limited<SO<2>, 3>;
  const double e8 = worst_error(FourierPointwise<F, 8, double, elu>{});
  const double e16 = worst_error(FourierPointwise<F, 16, double, elu>{});
  const double e32 = worst_error(FourierPointwise<F, 32, double, elu>{});
  const double e64 = worst_error(FourierPointwise<F, 64, double, elu>{});
  CHECK(e16 < 3e-2);
  CHECK(e16 < e8);
  CHECK(e32 < e16);
  CHECK(e64 < e32);
  CHECK(worst_error(FourierPointwise<F, 16, double>{}) < 6e-2);  // a kink has more high frequencies
  CHECK(worst_error(FourierPointwise<band_limited<O<2>, 3>, 32, double>{}) <
        worst_error(FourierPointwise<band_limited<O<2>, 3>, 16, double>{}));
}

TEST_CASE("the identity on samples is the identity on coefficients") {
  Rng rng(1);
  constexpr auto F = 2 * band_limited<O<2>, 2> + trivial<O<2>>;
  const auto x = random_field(PointField<F, double>(3), rng);
  // LeakyReLU of slope 1 is the identity.
  const auto y = fourier_pointwise<features_of<F>, 5, leaky_relu, double>{{.slope = 1}}.forward(x);
  for (std::size_t i = 0; i < x.size(); ++i)
    CHECK(y.values()[i] == Approx(x.values()[i]).margin(1e-14));
}
