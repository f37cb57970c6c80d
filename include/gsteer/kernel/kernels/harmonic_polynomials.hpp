// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

namespace gsteer {

/// The index of harmonic m, -l <= m <= l, of degree l.
constexpr int harmonic_index(int l, int m) { return l * l + l + m; }

namespace detail {

/// Spherical harmonics as homogeneous polynomials of degree l in (x, y, z), and their derivatives,
/// at a block of points. With w = z + i x and m >= 0,
///   Y(l, m) = N P(y, r^2) Re w^m,   Y(l, -m) = N P(y, r^2) Im w^m,
/// where P(y, r^2) = r^(l - m) P_l^m(y / r) / sin^m (no Condon-Shortley phase) is a polynomial, so
/// that nothing is singular on the axis. The recurrence of the Legendre functions,
///   (l - m) P(l, m) = (2l - 1) y P(l - 1, m) - (l + m - 1) r^2 P(l - 2, m),
/// is taken with N included, against overflow. Derivatives are harmonics of degree l - 1: with R =
/// P w^m (Hobson, The Theory of Spherical and Ellipsoidal Harmonics, 1931),
///   dR(l, m)/dy = (l + m) R(l - 1, m),
///   (d/dz + i d/dx) R(l, m) = -R(l - 1, m + 1),
///   (d/dz - i d/dx) R(l, m) = (l + m)(l + m - 1) R(l - 1, m - 1).
template <class Scalar>
class HarmonicPolynomials {
 public:
  // As many points as fill a cache line are worked on at a time.
  static constexpr int lanes = static_cast<int>(64 / sizeof(Scalar));
  using Block = Eigen::Array<Scalar, lanes, 1>;

  /// The derivatives of a harmonic along an axis: a combination of two other harmonics, in the
  /// direction of y of one. Where there is none, the index is 0 and the coefficient too.
  struct Derivative {
    struct Term {
      int index = 0;
      Scalar coefficient = 0;
    };
    Term x[2], y, z[2];

    /// Applied to any quantities of the harmonics, those of one harmonic `width` apart.
    Block along_x(const Block* of, int width) const {
      return x[0].coefficient * of[x[0].index * width] + x[1].coefficient * of[x[1].index * width];
    }
    Block along_y(const Block* of, int width) const { return y.coefficient * of[y.index * width]; }
    Block along_z(const Block* of, int width) const {
      return z[0].coefficient * of[z[0].index * width] + z[1].coefficient * of[z[1].index * width];
    }
    void gradient(const Block* of, int width, Block* out) const {
      out[0] = along_x(of, width);
      out[1] = along_y(of, width);
      out[2] = along_z(of, width);
    }
    Block along(const Block* of, const Block* direction) const {
      return along_x(of, 1) * direction[0] + along_y(of, 1) * direction[1] +
             along_z(of, 1) * direction[2];
    }
  };

  /// length[l]: the root of the sum of the squares of the harmonics of degree l at a unit vector.
  [[gnu::cold]] explicit HarmonicPolynomials(const std::vector<double>& length)
      : l_max_(static_cast<int>(length.size()) - 1), derivatives_(length.size() * length.size()) {
    double diagonal = 1;
    for (int m = 0; m <= l_max_; ++m) {
      if (m > 1) diagonal *= std::sqrt((2 * m - 1.0) / (2 * m));
      steps_.push_back({static_cast<Scalar>(diagonal * length[at(m)]), Scalar{0}});
      for (int l = m + 1; l <= l_max_; ++l) {
        const double root = std::sqrt(double(l - m) * (l + m));
        const double before = std::sqrt(double(l - m - 1) * (l + m - 1));
        steps_.push_back(
            {static_cast<Scalar>((2 * l - 1) / root * length[at(l)] / length[at(l - 1)]),
             static_cast<Scalar>(l == m + 1 ? 0
                                            : before / root * length[at(l)] / length[at(l - 2)])});
      }
    }
    for (int l = 1; l <= l_max_; ++l)
      for (int m = 0; m <= l; ++m) set_derivatives(l, m, length[at(l)] / length[at(l - 1)]);
  }

  int l_max() const { return l_max_; }
  const Derivative& derivative(int i) const { return derivatives_[at(i)]; }

  /// The harmonics at u = (x, y, z).
  void values(const Block* u, Block* y) const {
    const Block square = u[0] * u[0] + u[1] * u[1] + u[2] * u[2];
    Block re = Block::Ones(), im = Block::Zero();
    const Step* step = steps_.data();
    for (int m = 0; m <= l_max_; ++m) {
      if (m > 0) {
        const Block next = re * u[2] - im * u[0];
        im = re * u[0] + im * u[2];
        re = next;
      }
      Block now = Block::Constant(step->along), before = Block::Zero();
      for (int l = m;;) {
        y[harmonic_index(l, -m)] = now * im;
        y[harmonic_index(l, m)] = now * re;
        ++step;
        if (++l > l_max_) break;
        const Block next = step->along * (u[1] * now) - step->back * (square * before);
        before = now;
        now = next;
      }
    }
  }

 private:
  /// P(l, m) = along y P(l - 1, m) - back r^2 P(l - 2, m), and the start P(m, m) = along.
  struct Step {
    Scalar along, back;
  };

  static constexpr std::size_t at(int i) { return static_cast<std::size_t>(i); }

  /// For Y(l, m) and Y(l, -m), the equations of the class, with the normalization of both sides.
  [[gnu::cold]] void set_derivatives(int l, int m, double ratio) {
    const double half = ratio / 2;
    const auto y = static_cast<Scalar>(ratio * std::sqrt(double(l - m) * (l + m)));
    const auto up = static_cast<Scalar>((m == 0 ? std::numbers::sqrt2 * half : half) *
                                        std::sqrt(double(l - m) * (l - m - 1)));
    const auto down = static_cast<Scalar>((m == 1 ? std::numbers::sqrt2 * half : half) *
                                          std::sqrt(double(l + m) * (l + m - 1)));
    Derivative& re = derivatives_[at(harmonic_index(l, m))];
    Derivative& im = derivatives_[at(harmonic_index(l, -m))];
    const auto below = [l](int order) { return harmonic_index(l - 1, order); };
    if (m < l) re.y = {below(m), y};
    if (m < l) im.y = {below(-m), y};
    if (m + 1 < l) {
      re.x[0] = {below(-m - 1), -up};
      re.z[0] = {below(m + 1), -up};
    }
    if (m == 0) return;
    if (m + 1 < l) {
      im.x[0] = {below(m + 1), up};
      im.z[0] = {below(-m - 1), -up};
    }
    im.x[1] = {below(m - 1), down};
    re.z[1] = {below(m - 1), down};
    if (m == 1) return;  // w^0 has no imaginary part
    re.x[1] = {below(1 - m), -down};
    im.z[1] = {below(1 - m), down};
  }

  int l_max_;
  std::vector<Step> steps_;  ///< for each m the start, then those of l = m + 1 to l_max
  std::vector<Derivative> derivatives_;
};

}  // namespace detail
}  // namespace gsteer
