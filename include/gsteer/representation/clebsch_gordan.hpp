// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "gsteer/group/concepts.hpp"

namespace gsteer {

/// The Clebsch-Gordan tensors of three irreps, by the closed form of the group if it has one, else
/// by averaging.
template <group G>
std::vector<invariant_tensor> clebsch_gordan(irrep_label a, irrep_label b, irrep_label c) {
  if constexpr (requires { G::invariants(a, b, c); }) {
    return G::invariants(a, b, c);
  } else {
    const auto matrices = [](irrep_label label) {
      return [label](const auto& g) { return G::irrep_matrix(label, g); };
    };
    return reynolds_invariants(G::haar_quadrature(a.frequency + b.frequency + c.frequency),
                               matrices(a), matrices(b), matrices(c), G::multiplicity(a, b, c));
  }
}

}  // namespace gsteer
