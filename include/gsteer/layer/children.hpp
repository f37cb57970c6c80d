// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "gsteer/core/random.hpp"

namespace gsteer::detail {

/// A layer that contains others: for_each_layer(f) calls f(name, layer) for each.
template <class Layer>
concept has_layers = requires(Layer& layer) {
  layer.for_each_layer([](const std::string&, auto&) {});
};

/// visit(name, parameter) for the parameters of the layers in a layer, "child.name", and for its
/// own.
template <class Layer, class Visit>
void for_each_parameter(Layer& layer, const Visit& visit) {
  if constexpr (has_layers<Layer>)
    layer.for_each_layer([&](const std::string& child, auto& l) {
      for_each_parameter(l,
                         [&](const std::string& name, auto& p) { visit(child + "." + name, p); });
    });
  if constexpr (requires { layer.visit_parameters(visit); }) layer.visit_parameters(visit);
}

/// The same for sources of randomness.
template <class Layer, class Visit>
void for_each_generator(Layer& layer, const Visit& visit) {
  if constexpr (has_layers<Layer>)
    layer.for_each_layer([&](const std::string& child, auto& l) {
      for_each_generator(l, [&](const std::string& name, Rng& g) { visit(child + "." + name, g); });
    });
  if constexpr (requires { layer.visit_generators(visit); }) layer.visit_generators(visit);
}

}  // namespace gsteer::detail
