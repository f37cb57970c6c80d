// SPDX-License-Identifier: MIT
#include "gsteer/layer/norm_nonlinearity.hpp"

#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/dihedral.hpp"
#include "gsteer/group/orthogonal2.hpp"
#include "layer/nonlinearity_laws.hpp"

using namespace gsteer;
using namespace gsteer::test;

namespace {

template <auto F>
void check_functions() {
  check_nonlinearity(NormNonlinearity<F, double>{});
  check_nonlinearity(NormNonlinearity<F, double, sigmoid>{});
  check_nonlinearity(NormNonlinearity<F, double, squash>{});
}

/// One field with these channels through the layer, and the gradient of the sum of the result.
template <class Layer>
std::pair<double, double> at(Layer layer, double x0, double x1) {
  Field<typename Layer::in, double, Point> x(1);
  x(0, 0) = x0;
  x(0, 1) = x1;
  auto y = layer.forward(x);
  const double length = std::hypot(y(0, 0), y(0, 1));
  y(0, 0) = y(0, 1) = 1;
  const auto d = layer.backward(y);
  return {length, std::hypot(d(0, 0), d(0, 1))};
}

}  // namespace

TEST_CASE("norm nonlinearities commute with every representation") {
  SECTION("C1") { check_nonlinearity(NormNonlinearity<2 * regular<C<1>>, double>{}); }
  SECTION("C4") { check_functions<2 * irrep<C<4>, 1> + regular<C<4>>>(); }
  SECTION("C8") { check_nonlinearity(NormNonlinearity<irrep<C<8>, 3> + trivial<C<8>>, double>{}); }
  SECTION("D1") { check_nonlinearity(NormNonlinearity<2 * irrep<D<1>, 1, 0>, double>{}); }
  SECTION("D4") {
    check_nonlinearity(NormNonlinearity<irrep<D<4>, 1, 1> + 2 * regular<D<4>>, double>{});
  }
  SECTION("SO(2)") {
    check_nonlinearity(
        NormNonlinearity<irrep<SO<2>, 2> + band_limited<SO<2>, 2>, double, softplus>{});
    check_nonlinearity(NormNonlinearity<irrep<SO<2>, 2> + band_limited<SO<2>, 2>>{});
  }
  SECTION("O(2)") { check_functions<2 * irrep<O<2>, 1, 1> + irrep<O<2>, 1, 0>>(); }
}

TEST_CASE("a norm over the wrong channels breaks the symmetry") {
  constexpr auto F = 2 * irrep<SO<2>, 1>;
  Rng rng(1);
  const auto x = random_field(PointField<F, double>(8), rng);
  const auto error_of = [&](auto layer) {
    using Layer = decltype(layer);
    return point_error<special_orthogonal<2>>(
        [&](const auto& f) {
          return seen_as<features_of<F>>(layer.forward(seen_as<typename Layer::in>(f)));
        },
        x);
  };
  CHECK(error_of(NormNonlinearity<2 * irrep<SO<2>, 2>, double>{}) <
        1e-12);  // only the sizes matter
  CHECK(error_of(NormNonlinearity<4 * trivial<SO<2>>, double>{}) > 0.01);
}

TEST_CASE("norm nonlinearities have the length of the formula, and a finite gradient at zero") {
  constexpr auto F = irrep<SO<2>, 1>;
  const auto threshold = NormOptions{.threshold = 2};
  CHECK(at(NormNonlinearity<F, double>{threshold}, 3, -4).first == Approx(3));
  CHECK(at(NormNonlinearity<F, double>{threshold}, 0.3, -0.4).first == 0);
  CHECK(at(NormNonlinearity<F, double, sigmoid>{threshold}, 3, 4).first ==
        Approx(1 / (1 + std::exp(-3))));
  CHECK(at(NormNonlinearity<F, double, softplus>{threshold}, 3, 4).first ==
        Approx(std::log1p(std::exp(3))));
  CHECK(at(NormNonlinearity<F, double, squash>{}, 3, 4).first == Approx(25. / 26));
  for (const double tiny : {0.0, 1e-300, 1e-12, 1e-9, 1e-5}) {
    CHECK(at(NormNonlinearity<F, double>{threshold}, tiny, 0).second == 0);
    CHECK(at(NormNonlinearity<F, double, squash>{}, tiny, 0).second == Approx(0).margin(1e-4));
    CHECK(std::isfinite(at(NormNonlinearity<F, double, sigmoid>{}, tiny, tiny).second));
    CHECK(std::isfinite(at(NormNonlinearity<F, double, softplus>{}, tiny, tiny).second));
  }
}

TEST_CASE("norm nonlinearities have a threshold for each field where there is one") {
  NormNonlinearity<3 * irrep<SO<2>, 1> + trivial<SO<2>>> layer;
  const auto all = parameters(layer);
  REQUIRE(all.size() == 1);
  CHECK(all[0].name == "log_threshold");
  CHECK(all[0].parameter->value.size() == 4);
  NormNonlinearity<irrep<SO<2>, 1>, float, squash> without;
  CHECK(parameters(without).empty());
  CHECK_THROWS_AS((NormNonlinearity<irrep<SO<2>, 1>>{{.threshold = 0}}), Error);
}
