// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>
#include <vector>

#include "gsteer/core/error.hpp"
#include "gsteer/kernel/kernels/harmonic_polynomials.hpp"

namespace gsteer {

/// What the squares of the 2l + 1 harmonics of degree l sum to on the unit sphere:
/// - component: 2l + 1, so that each has mean square 1;
/// - norm: 1;
/// - integral: (2l + 1) / 4 pi, so that the integral of each square is 1.
enum class Normalization { component, norm, integral };

/// - surface: functions of the direction v / |v|;
/// - solid: homogeneous polynomials of degree l in v, which agree with them on the unit sphere.
enum class HarmonicForm { surface, solid };

/// The real spherical harmonics of degree 0 to l_max and their derivatives at many points.
///
/// The convention is e3nn's: those of degree 1 are (x, y, z) times a constant, the polar axis is y,
/// and there is no Condon-Shortley phase. detail::HarmonicPolynomials says how they are computed.
///
/// In surface form the zero vector has no direction: its harmonics are 0 but for l = 0, and so are
/// all derivatives. So for vectors shorter than 2^-51 in float, 2^-499 in double, whose derivatives
/// would overflow, and for finite ones whose square overflows.
///
/// All arrays hold numbers of n points side by side, a row for each quantity, rows `stride` numbers
/// apart, so that a range of a larger array can be given:
/// - vectors v [axis][point],
/// - values y [harmonic][point],
/// - gradients [harmonic][axis][point],
/// - Hessians [harmonic][xx, xy, xz, yy, yz, zz][point].
///
/// Rows a multiple of 4 kB apart share a few lines of the cache and take about twice as long; a
/// stride of n + 16 then helps.
///
/// Outputs are overwritten and must not overlap inputs. Calls are const and may run in parallel.
template <class Scalar>
class SphericalHarmonics {
 public:
  /// \throws Error unless 0 <= l_max < 10000
  [[gnu::cold]] explicit SphericalHarmonics(int l_max,
                                            Normalization normalization = Normalization::component,
                                            HarmonicForm form = HarmonicForm::surface)
      : polynomials_(lengths(l_max, normalization)), form_(form) {}

  int l_max() const { return polynomials_.l_max(); }
  /// The number of harmonics, (l_max + 1)^2.
  int size() const { return (l_max() + 1) * (l_max() + 1); }
  HarmonicForm form() const { return form_; }

  /// The harmonics at v and, where the pointers are not null, their gradients and Hessians.
  void evaluate(const Scalar* v, int n, std::ptrdiff_t stride, Scalar* y,
                Scalar* gradients = nullptr, Scalar* hessians = nullptr) const {
    // Computed in place, but where there are fewer points than in a block.
    const bool whole = n >= lanes;
    const std::ptrdiff_t row = whole ? stride : lanes;
    Block* const values = scratch(8 * count());
    Block *const work = values + count(), *const spare = work + 3 * count();
    for_each_tile(n, stride, [&](const Tile& tile) {
      const Point at = point(v, tile);
      Scalar* const to = whole ? y + tile.first : spare->data();
      polynomials_.values(at.u, to, row, &at.inverse, gradients ? work : nullptr);
      if (gradients) {
        Scalar* const slopes = whole ? gradients + tile.first : (spare + count())->data();
        store_gradients(at, to, row, work, slopes);
        for (int i = 0; !whole && i < 3 * size(); ++i) tile.store(gradients, i, spare[size() + i]);
      }
      for (int i = 0; !whole && i < size(); ++i) tile.store(y, i, spare[i]);
      if (!hessians) return;
      polynomials_.values(at.u, values);
      for (int i = 0; i < size(); ++i) polynomials_.derivative(i).gradient(values, 1, work + 3 * i);
      store_hessians(at, values, work, hessians, tile);
    });
  }

  /// What gradients g with respect to the values, [harmonic][point], are with respect to v: out =
  /// J^T g, [axis][point].
  void backward(const Scalar* v, int n, std::ptrdiff_t stride, const Scalar* g, Scalar* out) const {
    Block* const values = scratch(count());
    for_each_tile(n, stride, [&](const Tile& tile) {
      const Point at = point(v, tile);
      polynomials_.values(at.u, values);
      Block pull[3];
      for (Block& p : pull) p.setZero();
      for (int i = 0; i < size(); ++i) {
        Block slope[3];
        polynomials_.derivative(i).gradient(values, 1, slope);
        const Block weight = tile.load(g, i);
        for (int k = 0; k < 3; ++k) pull[k] += weight * slope[k];
      }
      at.project(pull, form_);
      for (int k = 0; k < 3; ++k) tile.store(out, k, pull[k]);
    });
  }

