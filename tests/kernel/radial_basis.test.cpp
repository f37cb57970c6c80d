// SPDX-License-Identifier: MIT
#include "gsteer/kernel/radial_basis.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "catch.hpp"

using namespace gsteer;

namespace {

using Numbers = std::vector<double>;
constexpr RadialFunction one_hot[] = {RadialFunction::gaussian, RadialFunction::cosine,
                                      RadialFunction::smooth_finite, RadialFunction::fourier,
                                      RadialFunction::bessel};

struct Values {
  Numbers f, first, second;
};

Values evaluate(const RadialBasis<double>& basis, const Numbers& r) {
  const auto size = r.size() * static_cast<std::size_t>(basis.size());
  Values v{Numbers(size), Numbers(size), Numbers(size)};
  const auto n = static_cast<int>(r.size());
  basis.evaluate(r.data(), n, n, v.f.data(), v.first.data(), v.second.data());
  return v;
}

Values at(const RadialBasis<double>& basis, double r) { return evaluate(basis, {r}); }

double largest(const Numbers& a) {
  double worst = 0;
  for (const double x : a) worst = std::max(worst, std::isnan(x) ? INFINITY : std::abs(x));
  return worst;
}

/// The largest difference between a derivative and central differences of fourth order, relative to
/// the largest such derivative at all of the distances.
double slope_error(const RadialBasis<double>& basis, const Numbers& distances) {
  constexpr double h = 2e-4;
  double error[2] = {}, scale[2] = {};
  for (const double r : distances) {
    const Values here = at(basis, r), a = at(basis, r - h), b = at(basis, r + h),
                 c = at(basis, r - 2 * h), d = at(basis, r + 2 * h);
    const auto compare = [&](Numbers Values::*of, const Numbers& slope, int order) {
      scale[order] = std::max(scale[order], largest(slope));
      for (std::size_t i = 0; i < slope.size(); ++i) {
        const double difference =
            (8 * ((b.*of)[i] - (a.*of)[i]) - ((d.*of)[i] - (c.*of)[i])) / (12 * h);
        error[order] = std::max(error[order], std::abs(difference - slope[i]));
      }
    };
    compare(&Values::f, here.first, 0);
    compare(&Values::first, here.second, 1);
  }
  return std::max(error[0] / scale[0], error[1] / scale[1]);
}

}  // namespace

TEST_CASE("radial functions of e3nn by their formulas") {
  constexpr int n = 5;
  constexpr double start = 0.5, end = 3.5, pi = std::numbers::pi;
  for (const bool cutoff : {true, false}) {
    double worst = 0;
    for (const auto function : one_hot) {
      const RadialBasis<double> basis(function, n, start, end, cutoff);
      REQUIRE(basis.size() == n);
      for (double r = 0.6; r < 3.5; r += 0.07) {
        const auto f = at(basis, r).f;
        const double step = (end - start) / (cutoff ? n + 1 : n - 1), t = (r - start) / 3.0;
        for (int i = 0; i < n; ++i) {
          const double d = (r - (start + (cutoff ? i + 1 : i) * step)) / step;
          const auto unit_step = [](double x) { return x > 0 ? std::exp(-1 / x) : 0; };
          const double expected =
              function == RadialFunction::gaussian ? std::exp(-d * d) / 1.12
              : function == RadialFunction::cosine ? std::cos(pi / 2 * d) * (d < 1) * (-1 < d)
              : function == RadialFunction::smooth_finite
                  ? 1.14136 * std::exp(2.0) * unit_step(d + 1) * unit_step(1 - d)
              : function == RadialFunction::bessel
                  ? std::sqrt(2 / 3.0) * std::sin((i + 1) * pi * t) / (r - start)
              : cutoff ? std::sin(pi * (i + 1) * t) / std::sqrt(0.25 + n / 2.0)
                       : std::cos(pi * i * t) / std::sqrt(0.25 + n / 2.0);
          worst = std::max(worst, std::abs(f[static_cast<std::size_t>(i)] - expected));
        }
      }
    }
    INFO("worst " << worst);
    CHECK(worst < 1e-13);
  }
  // At a center, and half a step from it.
  const auto centered = [](RadialFunction function, double r) {
    return at(RadialBasis<double>(function, 3, 0, 4), r).f[1];
  };
  CHECK(centered(RadialFunction::smooth_finite, 2) == Approx(1.14136).epsilon(1e-14));
  CHECK(centered(RadialFunction::cosine, 2.5) == Approx(std::sqrt(0.5)).epsilon(1e-14));
  CHECK(centered(RadialFunction::gaussian, 2) == Approx(0.892857142857143).epsilon(1e-14));
}

