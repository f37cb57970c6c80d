// expect: gsteer: FourierPointwise takes fields band_limited<G, L> and trivial ones
// SPDX-License-Identifier: MIT
#include "gsteer/group/cyclic.hpp"
#include "gsteer/layer/fourier.hpp"

using namespace gsteer;

int main() {
#ifdef GSTEER_REJECT
  constexpr auto F = 2 * regular<C<8>>;
#else
  constexpr auto F = 2 * band_limited<C<8>, 3>;
#endif
  FourierPointwise<F, 8> layer;
  PointField<F> x(1);
  return static_cast<int>(layer.forward(x).values()[0]);
}
