// expect: gsteer: the function of an odd scalar \(0o\) must be odd
#include "gsteer/layer/gate.hpp"
using namespace gsteer;
#ifdef GSTEER_REJECT
Gate<irreps<"4x0o">, irreps<"2x0e">, irreps<"2x1o">, float, gate_functions<silu, silu>> layer;
#else
Gate<irreps<"4x0o">, irreps<"2x0e">, irreps<"2x1o">, float, gate_functions<silu>> layer;
#endif
