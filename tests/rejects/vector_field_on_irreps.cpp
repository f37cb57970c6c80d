// expect: gsteer: VectorField takes n \* regular<C<N>> with N >= 3
// SPDX-License-Identifier: MIT
#include "gsteer/layer/vector_field.hpp"

using namespace gsteer;

int main() {
#ifdef GSTEER_REJECT
  constexpr auto F = 8 * irrep<C<8>, 1>;
#else
  constexpr auto F = 8 * regular<C<8>>;
#endif
  VectorField<F> layer;
  PointField<F> x(1);
  return static_cast<int>(layer.forward(x).values()[0]);
}
