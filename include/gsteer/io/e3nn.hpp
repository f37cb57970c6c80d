// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "gsteer/io/tensor_file.hpp"
#include "gsteer/layer/batch_norm.hpp"
#include "gsteer/layer/irreps_linear.hpp"
#include "gsteer/layer/message_passing.hpp"
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

/// Parameters and what they are to become: all is read before any is changed.
template <class Scalar>
class Import {
 public:
  explicit Import(const TensorFile& file) : file_(&file) {}

  /// From a tensor with as many elements, of any shape. \throws Error if there is no such tensor,
  /// or it has another size
  void read(Parameter<Scalar>& parameter, const std::string& name) {
    auto values = file_->template values<Scalar>(name);
    expect(values.size() == parameter.value.size(), file_->source, ": expected ",
           parameter.value.size(), " numbers in ", name, ", got ", values.size());
    staged_.push_back({&parameter, std::vector<Scalar>(values.begin(), values.end())});
  }
  /// Element i of the parameter is element order[i] of the tensor.
  void read(Parameter<Scalar>& parameter, const std::string& name,
            const std::vector<std::size_t>& order) {
    read(parameter, name);
    const auto theirs = staged_.back().values;
    for (std::size_t i = 0; i < order.size(); ++i) staged_.back().values[i] = theirs[order[i]];
  }
  void clear(Parameter<Scalar>& parameter) {
    staged_.push_back({&parameter, std::vector<Scalar>(parameter.value.size())});
  }
  void commit() const {
    for (const auto& [parameter, values] : staged_)
      std::copy(values.begin(), values.end(), parameter->value.begin());
  }

 private:
  struct Staged {
    Parameter<Scalar>* parameter;
    std::vector<Scalar> values;
  };
  const TensorFile* file_;
  std::vector<Staged> staged_;
};

/// \throws Error if the file has numbers of this name
inline void expect_none(const TensorFile& file, const std::string& name, const char* reason) {
  expect(!file.contains(name) || file.tensor(name).size() == 0, file.source, ": has ", name,
         ", but the layer ", reason);
}

/// The one parameter of a layer, which may have none. \throws Error if the file has another
template <class Scalar>
void import_weight(Parameter<Scalar>& weight, const TensorFile& file, const std::string& prefix) {
  if (weight.value.empty()) return expect_none(file, prefix + "weight", "has no weights");
  Import<Scalar> staged(file);
  staged.read(weight, prefix + "weight");
  staged.commit();
}

}  // namespace detail

/// The weights of o3.TensorProduct and its kin. Nothing if the layer has none. \throws Error if the
/// file has others
template <class In1, class In2, class Out, class Rule, class Scalar>
void import_e3nn(product_of_fields<In1, In2, Out, Rule, Scalar>& layer, const TensorFile& file,
                 const std::string& prefix = {}) {
  detail::import_weight(layer.weight, file, prefix);
}

/// The weights of o3.TensorSquare. \throws Error if the file has others
template <class In, class Out, class Rule, class Scalar>
void import_e3nn(square_of_field<In, Out, Rule, Scalar>& layer, const TensorFile& file,
                 const std::string& prefix = {}) {
  detail::import_weight(layer.weight(), file, prefix);
}

/// The weights of o3.Linear, and its biases if there are any; the biases of a layer whose file has
/// none become 0. \throws Error if the file has others, or biases for a layer without
template <class In, class Out, class Scalar>
void import_e3nn(irreps_linear<In, Out, Scalar>& layer, const TensorFile& file,
                 const std::string& prefix = {}) {
  const auto name = prefix + "bias";
  const bool has_bias = file.contains(name) && file.tensor(name).size() > 0;
  if (layer.bias.value.empty()) detail::expect_none(file, name, "has no bias");
  detail::Import<Scalar> staged(file);
  staged.read(layer.weight, prefix + "weight");
  if (has_bias)
    staged.read(layer.bias, name);
  else
    staged.clear(layer.bias);
  staged.commit();
}

/// The weights of nn.FullyConnectedNet with silu and unit variances. \throws Error if the file has
/// others
template <class Scalar>
void import_e3nn(RadialNetwork<Scalar>& network, const TensorFile& file,
                 const std::string& prefix = {}) {
  detail::Import<Scalar> staged(file);
  std::size_t k = 0;
  network.visit_parameters([&](const std::string&, Parameter<Scalar>& weight) {
    staged.read(weight, prefix + "layer" + std::to_string(k++) + ".weight");
  });
  staged.commit();
}

