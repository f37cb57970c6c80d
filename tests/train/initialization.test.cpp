// SPDX-License-Identifier: MIT
#include "gsteer/train/initialization.hpp"

#include <Eigen/Core>
#include <cmath>
#include <set>

#include "catch.hpp"
#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/dihedral.hpp"
#include "gsteer/group/orthogonal2.hpp"
#include "gsteer/layer/conv.hpp"
#include "gsteer/layer/linear.hpp"
#include "gsteer/layer/sequential.hpp"

using namespace gsteer;

namespace {

constexpr auto irreps_of_c8 =
    trivial<C<8>> + irrep<C<8>, 1> + irrep<C<8>, 2> + irrep<C<8>, 3> + irrep<C<8>, 4>;

/// Mean and standard deviation of each output channel for unit noise, over draws of noise and
/// weights.
template <auto In, auto Out, int K>
void check_he(ConvolutionOptions options, int draws) {
  Conv2d<In, Out, K, double> conv(options);
  Rng rng(1);
  const int batch = 19200 / draws;
  Eigen::VectorXd sum = Eigen::VectorXd::Zero(Out.size()), squares = sum;
  for (int draw = 0; draw < draws; ++draw) {
    initialize(conv, rng);
    GridField<In, double> x(batch, K, K);
    for (double& value : x.values()) value = rng.normal();
    const auto y = conv.forward(x);
    for (int b = 0; b < batch; ++b) {
      sum += y.item(b).col(0);
      squares += y.item(b).col(0).cwiseAbs2();
    }
  }
  const Eigen::VectorXd mean = sum / (draws * batch);
  const Eigen::VectorXd deviation = (squares / (draws * batch) - mean.cwiseAbs2()).cwiseSqrt();
  INFO("deviations " << deviation.transpose());
  CHECK(mean.cwiseAbs().maxCoeff() < 0.05);
  CHECK((deviation.array() - 1).abs().maxCoeff() < 0.1);
}

/// The kernel at its center, and the largest number elsewhere.
template <class Conv>
std::pair<Eigen::MatrixXd, double> center_of(const Conv& conv, int k) {
  const auto kernel = conv.dense_kernel();
  const int out = Conv::out::size, in = Conv::in::size;
  Eigen::MatrixXd center(out, in);
  double elsewhere = 0;
  for (int o = 0; o < out; ++o)
    for (int i = 0; i < in; ++i)
      for (int t = 0; t < k * k; ++t) {
        const double value = kernel[static_cast<std::size_t>((o * in + i) * k * k + t)];
        if (t == k * k / 2)
          center(o, i) = value;
        else
          elsewhere = std::max(elsewhere, std::abs(value));
      }
  return {center, elsewhere};
}

template <auto In, auto Out, int K>
void check_delta() {
  Conv2d<In, Out, K, double> conv;
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    initialize(conv, Rng{seed}, Initialization::delta_orthonormal);
    const auto [w, elsewhere] = center_of(conv, K);
    const Eigen::MatrixXd gram =
        In.size() <= Out.size() ? Eigen::MatrixXd(w.transpose() * w) : w * w.transpose();
    CHECK((gram - Eigen::MatrixXd::Identity(gram.rows(), gram.cols())).cwiseAbs().maxCoeff() <
          5e-7);
    CHECK(elsewhere < 1e-7);
  }
}

}  // namespace

TEST_CASE("generalized He keeps the variance of unit noise") {
  check_he<2 * irreps_of_c8, 3 * irreps_of_c8, 7>({}, 1000);
  check_he<2 * regular<C<8>>, 3 * regular<C<8>>, 5>({}, 300);
  check_he<2 * regular<D<4>> + trivial<D<4>>, irrep<D<4>, 1, 1> + 2 * regular<D<4>>, 3>({}, 300);
  check_he<4 * band_limited<SO<2>, 2>, 2 * band_limited<SO<2>, 1>, 5>({.groups = 2}, 300);
}

TEST_CASE("generalized He draws the variance that the formula says") {
  // trivial -> trivial and irrep 1 -> trivial reach one output: T = 2; 3 copies with B1 = 3 * 3, 2
  // with B2 = 2 * 4 (k = 5).
  Conv2d<3 * trivial<C<8>> + 2 * irrep<C<8>, 1>, trivial<C<8>>, 5, double> conv;
  double squares[2] = {};
  Rng rng(4);
  const int draws = 4000;
  conv.visit_linear_maps(
      [&](auto& weight, const kernel_space&, int) { REQUIRE(weight.value.size() == 17); });
  for (int draw = 0; draw < draws; ++draw) {
    initialize(conv, rng, Initialization::generalized_he, 3);
    conv.visit_linear_maps([&](auto& weight, const kernel_space&, int) {
      for (std::size_t i = 0; i < 17; ++i)
        squares[i < 9 ? 0 : 1] += weight.value[i] * weight.value[i];
    });
  }
  CHECK(squares[0] / (9 * draws) == Approx(9 / (2.0 * 9)).epsilon(0.03));
  CHECK(squares[1] / (8 * draws) == Approx(9 / (2.0 * 8)).epsilon(0.03));
}

TEST_CASE("delta-orthonormal is an isometry at the center and nothing elsewhere") {
  check_delta<7 * irreps_of_c8, 7 * irreps_of_c8, 7>();
  check_delta<3 * regular<C<8>>, 5 * regular<C<8>>, 5>();
  check_delta<5 * regular<D<4>>, 3 * regular<D<4>>, 3>();
  check_delta<2 * regular<C<6>> + irreps_of_c8.size() * trivial<C<6>>,
              2 * regular<C<6>> + 8 * trivial<C<6>>, 3>();
  check_delta<3 * band_limited<O<2>, 2>, 4 * band_limited<O<2>, 2>, 5>();
}

TEST_CASE("delta-orthonormal takes either sign where there is one field") {
  Conv2d<trivial<C<8>>, trivial<C<8>>, 3, double> conv;
  std::set<double> seen;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    initialize(conv, Rng{seed}, Initialization::delta_orthonormal);
    seen.insert(std::round(center_of(conv, 3).first(0, 0) * 1e6) / 1e6);
  }
  CHECK(seen == std::set<double>{-1, 1});
}

TEST_CASE("delta-orthonormal needs a ring at the center") {
  Conv2d<regular<C<4>>, regular<C<4>>, kernel_size(5).with_rings({{1, 0.5, 1}})> conv;
  CHECK_THROWS_WITH(initialize(conv, Rng{1}, Initialization::delta_orthonormal),
                    Catch::Matchers::ContainsSubstring("ring of radius 0"));
}

TEST_CASE("the same seed gives the same network, and a generator goes on") {
  const auto make = [] {
    return Sequential{Conv2d<trivial<C<4>>, 2 * regular<C<4>>, 3>{},
                      Linear<2 * regular<C<4>>, trivial<C<4>>>{}};
  };
  const auto draw = [](auto& net) {
    std::vector<float> all;
    for (const auto& [name, p] : parameters(net))
      all.insert(all.end(), p->value.begin(), p->value.end());
    return all;
  };
  auto a = make(), b = make(), c = make();
  Rng rng(42);
  initialize(a, Rng{42});
  initialize(b, rng);
  initialize(c, rng);
  CHECK(draw(a) == draw(b));
  CHECK(draw(a) != draw(c));
  Rng twice(42);
  twice();
  twice();
  Rng used(42);
  initialize(b, used);
  CHECK(used.state() == twice.state());  // one draw for each of two linear maps
}
