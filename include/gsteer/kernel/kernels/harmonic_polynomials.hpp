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

/// Numbers of a block of points, two cache lines of them: enough to hide the latency of every sum,
/// and to write to a row of an array whole lines at a time.
template <class Scalar>
struct PointBlock {
  using Packet = typename Eigen::internal::packet_traits<Scalar>::type;
  static constexpr int width = Eigen::internal::unpacket_traits<Packet>::size;
  static constexpr int lanes = static_cast<int>(128 / sizeof(Scalar));
  using Array = Eigen::Array<Scalar, lanes, 1>;

  /// A number of each of the points p, ..., p + width - 1, and the same number for all of them.
  static Packet at(const Array& block, int p) { return at(block.data() + p); }
  static Packet at(const Scalar* from) { return Eigen::internal::ploadu<Packet>(from); }
  static void store(Array& block, int p, const Packet& a) { store(block.data() + p, a); }
  static void store(Scalar* to, const Packet& a) { Eigen::internal::pstoreu(to, a); }
  static Packet all(Scalar x) { return Eigen::internal::pset1<Packet>(x); }
  static Packet multiply(const Packet& a, const Packet& b) { return Eigen::internal::pmul(a, b); }
  /// 1 / sqrt(a), and 0 where a < least.
  static Packet inverse_root(const Packet& a, Scalar least) {
    using namespace Eigen::internal;
    const Packet enough = pcmp_le(all(least), a);
    return pand(enough, pdiv(all(1), psqrt(pselect(enough, a, all(1)))));
  }
  static Packet negative(const Packet& a) { return Eigen::internal::pnegate(a); }
  /// a b - c
  static Packet subtract(const Packet& a, const Packet& b, const Packet& c) {
    return Eigen::internal::psub(Eigen::internal::pmul(a, b), c);
  }
  /// a b + c
  static Packet add(const Packet& a, const Packet& b, const Packet& c) {
    return Eigen::internal::pmadd(a, b, c);
  }
};

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
  using Points = PointBlock<Scalar>;
  using Packet = typename Points::Packet;
  using Block = typename Points::Array;
  static constexpr int lanes = Points::lanes;

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

  /// The harmonics at u = (x, y, z), in rows `stride` apart; and, where `scaled` is not null,
  /// `scale` times those of the degrees below l_max.
  void values(const Block* u, Scalar* y, std::ptrdiff_t stride, const Block* scale = nullptr,
              Block* scaled = nullptr) const {
    for (int p = 0; p < lanes; p += 2 * Points::width)
      two_packets_of_values(u, p, y + p, stride, scale, scaled);
  }
  /// The same in blocks.
  void values(const Block* u, Block* y) const { values(u, y->data(), lanes); }

  /// What makes gradients of harmonics of other functions: scale grad Y + Y outward.
  struct GradientTerms {
    const Scalar* y;       ///< Y, in rows `stride` apart
    const Block* below;    ///< scale Y, of the degrees below l_max
    const Block* outward;  ///< the three components, for degree l
    std::ptrdiff_t stride;
  };
  /// These of all harmonics of degree l > 0 to `out`, [harmonic][axis][point].
  void gradients(int l, const GradientTerms& terms, Scalar* out) const {
    zonal_gradient(l, terms, out);
    for (int m = 1; m < l - 1; ++m) gradient_pair<true, true>(l, m, terms, out);
    if (l > 1) gradient_pair<false, true>(l, l - 1, terms, out);
    gradient_pair<false, false>(l, l, terms, out);
  }

 private:
  /// P(l, m) = along y P(l - 1, m) - back r^2 P(l - 2, m), and the start P(m, m) = along.
  struct Step {
    Scalar along, back;
  };

  static constexpr std::size_t at(int i) { return static_cast<std::size_t>(i); }

  /// The harmonics at the points from p on that fill two packets, so that one is computed while the
  /// other waits.
  void two_packets_of_values(const Block* u, int p, Scalar* y, std::ptrdiff_t stride,
                             const Block* scale, Block* scaled) const {
    Packet re[2], im[2], now[2], before[2], minus_square[2];
    const auto at_point = [&](int axis, int i) {
      return Points::at(u[axis], p + i * Points::width);
    };
    for (int i = 0; i < 2; ++i) {
      const Packet x = at_point(0, i), h = at_point(1, i), z = at_point(2, i);
      minus_square[i] =
          Points::negative(Points::add(x, x, Points::add(h, h, Points::multiply(z, z))));
      re[i] = Points::all(1);
      im[i] = Points::all(0);
    }
    const Step* step = steps_.data();
    for (int m = 0; m <= l_max_; ++m) {
      for (int i = 0; i < 2; ++i) {
        if (m > 0) {
          const Packet x = at_point(0, i), z = at_point(2, i);
          const Packet next = Points::subtract(re[i], z, Points::multiply(im[i], x));
          im[i] = Points::add(re[i], x, Points::multiply(im[i], z));
          re[i] = next;
        }
        now[i] = Points::all(step->along);
        before[i] = Points::all(0);
      }
      Scalar *cosine = y + harmonic_index(m, m) * stride,
             *sine = y + harmonic_index(m, -m) * stride;
      for (int l = m;;) {
        const bool twice = scaled && l < l_max_;
        for (int i = 0; i < 2; ++i) {
          const int at = p + i * Points::width;
          const Packet a = Points::multiply(now[i], re[i]), b = Points::multiply(now[i], im[i]);
          Points::store(sine + i * Points::width, b);
          Points::store(cosine + i * Points::width, a);
          if (!twice) continue;
          const Packet factor = Points::at(*scale, at);
          Points::store(scaled[harmonic_index(l, -m)], at, Points::multiply(factor, b));
          Points::store(scaled[harmonic_index(l, m)], at, Points::multiply(factor, a));
        }
        ++step;
        if (++l > l_max_) break;
        cosine += 2 * l * stride;
        sine += 2 * l * stride;
        const Packet along = Points::all(step->along), back = Points::all(step->back);
        for (int i = 0; i < 2; ++i) {
          const Packet rest = Points::multiply(minus_square[i], Points::multiply(back, before[i]));
          before[i] = now[i];
          now[i] = Points::add(Points::multiply(along, at_point(1, i)), now[i], rest);
        }
      }
    }
  }

  /// The gradients of Y(l, m) and Y(l, -m), m > 0: each harmonic of degree l - 1 serves both.
  /// Whether there are harmonics (l - 1, m + 1) and (l - 1, m) is known when this is compiled.
  template <bool Up, bool Along>
  void gradient_pair(int l, int m, const GradientTerms& terms, Scalar* out_rows) const {
    const std::ptrdiff_t stride = terms.stride;
    Scalar *const re = out_rows + 3 * harmonic_index(l, m) * stride, *const im =
                                                                         out_rows +
                                                                         3 * harmonic_index(l, -m) *
                                                                             stride;
    const Derivative &dr = derivative(harmonic_index(l, m)),
                     &di = derivative(harmonic_index(l, -m));
    const auto below = [&](int order) -> const Block& {
      return terms.below[harmonic_index(l - 1, order)];
    };
    const Block &up_re = below(Up ? m + 1 : 0), &up_im = below(Up ? -m - 1 : 0);
    const Block &same_re = below(Along ? m : 0), &same_im = below(Along ? -m : 0);
    const Block &down_re = below(m - 1), &down_im = below(1 - m);  // not read below for m = 1
    const Scalar *const y_re = terms.y + harmonic_index(l, m) * stride, *const y_im =
                                                                            terms.y +
                                                                            harmonic_index(l, -m) *
                                                                                stride;
    const Packet up = Points::all(di.x[0].coefficient), minus_up = Points::all(dr.x[0].coefficient);
    const Packet along = Points::all(dr.y.coefficient);
    const Packet down = Points::all(dr.z[1].coefficient), down_x = Points::all(dr.x[1].coefficient),
                 down_z = Points::all(di.z[1].coefficient);
    for (int p = 0; p < lanes; p += Points::width) {
      const Packet r = Points::at(y_re + p), i = Points::at(y_im + p);
      Packet out[3], conjugate[3];
      for (int k = 0; k < 3; ++k) {
        const Packet outward = Points::at(terms.outward[k], p);
        out[k] = Points::multiply(r, outward);
        conjugate[k] = Points::multiply(i, outward);
      }
      const Packet c = Points::at(down_re, p), d = Points::at(down_im, p);
      out[0] = Points::add(down_x, d, out[0]);
      out[2] = Points::add(down, c, out[2]);
      conjugate[0] = Points::add(down, c, conjugate[0]);
      conjugate[2] = Points::add(down_z, d, conjugate[2]);
      if constexpr (Up) {
        const Packet a = Points::at(up_re, p), b = Points::at(up_im, p);
        out[0] = Points::add(minus_up, b, out[0]);
        out[2] = Points::add(minus_up, a, out[2]);
        conjugate[0] = Points::add(up, a, conjugate[0]);
        conjugate[2] = Points::add(minus_up, b, conjugate[2]);
      }
      if constexpr (Along) {
        out[1] = Points::add(along, Points::at(same_re, p), out[1]);
        conjugate[1] = Points::add(along, Points::at(same_im, p), conjugate[1]);
      }
      for (int k = 0; k < 3; ++k) {
        Points::store(re + k * stride + p, out[k]);
        Points::store(im + k * stride + p, conjugate[k]);
      }
    }
  }

  void zonal_gradient(int l, const GradientTerms& terms, Scalar* out) const {
    Scalar* const to = out + 3 * harmonic_index(l, 0) * terms.stride;
    const Derivative& d = derivative(harmonic_index(l, 0));
    const Block* const from[3] = {terms.below + d.x[0].index, terms.below + d.y.index,
                                  terms.below + d.z[0].index};
    const Packet factor[3] = {Points::all(d.x[0].coefficient), Points::all(d.y.coefficient),
                              Points::all(d.z[0].coefficient)};
    const Scalar* const y = terms.y + harmonic_index(l, 0) * terms.stride;
    for (int p = 0; p < lanes; p += Points::width)
      for (int k = 0; k < 3; ++k)
        Points::store(
            to + k * terms.stride + p,
            Points::add(factor[k], Points::at(*from[k], p),
                        Points::multiply(Points::at(y + p), Points::at(terms.outward[k], p))));
  }

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
