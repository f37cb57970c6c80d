// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <numbers>

#include "gsteer/core/error.hpp"

namespace gsteer {

/// The radial functions that RadialBasis knows. With d = (r - center) / step:
/// - gaussian: exp(-d^2) / 1.12;
/// - cosine: cos(pi d / 2) for |d| < 1, else 0;
/// - smooth_finite: 1.14136 e^2 exp(-1 / (1 + d)) exp(-1 / (1 - d)) for |d| < 1, else 0;
/// - fourier: sin(n pi t) or, without a cutoff, cos((n - 1) pi t), over sqrt(1/4 + N/2), where t =
///   (r - start) / (end - start) and n = 1, ..., N;
/// - bessel: sqrt(2 / c) sin(n pi x / c) / x, x = r - start, c = end - start;
/// - smooth_bessel: (2 / c) sin(n pi r / c) / r times the polynomial cutoff.
enum class RadialFunction { gaussian, cosine, smooth_finite, fourier, bessel, smooth_bessel };

/// Functions of a distance, what message passing knows of it.
///
/// RadialBasis(function, N, start, end, cutoff) is e3nn's soft_one_hot_linspace. With a cutoff the
/// centers divide (start, end) into N + 1 steps, and all but the gaussians vanish at and beyond
/// both ends; without, the first and the last center are the ends. e3nn's layers multiply the
/// values by sqrt N so that their squares sum to about N; that is left to the caller.
///
/// RadialBasis::bessel(N, c, p) is NequIP's basis (Gasteiger et al., Directional message passing
/// for molecular graphs, 2020, whose first factor is sqrt(2 / c)), with the cutoff
///   1 - (p + 1)(p + 2)/2 t^p + p (p + 2) t^(p + 1) - p (p + 1)/2 t^(p + 2),   t = r / c,
/// which at t = 1 vanishes with two derivatives.
///
/// At r = start the Bessel functions have their limit, finite and smooth; those of e3nn 0.5 are not
/// a number there. Where a function has a kink, at the ends of cosine, fourier and bessel, its
/// derivatives are those from outside: 0.
template <class Scalar>
class RadialBasis {
 public:
  /// \throws Error unless start < end and count > 0, without a cutoff count > 1 (the step)
  [[gnu::cold]] RadialBasis(RadialFunction function, int count, double start, double end,
                            bool cutoff = true)
      : RadialBasis(function, count, start, end, cutoff, 0) {
    expect(function != RadialFunction::smooth_bessel,
           "RadialBasis: smooth_bessel is made by RadialBasis::bessel");
  }

  /// NequIP's basis. \throws Error unless count > 0, cutoff > 0, power >= 2
  [[gnu::cold]] static RadialBasis bessel(int count, double cutoff, int power = 6) {
    expect(power >= 2, "RadialBasis: expected a power of the cutoff >= 2, got ", power);
    return RadialBasis(RadialFunction::smooth_bessel, count, 0, cutoff, true, power);
  }

  /// Any of the functions on (0, cutoff), times the polynomial cutoff: what message passing needs,
  /// where an edge must come and go without a jump. The soft one-hots (all but Bessel functions)
  /// are also multiplied by sqrt(count), so that their squares sum to about count. \throws Error
  /// unless count > 0, cutoff > 0, power >= 2
  [[gnu::cold]] static RadialBasis damped(RadialFunction function, int count, double cutoff,
                                          int power = 6) {
    RadialBasis basis = bessel(count, cutoff, power);
    basis.function_ = function;
    if (function != RadialFunction::bessel && function != RadialFunction::smooth_bessel)
      basis.amplitude_ = std::sqrt(1.0 * count);
    return basis;
  }

  /// The number of functions.
  int size() const { return count_; }
  RadialFunction function() const { return function_; }
  double start() const { return start_; }
  double end() const { return end_; }
  bool cutoff() const { return cutoff_; }

  /// The functions at n distances, [function][distance], rows `stride` numbers apart, and, where
  /// the pointers are not null, their first and second derivatives. Computed in double, whatever
  /// Scalar.
  void evaluate(const Scalar* r, int n, std::ptrdiff_t stride, Scalar* values,
                Scalar* first = nullptr, Scalar* second = nullptr) const {
    for (int p = 0; p < n; ++p) {
      const auto distance = static_cast<double>(r[p]);
      const bool outside = vanishes_outside() && (distance < start_ || distance >= end_);
      const Jet amplitude{amplitude_, 0, 0};
      const Jet damping =
          power_ > 0 && !outside ? times(amplitude, polynomial_cutoff(distance)) : amplitude;
      Wave wave(outside ? 0 : frequency_ * (distance - start_));
      for (int i = 0; i < count_; ++i) {
        Jet f;
        if (!outside) f = times(damping, jet(distance, i, wave));
        const std::ptrdiff_t at = i * stride + p;
        values[at] = static_cast<Scalar>(f.value);
        if (first) first[at] = static_cast<Scalar>(f.first);
        if (second) second[at] = static_cast<Scalar>(f.second);
      }
    }
  }

 private:
  /// A function with its first and second derivative.
  struct Jet {
    double value = 0, first = 0, second = 0;
  };
  static Jet times(const Jet& a, const Jet& b) {
    return {a.value * b.value, a.first * b.value + a.value * b.first,
            a.second * b.value + 2 * a.first * b.first + a.value * b.second};
  }

