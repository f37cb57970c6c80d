// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstddef>
#include <utility>

#include "gsteer/layer/functions.hpp"
#include "gsteer/layer/kernels/finish.hpp"
#include "gsteer/layer/kernels/rows.hpp"
#include "gsteer/layer/layer.hpp"
#include "gsteer/layer/remembered.hpp"

namespace gsteer {

namespace detail {

/// y[i] = map(x, y)[i] for i in [0, count), block by block; y may be x. The last block is filled up
/// with zeros.
template <class Scalar, class Map>
void map_blocks(const Scalar* x, Scalar* y, std::size_t count, Map map) {
  using Block = NumberBlock<Scalar>;
  constexpr std::size_t length = Block::SizeAtCompileTime;
  std::size_t i = 0;
  for (; i + length <= count; i += length) {
    Eigen::Map<Block> to(y + i);
    to = map(Eigen::Map<const Block>(x + i), to);
  }
  if (i == count) return;
  Block from = Block::Zero(), to = Block::Zero();
  std::copy(x + i, x + count, from.data());
  std::copy(y + i, y + count, to.data());
  const Block result = map(from, to);
  std::copy_n(result.data(), count - i, y + i);
}

/// x = f(x) for numbers in a row.
template <class Function, class Scalar>
void apply_function(const Function& f, Scalar* x, std::size_t count) {
  map_blocks(x, x, count,
             [f](const auto& v, const auto&) { return f.value(NumberBlock<Scalar>(v)); });
}

/// x = f(x); the old values go to `input`, unless that is null.
template <class Function, class Scalar>
void pointwise_forward(const Function& f, Scalar* x, Scalar* input, std::size_t size) {
  for_each_part(size, [&](std::size_t begin, std::size_t end) {
    if (input) std::copy(x + begin, x + end, input + begin);
    apply_function(f, x + begin, end - begin);
  });
}

/// gradient = gradient f'(input).
template <class Function, class Scalar>
void pointwise_backward(const Function& f, const Scalar* input, Scalar* gradient,
                        std::size_t size) {
  for_each_part(size, [&](std::size_t begin, std::size_t end) {
    map_blocks(input + begin, gradient + begin, end - begin, [f](const auto& v, const auto& g) {
      return NumberBlock<Scalar>(f.derivative(NumberBlock<Scalar>(v)) * g);
    });
  });
}

}  // namespace detail

/// The same function applied to every channel. It commutes with permutations of the channels, and
/// if it is odd also with changes of sign; with other orthogonal matrices it does not, except by
/// accident. Use the aliases ReLU, ELU, ...
template <feature_type F, pointwise_function Function, class Scalar_ = float>
class pointwise {
 public:
  using in = F;
  using out = F;
  using Scalar = Scalar_;

  static_assert(F::kind != matrix_kind::orthogonal,
                "gsteer: ReLU does not commute with this representation, whose matrices mix "
                "channels, nor does any "
                "other pointwise function; use NormNonlinearity, Gated or FourierPointwise");
  static_assert(F::kind != matrix_kind::signed_permutation || Function::odd,
                "gsteer: ReLU does not commute with this representation, whose matrices change "
                "signs, nor does any "
                "pointwise function that is not odd; use Tanh, CReLU, NormNonlinearity or Gated");

  explicit pointwise(Function function = {}) : function_(function) {}

  template <class Space>
  Field<F, Scalar, Space> forward(Field<F, Scalar, Space> x) {
    auto y = detail::overwritable(std::move(x));
    input_.set(y);
    if (input_.values.size() != y.size()) input_.values = Buffer<Scalar>(y.size());
    detail::pointwise_forward(function_, y.data(), input_.values.data(), y.size());
    return y;
  }

  template <class Space>
  Field<F, Scalar, Space> backward(Field<F, Scalar, Space> gradient) {
    input_.check("pointwise", gradient);
    auto d_in = detail::overwritable(std::move(gradient));
    detail::pointwise_backward(function_, input_.values.data(), d_in.data(), d_in.size());
    return d_in;
  }

  /// The layer in use. A convolution before it applies its function to results as they come
  /// (fusion.hpp).
  class Frozen {
   public:
    using in = F;
    using out = F;
    using Scalar = Scalar_;

    explicit Frozen(Function function) : function_(std::move(function)) {}

    template <class Space>
    Field<F, Scalar, Space> forward(Field<F, Scalar, Space> x) const {
      auto y = detail::overwritable(std::move(x));
      detail::pointwise_forward(function_, y.data(), static_cast<Scalar*>(nullptr), y.size());
      return y;
    }
    const Frozen& freeze() const { return *this; }

    /// Refers to this layer.
    detail::Finish<Scalar> finish() const {
      return {[](const void* f, Scalar* x, std::size_t count) {
                detail::apply_function(*static_cast<const Function*>(f), x, count);
              },
              &function_};
    }

   private:
    Function function_;
  };
  Frozen freeze() const { return Frozen(function_); }

 private:
  Function function_;
  detail::RememberedInput<Scalar> input_;
};

/// Pointwise layers on fields given as values: ReLU<16 * regular<C<8>>>{},
/// LeakyReLU<hidden>{{.slope = 0.1}}.
template <auto F, class Scalar = float>
using ReLU = pointwise<features_of<F>, relu, Scalar>;
template <auto F, class Scalar = float>
using LeakyReLU = pointwise<features_of<F>, leaky_relu, Scalar>;
template <auto F, class Scalar = float>
using ELU = pointwise<features_of<F>, elu, Scalar>;
template <auto F, class Scalar = float>
using Sigmoid = pointwise<features_of<F>, sigmoid, Scalar>;
template <auto F, class Scalar = float>
using Tanh = pointwise<features_of<F>, hyperbolic_tangent, Scalar>;
template <auto F, class Scalar = float>
using SiLU = pointwise<features_of<F>, silu, Scalar>;
template <auto F, class Scalar = float>
using Softplus = pointwise<features_of<F>, softplus, Scalar>;
/// With a function of your own: Pointwise<hidden, my_function>{}.
template <auto F, class Function, class Scalar = float>
using Pointwise = pointwise<features_of<F>, Function, Scalar>;

}  // namespace gsteer
