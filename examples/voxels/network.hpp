// SPDX-License-Identifier: MIT
// The networks: both see windows of 23^3 voxels and give one score a region; on a larger volume
// they do so for every second voxel.
#pragma once

#include "gsteer/group/axial.hpp"
#include "gsteer/gsteer.hpp"
#include "voxels/regions.hpp"

namespace example {

using namespace gsteer;

/// Equivariant under rotations and reflections: scalars, vectors and symmetric traceless matrices,
/// each multiplied with a gate. The last convolution gives scalars only, which nothing changes.
template <int W>
inline constexpr auto steerable_fields =
    4 * W* irrep<O<3>, 0, 0> + 2 * W* irrep<O<3>, 1, 1> + W* irrep<O<3>, 0, 2>;

inline constexpr auto image = trivial<O<3>>;
inline constexpr auto small = steerable_fields<2>;
inline constexpr auto middle = steerable_fields<3>;
inline constexpr int hidden_width = 32;

inline auto make_network() {
  constexpr auto hidden = hidden_width * trivial<O<3>>;
  Sequential net{Conv3d<image, gated_input<small>, 5>{{.bias = false}},
                 BatchNorm<gated_input<small>>{},
                 Gated<small>{},
                 AvgPool<small>{{.kernel = 3, .stride = 2}},
                 Conv3d<small, gated_input<middle>, 5>{{.bias = false}},
                 BatchNorm<gated_input<middle>>{},
                 Gated<middle>{},
                 Conv3d<middle, hidden, 5>{{.bias = false}},
                 BatchNorm<hidden>{},
                 ReLU<hidden>{},
                 Linear<hidden, hidden>{{.bias = false}},
                 BatchNorm<hidden>{},
                 ReLU<hidden>{},
                 Linear<hidden, region_count * trivial<O<3>>>{}};
  return net;
}

/// The same layers over the trivial group: a plain CNN of W, 2 W and 5 W channels.
template <int W, auto G = about_z<C<1>>>
auto make_plain_network() {
  constexpr auto first = W * trivial<G>, second = 2 * W * trivial<G>, third = 5 * W * trivial<G>;
  constexpr auto hidden = hidden_width * trivial<G>;
  Sequential net{Conv3d<trivial<G>, first, 5>{{.bias = false}},
                 BatchNorm<first>{},
                 ReLU<first>{},
                 AvgPool<first>{{.kernel = 3, .stride = 2}},
                 Conv3d<first, second, 5>{{.bias = false}},
                 BatchNorm<second>{},
                 ReLU<second>{},
                 Conv3d<second, third, 5>{{.bias = false}},
                 BatchNorm<third>{},
                 ReLU<third>{},
                 Linear<third, hidden>{{.bias = false}},
                 BatchNorm<hidden>{},
                 ReLU<hidden>{},
                 Linear<hidden, region_count * trivial<G>>{}};
  return net;
}

/// The smallest width with which the plain CNN has no fewer parameters than the steerable network,
/// those of normalizations and the last layer aside.
constexpr int plain_width() {
  constexpr auto scalar = trivial<about_z<C<1>>>;
  constexpr int taps = kernel_dimension<scalar, scalar>(kernel_size(5));
  constexpr int ours = kernel_dimension<image, gated_input<small>>(kernel_size(5)) +
                       kernel_dimension<small, gated_input<middle>>(kernel_size(5)) +
                       kernel_dimension<middle, hidden_width * trivial<O<3>>>(kernel_size(5)) +
                       hidden_width * hidden_width;
  int width = 1;
  const auto theirs = [](int w) { return taps * (w + 12 * w * w) + 5 * w * hidden_width; };
  while (theirs(width) < ours) ++width;
  return width;
}

}  // namespace example
