// SPDX-License-Identifier: MIT
#pragma once

#include <type_traits>
#include <utility>

#include "gsteer/field/field.hpp"
#include "gsteer/layer/fusion.hpp"
#include "gsteer/layer/grid_convolution.hpp"

namespace gsteer {

namespace detail {

/// Stands for a layer that is not there.
template <class Scalar>
struct no_layer {
  template <class X>
  static X forward(X x) {
    return x;
  }
  static Finish<Scalar> finish() { return {}; }
};

}  // namespace detail

/// A convolution for use, be it transposed or at each point on its own (Linear), with the batch
/// norm and the pointwise function that follow it.
///
/// With running statistics a batch norm is y = a x + s, and
///   f(a (K x + b) + s) = f((a K) x + (a b + s)):
/// since a is a number for each field and s invariant, a K is again a combination of equivariant
/// kernels, and the sum an invariant bias. So the norm changes the parameters of the convolution,
/// whichever way that is carried out, and f the result, mostly part by part while it is in the
/// cache. A
/// norm that takes its statistics from the batch it is given must see all of the result first: then
/// one comes after the other.
template <class Layer, class Norm = detail::no_layer<typename Layer::Scalar>,
          class Function = detail::no_layer<typename Layer::Scalar>>
class FrozenConvolution {
  using none = detail::no_layer<typename Layer::Scalar>;
  static constexpr bool norm_may_follow =
      std::is_same_v<Norm, none> && std::is_same_v<Function, none>;
  static constexpr bool function_may_follow = std::is_same_v<Function, none>;

 public:
  using in = typename Layer::in;
  using out = typename Layer::out;
  using Scalar = typename Layer::Scalar;
  using Map = detail::GridConvolution<Scalar>;

  /// `map` is prepared; `one_pass`: the norm, if there is one, is in it.
  explicit FrozenConvolution(Map map, Norm norm = {}, Function function = {}, bool one_pass = true)
      : map_(std::move(map)),
        norm_(std::move(norm)),
        function_(std::move(function)),
        one_pass_(one_pass) {}

  template <class Space>
  auto forward(Field<in, Scalar, Space> x) const {
    if (one_pass_) return Layer::apply(map_, x, function_.finish());
    return function_.forward(norm_.forward(Layer::apply(map_, x)));
  }
  const FrozenConvolution& freeze() const { return *this; }

  /// Takes in the layer after it, see fusion.hpp.
  template <affine_layer Next>
      auto then(Next next) && requires norm_may_follow {
    const auto affine = next.affine();
    if (affine) {
      map_.follow_by(*affine);
      map_.prepare();
    }
    return FrozenConvolution<Layer, Next>(std::move(map_), std::move(next), {}, affine.has_value());
  }
  template <pointwise_layer Next>
      auto then(Next next) && requires function_may_follow {
    return FrozenConvolution<Layer, Norm, Next>(std::move(map_), std::move(norm_), std::move(next),
                                                one_pass_);
  }

 private:
  Map map_;
  Norm norm_;
  Function function_;
  bool one_pass_;
};

}  // namespace gsteer
