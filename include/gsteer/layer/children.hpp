// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "gsteer/core/random.hpp"

namespace gsteer::detail {

// What a layer that contains others passes on to them. It offers for_each_layer(f), which calls
// f(name, layer) for each; names of parts are "child.part".

template <class Layer, class Visit>
void visit_parameters_of_children(Layer& layer, Visit&& visit) {
  layer.for_each_layer([&](const std::string& child, auto& l) {
    if constexpr (requires { l.visit_parameters(visit); })
      l.visit_parameters([&](const std::string& name, auto& p) { visit(child + "." + name, p); });
  });
}

template <class Layer, class Visit>
void visit_linear_maps_of_children(Layer& layer, Visit&& visit) {
  layer.for_each_layer([&](const std::string&, auto& l) {
    if constexpr (requires { l.visit_linear_maps(visit); }) l.visit_linear_maps(visit);
  });
}

template <class Layer, class Visit>
void visit_generators_of_children(Layer& layer, Visit&& visit) {
  layer.for_each_layer([&](const std::string& child, auto& l) {
    if constexpr (requires { l.visit_generators([](const std::string&, Rng&) {}); })
      l.visit_generators(
          [&](const std::string& name, Rng& rng) { visit(child + "." + name, rng); });
  });
}

}  // namespace gsteer::detail
