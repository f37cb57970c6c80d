// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "gsteer/layer/parameter.hpp"
#include "gsteer/train/delta_orthonormal.hpp"
#include "gsteer/train/generalized_he.hpp"

namespace gsteer {

/// How the coefficients of the linear maps of a network begin.
enum class Initialization {
  /// Independent Gaussians that keep the variance: unit noise in, unit noise out (Weiler and Cesa,
  /// "General E(2)-equivariant steerable CNNs", NeurIPS 2019, appendix; escnn's default). The
  /// coefficient of a basis element from irrep psi to the output irrep o has the variance
  ///   1 / (T B),   T = number of distinct irreps that reach o,
  ///                B = number of basis elements from all copies of psi to o.
  generalized_he,
  /// A kernel that is a point at its center and there an isometry, as far as sizes allow: for every
  /// irrep with i copies in and o copies out, K(0) = W (x) U with W an o x i slice of a uniformly
  /// distributed orthogonal matrix and U, for each output copy, a uniformly distributed isometry
  /// that commutes with the irrep (Xiao et al., "Dynamical isometry and a mean field theory of
  /// CNNs", ICML 2018). Needs a ring of radius 0, as kernel_size(k) has one.
  delta_orthonormal
};

/// Draws the coefficients of all linear maps of a network; `gain` multiplies them (sqrt 2 makes up
/// for a ReLU). All other parameters stay as their layers begin: biases 0, scales 1. The same
/// generator gives the same network on every platform. Continues with `rng`, of which every linear
/// map takes one draw.
/// \throws Error if a kernel has no ring at its center, where delta_orthonormal needs it
template <class Net>
void initialize(Net& net, Rng& rng, Initialization how = Initialization::generalized_he,
                double gain = 1) {
  using Scalar = typename Net::Scalar;
  const auto draw = [&](Parameter<Scalar>& weight, const kernel_space& space, int groups) {
    const auto size = static_cast<std::size_t>(space.size);
    expect(weight.value.size() == size * static_cast<std::size_t>(groups), "initialize: expected ",
           size, " weights for each of ", groups, " groups, got ", weight.value.size(), " in all");
    Rng own = rng.split();
    for (std::size_t group = 0; group < static_cast<std::size_t>(groups); ++group) {
      const auto w = how == Initialization::generalized_he
                         ? detail::generalized_he_coefficients(space, own)
                         : detail::delta_orthonormal_coefficients(space, own);
      for (std::size_t i = 0; i < size; ++i)
        weight.value[group * size + i] = static_cast<Scalar>(gain * w[i]);
    }
  };
  static_assert(
      requires { net.visit_linear_maps(draw); },
      "gsteer: initialize needs a network, or a layer with a linear map");
  net.visit_linear_maps(draw);
}

/// `initialize(net, Rng{42})`
template <class Net>
void initialize(Net& net, Rng&& rng, Initialization how = Initialization::generalized_he,
                double gain = 1) {
  initialize(net, rng, how, gain);
}

}  // namespace gsteer
