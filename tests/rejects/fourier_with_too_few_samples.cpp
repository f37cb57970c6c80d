// expect: gsteer: FourierPointwise needs at least 2 L \+ 1 samples
// SPDX-License-Identifier: MIT
#include "gsteer/group/orthogonal2.hpp"
#include "gsteer/layer/fourier.hpp"

using namespace gsteer;

int main() {
  constexpr auto F = 2 * band_limited<SO<2>, 3>;
#ifdef GSTEER_REJECT
  FourierPointwise<F, 6> layer;
#else
  FourierPointwise<F, 7> layer;
#endif
  PointField<F> x(1);
  return static_cast<int>(layer.forward(x).values()[0]);
}