  /// How the values change when v changes by dv: dy = J dv, [harmonic][point].
  void tangent(const Scalar* v, const Scalar* dv, int n, std::ptrdiff_t stride, Scalar* dy) const {
    Block* const values = scratch(count());
    for_each_tile(n, stride, [&](const Tile& tile) {
      const Point at = point(v, tile);
      polynomials_.values(at.u, values);
      Block move[3] = {tile.load(dv, 0), tile.load(dv, 1), tile.load(dv, 2)};
      at.project(move, form_);
      for (int i = 0; i < size(); ++i)
        tile.store(dy, i, polynomials_.derivative(i).along(values, move));
    });
  }

  /// How backward(v, g) changes when v changes by dv and g by dg: J^T dg + (dJ/dv . dv)^T g,
  /// [axis][point].
  void backward_tangent(const Scalar* v, const Scalar* dv, int n, std::ptrdiff_t stride,
                        const Scalar* g, const Scalar* dg, Scalar* out) const {
    Block* const values = scratch(2 * count());
    Block* const changes = values + count();
    for_each_tile(n, stride, [&](const Tile& tile) {
      const Point at = point(v, tile);
      polynomials_.values(at.u, values);
      const Block given[3] = {tile.load(dv, 0), tile.load(dv, 1), tile.load(dv, 2)};
      Block move[3] = {given[0], given[1], given[2]};
      at.project(move, form_);
      for (int i = 0; i < size(); ++i) changes[i] = polynomials_.derivative(i).along(values, move);
      // The pull of the polynomials, as in backward, and its change: the gradients are linear in
      // the values, hence change with them.
      Block pull[3], change[3];
      for (int k = 0; k < 3; ++k) {
        pull[k].setZero();
        change[k].setZero();
      }
      for (int i = 0; i < size(); ++i) {
        Block slope[3], turn[3];
        polynomials_.derivative(i).gradient(values, 1, slope);
        polynomials_.derivative(i).gradient(changes, 1, turn);
        const Block weight = tile.load(g, i), weight_change = tile.load(dg, i);
        for (int k = 0; k < 3; ++k) {
          pull[k] += weight * slope[k];
          change[k] += weight_change * slope[k] + weight * turn[k];
        }
      }
      if (form_ == HarmonicForm::surface) {
        // The change of (p - u (u . p)) / r, where u changes by `move` and 1 / r by -u . dv / r^2.
        const Block radial = at.dot(pull);
        const Block stretch = at.dot(given) * at.inverse;
        const Block turn = move[0] * pull[0] + move[1] * pull[1] + move[2] * pull[2];
        const Block radial_change = turn + at.dot(change);
        for (int k = 0; k < 3; ++k) {
          change[k] = at.inverse * (change[k] - move[k] * radial - at.u[k] * radial_change -
                                    stretch * (pull[k] - at.u[k] * radial));
        }
      }
      for (int k = 0; k < 3; ++k) tile.store(out, k, change[k]);
    });
  }

 private:
  using Polynomials = detail::HarmonicPolynomials<Scalar>;
  using Points = typename Polynomials::Points;
  using Block = typename Polynomials::Block;
  static constexpr int lanes = Polynomials::lanes;
  static constexpr Scalar shortest_square = std::numeric_limits<Scalar>::min() * Scalar(1 << 24);

  /// Where a block of points lies in the rows of an array. The points that fewer than a block lack
  /// are 0.
  struct Tile {
    int first, points;
    std::ptrdiff_t stride;

    Block load(const Scalar* rows, std::ptrdiff_t row) const {
      const Scalar* from = rows + row * stride + first;
      if (points == lanes) return Eigen::Map<const Block>(from);
      Block block = Block::Zero();
      std::copy_n(from, points, block.data());
      return block;
    }
    void store(Scalar* rows, std::ptrdiff_t row, const Block& block) const {
      Scalar* to = rows + row * stride + first;
      if (points == lanes)
        Eigen::Map<Block>{to} = block;
      else
        std::copy_n(block.data(), points, to);
    }
  };

  /// body(tile) for all points. The last block ends with the last point, if need be by taking some
  /// points again: they get the same numbers.
  template <class Body>
  static void for_each_tile(int n, std::ptrdiff_t stride, const Body& body) {
    for (int first = 0; first < n; first += lanes)
      body(Tile{std::clamp(n - lanes, 0, first), std::min(lanes, n), stride});
  }
  /// Memory that a thread keeps for its next call.
  static Block* scratch(std::size_t blocks) {
    thread_local std::vector<Block> memory;
    if (memory.size() < blocks) memory.resize(blocks);
    return memory.data();
  }

  /// Where the polynomials are evaluated, and 1 / |v|: in surface form u = v / |v|, in solid form
  /// u = v, and the inverse is not used.
  struct Point {
    Block u[3], inverse;

    Block dot(const Block* a) const { return u[0] * a[0] + u[1] * a[1] + u[2] * a[2]; }
    /// Surface: a <- (a - u (u . a)) / |v|, which is the Jacobian of v -> v / |v| and its
    /// transpose.
    void project(Block* a, HarmonicForm form) const {
      if (form == HarmonicForm::solid) return;
      const Block radial = dot(a);
      for (int k = 0; k < 3; ++k) a[k] = (a[k] - u[k] * radial) * inverse;
    }
  };

