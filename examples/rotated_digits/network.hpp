// SPDX-License-Identifier: MIT
// The network: three steerable convolutions on regular fields, then everything that turns is pooled
// away.
#pragma once

#include <cmath>

#include "gsteer/gsteer.hpp"

namespace example {

using namespace gsteer;

/// W, 2 W and 4 W regular fields. Over the trivial group, whose regular field is a plain channel,
/// this is a plain CNN.
template <auto G, int W>
auto make_network() {
  constexpr auto image = trivial<G>;
  constexpr auto small = W * regular<G>;
  constexpr auto middle = 2 * W * regular<G>;
  constexpr auto large = 4 * W * regular<G>;
  constexpr auto pooled = 4 * W * trivial<G>;
  Sequential net{Conv2d<image, small, 7>{{.padding = 3, .bias = false}},
                 BatchNorm<small>{},
                 ReLU<small>{},
                 AntialiasedAvgPool<small>{},
                 Conv2d<small, middle, 5>{{.padding = 2, .bias = false}},
                 BatchNorm<middle>{},
                 ReLU<middle>{},
                 AntialiasedAvgPool<middle>{},
                 Conv2d<middle, large, 5>{{.padding = 2, .bias = false}},
                 BatchNorm<large>{},
                 ReLU<large>{},
                 GroupPool<large>{},
                 GlobalAvgPool<pooled>{},
                 Linear<pooled, 10 * trivial<G>>{}};
  return net;
}

/// Free parameters of its convolutions.
template <auto G, int W>
constexpr int convolution_parameters() {
  constexpr auto image = trivial<G>;
  constexpr auto field = regular<G>;
  return W * kernel_dimension<image, field>(kernel_size(7)) +
         10 * W * W * kernel_dimension<field, field>(kernel_size(5));
}

/// The width of the plain CNN that has about as many parameters as the network over G of width W.
template <auto G, int W>
constexpr int plain_width() {
  constexpr int wanted = convolution_parameters<G, W>();
  constexpr int linear = convolution_parameters<C<1>, 1>() -
                         10 * kernel_dimension<trivial<C<1>>, trivial<C<1>>>(kernel_size(5));
  constexpr int square = 10 * kernel_dimension<trivial<C<1>>, trivial<C<1>>>(kernel_size(5));
  int width = 1;
  while (linear * (width + 1) + square * (width + 1) * (width + 1) <= wanted) ++width;
  return width;
}

}  // namespace example
