// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include "gsteer/layer/kernels/fieldwise.hpp"
#include "gsteer/layer/parameter.hpp"
#include "gsteer/layer/pointwise.hpp"

namespace gsteer::detail {

/// How a norm nonlinearity makes the argument of its function of a length n: n - exp(p), n + p, or
/// n, with a parameter p of each field; and what it does with lengths near 0, which have no
/// direction.
template <class Scalar>
struct NormArgument {
  Parameter<Scalar> parameter;  ///< [field], empty for n
  bool logarithmic = false;     ///< n - exp(p)
  Scalar least = 0;             ///< smaller lengths count as this
  Scalar vanishing = 0;         ///< up to this the result is 0
  Scalar constant = 0;          ///< up to this the factor does not depend on x

  Scalar subtracted(std::size_t field) const {
    return logarithmic ? std::exp(parameter.value[field]) : -parameter.value[field];
  }
  /// The derivative of `subtracted` by p.
  Scalar slope(std::size_t field) const {
    return logarithmic ? std::exp(parameter.value[field]) : Scalar{-1};
  }
};

/// The second derivative at one field x: turns dg into D(J g), the derivative of J g as x moves
/// along dx and g along dg, and returns that of f' <g, x> / n, on which the gradient of the
/// parameter rests.
///
/// With n = |x|, u = x / n, the factor s = f / n, its slope r = (f' - s) / n, and a = <u, dx>,
/// c = <u, g>, e = <u, dg>:
///   J g = s g + r c x,  as d(s) = r a, d(n) = a, d(u) = (dx - a u) / n
///   D(J g) = s dg + r c dx + r a g + (r e + (r (<dx, g> - 3 a c) + f'' a c) / n) x
///   D(f' c) = f'' a c + f' (e + (<dx, g> - a c) / n).
template <class Scalar>
struct NormSecondDerivative {
  const Scalar *x, *g, *dx;
  Scalar factor, slope, bend;  ///< s, f', f''

  /// `inverse` is 1 / n, or 0 where the layer gives 0; `constant`: s and f do not depend on x.
  Scalar operator()(Scalar* dg, int channels, Scalar inverse, bool constant) const {
    Scalar a = 0, c = 0, e = 0, mixed = 0;
    for (int i = 0; i < channels; ++i) {
      a += x[i] * dx[i];
      c += x[i] * g[i];
      e += x[i] * dg[i];
      mixed += dx[i] * g[i];
    }
    a *= constant ? Scalar{0} : inverse;
    c *= inverse;
    e *= inverse;
    mixed *= inverse;
    const Scalar r = constant ? Scalar{0} : (slope - factor) * inverse;
    const Scalar ac = a * c,
                 along_x = r * e + (r * (mixed - 3 * ac * inverse) + bend * ac * inverse);
    for (int i = 0; i < channels; ++i)
      dg[i] = factor * dg[i] + r * (c * dx[i] + a * g[i]) + along_x * x[i];
    return bend * ac + slope * (e + mixed - ac * inverse);
  }
};

/// The arithmetic of NormNonlinearity; one instance for each function and scalar type.
template <class Function, class Scalar>
class NormScaling {
 public:
  NormScaling(Function function, NormArgument<Scalar> how)
      : argument(std::move(how)), function_(function) {}

  Buffer<Scalar> norms(const FieldBatch& f, Channels<const Scalar> x) const {
    auto n = field_products(f, x, x);
    const Scalar least = argument.least;
    for_each_part(n.size(), [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) n[i] = std::sqrt(n[i]);
      if (least == 0) return;
      for (std::size_t i = begin; i < end; ++i) n[i] = std::max(n[i], least);
    });
    return n;
  }

  /// f(a) / n
  Buffer<Scalar> factors(const FieldBatch& f, const Buffer<Scalar>& norms) const {
    return factors(arguments(f, norms), norms);
  }

  /// Turns g into J g, where J = J^T is the derivative of y = s x, s = f(a) / n,
  ///   J g = s g + (f' - s) / n^2 <g, x> x.
  void differentiate(const FieldBatch& f, Channels<Scalar> g, Channels<const Scalar> x,
                     const Buffer<Scalar>& norms) const {
    differentiate(f, g, x, norms, [](const auto&...) {});
  }

  /// The same, and adds the gradient of the parameter, f' / n <g, x> da/dp.
  void backward(const FieldBatch& f, Channels<Scalar> g, Channels<const Scalar> x,
                const Buffer<Scalar>& norms) {
    differentiate(f, g, x, norms, [&](const Buffer<Scalar>& slope, const Buffer<Scalar>& dot) {
      add_gradient(f, [&](std::size_t at) {
        return norms[at] > argument.vanishing ? slope[at] * dot[at] / norms[at] : Scalar{0};
      });
    });
  }

