// SPDX-License-Identifier: MIT
// A small network, trained and deployed: the first example of the README.
#include <array>
#include <gsteer/gsteer.hpp>
using namespace gsteer;

int main() {
  constexpr auto G = C<8>;
  constexpr auto image = trivial<G>;
  constexpr auto hidden = 16 * regular<G>;
  auto net = Sequential{Conv2d<image, hidden, 7>{{.padding = 3}},
                        BatchNorm<hidden>{},
                        ReLU<hidden>{},
                        Conv2d<hidden, hidden, 5>{{.stride = 2}},
                        BatchNorm<hidden>{},
                        ReLU<hidden>{},
                        GroupPool<hidden>{},
                        GlobalAvgPool<16 * trivial<G>>{},
                        Linear<16 * trivial<G>, 10 * trivial<G>>{}};
  initialize(net, Rng{42});
  Adam optimizer{net, {.learning_rate = 1e-3}};
  const GridField<image> images(4, 29, 29);
  const auto logits = net.forward(images);
  const auto [loss, gradient] = cross_entropy(logits, std::array{0, 1, 2, 3});
  net.backward(gradient);
  optimizer.step();
  return net.freeze().forward(images).empty();
}
