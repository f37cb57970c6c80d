// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "gsteer/io/tensor_file.hpp"
#include "gsteer/layer/batch_norm.hpp"
#include "gsteer/layer/irreps_linear.hpp"
#include "gsteer/layer/norm_nonlinearity.hpp"
#include "gsteer/layer/radial_network.hpp"
#include "gsteer/layer/tensor_product.hpp"
#include "gsteer/layer/tensor_square.hpp"

// Weights that were trained with e3nn >= 0.5 (0.4 has other signs of Wigner 3j symbols), exported
// from the state_dict of a module with safetensors.torch.save_file. Names are those of the
// state_dict; `prefix` is what they begin with, up to and including the last dot of the module:
//   import_e3nn(layer, read_safetensors("model.safetensors"), "layers.0.tp.");
// Buffers of e3nn are not read, its output masks and Wigner 3j symbols, except the running
// statistics of BatchNorm. Gate and the other layers without parameters have nothing to import.
//
// e3nn does not merge neighboring blocks of one irrep. Where it was given such irreps
// ("8x1o+8x1o"), its weights belong to these blocks: construct the layer with them (parse_irreps).

namespace gsteer {
namespace detail {

/// Fills a parameter from a tensor with as many elements, of any shape. \throws Error if there is
/// no such tensor, or it has another size
template <class Scalar>
void import_parameter(Parameter<Scalar>& parameter, const TensorFile& file,
                      const std::string& name) {
  const auto values = file.template values<Scalar>(name);
  expect(values.size() == parameter.value.size(), file.source, ": expected ",
         parameter.value.size(), " numbers in ", name, ", got ", values.size());
  std::copy(values.begin(), values.end(), parameter.value.begin());
}

/// \throws Error if the file has numbers of this name
inline void expect_none(const TensorFile& file, const std::string& name, const char* reason) {
  expect(!file.contains(name) || file.tensor(name).size() == 0, file.source, ": has ", name,
         ", but the layer ", reason);
}

}  // namespace detail

/// The weights of o3.TensorProduct and its kin. Nothing if the layer has none. \throws Error if the
/// file has others
template <class In1, class In2, class Out, class Rule, class Scalar>
void import_e3nn(product_of_fields<In1, In2, Out, Rule, Scalar>& layer, const TensorFile& file,
                 const std::string& prefix = {}) {
  if (!layer.weight.value.empty()) detail::import_parameter(layer.weight, file, prefix + "weight");
}

/// The weights of o3.TensorSquare. \throws Error if the file has others
template <class In, class Out, class Rule, class Scalar>
void import_e3nn(square_of_field<In, Out, Rule, Scalar>& layer, const TensorFile& file,
                 const std::string& prefix = {}) {
  if (!layer.weight().value.empty())
    detail::import_parameter(layer.weight(), file, prefix + "weight");
}

/// The weights of o3.Linear, and its biases if there are any; the biases of a layer whose file has
/// none become 0. \throws Error if the file has others, or biases for a layer without
template <class In, class Out, class Scalar>
void import_e3nn(irreps_linear<In, Out, Scalar>& layer, const TensorFile& file,
                 const std::string& prefix = {}) {
  const auto name = prefix + "bias";
  const bool has_bias = file.contains(name) && file.tensor(name).size() > 0;
  if (layer.bias.value.empty()) detail::expect_none(file, name, "has no bias");
  detail::import_parameter(layer.weight, file, prefix + "weight");
  if (has_bias)
    detail::import_parameter(layer.bias, file, name);
  else
    std::fill(layer.bias.value.begin(), layer.bias.value.end(), Scalar{0});
}

/// The weights of nn.FullyConnectedNet with silu and unit variances. \throws Error if the file has
/// others
template <class Scalar>
void import_e3nn(RadialNetwork<Scalar>& network, const TensorFile& file,
                 const std::string& prefix = {}) {
  std::size_t k = 0;
  network.visit_parameters([&](const std::string&, Parameter<Scalar>& weight) {
    detail::import_parameter(weight, file, prefix + "layer" + std::to_string(k++) + ".weight");
  });
}

/// The weights and running statistics of nn.BatchNorm, of a layer with the same epsilon and
/// variance, which are not in the file. Where the file has no bias (include_bias = False), it
/// becomes 0. \throws Error if the file has others, or what the layer lacks by its options, affine
/// and track, or the other way round
template <class F, class Scalar>
void import_e3nn(batch_norm<F, Scalar>& layer, const TensorFile& file,
                 const std::string& prefix = {}) {
  const char* const theirs[] = {"weight", "bias", "running_mean", "running_var"};
  const std::string ours[] = {"scale", "bias", "running_mean", "running_variance"};
  bool found[4] = {};
  layer.visit_parameters([&](const std::string& name, Parameter<Scalar>& parameter) {
    const auto i = static_cast<std::size_t>(std::find(ours, ours + 4, name) - ours);
    const auto tensor = prefix + theirs[i];
    found[i] = true;
    if (name == "bias" && !file.contains(tensor))
      std::fill(parameter.value.begin(), parameter.value.end(), Scalar{0});
    else
      detail::import_parameter(parameter, file, tensor);
  });
  for (std::size_t i = 0; i < 4; ++i)
    if (!found[i]) detail::expect_none(file, prefix + theirs[i], "has no such parameter");
}

/// The biases of nn.NormActivation, if there are any. \throws Error if the file has others, or
/// biases for a layer without
template <class F, class Function, class Scalar>
void import_e3nn(norm_nonlinearity<F, Function, Scalar, NormActivationOptions>& layer,
                 const TensorFile& file, const std::string& prefix = {}) {
  bool found = false;
  layer.visit_parameters([&](const std::string&, Parameter<Scalar>& bias) {
    found = true;
    detail::import_parameter(bias, file, prefix + "biases");
  });
  if (!found) detail::expect_none(file, prefix + "biases", "has no bias");
}

}  // namespace gsteer
