// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <type_traits>
#include <vector>

#include "gsteer/core/error.hpp"
#include "gsteer/core/scratch.hpp"
#include "gsteer/layer/kernels/lanes.hpp"

namespace gsteer::detail {

/// A few filters of odd size applied to every channel of a picture or volume whose channels are
/// innermost, [pixel][channel].
///
/// Every filter is even or odd along each axis. So its window is folded: along an axis with taps -h
/// to h,
///   u(0), u(e) + u(-e) and u(e) - u(-e),   e = 1, ..., h,
/// of which an even filter needs the sums and an odd one the differences. A window of k^d taps
/// falls into 2^d classes of folded taps, and a filter multiplies the taps of its class only: half
/// as many along each axis. Columns of a row of windows are folded along z and y once for all
/// windows that share them, and along x in registers, for some filters at a time. The adjoint does
/// all of this in reverse.
template <class Scalar>
class FilterBank {
 public:
  /// The most taps that it takes: 23 x 23, or 9 x 9 x 9.
  static constexpr int most_taps = 729;

  /// Distances in memory of the taps of a window along z, y, x, and of the windows of a row.
  struct Steps {
    std::array<std::ptrdiff_t, 3> tap{};
    std::ptrdiff_t window = 0;
  };

  /// `values`: filter x tap, `filters`: which rows of it, `size`: taps along z, y, x.
  [[gnu::cold]] FilterBank(const Eigen::MatrixXd& values, const std::vector<int>& filters,
                           const std::array<int, 3>& size)
      : size_(size), count_(static_cast<int>(filters.size())) {
    place_columns();
    std::vector<int> parity;
    for (const int f : filters) parity.push_back(parity_of(values, f));
    for (int c = 0; c < 8; ++c) {
      Class& part = classes_[at(c)];
      const auto taps = taps_of(c);
      part.taps = static_cast<int>(taps.size());
      part.first = static_cast<int>(filters_.size());
      for (int f = 0; f < count_; ++f)
        if (parity[at(f)] == c) filters_.push_back(f);
      part.count = static_cast<int>(filters_.size()) - part.first;
      const auto weight = [&](int i, int t) {
        const double value = values(filters[at(filters_[at(part.first + i)])], taps[at(t)]);
        return static_cast<Scalar>(is_center(taps[at(t)]) ? value / 2 : value);
      };
      part.weights = weights_.size();
      for (int f = 0, some = 0; f < part.count; f += some) {
        some = filters_at_once(part.count - f);
        for (int t = 0; t < part.taps; ++t)
          for (int i = f; i < f + some; ++i) weights_.push_back(weight(i, t));
      }
    }
    order_for_adjoint(values, filters);
  }

  int count() const { return count_; }

  /// Multiply-adds for a channel of a pixel, and the additions that fold each tap once.
  double cost() const {
    double sum = 4.0 * (columns() + size_[2]) + 2.0 * columns() * size_[2];
    for (const Class& c : classes_) sum += (c.taps + 2.0) * c.count;
    return sum;
  }

  /// r[window][filter][channel] = the responses of `windows` windows of a row, the first one with
  /// its center at u; `stride`: from one window to the next in r, `channels`: a multiple of 32
  /// bytes.
  void apply(const Scalar* u, int windows, const Steps& steps, Scalar* r, std::ptrdiff_t stride,
             int channels) const {
    in_parts<true>(channels, [&](int c, auto l) {
      apply_lanes<l.value>(u + c, windows, steps, r + c, stride, channels);
    });
  }

  /// Adds to the pixels around u: the adjoint of apply.
  void scatter(Scalar* u, int windows, const Steps& steps, const Scalar* r, std::ptrdiff_t stride,
               int channels) const {
    in_parts<false>(channels, [&](int c, auto l) {
      scatter_lanes<l.value>(u + c, windows, steps, r + c, stride, channels);
    });
  }

 private:
  template <int L>
  using Vector = Lanes<Scalar, L>;
  /// Channels are worked on one to four times so many at once.
  static constexpr int few = 32 / static_cast<int>(sizeof(Scalar));
  /// Whether the registers hold so many sums of L channels, and leave some for the rest.
  template <int L>
  static constexpr bool fits(int sums) {
    return 4 * sums * Vector<L>::count <= 3 * int{EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS};
  }
  /// Filters that are summed at once.
  static constexpr int chunk = 6;
  /// Pairs of taps, e and -e, whose gradients are.
  static constexpr int most_pairs = 3;

