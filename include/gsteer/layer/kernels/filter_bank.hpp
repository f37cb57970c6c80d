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
/// Every filter is even or odd along each axis. So its window is folded first: along an axis with
/// taps -h to h,
///   u(0), u(e) + u(-e) and u(e) - u(-e),   e = 1, ..., h,
/// of which an even filter needs the sums and an odd one the differences. A window of k^d taps
/// falls into 2^d classes of folded taps, and a filter multiplies the taps of its class only: half
/// as many along each axis. Columns of a row of windows are folded along z and y once for all
/// windows that share them. The adjoint does all of this in reverse.
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
      std::vector<int> rows;
      for (int f = 0; f < count_; ++f)
        if (parity[at(f)] == c) {
          part.filters.push_back(f);
          rows.push_back(filters[at(f)]);
        }
      const int n = static_cast<int>(rows.size());
      for (std::size_t width = 2; width < chunks.size(); ++width) {
        const int most = chunks[width];
        Weights& weights = part.weights[width];
        for (int f = 0, some = 0; f < n; f += some) {
          some = filters_at_once(n - f, most);
          for (const int t : taps)
            for (int q = f; q < f + some; ++q)
              weights.by_filter.push_back(static_cast<Scalar>(values(rows[at(q)], t)));
        }
        for (int t = 0; t < part.taps; t += most)
          for (const int row : rows)
            for (int s = t; s < t + most; ++s)
              weights.by_tap.push_back(s < part.taps ? static_cast<Scalar>(values(row, taps[at(s)]))
                                                     : Scalar{0});
      }
    }
  }

  int count() const { return count_; }

  /// Multiply-adds and additions for a channel of a pixel.
  double cost() const {
    double sum = 4.0 * (columns() + size_[2]) + 2.0 * columns() * size_[2];
    for (const Class& c : classes_) sum += (c.taps + 2.0) * static_cast<double>(c.filters.size());
    return sum;
  }

  /// r[window][filter][channel] = the responses of `windows` windows of a row, the first one with
  /// its center at u; `stride`: from one window to the next in r, `channels`: a multiple of half a
  /// vector.
  void apply(const Scalar* u, int windows, const Steps& steps, Scalar* r, std::ptrdiff_t stride,
             int channels) const {
    in_parts(channels, [&](int c, auto l) {
      apply_lanes<l.value>(u + c, windows, steps, r + c, stride, channels);
    });
  }

  /// Adds to the pixels around u: the adjoint of apply.
  void scatter(Scalar* u, int windows, const Steps& steps, const Scalar* r, std::ptrdiff_t stride,
               int channels) const {
    in_parts(channels, [&](int c, auto l) {
      scatter_lanes<l.value>(u + c, windows, steps, r + c, stride, channels);
    });
  }

 private:
  /// Channels are worked on one to four times so many at once.
  static constexpr int few = 32 / static_cast<int>(sizeof(Scalar));
  /// Filters (forward) or taps (adjoint) that are summed at once: as many as there are registers
  /// for.
  static constexpr std::array<int, 5> chunks{0, 6, 6, 4, 3};
  template <int L>
  static constexpr int chunk = chunks[L / few];

  /// body(first channel, std::integral_constant of how many) for all channels.
  template <class Body>
  static void in_parts(int channels, const Body& body) {
    for (int c = 0; c < channels;) {
      const int left = (channels - c) / few;
      const int some = left == 5 ? 3 : std::clamp(left, 1, 4);  // 3 and 2, rather than 4 and 1
      if (some == 4) body(c, std::integral_constant<int, 4 * few>{});
      if (some == 3) body(c, std::integral_constant<int, 3 * few>{});
      if (some == 2) body(c, std::integral_constant<int, 2 * few>{});
      if (some == 1) body(c, std::integral_constant<int, few>{});
      c += some * few;
    }
  }

  static constexpr int most_columns = 81;  // folded taps along z and y
  static constexpr int longest = 27;       // taps along an axis

  template <int L>
  using Vector = Lanes<Scalar, L>;

  struct Weights {
    std::vector<Scalar> by_filter;  // [chunk of filters][tap][filter]
    std::vector<Scalar> by_tap;     // [chunk of taps][filter][tap]
  };
  /// The filters that are even or odd alike along z, y, x; their folded taps follow each other.
  struct Class {
    std::vector<int> filters;
    int taps = 0;
    std::array<Weights, chunks.size()> weights;  // by lanes; one vector has those of two
  };

  static std::size_t at(int i) { return static_cast<std::size_t>(i); }
  int columns() const { return size_[0] * size_[1]; }
  static int filters_at_once(int left, int most) {
    return left > most ? std::min(left - left / 2, most) : left;
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

  /// The class of a filter. \throws Error if it is neither even nor odd along an axis
  [[gnu::cold]] int parity_of(const Eigen::MatrixXd& values, int f) const {
    int parity = 0;
    const double largest = values.row(f).cwiseAbs().maxCoeff();
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

  /// N filters of a class from its folded taps.
  template <int L, int N>
  static void combine(const Vector<L>* taps, int count, const Scalar* weights, const int* filters,
                      Scalar* r, int channels) {
    Vector<L> sum[N];
    for (int q = 0; q < N; ++q) sum[q].clear();
    for (int t = 0; t < count; ++t, weights += N)
      for (int q = 0; q < N; ++q) Vector<L>::add_scaled(sum[q], weights[q], taps[t]);
    for (int q = 0; q < N; ++q)
      sum[q].store(r + static_cast<std::ptrdiff_t>(filters[q]) * channels);
  }

  template <int L>
  void respond(const Vector<L>* folded, Scalar* r, int channels) const {
    for (const Class& part : classes_) {
      const Scalar* w = part.weights[std::max(2, L / few)].by_filter.data();
      const int n = static_cast<int>(part.filters.size()), taps = part.taps;
      for (int f = 0, some = 0; f < n; f += some, w += some * taps) {
        const int* list = part.filters.data() + f;
        some = filters_at_once(n - f, chunk<L>);
        if constexpr (chunk<L> == 6) {
          if (some == 6) combine<L, 6>(folded, taps, w, list, r, channels);
          if (some == 5) combine<L, 5>(folded, taps, w, list, r, channels);
        }
        if constexpr (chunk<L> >= 4)
          if (some == 4) combine<L, 4>(folded, taps, w, list, r, channels);
        if (some == 3) combine<L, 3>(folded, taps, w, list, r, channels);
        if (some == 2) combine<L, 2>(folded, taps, w, list, r, channels);
        if (some == 1) combine<L, 1>(folded, taps, w, list, r, channels);
      }
      folded += taps;
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
    Vector<L> folded[most_taps];
    for (int i = 0; i < windows; ++i, r += stride) {
      const Scalar* const center = memory + (i * shared.window + high * shared.tap) * n * L;
      Vector<L>* to = folded;
      for (int c = 0, q = 0; c < 4; ++c) {
        // Even taps of all columns of this kind, then the odd ones.
        Vector<L>*even = to, *odds = to + (last_column_[at(c)] - q) * (high + 1);
        for (; q < last_column_[at(c)]; ++q) {
          const Scalar* const from = center + q * L;
          Vector<L>::load(*even++, from);
          for (int e = 1; e <= high; ++e) {
            Vector<L> ahead, behind;
            Vector<L>::load(ahead, from + e * shared.tap * n * L);
            Vector<L>::load(behind, from - e * shared.tap * n * L);
            Vector<L>::sum_and_difference(*even++, *odds++, ahead, behind);
          }
        }
        to = odds;
      }
      respond<L>(folded, r, channels);
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
    Vector<L> folded[most_taps];
    for (int i = 0; i < windows; ++i, r += stride) {
      spread<L>(r, channels, folded);
      Scalar* const center = memory + (i * shared.window + high * shared.tap) * n * L;
      const Vector<L>* from = folded;
      for (int c = 0, q = 0; c < 4; ++c) {
        const Vector<L>*even = from, *odds = from + (last_column_[at(c)] - q) * (high + 1);
        for (; q < last_column_[at(c)]; ++q) {
          Scalar* const to = center + q * L;
          (even++)->add_to(to);
          for (int e = 1; e <= high; ++e) {
            Vector<L> ahead, behind;
            Vector<L>::sum_and_difference(ahead, behind, *even++, *odds++);
            ahead.add_to(to + e * shared.tap * n * L);
            behind.add_to(to - e * shared.tap * n * L);
          }
        }
        from = odds;
      }
    }
    for (std::ptrdiff_t x = 0; x < shared.count; ++x)
      unfold_column<L>(u - high * s.tap[2] + x * shared.step, s, memory + x * n * L);
  }

  /// The transpose of respond.
  template <int L>
  void spread(const Scalar* r, int channels, Vector<L>* folded) const {
    for (const Class& part : classes_) {
      const Scalar* w = part.weights[std::max(2, L / few)].by_tap.data();
      for (int t = 0; t < part.taps; t += chunk<L>) {
        Vector<L> sum[chunk<L>], value;
        for (int s = 0; s < chunk<L>; ++s) sum[s].clear();
        for (const int f : part.filters) {
          Vector<L>::load(value, r + static_cast<std::ptrdiff_t>(f) * channels);
          for (int s = 0; s < chunk<L>; ++s) Vector<L>::add_scaled(sum[s], *w++, value);
        }
        for (int s = 0; s < std::min(chunk<L>, part.taps - t); ++s) folded[t + s] = sum[s];
      }
      folded += part.taps;
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
};

}  // namespace gsteer::detail
