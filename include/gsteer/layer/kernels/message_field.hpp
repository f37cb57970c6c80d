// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "gsteer/layer/kernels/edge_plan.hpp"
#include "gsteer/layer/kernels/message_mixing.hpp"
#include "gsteer/representation/irreps.hpp"

namespace gsteer::detail {

// The messages of an EdgePlan as a field: features of each node in the irreps of the messages.

/// The irreps of the messages of make_edge_plan.
constexpr IrrepList message_irreps(const IrrepList& in, const IrrepList& out,
                                   const IrrepList& harmonics) {
  IrrepList result;
  for (const auto& to : out) {
    bool known = false;
    int copies = 0;
    for (const auto& block : result) known = known || block.label == to.label;
    for (const auto& from : in)
      for (const auto& harmonic : harmonics)
        if (occurs_in_product(to.label, from.label, harmonic.label)) copies += from.copies;
    if (!known && copies > 0) result.push_back({to.label, copies});
  }
  return result;
}

/// [node][block][copy][component], as fields have it, to messages, [block][node][component][copy].
template <class Scalar>
void to_messages(const EdgePlan& plan, int nodes, const Scalar* field, Scalar* messages) {
  for (int n = 0; n < nodes; ++n)
    for (std::size_t g = 0; g < plan.groups.size(); ++g) {
      const int size = plan.groups[g].size, columns = plan.groups[g].columns;
      Scalar* const to =
          messages + plan.start(static_cast<int>(g), nodes) + std::ptrdiff_t{n} * size * columns;
      for (int u = 0; u < columns; ++u)
        for (int k = 0; k < size; ++k) to[k * columns + u] = *field++;
    }
}
/// The way back.
template <class Scalar>
void from_messages(const EdgePlan& plan, int nodes, const Scalar* messages, Scalar* field) {
  for (int n = 0; n < nodes; ++n)
    for (std::size_t g = 0; g < plan.groups.size(); ++g) {
      const int size = plan.groups[g].size, columns = plan.groups[g].columns;
      const Scalar* const from =
          messages + plan.start(static_cast<int>(g), nodes) + std::ptrdiff_t{n} * size * columns;
      for (int u = 0; u < columns; ++u)
        for (int k = 0; k < size; ++k) *field++ = from[k * columns + u];
    }
}

}  // namespace gsteer::detail