  /// body(first channel, std::integral_constant of how many) for all channels; `Threes`: whether
  /// three times a few pay, too.
  template <bool Threes, class Body>
  static void in_parts(int channels, const Body& body) {
    int c = 0;
    const auto take = [&]<int Times>(std::integral_constant<int, Times>) {
      for (; c + Times * few <= channels; c += Times * few)
        body(c, std::integral_constant<int, Times * few>{});
    };
    if constexpr (fits<4 * few>(chunk)) take(std::integral_constant<int, 4>{});
    if constexpr (fits<3 * few>(chunk) && Threes) take(std::integral_constant<int, 3>{});
    if constexpr (fits<2 * few>(chunk)) take(std::integral_constant<int, 2>{});
    take(std::integral_constant<int, 1>{});
  }

  static constexpr int most_columns = 81;  // folded taps along z and y
  static constexpr int longest = 27;       // taps along an axis

  /// The filters that are even or odd alike along z, y, x; their folded taps follow each other.
  struct Class {
    int first = 0, count = 0;  ///< in filters_
    int taps = 0;
    std::size_t weights = 0;  ///< [chunk of filters][tap][filter]
  };

  static std::size_t at(int i) { return static_cast<std::size_t>(i); }
  int columns() const { return size_[0] * size_[1]; }
  /// Six, four or fewer; five are three and two.
  static int filters_at_once(int left) {
    const int some = left > chunk ? std::min(left - left / 2, chunk) : left;
    return some != 5 ? some : left == 5 ? 3 : 6;
  }

  /// Folded tap i of an axis: of distance i, or from k / 2 + 1 on odd and of distance i - k / 2.
  int distance(std::size_t axis, int i) const {
    return i <= size_[axis] / 2 ? i : i - size_[axis] / 2;
  }
  bool odd(std::size_t axis, int i) const { return i > size_[axis] / 2; }

  /// Folded columns stand sorted by what they are along z and y: even even, even odd, ...
  [[gnu::cold]] void place_columns() {
    expect(columns() <= most_columns && size_[2] <= longest && columns() * size_[2] <= most_taps,
           "FilterBank: too many taps");
    column_.resize(at(columns()));
    int next = 0;
    for (int c = 0; c < 4; ++c) {
      for (int z = 0; z < size_[0]; ++z)
        for (int y = 0; y < size_[1]; ++y)
          if (2 * odd(0, z) + odd(1, y) == c) {
            column_[at(z * size_[1] + y)] = next++;
            sorted_.push_back({z, y});
          }
      last_column_[at(c)] = next;
    }
  }

  /// The folded taps of a class in their order, as taps of the kernel.
  [[gnu::cold]] std::vector<int> taps_of(int c) const {
    std::vector<int> taps;
    const auto place = [&](std::size_t axis, int i) { return size_[axis] / 2 + distance(axis, i); };
    for (int q = c / 2 == 0 ? 0 : last_column_[at(c / 2 - 1)]; q < last_column_[at(c / 2)]; ++q)
      for (int x = 0; x < size_[2]; ++x)
        if (odd(2, x) == (c % 2 == 1))
          taps.push_back((place(0, sorted_[at(q)][0]) * size_[1] + place(1, sorted_[at(q)][1])) *
                             size_[2] +
                         place(2, x));
    return taps;
  }

  /// Whether a tap of the kernel stands in the middle along x.
  bool is_center(int tap) const { return tap % size_[2] == size_[2] / 2; }

