// SPDX-License-Identifier: MIT
#include "gsteer/layer/pointwise.hpp"

#include <limits>

#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/dihedral.hpp"
#include "gsteer/group/orthogonal2.hpp"
#include "layer/nonlinearity_laws.hpp"

using namespace gsteer;
using namespace gsteer::test;

namespace {

/// A function of a user.
struct cubic {
  static constexpr bool odd = true;
  template <class X>
  X value(const X& x) const {
    return x.cube();
  }
  template <class X>
  X derivative(const X& x) const {
    return 3 * x.square();
  }
};

/// Value and derivative agree with a formula in long double.
template <class Scalar, class Function, class Value>
void check_function(Function f, Value value) {
  NumberBlock<Scalar> x = NumberBlock<Scalar>::LinSpaced(-20, 20.3f);
  const NumberBlock<Scalar> y = f.value(x), slope = f.derivative(x);
  constexpr double unit = std::numeric_limits<Scalar>::epsilon();
  constexpr double rough = std::is_same_v<Scalar, double> ? 1e-6 : 1e-5;
  for (int i = 0; i < x.size(); ++i) {
    const double t = static_cast<double>(x[i]), h = 1e-5;
    CHECK(static_cast<double>(y[i]) == Approx(value(t)).epsilon(16 * unit).margin(4 * unit));
    CHECK(static_cast<double>(slope[i]) ==
          Approx((value(t + h) - value(t - h)) / (2 * h)).epsilon(rough).margin(rough));
  }
  const NumberBlock<Scalar> nan =
      NumberBlock<Scalar>::Constant(std::numeric_limits<Scalar>::quiet_NaN());
  CHECK(std::isnan(f.value(nan)[3]));
  const NumberBlock<Scalar> wide = NumberBlock<Scalar>::LinSpaced(-1000, 1000);
  CHECK(f.value(wide).isFinite().all());
  CHECK(f.derivative(wide).isFinite().all());
}

template <class Scalar>
void check_functions() {
  check_function<Scalar>(relu{}, [](double x) { return std::max(0.0, x); });
  check_function<Scalar>(leaky_relu{.slope = 0.125},
                         [](double x) { return x > 0 ? x : 0.125 * x; });
  check_function<Scalar>(elu{.scale = 2}, [](double x) { return x > 0 ? x : 2 * std::expm1(x); });
  check_function<Scalar>(sigmoid{}, [](double x) { return 1 / (1 + std::exp(-x)); });
  check_function<Scalar>(hyperbolic_tangent{}, [](double x) { return std::tanh(x); });
  check_function<Scalar>(silu{}, [](double x) { return x / (1 + std::exp(-x)); });
  check_function<Scalar>(softplus{}, [](double x) { return std::log1p(std::exp(x)); });
}

template <class Group>
void check_finite_group(Group) {
  constexpr auto G = Group{};
  constexpr auto F = 3 * regular<G> + 2 * trivial<G>;
  check_nonlinearity(ReLU<F, double>{});
  check_nonlinearity(ReLU<F>{});
}

/// What the static_assert protects from: the function on channels that the group mixes.
template <auto F, class Layer>
double error_on(Layer layer) {
  Rng rng(3);
  using Features = features_of<F>;
  const auto x = random_field(PointField<F, double>(8), rng);
  return point_error<typename Features::group>(
      [&](const auto& f) {
        return seen_as<Features>(layer.forward(seen_as<typename Layer::in>(f)));
      },
      x);
}

}  // namespace

TEST_CASE("pointwise functions have their values and derivatives, also far out and at NaN") {
  check_functions<double>();
  check_functions<float>();
}

TEST_CASE("pointwise functions commute with permutations of channels") {
  SECTION("C1") { check_finite_group(C<1>); }
  SECTION("C4") { check_finite_group(C<4>); }
  SECTION("C8") { check_finite_group(C<8>); }
  SECTION("D1") { check_finite_group(D<1>); }
  SECTION("D4") { check_finite_group(D<4>); }
  SECTION("other functions") {
    constexpr auto F = regular<D<4>> + 2 * trivial<D<4>>;
    check_nonlinearity(LeakyReLU<F, double>{{.slope = 0.2}});
    check_nonlinearity(ELU<F, double>{{.scale = 0.5}});
    check_nonlinearity(SiLU<F, double>{});
    check_nonlinearity(Tanh<F>{});
    check_nonlinearity(Pointwise<F, cubic, double>{});
  }
  SECTION("quotients") { check_nonlinearity(ReLU<2 * quotient<D<4>, D<1>>, double>{}); }
  SECTION("scalars of continuous groups") {
    check_nonlinearity(Sigmoid<3 * trivial<SO<2>>, double>{});
    check_nonlinearity(Softplus<3 * trivial<O<2>>, double>{});
  }
}

TEST_CASE("odd functions commute with changes of sign, too") {
  check_nonlinearity(Tanh<2 * irrep<C<4>, 2> + regular<C<4>>, double>{});
  check_nonlinearity(Tanh<irrep<D<4>, 1, 0> + irrep<D<4>, 0, 2>, double>{});
  check_nonlinearity(Pointwise<3 * irrep<O<2>, 1, 0>, cubic, double>{});
}

TEST_CASE("pointwise functions do not commute with anything else") {
  CHECK(error_on<irrep<SO<2>, 1>>(Tanh<2 * trivial<C<1>>, double>{}) > 0.01);
  CHECK(error_on<irrep<D<4>, 1, 0>>(ReLU<trivial<C<1>>, double>{}) > 0.1);
  CHECK(error_on<regular<D<4>>>(ReLU<8 * trivial<C<1>>, double>{}) < 1e-12);
}

TEST_CASE("ReLU passes NaN on") {
  PointField<trivial<C<1>>> x(1);
  x(0, 0) = std::numeric_limits<float>::quiet_NaN();
  ReLU<trivial<C<1>>> layer;
  CHECK(std::isnan(layer.forward(x)(0, 0)));
  CHECK(std::isnan(layer.freeze().forward(x)(0, 0)));
}
