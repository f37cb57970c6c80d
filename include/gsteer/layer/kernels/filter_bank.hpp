// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "gsteer/layer/kernels/lanes.hpp"
#include "gsteer/layer/kernels/windows.hpp"

namespace gsteer::detail {

/// A few filters of odd size applied to every channel of a picture or volume whose channels are
/// innermost, [pixel][channel].
///
/// Each filter is even or odd under tap -> -tap, so that it needs the sums or the differences of
/// opposite pixels only:
///   r_f(p) = f(0) u(p) + sum over half of the taps t of f(t) (u(p + t) +- u(p - t)),
/// half of the multiplications; the adjoint has the same form. One pixel is worked on at a time, a
/// few vectors of channels at once.
template <class Scalar>
class FilterBank {
 public:
  /// The most taps that it takes: 23 x 23, or 9 x 9 x 9.
  static constexpr int most_taps = 729;

  /// `values`: filter x tap, `filters`: which rows of it, `odd`: for each row.
  [[gnu::cold]] FilterBank(const Eigen::MatrixXd& values, const std::vector<int>& filters,
                           const std::vector<bool>& odd)
      : count_(static_cast<int>(filters.size())),
        pairs_((static_cast<int>(values.cols()) - 1) / 2) {
    for (int parity = 0; parity < 2; ++parity)
      for (int f = 0; f < count_; ++f)
        if (odd[static_cast<std::size_t>(filters[static_cast<std::size_t>(f)])] == (parity == 1))
          part_[static_cast<std::size_t>(parity)].filters.push_back(f);
    const auto weight = [&](int f, int t) {
      return static_cast<Scalar>(values(filters[static_cast<std::size_t>(f)], pairs_ + 1 + t));
    };
    for (const int f : part_[0].filters)
      center_.push_back(static_cast<Scalar>(values(filters[static_cast<std::size_t>(f)], pairs_)));
    // For the forward direction weights stand as [chunk of filters][pair][filter], for the adjoint
    // as [chunk of pairs][filter][pair].
    for (auto& part : part_)
      for (const bool half : {false, true}) {
        Weights& w = part.weights[half];
        const int n = static_cast<int>(part.filters.size()), most = half ? 8 : 4;
        for (int f = 0, some = 0; f < n; f += some) {
          some = filters_at_once(n - f, most);
          for (int t = 0; t < pairs_; ++t)
            for (int q = f; q < f + some; ++q)
              w.by_filter.push_back(weight(part.filters[static_cast<std::size_t>(q)], t));
        }
        for (int t = 0; t < pairs_; t += most)
          for (int q = 0; q < n; ++q)
            for (int s = t; s < t + most; ++s)
              w.by_pair.push_back(s < pairs_ ? weight(part.filters[static_cast<std::size_t>(q)], s)
                                             : Scalar{0});
      }
  }

  int count() const { return count_; }

  /// The distance in memory from a pixel to the second one of each pair of opposite taps of the
  /// windows; `step`: from a pixel to the next along z, y, x.
  std::vector<std::ptrdiff_t> offsets(const Windows& w,
                                      const std::array<std::ptrdiff_t, 3>& step) const {
    std::vector<std::ptrdiff_t> all;
    for (int t = 0; t < pairs_; ++t) {
      std::ptrdiff_t offset = 0;
      int tap = pairs_ + 1 + t;
      for (std::size_t axis = 3; axis-- > 0; tap /= w.kernel[axis])
        offset += (tap % w.kernel[axis] - w.kernel[axis] / 2) * w.dilation[axis] * step[axis];
      all.push_back(offset);
    }
    return all;
  }

  /// r[filter][channel] = the responses at the pixel u points to, `channels` a multiple of half a
  /// vector.
  void apply(const Scalar* u, Scalar* r, int channels, const std::ptrdiff_t* offset) const {
    int c = 0;
    for (; c + lanes <= channels; c += lanes) apply_lanes<lanes>(u + c, r + c, channels, offset);
    for (; c < channels; c += lanes / 2) apply_lanes<lanes / 2>(u + c, r + c, channels, offset);
  }

  /// Adds to the pixels around the one u points to: the adjoint of apply.
  void scatter(Scalar* u, const Scalar* r, int channels, const std::ptrdiff_t* offset) const {
    int c = 0;
    for (; c + lanes <= channels; c += lanes) scatter_lanes<lanes>(u + c, r + c, channels, offset);
    for (; c < channels; c += lanes / 2) scatter_lanes<lanes / 2>(u + c, r + c, channels, offset);
  }

