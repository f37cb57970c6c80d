// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

#include "gsteer/layer/tensor_product.hpp"

namespace gsteer {

/// Settings of IrrepsLinear.
struct IrrepsLinearOptions {
  bool bias = false;  ///< on the channels 0e of the output
  PathNormalization path_normalization = PathNormalization::element;
};

/// The equivariant linear map between irreps of O(3) or SO(3) at each point on its own, as e3nn's
/// o3.Linear has it: out(w) = a sum over u of W(u, w) x(u) between blocks of one irrep, with
///   a = 1 / sqrt(copies of all blocks that reach the output block),
/// so that weights of unit variance keep the variance, and W of [copies_in, copies_out] for each
/// such pair of blocks, those of the input in the outer loop. It is the fully connected tensor
/// product with one scalar, which is 1.
///
/// Unlike Linear it works on feature vectors only, has second derivatives, and mixes the copies of
/// an irrep without looking at its components. Use the alias IrrepsLinear.
template <class In, class Out, class Scalar_ = float>
class irreps_linear {
  using Role = detail::TensorRole;

 public:
  using in = In;
  using out = Out;
  using Scalar = Scalar_;
  using Input = Field<In, Scalar, Point>;
  using Output = Field<Out, Scalar, Point>;
  static_assert(
      !fully_connected_paths(irrep_list<In>(), {{{}, 1}}, irrep_list<Out>()).paths.empty(),
      "gsteer: an equivariant linear map joins equal irreps, and here input and output "
      "have none in common");

  explicit irreps_linear(IrrepsLinearOptions options = {})
      : irreps_linear(irrep_list<In>(), irrep_list<Out>(), options) {}

  /// With blocks that may cut those of the types: a weight file of e3nn has a matrix for each of
  /// them. \throws Error if a list has other channels than the type
  irreps_linear(const IrrepList& in_blocks, const IrrepList& out_blocks,
                IrrepsLinearOptions options = {})
      : map_(fully_connected_paths(checked<In>(in_blocks), {{{}, 1}}, checked<Out>(out_blocks)),
             {.path_normalization = options.path_normalization}),
        weight(map_.weight_count()) {
    int offset = 0, biases = 0;
    for (const auto& block : irrep_list<Out>()) {
      if (block.label.is_trivial()) {
        biased_.push_back({offset, block.copies});
        biases += block.copies;
      }
      offset += block.copies * irrep_dimension(block.label);
    }
    if (options.bias) bias = Parameter<Scalar>(biases);
  }

  /// [batch, in] -> [batch, out]
  Output forward(Input x) {
    x_ = detail::overwritable(std::move(x));
    one_ = Buffer<Scalar>(static_cast<std::size_t>(x_.batch()));
    std::fill(one_.begin(), one_.end(), Scalar{1});
    dx_ = {};
    g_ = {};
    return apply(map_, weight.value, bias.value, biased_, x_, one_);
  }

  Input backward(const Output& gradient) {
    auto result = transposed(gradient);
    add(Role::weights, x_.data(), gradient.data(), weight.gradient.data());
    std::size_t b = 0;
    for (const auto& slice : biased_)
      for (int i = slice.offset; i < slice.offset + slice.size && !bias.value.empty(); ++i, ++b)
        for (int row = 0; row < gradient.batch(); ++row) bias.gradient[b] += gradient(row, i);
    return result;
  }
  Input backward_input(const Output& gradient) {
    auto result = transposed(gradient);
    g_ = detail::overwritable(gradient);
    return result;
  }
  Output forward_tangent(Input dx) {
    expect(x_.batch() > 0 && dx.batch() == x_.batch(), "IrrepsLinear: expected a tangent of ",
           x_.batch(), " items after forward, got ", dx.batch());
    dx_ = detail::overwritable(std::move(dx));
    return apply(map_, weight.value, {}, {}, dx_, one_);
  }
  /// J does not depend on x: J^T dg, and dW += dx g^T + x dg^T.
  Input backward_tangent(const Output& dg) {
    expect(!g_.empty() && dx_.batch() == x_.batch(),
           "IrrepsLinear: backward_tangent before backward_input and forward_tangent");
    auto result = backward(dg);
    add(Role::weights, dx_.data(), g_.data(), weight.gradient.data());
    return result;
  }

  auto freeze() const {
    return make_frozen<In, Out, Scalar>(
        [map = map_, w = weight.value, b = bias.value, biased = biased_](const Input& x) {
          Buffer<Scalar> one(static_cast<std::size_t>(x.batch()));
          std::fill(one.begin(), one.end(), Scalar{1});
          return apply(map, w, b, biased, x, one);
        });
  }

  template <class Visit>
  void visit_parameters(Visit&& visit) {
    visit("weight", weight);
    if (!bias.value.empty()) visit("bias", bias);
  }
  /// As e3nn: weights N(0, 1), biases 0.
  void initialize(Rng& rng) {
    for (auto& w : weight.value) w = static_cast<Scalar>(rng.normal());
    std::fill(bias.value.begin(), bias.value.end(), Scalar{0});
  }

 private:
  template <class Features>
  [[gnu::cold]] static const IrrepList& checked(const IrrepList& blocks) {
    if (simplified(blocks) != simplified(irrep_list<Features>()))
      fail("IrrepsLinear: expected blocks of ", to_string(irrep_list<Features>()), ", got ",
           to_string(blocks));
    return blocks;
  }

  static Output apply(const detail::TensorProductMap<Scalar>& map, const Buffer<Scalar>& w,
                      const Buffer<Scalar>& b, const std::vector<IrrepSlice>& biased,
                      const Input& x, const Buffer<Scalar>& one) {
    Output z(x.batch());
    map.add(Role::out, x.data(), one.data(), w.data(), nullptr, x.batch(), z.data());
    if (b.empty()) return z;
    for (int row = 0; row < z.batch(); ++row) {
      const Scalar* from = b.data();
      for (const auto& slice : biased)
        for (int i = slice.offset; i < slice.offset + slice.size; ++i) z(row, i) += *from++;
    }
    return z;
  }

  void add(Role role, const Scalar* x, const Scalar* z, Scalar* result) const {
    map_.add(role, x, one_.data(), weight.value.data(), z, x_.batch(), result);
  }
  Input transposed(const Output& gradient) const {
    detail::check_gradient("IrrepsLinear", gradient, x_.batch(), Point{});
    Input d(x_.batch());
    add(Role::in1, nullptr, gradient.data(), d.data());
    return d;
  }

  detail::TensorProductMap<Scalar> map_;

 public:
  Parameter<Scalar> weight;  ///< e3nn's flat array
  Parameter<Scalar> bias;    ///< of each channel 0e; empty without

 private:
  std::vector<IrrepSlice> biased_;
  Input x_, dx_;
  Output g_;
  Buffer<Scalar> one_;
};

/// The linear map between fields given as values, IrrepsLinear<irreps<"16x0e+8x1o">, ...>.
template <auto In, auto Out, class Scalar = float>
using IrrepsLinear = irreps_linear<features_of<In>, features_of<Out>, Scalar>;

}  // namespace gsteer
