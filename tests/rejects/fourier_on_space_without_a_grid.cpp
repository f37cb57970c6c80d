// expect: gsteer: FourierPointwise takes fields .* with a sphere_grid
// SPDX-License-Identifier: MIT
#include "gsteer/layer/fourier3.hpp"

using namespace gsteer;

int main() {
  constexpr auto F = 2 * band_limited<SO<3>, 1>;
#ifdef GSTEER_REJECT
  FourierPointwise<F, 16> layer;
#else
  FourierPointwise<F, octahedral_grid(2)> layer;
#endif
  PointField<F> x(1);
  return static_cast<int>(layer.forward(x).values()[0]);
}
