// expect: gsteer: ReLU does not commute with this representation, whose matrices change signs
// SPDX-License-Identifier: MIT
#include "gsteer/group/dihedral.hpp"
#include "gsteer/layer/pointwise.hpp"

using namespace gsteer;

int main() {
  constexpr auto F = 2 * irrep<D<4>, 1, 0>;
#ifdef GSTEER_REJECT
  SiLU<F> layer;
#else
  Tanh<F> layer;
#endif
  PointField<F> x(1);
  return static_cast<int>(layer.forward(x).values()[0]);
}
