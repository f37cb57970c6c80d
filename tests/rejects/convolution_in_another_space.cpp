// expect: gsteer: Conv1d, Conv2d and Conv3d are for groups that act on the line, the plane and space
// SPDX-License-Identifier: MIT
#include "gsteer/group/cyclic.hpp"
#include "gsteer/layer/conv.hpp"

using namespace gsteer;

#ifdef GSTEER_REJECT
Conv3d<trivial<C<4>>, regular<C<4>>, 3> layer;
#else
Conv2d<trivial<C<4>>, regular<C<4>>, 3> layer;
#endif
