// SPDX-License-Identifier: MIT
// The network: three steerable convolutions on regular fields, then everything that turns is pooled
// away.
#pragma once

#include "gsteer/gsteer.hpp"

namespace example {

using namespace gsteer;

/// W, 2 W and 4 W regular fields, the last from windows that see most of the digit; the strongest
/// orientation of each; then a small network on what is left, which no rotation changes. Over the
/// trivial group, whose regular field is a plain channel, this is a plain CNN.
template <auto G, int W>
auto make_network() {
  constexpr auto image = trivial<G>;
  constexpr auto small = W * regular<G>;
  constexpr auto middle = 2 * W * regular<G>;
  constexpr auto large = 4 * W * regular<G>;
  constexpr auto pooled = 4 * W * trivial<G>;
  constexpr auto hidden = 64 * trivial<G>;
  Sequential net{Conv2d<image, small, 7>{{.padding = 3, .bias = false}},
                 BatchNorm<small>{},
                 ReLU<small>{},
                 AntialiasedAvgPool<small>{},
                 Conv2d<small, middle, 5>{{.padding = 2, .bias = false}},
                 BatchNorm<middle>{},
                 ReLU<middle>{},
                 AntialiasedAvgPool<middle>{},
                 Conv2d<middle, large, 7>{{.bias = false}},
                 BatchNorm<large>{},
                 ReLU<large>{},
                 GroupPool<large>{},
                 Linear<pooled, hidden>{{.bias = false}},
                 BatchNorm<hidden>{},
                 ReLU<hidden>{},
                 GlobalAvgPool<hidden>{},
                 Linear<hidden, 10 * trivial<G>>{}};
  return net;
}

/// Free parameters of the linear layers but the last.
template <auto G>
constexpr int linear_parameters(int width) {
  constexpr auto image = trivial<G>;
  constexpr auto field = regular<G>;
  return width * kernel_dimension<image, field>(kernel_size(7)) +
         2 * width * width * kernel_dimension<field, field>(kernel_size(5)) +
         8 * width * width * kernel_dimension<field, field>(kernel_size(7)) + 4 * width * 64;
}

/// The largest width with which the plain CNN has no more parameters than the network over G of
/// width W.
template <auto G, int W>
constexpr int plain_width() {
  int width = 1;
  while (linear_parameters<C<1>>(width + 1) <= linear_parameters<G>(W)) ++width;
  return width;
}

}  // namespace example