TEST_CASE("NequIP's Bessel functions and their cutoff") {
  constexpr double c = 4, pi = std::numbers::pi;
  for (const int p : {2, 3, 6}) {
    const auto basis = RadialBasis<double>::bessel(8, c, p);
    double worst = 0;
    for (double r = 0.02; r < c; r += 0.03)
      for (int i = 1; i <= 8; ++i) {
        const double t = r / c;
        const double damping = 1 - (p + 1) * (p + 2) / 2.0 * std::pow(t, p) +
                               p * (p + 2) * std::pow(t, p + 1) -
                               p * (p + 1) / 2.0 * std::pow(t, p + 2);
        const double expected = 2 / c * std::sin(i * pi * r / c) / r * damping;
        worst =
            std::max(worst, std::abs(at(basis, r).f[static_cast<std::size_t>(i - 1)] - expected));
      }
    INFO("worst " << worst);
    CHECK(worst < 1e-13);
  }
  // The limits at 0: (2 / c) n pi / c, slope 0, and -(2 / c) (n pi / c)^3 / 3, the cutoff being
  // flat.
  const auto basis = RadialBasis<double>::bessel(8, c);
  const auto zero = at(basis, 0), near = at(basis, 1e-9);
  for (std::size_t i = 0; i < 8; ++i) {
    const double a = static_cast<double>(i + 1) * pi / c;
    CHECK(zero.f[i] == Approx(2 / c * a).epsilon(1e-14));
    CHECK(zero.first[i] == 0);
    CHECK(zero.second[i] == Approx(-2 / c * a * a * a / 3).epsilon(1e-14));
    CHECK(near.f[i] == Approx(zero.f[i]).epsilon(1e-12));
    CHECK(near.second[i] == Approx(zero.second[i]).epsilon(1e-6));
  }
  // At the cutoff the function goes to 0 with the fourth power, one of which is the sine's.
  const auto inside = at(basis, c - 1e-3);
  CHECK(largest(inside.f) < 1e-9);
  CHECK(largest(inside.first) < 1e-5);
  CHECK(largest(inside.second) < 1e-2);
}

TEST_CASE("derivatives of radial functions are those of differences") {
  Numbers smooth;
  for (double r = 0.51; r < 3.49; r += 0.037) smooth.push_back(r);
  for (const auto function : one_hot)
    for (const bool cutoff : {true, false}) {
      const RadialBasis<double> basis(function, 5, 0.5, 3.5, cutoff);
      Numbers distances;
      for (const double r : smooth) {
        // not across the kinks of cosine, at multiples of the step from the start
        const double steps = (r - 0.5) / (cutoff ? 0.5 : 0.75);
        if (function != RadialFunction::cosine || std::abs(steps - std::round(steps)) > 0.01)
          distances.push_back(r);
      }
      REQUIRE(distances.size() > 70);
      const double error = slope_error(basis, distances);
      INFO(static_cast<int>(function) << ' ' << cutoff << " error " << error);
      CHECK(error < 1e-7);
    }
  for (const int p : {2, 3, 6}) {
    const double error = slope_error(RadialBasis<double>::bessel(8, 3.5, p), smooth);
    INFO("bessel " << p << " error " << error);
    CHECK(error < 1e-7);
  }
  // Across the threshold between the series and the closed form, and through 0 without a cutoff.
  const RadialBasis<double> plain(RadialFunction::bessel, 6, 0, std::numbers::pi, false);
  const double error =
      slope_error(plain, {-0.01, 0, 1e-4, 0.01, 0.1, 0.2, 0.25, 0.333, 0.5, 0.999, 1, 1.001});
  INFO("threshold " << error);
  CHECK(error < 1e-7);
}

