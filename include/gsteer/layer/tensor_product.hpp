// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "gsteer/core/random.hpp"
#include "gsteer/layer/kernels/tensor_product.hpp"
#include "gsteer/layer/layer.hpp"
#include "gsteer/layer/parameter.hpp"
#include "gsteer/layer/remembered.hpp"
#include "gsteer/layer/tensor_rules.hpp"
#include "gsteer/representation/irreps.hpp"

namespace gsteer {

/// The gradients of a product of two fields; `weights` is empty unless they are given per sample.
template <class In1, class In2, class Scalar>
struct ProductGradients {
  Field<In1, Scalar, Point> in1;
  Field<In2, Scalar, Point> in2;
  Buffer<Scalar> weights;  ///< [batch, weight_count]
};

namespace detail {

// Which paths a product has: what the caller lists, or one of e3nn's rules.

struct given_paths {};
struct fully_connected_rule {
  static constexpr TensorProductSpec spec(const IrrepList& in1, const IrrepList& in2,
                                          const IrrepList& out, IrrepNormalization) {
    return fully_connected_paths(in1, in2, out);
  }
};
struct full_rule {
  static constexpr TensorProductSpec spec(const IrrepList& in1, const IrrepList& in2,
                                          const IrrepList&, IrrepNormalization) {
    return full_paths(in1, in2);
  }
};
struct elementwise_rule {
  static constexpr TensorProductSpec spec(const IrrepList& in1, const IrrepList& in2,
                                          const IrrepList&, IrrepNormalization) {
    return elementwise_paths(in1, in2);
  }
};
struct square_rule {
  static constexpr TensorProductSpec spec(const IrrepList& in, const IrrepList&, const IrrepList&,
                                          IrrepNormalization normalization) {
    return square_paths(in, normalization);
  }
};
struct weighted_square_rule {
  static constexpr TensorProductSpec spec(const IrrepList& in, const IrrepList&,
                                          const IrrepList& out, IrrepNormalization normalization) {
    return square_paths(in, out, normalization);
  }
};
template <class Rule>
inline constexpr bool squares =
    std::is_same_v<Rule, square_rule> || std::is_same_v<Rule, weighted_square_rule>;

/// A product of two fields of irreps at each point, z = F(x, y, w): the arithmetic of a layer
/// without what it remembers.
template <class Scalar>
class TensorProductMap {
 public:
  /// \throws Error if a path does not fit its blocks
  [[gnu::cold]] TensorProductMap(const TensorProductSpec& spec, const TensorProductOptions& options)
      : plan_(plan_tensor_product(spec, options)),
        shared_(options.weights == WeightSource::internal) {}

  const TensorProductPlan& plan() const { return plan_; }
  bool has_internal_weights() const { return shared_; }
  int weight_count() const { return plan_.weights; }

  /// result += dF / d(role)
  void add(TensorRole role, const Scalar* x, const Scalar* y, const Scalar* w, const Scalar* z,
           int rows, Scalar* result) const {
    add_tensor_product<Scalar>(plan_, role, {x, y, w, z}, rows, shared_, result);
  }
  /// d_x += dF / dx and d_y += dF / dy, at little more than the cost of one.
  void add_to_inputs(const Scalar* x, const Scalar* y, const Scalar* w, const Scalar* z, int rows,
                     Scalar* d_x, Scalar* d_y) const {
    add_tensor_product<Scalar>(plan_, TensorRole::in1, {x, y, w, z}, rows, shared_, d_x, d_y);
  }

  /// \throws Error unless there are as many weights as the samples need
  void check_weights(const Buffer<Scalar>& weights, int batch) const {
    const auto count =
        static_cast<std::size_t>(plan_.weights) * static_cast<std::size_t>(shared_ ? 1 : batch);
    expect(weights.size() == count, "TensorProduct: expected ", count, " weights, ", plan_.weights,
           shared_ ? " in all" : " for each sample", ", got ", weights.size());
  }

 private:
  TensorProductPlan plan_;
  bool shared_;
};

}  // namespace detail

/// A tensor product in use. forward is const and may be called from many threads.
template <class In1, class In2, class Out, class Scalar_>
class FrozenTensorProduct {
 public:
  using in1 = In1;
  using in2 = In2;
  using out = Out;
  using Scalar = Scalar_;

  FrozenTensorProduct(detail::TensorProductMap<Scalar> map, Buffer<Scalar> weights)
      : map_(std::move(map)), weights_(std::move(weights)) {}