  /// The class of a filter. \throws Error if it is neither even nor odd along an axis
  [[gnu::cold]] int parity_of(const Eigen::MatrixXd& values, int f) const {
    int parity = 0;
    double largest = 0;
    for (int t = 0; t < values.cols(); ++t) largest = std::max(largest, std::abs(values(f, t)));
    for (std::size_t axis = 0; axis < 3; ++axis) {
      double off_even = 0, off_odd = 0;
      for (int t = 0; t < values.cols(); ++t) {
        std::array<int, 3> tap{t / size_[2] / size_[1], t / size_[2] % size_[1], t % size_[2]};
        tap[axis] = size_[axis] - 1 - tap[axis];
        const double a = values(f, t),
                     b = values(f, (tap[0] * size_[1] + tap[1]) * size_[2] + tap[2]);
        off_even = std::max(off_even, std::abs(a - b));
        off_odd = std::max(off_odd, std::abs(a + b));
      }
      const bool is_odd = off_odd < off_even;
      expect((is_odd ? off_odd : off_even) <= 1e-10 * largest,
             "FilterBank: expected filters that are even or odd along each axis");
      parity = 2 * parity + is_odd;
    }
    return parity;
  }

  /// The weights once more, as the adjoint meets them: [kind of column][column][pairs of taps], of
  /// each first [even filter][tap], then [odd filter][tap].
  [[gnu::cold]] void order_for_adjoint(const Eigen::MatrixXd& values,
                                       const std::vector<int>& filters) {
    const int high = size_[2] / 2;
    adjoint_weights_ = weights_.size();
    for (int c = 0, q = 0; c < 4; ++c) {
      const std::array<std::vector<int>, 2> taps{taps_of(2 * c), taps_of(2 * c + 1)};
      for (const int begin = q; q < last_column_[at(c)]; ++q)
        for (int e = 0; e <= high; e += e == 0 ? 1 + most_pairs : most_pairs)
          for (const int odd_part : {0, 1}) {
            const Class& part = classes_[at(2 * c + odd_part)];
            const int each = high + 1 - odd_part, last = e == 0 ? most_pairs : e + most_pairs - 1;
            for (int i = 0; i < part.count; ++i)
              for (int tap = std::max(e, odd_part); tap <= std::min(high, last); ++tap)
                weights_.push_back(static_cast<Scalar>(
                    values(filters[at(filters_[at(part.first + i)])],
                           taps[at(odd_part)][at((q - begin) * each + tap - odd_part)])));
          }
    }
  }

  /// The responses of N filters of a class, even or odd along x, to a window: `columns` of its
  /// columns, L numbers each, `step` numbers from one column to its neighbor along x. Even ones
  /// meet u(0) + u(0), too, with half its weight, so that all taps are alike.
  template <int L, int N, bool Odd>
  void combine(const Scalar* center, int columns, std::ptrdiff_t step, const Scalar* weights,
               const int* filters, Scalar* r, int channels) const {
    const int high = size_[2] / 2;
    Vector<L> sum[N], tap, behind;
    for (int q = 0; q < N; ++q) sum[q].clear();
    for (int c = 0; c < columns; ++c, center += L)
      for (int e = Odd; e <= high; ++e) {
        Vector<L>::load(tap, center + e * step);
        Vector<L>::load(behind, center - e * step);
        Odd ? tap.subtract(behind) : tap.add(behind);
        for (int q = 0; q < N; ++q) Vector<L>::add_scaled(sum[q], *weights++, tap);
      }
    for (int q = 0; q < N; ++q)
      sum[q].store(r + static_cast<std::ptrdiff_t>(filters[q]) * channels);
  }

  template <int L, bool Odd>
  void respond(const Class& part, const Scalar* center, int columns, std::ptrdiff_t step, Scalar* r,
               int channels) const {
    const Scalar* w = weights_.data() + part.weights;
    const int* list = filters_.data() + part.first;
    for (int f = 0, some = 0; f < part.count; f += some, w += some * part.taps, list += some) {
      some = filters_at_once(part.count - f);
      if (some == 6) combine<L, 6, Odd>(center, columns, step, w, list, r, channels);
      if (some == 4) combine<L, 4, Odd>(center, columns, step, w, list, r, channels);
      if (some == 3) combine<L, 3, Odd>(center, columns, step, w, list, r, channels);
      if (some == 2) combine<L, 2, Odd>(center, columns, step, w, list, r, channels);
      if (some == 1) combine<L, 1, Odd>(center, columns, step, w, list, r, channels);
    }
  }

  /// The columns that the windows of a row share: every `step` numbers one, windows `window` and
  /// their taps `tap` columns apart.
  struct Columns {
    std::ptrdiff_t step, window, tap, count;
    Columns(int windows, const Steps& s, int taps)
        : step(std::gcd(s.window, s.tap[2])),
          window(s.window / step),
          tap(s.tap[2] / step),
          count((windows - 1) * window + (taps - 1) * tap + 1) {}
  };

