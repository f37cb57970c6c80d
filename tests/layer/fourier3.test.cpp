// SPDX-License-Identifier: MIT
#include "gsteer/layer/fourier3.hpp"

#include <cmath>
#include <type_traits>

#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/dihedral.hpp"
#include "gsteer/group/subgroup_polyhedral.hpp"
#include "gsteer/kernel/spherical_harmonics.hpp"
#include "layer/nonlinearity_laws.hpp"

using namespace gsteer;
using namespace gsteer::test;

namespace {

using SO3 = special_orthogonal<3>;
using O3 = orthogonal<3>;

/// B A = 1, and (A rho(u) c)(g) = (A c)(u^-1 g) at the samples of a grid, for any u.
template <class Field>
void check_transform(sphere_grid grid) {
  using G = typename Field::group;
  const auto rule = detail::fourier_sampling<G, sphere_grid>::template rule<Field>(grid);
  const Eigen::MatrixXd A = inverse_fourier_transform<Field>(grid);
  const Eigen::MatrixXd B = fourier_transform<Field>(grid);
  INFO(Field::name() << " of " << G::name() << ", degree " << grid.degree);
  REQUIRE(A.rows() == static_cast<int>(rule.size()));
  REQUIRE(A.rows() >= A.cols());
  CHECK((B * A - Eigen::MatrixXd::Identity(Field::size, Field::size)).cwiseAbs().maxCoeff() <
        1e-12);
  Rng rng(2);
  const auto u = G::sample(rng);
  auto moved = rule;
  for (auto& [g, weight] : moved) g = G::inverse(u) * g;
  const Eigen::MatrixXd expected = inverse_fourier_transform<Field>(moved);
  CHECK((A * Field::matrix(u) - expected).cwiseAbs().maxCoeff() < 1e-12);
  CHECK((A - expected).cwiseAbs().maxCoeff() > 0.1);
  // Values of unit variance for coefficients of unit variance.
  CHECK(A.rowwise().norm().minCoeff() == Approx(1));
  CHECK(A.rowwise().norm().maxCoeff() == Approx(1));
}

template <class X>
X random_points(int count) {
  Rng rng(8);
  return random_field(X(count), rng);
}

/// The largest error under some elements, at points.
template <class Layer, class Elements>
double error_under(Layer layer, const Elements& elements) {
  const auto x = random_points<Field<typename Layer::in, typename Layer::Scalar, Point>>(20);
  REQUIRE(sum_of_magnitudes(layer.forward(x)) > 0);
  double worst = 0;
  for (const auto& g : elements) {
    worst = std::max(worst,
                     equivariance_error_of([&](const auto& f) { return layer.forward(f); }, g, x));
    worst = std::max(worst, equivariance_error(layer, g, x));
  }
  return worst;
}

/// The elements of a finite group of space, as those of G.
template <auto Solid, class G>
std::vector<typename G::element> elements_of() {
  std::vector<typename G::element> all;
  for (int i = 0; i < group_of<Solid>::order; ++i)
    all.push_back(embedding<group_of<Solid>, G>::map(group_of<Solid>::element_at(i)));
  return all;
}

/// Of equivariance under random elements: the mean of the error.
template <class Layer>
double mean_error(Layer layer) {
  using G = typename Layer::in::group;
  const auto x = random_points<Field<typename Layer::in, double, Point>>(50);
  Rng rng(5);
  double sum = 0;
  for (int i = 0; i < 10; ++i)
    sum +=
        equivariance_error_of([&](const auto& f) { return layer.forward(f); }, G::sample(rng), x);
  return sum / 10;
}

/// What every nonlinearity must do. `cubic`: the symmetries of voxels map the grid to itself.
template <class Layer>
void check_layer(Layer layer, bool cubic = true) {
  using Scalar = typename Layer::Scalar;
  using F = typename Layer::in;
  INFO(F::name());
  Rng rng(11);
  const auto voxels = random_field(Field<F, Scalar, Grid<3>>(2, Grid<3>{{2, 3, 2}}), rng);
  const auto points = random_field(Field<F, Scalar, Point>(9), rng);
  CHECK((lattice_error(layer, voxels) < tolerance<Scalar>) == cubic);
  CHECK(lattice_error_of<typename F::group>(
            [&](const auto& x) {
              auto y = layer.forward(x);
              y.values()[0] += 1;
              return y;
            },
            voxels) > 1e-3);
  if constexpr (std::is_same_v<Scalar, double>) {
    CHECK(gradient_error(layer, voxels, rng).worst() < 1e-6);
    CHECK(gradient_error(layer, points, rng).worst() < 1e-6);
  }
  check_frozen(layer, voxels);
  check_frozen(layer, points);
  check_finite_at_zero(layer, voxels);
  check_borrowed(layer, points);
  check_threads(layer, random_field(Field<F, Scalar, Grid<3>>(2, Grid<3>{{5, 6, 7}}), rng));
  check_threads(layer, random_field(Field<F, Scalar, Point>(300), rng));
  // Voxel by voxel what it does at points.
  const auto y = layer.forward(voxels);
  Field<F, Scalar, Point> columns(2 * voxels.points());
  for (int b = 0; b < 2; ++b)
    for (int p = 0; p < voxels.points(); ++p)
      for (int c = 0; c < F::size; ++c) columns(b * voxels.points() + p, c) = voxels.item(b)(c, p);
  const auto z = layer.forward(columns);
  double off = 0;
  for (int b = 0; b < 2; ++b)
    for (int p = 0; p < voxels.points(); ++p)
      for (int c = 0; c < F::size; ++c)
        off = std::max<double>(off, std::abs(y.item(b)(c, p) - z(b * voxels.points() + p, c)));
  CHECK(off < tolerance<Scalar>);
}

}  // namespace

