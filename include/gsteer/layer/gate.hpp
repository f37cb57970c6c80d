// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include "gsteer/layer/kernels/gate.hpp"
#include "gsteer/layer/moments.hpp"
#include "gsteer/layer/pointwise.hpp"
#include "gsteer/representation/irreps.hpp"

namespace gsteer {
namespace detail {

/// Whether f(-x) = f(x): functions of the user may say so.
template <class Function>
inline constexpr bool is_even = [] {
  if constexpr (requires { Function::even; })
    return static_cast<bool>(Function::even);
  else
    return false;
}();

constexpr bool are_scalars(const IrrepList& list, bool odd_allowed) {
  for (const auto& block : list)
    if (block.copies > 0 &&
        (block.label.frequency != 0 || (block.label.parity == 1 && !odd_allowed)))
      return false;
  return true;
}

/// An even function takes odd scalars to even ones, an odd one keeps them odd.
template <class OddFunction>
constexpr IrrepList activated_irreps(IrrepList list) {
  for (auto& block : list)
    if (is_even<OddFunction>) block.label.parity = 0;
  return list;
}

/// gated times activated gates, one by one.
constexpr IrrepList opened_irreps(const IrrepList& gated, const IrrepList& gates) {
  IrrepList result;
  std::size_t gate = 0;
  int used = 0;
  for (const auto& block : gated)
    for (int left = block.copies; left > 0;) {
      while (gate < gates.size() && gates[gate].copies == used) {
        ++gate;
        used = 0;
      }
      if (gate == gates.size()) return result;  // fewer gates than irreps: another check speaks
      const int copies = std::min(left, gates[gate].copies - used);
      result.push_back(
          {{(block.label.parity + gates[gate].label.parity) % 2, block.label.frequency}, copies});
      used += copies;
      left -= copies;
    }
  return result;
}

}  // namespace detail

/// The functions of a gate, for even and odd scalars and even and odd gates. All are scaled to unit
/// second moment (unit_moment), as e3nn does.
template <pointwise_function EvenScalars = silu, pointwise_function OddScalars = hyperbolic_tangent,
          pointwise_function EvenGates = sigmoid, pointwise_function OddGates = hyperbolic_tangent>
struct gate_functions {
  using even_scalars = EvenScalars;
  using odd_scalars = OddScalars;
  using even_gates = EvenGates;
  using odd_gates = OddGates;
};

/// What a gate takes: scalars, gates and what these open, sorted (0o, 0e, 1o, ...) and simplified.
/// Of equal irreps the scalars come first, then the gates.
template <auto Scalars, auto Gates, auto Gated>
inline constexpr auto gate_input = detail::spell_irreps<detail::irreps_group<Scalars>>([] {
  auto all = irrep_list(Scalars);
  for (const auto& block : irrep_list(Gates)) all.push_back(block);
  for (const auto& block : irrep_list(Gated)) all.push_back(block);
  return simplified(sorted(all));
});

/// What it gives: act(scalars), then gated * act(gates).
template <auto Scalars, auto Gates, auto Gated, class Functions = gate_functions<>>
inline constexpr auto gate_output = detail::spell_irreps<detail::irreps_group<Scalars>>([] {
  auto all = detail::activated_irreps<typename Functions::odd_scalars>(irrep_list(Scalars));
  const auto gates = detail::activated_irreps<typename Functions::odd_gates>(irrep_list(Gates));
  for (const auto& block : detail::opened_irreps(irrep_list(Gated), gates)) all.push_back(block);
  return simplified(all);
});

/// The gated nonlinearity of e3nn (nn.Gate) on feature vectors: functions of the scalars, and each
/// other irrep multiplied with a function of a scalar of its own. A part that is not wanted has no
/// copies: Gate<irreps<"16x0e">, irreps<"0x0e">, irreps<"0x1o">>. Use the alias Gate.
template <auto Scalars, auto Gates, auto Gated, class Functions, class Scalar_>
class irreps_gate {
  using odd_scalars = typename Functions::odd_scalars;
  using odd_gates = typename Functions::odd_gates;
  static_assert(
      std::is_same_v<detail::irreps_group<Scalars>, detail::irreps_group<Gates>> &&
          std::is_same_v<detail::irreps_group<Scalars>, detail::irreps_group<Gated>>,
      "gsteer: the scalars, the gates and what these open are fields of one group, O(3) or SO(3)");
  static_assert(detail::are_scalars(irrep_list(Scalars), true),
                "gsteer: a gate applies functions to scalars (0e, 0o) only; other irreps belong to "
                "those that it opens");
  static_assert(detail::are_scalars(irrep_list(Gates), true), "gsteer: gates are scalars (0e, 0o)");
  static_assert(irrep_count(irrep_list(Gates)) == irrep_count(irrep_list(Gated)),
                "gsteer: a gate needs one scalar for each irrep that it opens");
  static_assert((odd_scalars::odd || detail::is_even<odd_scalars> ||
                 detail::are_scalars(irrep_list(Scalars), false)) &&
                    (odd_gates::odd || detail::is_even<odd_gates> ||
                     detail::are_scalars(irrep_list(Gates), false)),
                "gsteer: the function of an odd scalar (0o) must be odd, like tanh, or even");

 public:
  using in = features_of<gate_input<Scalars, Gates, Gated>>;
  using out = features_of<gate_output<Scalars, Gates, Gated, Functions>>;
  using Scalar = Scalar_;
  using Input = Field<in, Scalar, Point>;
  using Output = Field<out, Scalar, Point>;

