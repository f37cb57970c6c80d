// expect: gsteer: GroupPool takes the maximum over the channels of a field
// names: irrep_of<gsteer::dihedral<4>, ?1, ?1>
// SPDX-License-Identifier: MIT
#include "gsteer/group/dihedral.hpp"
#include "gsteer/layer/invariant_pooling.hpp"

using namespace gsteer;

#ifdef GSTEER_REJECT
constexpr auto hidden = regular<D<4>> + 2 * irrep<D<4>, 1, 1>;
#else
constexpr auto hidden = regular<D<4>> + 2 * quotient<D<4>, D<1>>;
#endif

template class gsteer::group_pool<features_of<hidden>>;
