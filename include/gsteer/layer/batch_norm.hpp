// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "gsteer/layer/fusion.hpp"
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
  /// Record the unbiased variance of what has a mean, as PyTorch and escnn do; e3nn does not.
  bool unbiased = true;
  FieldVariance variance = FieldVariance::component;  ///< what is brought to 1
};

/// Brings every field to mean 0 and variance 1 over a batch, then to a learned scale and bias.
///
/// The mean is the invariant part of the field's mean over batch and space: a vector that no group
/// element changes. A field without invariant part (a nontrivial irrep) keeps its mean. The
/// variance is one number: the mean square of all channels of the field about that mean. For
/// scalars this is the usual batch normalization, for regular fields escnn's InnerBatchNorm, for
/// irreps e3nn's nn.BatchNorm: 0e has a mean, 0o, which an inversion changes, does not. The two
/// differ only in the running variance of scalars, unbiased in the former and biased in e3nn:
///   BatchNorm<irreps<"16x0e+8x1o">>{{.unbiased = false}}
/// (e3nn's reduce = 'max' is about several samples of an item; points are items.) It commutes with
/// the group exactly.
///
/// On points it has second derivatives, through the statistics of the batch, too.
///
/// Parameters: `scale`, one a field; `bias`, one an invariant direction, (1, ..., 1) for regular
/// fields; and, not trained, `running_mean` and `running_variance` alike. Use the alias BatchNorm.
template <feature_type F, class Scalar_ = float>
class batch_norm {
  using Arithmetic = detail::Normalization<Scalar_>;

 public:
  using in = F;
  using out = F;
  using Scalar = Scalar_;
  using Points = Field<F, Scalar, Point>;

  /// \throws Error unless epsilon > 0 and 0 <= momentum <= 1
  explicit batch_norm(BatchNormOptions options = {})
      : options_(options), map_(layout_of<F>(), options.epsilon, options.affine, options.variance) {
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
    if (options_.track)
      map_.track(moments_, options_.momentum, options_.unbiased, running_mean_, running_variance_);
    auto y = input_.recycle(x);
    map_.apply(map_.affine(moments_), y.data(), x.data(), x.batch(), x.points());
    input_.take(std::move(x));
    g_ = {};
    dx_ = {};
    return y;
  }

  template <class Space>
  Field<F, Scalar, Space> backward(Field<F, Scalar, Space> gradient) {
    input_.check("BatchNorm", gradient);
    gradient = detail::overwritable(std::move(gradient));
    if constexpr (std::is_same_v<Space, Point>)
      map_.backward_vectors(gradient.data(), input_.values.data(), moments_);
    else
      map_.backward(gradient.data(), input_.values.data(), moments_);
    return gradient;
  }

  Points backward_input(Points gradient) {
    input_.check("BatchNorm", gradient);
    g_ = detail::overwritable(std::move(gradient));
    return differentiated(g_, of_g_);
  }
  Points forward_tangent(Points dx) {
    expect(input_.batch > 0 && dx.batch() == input_.batch, "BatchNorm: expected a tangent of ",
           input_.batch, " items after forward, got ", dx.batch());
    dx_ = detail::overwritable(std::move(dx));
    return differentiated(dx_, of_dx_);
  }
  Points backward_tangent(Points dg) {
    input_.check("BatchNorm", dg);
    expect(!g_.empty() && !dx_.empty(),
           "BatchNorm: backward_tangent before backward_input and forward_tangent");
    auto result = detail::overwritable(std::move(dg));
    map_.backward_tangent(result.data(), input_.values.data(), moments_, g_.data(), of_g_,
                          dx_.data(), of_dx_);
    return result;
  }

  /// The layer in use, with the running statistics or, if it has none, those of the batch it is
  /// given. A convolution before it takes the former in (fusion.hpp).
  class Frozen {
   public:
    using in = F;
    using out = F;
    using Scalar = Scalar_;

    explicit Frozen(const batch_norm& layer) : map_(layer.map_) {
      if (layer.options_.track)
        fixed_ = map_.affine(map_.recall(layer.running_mean_, layer.running_variance_));
    }

    template <class Space>
    Field<F, Scalar, Space> forward(Field<F, Scalar, Space> x) const {
      auto y = detail::overwritable(std::move(x));
      const auto normalize = [&y](const typename Arithmetic::Affine& affine) {
        Arithmetic::apply(affine, y.data(), y.data(), y.batch(), y.points());
      };
      if (fixed_)
        normalize(*fixed_);
      else
        normalize(map_.affine(measure(map_, y)));
      return y;
    }
    const Frozen& freeze() const { return *this; }

    /// None without running statistics.
    std::optional<ChannelAffine<Scalar>> affine() const {
      if (!fixed_) return std::nullopt;
      ChannelAffine<Scalar> map;
      for (std::size_t c = 0; c < fixed_->center.size(); ++c) {
        map.factor.push_back(fixed_->factor[c]);
        map.shift.push_back(fixed_->shift[c] - fixed_->factor[c] * fixed_->center[c]);
      }
      return map;
    }

   private:
    Arithmetic map_;
    std::optional<typename Arithmetic::Affine> fixed_;
  };
  Frozen freeze() const { return Frozen(*this); }

  template <class Visit>
  void visit_parameters(Visit&& visit) {
    map_.visit_parameters(visit);
    if (!running_mean_.value.empty()) visit("running_mean", running_mean_);
    if (options_.track) visit("running_variance", running_variance_);
  }

 private:
  template <class X>
  static typename Arithmetic::Moments measure(const Arithmetic& map, const X& x) {
    expect(x.batch() > 1 || x.points() > 1,
           "BatchNorm: expected more than one vector in a batch (items x pixels) to take a "
           "variance of, got ",
           x.batch(), " on ", x.space());
    if constexpr (std::is_same_v<typename X::Space, Point>)
      return map.measure_vectors(x.data(), x.batch());
    else
      return map.measure(x.data(), x.batch(), x.points(), false);
  }

  /// J v, which is J^T v; and what else is needed of v.
  Points differentiated(const Points& v, typename Arithmetic::Direction& of_v) const {
    of_v = map_.direction(v.data(), input_.values.data(), moments_);
    Points result(v);
    map_.differentiate(result.data(), of_v, input_.values.data(), moments_);
    return result;
  }

  BatchNormOptions options_;
  Arithmetic map_;
  Parameter<Scalar> running_mean_, running_variance_;
  typename Arithmetic::Moments moments_;
  detail::RememberedInput<Scalar> input_;
  Points g_, dx_;
  typename Arithmetic::Direction of_g_, of_dx_;
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
           x.space());
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