  template <int L>
  void apply_lanes(const Scalar* u, int windows, const Steps& s, Scalar* r, std::ptrdiff_t stride,
                   int channels) const {
    const int high = size_[2] / 2, n = columns();
    const Columns shared(windows, s, size_[2]);
    Scalar* const memory = scratch<Scalar>(Slot::folded, shared.count * n * L);
    for (std::ptrdiff_t x = 0; x < shared.count; ++x)
      fold_column<L>(u - high * s.tap[2] + x * shared.step, s, memory + x * n * L);
    const std::ptrdiff_t step = shared.tap * n * L;
    for (int i = 0; i < windows; ++i, r += stride) {
      const Scalar* const center = memory + (i * shared.window + high * shared.tap) * n * L;
      for (int c = 0, q = 0; c < 4; q = last_column_[at(c++)]) {
        const int count = last_column_[at(c)] - q;
        respond<L, false>(classes_[at(2 * c)], center + q * L, count, step, r, channels);
        respond<L, true>(classes_[at(2 * c + 1)], center + q * L, count, step, r, channels);
      }
    }
  }

  template <int L>
  void scatter_lanes(Scalar* u, int windows, const Steps& s, const Scalar* r, std::ptrdiff_t stride,
                     int channels) const {
    const int high = size_[2] / 2, n = columns();
    const Columns shared(windows, s, size_[2]);
    const std::ptrdiff_t numbers = shared.count * n * L;
    Scalar* const memory = scratch<Scalar>(Slot::folded, numbers);
    std::fill_n(memory, numbers, Scalar{0});
    const std::ptrdiff_t step = shared.tap * n * L;
    for (int i = 0; i < windows; ++i, r += stride) {
      Scalar* center = memory + (i * shared.window + high * shared.tap) * n * L;
      const Scalar* w = weights_.data() + adjoint_weights_;
      for (int c = 0, q = 0; c < 4; ++c)
        for (; q < last_column_[at(c)]; ++q, center += L)
          spread<L>(c, center, step, r, channels, w);
    }
    for (std::ptrdiff_t x = 0; x < shared.count; ++x)
      unfold_column<L>(u - high * s.tap[2] + x * shared.step, s, memory + x * n * L);
  }

  /// The transpose of `combine` for all filters of a kind of column, even and odd along x, and one
  /// column: adds to it and to its neighbors.
  template <int L>
  void spread(int kind, Scalar* center, std::ptrdiff_t step, const Scalar* r, int channels,
              const Scalar*& w) const {
    const int high = size_[2] / 2;
    int e = std::min(high, most_pairs);
    if (e == 0) spread_pairs<L, 0, 0>(kind, center, step, r, channels, w);
    if (e == 1) spread_pairs<L, 0, 1>(kind, center, step, r, channels, w);
    if (e == 2) spread_pairs<L, 0, 2>(kind, center, step, r, channels, w);
    if (e == 3) spread_pairs<L, 0, 3>(kind, center, step, r, channels, w);
    for (int pairs = 0; e < high; e += pairs) {
      pairs = std::min(high - e, most_pairs);
      const std::ptrdiff_t far = e * step;
      if (pairs == 1) spread_pairs<L, 1, 1>(kind, center, step, r, channels, w, far);
      if (pairs == 2) spread_pairs<L, 1, 2>(kind, center, step, r, channels, w, far);
      if (pairs == 3) spread_pairs<L, 1, 3>(kind, center, step, r, channels, w, far);
    }
  }

