// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <cstddef>
#include <limits>

#include "gsteer/core/buffer.hpp"
#include "gsteer/field/graph.hpp"

namespace gsteer::detail {

/// log c(r) of the polynomial cutoff c of RadialBasis::bessel, and its derivatives by r. With t = r
/// / cutoff, c' = -p (p + 1)(p + 2)/2 t^(p - 1) (1 - t)^2 / cutoff and c(0) = 1 give the form
///   c = (1 - t)^3 Q(t),   Q = sum over k < p of (k + 1)(k + 2)/2 t^k,
/// which has no cancellation near the end. From 1e-6 before the cutoff on, where c is below the
/// rounding of 1, the value is -infinity and the derivatives are 0.
struct LogCutoff {
  double value = -std::numeric_limits<double>::infinity(), first = 0, second = 0;

  LogCutoff(double r, double cutoff, int power) {
    const double p = power, t = r / cutoff, u = 1 - t;
    if (!(u > 1e-6)) return;
    double q = 0, slope = 0, low = 1;  // Q, Q', t^(p - 2)
    for (int k = power - 1; k >= 0; --k) {
      slope = slope * t + q;
      q = q * t + 0.5 * (k + 1) * (k + 2);
    }
    for (int k = 2; k < power; ++k) low *= t;
    const double scale = -p * (p + 1) * (p + 2) / 2 * low / (u * q * cutoff);
    value = 3 * std::log(u) + std::log(q);
    first = scale * t;
    second = scale * (p - 1 + t / u - t * slope / q) / cutoff;
  }
};

/// LogCutoff of each edge, and its derivatives along a direction in which the points move. An edge
/// of length zero has no direction and takes no part in any derivative.
template <class Scalar>
class EdgeCutoff {
 public:
  /// Without `smooth`, 0 for edges that are shorter than the cutoff.
  EdgeCutoff(double cutoff, int power, bool smooth)
      : cutoff_(cutoff), power_(power), smooth_(smooth) {}

  const Scalar* values() const { return value_.data(); }
  const Scalar* tangents() const { return tangent_.data(); }

  void forward(const Graph& graph) {
    edges_ = static_cast<std::size_t>(graph.edges());
    fit(value_);
    for (auto* buffer : {&first_, &second_, &inverse_length_}) fit(*buffer);
    if (unit_.size() < 3 * edges_) unit_ = Buffer<double>(3 * edges_);
    for (std::size_t e = 0; e < edges_; ++e) {
      const double* const v = graph.vectors().data() + 3 * e;
      const double r = std::sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
      LogCutoff c(r, cutoff_, power_);
      if (!smooth_ && r < cutoff_) c.value = c.first = c.second = 0;
      value_[e] = static_cast<Scalar>(c.value);
      first_[e] = c.first;
      second_[e] = c.second;
      inverse_length_[e] = r > 0 ? 1 / r : 0;
      for (std::size_t axis = 0; axis < 3; ++axis)
        unit_[3 * e + axis] = v[axis] * inverse_length_[e];
    }
  }

  /// Adds to d_vectors, 3 x edges, from the gradient g with respect to the values.
  void backward(const Scalar* g, Eigen::MatrixXd& d_vectors) const {
    for (std::size_t i = 0; i < 3 * edges_; ++i)
      d_vectors.data()[i] += static_cast<double>(g[i / 3]) * first_[i / 3] * unit_[i];
  }

  /// Derivatives of the values along the vectors' tangents, 3 x edges.
  void forward_tangent(const Eigen::MatrixXd& d_vectors) {
    fit(tangent_);
    d_vectors_ = d_vectors;
    for (std::size_t e = 0; e < edges_; ++e)
      tangent_[e] = static_cast<Scalar>(first_[e] * stretch(e));
  }

  /// Adds to dd_vectors the derivative of `backward` along the tangents of the vectors and of g:
  /// the unit vector n = v / r turns with (dv - n (n . dv)) / r.
  void backward_tangent(const Scalar* g, const Scalar* dg, Eigen::MatrixXd& dd_vectors) const {
    for (std::size_t e = 0; e < edges_; ++e) {
      const double dr = stretch(e), slope = static_cast<double>(g[e]) * first_[e];
      const double change =
          static_cast<double>(dg[e]) * first_[e] + static_cast<double>(g[e]) * second_[e] * dr;
      for (std::size_t i = 3 * e; i < 3 * e + 3; ++i)
        dd_vectors.data()[i] +=
            change * unit_[i] + slope * inverse_length_[e] * (d_vectors_.data()[i] - unit_[i] * dr);
    }
  }

 private:
  template <class Number>
  void fit(Buffer<Number>& buffer) const {
    if (buffer.size() < edges_) buffer = Buffer<Number>(edges_);
  }
  /// How fast an edge grows along the tangents.
  double stretch(std::size_t e) const {
    const double *n = unit_.data() + 3 * e, *dv = d_vectors_.data() + 3 * e;
    return n[0] * dv[0] + n[1] * dv[1] + n[2] * dv[2];
  }

  double cutoff_;
  int power_;
  bool smooth_;
  std::size_t edges_ = 0;
  Eigen::MatrixXd d_vectors_;
  Buffer<Scalar> value_, tangent_;
  Buffer<double> first_, second_, inverse_length_, unit_;
};

}  // namespace gsteer::detail
