// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <array>
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
    for (int p = 0; p < n; p += lanes) {
      const int count = std::min(lanes, n - p);
      Lanes distance, inside;
      for (int i = 0; i < lanes; ++i) {
        const double x = static_cast<double>(r[p + std::min(i, count - 1)]);
        const bool outside = vanishes_outside() && (x < start_ || x >= end_);
        inside[i] = outside ? 0 : 1;
        distance[i] = outside ? start_ : x;  // there the functions are finite
      }
      Jet damping;
      polynomial_cutoff(distance, damping);
      damping.value *= inside;
      damping.first *= inside;
      damping.second *= inside;
      Waves wave;
      if (waves()) wave.begin(distance, start_, end_);
      for (int k = 0; k < count_; ++k) {
        Jet f;
        if (waves())
          wave_function(wave, f);
        else
          bump_function(distance, k, f);
        const std::ptrdiff_t at = k * stride + p;
        put(damping.value * f.value, values + at, count);
        if (first) put(damping.first * f.value + damping.value * f.first, first + at, count);
        if (second)
          put(damping.second * f.value + 2 * damping.first * f.first + damping.value * f.second,
              second + at, count);
      }
    }
  }

 private:
  // Distances are worked on a few at a time.
  static constexpr int lanes = 8;
  using Lanes = Eigen::Array<double, lanes, 1>;

  /// A function with its first and second derivative.
  struct Jet {
    Lanes value, first, second;
  };

  static void put(const Lanes& from, Scalar* to, int count) {
    for (int i = 0; i < count; ++i) to[i] = static_cast<Scalar>(from[i]);
  }

  /// 1 / (q (q - 1)), the ratios of the factorials of q - 2 and q: divisions would take longer than
  /// all the rest.
  static constexpr std::array<double, 24> ratios = [] {
    std::array<double, 24> all{};
    for (std::size_t q = 2; q < all.size(); ++q) all[q] = 1.0 / static_cast<double>(q * (q - 1));
    return all;
  }();

  /// cos and sin of k times the angle pi t, t = (r - start) / (end - start), for k = 0, 1, ..., by
  /// repeated multiplication.
  struct Waves {
    Lanes angle, c, s, cos, sin;
    int k;

    void begin(const Lanes& r, double start, double end) {
      // From t = n + u with |u| <= 1/2, by the series of sin and cos. The rounding of t and of half
      // n to integers is that of a number too large to have digits behind the point.
      constexpr double large = 0x1.8p52;
      const Lanes t = (r - start) / (end - start), n = (t + large) - large,
                  half = (n * 0.5 + large) - large, odd = n - 2 * half, sign = 1 - 2 * odd * odd,
                  x = std::numbers::pi * (t - n), square = x * x;
      angle = std::numbers::pi * t;
      s = c = cos = Lanes::Ones();
      sin = Lanes::Zero();
      for (std::size_t q = 22; q > 0; q -= 2) {
        s = 1 - s * (square * ratios[q + 1]);
        c = 1 - c * (square * ratios[q]);
      }
      s *= sign * x;
      c *= sign;
      k = 0;
    }
    void advance() {
      const Lanes next = cos * c - sin * s;
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

  bool waves() const {
    return function_ == RadialFunction::fourier || function_ == RadialFunction::bessel ||
           function_ == RadialFunction::smooth_bessel;
  }

  /// Function k, one of those about centers.
  void bump_function(const Lanes& r, int k, Jet& f) const {
    const double center = start_ + (cutoff_ ? k + 1 : k) * step_;
    for (int i = 0; i < lanes; ++i)
      bump((r[i] - center) / step_, f.value[i], f.first[i], f.second[i]);
    f.first /= step_;
    f.second /= step_ * step_;
  }

  /// The next function, one of those made of waves; the first one first.
  void wave_function(Waves& wave, Jet& f) const {
    if (function_ == RadialFunction::fourier) {
      if (cutoff_) wave.advance();
      const double scale = 1 / std::sqrt(0.25 + count_ / 2.0), a = wave.k * frequency_;
      f.value = scale * (cutoff_ ? wave.sin : wave.cos);
      f.first = (cutoff_ ? scale * a : -scale * a) * (cutoff_ ? wave.cos : wave.sin);
      f.second = -a * a * f.value;
      if (!cutoff_) wave.advance();
      return;
    }
    // sin(a x) / x = a sinc(a x).
    wave.advance();
    const double c = end_ - start_, a = wave.k * frequency_;
    const double scale = (function_ == RadialFunction::bessel ? std::sqrt(2 / c) : 2 / c) * a;
    sinc(wave, f);
    f.value *= scale;
    f.first *= scale * a;
    f.second *= scale * a * a;
  }

  /// The functions of d = (r - center) / step and their derivatives by d.
  void bump(double d, double& value, double& first, double& second) const {
    value = first = second = 0;
    if (function_ == RadialFunction::gaussian) {
      value = std::exp(-d * d) / 1.12;
      first = -2 * d * value;
      second = (4 * d * d - 2) * value;
    } else if (!(std::abs(d) < 1)) {
      return;
    } else if (function_ == RadialFunction::cosine) {
      const double a = std::numbers::pi / 2;
      value = std::cos(a * d);
      first = -a * std::sin(a * d);
      second = -a * a * value;
    } else {
      // exp(g), g = 2 - 1 / (1 + d) - 1 / (1 - d) = 2 - 2 / q; q > 0 since |d| < 1
      const double q = (1 - d) * (1 + d);
      const double slope = -4 * d / (q * q), bend = -4 / (q * q) - 16 * d * d / (q * q * q);
      value = 1.14136 * std::exp(2 - 2 / q);
      first = value * slope;
      second = value * (slope * slope + bend);
    }
  }

  /// sin(t) / t and its derivatives, where the wave is at t. Near 0, where the closed form of the
  /// derivatives cancels, the Taylor series: sum of (-1)^k t^(2k) / (2k + 1)!.
  static void sinc(const Waves& wave, Jet& f) {
    const Lanes t = wave.k * wave.angle, square = t * t;
    Lanes far, divisor, small;  // 1 for the closed form, 0 for the series
    for (int i = 0; i < lanes; ++i) {
      far[i] = square[i] > 1 ? 1 : 0;
      divisor[i] = square[i] > 1 ? t[i] : 1;
      small[i] = square[i] > 1 ? 0 : square[i];
    }
    const Lanes inverse = divisor.inverse();
    f.value = wave.sin * inverse;
    f.first = (wave.cos - f.value) * inverse;
    f.second = -f.value - 2 * f.first * inverse;
    if (far.minCoeff() == 1) return;
    Lanes value = Lanes::Zero(), slope = Lanes::Zero(), bend = Lanes::Zero();
    for (std::size_t k = 9; k > 0; --k) {
      const double step = -ratios[2 * k + 1], power = static_cast<double>(2 * k);
      value = step * (1 + small * value);
      slope = step * (power + small * slope);
      bend = step * (power * (power - 1) + small * bend);
    }
    const Lanes near = 1 - far;
    f.value = far * f.value + near * (1 + small * value);
    f.first = far * f.first + near * (t * slope);
    f.second = far * f.second + near * bend;
  }

  /// The amplitude, and if there is one times the cutoff. Its derivatives factor:
  ///   f' = -p (p + 1)(p + 2)/2 t^(p - 1) (1 - t)^2 / c.
  void polynomial_cutoff(const Lanes& r, Jet& f) const {
    f.value = Lanes::Constant(amplitude_);
    f.first = f.second = Lanes::Zero();
    if (power_ == 0) return;
    const double p = power_, scale = -amplitude_ * p * (p + 1) * (p + 2) / 2;
    const Lanes t = r / end_, u = 1 - t;
    Lanes low = Lanes::Ones();  // t^(p - 2)
    for (int k = 2; k < power_; ++k) low *= t;
    f.value -=
        amplitude_ *
        (low * t * t * ((p + 1) * (p + 2) / 2 - t * (p * (p + 2)) + t * t * (p * (p + 1) / 2)));
    f.first = scale / end_ * (low * t * u * u);
    f.second = scale / (end_ * end_) * (low * u * ((p - 1) * u - 2 * t));
  }

  RadialFunction function_;
  bool cutoff_;
  int count_, power_;  ///< the power of the polynomial cutoff, or 0 for none
  double start_, end_, step_, frequency_, amplitude_ = 1;
};

}  // namespace gsteer
