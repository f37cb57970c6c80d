// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "gsteer/core/buffer.hpp"
#include "gsteer/core/error.hpp"
#include "gsteer/layer/children.hpp"

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
  detail::for_each_parameter(layer,
                             [&](const std::string& name, Parameter<typename Layer::Scalar>& p) {
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

/// Gives a network the parameters of another of the same layers, which may compute in another
/// precision: trained in float, used in double.
/// \throws Error unless names and sizes are the same; `to` then stays as it was
template <class From, class To>
void copy_parameters(From& from, To& to) {
  const auto source = parameters(from);
  const auto target = parameters(to);
  expect(source.size() == target.size(), "copy_parameters: expected networks of the same layers, ",
         "got ", source.size(), " and ", target.size(), " parameters");
  for (std::size_t i = 0; i < source.size(); ++i)
    expect(source[i].name == target[i].name &&
               source[i].parameter->value.size() == target[i].parameter->value.size(),
           "copy_parameters: expected networks of the same layers, got ", source[i].name, " of ",
           source[i].parameter->value.size(), " and ", target[i].name, " of ",
           target[i].parameter->value.size(), " numbers");
  for (std::size_t i = 0; i < source.size(); ++i)
    for (std::size_t k = 0; k < source[i].parameter->value.size(); ++k)
      target[i].parameter->value[k] =
          static_cast<typename To::Scalar>(source[i].parameter->value[k]);
}

}  // namespace gsteer
