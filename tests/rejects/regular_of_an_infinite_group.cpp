// expect: gsteer: the regular representation of an infinite group has infinitely many channels; band_limited
#include "gsteer/gsteer.hpp"
using namespace gsteer;
#ifdef GSTEER_REJECT
Conv2d<trivial<SO<2>>, regular<SO<2>>, 5> layer;
#else
Conv2d<trivial<SO<2>>, band_limited<SO<2>, 2>, 5> layer;
#endif
