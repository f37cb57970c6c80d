// SPDX-License-Identifier: MIT
#include "gsteer/layer/restrict.hpp"

#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/dihedral.hpp"
#include "gsteer/group/orthogonal2.hpp"
#include "gsteer/layer/conv.hpp"
#include "gsteer/layer/pointwise.hpp"
#include "gsteer/layer/sequential.hpp"
#include "layer/nonlinearity_laws.hpp"

using namespace gsteer;
using namespace gsteer::test;

namespace {

template <class Layer>
void check_restriction(Layer layer) {
  using H = typename Layer::out::group;
  using Scalar = typename Layer::Scalar;
  Rng rng(3);
  const auto x = random_field(Field<typename Layer::in, Scalar, Grid<2>>(2, 4, 5), rng);
  const auto y = layer.forward(x);
  CHECK(std::equal(x.values().begin(), x.values().end(), y.values().begin(), y.values().end()));
  const auto back = layer.backward(y);
  CHECK(
      std::equal(x.values().begin(), x.values().end(), back.values().begin(), back.values().end()));
  // An element of H does the same before and after.
  for (const auto& h : lattice_elements<H>())
    CHECK(equivariance_error(layer, h, x) < tolerance<Scalar>);
  CHECK(detail::relative_distance(layer.freeze().forward(x), y) == 0);
}

// A network that loses symmetry on its way.
constexpr auto image = trivial<D<8>>;
constexpr auto first = 2 * regular<D<8>>;
constexpr auto seen = restrict_to<D<4>>(first);
constexpr auto second = 2 * regular<D<4>>;
constexpr auto seen_again = restrict_to<D<1>>(second);
constexpr auto last = 2 * regular<D<1>> + trivial<D<1>>;

}  // namespace

TEST_CASE("restriction keeps the numbers and what the subgroup does to them") {
  check_restriction(Restrict<2 * regular<D<4>> + irrep<D<4>, 1, 1>, C<4>, double>{});
  check_restriction(Restrict<2 * regular<D<4>> + irrep<D<4>, 1, 1>, D<1>, double>{});
  check_restriction(Restrict<regular<C<8>> + irrep<C<8>, 3>, C<4>, double>{});
  check_restriction(Restrict<regular<C<8>> + irrep<C<8>, 3>, C<1>, double>{});
  check_restriction(Restrict<irrep<SO<2>, 3> + band_limited<SO<2>, 2>, C<8>, double>{});
  check_restriction(Restrict<2 * irrep<O<2>, 1, 1> + irrep<O<2>, 1, 0>, D<4>, double>{});
  check_restriction(Restrict<2 * irrep<O<2>, 1, 1> + irrep<O<2>, 1, 0>, SO<2>, double>{});
  check_restriction(Restrict<2 * regular<D<4>> + irrep<D<4>, 1, 1>, C<4>>{});
  check_restriction(Restrict<2 * irrep<O<2>, 1, 1> + irrep<O<2>, 1, 0>, D<4>>{});
}

TEST_CASE("restriction moves memory, it does not copy") {
  Restrict<regular<D<4>>, D<1>> layer;
  GridField<regular<D<4>>> x(1, 3, 3);
  const float* before = x.data();
  const auto y = layer.forward(std::move(x));
  CHECK(y.data() == before);
  CHECK(y.values().owns_memory());
}

TEST_CASE("a network that gives up symmetry step by step: D8, D4, D1") {
  Sequential net{Conv2d<image, first, 5, double>{},
                 ReLU<first, double>{},
                 Restrict<first, D<4>, double>{},
                 ReLU<seen, double>{},
                 Conv2d<seen, second, 3, double>{},
                 ReLU<second, double>{},
                 Restrict<second, D<1>, double>{},
                 Conv2d<seen_again, last, 3, double>{},
                 ReLU<last, double>{}};
  Rng rng(5);
  randomize(net, rng);
  const auto x = random_field(GridField<image, double>(2, 11, 11), rng);
  REQUIRE(sum_of_magnitudes(net.forward(x)) > 0);

  // The whole network knows D1 only; up to the second restriction it knows D4.
  for (const auto& h : lattice_elements<dihedral<1>>())
    CHECK(equivariance_error(net, h, x) < 1e-12);

  const auto up_to_d4 = [&](const auto& f) {
    auto y = net.layer<0>().forward(Restrict<image, D<4>, double>{}.backward(f));
    y = net.layer<1>().forward(y);
    return net.layer<5>().forward(
        net.layer<4>().forward(net.layer<3>().forward(net.layer<2>().forward(y))));
  };
  const auto seen_by_d4 = Restrict<image, D<4>, double>{}.forward(x);
  CHECK(lattice_error_of<dihedral<4>>(up_to_d4, seen_by_d4) < 1e-12);

  // What comes after does not commute with a quarter turn: as scalars of D4 the sums over channels
  // would be invariant.
  const auto sums = [&](const auto& f) {
    const auto y = net.forward(Restrict<image, D<4>, double>{}.backward(f));
    GridField<trivial<D<4>>, double> s(y.batch(), y.height(), y.width());
    for (int b = 0; b < y.batch(); ++b) s.item(b) = y.item(b).colwise().sum();
    return s;
  };
  const double quarter = equivariance_error_of(sums, dihedral<4>::element{0, 1}, seen_by_d4);
  const double flip = equivariance_error_of(sums, dihedral<4>::element{1, 0}, seen_by_d4);
  CHECK(quarter > 1e-2);
  CHECK(flip < 1e-12);

  CHECK(gradient_error(net, x, rng, 2).worst() < 1e-6);
  check_frozen(net, x);
  check_threads(net, x);
}