  /// cos and sin of k times an angle, k = 0, 1, ..., by repeated multiplication.
  struct Wave {
    double angle, c, s, cos = 1, sin = 0;
    int k = 0;

    explicit Wave(double a) : angle(a), c(std::cos(a)), s(std::sin(a)) {}
    void advance() {
      const double next = cos * c - sin * s;
      sin = cos * s + sin * c;
      cos = next;
      ++k;
    }
  };

  [[gnu::cold]] RadialBasis(RadialFunction function, int count, double start, double end,
                            bool cutoff, int power)
      : function_(function),
        cutoff_(cutoff),
        count_(count),
        power_(power),
        start_(start),
        end_(end),
        step_((end - start) / (cutoff ? count + 1 : count - 1)),
        frequency_(std::numbers::pi / (end - start)) {
    expect(start < end && end - start < HUGE_VAL, "RadialBasis: expected start < end, got ", start,
           " and ", end);
    expect(count > (cutoff ? 0 : 1), "RadialBasis: expected at least ", cutoff ? 1 : 2,
           " functions, got ", count);
  }

  bool vanishes_outside() const {
    return cutoff_ && (power_ > 0 || function_ != RadialFunction::gaussian);
  }

  /// Function i at r; called for i = 0, 1, ... in this order.
  Jet jet(double r, int i, Wave& wave) const {
    switch (function_) {
      case RadialFunction::gaussian:
      case RadialFunction::cosine:
      case RadialFunction::smooth_finite: {
        const double center = start_ + (cutoff_ ? i + 1 : i) * step_;
        const Jet f = bump((r - center) / step_);
        return {f.value, f.first / step_, f.second / (step_ * step_)};
      }
      case RadialFunction::fourier: {
        if (cutoff_) wave.advance();
        const double scale = 1 / std::sqrt(0.25 + count_ / 2.0), a = wave.k * frequency_;
        const Jet f = cutoff_ ? Jet{scale * wave.sin, scale * a * wave.cos, 0}
                              : Jet{scale * wave.cos, -scale * a * wave.sin, 0};
        if (!cutoff_) wave.advance();
        return {f.value, f.first, -a * a * f.value};
      }
      case RadialFunction::bessel:
      case RadialFunction::smooth_bessel:
        break;
    }
    // sin(a x) / x = a sinc(a x).
    wave.advance();
    const double c = end_ - start_, a = wave.k * frequency_;
    const double scale = (function_ == RadialFunction::bessel ? std::sqrt(2 / c) : 2 / c) * a;
    const Jet f = sinc(wave.k * wave.angle, wave);
    return {scale * f.value, scale * a * f.first, scale * a * a * f.second};
  }

  /// The functions of d = (r - center) / step.
  Jet bump(double d) const {
    if (function_ == RadialFunction::gaussian) {
      const double f = std::exp(-d * d) / 1.12;
      return {f, -2 * d * f, (4 * d * d - 2) * f};
    }
    if (!(std::abs(d) < 1)) return {};
    if (function_ == RadialFunction::cosine) {
      const double a = std::numbers::pi / 2, f = std::cos(a * d);
      return {f, -a * std::sin(a * d), -a * a * f};
    }
    // exp(g), g = 2 - 1 / (1 + d) - 1 / (1 - d) = 2 - 2 / q; q > 0 since |d| < 1
    const double q = (1 - d) * (1 + d);
    const double f = 1.14136 * std::exp(2 - 2 / q);
    const double slope = -4 * d / (q * q), bend = -4 / (q * q) - 16 * d * d / (q * q * q);
    return {f, f * slope, f * (slope * slope + bend)};
  }

  /// sin(t) / t and its derivatives, where the wave is at t. Near 0, where the closed form of the
  /// derivatives cancels, the Taylor series: sum of (-1)^k t^(2k) / (2k + 1)!.
  static Jet sinc(double t, const Wave& wave) {
    if (std::abs(t) > 1) {
      const double f = wave.sin / t, slope = (wave.cos - f) / t;
      return {f, slope, -f - 2 * slope / t};
    }
    Jet f{1, 0, 0};
    double term = 1;  // (-1)^k t^(2k - 2) / (2k + 1)!
    for (int k = 1; k < 10; ++k) {
      term *= -(k == 1 ? 1 : t * t) / (2 * k * (2 * k + 1));
      f.value += term * t * t;
      f.first += 2 * k * term * t;
      f.second += 2 * k * (2 * k - 1) * term;
    }
    return f;
  }

  /// The derivatives factor: f' = -p (p + 1)(p + 2)/2 t^(p - 1) (1 - t)^2 / c.
  Jet polynomial_cutoff(double r) const {
    const double p = power_, t = r / end_, u = 1 - t;
    const double low = std::pow(t, p - 2), scale = -p * (p + 1) * (p + 2) / 2;
    return {1 - low * t * t * ((p + 1) * (p + 2) / 2 - t * p * (p + 2) + t * t * p * (p + 1) / 2),
            scale * low * t * u * u / end_,
            scale * low * u * ((p - 1) * u - 2 * t) / (end_ * end_)};
  }

  RadialFunction function_;
  bool cutoff_;
  int count_, power_;  ///< the power of the polynomial cutoff, or 0 for none
  double start_, end_, step_, frequency_, amplitude_ = 1;
};

}  // namespace gsteer
