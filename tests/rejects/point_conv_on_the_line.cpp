// expect: gsteer: PointConv is for groups that act on the plane or on space
// SPDX-License-Identifier: MIT
#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/orthogonal1.hpp"
#include "gsteer/layer/point_conv.hpp"
using namespace gsteer;
#ifdef GSTEER_REJECT
constexpr auto signal = trivial<O<1>>;
#else
constexpr auto signal = trivial<C<2>>;
#endif
PointConv<signal, signal, 3> layer;
