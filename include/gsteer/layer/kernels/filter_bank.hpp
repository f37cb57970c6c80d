// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

namespace gsteer::detail {

/// A few filters of odd size k x k applied to every channel of a picture whose channels are
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
  /// `values`: filter x tap, `filters`: which rows of it, `odd`: for each row.
  [[gnu::cold]] FilterBank(const Eigen::MatrixXd& values, const std::vector<int>& filters, int k,
                           const std::vector<bool>& odd)
      : count_(static_cast<int>(filters.size())), k_(k), pairs_((k * k - 1) / 2) {
    for (int parity = 0; parity < 2; ++parity)
      for (int f = 0; f < count_; ++f)
        if (odd[static_cast<std::size_t>(filters[static_cast<std::size_t>(f)])] == (parity == 1))
          part_[static_cast<std::size_t>(parity)].filters.push_back(f);
    for (auto& part : part_)
      for (int t = 0; t < pairs_; ++t)
        for (const int f : part.filters)
          part.weights.push_back(
              static_cast<Scalar>(values(filters[static_cast<std::size_t>(f)], pairs_ + 1 + t)));
    for (const int f : part_[0].filters)
      center_.push_back(static_cast<Scalar>(values(filters[static_cast<std::size_t>(f)], pairs_)));
    // For the forward direction weights stand as [chunk of filters][pair][filter], for the adjoint
    // as [chunk of pairs][filter][pair].
    for (auto& part : part_) {
      const int n = static_cast<int>(part.filters.size());
      for (int f = 0; f < n; f += chunk)
        for (int t = 0; t < pairs_; ++t)
          for (int q = f; q < std::min(f + chunk, n); ++q)
            part.by_filter.push_back(part.weights[static_cast<std::size_t>(t * n + q)]);
      for (int t = 0; t < pairs_; t += chunk)
        for (int q = 0; q < n; ++q)
          for (int s = t; s < t + chunk; ++s)
            part.by_pair.push_back(s < pairs_ ? part.weights[static_cast<std::size_t>(s * n + q)]
                                              : Scalar{0});
    }
  }

  int count() const { return count_; }

  /// The distance in memory from a pixel to the second one of each pair of opposite taps.
  std::vector<std::ptrdiff_t> offsets(std::ptrdiff_t row, std::ptrdiff_t pixel,
                                      int dilation) const {
    std::vector<std::ptrdiff_t> all;
    for (int t = 0; t < pairs_; ++t) {
      const int tap = pairs_ + 1 + t;
      all.push_back(((tap / k_ - k_ / 2) * row + (tap % k_ - k_ / 2) * pixel) * dilation);
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
  static constexpr int chunk = 4;
  static constexpr int most_pairs = 264;  // k = 23

  template <int L>
  using Vector = Eigen::Array<Scalar, L, 1>;
  template <int L>
  static Eigen::Map<Vector<L>> at(Scalar* p) {
    return Eigen::Map<Vector<L>>(p);
  }
  template <int L>
  static Eigen::Map<const Vector<L>> at(const Scalar* p) {
    return Eigen::Map<const Vector<L>>(p);
  }

  /// N filters of one parity from the sums or differences of opposite pixels.
  template <int L, int N>
  void combine(const Vector<L>* pairs, const Scalar* weights, const Scalar* center,
               const Vector<L>& middle, const int* filters, Scalar* r, int channels) const {
    std::array<Vector<L>, N> sum;
    for (int q = 0; q < N; ++q)
      sum[static_cast<std::size_t>(q)] =
          center ? Vector<L>(center[q] * middle) : Vector<L>(Vector<L>::Zero());
    for (int t = 0; t < pairs_; ++t, weights += N)
      for (int q = 0; q < N; ++q) sum[static_cast<std::size_t>(q)] += weights[q] * pairs[t];
    for (int q = 0; q < N; ++q)
      at<L>(r + static_cast<std::ptrdiff_t>(filters[q]) * channels) =
          sum[static_cast<std::size_t>(q)];
  }

  template <int L>
  void apply_lanes(const Scalar* u, Scalar* r, int channels, const std::ptrdiff_t* offset) const {
    Vector<L> sums[most_pairs], differences[most_pairs];
    for (int t = 0; t < pairs_; ++t) {
      const auto ahead = at<L>(u + offset[t]), behind = at<L>(u - offset[t]);
      sums[t] = ahead + behind;
      differences[t] = ahead - behind;
    }
    const Vector<L> middle = at<L>(u);
    for (int parity = 0; parity < 2; ++parity) {
      const auto& part = part_[static_cast<std::size_t>(parity)];
      const Vector<L>* pairs = parity == 0 ? sums : differences;
      const Scalar* w = part.by_filter.data();
      const int n = static_cast<int>(part.filters.size());
      for (int f = 0; f < n; f += chunk) {
        const int* list = part.filters.data() + f;
        const Scalar* c = parity == 0 ? center_.data() + f : nullptr;
        const int some = std::min(chunk, n - f);
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
    const auto response = [&](int f) {
      return at<L>(r + static_cast<std::ptrdiff_t>(f) * channels);
    };
    Vector<L> middle = Vector<L>::Zero();
    for (std::size_t q = 0; q < part_[0].filters.size(); ++q)
      middle += center_[q] * response(part_[0].filters[q]);
    at<L>(u) += middle;
    const Scalar *even_w = part_[0].by_pair.data(), *odd_w = part_[1].by_pair.data();
    for (int t = 0; t < pairs_; t += chunk) {
      std::array<Vector<L>, chunk> even, odd;
      even.fill(Vector<L>::Zero());
      odd.fill(Vector<L>::Zero());
      for (const int f : part_[0].filters) {
        const Vector<L> value = response(f);
        for (int s = 0; s < chunk; ++s) even[static_cast<std::size_t>(s)] += *even_w++ * value;
      }
      for (const int f : part_[1].filters) {
        const Vector<L> value = response(f);
        for (int s = 0; s < chunk; ++s) odd[static_cast<std::size_t>(s)] += *odd_w++ * value;
      }
      for (int s = 0; s < std::min(chunk, pairs_ - t); ++s) {
        const auto &e = even[static_cast<std::size_t>(s)], &o = odd[static_cast<std::size_t>(s)];
        at<L>(u + offset[t + s]) += e + o;
        at<L>(u - offset[t + s]) += e - o;
      }
    }
  }

  struct Part {
    std::vector<int> filters;
    std::vector<Scalar> weights, by_filter, by_pair;
  };

  int count_, k_, pairs_;
  std::array<Part, 2> part_;    // even, odd
  std::vector<Scalar> center_;  // of the even filters; odd ones vanish there
};

}  // namespace gsteer::detail
