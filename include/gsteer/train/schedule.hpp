// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "gsteer/core/error.hpp"

namespace gsteer {

// Schedules of the learning rate. Each is a function of the number of steps (or epochs, whatever
// you count) done so far and has no state, so that a resumed run goes on as if there had been no
// interruption:
//   const CosineDecay schedule{.rate = 1e-3, .steps = 10'000, .warm_up = 500};
//   optimizer.set_learning_rate(schedule(optimizer.steps()));    before each step
// \throws Error, when called, if a setting is out of its range

namespace detail {

inline void check_schedule(const char* who, std::int64_t step, double rate) {
  expect(step >= 0, who, ": expected a step >= 0, got ", step);
  expect(std::isfinite(rate) && rate >= 0, who, ": expected a rate >= 0, got ", rate);
}

/// From a at t = 0 to b at t = 1 along half a cosine.
inline double cosine_between(double a, double b, double t) {
  return b + (a - b) * (1 + std::cos(std::numbers::pi * t)) / 2;
}

}  // namespace detail

/// Always the same.
struct ConstantRate {
  double rate = 1e-3;

  double operator()(std::int64_t step) const {
    detail::check_schedule("ConstantRate", step, rate);
    return rate;
  }
};

/// rate * factor^n after n * `every` steps.
struct StepDecay {
  double rate = 1e-3;
  double factor = 0.1;
  std::int64_t every = 1;

  double operator()(std::int64_t step) const {
    detail::check_schedule("StepDecay", step, rate);
    expect(factor > 0 && factor <= 1 && every > 0,
           "StepDecay: expected a factor in (0, 1] and steps > 0, got ", factor, " every ", every);
    return rate * std::pow(factor, static_cast<double>(step / every));
  }
};

/// `rate` up to the step `start`, then times `factor` a step.
struct ExponentialDecay {
  double rate = 1e-3;
  double factor = 0.8;
  std::int64_t start = 0;

  double operator()(std::int64_t step) const {
    detail::check_schedule("ExponentialDecay", step, rate);
    expect(factor > 0 && factor <= 1 && start >= 0,
           "ExponentialDecay: expected a factor in (0, 1] from a step >= 0, got ", factor, " from ",
           start);
    return rate * std::pow(factor, static_cast<double>(std::max<std::int64_t>(step - start, 0)));
  }
};

/// Up to `rate` in equal increments over the first `warm_up` steps, then along half a cosine down
/// to `final_rate` at the step `steps` (Loshchilov and Hutter, "SGDR", ICLR 2017), where it stays.
struct CosineDecay {
  double rate = 1e-3;
  std::int64_t steps = 1;
  std::int64_t warm_up = 0;
  double final_rate = 0;

  double operator()(std::int64_t step) const {
    detail::check_schedule("CosineDecay", step, rate);
    detail::check_schedule("CosineDecay", step, final_rate);
    expect(warm_up >= 0 && warm_up < steps, "CosineDecay: expected 0 <= warm_up < steps, got ",
           warm_up, " of ", steps);
    if (step < warm_up)
      return rate * static_cast<double>(step + 1) / static_cast<double>(warm_up + 1);
    const double t =
        static_cast<double>(std::min(step, steps) - warm_up) / static_cast<double>(steps - warm_up);
    return detail::cosine_between(rate, final_rate, t);
  }
};

/// From rate / 25 to `rate` over the first 30 percent of the steps, then down to rate / 250,000,
/// both along half a cosine (Smith and Topin, "Super-convergence", 2019, with the numbers that
/// PyTorch has by default).
struct OneCycle {
  double rate = 1e-3;
  std::int64_t steps = 1;
  double rise = 0.3;            ///< share of the steps before the peak
  double start_divisor = 25;    ///< rate / first rate
  double final_divisor = 25e4;  ///< rate / last rate

  double operator()(std::int64_t step) const {
    detail::check_schedule("OneCycle", step, rate);
    expect(steps > 0 && rise > 0 && rise < 1 && start_divisor >= 1 && final_divisor >= 1,
           "OneCycle: expected steps > 0, a rise in (0, 1) and divisors >= 1, got ", steps, ", ",
           rise, ", ", start_divisor, ", ", final_divisor);
    const double t = static_cast<double>(std::min(step, steps)) / static_cast<double>(steps);
    if (t < rise) return detail::cosine_between(rate / start_divisor, rate, t / rise);
    return detail::cosine_between(rate, rate / final_divisor, (t - rise) / (1 - rise));
  }
};

}  // namespace gsteer
