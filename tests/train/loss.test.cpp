// SPDX-License-Identifier: MIT
#include "gsteer/train/loss.hpp"

#include <cmath>
#include <limits>

#include "catch.hpp"
#include "gsteer/core/random.hpp"
#include "gsteer/group/cyclic.hpp"

using namespace gsteer;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr auto scores = 3 * trivial<C<8>>;
using Logits = PointField<scores, double>;

Logits logits_of(std::initializer_list<double> values) {
  Logits logits(static_cast<int>(values.size()) / 3);
  std::copy(values.begin(), values.end(), logits.data());
  return logits;
}

Logits draw(int batch) {
  Logits logits(batch);
  Rng rng(2);
  for (double& value : logits.values()) value = 3 * rng.normal();
  return logits;
}

/// Central differences, against the gradient that the loss gives.
template <class F, class Function>
void check_gradient(F x, Function&& loss) {
  const auto gradient = loss(x).gradient;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double at = x.data()[i], h = 1e-5;
    x.data()[i] = at + h;
    const double above = loss(x).value;
    x.data()[i] = at - h;
    const double below = loss(x).value;
    x.data()[i] = at;
    CHECK(gradient.data()[i] == Approx((above - below) / (2 * h)).margin(1e-9).epsilon(1e-7));
  }
}

}  // namespace

TEST_CASE("cross entropy has its closed form") {
  const std::vector<int> labels{2, 0};
  const auto [loss, gradient] = cross_entropy(logits_of({1, 2, 3, -1, 0, 1}), labels);
  const double e = std::exp(1.0), sum = 1 + e + e * e;
  CHECK(loss == Approx((std::log(sum / (e * e)) + std::log(sum)) / 2).epsilon(1e-14));
  CHECK(gradient(0, 0) == Approx(1 / sum / 2).epsilon(1e-14));
  CHECK(gradient(0, 2) == Approx((e * e / sum - 1) / 2).epsilon(1e-14));
  CHECK(gradient(1, 0) == Approx((1 / sum - 1) / 2).epsilon(1e-14));
  CHECK(cross_entropy(Logits(4), std::vector<int>{0, 1, 2, 0}).value ==
        Approx(std::log(3.0)).epsilon(1e-14));
}

TEST_CASE("label smoothing mixes the label with the uniform distribution") {
  const auto logits = logits_of({0.3, -1, 2});
  const std::vector<int> labels{1};
  double mixed = 0;
  for (const int c : {0, 1, 2}) mixed += 0.1 / 3 * cross_entropy(logits, std::vector<int>{c}).value;
  mixed += 0.9 * cross_entropy(logits, labels).value;
  CHECK(cross_entropy(logits, labels, 0.1).value == Approx(mixed).epsilon(1e-14));
}

TEST_CASE("losses have the gradients that central differences find") {
  const std::vector<int> labels{0, 2, 1, 1};
  for (const double smoothing : {0.0, 0.2, 1.0})
    check_gradient(draw(4), [&](const Logits& x) { return cross_entropy(x, labels, smoothing); });
  GridField<irrep<C<8>, 1>, double> x(2, 3, 4), target(2, 3, 4);
  Rng rng(1);
  for (double& value : x.values()) value = rng.normal();
  for (double& value : target.values()) value = rng.normal();
  check_gradient(x, [&](const auto& output) { return mean_square_error(output, target); });
}

TEST_CASE("cross entropy is stable for large logits") {
  const auto [loss, gradient] =
      cross_entropy(logits_of({1e5, 0, -1e5, 0, 1e300, 0}), std::vector<int>{1, 1});
  CHECK(loss == Approx(5e4));
  CHECK(gradient(0, 0) == 0.5);
  CHECK(gradient(0, 1) == -0.5);
  CHECK(gradient(1, 1) == 0);
  PointField<scores> single(1);
  single(0, 0) = 3e38f;
  single(0, 1) = -3e38f;
  CHECK(cross_entropy(single, std::vector<int>{1}).value == Approx(6e38));
}

TEST_CASE("the mean square error is the mean over all numbers") {
  const auto [loss, gradient] =
      mean_square_error(logits_of({1, 2, 3, 4, 5, 6}), logits_of({1, 2, 3, 4, 5, 0}));
  CHECK(loss == 6);
  CHECK(gradient(1, 2) == 2);
  CHECK(gradient(0, 0) == 0);
}

TEST_CASE("predictions and accuracy") {
  const auto logits = logits_of({0, 5, 1, 2, 2, 1, -3, -2, -1});
  CHECK(predictions(logits) == std::vector<int>{1, 0, 2});
  CHECK(accuracy(logits, std::vector<int>{1, 1, 2}) == Approx(2.0 / 3));
}

TEST_CASE("losses refuse what does not fit") {
  const auto logits = draw(2);
  CHECK_THROWS_WITH(cross_entropy(logits, std::vector<int>{0}),
                    ContainsSubstring("expected one label for each of 2 items, got 1"));
  CHECK_THROWS_WITH(cross_entropy(logits, std::vector<int>{0, 3}),
                    ContainsSubstring("expected labels in [0, 3), got 3 for item 1"));
  CHECK_THROWS_AS(cross_entropy(logits, std::vector<int>{-1, 0}), Error);
  CHECK_THROWS_AS(cross_entropy(logits, std::vector<int>{1, 0}, 1.5), Error);
  CHECK_THROWS_AS(accuracy(logits, std::vector<int>{1, 0, 0}), Error);
  auto broken = logits;
  broken(1, 2) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(cross_entropy(broken, std::vector<int>{0, 0}),
                    ContainsSubstring("got nan for class 2 of item 1"));
  CHECK_THROWS_AS(predictions(broken), Error);
  CHECK_THROWS_AS(mean_square_error(broken, logits), Error);
  CHECK_THROWS_WITH(mean_square_error(logits, draw(3)),
                    ContainsSubstring("expected a target of 2 items"));
  CHECK_THROWS_AS(mean_square_error(Logits{}, Logits{}), Error);
}
