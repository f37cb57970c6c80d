// expect: gsteer: the edges of MessagePassing carry spherical harmonics
#include "gsteer/layer/message_passing.hpp"
using namespace gsteer;
#ifdef GSTEER_REJECT
constexpr auto edge = irreps<"1x1e">;
#else
constexpr auto edge = irreps<"1x0e+1x1o">;
#endif
MessagePassing<irreps<"4x0e">, edge, irreps<"2x1o">> layer;
