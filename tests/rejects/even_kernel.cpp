// expect: gsteer: a kernel has an odd size
#include "gsteer/gsteer.hpp"
using namespace gsteer;
#ifdef GSTEER_REJECT
Conv2d<trivial<C<4>>, regular<C<4>>, 4> layer;
#else
Conv2d<trivial<C<4>>, regular<C<4>>, 5> layer;
#endif
