// expect: gsteer: FourierPointwise needs at least .* a grid of degree >= 2 L
// SPDX-License-Identifier: MIT
#include "gsteer/layer/fourier3.hpp"

using namespace gsteer;

int main() {
  constexpr auto F = 2 * spherical<SO<3>, 3>;
#ifdef GSTEER_REJECT
  FourierPointwise<F, octahedral_grid(5)> layer;
#else
  FourierPointwise<F, octahedral_grid(6)> layer;
#endif
  PointField<F> x(1);
  return static_cast<int>(layer.forward(x).values()[0]);
}