  /// Of Pairs of columns, those of distance `far` + `step`, `far` + 2 `step`, ... from the center,
  /// and with First = 0 the center itself.
  template <int L, int First, int Pairs>
  void spread_pairs(int kind, Scalar* center, std::ptrdiff_t step, const Scalar* r, int channels,
                    const Scalar*& w, std::ptrdiff_t far = 0) const {
    Vector<L> even[Pairs + 1], odds[Pairs + 1], value;
    for (int e = 0; e <= Pairs; ++e) {
      even[e].clear();
      odds[e].clear();
    }
    const Class &evens = classes_[at(2 * kind)], &others = classes_[at(2 * kind + 1)];
    const int* filters = filters_.data() + evens.first;
    for (int i = 0; i < evens.count; ++i) {
      Vector<L>::load(value, r + static_cast<std::ptrdiff_t>(filters[i]) * channels);
      for (int e = First; e <= Pairs; ++e) Vector<L>::add_scaled(even[e], *w++, value);
    }
    filters = filters_.data() + others.first;
    for (int i = 0; i < others.count; ++i) {
      Vector<L>::load(value, r + static_cast<std::ptrdiff_t>(filters[i]) * channels);
      for (int e = 1; e <= Pairs; ++e) Vector<L>::add_scaled(odds[e], *w++, value);
    }
    if constexpr (First == 0) even[0].add_to(center);
    for (int e = 1; e <= Pairs; ++e) {
      Vector<L> sum, difference;
      Vector<L>::sum_and_difference(sum, difference, even[e], odds[e]);
      sum.add_to(center + far + e * step);
      difference.add_to(center - far - e * step);
    }
  }

  /// A column of the windows of a row, folded along y and z, [column_].
  template <int L>
  void fold_column(const Scalar* u, const Steps& s, Scalar* to) const {
    const int kz = size_[0], ky = size_[1], hz = kz / 2, hy = ky / 2;
    Vector<L> rows[most_columns];  // [z][folded y]
    for (int z = 0; z < kz; ++z) {
      const Scalar* const from = u + (z - hz) * s.tap[0];
      Vector<L>* const row = rows + z * ky;
      Vector<L>::load(row[0], from);
      for (int e = 1; e <= hy; ++e) {
        Vector<L> ahead, behind;
        Vector<L>::load(ahead, from + e * s.tap[1]);
        Vector<L>::load(behind, from - e * s.tap[1]);
        Vector<L>::sum_and_difference(row[e], row[hy + e], ahead, behind);
      }
    }
    for (int y = 0; y < ky; ++y) {
      rows[hz * ky + y].store(to + column_[at(y)] * L);
      for (int e = 1; e <= hz; ++e) {
        Vector<L> sum, difference;
        Vector<L>::sum_and_difference(sum, difference, rows[(hz + e) * ky + y],
                                      rows[(hz - e) * ky + y]);
        sum.store(to + column_[at(e * ky + y)] * L);
        difference.store(to + column_[at((hz + e) * ky + y)] * L);
      }
    }
  }
  /// Its transpose: adds to the picture.
  template <int L>
  void unfold_column(Scalar* u, const Steps& s, const Scalar* from) const {
    const int kz = size_[0], ky = size_[1], hz = kz / 2, hy = ky / 2;
    Vector<L> rows[most_columns];
    for (int y = 0; y < ky; ++y) {
      Vector<L>::load(rows[hz * ky + y], from + column_[at(y)] * L);
      for (int e = 1; e <= hz; ++e) {
        Vector<L> sum, difference;
        Vector<L>::load(sum, from + column_[at(e * ky + y)] * L);
        Vector<L>::load(difference, from + column_[at((hz + e) * ky + y)] * L);
        Vector<L>::sum_and_difference(rows[(hz + e) * ky + y], rows[(hz - e) * ky + y], sum,
                                      difference);
      }
    }
    for (int z = 0; z < kz; ++z) {
      Scalar* const to = u + (z - hz) * s.tap[0];
      const Vector<L>* const row = rows + z * ky;
      row[0].add_to(to);
      for (int e = 1; e <= hy; ++e) {
        Vector<L> ahead, behind;
        Vector<L>::sum_and_difference(ahead, behind, row[e], row[hy + e]);
        ahead.add_to(to + e * s.tap[1]);
        behind.add_to(to - e * s.tap[1]);
      }
    }
  }

  std::array<int, 3> size_;
  int count_;
  std::vector<int> column_;                 // of [folded z][folded y], where it stands
  std::vector<std::array<int, 2>> sorted_;  // the inverse
  std::array<int, 4> last_column_{};        // of each kind, one past it
  std::array<Class, 8> classes_;            // [odd along z][y][x]
  std::vector<int> filters_;                // of all classes
  std::vector<Scalar> weights_;             // of all classes, and those of the adjoint
  std::size_t adjoint_weights_ = 0;
};

}  // namespace gsteer::detail
