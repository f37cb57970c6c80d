// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <utility>

#include "gsteer/core/memory.hpp"
#include "gsteer/core/parallel.hpp"
#include "gsteer/layer/kernels/rows.hpp"

namespace gsteer::detail {

// Arithmetic on feature vectors, [item][channel], with numbers that belong to a channel.

/// The sum of term(index, channel) over the items, for each channel. Those of each part of the
/// batch come first, so that they do not depend on the threads.
template <class Term>
PooledVector<double> channel_sums(int batch, int channels, Term&& term) {
  constexpr int part = 256;
  const auto width = static_cast<std::size_t>(channels);
  const int parts = (batch - 1) / part + 1;
  PooledVector<double> sums(static_cast<std::size_t>(parts) * width);
  parallel_for(parts, [&](int i) {
    double* sum = sums.data() + static_cast<std::size_t>(i) * width;
    for (int b = i * part; b < std::min(batch, (i + 1) * part); ++b)
      for (std::size_t c = 0; c < width; ++c)
        sum[c] += term(static_cast<std::size_t>(b) * width + c, c);
  });
  for (int i = 1; i < parts; ++i)
    for (std::size_t c = 0; c < width; ++c)
      sums[c] += sums[static_cast<std::size_t>(i) * width + c];
  sums.resize(width);
  return sums;
}

/// The sum over sources of factor (v - center), with factors and centers of each channel.
template <class Scalar>
class CenteredSum {
 public:
  struct Source {
    const Scalar* v;                     ///< [item][channel]
    const PooledVector<double>& center;  ///< [channel]
  };

  CenteredSum(int channels, std::initializer_list<Source> sources) : channels_(channels) {
    for (const auto& source : sources) {
      sources_.push_back(source.v);
      for (const double c : source.center) centers_.push_back(static_cast<Scalar>(c));
    }
    factors_.resize(centers_.size());
  }

  /// Sets the factors of `count` channels, in the order of the sources.
  void set(int first, int count, std::initializer_list<double> factors) {
    auto to = factors_.begin() + first;
    for (const double factor : factors) {
      std::fill_n(to, count, static_cast<Scalar>(factor));
      to += channels_;
    }
  }

  /// `result` may be the first source.
  void evaluate(Scalar* result, int batch) const {
    for_each_row(batch, channels_, [&](int b) {
      const std::ptrdiff_t row = std::ptrdiff_t{b} * channels_;
      Row sum(result + row, channels_);
      for (std::size_t k = 0; k < sources_.size(); ++k) {
        const std::ptrdiff_t first = static_cast<std::ptrdiff_t>(k) * channels_;
        const ConstRow v(sources_[k] + row, channels_), center(centers_.data() + first, channels_),
            factor(factors_.data() + first, channels_);
        if (k == 0)
          sum = factor * (v - center);
        else
          sum += factor * (v - center);
      }
    });
  }

 private:
  using Row = Eigen::Map<Eigen::Array<Scalar, Eigen::Dynamic, 1>>;
  using ConstRow = Eigen::Map<const Eigen::Array<Scalar, Eigen::Dynamic, 1>>;

  int channels_;
  PooledVector<const Scalar*> sources_;
  PooledVector<Scalar> factors_, centers_;  // [source][channel]
};

}  // namespace gsteer::detail
