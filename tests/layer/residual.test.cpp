// SPDX-License-Identifier: MIT
#include "gsteer/layer/residual.hpp"

#include "gsteer/check/symmetry_report.hpp"
#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/dihedral.hpp"
#include "gsteer/group/orthogonal2.hpp"
#include "gsteer/layer/conv.hpp"
#include "gsteer/layer/dropout.hpp"
#include "gsteer/layer/norm_nonlinearity.hpp"
#include "gsteer/layer/pointwise.hpp"
#include "gsteer/layer/sequential.hpp"
#include "gsteer/train/initialization.hpp"
#include "layer/nonlinearity_laws.hpp"

using namespace gsteer;
using namespace gsteer::test;

namespace {

constexpr auto hidden = 2 * regular<D<4>>;

auto block() {
  return Sequential{Conv2d<hidden, hidden, 3, double>{{.padding = 1}}, ReLU<hidden, double>{},
                    Conv2d<hidden, hidden, 3, double>{{.padding = 1}}};
}

template <class Net>
void check_network(Net net, int height, int width) {
  Rng rng(2);
  randomize(net, rng);
  const auto x = random_field(Field<typename Net::in, double, Grid<2>>(2, height, width), rng);
  REQUIRE(sum_of_magnitudes(net.forward(x)) > 0);
  CHECK(lattice_error(net, x) < 1e-12);
  const auto error = gradient_error(net, x, rng, 2);
  CHECK(error.input < 1e-6);
  CHECK(error.parameters < 1e-6);
  check_frozen(net, x);
  check_threads(net, x);
  check_borrowed(net, x);
}

template <class Net>
std::vector<std::string> names(Net& net) {
  std::vector<std::string> all;
  for (const auto& [name, p] : parameters(net)) all.push_back(name);
  return all;
}

}  // namespace

TEST_CASE("Residual adds the input") {
  check_network(Residual{block()}, 6, 5);
  Residual net{ReLU<hidden, double>{}};
  Rng rng(1);
  const auto x = random_field(PointField<hidden, double>(3), rng);
  const auto y = net.forward(x);
  for (std::size_t i = 0; i < x.size(); ++i)
    CHECK(y.values()[i] == x.values()[i] + std::max(0.0, x.values()[i]));
}

TEST_CASE("Residual adds a shortcut") {
  constexpr auto out = regular<D<4>> + irrep<D<4>, 1, 1>;
  check_network(Residual{Conv2d<hidden, out, 3, double>{{.stride = 2, .padding = 1}},
                         Conv2d<hidden, out, 1, double>{{.stride = 2}}},
                7, 9);
  constexpr auto F = 2 * irrep<O<2>, 1, 1>;
  check_network(Sequential{Residual{Sequential{Conv2d<F, F, 3, double>{{.padding = 1}},
                                               NormNonlinearity<F, double>{}}},
                           Residual{Residual{Conv2d<F, F, 3, double>{{.padding = 1}}}}},
                6, 5);
}

TEST_CASE("a shortcut that breaks the symmetry breaks that of the sum") {
  Residual net{block()};
  Rng rng(2);
  randomize(net, rng);
  const auto x = random_field(GridField<hidden, double>(1, 5, 5), rng);
  CHECK(lattice_error_of<dihedral<4>>(
            [&](const auto& f) {
              auto y = net.forward(f);
              for (std::size_t i = 0; i < y.size() / 2; ++i)
                y.values()[i] += f.values()[y.size() - 1 - i];
              return y;
            },
            x) > 0.01);
}

TEST_CASE("parameters, generators and layers of a Residual have the names of their places") {
  Residual plain{block()};
  CHECK(names(plain) ==
        std::vector<std::string>{"body.0.weight", "body.0.bias", "body.2.weight", "body.2.bias"});
  Residual both{block(), Conv2d<hidden, hidden, 1, double>{}};
  CHECK(names(both).back() == "shortcut.bias");
  CHECK(names(both)[4] == "shortcut.weight");
  Sequential net{both, plain};
  CHECK(names(net)[4] == "0.shortcut.weight");
  int maps = 0;
  initialize(net, Rng{1});
  for (const auto& [name, p] : parameters(net)) maps += p->value[0] != 0 ? 1 : 0;
  CHECK(maps == 5);

  Residual random{Sequential{ReLU<hidden>{}, FieldDropout<hidden>{}}};
  std::vector<std::string> generators;
  detail::for_each_generator(random,
                             [&](const std::string& name, Rng&) { generators.push_back(name); });
  CHECK(generators == std::vector<std::string>{"body.1.generator"});

  std::vector<std::string> parts;
  std::as_const(both).for_each_layer(
      [&](const std::string& name, const auto&) { parts.push_back(name); });
  CHECK(parts == std::vector<std::string>{"body", "shortcut"});
  const auto steps = symmetry_report(net, 8, 8);
  REQUIRE(steps.size() == 7);
  CHECK(steps[0].layer == "0.body.0");
  CHECK(steps[3].layer == "0.shortcut");
  CHECK(steps[6].layer == "1.body.2");
}

TEST_CASE("a body and a shortcut of different size are an error") {
  Residual net{Conv2d<hidden, hidden, 3>{}};
  GridField<hidden> x(1, 5, 5);
  CHECK_THROWS_WITH(net.forward(x),
                    Catch::Matchers::ContainsSubstring(
                        "the body gives 1 items on 3 x 3, the shortcut 1 on 5 x 5"));
  CHECK_THROWS_WITH(net.freeze().forward(x), Catch::Matchers::ContainsSubstring("Residual"));
}