  /// \throws Error if the batches differ, or the weights are expected per sample
  Field<Out, Scalar, Point> forward(const Field<In1, Scalar, Point>& x,
                                    const Field<In2, Scalar, Point>& y) const {
    expect(map_.has_internal_weights() || map_.weight_count() == 0,
           "TensorProduct: expected weights for each sample");
    return forward(x, y, weights_);
  }
  Field<Out, Scalar, Point> forward(const Field<In1, Scalar, Point>& x,
                                    const Field<In2, Scalar, Point>& y,
                                    const Buffer<Scalar>& weights) const {
    expect(x.batch() == y.batch(), "TensorProduct: expected two batches of one size, got ",
           x.batch(), " and ", y.batch());
    map_.check_weights(weights, x.batch());
    Field<Out, Scalar, Point> z(x.batch());
    map_.add(detail::TensorRole::out, x.data(), y.data(), weights.data(), nullptr, x.batch(),
             z.data());
    return z;
  }
  const FrozenTensorProduct& freeze() const { return *this; }

 private:
  detail::TensorProductMap<Scalar> map_;
  Buffer<Scalar> weights_;
};

/// The bilinear equivariant map of e3nn (o3.TensorProduct) at each point on its own:
///   out(w) = sum over paths of  c  sum over u, v of W(u, v, w)  C(x(u), y(v)),
/// C the Clebsch-Gordan tensor of norm 1, c and the order of W those of e3nn >= 0.5 (tensor_paths
/// .hpp), so that its flat weights can be used as they are. Use the aliases TensorProduct,
/// FullyConnectedTensorProduct, FullTensorProduct, ElementwiseTensorProduct.
template <class In1, class In2, class Out, class Rule, class Scalar_ = float>
class product_of_fields {
  static_assert(std::is_same_v<typename In1::group, typename In2::group> &&
                    std::is_same_v<typename In1::group, typename Out::group> &&
                    (std::is_same_v<typename In1::group, orthogonal<3>> ||
                     std::is_same_v<typename In1::group, special_orthogonal<3>>),
                "gsteer: a tensor product of irreps maps between fields of one group, O(3) or "
                "SO(3)");
  static constexpr bool any_path = [] {
    if constexpr (std::is_same_v<Rule, detail::given_paths>)
      return true;
    else
      return !Rule::spec(irrep_list<In1>(), irrep_list<In2>(), irrep_list<Out>(), {}).paths.empty();
  }();
  static_assert(any_path,
                "gsteer: no irrep of the output occurs in the product of the inputs: the tensor "
                "product would be zero");
  static_assert(!std::is_same_v<Rule, detail::elementwise_rule> || In1::fields == In2::fields,
                "gsteer: the elementwise product needs as many irreps on both sides");
  using Role = detail::TensorRole;

 public:
  using in1 = In1;
  using in2 = In2;
  using out = Out;
  using Scalar = Scalar_;
  using Input1 = Field<In1, Scalar, Point>;
  using Input2 = Field<In2, Scalar, Point>;
  using Output = Field<Out, Scalar, Point>;
  using Gradients = ProductGradients<In1, In2, Scalar>;

  /// The coefficients of all paths; empty if the weights are given per sample.
  Parameter<Scalar> weight;

  /// With the paths that the rule of the type lists.
  explicit product_of_fields(TensorProductOptions options = {}) requires(
      !std::is_same_v<Rule, detail::given_paths>)
      : product_of_fields(ruled_spec(options), without_squares(options)) {}

  /// With the paths of the caller, between blocks of equal irreps. \throws Error if one does not
  /// fit
  explicit product_of_fields(
      std::vector<TensorPath> paths,
      TensorProductOptions options = {}) requires(std::is_same_v<Rule, detail::given_paths>)
      : product_of_fields(TensorProductSpec{irrep_list<In1>(), irrep_list<In2>(), irrep_list<Out>(),
                                            std::move(paths)},
                          options) {}

  /// With the paths of the caller between blocks that may cut those of the types: two paths to
  /// 8x1o+8x1o are normalized apart, two to 16x1o together. \throws Error if a list has other
  /// channels than the type, or a path does not fit
  explicit product_of_fields(const TensorProductSpec& spec, const TensorProductOptions& options)
      : map_(checked(spec), options) {
    if (options.weights == WeightSource::internal) weight = Parameter<Scalar>(map_.weight_count());
  }

  /// Weights that the paths have, for each sample if they are given per sample.
  int weight_count() const { return map_.weight_count(); }