  irreps_gate()
      : plan_(detail::plan_gate(irrep_list(Scalars), irrep_list(Gates), irrep_list(Gated))) {}

  /// [batch, in] -> [batch, out]
  Output forward(Input x) {
    x_ = detail::overwritable(std::move(x));
    g_ = {};
    dx_ = {};
    Output z(x_.batch());
    v_ = scalars(x_);
    f_ = evaluated<0>(v_);
    rows().forward(x_.data(), f_.data(), z.data());
    return z;
  }

  Input backward(const Output& gradient) { return transposed(gradient); }

  Input backward_input(const Output& gradient) {
    auto result = transposed(gradient);
    g_ = detail::overwritable(gradient);
    return result;
  }

  Output forward_tangent(Input dx) {
    expect(x_.batch() > 0 && dx.batch() == x_.batch(), "Gate: expected a tangent of ", x_.batch(),
           " items after forward, got ", dx.batch());
    dx_ = detail::overwritable(std::move(dx));
    Output dz(x_.batch());
    rows().tangent(x_.data(), f_.data(), evaluated<1>(v_).data(), dx_.data(), scalars(dx_).data(),
                   dz.data());
    return dz;
  }

  Input backward_tangent(const Output& dg) {
    static_assert(smooth_function<typename Functions::even_scalars> &&
                      smooth_function<odd_scalars> &&
                      smooth_function<typename Functions::even_gates> && smooth_function<odd_gates>,
                  "gsteer: second derivatives of a gate need smooth functions, like silu and tanh");
    detail::check_gradient("Gate", dg, x_.batch(), Point{});
    expect(g_.batch() == x_.batch() && dx_.batch() == x_.batch(),
           "Gate: backward_tangent before backward_input and forward_tangent");
    Input result(x_.batch());
    rows().transposed_tangent(x_.data(), f_.data(), evaluated<1>(v_).data(),
                              evaluated<2>(v_).data(), g_.data(), dx_.data(), scalars(dx_).data(),
                              dg.data(), result.data());
    return result;
  }

  auto freeze() const {
    return make_frozen<in, out, Scalar>([self = irreps_gate(*this, {})](const Input& x) {
      Output z(x.batch());
      const detail::GateRows<Scalar> part{self.plan_, x.batch()};
      Buffer<Scalar> v(self.size(x.batch()));
      part.gather(x.data(), v.data());
      part.forward(x.data(), self.template evaluated<0>(v).data(), z.data());
      return z;
    });
  }

 private:
  struct without_memory {};
  irreps_gate(const irreps_gate& other, without_memory) : plan_(other.plan_) {}

  detail::GateRows<Scalar> rows() const { return {plan_, x_.batch()}; }
  std::size_t size(int batch) const {
    return static_cast<std::size_t>(plan_.scalars) * static_cast<std::size_t>(batch);
  }
  Buffer<Scalar> scalars(const Input& x) const {
    Buffer<Scalar> v(size(x.batch()));
    rows().gather(x.data(), v.data());
    return v;
  }

  Input transposed(const Output& gradient) const {
    detail::check_gradient("Gate", gradient, x_.batch(), Point{});
    Input result(x_.batch());
    rows().transposed(x_.data(), f_.data(), evaluated<1>(v_).data(), gradient.data(),
                      result.data());
    return result;
  }

  /// The functions (Order 0) or their derivatives at v, each block by its own function.
  template <int Order>
  Buffer<Scalar> evaluated(Buffer<Scalar> v) const {
    const auto count = plan_.scalars > 0 ? v.size() / static_cast<std::size_t>(plan_.scalars) : 0;
    for (const auto& block : plan_.activated) {
      const auto apply = [&]<class Function>(const unit_moment<Function>& f) {
        detail::for_each_part(count * static_cast<std::size_t>(block.copies), [&](std::size_t first,
                                                                                  std::size_t end) {
          Scalar* at = v.data() + static_cast<std::size_t>(block.at) * count + first;
          detail::map_blocks(at, at, end - first, [&f](const auto& x, const auto&) {
            const NumberBlock<Scalar> block_of_x(x);
            if constexpr (Order == 0) return NumberBlock<Scalar>(f.value(block_of_x));
            if constexpr (Order == 1) return NumberBlock<Scalar>(f.derivative(block_of_x));
            if constexpr (Order == 2) return NumberBlock<Scalar>(f.second_derivative(block_of_x));
          });
        });
      };
      if (block.gate)
        block.odd ? apply(odd_gates_) : apply(even_gates_);
      else
        block.odd ? apply(odd_scalars_) : apply(even_scalars_);
    }
    return v;
  }

  unit_moment<typename Functions::even_scalars> even_scalars_;
  unit_moment<odd_scalars> odd_scalars_;
  unit_moment<typename Functions::even_gates> even_gates_;
  unit_moment<odd_gates> odd_gates_;
  detail::GatePlan plan_;
  Input x_, dx_;
  Output g_;
  Buffer<Scalar> v_, f_;  // the scalars of x_, and their functions
};

/// The gate of e3nn: Gate<irreps<"16x0e">, irreps<"8x0e">, irreps<"8x1o">>, functions if others
/// than silu and sigmoid: Gate<s, g, v, float, gate_functions<silu, hyperbolic_tangent, silu>>.
template <auto Scalars, auto Gates, auto Gated, class Scalar = float,
          class Functions = gate_functions<>>
using Gate = irreps_gate<Scalars, Gates, Gated, Functions, Scalar>;

}  // namespace gsteer