 private:
  static constexpr int lanes = 64 / static_cast<int>(sizeof(Scalar));
  /// Filters (forward) or pairs (adjoint) that are summed at once: enough sums to hide the latency
  /// of an addition, which takes more of them where a sum has half as many vectors.
  template <int L>
  static constexpr int chunk = L == lanes ? 4 : 8;
  static int filters_at_once(int left, int most) { return left >= most ? most : std::min(left, 4); }
  static constexpr int most_pairs = (most_taps - 1) / 2;

  template <int L>
  using Vector = Lanes<Scalar, L>;

  /// N filters of one parity from the sums or differences of opposite pixels.
  template <int L, int N>
  void combine(const Vector<L>* pairs, const Scalar* weights, const Scalar* center,
               const Vector<L>& middle, const int* filters, Scalar* r, int channels) const {
    Vector<L> sum[N];
    for (int q = 0; q < N; ++q) {
      sum[q].clear();
      if (center) Vector<L>::add_scaled(sum[q], center[q], middle);
    }
    for (int t = 0; t < pairs_; ++t, weights += N)
      for (int q = 0; q < N; ++q) Vector<L>::add_scaled(sum[q], weights[q], pairs[t]);
    for (int q = 0; q < N; ++q)
      sum[q].store(r + static_cast<std::ptrdiff_t>(filters[q]) * channels);
  }

  template <int L>
  void apply_lanes(const Scalar* u, Scalar* r, int channels, const std::ptrdiff_t* offset) const {
    Vector<L> sums[most_pairs], differences[most_pairs], middle;
    for (int t = 0; t < pairs_; ++t) {
      Vector<L> ahead, behind;
      Vector<L>::load(ahead, u + offset[t]);
      Vector<L>::load(behind, u - offset[t]);
      Vector<L>::sum_and_difference(sums[t], differences[t], ahead, behind);
    }
    Vector<L>::load(middle, u);
    for (int parity = 0; parity < 2; ++parity) {
      const auto& part = part_[static_cast<std::size_t>(parity)];
      const Vector<L>* pairs = parity == 0 ? sums : differences;
      const Scalar* w = part.weights[L != lanes].by_filter.data();
      const int n = static_cast<int>(part.filters.size());
      for (int f = 0, some = 0; f < n; f += some) {
        const int* list = part.filters.data() + f;
        const Scalar* c = parity == 0 ? center_.data() + f : nullptr;
        some = filters_at_once(n - f, chunk<L>);
        if constexpr (chunk<L> == 8)
          if (some == 8) combine<L, 8>(pairs, w, c, middle, list, r, channels);
        if (some == 4) combine<L, 4>(pairs, w, c, middle, list, r, channels);
        if (some == 3) combine<L, 3>(pairs, w, c, middle, list, r, channels);
        if (some == 2) combine<L, 2>(pairs, w, c, middle, list, r, channels);
        if (some == 1) combine<L, 1>(pairs, w, c, middle, list, r, channels);
        w += some * pairs_;
      }
    }
  }

  template <int L>
  void scatter_lanes(Scalar* u, const Scalar* r, int channels, const std::ptrdiff_t* offset) const {
    Vector<L> value, middle;
    const auto response = [&](int f) {
      Vector<L>::load(value, r + static_cast<std::ptrdiff_t>(f) * channels);
    };
    Vector<L>::load(middle, u);
    for (std::size_t q = 0; q < part_[0].filters.size(); ++q) {
      response(part_[0].filters[q]);
      Vector<L>::add_scaled(middle, center_[q], value);
    }
    middle.store(u);
    const Scalar* weights[2] = {part_[0].weights[L != lanes].by_pair.data(),
                                part_[1].weights[L != lanes].by_pair.data()};
    for (int t = 0; t < pairs_; t += chunk<L>) {
      Vector<L> sums[2][chunk<L>];  // even, odd
      for (std::size_t parity = 0; parity < 2; ++parity) {
        auto& sum = sums[parity];
        for (int s = 0; s < chunk<L>; ++s) sum[s].clear();
        for (const int f : part_[parity].filters) {
          response(f);
          for (int s = 0; s < chunk<L>; ++s)
            Vector<L>::add_scaled(sum[s], *weights[parity]++, value);
        }
      }
      for (int s = 0; s < std::min(chunk<L>, pairs_ - t); ++s) {
        Vector<L> ahead, behind;
        Vector<L>::sum_and_difference(ahead, behind, sums[0][s], sums[1][s]);
        ahead.add_to(u + offset[t + s]);
        behind.add_to(u - offset[t + s]);
      }
    }
  }

  struct Weights {
    std::vector<Scalar> by_filter, by_pair;
  };
  struct Part {
    std::vector<int> filters;
    std::array<Weights, 2> weights;  // for all lanes, for half of them
  };

  int count_, pairs_;
  std::array<Part, 2> part_;    // even, odd
  std::vector<Scalar> center_;  // of the even filters; odd ones vanish there
};

}  // namespace gsteer::detail
