// SPDX-License-Identifier: MIT
#pragma once

#include "gsteer/field/graph.hpp"
#include "gsteer/layer/parameter.hpp"

namespace gsteer::detail {

/// A graph layer for use: forward(x, graph) is const and may be called from many threads, because
/// each call works on a copy. The layer has a constructor from its options().
template <class Layer>
class FrozenCopy {
 public:
  using in = typename Layer::in;
  using out = typename Layer::out;
  using Scalar = typename Layer::Scalar;

  explicit FrozenCopy(Layer layer) : layer_(layer.options()) {
    copy_parameters(layer, layer_);  // and no memory of training
  }
  typename Layer::Result forward(const typename Layer::Features& x, const Graph& graph) const {
    Layer work = layer_;
    return work.forward(x, graph);
  }
  const FrozenCopy& freeze() const { return *this; }

 private:
  Layer layer_;
};

}  // namespace gsteer::detail
