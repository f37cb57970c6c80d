// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>

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

namespace detail {

/// Draws the coefficients of one expansion in a kernel basis.
template <class Scalar>
struct DrawCoefficients {
  Rng& rng;
  Initialization how;
  double gain;

  void operator()(Parameter<Scalar>& weight, const kernel_space& space, int groups) const {
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
  }
};

template <class Layer>
concept draws_its_own_weights = requires(Layer& layer, Rng& rng) {
  layer.initialize(rng);
};
template <class Layer>
concept has_linear_maps = requires(Layer& layer, DrawCoefficients<typename Layer::Scalar> draw) {
  layer.visit_linear_maps(draw);
};

template <class Layer>
void initialize_layer(Layer& layer, const DrawCoefficients<typename Layer::Scalar>& draw) {
  if constexpr (draws_its_own_weights<Layer>) {
    Rng own = draw.rng.split();
    layer.initialize(own);
  } else if constexpr (has_layers<Layer>) {
    layer.for_each_layer([&](const std::string&, auto& child) { initialize_layer(child, draw); });
  } else if constexpr (has_linear_maps<Layer>) {
    layer.visit_linear_maps(draw);
  }
}

}  // namespace detail

/// Draws the coefficients of all linear maps of a network; `gain` multiplies them (sqrt 2 makes up
/// for a ReLU). A layer with a member initialize(rng) draws its weights itself: tensor products and
/// radial networks, in the way of e3nn. All other parameters stay as their layers begin: biases 0,
/// scales 1. The same generator gives the same network on every platform. Continues with `rng`, of
/// which every linear map takes one draw.
/// \throws Error if a kernel has no ring at its center, where delta_orthonormal needs it
template <class Net>
void initialize(Net& net, Rng& rng, Initialization how = Initialization::generalized_he,
                double gain = 1) {
  static_assert(
      detail::draws_its_own_weights<Net> || detail::has_layers<Net> || detail::has_linear_maps<Net>,
      "gsteer: initialize needs a network, or a layer with a linear map");
  detail::initialize_layer(net, {rng, how, gain});
}

/// `initialize(net, Rng{42})`
template <class Net>
void initialize(Net& net, Rng&& rng, Initialization how = Initialization::generalized_he,
                double gain = 1) {
  initialize(net, rng, how, gain);
}

}  // namespace gsteer