/// A convolution of e3nn or NequIP, which is three modules there: an nn.FullyConnectedNet (tensors
/// `radial`layer0.weight, ...) that gives the weights of an o3.TensorProduct of mode uvu, whose
/// paths are those of its tutorials (for each block of In, each harmonic, each irrep of their
/// product, by rising l, that occurs in Out), and an o3.Linear (`linear`weight) from what these
/// give, sorted and simplified, to Out. Radial functions and aggregation are options of the layer:
/// NequIP's are the default. \throws Error if a tensor is missing or of another size
template <class In, class Edge, class Out, class Scalar>
void import_e3nn(message_passing<In, Edge, Out, Scalar>& layer, const TensorFile& file,
                 const std::string& radial, const std::string& linear) {
  const auto made = detail::make_edge_plan(irrep_list<In>(), irrep_list<Out>(), irrep_list<Edge>());
  const auto& paths = made.plan.paths;
  // Where the weights of our path i begin in a row of theirs.
  std::vector<std::size_t> order;
  for (const auto& path : paths) {
    const auto rank = [&](const detail::EdgePath& p) {
      const int harmonic = made.plan.entries[static_cast<std::size_t>(p.first_entry)].harmonic;
      return std::array<int, 3>{p.in_offset, static_cast<int>(std::sqrt(harmonic)), p.out_size};
    };
    std::size_t begin = 0;
    for (const auto& other : paths)
      if (rank(other) < rank(path)) begin += static_cast<std::size_t>(other.channels);
    for (int u = 0; u < path.channels; ++u) order.push_back(begin + static_cast<std::size_t>(u));
  }
  // The blocks of the linear map: theirs by middle irrep, then output block; ours by output block.
  const auto columns_of = [&](irrep_label label) {
    for (std::size_t g = 0; g < made.labels.size(); ++g)
      if (made.labels[g] == label) return made.plan.groups[g].columns;
    return 0;
  };
  const IrrepList out = irrep_list<Out>();
  std::vector<std::size_t> linear_order;
  for (std::size_t b = 0; b < out.size(); ++b) {
    std::size_t begin = 0;
    const auto size = [&](const irrep_copies& block) {
      return static_cast<std::size_t>(columns_of(block.label)) *
             static_cast<std::size_t>(block.copies);
    };
    for (std::size_t other = 0; other < out.size(); ++other)
      if (sorts_before(out[other].label, out[b].label) ||
          (out[other].label == out[b].label && other < b))
        begin += size(out[other]);
    for (std::size_t i = 0; i < size(out[b]); ++i) linear_order.push_back(begin + i);
  }
  detail::Import<Scalar> staged(file);
  const auto all = parameters(layer);  // the radial network's, then the linear map's
  for (std::size_t k = 0; k + 1 < all.size(); ++k) {
    auto& weight = *all[k].parameter;
    const auto name = radial + "layer" + std::to_string(k) + ".weight";
    if (k + 2 < all.size()) {
      staged.read(weight, name);
      continue;
    }
    std::vector<std::size_t> rows;
    for (std::size_t row = 0; row < weight.value.size() / order.size(); ++row)
      for (const std::size_t column : order) rows.push_back(row * order.size() + column);
    staged.read(weight, name, rows);
  }
  staged.read(*all.back().parameter, linear + "weight", linear_order);
  staged.commit();
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
  detail::Import<Scalar> staged(file);
  layer.visit_parameters([&](const std::string& name, Parameter<Scalar>& parameter) {
    const auto i = static_cast<std::size_t>(std::find(ours, ours + 4, name) - ours);
    const auto tensor = prefix + theirs[i];
    found[i] = true;
    if (name == "bias" && !file.contains(tensor))
      staged.clear(parameter);
    else
      staged.read(parameter, tensor);
  });
  for (std::size_t i = 0; i < 4; ++i)
    if (!found[i]) detail::expect_none(file, prefix + theirs[i], "has no such parameter");
  staged.commit();
}

/// The biases of nn.NormActivation, if there are any. \throws Error if the file has others, or
/// biases for a layer without
template <class F, class Function, class Scalar>
void import_e3nn(norm_nonlinearity<F, Function, Scalar, NormActivationOptions>& layer,
                 const TensorFile& file, const std::string& prefix = {}) {
  bool found = false;
  detail::Import<Scalar> staged(file);
  layer.visit_parameters([&](const std::string&, Parameter<Scalar>& bias) {
    found = true;
    staged.read(bias, prefix + "biases");
  });
  staged.commit();
  if (!found) detail::expect_none(file, prefix + "biases", "has no bias");
}

}  // namespace gsteer
