// expect: gsteer: ReLU does not commute with this representation, whose matrices mix channels
// names: irrep_of<(gsteer::)?cyclic<8>, 1>
// SPDX-License-Identifier: MIT
#include "gsteer/group/cyclic.hpp"
#include "gsteer/layer/norm_nonlinearity.hpp"

using namespace gsteer;

int main() {
  constexpr auto F = 2 * irrep<C<8>, 1> + 3 * regular<C<8>>;
#ifdef GSTEER_REJECT
  ReLU<F> layer;
#else
  NormNonlinearity<F> layer;
#endif
  PointField<F> x(1);
  return static_cast<int>(layer.forward(x).values()[0]);
}
