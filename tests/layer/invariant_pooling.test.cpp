// SPDX-License-Identifier: MIT
#include "gsteer/layer/invariant_pooling.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/dihedral.hpp"
#include "gsteer/group/orthogonal2.hpp"
#include "gsteer/layer/global_pooling.hpp"
#include "gsteer/layer/sequential.hpp"
#include "layer/nonlinearity_laws.hpp"

using namespace gsteer;
using namespace gsteer::test;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr auto permuted_c8 = 2 * trivial<C<8>> + 3 * regular<C<8>>;
constexpr auto permuted_d4 = regular<D<4>> + 2 * quotient<D<4>, D<1>>;
constexpr auto product = tensor_product(regular<C<4>>, quotient<C<4>, C<2>>);
constexpr auto mixed_c8 = trivial<C<8>> + 2 * irrep<C<8>, 1> + regular<C<8>>;
constexpr auto mixed_d4 = regular<D<4>> + irrep<D<4>, 1, 1> + irrep<D<4>, 1, 0>;
constexpr auto mirrored = band_limited<O<2>, 2> + irrep<O<2>, 1, 0>;

template <class Layer>
void check_laws(Layer layer) {
  using Scalar = typename Layer::Scalar;
  INFO(Layer::in::name());
  Rng rng(3);
  const auto check = [&](const auto& x) {
    const auto y = layer.forward(x);
    CHECK(lattice_error(layer, x) < tolerance<Scalar>);
    CHECK(gsteer::detail::relative_distance(layer.freeze().forward(x), y) == 0);
    if constexpr (std::is_same_v<Scalar, double>) {
      CHECK(gradient_error(layer, x, rng, 2, 1e-6).worst() < 1e-6);
    }
    check_threads(layer, x);
  };
  check(random_field(Field<typename Layer::in, Scalar, Grid<2>>(2, 4, 5), rng));
  check(random_field(Field<typename Layer::in, Scalar, Point>(7), rng));
}

}  // namespace

template class gsteer::group_pool<features_of<permuted_c8>, float>;
template class gsteer::group_pool<features_of<permuted_c8>, double>;
template class gsteer::norm_pool<features_of<mixed_c8>, float>;
template class gsteer::norm_pool<features_of<mixed_c8>, double>;

// The result is spelled like the value that a user writes.
static_assert(std::is_same_v<GroupPool<16 * regular<C<8>>>::out, features_of<16 * trivial<C<8>>>>);
static_assert(std::is_same_v<NormPool<mixed_d4>::out, features_of<3 * trivial<D<4>>>>);

TEST_CASE("group pooling is invariant", "[invariant_pooling]") {
  check_laws(GroupPool<2 * trivial<C<1>>, double>{});
  check_laws(GroupPool<permuted_c8, double>{});
  check_laws(GroupPool<permuted_c8, float>{});
  check_laws(GroupPool<regular<D<1>>, double>{});
  check_laws(GroupPool<permuted_d4, double>{});
  check_laws(GroupPool<product, double>{});
  check_laws(GroupPool<quotient<O<2>, SO<2>>, double>{});
  check_laws(GroupPool<permuted_d4, double>{{.pooling = GroupPooling::mean}});
  check_laws(GroupPool<permuted_c8, float>{{.pooling = GroupPooling::mean}});
}

TEST_CASE("norm pooling is invariant for every representation", "[invariant_pooling]") {
  check_laws(NormPool<2 * trivial<C<1>>, double>{});
  check_laws(NormPool<mixed_c8, double>{});
  check_laws(NormPool<mixed_c8, float>{});
  check_laws(NormPool<mixed_d4, double>{});
  check_laws(NormPool<mirrored, double>{});
  // Not only under the elements of the lattice.
  Rng rng(5);
  const auto x = random_field(PointField<mirrored, double>(5), rng);
  for (int i = 0; i < 5; ++i)
    CHECK(equivariance_error(NormPool<mirrored, double>{}, orthogonal<2>::sample(rng), x) < 1e-12);
}

TEST_CASE("the control: pooling over the channels of other fields is not invariant",
          "[invariant_pooling]") {
  Rng rng(6);
  const auto check = [&](auto layer, const auto& x) {
    const auto wrong = [&](const auto& f) {
      return layer.forward(seen_as<typename decltype(layer)::in>(f));
    };
    CHECK(lattice_error_of<cyclic<4>>(wrong, x) > 0.1);
  };
  check(GroupPool<regular<C<4>>, double>{},
        random_field(GridField<2 * irrep<C<4>, 1>, double>(2, 3, 3), rng));
  check(NormPool<2 * irrep<C<4>, 1>, double>{},
        random_field(GridField<regular<C<4>>, double>(2, 3, 3), rng));
  // The channels of a field form one norm, not two.
  check(NormPool<4 * trivial<C<4>>, double>{},
        random_field(GridField<2 * irrep<C<4>, 1>, double>(2, 3, 3), rng));
}

