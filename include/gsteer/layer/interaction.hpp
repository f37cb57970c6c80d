// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "gsteer/layer/gate.hpp"
#include "gsteer/layer/irreps_linear.hpp"
#include "gsteer/layer/linear_by_kind.hpp"
#include "gsteer/layer/message_passing.hpp"
#include "gsteer/layer/residual.hpp"
#include "gsteer/layer/sequential.hpp"

namespace gsteer {
namespace detail {

/// The blocks of `wanted` that some tensor product of `in` with harmonics reaches.
constexpr IrrepList reachable_irreps(const IrrepList& wanted, const IrrepList& in,
                                     const IrrepList& harmonics) {
  IrrepList result;
  for (const auto& block : wanted) {
    bool found = false;
    for (const auto& from : in)
      for (const auto& harmonic : harmonics)
        found = found || occurs_in_product(block.label, from.label, harmonic.label);
    if (found) result.push_back(block);
  }
  return result;
}

/// The scalars of a list, or all others; `0x0e` if there are none.
constexpr IrrepList scalars_or_others(const IrrepList& list, bool scalars) {
  IrrepList result;
  for (const auto& block : list)
    if ((block.label.frequency == 0) == scalars) result.push_back(block);
  if (result.empty()) result.push_back({{}, 0});
  return result;
}

/// The parts of the gate behind an interaction.
template <auto In, auto Edge, auto Hidden>
struct interaction_parts {
  using G = irreps_group<Hidden>;
  static constexpr auto reached = spell_irreps<G>(
      [] { return reachable_irreps(irrep_list(Hidden), irrep_list(In), irrep_list(Edge)); });
  static constexpr auto scalars =
      spell_irreps<G>([] { return scalars_or_others(irrep_list(reached), true); });
  static constexpr auto gated =
      spell_irreps<G>([] { return scalars_or_others(irrep_list(reached), false); });
  static constexpr auto gates = spell_irreps<G>([] {
    return IrrepList{{{}, irrep_count(irrep_list(gated))}};
  });
  static constexpr auto in = gate_input<scalars, gates, gated>;
  static constexpr auto out = gate_output<scalars, gates, gated>;
};

}  // namespace detail

/// What an interaction makes of features In: the irreps of Hidden that messages can reach, scalars
/// first.
template <auto In, auto Edge, auto Hidden>
inline constexpr auto interaction_output = detail::interaction_parts<In, Edge, Hidden>::out;

/// The interaction block of NequIP (Batzner et al., Nature Communications 13, 2453, 2022): every
/// node hears of its neighbors, adds what it was itself, and passes it through a gate,
///   y_i = gate(W' (1/c) sum over j of R(|x|) (W f_j (x) Y(x / |x|)) + W(kind of i) f_i).
/// It is made of layers that stand for themselves, and gives interaction_output<In, Edge, Hidden>:
/// all of Hidden, unless messages cannot reach some of it (from scalars, only the irreps of the
/// harmonics). Without a common irrep of input and output there is no self-connection.
template <auto In, auto Edge, auto Hidden, class Scalar = float>
auto make_interaction(int kinds, const MessagePassingOptions& options = {}) {
  using parts = detail::interaction_parts<In, Edge, Hidden>;
  constexpr bool has_common = !filtered(irrep_list(In), irrep_list(parts::in)).empty();
  Sequential messages{IrrepsLinear<In, In, Scalar>{},
                      MessagePassing<In, Edge, parts::in, Scalar>{options}};
  Gate<parts::scalars, parts::gates, parts::gated, Scalar> gate;
  if constexpr (has_common)
    return Sequential{Residual{std::move(messages), LinearByKind<In, parts::in, Scalar>{kinds}},
                      std::move(gate)};
  else
    return Sequential{std::move(messages), std::move(gate)};
}

}  // namespace gsteer
