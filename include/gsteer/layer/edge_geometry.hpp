// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <utility>

#include "gsteer/core/buffer.hpp"
#include "gsteer/core/parallel.hpp"
#include "gsteer/core/scratch.hpp"
#include "gsteer/field/graph.hpp"
#include "gsteer/kernel/radial_basis.hpp"
#include "gsteer/kernel/spherical_harmonics.hpp"

namespace gsteer::detail {

/// What a steerable kernel on edges knows of an edge: the harmonics of its direction and the radial
/// functions of its length, and their derivatives along a direction in which the points move.
///
/// An edge of length zero has no direction: its harmonics of degree > 0 are 0, and it takes no part
/// in any derivative.
template <class Scalar>
class EdgeGeometry {
 public:
  EdgeGeometry(int l_max, RadialBasis<Scalar> radial)
      : harmonics_(l_max), radial_(std::move(radial)) {}

  int harmonic_count() const { return harmonics_.size(); }
  int radial_count() const { return radial_.size(); }
  int edges() const { return edges_; }

  const Scalar* harmonics() const { return y_.data(); }           ///< [harmonic][edge]
  const Scalar* harmonics_tangent() const { return dy_.data(); }  ///< [harmonic][edge]
  const Scalar* radial() const { return radial_values_.data(); }  ///< [edge][function]
  const Scalar* radial_tangent() const { return radial_tangent_.data(); }

