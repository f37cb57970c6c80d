// SPDX-License-Identifier: MIT
#include "gsteer/layer/dropout.hpp"

#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/dihedral.hpp"
#include "gsteer/group/orthogonal2.hpp"
#include "gsteer/representation/irreps.hpp"
#include "layer/nonlinearity_laws.hpp"
#include "layer/second_derivatives.hpp"

using namespace gsteer;
using namespace gsteer::test;

namespace {

/// The same fields are dropped in each call, because the layer is a new copy.
template <class Layer>
auto repeated(const Layer& layer) {
  return [&layer](const auto& x) { return Layer(layer).forward(x); };
}

/// A layer that drops the same fields in each pass.
template <class Layer>
class Repeating : public Layer {
 public:
  explicit Repeating(DropoutOptions options) : Layer(options), start_(options.seed) {}
  auto forward(Field<typename Layer::in, double, Point> x) {
    Layer::visit_generators([&](const std::string&, Rng& rng) { rng = start_; });
    return Layer::forward(std::move(x));
  }

 private:
  Rng start_;
};

template <auto F, class Scalar = double>
void check_representation() {
  using G = typename features_of<F>::group;
  const FieldDropout<F, Scalar> layer{{.probability = 0.4, .seed = 3}};
  Rng rng(1);
  const auto picture = random_field(GridField<F, Scalar>(2, 5, 4), rng);
  const auto points = random_field(PointField<F, Scalar>(9), rng);
  REQUIRE(sum_of_magnitudes(repeated(layer)(picture)) > 0);
  CHECK(lattice_error_of<G>(repeated(layer), picture) < tolerance<Scalar>);
  CHECK(point_error<G>(repeated(layer), points) < tolerance<Scalar>);
  auto changed = layer;
  if constexpr (std::is_same_v<Scalar, double>) {
    CHECK(gradient_error(changed, picture, rng).worst() < 1e-6);
    CHECK(gradient_error(changed, points, rng).worst() < 1e-6);
  }
  check_threads(layer, random_field(GridField<F, Scalar>(3, 41, 43), rng));
  check_borrowed(changed, picture);
}

}  // namespace

TEST_CASE("dropping fields as a whole commutes with every representation") {
  check_representation<3 * regular<C<1>>>();
  check_representation<3 * regular<C<4>> + trivial<C<4>>>();
  check_representation<4 * irrep<C<8>, 1>>();
  check_representation<4 * irrep<D<1>, 1, 0>>();
  check_representation<2 * regular<D<4>> + irrep<D<4>, 1, 1>>();
  check_representation<4 * irrep<SO<2>, 1>>();
  check_representation<4 * irrep<O<2>, 1, 1>>();
  check_representation<3 * regular<C<4>> + trivial<C<4>>, float>();
  check_representation<2 * regular<D<4>> + irrep<D<4>, 1, 1>, float>();
  check_representation<4 * irrep<SO<2>, 1>, float>();
  Rng rng(2);
  const FieldDropout<irreps<"2x0e+1x0o+3x1o+1x2e">, double> layer{{.probability = 0.4, .seed = 3}};
  const auto points = random_field(PointField<irreps<"2x0e+1x0o+3x1o+1x2e">, double>(9), rng);
  CHECK(point_error<orthogonal<3>>(repeated(layer), points) < 1e-12);
}

TEST_CASE("dropping channels one by one does not") {
  static constexpr auto F = 2 * regular<C<8>>;
  const FieldDropout<16 * trivial<C<1>>, double> layer{{.probability = 0.4, .seed = 3}};
  Rng rng(1);
  const auto x = random_field(PointField<F, double>(9), rng);
  CHECK(point_error<cyclic<8>>(
            [&](const auto& f) {
              return seen_as<features_of<F>>(
                  repeated(layer)(seen_as<features_of<16 * trivial<C<1>>>>(f)));
            },
            x) > 0.1);
}

