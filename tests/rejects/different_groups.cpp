// expect: gsteer: a layer maps between fields of one group
// names: trivial_of<gsteer::cyclic<8>
// names: regular_of<gsteer::cyclic<4>
#include "gsteer/gsteer.hpp"
using namespace gsteer;
#ifdef GSTEER_REJECT
Conv2d<trivial<C<8>>, regular<C<4>>, 5> layer;
#else
Conv2d<trivial<C<4>>, regular<C<4>>, 5> layer;
#endif