  void forward(const Graph& graph) {
    edges_ = graph.edges();
    has_slopes_ = false;
    const std::size_t n = size(1);
    for (auto* buffer : {&v_, &unit_}) fit(*buffer, 3 * n);
    for (auto* buffer : {&r_, &inverse_}) fit(*buffer, n);
    fit(y_, size(harmonic_count()));
    fit(radial_values_, size(radial_count()));
    for_each_piece([&](std::size_t first, std::size_t last) {
      for (std::size_t e = first; e < last; ++e) {
        const double* const v = graph.vectors().data() + 3 * e;
        const auto r = static_cast<Scalar>(std::sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]));
        r_[e] = r;
        inverse_[e] = r > 0 ? 1 / r : Scalar{0};
        for (std::size_t axis = 0; axis < 3; ++axis) {
          v_[axis * n + e] = static_cast<Scalar>(v[axis]);
          unit_[axis * n + e] = v_[axis * n + e] * inverse_[e];
        }
      }
      const int count = static_cast<int>(last - first);
      harmonics_.evaluate(v_.data() + first, count, edges_, y_.data() + first);
      evaluate_radial(first, count, radial_values_.data(), nullptr, nullptr);
    });
  }

  /// Adds to d_vectors, 3 x edges, from the gradients with respect to harmonics and radial
  /// functions. Remembers them.
  void backward(const Scalar* gy, const Scalar* g_radial, Eigen::MatrixXd& d_vectors) {
    const std::size_t n = size(1), count = static_cast<std::size_t>(radial_count());
    if (n == 0) return;
    find_slopes();
    fit(work_, 3 * n);
    for_each_piece([&](std::size_t first, std::size_t last) {
      harmonics_.backward(v_.data() + first, static_cast<int>(last - first), edges_, gy + first,
                          work_.data() + first);
      for (std::size_t e = first; e < last; ++e) {
        Scalar slope = 0;
        for (std::size_t f = 0; f < count; ++f)
          slope += g_radial[e * count + f] * radial_first_[e * count + f];
        for (std::size_t axis = 0; axis < 3; ++axis)
          d_vectors.data()[3 * e + axis] +=
              static_cast<double>(work_[axis * n + e] + slope * unit(e, axis));
      }
    });
  }

  /// Derivatives of harmonics and radial functions along the vectors' tangents, 3 x edges.
  void forward_tangent(const Eigen::MatrixXd& tangents) {
    const std::size_t n = size(1), count = static_cast<std::size_t>(radial_count());
    find_slopes();
    fit(dv_, 3 * n);
    fit(dr_, n);
    fit(dy_, size(harmonic_count()));
    fit(radial_tangent_, size(radial_count()));
    for_each_piece([&](std::size_t first, std::size_t last) {
      for (std::size_t e = first; e < last; ++e) {
        Scalar dr = 0;
        for (std::size_t axis = 0; axis < 3; ++axis) {
          const auto dv = static_cast<Scalar>(tangents.data()[3 * e + axis]);
          dv_[axis * n + e] = dv;
          dr += dv * unit(e, axis);
        }
        dr_[e] = dr;
        for (std::size_t f = 0; f < count; ++f)
          radial_tangent_[e * count + f] = dr * radial_first_[e * count + f];
      }
      harmonics_.tangent(v_.data() + first, dv_.data() + first, static_cast<int>(last - first),
                         edges_, dy_.data() + first);
    });
  }

  /// Adds to dd_vectors the derivative of `backward` along the tangents of the vectors and of its
  /// two gradients.
  void backward_tangent(const Scalar* gy, const Scalar* g_radial, const Scalar* dgy,
                        const Scalar* dg_radial, Eigen::MatrixXd& dd_vectors) {
    const std::size_t n = size(1), count = static_cast<std::size_t>(radial_count());
    if (n == 0) return;
    for_each_piece([&](std::size_t first, std::size_t last) {
      harmonics_.backward_tangent(v_.data() + first, dv_.data() + first,
                                  static_cast<int>(last - first), edges_, gy + first, dgy + first,
                                  work_.data() + first);
      for (std::size_t e = first; e < last; ++e) {
        // The gradient of b(r) is slope v / r; the unit vector turns with (dv - u (u . dv)) / r.
        Scalar slope = 0, change = 0;
        for (std::size_t f = 0; f < count; ++f) {
          const std::size_t i = e * count + f;
          slope += g_radial[i] * radial_first_[i];
          change += dg_radial[i] * radial_first_[i] + g_radial[i] * radial_second_[i] * dr_[e];
        }
        for (std::size_t axis = 0; axis < 3; ++axis) {
          const Scalar turn = (dv_[axis * n + e] - unit(e, axis) * dr_[e]) * inverse_[e];
          dd_vectors.data()[3 * e + axis] +=
              static_cast<double>(work_[axis * n + e] + change * unit(e, axis) + slope * turn);
        }
      }
    });
  }

 private:
  std::size_t size(int per_edge) const {
    return static_cast<std::size_t>(edges_) * static_cast<std::size_t>(per_edge);
  }
  static void fit(Buffer<Scalar>& buffer, std::size_t size) {
    if (buffer.size() < size) buffer = Buffer<Scalar>(size);
  }
  /// 0 for an edge of length zero
  Scalar unit(std::size_t e, std::size_t axis) const { return unit_[axis * size(1) + e]; }

  /// body(first, last) for the edges in pieces, in parallel.
  template <class Body>
  void for_each_piece(const Body& body) const {
    parallel_pieces(static_cast<std::size_t>(edges_), 256, body);
  }

  /// The derivatives of the radial functions, which not every pass needs.
  void find_slopes() {
    if (has_slopes_) return;
    for (auto* buffer : {&radial_first_, &radial_second_}) fit(*buffer, size(radial_count()));
    for_each_piece([&](std::size_t first, std::size_t last) {
      evaluate_radial(first, static_cast<int>(last - first), nullptr, radial_first_.data(),
                      radial_second_.data());
    });
    has_slopes_ = true;
  }
  /// Functions come as [function][edge]; the radial network wants the rows of edges. What is null
  /// is not wanted.
  void evaluate_radial(std::size_t begin, int edges, Scalar* values, Scalar* first,
                       Scalar* second) const {
    const auto n = static_cast<std::size_t>(edges),
               count = static_cast<std::size_t>(radial_count());
    const std::ptrdiff_t part = std::ptrdiff_t{edges} * radial_count();
    Scalar* const columns = scratch<Scalar>(Slot::columns, 3 * part);
    radial_.evaluate(r_.data() + begin, edges, edges, columns, first ? columns + part : nullptr,
                     second ? columns + 2 * part : nullptr);
    const Scalar* from = columns;
    for (Scalar* const rows : {values, first, second}) {
      for (std::size_t e = 0; rows && e < n; ++e)
        for (std::size_t f = 0; f < count; ++f) rows[(begin + e) * count + f] = from[f * n + e];
      from += part;
    }
  }

  SphericalHarmonics<Scalar> harmonics_;
  RadialBasis<Scalar> radial_;
  int edges_ = 0;
  bool has_slopes_ = false;
  Buffer<Scalar> v_, r_, unit_, inverse_, y_, radial_values_, radial_first_, radial_second_;
  Buffer<Scalar> dv_, dr_, dy_, radial_tangent_, work_;
};

}  // namespace gsteer::detail
