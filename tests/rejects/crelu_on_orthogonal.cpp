// expect: gsteer: CReLU does not commute with this representation, whose matrices mix channels
// SPDX-License-Identifier: MIT
#include "gsteer/group/dihedral.hpp"
#include "gsteer/layer/concatenated.hpp"

using namespace gsteer;

int main() {
#ifdef GSTEER_REJECT
  constexpr auto F = 2 * irrep<D<4>, 1, 1>;
#else
  constexpr auto F = 2 * irrep<D<4>, 1, 0>;
#endif
  CReLU<F> layer;
  PointField<F> x(1);
  return static_cast<int>(layer.forward(x).values()[0]);
}
