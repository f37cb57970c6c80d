// expect: gsteer: MaxPool compares the values of a channel
// names: irrep_of<gsteer::cyclic<4>, ?1>
// SPDX-License-Identifier: MIT
#include "gsteer/group/cyclic.hpp"
#include "gsteer/layer/pooling.hpp"

using namespace gsteer;

#ifdef GSTEER_REJECT
constexpr auto hidden = regular<C<4>> + 2 * irrep<C<4>, 1>;
#else
constexpr auto hidden = regular<C<4>> + 2 * trivial<C<4>>;
#endif

template class gsteer::max_pool<features_of<hidden>>;