TEST_CASE("values and coefficients of functions on SO(3), O(3), the sphere and quotients") {
  check_transform<band_limited_of<SO3, 1>>(octahedral_grid(2));
  check_transform<band_limited_of<SO3, 2>>(icosahedral_grid(4));
  check_transform<band_limited_of<SO3, 2>>(octahedral_grid(4));
  check_transform<band_limited_of<SO3, 2>>(product_grid(4));
  check_transform<band_limited_of<SO3, 3>>(octahedral_grid(6));
  check_transform<band_limited_of<SO3, 4>>(icosahedral_grid(8));
  check_transform<band_limited_of<O3, 2>>(icosahedral_grid(4));
  check_transform<spherical_of<SO3, 2>>(icosahedral_grid(4));
  check_transform<spherical_of<SO3, 5>>(octahedral_grid(10));
  check_transform<spherical_of<SO3, 7>>(product_grid(14));
  check_transform<spherical_of<O3, 3>>(octahedral_grid(6));
  check_transform<spherical_of<O3, 2>>(product_grid(4));
  check_transform<band_limited_quotient_of<O3, special_orthogonal<2>, 2>>(product_grid(4));
  check_transform<band_limited_quotient_of<SO3, orthogonal<2>, 4>>(octahedral_grid(8));
  check_transform<band_limited_quotient_of<SO3, group_of<octahedral>, 4>>(icosahedral_grid(8));
  check_transform<band_limited_quotient_of<O3, group_of<full_octahedral>, 4>>(octahedral_grid(8));
}

TEST_CASE("functions on the sphere are sampled at points, others at rotations, of both sheets") {
  constexpr sphere_grid grid = octahedral_grid(4);
  const auto samples = [grid]<class Field>(std::type_identity<Field>) {
    return inverse_fourier_transform<Field>(grid).rows();
  };
  CHECK(samples(std::type_identity<spherical_of<SO3, 2>>{}) == 14);
  CHECK(samples(std::type_identity<spherical_of<O3, 2>>{}) == 14);
  CHECK(samples(std::type_identity<band_limited_quotient_of<O3, special_orthogonal<2>, 2>>{}) ==
        2 * 14);
  CHECK(samples(std::type_identity<band_limited_of<SO3, 2>>{}) == 96);
  CHECK(samples(std::type_identity<band_limited_of<O3, 2>>{}) == 2 * 96);
}

TEST_CASE("on the sphere the values are sums of spherical harmonics") {
  using Field = spherical_of<O3, 4>;
  const auto rule = sphere_quadrature(octahedral_grid(8));
  Eigen::MatrixXd directions(3, static_cast<Eigen::Index>(rule.size()));
  for (std::size_t i = 0; i < rule.size(); ++i)
    directions.col(static_cast<Eigen::Index>(i)) = rule[i].first.matrix().col(2);
  const Eigen::MatrixXd y = spherical_harmonics(4, directions, Normalization::component);
  const Eigen::MatrixXd A = inverse_fourier_transform<Field>(octahedral_grid(8));
  CHECK((A - y.transpose() / std::sqrt(Field::size)).cwiseAbs().maxCoeff() < 1e-13);
}

