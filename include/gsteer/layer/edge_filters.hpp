// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

#include "gsteer/core/buffer.hpp"
#include "gsteer/core/parallel.hpp"
#include "gsteer/field/graph.hpp"
#include "gsteer/kernel/filters.hpp"
#include "gsteer/kernel/space.hpp"
#include "gsteer/kernel/spherical_harmonics.hpp"

namespace gsteer::detail {

/// The scalar filters of a kernel space at the vectors v of edges, in the order of KernelFilters:
///   f(v) = radial(|x|) Y(x / |x|),   x = v / spacing,
/// and their derivatives by v. Const: what derivatives need is computed again from the graph.
///
/// The harmonics of the plane are those of space of highest order, seen on the equator: with w =
/// z + i x, Y(l, l) and Y(l, -l) are there multiples of Re w^l and Im w^l. So kernels on the plane
/// and in space are evaluated, and differentiated, by the same code, for vectors turned by the
/// rotation that takes the axes (x, y, z) to (z, x, y).
///
/// An edge of length zero has no direction: its harmonics of degree > 0 are 0, and it takes no part
/// in any derivative. So is one shorter than 1e-9 of the spacing, whose direction would be
/// rounding.
template <class Scalar>
class EdgeFilters {
 public:
  /// \throws Error unless spacing > 0
  [[gnu::cold]] EdgeFilters(const kernel_space& space, const KernelFilters& filters, double spacing)
      : scale_(1 / spacing), harmonics_(filters.degrees() - 1, gsteer::Normalization::norm) {
    expect(spacing > 0 && std::isfinite(spacing), "PointConv: expected a spacing > 0, got ",
           spacing);
    if (space.dimension == 2) turn_ = {1, 2, 0};
    for (const auto& ring : space.profile)
      rings_.push_back({static_cast<Scalar>(ring.radius), static_cast<Scalar>(1 / ring.width)});
    Buffer<Scalar> pole(static_cast<std::size_t>(harmonics_.size()));
    const Scalar z[3] = {0, 0, 1};  // where w = 1
    harmonics_.evaluate(z, 1, 1, pole.data());
    for (const auto& [l, ring, first] : filters.parts)
      for (int c = 0; c < harmonic_count(space.dimension, l); ++c) {
        if (space.dimension == 3) {
          filters_.push_back({harmonic_index(l, c - l), ring, 1});
        } else {
          const int highest = harmonic_index(l, l);
          filters_.push_back({harmonic_index(l, c == 0 ? l : -l), ring,
                              1 / pole[static_cast<std::size_t>(highest)]});
        }
      }
  }

  /// The number of filters.
  int size() const { return static_cast<int>(filters_.size()); }

  /// The filters, [edge][filter].
  void values(const Graph& graph, Scalar* f) const {
    for_each_tile(graph, nullptr, [&](Tile& t) {
      for_each_filter([&](int i, const Filter& filter) {
        const Scalar *y = t.row(t.y, filter.harmonic), *radial = t.row(t.radial, filter.ring);
        for (int e = 0; e < t.count; ++e) f[at(t, e, i)] = filter.scale * y[e] * radial[e];
      });
    });
  }

  /// Their derivatives along d_vectors, 3 x edges.
  void tangent(const Graph& graph, const Eigen::MatrixXd& d_vectors, Scalar* df) const {
    for_each_tile(graph, &d_vectors, [&](Tile& t) {
      for_each_filter([&](int i, const Filter& filter) {
        const Scalar *y = t.row(t.y, filter.harmonic), *dy = t.row(t.dy, filter.harmonic),
                     *radial = t.row(t.radial, filter.ring), *first = t.row(t.first, filter.ring);
        for (int e = 0; e < t.count; ++e)
          df[at(t, e, i)] = filter.scale * (dy[e] * radial[e] + y[e] * first[e] * t.dr[index(e)]);
      });
    });
  }

  /// by_vectors, 3 x edges, += (df/dv)^T g
  void backward(const Graph& graph, const Scalar* g, Eigen::MatrixXd& by_vectors) const {
    for_each_tile(graph, nullptr, [&](Tile& t) {
      pull_filters(t, g);
      harmonics_.backward(t.v.data(), t.count, tile, t.gy.data(), t.pull.data());
      for (std::size_t ring = 0; ring < rings_.size(); ++ring) {
        const Scalar *g_radial = t.row(t.g_radial, ring), *first = t.row(t.first, ring);
        for (int e = 0; e < t.count; ++e) t.slope[index(e)] += g_radial[e] * first[e];
      }
      for (std::size_t axis = 0; axis < 3; ++axis) {
        const Scalar *unit = t.row(t.unit, axis), *pull = t.row(t.pull, axis);
        for (int e = 0; e < t.count; ++e)
          add(t, e, axis, pull[e] + t.slope[index(e)] * unit[e], by_vectors);
      }
    });
  }

