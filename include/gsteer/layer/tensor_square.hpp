// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "gsteer/layer/tensor_product.hpp"

namespace gsteer {

/// The tensor product of a field with itself (e3nn's o3.TensorSquare): what of x (x) x is not there
/// twice, or zero. Normalized for components of unit variance, which a product of equals treats
/// differently. Use the aliases TensorSquare and WeightedTensorSquare.
template <class In, class Out, class Rule, class Scalar_ = float>
class square_of_field {
  using Product = product_of_fields<In, In, Out, Rule, Scalar_>;

 public:
  using in = In;
  using out = Out;
  using Scalar = Scalar_;
  using Input = Field<In, Scalar, Point>;
  using Output = Field<Out, Scalar, Point>;

  explicit square_of_field(TensorProductOptions options = {}) : product_(checked(options)) {}

  int weight_count() const { return product_.weight_count(); }
  Parameter<Scalar>& weight() { return product_.weight; }

  /// [batch, in] -> [batch, out]
  Output forward(Input x) {
    Input copy = x;
    return product_.forward(std::move(x), std::move(copy));
  }
  Input backward(const Output& gradient) { return sum(product_.backward(gradient)); }
  Input backward_input(const Output& gradient) { return sum(product_.backward_input(gradient)); }
  Output forward_tangent(Input dx) {
    Input copy = dx;
    return product_.forward_tangent(std::move(dx), std::move(copy));
  }
  Input backward_tangent(const Output& dg) { return sum(product_.backward_tangent(dg)); }

  auto freeze() const {
    return make_frozen<In, Out, Scalar>(
        [product = product_.freeze()](const Input& x) { return product.forward(x, x); });
  }

  template <class Visit>
  void visit_parameters(Visit&& visit) {
    product_.visit_parameters(visit);
  }
  void initialize(Rng& rng) { product_.initialize(rng); }

 private:
  static const TensorProductOptions& checked(const TensorProductOptions& options) {
    expect(options.weights == WeightSource::internal,
           "TensorSquare: has weights of its own, expected WeightSource::internal");
    return options;
  }
  /// The derivative in x, which stands in both places.
  static Input sum(typename Product::Gradients gradients) {
    for (std::size_t i = 0; i < gradients.in1.size(); ++i)
      gradients.in1.values()[i] += gradients.in2.values()[i];
    return std::move(gradients.in1);
  }

  Product product_;
};

/// What TensorSquare makes of a field.
template <auto In>
inline constexpr auto square_product = detail::product_output<detail::square_rule, In, In>;

/// Every irrep of every pair of copies, without weights.
template <auto In, class Scalar = float>
using TensorSquare =
    square_of_field<features_of<In>, features_of<square_product<In>>, detail::square_rule, Scalar>;

/// The same, mixed by weights (o3.TensorSquare with irreps_out).
template <auto In, auto Out, class Scalar = float>
using WeightedTensorSquare =
    square_of_field<features_of<In>, features_of<Out>, detail::weighted_square_rule, Scalar>;

}  // namespace gsteer