TEST_CASE("the identity on the samples of a grid is the identity on coefficients") {
  const auto check = []<auto F, sphere_grid grid>() {
    const auto x = random_points<PointField<F, double>>(3);
    const auto y =
        fourier_pointwise<features_of<F>, grid, leaky_relu, double>{{.slope = 1}}.forward(x);
    double off = 0;
    for (std::size_t i = 0; i < x.size(); ++i)
      off = std::max(off, std::abs(y.values()[i] - x.values()[i]));
    CHECK(off < 1e-12);
  };
  check.operator()<2 * band_limited<SO<3>, 2> + trivial<SO<3>>, icosahedral_grid(4)>();
  check.operator()<band_limited<O<3>, 1> + spherical<O<3>, 2>, octahedral_grid(4)>();
  check.operator()<spherical<SO<3>, 6>, product_grid(12)>();
}

TEST_CASE("Fourier nonlinearities commute with the rotations that map the grid to itself") {
  constexpr auto so3 = 2 * band_limited<SO<3>, 2> + spherical<SO<3>, 2> + trivial<SO<3>>;
  constexpr auto o3 = band_limited<O<3>, 1> + 2 * spherical<O<3>, 3> + trivial<O<3>>;
  // All symmetries of the cube.
  const auto cube = lattice_elements<SO3>();
  const auto full_cube = lattice_elements<O3>();
  CHECK(error_under(FourierPointwise<so3, octahedral_grid(4), double>{}, cube) < 1e-12);
  CHECK(error_under(FourierPointwise<so3, octahedral_grid(4), double, elu>{}, cube) < 1e-12);
  CHECK(error_under(FourierPointwise<o3, octahedral_grid(6), double>{}, full_cube) < 1e-12);
  CHECK(error_under(FourierPointwise<band_limited_quotient<SO<3>, octahedral, 4> +
                                         band_limited_quotient<SO<3>, O<2>, 2>,
                                     octahedral_grid(8), double>{},
                    cube) < 1e-12);
  CHECK(error_under(FourierPointwise<so3, octahedral_grid(4)>{}, cube) < 1e-5);
  CHECK(error_under(FourierPointwise<o3, octahedral_grid(6)>{}, full_cube) < 1e-5);
  // Those of the icosahedron.
  CHECK(error_under(FourierPointwise<so3, icosahedral_grid(4), double>{},
                    elements_of<icosahedral, SO3>()) < 1e-12);
  CHECK(error_under(FourierPointwise<o3, icosahedral_grid(6), double>{},
                    elements_of<full_icosahedral, O3>()) < 1e-12);
  // Fifths of a turn about z.
  const std::vector<rotation> fifths{
      rotation::from_axis_angle(Eigen::Vector3d::UnitZ(), 2 * std::numbers::pi / 5)};
  CHECK(error_under(FourierPointwise<so3, product_grid(4), double>{}, fifths) < 1e-12);
  // And with no others.
  CHECK(error_under(FourierPointwise<so3, icosahedral_grid(4), double>{}, cube) > 1e-3);
  CHECK(error_under(FourierPointwise<so3, product_grid(4), double>{}, cube) > 1e-3);
  CHECK(error_under(FourierPointwise<so3, octahedral_grid(4), double>{}, fifths) > 1e-3);
}

TEST_CASE("with harmonics of the wrong parity they do not commute") {
  using right = features_of<spherical<O<3>, 2>>;
  using wrong = features_of<irrep<O<3>, 0, 0> + irrep<O<3>, 1, 1> + irrep<O<3>, 1, 2>>;
  FourierPointwise<spherical<O<3>, 2>, octahedral_grid(4), double> layer;
  const auto as_wrong = [&](const auto& f) {
    return seen_as<wrong>(layer.forward(seen_as<right>(f)));
  };
  const auto x = random_points<Field<wrong, double, Point>>(10);
  const O3::element inversion{rotation::identity(), 1};
  CHECK(equivariance_error(layer, inversion, seen_as<right>(x)) < 1e-12);
  CHECK(equivariance_error_of(as_wrong, inversion, x) > 1e-2);
}