  /// by_vectors += the derivative of (df/dv)^T g as v moves along d_vectors and g along dg.
  void backward_tangent(const Graph& graph, const Eigen::MatrixXd& d_vectors, const Scalar* g,
                        const Scalar* dg, Eigen::MatrixXd& by_vectors) const {
    for_each_tile(graph, &d_vectors, [&](Tile& t) {
      pull_filters(t, g);
      pull_filters_tangent(t, g, dg);
      harmonics_.backward_tangent(t.v.data(), t.dv.data(), t.count, tile, t.gy.data(), t.dgy.data(),
                                  t.pull.data());
      // The gradient of b(r) is b' u, and the unit vector u turns with (dv - u dr) / r.
      for (std::size_t ring = 0; ring < rings_.size(); ++ring) {
        const Scalar *g_radial = t.row(t.g_radial, ring), *dg_radial = t.row(t.dg_radial, ring),
                     *first = t.row(t.first, ring), *second = t.row(t.second, ring);
        for (int e = 0; e < t.count; ++e) {
          t.slope[index(e)] += g_radial[e] * first[e];
          t.change[index(e)] += dg_radial[e] * first[e] + g_radial[e] * second[e] * t.dr[index(e)];
        }
      }
      for (std::size_t axis = 0; axis < 3; ++axis) {
        const Scalar *unit = t.row(t.unit, axis), *dv = t.row(t.dv, axis),
                     *pull = t.row(t.pull, axis);
        for (int e = 0; e < t.count; ++e) {
          const std::size_t k = index(e);
          const Scalar turn = t.r[k] > 0 ? (dv[e] - unit[e] * t.dr[k]) / t.r[k] : Scalar{0};
          add(t, e, axis, pull[e] + t.change[k] * unit[e] + t.slope[k] * turn, by_vectors);
        }
      }
    });
  }

 private:
  static constexpr int tile = 64;  // edges at a time

  struct Filter {
    int harmonic = 0, ring = 0;
    Scalar scale = 1;
  };
  struct Ring {
    Scalar radius, sharpness;  ///< 1 / width
  };

  /// Some edges and all that is known of them, a row of `tile` numbers for each quantity.
  struct Tile {
    Tile(int harmonics, std::size_t rings)
        : v(index(3 * tile)),
          unit(v),
          dv(v),
          pull(v),
          r(index(tile)),
          dr(r),
          slope(r),
          change(r),
          y(index(harmonics * tile)),
          dy(y),
          gy(y),
          dgy(y),
          radial(rings * index(tile)),
          first(radial),
          second(radial),
          g_radial(radial),
          dg_radial(radial) {}

    template <class Index>
    static Scalar* row(Buffer<Scalar>& rows, Index i) {
      return rows.data() + static_cast<std::size_t>(i) * index(tile);
    }

    int start = 0, count = 0;
    Buffer<Scalar> v, unit, dv, pull;      // by axis
    Buffer<Scalar> r, dr, slope, change;   // one
    Buffer<Scalar> y, dy, gy, dgy;         // by harmonic
    Buffer<Scalar> radial, first, second;  // by ring: the function and its derivatives
    Buffer<Scalar> g_radial, dg_radial;    // by ring
  };

  static constexpr std::size_t index(int i) { return static_cast<std::size_t>(i); }
  std::ptrdiff_t at(const Tile& t, int e, int filter) const {
    return std::ptrdiff_t{t.start + e} * size() + filter;
  }

  template <class Body>
  void for_each_filter(Body&& body) const {
    for (int i = 0; i < size(); ++i) body(i, filters_[index(i)]);
  }

  /// body(tile) for all edges, in parallel, with the harmonics and radial functions in the tile;
  /// their derivatives too if there are tangents.
  template <class Body>
  void for_each_tile(const Graph& graph, const Eigen::MatrixXd* tangents, Body&& body) const {
    constexpr int tiles_of_task = 16;
    const int tiles = (graph.edges() + tile - 1) / tile;
    parallel_for((tiles + tiles_of_task - 1) / tiles_of_task, [&](int task) {
      Tile t(harmonics_.size(), rings_.size());
      const int last = std::min(tiles, (task + 1) * tiles_of_task);
      for (int i = task * tiles_of_task; i < last; ++i) {
        t.start = i * tile;
        t.count = std::min(tile, graph.edges() - t.start);
        load(t, graph.vectors(), t.v);
        forget_directions_of_rounding(t);
        measure(t);
        harmonics_.evaluate(t.v.data(), t.count, tile, t.y.data());
        if (tangents) {
          load(t, *tangents, t.dv);
          std::fill(t.dr.begin(), t.dr.end(), Scalar{0});
          for (std::size_t axis = 0; axis < 3; ++axis)
            for (std::size_t e = 0; e < index(t.count); ++e)
              t.dr[e] += t.row(t.unit, axis)[e] * t.row(t.dv, axis)[e];
          harmonics_.tangent(t.v.data(), t.dv.data(), t.count, tile, t.dy.data());
        }
        body(t);
      }
    });
  }

