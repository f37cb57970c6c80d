// expect: gsteer: the edges of Attention carry spherical harmonics
// SPDX-License-Identifier: MIT
#include "gsteer/layer/attention.hpp"
using namespace gsteer;
#ifdef GSTEER_REJECT
constexpr auto edge = irreps<"1x0e+1x1e">;
#else
constexpr auto edge = irreps<"1x0e+1x1o">;
#endif
Attention<irreps<"4x0e">, edge, irreps<"2x1o">> layer;