TEST_CASE("a field is dropped everywhere with the given probability, and the mean is kept") {
  constexpr auto F = 500 * regular<C<4>>;
  FieldDropout<F> layer{{.probability = 0.25, .seed = 5}};
  GridField<F> x(4, 3, 3);
  std::fill(x.values().begin(), x.values().end(), 3.0f);
  const auto y = layer.forward(x);
  int dropped = 0;
  for (int b = 0; b < 4; ++b)
    for (int i = 0; i < 500; ++i) {
      const float first = y(b, 4 * i, 0, 0);
      const bool uniform = (y.item(b).middleRows(4 * i, 4).array() == first).all();
      REQUIRE(uniform);
      REQUIRE((first == 0 || first == 4));
      dropped += first == 0;
    }
  CHECK(dropped > 430);
  CHECK(dropped < 570);
}

TEST_CASE("dropout drops whole irreps, and its derivatives the same ones") {
  static constexpr auto F = irreps<"40x0e+30x1o+20x2e">;
  constexpr double p = 0.25;
  Repeating<FieldDropout<F, double>> layer{{.probability = p, .seed = 9}};
  Rng rng(10);
  const auto x = random_field(PointField<F, double>(6), rng), dx = random_field(x, rng);
  const auto y = layer.forward(x), dy = layer.forward_tangent(dx), d = layer.backward_input(dx);
  int dropped = 0;
  double worst = 0;
  for (int b = 0; b < 6; ++b)
    for (int i = 0, first = 0; i < 90; ++i) {
      const int size = i < 40 ? 1 : i < 70 ? 3 : 5;
      const double factor = y(b, first) == 0 ? 0 : 1 / (1 - p);
      dropped += factor == 0;
      for (const int end = first + size; first < end; ++first) {
        worst = std::max(worst, std::abs(y(b, first) - factor * x(b, first)));
        worst = std::max(worst, std::abs(dy(b, first) - factor * dx(b, first)));
        worst = std::max(worst, std::abs(d(b, first) - dy(b, first)));
      }
    }
  CHECK(worst < 1e-14);
  CHECK(dropped > 90);
  CHECK(dropped < 180);
  const auto errors = second_derivative_errors(layer, x, rng);
  CHECK(errors.adjoint < 1e-12);
  CHECK(errors.tangent < 1e-10);
  CHECK(errors.second < 1e-10);
  // The control: a layer that drops other fields in each pass has no derivative.
  FieldDropout<F, double> other{{.probability = p, .seed = 9}};
  CHECK(second_derivative_errors(other, x, rng).tangent > 1);

  FieldDropout<F, double> unused;
  CHECK_THROWS_AS(unused.forward_tangent(dx), Error);
  CHECK_THROWS_AS(unused.backward_input(dx), Error);
  CHECK_THROWS_AS(layer.forward_tangent(PointField<F, double>(5)), Error);
}

TEST_CASE("dropout: random state, use and settings") {
  constexpr auto F = 50 * trivial<C<4>>;
  FieldDropout<F> layer{{.seed = 5}};
  PointField<F> x(4);
  std::fill(x.values().begin(), x.values().end(), 1.0f);
  const auto same = [](const auto& a, const auto& b) {
    return std::equal(a.values().begin(), a.values().end(), b.values().begin());
  };
  Rng* generator = nullptr;
  layer.visit_generators([&](const std::string& name, Rng& rng) {
    CHECK(name == "generator");
    generator = &rng;
  });
  REQUIRE(generator != nullptr);
  const Rng saved = *generator;
  const auto first = layer.forward(x), second = layer.forward(x);
  CHECK(!same(first, second));
  *generator = saved;
  CHECK(same(layer.forward(x), first));
  CHECK(!same(FieldDropout<F>{{.seed = 6}}.forward(x), first));
  CHECK(same(layer.freeze().forward(x), x));
  CHECK(same(FieldDropout<F>{{.probability = 0}}.forward(x), x));
  x(0, 0) = std::numeric_limits<float>::infinity();
  const auto rest = FieldDropout<F>{{.probability = 0.999}}.forward(x);
  for (const float v : rest.values()) CHECK(!std::isnan(v));
  CHECK_THROWS_AS((FieldDropout<F>{{.probability = 1}}), Error);
  CHECK_THROWS_AS((FieldDropout<F>{{.probability = -0.1}}), Error);
  CHECK_THROWS_AS(FieldDropout<F>{}.backward(x), Error);
}
