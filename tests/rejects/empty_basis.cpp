// expect: gsteer: no equivariant kernel of this size exists
// names: copies<1, gsteer::trivial_of<gsteer::orthogonal<2>
// names: copies<1, gsteer::irrep_of<gsteer::orthogonal<2>, ?1, ?0>
#include "gsteer/gsteer.hpp"
using namespace gsteer;
#ifdef GSTEER_REJECT
Conv2d<trivial<O<2>>, irrep<O<2>, 1, 0>, 5> layer;  // a pseudoscalar from scalars: no kernel
#else
Conv2d<trivial<O<2>>, irrep<O<2>, 1, 1>, 5> layer;
#endif
