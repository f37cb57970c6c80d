// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "gsteer/layer/kernels/field_channels.hpp"
#include "gsteer/layer/layer.hpp"
#include "gsteer/layer/remembered.hpp"

namespace gsteer {

/// What GroupPool makes of the channels of a field.
enum class GroupPooling { max, mean };

struct GroupPoolOptions {
  GroupPooling pooling = GroupPooling::max;
};

struct NormPoolOptions {
  double epsilon = 1e-10;  ///< makes the norm smooth at zero, where it is sqrt(epsilon)
};

namespace detail {

/// One invariant channel for each field.
template <feature_type F>
using invariants_of = features<copies<F::fields, trivial_of<typename F::group>>>;

}  // namespace detail

/// The largest (or the mean) of the channels of each field, one invariant channel a field. For
/// fields whose channels are permuted, such as regular ones: a permutation does not change it. Of
/// equal channels, the first has the gradient. Use the alias GroupPool.
template <feature_type F, class Scalar_ = float>
class group_pool {
 public:
  using in = F;
  using out = detail::invariants_of<F>;
  using Scalar = Scalar_;

  static_assert(F::kind == matrix_kind::permutation,
                "gsteer: GroupPool takes the maximum over the channels of a field, which is "
                "invariant if the group permutes them; this representation mixes channels or "
                "changes signs: use NormPool");

  explicit group_pool(GroupPoolOptions options = {}) : options_(options) {}

  template <class Space>
  Field<out, Scalar, Space> forward(Field<F, Scalar, Space> x) {
    auto y = apply(options_, x, argmax_);
    input_.set(x);
    return y;
  }

  template <class Space>
  Field<F, Scalar, Space> backward(const Field<out, Scalar, Space>& gradient) {
    input_.check("GroupPool", gradient);
    auto d_in = Field<F, Scalar, Space>::uninitialized(gradient.batch(), gradient.space());
    const auto& all = detail::channels_of_fields<F>();
    const int points = gradient.points();
    const bool max = options_.pooling == GroupPooling::max;
    detail::for_each_field(all, gradient.batch(), points, [&](auto from, int size, auto to) {
      const Scalar* g = gradient.data() + from;
      for (int c = 0; c < size; ++c) {
        Scalar* d = d_in.data() + to + std::ptrdiff_t{c} * points;
        if (max) {
          const std::int32_t* where = argmax_.data() + from;
          for (int i = 0; i < points; ++i) d[i] = where[i] == c ? g[i] : Scalar{0};
        } else {
          for (int i = 0; i < points; ++i) d[i] = g[i] / static_cast<Scalar>(size);
        }
      }
    });
    return d_in;
  }

  auto freeze() const {
    return make_frozen<F, out, Scalar>([options = options_](const auto& x) {
      detail::PooledVector<std::int32_t> argmax;
      return apply(options, x, argmax);
    });
  }

 private:
  template <class Space>
  static Field<out, Scalar, Space> apply(const GroupPoolOptions& options,
                                         const Field<F, Scalar, Space>& x,
                                         detail::PooledVector<std::int32_t>& argmax) {
    Field<out, Scalar, Space> y(x.batch(), x.space());
    const int points = x.points();
    const auto& all = detail::channels_of_fields<F>();
    if (options.pooling == GroupPooling::max) {
      argmax.resize(y.size());
      detail::max_of_fields(y.data(), argmax.data(), x.data(), all, x.batch(), points);
      return y;
    }
    detail::for_each_field(all, x.batch(), points, [&](auto to, int size, auto from) {
      Scalar* mean = y.data() + to;
      for (int c = 0; c < size; ++c) {
        const Scalar* row = x.data() + from + std::ptrdiff_t{c} * points;
        for (int i = 0; i < points; ++i) mean[i] += row[i];
      }
      for (int i = 0; i < points; ++i) mean[i] /= static_cast<Scalar>(size);
    });
    return y;
  }

  GroupPoolOptions options_;
  detail::RememberedShape input_;
  detail::PooledVector<std::int32_t> argmax_;
};

/// The norm of each field, sqrt(|x|^2 + epsilon): one invariant channel a field, for every
/// representation, because all of them are orthogonal. The gradient x / sqrt(|x|^2 + epsilon) is
/// smooth, and zero at zero. Use the alias NormPool.
template <feature_type F, class Scalar_ = float>
class norm_pool {
 public:
  using in = F;
  using out = detail::invariants_of<F>;
  using Scalar = Scalar_;

  /// \throws Error unless epsilon > 0
  explicit norm_pool(NormPoolOptions options = {}) : options_(options) {
    const auto epsilon = static_cast<Scalar>(options.epsilon);
    expect(epsilon > 0 && std::isfinite(epsilon), "NormPool: expected epsilon > 0, got ",
           options.epsilon);
  }

  template <class Space>
  Field<out, Scalar, Space> forward(Field<F, Scalar, Space> x) {
    auto y = apply(options_, x);
    norms_ = y.values();
    input_.take(std::move(x));
    return y;
  }

  template <class Space>
  Field<F, Scalar, Space> backward(const Field<out, Scalar, Space>& gradient) {
    input_.check("NormPool", gradient);
    auto d_in = Field<F, Scalar, Space>::uninitialized(gradient.batch(), gradient.space());
    const auto& all = detail::channels_of_fields<F>();
    const int points = gradient.points();
    detail::for_each_field(all, gradient.batch(), points, [&](auto from, int size, auto to) {
      const Scalar *g = gradient.data() + from, *norm = norms_.data() + from;
      for (int c = 0; c < size; ++c) {
        const std::ptrdiff_t row = to + std::ptrdiff_t{c} * points;
        const Scalar* x = input_.values.data() + row;
        Scalar* d = d_in.data() + row;
        for (int i = 0; i < points; ++i) d[i] = g[i] * x[i] / norm[i];
      }
    });
    return d_in;
  }

  auto freeze() const {
    return make_frozen<F, out, Scalar>(
        [options = options_](const auto& x) { return apply(options, x); });
  }

 private:
  template <class Space>
  static Field<out, Scalar, Space> apply(const NormPoolOptions& options,
                                         const Field<F, Scalar, Space>& x) {
    auto y = Field<out, Scalar, Space>::uninitialized(x.batch(), x.space());
    const int points = x.points();
    const auto& all = detail::channels_of_fields<F>();
    detail::for_each_field(all, x.batch(), points, [&](auto to, int size, auto from) {
      Scalar* norm = y.data() + to;
      for (int i = 0; i < points; ++i) norm[i] = static_cast<Scalar>(options.epsilon);
      for (int c = 0; c < size; ++c) {
        const Scalar* row = x.data() + from + std::ptrdiff_t{c} * points;
        for (int i = 0; i < points; ++i) norm[i] += row[i] * row[i];
      }
      for (int i = 0; i < points; ++i) norm[i] = std::sqrt(norm[i]);
    });
    return y;
  }

  NormPoolOptions options_;
  detail::RememberedInput<Scalar> input_;
  Buffer<Scalar> norms_;
};

/// Pooling over the channels of fields given as values: GroupPool<16 * regular<C<8>>> gives 16 *
/// trivial<C<8>>.
template <auto F, class Scalar = float>
using GroupPool = group_pool<features_of<F>, Scalar>;

/// The norms of fields given as values: NormPool<16 * irrep<C<8>, 1>> gives 16 * trivial<C<8>>.
template <auto F, class Scalar = float>
using NormPool = norm_pool<features_of<F>, Scalar>;

}  // namespace gsteer