TEST_CASE("group pooling: values, ties, NaN", "[invariant_pooling]") {
  PointField<trivial<C<4>> + 2 * regular<C<4>>, double> x(2), tie(1);
  const double values[] = {-3, 1, 4, 2, -5, -1, -2, -3, -4, 7, 0, 0, 0, 0, 1, 2, 3, 4};
  std::copy(std::begin(values), std::end(values), x.values().begin());
  GroupPool<trivial<C<4>> + 2 * regular<C<4>>, double> max, mean{{.pooling = GroupPooling::mean}};
  const auto y = max.forward(x);
  const double largest[] = {-3, 4, -1, 7, 0, 4};
  CHECK(std::equal(y.values().begin(), y.values().end(), std::begin(largest)));
  const auto z = mean.forward(x);
  const double means[] = {-3, 0.5, -2.5, 7, 0, 2.5};
  CHECK(std::equal(z.values().begin(), z.values().end(), std::begin(means)));

  PointField<3 * trivial<C<4>>, double> g(2);
  for (double& v : g.values()) v = 1;
  const auto d = max.backward(g);
  const double expected[] = {1, 0, 1, 0, 0, 1, 0, 0, 0,
                             1, 1, 0, 0, 0, 0, 0, 0, 1};  // first of the tie
  CHECK(std::equal(d.values().begin(), d.values().end(), std::begin(expected)));

  for (const std::size_t at : {1u, 2u, 4u}) {
    tie.values()[4] = 9;
    tie.values()[at] = std::numeric_limits<double>::quiet_NaN();
    CHECK(std::isnan(max.forward(tie)(0, 1)));
    tie.values()[at] = 0;
  }
}

TEST_CASE("the norm is smooth at zero", "[invariant_pooling]") {
  NormPool<irrep<C<4>, 1>, double> layer;
  PointField<irrep<C<4>, 1>, double> x(2);
  x(1, 0) = 3;
  x(1, 1) = -4;
  const auto y = layer.forward(x);
  CHECK(y(0, 0) == Approx(1e-5));
  CHECK(y(1, 0) == Approx(5));
  PointField<trivial<C<4>>, double> g(2);
  g(0, 0) = g(1, 0) = 10;
  const auto d = layer.backward(g);
  CHECK(d(0, 0) == 0);
  CHECK(d(0, 1) == 0);
  CHECK(d(1, 0) == Approx(6));
  CHECK(d(1, 1) == Approx(-8));
}

TEST_CASE("frozen invariant pooling serves many threads", "[invariant_pooling]") {
  Rng rng(12);
  const auto x = random_field(GridField<permuted_c8>(2, 9, 9), rng);
  const auto net = Sequential{GroupPool<permuted_c8>{}, NormPool<5 * trivial<C<8>>>{},
                              GlobalAvgPool<5 * trivial<C<8>>>{}}
                       .freeze();
  const auto expected = net.forward(x);
  std::vector<int> wrong(4, 0);
  std::vector<std::thread> callers;
  for (std::size_t i = 0; i < 4; ++i)
    callers.emplace_back([&, i] {
      for (int repeat = 0; repeat < 5; ++repeat) {
        const auto y = net.forward(x);
        wrong[i] += !std::equal(y.values().begin(), y.values().end(), expected.values().begin());
      }
    });
  for (auto& caller : callers) caller.join();
  CHECK(wrong == std::vector<int>(4, 0));
}

TEST_CASE("invariant pooling says what is wrong", "[invariant_pooling]") {
  GroupPool<2 * regular<C<4>>> layer;
  using Out = GridField<2 * trivial<C<4>>>;
  CHECK_THROWS_WITH(layer.backward(Out(1, 2, 2)),
                    ContainsSubstring("GroupPool: backward before forward"));
  layer.forward(GridField<2 * regular<C<4>>>(1, 4, 4));
  CHECK_THROWS_WITH(layer.backward(Out(1, 2, 2)),
                    ContainsSubstring("GroupPool: expected a gradient of 1 items on 4 x 4"));
  CHECK_THROWS_WITH((NormPool<trivial<C<4>>>{{.epsilon = 0}}),
                    ContainsSubstring("NormPool: expected epsilon > 0"));
  NormPool<trivial<C<4>>> norm;
  CHECK_THROWS_WITH(norm.backward(GridField<trivial<C<4>>>(1, 2, 2)),
                    ContainsSubstring("NormPool: backward before forward"));
}