  /// [batch, in1], [batch, in2] -> [batch, out]. \throws Error if the batches differ, or the
  /// weights are expected per sample
  Output forward(Input1 x, Input2 y) {
    expect(map_.has_internal_weights() || map_.weight_count() == 0,
           "TensorProduct: expected weights for each sample");
    return apply(std::move(x), std::move(y), {});
  }
  /// The same with `weights` for each sample, [batch, weight_count]. \throws Error if the sizes
  /// differ, or the layer has weights of its own
  Output forward(Input1 x, Input2 y, Buffer<Scalar> weights) {
    expect(!map_.has_internal_weights(), "TensorProduct: has weights of its own, got others");
    map_.check_weights(weights, x.batch());
    return apply(std::move(x), std::move(y), std::move(weights));
  }

  /// The gradients of the inputs, and of the weights if these are given per sample; adds to those
  /// of the parameter otherwise.
  Gradients backward(const Output& gradient) {
    auto result = transposed(gradient);
    if (map_.has_internal_weights())
      map_.add(Role::weights, x_.data(), y_.data(), nullptr, gradient.data(), gradient.batch(),
               weight.gradient.data());
    return result;
  }

  /// backward, and the gradient of the parameter stays as it is. Remembers the gradient
  Gradients backward_input(const Output& gradient) {
    auto result = transposed(gradient);
    g_ = detail::overwritable(gradient);
    return result;
  }

  /// dz = F(dx, y, w) + F(x, dy, w) [+ F(x, y, dw)]. Remembers dx, dy, dw
  Output forward_tangent(Input1 dx, Input2 dy, Buffer<Scalar> d_weights = {}) {
    expect(x_.batch() > 0, "TensorProduct: forward_tangent before forward");
    expect(dx.batch() == x_.batch() && dy.batch() == x_.batch(),
           "TensorProduct: expected tangents of ", x_.batch(), " items, got ", dx.batch(), " and ",
           dy.batch());
    expect(d_weights.empty() || !map_.has_internal_weights(),
           "TensorProduct: has weights of its own, got a direction for others");
    if (!d_weights.empty()) map_.check_weights(d_weights, x_.batch());
    dx_ = detail::overwritable(std::move(dx));
    dy_ = detail::overwritable(std::move(dy));
    dw_ = std::move(d_weights);
    Output dz(x_.batch());
    const auto add = [&](const Input1& x, const Input2& y, const Scalar* w) {
      map_.add(Role::out, x.data(), y.data(), w, nullptr, x_.batch(), dz.data());
    };
    add(dx_, y_, weights());
    add(x_, dy_, weights());
    if (!dw_.empty()) add(x_, y_, dw_.data());
    return dz;
  }

  /// The derivative of backward_input(g) as (x, y, w) moves along what forward_tangent was given,
  /// and g along dg: sums of F with one argument exchanged. Adds the derivative of the gradient of
  /// the weights to the gradient of the parameter, or returns it.
  Gradients backward_tangent(const Output& dg) {
    expect(!g_.empty() && g_.batch() == x_.batch() && dx_.batch() == x_.batch(),
           "TensorProduct: backward_tangent before backward_input and forward_tangent");
    detail::check_gradient("TensorProduct", dg, x_.batch(), Point{});
    auto d = zeros();
    const auto add = [&](Role role, const Input1& x, const Input2& y, const Scalar* w,
                         const Output& z, Scalar* result) {
      map_.add(role, x.data(), y.data(), w, z.data(), x_.batch(), result);
    };
    add(Role::in1, x_, dy_, weights(), g_, d.in1.data());
    add(Role::in2, dx_, y_, weights(), g_, d.in2.data());
    map_.add_to_inputs(x_.data(), y_.data(), weights(), dg.data(), x_.batch(), d.in1.data(),
                       d.in2.data());
    if (!dw_.empty()) {
      add(Role::in1, x_, y_, dw_.data(), g_, d.in1.data());
      add(Role::in2, x_, y_, dw_.data(), g_, d.in2.data());
    }
    if (map_.weight_count() > 0) {
      Scalar* to = map_.has_internal_weights() ? weight.gradient.data() : d.weights.data();
      add(Role::weights, dx_, y_, nullptr, g_, to);
      add(Role::weights, x_, dy_, nullptr, g_, to);
      add(Role::weights, x_, y_, nullptr, dg, to);
    }
    return d;
  }

  auto freeze() const { return FrozenTensorProduct<In1, In2, Out, Scalar>(map_, weight.value); }

  template <class Visit>
  void visit_parameters(Visit&& visit) {
    if (map_.has_internal_weights() && map_.weight_count() > 0) visit("weight", weight);
  }
  /// As e3nn: N(0, 1); the coefficients of the paths keep the variance.
  void initialize(Rng& rng) {
    for (auto& w : weight.value) w = static_cast<Scalar>(rng.normal());
  }