TEST_CASE("the error under other rotations falls with the degree of the grid") {
  constexpr auto sphere = 2 * spherical<SO<3>, 2>;
  const double s5 = mean_error(FourierPointwise<sphere, octahedral_grid(5), double, elu>{});
  const double s7 = mean_error(FourierPointwise<sphere, octahedral_grid(7), double, elu>{});
  const double s11 = mean_error(FourierPointwise<sphere, octahedral_grid(11), double, elu>{});
  const double s23 = mean_error(FourierPointwise<sphere, product_grid(23), double, elu>{});
  CAPTURE(s5, s7, s11, s23);
  CHECK(s5 < 0.2);
  CHECK(s7 < 0.05);
  CHECK(s11 < 0.01);
  CHECK(s23 < 0.001);
  constexpr auto group = 2 * band_limited<SO<3>, 2>;
  const double g5 = mean_error(FourierPointwise<group, icosahedral_grid(5), double, elu>{});
  const double g7 = mean_error(FourierPointwise<group, octahedral_grid(7), double, elu>{});
  const double g11 = mean_error(FourierPointwise<group, octahedral_grid(11), double, elu>{});
  CAPTURE(g5, g7, g11);
  CHECK(g5 < 0.2);
  CHECK(g7 < 0.03);
  CHECK(g11 < 0.005);
}

TEST_CASE("on voxels: all symmetries of the lattice, gradients, threads, frozen forms") {
  check_layer(FourierPointwise<2 * band_limited<SO<3>, 1> + trivial<SO<3>>, octahedral_grid(2),
                               double, elu>{});
  check_layer(FourierPointwise<3 * spherical<O<3>, 2> + band_limited<O<3>, 1>, octahedral_grid(4),
                               double>{});
  check_layer(FourierPointwise<2 * band_limited<SO<3>, 2>, icosahedral_grid(4)>{}, false);
}

TEST_CASE("finite groups of space are sampled as a whole") {
  constexpr auto F = 2 * band_limited<icosahedral, 2> +
                     band_limited_quotient<icosahedral, tetrahedral, 4> + trivial<icosahedral>;
  STATIC_REQUIRE(F.size() == 2 * 35 + 5 + 1);
  constexpr auto T = band_limited<tetrahedral, 2>;  // holds an irrep of type C
  constexpr auto C8 = band_limited<C<8>, 2>;
  CHECK(error_under(FourierPointwise<F, icosahedral, double>{},
                    elements_of<icosahedral, group_of<icosahedral>>()) < 1e-12);
  CHECK(error_under(FourierPointwise<T, tetrahedral, double>{},
                    elements_of<tetrahedral, group_of<tetrahedral>>()) < 1e-12);
  CHECK(error_under(FourierPointwise<C8, C<8>, double>{}, elements_of<C<8>, group_of<C<8>>>()) <
        1e-12);
  check_layer(FourierPointwise<band_limited<full_octahedral, 1>, full_octahedral, double>{});
  // The same layer as on SO(3) with the grid that the group is.
  constexpr auto O3d = restrict_to<octahedral>(band_limited<SO<3>, 1>);
  STATIC_REQUIRE(O3d.content() == band_limited<octahedral, 1>.content());
  const auto x = random_points<PointField<band_limited<octahedral, 1>, double>>(10);
  const auto on_group =
      FourierPointwise<band_limited<octahedral, 1>, octahedral, double>{}.forward(x);
  const auto on_space =
      FourierPointwise<band_limited<SO<3>, 1>, octahedral_grid(3), double>{}.forward(
          seen_as<features_of<band_limited<SO<3>, 1>>>(x));
  double off = 0;
  for (std::size_t i = 0; i < x.size(); ++i)
    off = std::max(off, std::abs(on_group.values()[i] - on_space.values()[i]));
  CHECK(off < 1e-13);
}

TEST_CASE("quotients of groups of the plane") {
  check_nonlinearity(
      FourierPointwise<2 * band_limited_quotient<O<2>, D<1>, 3> + trivial<O<2>>, 8, double, elu>{},
      false);
  check_nonlinearity(FourierPointwise<band_limited_quotient<D<8>, D<2>, 4>, 8, double>{});
  check_nonlinearity(FourierPointwise<2 * band_limited_quotient<SO<2>, C<2>, 2>, 8, double>{},
                     false);
}
