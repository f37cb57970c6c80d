// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "gsteer/core/buffer.hpp"

namespace gsteer {

/// Numbers of a layer that training changes, or that it records along the way (`trained` false:
/// running statistics, which are saved with a network but have no gradient).
template <class Scalar>
struct Parameter {
  Buffer<Scalar> value;
  Buffer<Scalar> gradient;  ///< backward adds to it; empty if not trained
  bool trained = true;

  Parameter() = default;
  explicit Parameter(int size, Scalar fill = 0, bool is_trained = true)
      : value(static_cast<std::size_t>(size)),
        gradient(is_trained ? static_cast<std::size_t>(size) : 0),
        trained(is_trained) {
    std::fill(value.begin(), value.end(), fill);
  }
};

/// A parameter and its name in the network, "3.weight".
template <class Scalar>
struct NamedParameter {
  std::string name;
  Parameter<Scalar>* parameter = nullptr;
};

/// All parameters of a layer or network, in a fixed order. The pointers hold as long as the network
/// stays where it is.
template <class Layer>
std::vector<NamedParameter<typename Layer::Scalar>> parameters(Layer& layer) {
  std::vector<NamedParameter<typename Layer::Scalar>> all;
  if constexpr (requires { layer.visit_parameters([](const std::string&, auto&) {}); })
    layer.visit_parameters([&](const std::string& name, Parameter<typename Layer::Scalar>& p) {
      all.push_back({name, &p});
    });
  return all;
}

/// How many numbers training may change.
template <class Layer>
std::size_t parameter_count(Layer& layer) {
  std::size_t count = 0;
  for (const auto& [name, p] : parameters(layer))
    if (p->trained) count += p->value.size();
  return count;
}

/// Sets all gradients to zero.
template <class Layer>
void zero_gradients(Layer& layer) {
  for (const auto& [name, p] : parameters(layer))
    std::fill(p->gradient.begin(), p->gradient.end(), typename Layer::Scalar{0});
}

}  // namespace gsteer