  /// Columns of 3 x edges, turned and in units of the kernel.
  void load(const Tile& t, const Eigen::MatrixXd& vectors, Buffer<Scalar>& rows) const {
    for (std::size_t e = 0; e < index(t.count); ++e)
      for (std::size_t axis = 0; axis < 3; ++axis)
        rows[axis * index(tile) + e] =
            static_cast<Scalar>(scale_ * vectors.data()[3 * (index(t.start) + e) + turn_[axis]]);
  }

  /// Adds to a component of the gradient.
  void add(const Tile& t, int e, std::size_t axis, Scalar value, Eigen::MatrixXd& to) const {
    to.data()[3 * index(t.start + e) + turn_[axis]] += scale_ * static_cast<double>(value);
  }

  void forget_directions_of_rounding(Tile& t) const {
    const auto small = static_cast<Scalar>(1e-9);
    for (std::size_t e = 0; e < index(t.count); ++e) {
      Scalar *x = &t.v[e], *y = x + tile, *z = y + tile;
      if (std::abs(*x) < small && std::abs(*y) < small && std::abs(*z) < small) *x = *y = *z = 0;
    }
  }

  /// Lengths and directions, and the rings' exp(-t^2 / 2), t = (r - radius) / width.
  void measure(Tile& t) const {
    for (std::size_t e = 0; e < index(t.count); ++e) {
      const Scalar x = t.v[e], y = t.v[index(tile) + e], z = t.v[2 * index(tile) + e];
      t.r[e] = std::sqrt(x * x + y * y + z * z);
      const Scalar inverse = t.r[e] > 0 ? 1 / t.r[e] : Scalar{0};
      for (std::size_t axis = 0; axis < 3; ++axis)
        t.unit[axis * index(tile) + e] = inverse * t.v[axis * index(tile) + e];
    }
    std::fill(t.slope.begin(), t.slope.end(), Scalar{0});
    std::fill(t.change.begin(), t.change.end(), Scalar{0});
    for (std::size_t ring = 0; ring < rings_.size(); ++ring) {
      const auto [radius, sharpness] = rings_[ring];
      Scalar *radial = t.row(t.radial, ring), *first = t.row(t.first, ring),
             *second = t.row(t.second, ring);
      for (std::size_t e = 0; e < index(t.count); ++e) {
        const Scalar s = (t.r[e] - radius) * sharpness;
        radial[e] = std::exp(-s * s / 2);
        first[e] = -s * sharpness * radial[e];
        second[e] = (s * s - 1) * sharpness * sharpness * radial[e];
      }
    }
  }

  /// From the gradients of the filters to those of their factors.
  void pull_filters(Tile& t, const Scalar* g) const {
    std::fill(t.gy.begin(), t.gy.end(), Scalar{0});
    std::fill(t.g_radial.begin(), t.g_radial.end(), Scalar{0});
    for_each_filter([&](int i, const Filter& filter) {
      const Scalar *y = t.row(t.y, filter.harmonic), *radial = t.row(t.radial, filter.ring);
      Scalar *gy = t.row(t.gy, filter.harmonic), *g_radial = t.row(t.g_radial, filter.ring);
      for (int e = 0; e < t.count; ++e) {
        const Scalar gf = filter.scale * g[at(t, e, i)];
        gy[e] += gf * radial[e];
        g_radial[e] += gf * y[e];
      }
    });
  }
  void pull_filters_tangent(Tile& t, const Scalar* g, const Scalar* dg) const {
    std::fill(t.dgy.begin(), t.dgy.end(), Scalar{0});
    std::fill(t.dg_radial.begin(), t.dg_radial.end(), Scalar{0});
    for_each_filter([&](int i, const Filter& filter) {
      const Scalar *y = t.row(t.y, filter.harmonic), *dy = t.row(t.dy, filter.harmonic),
                   *radial = t.row(t.radial, filter.ring), *first = t.row(t.first, filter.ring);
      Scalar *dgy = t.row(t.dgy, filter.harmonic), *dg_radial = t.row(t.dg_radial, filter.ring);
      for (int e = 0; e < t.count; ++e) {
        const Scalar gf = filter.scale * g[at(t, e, i)], dgf = filter.scale * dg[at(t, e, i)];
        dgy[e] += dgf * radial[e] + gf * first[e] * t.dr[index(e)];
        dg_radial[e] += dgf * y[e] + gf * dy[e];
      }
    });
  }

  double scale_;
  SphericalHarmonics<Scalar> harmonics_;
  std::array<std::size_t, 3> turn_{0, 1, 2};  ///< which component of v stands on each axis
  std::vector<Ring> rings_;
  std::vector<Filter> filters_;
};

}  // namespace gsteer::detail
