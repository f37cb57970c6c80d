// SPDX-License-Identifier: MIT
#include <gsteer/gsteer.hpp>
#include <iostream>

using namespace gsteer;

int main() {
  constexpr auto G = C<4>;
  Sequential net{Conv2d<trivial<G>, 2 * regular<G>, 5>{{.padding = 2}}, ReLU<2 * regular<G>>{},
                 GroupPool<2 * regular<G>>{}, GlobalAvgPool<2 * trivial<G>>{}};
  initialize(net, Rng{42});
  GridField<trivial<G>> images(1, 9, 9);
  images(0, 0, 2, 3) = 1;
  const double error = equivariance_error(net, cyclic<4>::element_at(1), images);
  std::cout << "equivariance error " << error << '\n';
  return error < 1e-6 ? 0 : 1;
}
