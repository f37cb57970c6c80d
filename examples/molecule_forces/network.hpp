// SPDX-License-Identifier: MIT
// The network: energies of atoms from three rounds of messages.
#pragma once

#include "gsteer/gsteer.hpp"

namespace example {

using namespace gsteer;

namespace fields {
inline constexpr auto ones = irreps<"1x0e">;      // what every atom begins with
inline constexpr auto element = irreps<"32x0e">;  // numbers for its element
inline constexpr auto edge = irreps<"1x0e + 1x1o + 1x2e">;
inline constexpr auto hidden = irreps<"32x0e + 16x1o + 8x2e">;
inline constexpr auto last = irreps<"16x0e">;
inline constexpr auto energy = irreps<"1x0e">;
// After each round of messages.
inline constexpr auto first = interaction_output<element, edge, hidden>;
inline constexpr auto second = interaction_output<first, edge, hidden>;
inline constexpr auto third = interaction_output<second, edge, last>;
}  // namespace fields

/// What is not in the weights.
struct Model {
  std::vector<std::string> species;  ///< elements in the order of their kinds
  double cutoff = 4;                 ///< in Angstrom
  double neighbors = 1;              ///< mean number of neighbors within the cutoff
};

/// A network that computes in float (training) or double (dynamics).
template <class Scalar>
auto make_network(const Model& model) {
  const int kinds = static_cast<int>(model.species.size());
  const MessagePassingOptions messages{.cutoff = model.cutoff,
                                       .radial_functions = 8,
                                       .hidden = {64, 64},
                                       .average_neighbors = model.neighbors};
  using namespace fields;
  return Sequential{LinearByKind<ones, element, Scalar>{kinds},
                    make_interaction<element, edge, hidden, Scalar>(kinds, messages),
                    make_interaction<first, edge, hidden, Scalar>(kinds, messages),
                    make_interaction<second, edge, last, Scalar>(kinds, messages),
                    IrrepsLinear<third, energy, Scalar>{}};
}

template <class Scalar>
using Network = decltype(make_network<Scalar>(Model{}));

}  // namespace example
