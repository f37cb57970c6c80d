// expect: gsteer: a gate needs one scalar for each irrep that it opens
#include "gsteer/layer/gate.hpp"
using namespace gsteer;
#ifdef GSTEER_REJECT
Gate<irreps<"4x0e">, irreps<"2x0e">, irreps<"2x1o+1x2e">> layer;
#else
Gate<irreps<"4x0e">, irreps<"3x0e">, irreps<"2x1o+1x2e">> layer;
#endif
