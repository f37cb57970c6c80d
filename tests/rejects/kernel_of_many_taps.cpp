// expect: gsteer: kernels of more than 23 taps need rings of your choice
#include "gsteer/gsteer.hpp"
using namespace gsteer;
#ifdef GSTEER_REJECT
Conv2d<trivial<C<4>>, regular<C<4>>, 25> layer;
#else
Conv2d<trivial<C<4>>, regular<C<4>>, 23> layer;
#endif
