// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "gsteer/layer/layer.hpp"

namespace gsteer {

/// Gives up a part of the symmetry: the same numbers, seen as a field of the subgroup H. The layers
/// that follow need to commute with H only and have more freedom. Use the alias Restrict.
template <feature_type F, group H, class Scalar_ = float>
class restriction {
 public:
  using in = F;
  using out = features_of<restrict_to<H{}>(F::value)>;
  using Scalar = Scalar_;

  template <class Space>
  Field<out, Scalar, Space> forward(Field<in, Scalar, Space> x) const {
    return seen_as<out>(std::move(x));
  }
  template <class Space>
  Field<in, Scalar, Space> backward(Field<out, Scalar, Space> gradient) const {
    return seen_as<in>(std::move(gradient));
  }
  auto freeze() const {
    return make_frozen<in, out, Scalar>([](auto x) { return seen_as<out>(std::move(x)); });
  }

 private:
  template <class To, class From, class Space>
  static Field<To, Scalar, Space> seen_as(Field<From, Scalar, Space> x) {
    x.values().own();
    auto y = Field<To, Scalar, Space>::map(x.data(), x.batch(), x.space());
    y.values() = std::move(x.values());
    return y;
  }
};

/// Restriction of fields given as values: Restrict<16 * regular<D<8>>, D<4>>{}; what follows sees
/// restrict_to<D<4>>(...).
template <auto F, auto H, class Scalar = float>
using Restrict = restriction<features_of<F>, group_of<H>, Scalar>;

}  // namespace gsteer
