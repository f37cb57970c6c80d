// SPDX-License-Identifier: MIT
#include "gsteer/train/optimizer.hpp"

#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include "catch.hpp"
#include "gsteer/core/parallel.hpp"
#include "gsteer/train/adam.hpp"
#include "gsteer/train/gradient_clipping.hpp"
#include "gsteer/train/sgd.hpp"
#include "train/network.hpp"

using namespace gsteer;
using Catch::Matchers::ContainsSubstring;

namespace {

using Row = std::vector<double>;

Row values_of(const Numbers& net) { return {net.a.value[0], net.a.value[1], net.b.value[0]}; }

const std::vector<Row> gradients{{0.5, -1, 2}, {-0.25, 3, 1e-3}, {0, -2, -4}, {1, 1, 1}};

/// Runs the optimizer over `gradients` and compares with `reference(step, w, g, memory)`, which
/// works on one number at a time and has three numbers of memory for each.
template <class Optimizer, class Reference>
void check(Numbers& net, Optimizer& optimizer, Reference&& reference) {
  Row expected = values_of(net);
  std::vector<Row> memory(3, Row(3, 0.0));
  int step = 0;
  for (const auto& g : gradients) {
    net.set_gradient(g[0], g[1], g[2]);
    optimizer.step();
    ++step;
    for (std::size_t i = 0; i < 3; ++i) reference(step, expected[i], g[i], memory[i]);
    const Row now = values_of(net);
    for (std::size_t i = 0; i < 3; ++i) CHECK(now[i] == Approx(expected[i]).epsilon(1e-12));
    CHECK(net.a.gradient[0] == 0);
    CHECK(net.b.gradient[0] == 0);
  }
  CHECK(optimizer.steps() == step);
  CHECK(net.record.value[0] == 5);
}

}  // namespace

TEST_CASE("plain gradient descent") {
  Numbers net;
  SGD optimizer{net, {.learning_rate = 0.5}};
  net.set_gradient(1, 2, 3);
  optimizer.step();
  CHECK(values_of(net) == Row{0.5, -3, -1});
  optimizer.step();  // gradients are zero now
  CHECK(values_of(net) == Row{0.5, -3, -1});
  optimizer.set_learning_rate(0.25);
  net.set_gradient(1, 0, 0);
  optimizer.step();
  CHECK(values_of(net) == Row{0.25, -3, -1});
}

TEST_CASE("momentum, with and without Nesterov, and weight decay") {
  for (const bool nesterov : {false, true})
    for (const double decay : {0.0, 0.1}) {
      Numbers net;
      SGD optimizer{
          net,
          {.learning_rate = 0.1, .momentum = 0.9, .nesterov = nesterov, .weight_decay = decay}};
      check(net, optimizer, [&](int, double& w, double gradient, Row& memory) {
        const double g = gradient + decay * w;
        memory[0] = 0.9 * memory[0] + g;
        w -= 0.1 * (nesterov ? g + 0.9 * memory[0] : memory[0]);
      });
    }
}

TEST_CASE("momentum by hand") {
  Numbers net;
  SGD optimizer{net, {.learning_rate = 0.1, .momentum = 0.5}};
  net.set_gradient(1, 0, 0);
  optimizer.step();
  CHECK(net.a.value[0] == Approx(0.9).epsilon(1e-15));
  net.set_gradient(1, 0, 0);
  optimizer.step();  // v = 1.5
  CHECK(net.a.value[0] == Approx(0.75).epsilon(1e-15));
  optimizer.step();  // v = 0.75
  CHECK(net.a.value[0] == Approx(0.675).epsilon(1e-15));
}

TEST_CASE("Adam, AdamW and AMSGrad") {
  for (const bool amsgrad : {false, true})
    for (const double decay : {0.0, 0.3}) {
      Numbers net;
      Adam optimizer{net,
                     {.learning_rate = 0.01,
                      .beta1 = 0.8,
                      .beta2 = 0.95,
                      .epsilon = 1e-3,
                      .weight_decay = decay,
                      .amsgrad = amsgrad}};
      check(net, optimizer, [&](int t, double& w, double g, Row& memory) {
        w -= 0.01 * decay * w;
        memory[0] = 0.8 * memory[0] + 0.2 * g;
        memory[1] = 0.95 * memory[1] + 0.05 * g * g;
        memory[2] = std::max(memory[2], memory[1]);
        const double m = memory[0] / (1 - std::pow(0.8, t));
        const double v = (amsgrad ? memory[2] : memory[1]) / (1 - std::pow(0.95, t));
        w -= 0.01 * m / (std::sqrt(v) + 1e-3);
      });
    }
}

TEST_CASE("the first step of Adam is the learning rate") {
  Numbers net;
  Adam optimizer{net, {.learning_rate = 0.125}};
  net.set_gradient(1e-3, -1e4, 7);
  optimizer.step();
  CHECK(net.a.value[0] == Approx(1 - 0.125).epsilon(1e-5));
  CHECK(net.a.value[1] == Approx(-2 + 0.125).epsilon(1e-12));
  CHECK(net.b.value[0] == Approx(0.5 - 0.125).epsilon(1e-8));
}

