// expect: gsteer: a layer must accept the field that the layer before it produces
// names: copies<16, gsteer::regular_of<gsteer::cyclic<8>
// names: copies<2, gsteer::irrep_of<gsteer::cyclic<8>, ?1>
#include "gsteer/gsteer.hpp"
using namespace gsteer;
constexpr auto G = C<8>;
constexpr auto hidden = 16 * regular<G>;
constexpr auto mixed = 4 * trivial<G> + 2 * irrep<G, 1> + 3 * regular<G>;
#ifdef GSTEER_REJECT
auto net = Sequential{Conv2d<trivial<G>, hidden, 5>{}, BatchNorm<mixed>{}};
#else
auto net = Sequential{Conv2d<trivial<G>, hidden, 5>{}, BatchNorm<hidden>{}};
#endif