  static constexpr std::size_t index(int i) { return static_cast<std::size_t>(i); }
  std::size_t count() const { return index(size()); }

  [[gnu::cold]] static std::vector<double> lengths(int l_max, Normalization normalization) {
    expect(l_max >= 0 && l_max < 10000,
           "SphericalHarmonics: expected 0 <= l_max < 10000, got l_max = ", l_max);
    std::vector<double> length(index(l_max) + 1, 1.0);
    if (normalization == Normalization::norm) return length;
    const double area = normalization == Normalization::integral ? 4 * std::numbers::pi : 1;
    for (int l = 0; l <= l_max; ++l) length[index(l)] = std::sqrt((2 * l + 1) / area);
    return length;
  }

  Point point(const Scalar* v, const Tile& tile) const {
    Point at{{tile.load(v, 0), tile.load(v, 1), tile.load(v, 2)}, Block::Ones()};
    if (form_ == HarmonicForm::solid) return at;
    const Block square = at.dot(at.u);
    for (int p = 0; p < lanes; p += Points::width)
      Points::store(at.inverse, p, Points::inverse_root(Points::at(square, p), shortest_square));
    for (Block& u : at.u) u *= at.inverse;
    return at;
  }

  /// Surface harmonics are the solid ones Y times r^-l: grad = (grad Y - l Y u) / r. Values and
  /// gradients in rows `stride` apart; `scaled` are the values divided by r.
  void store_gradients(const Point& at, const Scalar* y, std::ptrdiff_t stride, const Block* scaled,
                       Scalar* out) const {
    const bool surface = form_ == HarmonicForm::surface;
    Block outward[3];
    for (int p = 0; p < lanes; p += Points::width) {
      const auto none = Points::all(0);
      for (int k = 0; k < 3; ++k) {
        Points::store(outward[k], p, none);
        Points::store(out + k * stride + p, none);
      }
    }
    for (int l = 1; l <= l_max(); ++l) {
      const auto degree = Points::all(static_cast<Scalar>(-l));
      for (int p = 0; surface && p < lanes; p += Points::width) {
        const auto factor = Points::multiply(degree, Points::at(at.inverse, p));
        for (int k = 0; k < 3; ++k)
          Points::store(outward[k], p, Points::multiply(factor, Points::at(at.u[k], p)));
      }
      polynomials_.gradients(l, {y, scaled, outward, stride}, out);
    }
  }

  /// The second derivative of the same product, at |u| = 1:
  ///   H = (H(Y) - l (u grad^T + grad u^T) - l Y 1 + l (l + 2) Y u u^T) / r^2.
  void store_hessians(const Point& at, const Block* y, const Block* slopes, Scalar* out,
                      const Tile& tile) const {
    for (int l = 0, i = 0; l <= l_max(); ++l)
      for (const int end = i + 2 * l + 1; i < end; ++i) {
        const auto& d = polynomials_.derivative(i);
        Block h[6] = {d.along_x(slopes, 3),     d.along_x(slopes + 1, 3), d.along_x(slopes + 2, 3),
                      d.along_y(slopes + 1, 3), d.along_y(slopes + 2, 3), d.along_z(slopes + 2, 3)};
        for (int a = 0, k = 0; a < 3; ++a)
          for (int b = a; b < 3; ++b, ++k) {
            if (form_ == HarmonicForm::surface) {
              const Block* slope = slopes + 3 * i;
              Block bend = Scalar(l + 2) * (at.u[a] * at.u[b] * y[i]) - at.u[a] * slope[b] -
                           at.u[b] * slope[a];
              if (a == b) bend -= y[i];
              h[k] = (h[k] + Scalar(l) * bend) * (at.inverse * at.inverse);
            }
            tile.store(out, 6 * i + k, h[k]);
          }
      }
  }

  Polynomials polynomials_;
  HarmonicForm form_;
};

/// The surface harmonics of degree 0 to l_max at the columns of `points`, 3 x n: (l_max + 1)^2 x n,
/// row harmonic_index(l, m). \throws Error unless points has 3 rows and 0 <= l_max < 10000
[[gnu::cold]] inline Eigen::MatrixXd spherical_harmonics(
    int l_max, const Eigen::MatrixXd& points,
    Normalization normalization = Normalization::component) {
  expect(points.rows() == 3, "spherical_harmonics: expected points of 3 x n, got ", points.rows(),
         " x ", points.cols());
  const SphericalHarmonics<double> harmonics(l_max, normalization);
  const auto n = static_cast<int>(points.cols());
  const Eigen::MatrixXd v = points.transpose();
  Eigen::MatrixXd values(n, harmonics.size());  // a row there, a column here
  harmonics.evaluate(v.data(), n, n, values.data());
  return values.transpose();
}

}  // namespace gsteer
