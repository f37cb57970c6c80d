// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "gsteer/layer/gate.hpp"
#include "gsteer/layer/interaction.hpp"
#include "gsteer/layer/tensor_product.hpp"

namespace gsteer::detail {

// Steerable multi-layer perceptrons (Brandstetter, Hesselink, van der Pol, Bekkers and Welling,
// "Geometric and physical quantities improve E(3) equivariant message passing", ICLR 2022): linear
// maps between irreps whose matrices are steered by attributes a, and gates between them.

/// Whether every irrep of `out` occurs in a product of one of `in` and one of `attributes`.
constexpr bool all_reached(const IrrepList& in, const IrrepList& attributes, const IrrepList& out) {
  for (const auto& to : out) {
    bool reached = false;
    for (const auto& x : in)
      for (const auto& a : attributes)
        reached = reached || occurs_in_product(to.label, x.label, a.label);
    if (!reached) return false;
  }
  return true;
}

/// The gate that gives the irreps Hidden, scalars first: gates for all that are no scalars.
template <class Hidden>
struct hidden_gate {
  using G = typename Hidden::group;
  static constexpr auto scalars =
      spell_irreps<G>([] { return scalars_or_others(irrep_list<Hidden>(), true); });
  static constexpr auto gated =
      spell_irreps<G>([] { return scalars_or_others(irrep_list<Hidden>(), false); });
  static constexpr auto gates = spell_irreps<G>([] {
    return IrrepList{{{}, irrep_count(irrep_list(gated))}};
  });
  template <class Scalar>
  using layer = Gate<scalars, gates, gated, Scalar>;
};

/// The gradients with respect to features and attributes.
template <class In, class Attributes, class Scalar>
struct SteeredGradients {
  Field<In, Scalar, Point> in;
  Field<Attributes, Scalar, Point> attributes;
};

/// act(W(a) x + b): the fully connected tensor product with attributes a, a bias on the channels
/// 0e, and what follows it, a gate or nothing (`unchanged`). A field without rows gives one: a
/// graph may have no edges.
template <class In, class Attributes_, class Activation>
class steerable_layer {
 public:
  using in = In;
  using Attributes = Attributes_;
  using Linear = typename Activation::in;
  using out = typename Activation::out;
  using Scalar = typename Activation::Scalar;
  using Input = Field<In, Scalar, Point>;
  using Condition = Field<Attributes, Scalar, Point>;
  using Output = Field<out, Scalar, Point>;
  using Gradients = SteeredGradients<In, Attributes, Scalar>;
  static_assert(all_reached(irrep_list<In>(), irrep_list<Attributes>(), irrep_list<Linear>()),
                "gsteer: a steerable layer has outputs that no tensor product of its inputs with "
                "the attributes reaches: they would stay zero");

  [[gnu::cold]] steerable_layer() {
    int offset = 0, biases = 0;
    for (const auto& block : irrep_list<Linear>()) {
      for (int u = 0; u < block.copies && block.label.is_trivial(); ++u, ++biases)
        biased_.push_back(offset + u);
      offset += block.copies * irrep_dimension(block.label);
    }
    bias_ = Parameter<Scalar>(biases);
  }

  Output forward(Input x, const Condition& a) {
    if (x.empty()) return {};
    return activation_.forward(with_bias(product_.forward(std::move(x), a), bias_.value, biased_));
  }
  Gradients backward(const Output& gradient) {
    if (gradient.empty()) return {};
    const auto g = activation_.backward(gradient);
    add_bias_gradient(g);
    return steered(product_.backward(g));
  }
  Gradients backward_input(const Output& gradient) {
    if (gradient.empty()) return {};
    return steered(product_.backward_input(activation_.backward_input(gradient)));
  }
  Output forward_tangent(Input dx, const Condition& da) {
    if (dx.empty()) return {};
    return activation_.forward_tangent(product_.forward_tangent(std::move(dx), da));
  }
  Gradients backward_tangent(const Output& d_gradient) {
    if (d_gradient.empty()) return {};
    const auto dg = activation_.backward_tangent(d_gradient);
    add_bias_gradient(dg);
    return steered(product_.backward_tangent(dg));
  }

  /// For use: forward(x, a) is const and may be called from many threads.
  class Frozen {
   public:
    explicit Frozen(const steerable_layer& layer)
        : product_(layer.product_.freeze()),
          activation_(layer.activation_.freeze()),
          bias_(layer.bias_.value),
          biased_(layer.biased_) {}
    Output forward(const Input& x, const Condition& a) const {
      if (x.empty()) return {};
      return activation_.forward(with_bias(product_.forward(x, a), bias_, biased_));
    }

