// expect: gsteer: a layer maps between fields of one group
// SPDX-License-Identifier: MIT
#include "gsteer/layer/message_passing.hpp"
using namespace gsteer;
#ifdef GSTEER_REJECT
constexpr auto edge = irreps<"0e+1o">;
#else
constexpr auto edge = spherical_harmonics_irreps<1, SO<3>>;
#endif
MessagePassing<4 * trivial<SO<3>>, edge, 2 * trivial<SO<3>>> layer;