TEST_CASE("gradients of several backward passes add up") {
  Numbers net;
  SGD optimizer{net, {.learning_rate = 1}};
  net.set_gradient(1, 0, 0);
  net.a.gradient[0] += 2;
  optimizer.step();
  CHECK(net.a.value[0] == -2);
}

TEST_CASE("a gradient that is not finite stops the step before anything changes") {
  for (const double bad :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    Numbers net;
    Adam optimizer{net};
    const Row before = values_of(net);
    net.set_gradient(1, 1, bad);
    CHECK_THROWS_WITH(optimizer.step(),
                      ContainsSubstring("Adam: expected finite gradients") &&
                          ContainsSubstring("in element 0 of b; nothing was changed"));
    CHECK(values_of(net) == before);
    CHECK(optimizer.steps() == 0);
    optimizer.visit_state([](const std::string& name, auto values) {
      for (const auto value : values) CHECK((value == 0 || name == "learning_rate"));
    });
    CHECK_THROWS_AS(clip_gradient_norm(net, 1), Error);
    CHECK_THROWS_AS(clip_gradient_values(net, 1), Error);
    CHECK(net.a.gradient[0] == 1);
  }
}

TEST_CASE("options out of range are refused") {
  Numbers net;
  CHECK_THROWS_AS((SGD{net, {.learning_rate = -1}}), Error);
  CHECK_THROWS_AS((SGD{net, {.momentum = 1}}), Error);
  CHECK_THROWS_AS((SGD{net, {.nesterov = true}}), Error);
  CHECK_THROWS_AS((SGD{net, {.weight_decay = -1}}), Error);
  CHECK_THROWS_AS((Adam{net, {.beta1 = 1}}), Error);
  CHECK_THROWS_AS((Adam{net, {.beta2 = -0.1}}), Error);
  CHECK_THROWS_AS((Adam{net, {.epsilon = 0}}), Error);
  Adam optimizer{net};
  CHECK_THROWS_AS(optimizer.set_learning_rate(std::numeric_limits<double>::quiet_NaN()), Error);
  struct Nothing {
    using Scalar = float;
  } nothing;
  CHECK_THROWS_WITH((Adam{nothing}), ContainsSubstring("no parameters to train"));
}

TEST_CASE("an optimizer needs a network that stays") {
  STATIC_REQUIRE(std::is_constructible_v<Adam<double>, Numbers&>);
  STATIC_REQUIRE(!std::is_constructible_v<Adam<double>, Numbers>);
  STATIC_REQUIRE(!std::is_constructible_v<SGD<double>, const Numbers&>);
  STATIC_REQUIRE(!std::is_constructible_v<SGD<float>, Numbers&>);
}

TEST_CASE("clipping by the norm keeps the direction") {
  Numbers net;
  net.set_gradient(2, -1, 2);
  CHECK(clip_gradient_norm(net, 4) == Approx(3));
  CHECK(net.a.gradient[0] == 2);
  CHECK(clip_gradient_norm(net, 0.3) == Approx(3));
  CHECK(net.a.gradient[0] == Approx(0.2));
  CHECK(net.a.gradient[1] == Approx(-0.1));
  CHECK(net.b.gradient[0] == Approx(0.2));
  net.set_gradient(3e200, 4e200, 0);
  CHECK(clip_gradient_norm(net, 5) == Approx(5e200));
  CHECK(net.a.gradient[0] == Approx(3));
  net.set_gradient(0, 0, 0);
  CHECK(clip_gradient_norm(net, 5) == 0);
  CHECK_THROWS_AS(clip_gradient_norm(net, 0), Error);
}

TEST_CASE("clipping by value clips every number") {
  Numbers net;
  net.set_gradient(2, -0.5, -7);
  clip_gradient_values(net, 1);
  CHECK(net.a.gradient[0] == 1);
  CHECK(net.a.gradient[1] == -0.5);
  CHECK(net.b.gradient[0] == -1);
}

TEST_CASE("training brings the loss down") {
  for (const bool adam : {true, false}) {
    auto net = small::network(1);
    Rng rng(1);
    double first = 0, last = 0;
    const auto run = [&](auto optimizer) {
      first = small::train(net, optimizer, rng, 0, 1);
      last = small::train(net, optimizer, rng, 1, 60);
    };
    if (adam)
      run(Adam{net, {.learning_rate = 0.02}});
    else
      run(SGD{net, {.learning_rate = 0.1, .momentum = 0.9}});
    CHECK(last < 0.5 * first);
  }
}

TEST_CASE("training does not depend on the number of threads") {
  const auto run = [](int workers) {
    set_threads(workers);
    auto net = small::network(1);
    Adam optimizer{net, {.learning_rate = 0.01}};
    Rng rng(1);
    small::train(net, optimizer, rng, 0, 5);
    set_threads(0);
    return small::weights(net);
  };
  CHECK(run(1) == run(2));
}