   private:
    decltype(std::declval<
                 const product_of_fields<In, Attributes, Linear, fully_connected_rule, Scalar>&>()
                 .freeze()) product_;
    decltype(std::declval<const Activation&>().freeze()) activation_;
    Buffer<Scalar> bias_;
    std::vector<int> biased_;
  };
  Frozen freeze() const { return Frozen(*this); }

  template <class Visit>
  void visit_parameters(Visit&& visit) {
    product_.visit_parameters(visit);
    if (!biased_.empty()) visit("bias", bias_);
  }
  /// Weights uniform in [-1, 1), which the normalization of paths makes +-1 / sqrt(fan-in), as the
  /// authors have them: with N(0, 1), features would grow from layer to layer. Biases 0.
  void initialize(Rng& rng) {
    for (auto& w : product_.weight.value) w = static_cast<Scalar>(rng.uniform(-1, 1));
    std::fill(bias_.value.begin(), bias_.value.end(), Scalar{0});
  }

 private:
  using Linearized = Field<Linear, Scalar, Point>;
  using Product = product_of_fields<In, Attributes, Linear, fully_connected_rule, Scalar>;

  static Linearized with_bias(Linearized z, const Buffer<Scalar>& bias,
                              const std::vector<int>& biased) {
    for (int row = 0; row < z.batch(); ++row)
      for (std::size_t i = 0; i < biased.size(); ++i) z(row, biased[i]) += bias[i];
    return z;
  }
  void add_bias_gradient(const Linearized& g) {
    for (std::size_t i = 0; i < biased_.size(); ++i) {
      double sum = 0;
      for (int row = 0; row < g.batch(); ++row) sum += static_cast<double>(g(row, biased_[i]));
      bias_.gradient[i] += static_cast<Scalar>(sum);
    }
  }
  static Gradients steered(ProductGradients<In, Attributes, Scalar> g) {
    return {std::move(g.in1), std::move(g.in2)};
  }

  Product product_;
  Activation activation_;
  Parameter<Scalar> bias_;
  std::vector<int> biased_;  // the channels 0e
};

/// Two steerable layers in turn, steered by the same attributes.
template <class First, class Second>
class steerable_mlp {
 public:
  using in = typename First::in;
  using out = typename Second::out;
  using Scalar = typename First::Scalar;
  using Input = typename First::Input;
  using Condition = typename First::Condition;
  using Output = typename Second::Output;
  using Gradients = typename First::Gradients;

  Output forward(Input x, const Condition& a) {
    return second_.forward(first_.forward(std::move(x), a), a);
  }
  Gradients backward(const Output& g) {
    return down(g, [](auto& layer, const auto& h) { return layer.backward(h); });
  }
  Gradients backward_input(const Output& g) {
    return down(g, [](auto& layer, const auto& h) { return layer.backward_input(h); });
  }
  Output forward_tangent(Input dx, const Condition& da) {
    return second_.forward_tangent(first_.forward_tangent(std::move(dx), da), da);
  }
  Gradients backward_tangent(const Output& dg) {
    return down(dg, [](auto& layer, const auto& h) { return layer.backward_tangent(h); });
  }

  class Frozen {
   public:
    explicit Frozen(const steerable_mlp& mlp)
        : first_(mlp.first_.freeze()), second_(mlp.second_.freeze()) {}
    Output forward(const Input& x, const Condition& a) const {
      return second_.forward(first_.forward(x, a), a);
    }

   private:
    typename First::Frozen first_;
    typename Second::Frozen second_;
  };
  Frozen freeze() const { return Frozen(*this); }

  template <class Visit>
  void for_each_layer(Visit&& visit) {
    visit(std::string("0"), first_);
    visit(std::string("1"), second_);
  }
  void initialize(Rng& rng) {
    first_.initialize(rng);
    second_.initialize(rng);
  }

 private:
  template <class Pass>
  Gradients down(const Output& g, const Pass& pass) {
    const auto later = pass(second_, g);
    auto result = pass(first_, later.in);
    for (std::size_t i = 0; i < result.attributes.size(); ++i)
      result.attributes.data()[i] += later.attributes.data()[i];
    return result;
  }

  First first_;
  Second second_;
};

}  // namespace gsteer::detail
