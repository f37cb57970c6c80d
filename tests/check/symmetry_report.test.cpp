// SPDX-License-Identifier: MIT
#include "gsteer/check/symmetry_report.hpp"

#include "catch.hpp"
#include "gsteer/gsteer.hpp"

using namespace gsteer;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("the symmetry report names the layer that breaks the grid", "[check]") {
  constexpr auto G = C<4>;
  constexpr auto f = 2 * regular<G>;
  const Sequential net{Conv2d<trivial<G>, f, 7>{{.padding = 3}},
                       Residual{Sequential{Conv2d<f, f, 3>{{.padding = 1}}, ReLU<f>{}}},
                       AvgPool<f>{},
                       Conv2d<f, f, 3>{{.stride = 2, .padding = 1}},
                       Upsample<f>{},
                       ConvTransposed2d<f, f, 3>{{.stride = 2}},
                       GroupPool<f>{},
                       GlobalAvgPool<2 * trivial<G>>{},
                       Linear<2 * trivial<G>, 10 * trivial<G>>{}};
  const auto bad = symmetry_report(net, 28, 28);
  REQUIRE(bad.size() == 8);
  CHECK(bad[1].layer == "1.body.0");
  CHECK(bad[3].layer == "2");
  CHECK(bad[3].output == Grid<2>{{14, 14}});
  CHECK(bad[3].complaint.empty());
  CHECK(bad[4].layer == "3");
  CHECK_THAT(bad[4].complaint, ContainsSubstring("stride 2"));
  CHECK(bad[4].output == Grid<2>{{7, 7}});
  CHECK(bad[5].output == Grid<2>{{14, 14}});
  CHECK(bad[6].output == Grid<2>{{29, 29}});
  for (const auto& step : symmetry_report(net, 26, 26)) CHECK(step.complaint.empty());
  CHECK(symmetric_sizes(net, 24, 32) == std::vector<int>{26, 30});
  // What the report says is what forward does.
  auto copy = net;
  CHECK_THROWS_AS(copy.forward(GridField<trivial<G>>(1, 28, 28)), Error);
  CHECK_NOTHROW(copy.forward(GridField<trivial<G>>(1, 26, 26)));
  CHECK_THROWS_AS(symmetry_report(net, 0, 26), Error);
}

namespace {

constexpr auto F = trivial<C<1>>;

/// Squares its input; right with factor 2.
struct Wrong {
  using in = features_of<F>;
  using out = in;
  using Scalar = double;
  PointField<F, double> x;
  PointField<F, double> forward(PointField<F, double> input) {
    x = input;
    for (auto& v : input.values()) v = v * v;
    return input;
  }
  PointField<F, double> backward(PointField<F, double> gradient) {
    for (std::size_t i = 0; i < gradient.size(); ++i)
      gradient.values()[i] *= factor * x.values()[i];
    return gradient;
  }
  double factor = 2;
};

}  // namespace

TEST_CASE("gradient_error sees a wrong gradient", "[check]") {
  Rng rng(1);
  PointField<F, double> x(5);
  for (auto& v : x.values()) v = rng.normal();
  Wrong layer;
  CHECK(gradient_error(layer, x, rng).worst() < 1e-8);
  layer.factor = 2.01;
  CHECK(gradient_error(layer, x, rng).worst() > 1e-4);
}