 private:
  static TensorProductSpec ruled_spec(const TensorProductOptions& options) {
    return Rule::spec(irrep_list<In1>(), irrep_list<In2>(), irrep_list<Out>(),
                      options.irrep_normalization);
  }
  /// The rules of squares put the normalization into the weights of the paths.
  static TensorProductOptions without_squares(TensorProductOptions options) {
    if (detail::squares<Rule>) options.irrep_normalization = IrrepNormalization::none;
    return options;
  }
  [[gnu::cold]] static const TensorProductSpec& checked(const TensorProductSpec& spec) {
    const auto check = [](const IrrepList& blocks, const IrrepList& type) {
      if (simplified(blocks) != simplified(type))
        fail("TensorProduct: expected blocks of ", to_string(type), ", got ", to_string(blocks));
    };
    check(spec.in1, irrep_list<In1>());
    check(spec.in2, irrep_list<In2>());
    check(spec.out, irrep_list<Out>());
    return spec;
  }

  const Scalar* weights() const {
    return map_.has_internal_weights() ? weight.value.data() : w_.data();
  }

  Output apply(Input1 x, Input2 y, Buffer<Scalar> weights_of_samples) {
    expect(x.batch() == y.batch(), "TensorProduct: expected two batches of one size, got ",
           x.batch(), " and ", y.batch());
    x_ = detail::overwritable(std::move(x));
    y_ = detail::overwritable(std::move(y));
    w_ = std::move(weights_of_samples);
    g_ = {};
    dx_ = {};
    Output z(x_.batch());
    map_.add(Role::out, x_.data(), y_.data(), weights(), nullptr, z.batch(), z.data());
    return z;
  }

  Gradients zeros() const {
    return {Input1(x_.batch()), Input2(x_.batch()), Buffer<Scalar>(w_.size())};
  }
  /// J^T gradient with respect to all that forward was given.
  Gradients transposed(const Output& gradient) const {
    detail::check_gradient("TensorProduct", gradient, x_.batch(), Point{});
    auto d = zeros();
    map_.add_to_inputs(x_.data(), y_.data(), weights(), gradient.data(), x_.batch(), d.in1.data(),
                       d.in2.data());
    if (!map_.has_internal_weights())
      map_.add(Role::weights, x_.data(), y_.data(), weights(), gradient.data(), x_.batch(),
               d.weights.data());
    return d;
  }

  detail::TensorProductMap<Scalar> map_;
  Input1 x_, dx_;
  Input2 y_, dy_;
  Buffer<Scalar> w_, dw_;
  Output g_;
};

namespace detail {

template <class Rule, auto In1, auto In2>
inline constexpr auto product_output = spell_irreps<irreps_group<In1>>([] {
  return Rule::spec(irrep_list(In1), irrep_list(In2), {}, IrrepNormalization::component).out;
});

}  // namespace detail

/// A tensor product with paths of the caller's choice: TensorProduct<node, edge, out>{{{.in1 = 0,
/// .in2 = 1, .out = 0, .mode = ConnectionMode::uvu}, ...}}.
template <auto In1, auto In2, auto Out, class Scalar = float>
using TensorProduct = product_of_fields<features_of<In1>, features_of<In2>, features_of<Out>,
                                        detail::given_paths, Scalar>;

/// All paths between all blocks, with weights from every pair of copies to every output copy.
template <auto In1, auto In2, auto Out, class Scalar = float>
using FullyConnectedTensorProduct =
    product_of_fields<features_of<In1>, features_of<In2>, features_of<Out>,
                      detail::fully_connected_rule, Scalar>;

/// What FullTensorProduct makes of two fields: every irrep of every pair of copies, sorted.
template <auto In1, auto In2>
inline constexpr auto full_product = detail::product_output<detail::full_rule, In1, In2>;

/// All products, without weights.
template <auto In1, auto In2, class Scalar = float>
using FullTensorProduct =
    product_of_fields<features_of<In1>, features_of<In2>, features_of<full_product<In1, In2>>,
                      detail::full_rule, Scalar>;

/// What ElementwiseTensorProduct makes of two fields.
template <auto In1, auto In2>
inline constexpr auto elementwise_product =
    detail::product_output<detail::elementwise_rule, In1, In2>;

/// Copy n of the one field times copy n of the other, without weights.
template <auto In1, auto In2, class Scalar = float>
using ElementwiseTensorProduct =
    product_of_fields<features_of<In1>, features_of<In2>,
                      features_of<elementwise_product<In1, In2>>, detail::elementwise_rule, Scalar>;

}  // namespace gsteer
