// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <numbers>
#include <utility>
#include <vector>

#include "gsteer/core/error.hpp"

namespace gsteer {

/// Points of [-1, 1] and weights, which sum to 1, whose weighted sum of a polynomial of degree
/// < 2 count is its mean over [-1, 1] (Gauss and Legendre). The points are the zeros of the
/// Legendre polynomial of that degree, from the largest down, found by Newton's method from
/// cos(pi (i + 3/4) / (n + 1/2)). (Abramowitz and Stegun, 22.16.6 and 25.4.29.)
/// \throws Error unless count > 0
[[gnu::cold]] inline std::vector<std::pair<double, double>> gauss_legendre(int count) {
  expect(count > 0, "gauss_legendre: expected a positive number of points, got ", count);
  std::vector<std::pair<double, double>> rule;
  for (int i = 0; i < count; ++i) {
    double x = std::cos(std::numbers::pi * (i + 0.75) / (count + 0.5)), slope = 1;
    for (int iteration = 0; iteration < 10; ++iteration) {
      double p = 1, previous = 0;
      for (int n = 0; n < count; ++n) {
        const double next = ((2 * n + 1) * x * p - n * previous) / (n + 1);
        previous = p;
        p = next;
      }
      slope = count * (previous - x * p) / (1 - x * x);
      const double step = p / slope;
      x -= step;
      if (std::abs(step) < 1e-15) break;
    }
    rule.emplace_back(x, 1 / ((1 - x * x) * slope * slope));
  }
  return rule;
}

}  // namespace gsteer
