// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <type_traits>
#include <utility>

#include "gsteer/layer/layer.hpp"
#include "gsteer/layer/normalization.hpp"
#include "gsteer/layer/remembered.hpp"

namespace gsteer {

struct BatchNormOptions {
  double epsilon = 1e-5;  ///< added to the variance
  double momentum = 0.1;  ///< weight of the newest batch in the running statistics
  bool affine = true;     ///< learn a scale for each field and a bias on its invariant part
  /// Record running statistics and freeze with them. If not, the frozen layer, too, normalizes with
  /// the batch it is given.
  bool track = true;
};

/// Brings every field to mean 0 and variance 1 over a batch, then to a learned scale and bias.
///
/// The mean is the invariant part of the field's mean over batch and space: a vector that no group
/// element changes. A field without invariant part (a nontrivial irrep) keeps its mean. The
/// variance is one number: the mean square of all channels of the field about that mean. For
/// scalars this is the usual batch normalization, for regular fields escnn's InnerBatchNorm. It
/// commutes with the group exactly.
///
/// Parameters: `scale`, one a field; `bias`, one an invariant direction, (1, ..., 1) for regular
/// fields; and, not trained, `running_mean` and `running_variance` alike. Use the alias BatchNorm.
template <feature_type F, class Scalar_ = float>
class batch_norm {
 public:
  using in = F;
  using out = F;
  using Scalar = Scalar_;

  /// \throws Error unless epsilon > 0 and 0 <= momentum <= 1
  explicit batch_norm(BatchNormOptions options = {})
      : options_(options), map_(layout_of<F>(), options.epsilon, options.affine) {
    expect(options.momentum >= 0 && options.momentum <= 1,
           "BatchNorm: expected a momentum in [0, 1], got ", options.momentum);
    if (!options.track) return;
    running_mean_ = Parameter<Scalar>(map_.invariants(), 0, false);
    running_variance_ = Parameter<Scalar>(map_.fields(), 1, false);
  }

  /// Normalizes with the statistics of this batch. \throws Error if it has a single vector, which
  /// has no variance
  template <class Space>
  Field<F, Scalar, Space> forward(Field<F, Scalar, Space> x) {
    moments_ = measure(map_, x);
    if (options_.track) map_.track(moments_, options_.momentum, running_mean_, running_variance_);
    auto y = input_.recycle(x);
    map_.apply(map_.affine(moments_), y.data(), x.data(), x.batch(), x.points());
    input_.take(std::move(x));
    return y;
  }

  template <class Space>
  Field<F, Scalar, Space> backward(Field<F, Scalar, Space> gradient) {
    input_.check("BatchNorm", gradient);
    gradient = detail::overwritable(std::move(gradient));
    map_.backward(gradient.data(), input_.values.data(), moments_);
    return gradient;
  }

  auto freeze() const {
    typename Arithmetic::Affine fixed;
    if (options_.track) fixed = map_.affine(map_.recall(running_mean_, running_variance_));
    return make_frozen<F, F, Scalar>([fixed = std::move(fixed), map = map_](auto x) {
      auto y = detail::overwritable(std::move(x));
      const auto normalize = [&y](const typename Arithmetic::Affine& affine) {
        Arithmetic::apply(affine, y.data(), y.data(), y.batch(), y.points());
      };
      if (fixed.channels > 0)
        normalize(fixed);
      else
        normalize(map.affine(measure(map, y)));
      return y;
    });
  }

  template <class Visit>
  void visit_parameters(Visit&& visit) {
    map_.visit_parameters(visit);
    if (!running_mean_.value.empty()) visit("running_mean", running_mean_);
    if (options_.track) visit("running_variance", running_variance_);
  }

 private:
  using Arithmetic = detail::Normalization<Scalar>;

  template <class X>
  static typename Arithmetic::Moments measure(const Arithmetic& map, const X& x) {
    expect(x.batch() > 1 || x.points() > 1,
           "BatchNorm: expected more than one vector in a batch (items x pixels) to take a "
           "variance of, got ",
           x.batch(), " on ", to_string(x.space()));
    return map.measure(x.data(), x.batch(), x.points(), false);
  }

  BatchNormOptions options_;
  Arithmetic map_;
  Parameter<Scalar> running_mean_, running_variance_;
  typename Arithmetic::Moments moments_;
  detail::RememberedInput<Scalar> input_;
};

struct InstanceNormOptions {
  double epsilon = 1e-5;  ///< added to the variance
  bool affine = true;     ///< learn a scale for each field and a bias on its invariant part
};

/// The same as BatchNorm with the mean and variance of each item of the batch over its own pixels,
/// in training and in use. Use the alias InstanceNorm.
template <feature_type F, class Scalar_ = float>
class instance_norm {
 public:
  using in = F;
  using out = F;
  using Scalar = Scalar_;

  /// \throws Error unless epsilon > 0
  explicit instance_norm(InstanceNormOptions options = {})
      : map_(layout_of<F>(), options.epsilon, options.affine) {}

  /// \throws Error if there is a single pixel, which has no variance
  template <class Space>
  Field<F, Scalar, Space> forward(Field<F, Scalar, Space> x) {
    moments_ = measure(map_, x);
    auto y = input_.recycle(x);
    map_.apply(map_.affine(moments_), y.data(), x.data(), x.batch(), x.points());
    input_.take(std::move(x));
    return y;
  }

  template <class Space>
  Field<F, Scalar, Space> backward(Field<F, Scalar, Space> gradient) {
    input_.check("InstanceNorm", gradient);
    gradient = detail::overwritable(std::move(gradient));
    map_.backward(gradient.data(), input_.values.data(), moments_);
    return gradient;
  }

  auto freeze() const {
    return make_frozen<F, F, Scalar>([map = map_](auto x) {
      auto y = detail::overwritable(std::move(x));
      map.apply(map.affine(measure(map, y)), y.data(), y.data(), y.batch(), y.points());
      return y;
    });
  }

  template <class Visit>
  void visit_parameters(Visit&& visit) {
    map_.visit_parameters(visit);
  }

 private:
  using Arithmetic = detail::Normalization<Scalar>;

  template <class X>
  static typename Arithmetic::Moments measure(const Arithmetic& map, const X& x) {
    static_assert(!std::is_same_v<typename X::Space, Point>,
                  "gsteer: InstanceNorm takes its statistics over the pixels of a grid; on points "
                  "use BatchNorm");
    expect(x.points() > 1, "InstanceNorm: expected more than one pixel to take a variance of, got ",
           to_string(x.space()));
    return map.measure(x.data(), x.batch(), x.points(), true);
  }

  Arithmetic map_;
  typename Arithmetic::Moments moments_;
  detail::RememberedInput<Scalar> input_;
};

/// Batch normalization of fields given as values: BatchNorm<16 * regular<C<8>>>{}.
template <auto F, class Scalar = float>
using BatchNorm = batch_norm<features_of<F>, Scalar>;

/// Instance normalization of fields given as values.
template <auto F, class Scalar = float>
using InstanceNorm = instance_norm<features_of<F>, Scalar>;

}  // namespace gsteer