TEST_CASE("at and beyond the cutoff all is zero, at distance zero all is finite") {
  Numbers beyond{3.5, 3.5 + 1e-12, 4, 100, 1e300, HUGE_VAL};
  std::vector<RadialBasis<double>> cut;
  for (const auto function : one_hot)
    if (function != RadialFunction::gaussian) cut.emplace_back(function, 7, 0, 3.5);
  cut.push_back(RadialBasis<double>::bessel(7, 3.5));
  for (const auto& basis : cut) {
    const auto v = evaluate(basis, beyond);
    CHECK(largest(v.f) == 0);
    CHECK(largest(v.first) == 0);
    CHECK(largest(v.second) == 0);
    const auto inside = evaluate(basis, {1.7});
    CHECK(largest(inside.f) > 0.1);
  }
  for (const auto function : one_hot)
    for (const bool cutoff : {true, false}) cut.emplace_back(function, 7, 0, 3.5, cutoff);
  for (const auto& basis : cut) {
    const auto v = evaluate(basis, {0.0, 5e-324, 1e-300, 1e-20, std::nextafter(3.5, 0)});
    CHECK(largest(v.f) < 10);
    CHECK(largest(v.first) < 100);
    CHECK(largest(v.second) < 1000);
  }
  // The gaussians have no cutoff.
  CHECK(largest(at(RadialBasis<double>(RadialFunction::gaussian, 3, 0, 3), 3.2).f) > 0.1);
}

TEST_CASE("single precision, strides and mistakes of radial functions") {
  const auto basis = RadialBasis<double>::bessel(8, 4);
  const auto single = RadialBasis<float>::bessel(8, 4);
  const float r[] = {0, 0.5F, 3.25F};
  std::vector<float> f(8 * 5, -1.0F);
  single.evaluate(r, 3, 5, f.data());
  double worst = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    for (std::size_t p = 0; p < 3; ++p)
      worst = std::max(worst, std::abs(f[i * 5 + p] - at(basis, static_cast<double>(r[p])).f[i]));
    CHECK(f[i * 5 + 3] == -1);
    CHECK(f[i * 5 + 4] == -1);
  }
  CHECK(worst < 1e-6);

  CHECK_THROWS_AS(RadialBasis<double>(RadialFunction::cosine, 0, 0, 1), Error);
  CHECK_THROWS_AS(RadialBasis<double>(RadialFunction::cosine, 1, 0, 1, false), Error);
  CHECK_THROWS_AS(RadialBasis<double>(RadialFunction::cosine, 3, 1, 1), Error);
  CHECK_THROWS_AS(RadialBasis<double>(RadialFunction::smooth_bessel, 3, 0, 1), Error);
  CHECK_THROWS_AS(RadialBasis<double>::bessel(3, 0), Error);
  CHECK_THROWS_AS(RadialBasis<double>::bessel(3, 1, 1), Error);
}

TEST_CASE("damped functions are the functions times the polynomial cutoff, and end smoothly") {
  const double c = 3.5;
  const int count = 5, power = 4;
  const auto polynomial = [&](double r) {
    const double t = r / c, p = power;
    return 1 - (p + 1) * (p + 2) / 2 * std::pow(t, p) + p * (p + 2) * std::pow(t, p + 1) -
           p * (p + 1) / 2 * std::pow(t, p + 2);
  };
  for (const auto function : one_hot) {
    CAPTURE(static_cast<int>(function));
    const auto damped = RadialBasis<double>::damped(function, count, c, power);
    const RadialBasis<double> plain(function, count, 0, c);
    for (const double r : {0.31, 1.0, 2.2, 3.3}) {
      const auto a = at(damped, r), b = at(plain, r);
      // Bessel functions come with NequIP's first factor.
      const double factor =
          function == RadialFunction::bessel ? 1 : std::sqrt(static_cast<double>(count));
      for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i)
        CHECK(a.f[i] == Approx(factor * polynomial(r) * b.f[i]).epsilon(1e-12).margin(1e-14));
    }
    for (const double r : {c - 1e-7, c, c + 1.0}) {
      const auto v = at(damped, r);
      CHECK(largest(v.f) < 1e-12);
      CHECK(largest(v.first) < 1e-10);
      CHECK(largest(v.second) < 1e-4);
    }
    if (function != RadialFunction::cosine)  // which has kinks within
      CHECK(slope_error(damped, {0.3, 0.9, 1.4, 2.1, 3.2}) < 1e-6);
  }
  const auto nequip = at(RadialBasis<double>::bessel(count, c, power), 1.7),
             same = at(RadialBasis<double>::damped(RadialFunction::smooth_bessel, count, c, power),
                       1.7);
  CHECK(nequip.f == same.f);
}