  /// Turns dg into the derivative of J g along (dx, dg); adds that of the gradient of the
  /// parameter. On points.
  void backward_tangent(int batch, const field_channels& all, Scalar* dg, const Scalar* x,
                        const Scalar* g, const Scalar* dx, const Buffer<Scalar>& norms) {
    const FieldBatch f{batch, 1, all, true};
    const auto inside = arguments(f, norms), s = factors(inside, norms);
    const auto slope = evaluated(inside, [this](const auto& v) { return function_.derivative(v); });
    auto bend = evaluated(inside, [this](const auto& v) { return function_.second_derivative(v); });
    const Scalar vanishing = argument.vanishing, constant = argument.constant;
    f.for_each([&](int b, int i) {
      const auto k = static_cast<std::size_t>(f.whole(b, i));
      const auto at = f.channel(b, i, all.channels);
      const NormSecondDerivative<Scalar> second{x + at, g + at, dx + at, s[k], slope[k], bend[k]};
      bend[k] = second(dg + at, f.channels(i), norms[k] > vanishing ? 1 / norms[k] : Scalar{0},
                       !(norms[k] > constant));
    });
    add_gradient(f, [&](std::size_t at) { return bend[at]; });
  }

  NormArgument<Scalar> argument;

 private:
  template <class AddGradient>
  void differentiate(const FieldBatch& f, Channels<Scalar> g, Channels<const Scalar> x,
                     const Buffer<Scalar>& norms, AddGradient&& add_parameter_gradient) const {
    const auto dot = field_products(f, Channels<const Scalar>{g.data, g.count}, x);
    const auto inside = arguments(f, norms), s = factors(inside, norms);
    Buffer<Scalar> pull(f.size());  // f' first
    std::fill(pull.begin(), pull.end(), Scalar{1});
    pointwise_backward(function_, inside.data(), pull.data(), pull.size());
    add_parameter_gradient(pull, dot);
    const Scalar constant = argument.constant;
    for_each_part(pull.size(), [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        const Scalar n = norms[i];
        pull[i] = n > constant ? (pull[i] - s[i]) / n * (dot[i] / n) : Scalar{0};
      }
    });
    combine_fields(f, g, s.data(), pull.data(), x);
  }

  Buffer<Scalar> factors(Buffer<Scalar> s, const Buffer<Scalar>& norms) const {
    pointwise_forward(function_, s.data(), static_cast<Scalar*>(nullptr), s.size());
    const Scalar vanishing = argument.vanishing;
    for_each_part(s.size(), [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i)
        s[i] = norms[i] > vanishing ? s[i] / norms[i] : Scalar{0};
    });
    return s;
  }

  Buffer<Scalar> arguments(const FieldBatch& f, const Buffer<Scalar>& norms) const {
    auto inside = norms;
    if (argument.parameter.value.empty()) return inside;
    Buffer<Scalar> subtracted(argument.parameter.value.size());
    for (std::size_t i = 0; i < subtracted.size(); ++i) subtracted[i] = argument.subtracted(i);
    f.for_each([&](int b, int i) {
      const Scalar value = subtracted[static_cast<std::size_t>(i)];
      Scalar* row = inside.data() + f.whole(b, i);
      for (int p = 0; p < f.points; ++p) row[p] -= value;
    });
    return inside;
  }

  template <class Derivative>
  static Buffer<Scalar> evaluated(Buffer<Scalar> v, Derivative&& derivative) {
    for_each_part(v.size(), [&](std::size_t begin, std::size_t end) {
      map_blocks(v.data() + begin, v.data() + begin, end - begin, [&](const auto& x, const auto&) {
        return NumberBlock<Scalar>(derivative(NumberBlock<Scalar>(x)));
      });
    });
    return v;
  }

  /// Adds the sum of term(index of a field at a point) = dL/da times da/dp for each field.
  template <class Term>
  void add_gradient(const FieldBatch& f, Term&& term) {
    if (argument.parameter.value.empty()) return;
    parallel_for(f.fields(), [&](int i) {
      Scalar sum = 0;
      for (int b = 0; b < f.batch; ++b)
        for (auto at = static_cast<std::size_t>(f.whole(b, i)),
                  end = at + static_cast<std::size_t>(f.points);
             at < end; ++at)
          sum -= term(at);
      const auto field = static_cast<std::size_t>(i);
      argument.parameter.gradient[field] += argument.slope(field) * sum;
    });
  }

  Function function_;
};

}  // namespace gsteer::detail
