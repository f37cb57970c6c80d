// SPDX-License-Identifier: MIT
#include "gsteer/train/schedule.hpp"

#include "catch.hpp"

using namespace gsteer;

TEST_CASE("schedules have the values that they promise") {
  CHECK(ConstantRate{0.2}(0) == 0.2);
  CHECK(ConstantRate{0.2}(1'000'000'000'000) == 0.2);

  const StepDecay steps{.rate = 1, .factor = 0.1, .every = 10};
  CHECK(steps(9) == 1);
  CHECK(steps(10) == Approx(0.1));
  CHECK(steps(35) == Approx(0.001));

  const ExponentialDecay exponential{.rate = 2, .factor = 0.8, .start = 10};
  CHECK(exponential(0) == 2);
  CHECK(exponential(10) == 2);
  CHECK(exponential(13) == Approx(2 * 0.512));
}

TEST_CASE("a cosine warms up, falls and stays") {
  const CosineDecay cosine{.rate = 1, .steps = 108, .warm_up = 8, .final_rate = 0.2};
  CHECK(cosine(0) == Approx(1.0 / 9));
  CHECK(cosine(7) == Approx(8.0 / 9));
  CHECK(cosine(8) == 1);
  CHECK(cosine(33) == Approx(0.6 + 0.4 * std::numbers::sqrt2 / 2));
  CHECK(cosine(58) == Approx(0.6));
  CHECK(cosine(108) == Approx(0.2));
  CHECK(cosine(1000) == Approx(0.2));
  CHECK(CosineDecay{.rate = 3, .steps = 2}(1) == Approx(1.5));
}

TEST_CASE("one cycle rises and falls") {
  const OneCycle cycle{.rate = 1, .steps = 100};
  CHECK(cycle(0) == Approx(1.0 / 25));
  CHECK(cycle(15) == Approx((1 + 1.0 / 25) / 2));
  CHECK(cycle(30) == Approx(1));
  CHECK(cycle(65) == Approx((1 + 1 / 25e4) / 2));
  CHECK(cycle(100) == Approx(1 / 25e4));
  CHECK(cycle(500) == cycle(100));
}

TEST_CASE("schedules refuse settings that make no sense") {
  CHECK_THROWS_AS(ConstantRate{-1}(0), Error);
  CHECK_THROWS_AS(ConstantRate{1}(-1), Error);
  CHECK_THROWS_AS((StepDecay{.rate = 1, .factor = 0.5, .every = 0}(3)), Error);
  CHECK_THROWS_AS((ExponentialDecay{.rate = 1, .factor = 2}(3)), Error);
  CHECK_THROWS_AS((CosineDecay{.rate = 1, .steps = 5, .warm_up = 5}(3)), Error);
  CHECK_THROWS_AS((OneCycle{.rate = 1, .steps = 5, .rise = 1}(3)), Error);
}
