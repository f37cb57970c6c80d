// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "gsteer/layer/kernels/finish.hpp"

namespace gsteer {

// A frozen layer may take in the one after it, so that both are one pass over memory: it has
//   then(next), called on a temporary, which gives the layer that does both.
// What it can take in, it knows by what `next` offers, either of
// - affine(): an optional<ChannelAffine>, what it does to every vector, if that is fixed
// - finish(): a detail::Finish, what it does to every number.
// freeze() of a network joins neighbors as long as they have a `then` for each other.

/// y = factor x + shift for each channel. The channels of a field have one factor, and its shift is
/// invariant: so it commutes with the group.
template <class Scalar>
struct ChannelAffine {
  std::vector<Scalar> factor, shift;
};

template <class Layer>
concept affine_layer = requires(const Layer& layer, ChannelAffine<typename Layer::Scalar> map) {
  map = *layer.affine();
  static_cast<bool>(layer.affine());
};

template <class Layer>
concept pointwise_layer = requires(const Layer& layer,
                                   detail::Finish<typename Layer::Scalar> finish) {
  finish = layer.finish();
};

namespace detail {

/// Whether a layer takes in the one after it.
template <class Layer, class Next>
concept takes_in = requires(Layer layer, Next next) {
  std::move(layer).then(std::move(next));
};

/// A tuple of layers and one more, which the last of them takes in if it can.
template <class... Layers, class Next>
auto joined(std::tuple<Layers...> layers, Next next) {
  constexpr std::size_t last = sizeof...(Layers) - 1;
  if constexpr (takes_in<std::tuple_element_t<last, std::tuple<Layers...>>, Next>)
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return std::tuple(std::get<I>(std::move(layers))...,
                        std::get<last>(std::move(layers)).then(std::move(next)));
    }
  (std::make_index_sequence<last>{});
  else return std::tuple_cat(std::move(layers), std::tuple<Next>(std::move(next)));
}

/// The same for any number more, one after the other.
template <class Layers>
Layers fused(Layers layers) {
  return layers;
}
template <class Layers, class Next, class... Rest>
auto fused(Layers layers, Next next, Rest... rest) {
  return fused(joined(std::move(layers), std::move(next)), std::move(rest)...);
}

}  // namespace detail
}  // namespace gsteer
