// expect: gsteer: a steerable layer has outputs that no tensor product of its inputs with the attributes reaches
#include "gsteer/layer/steerable_message_passing.hpp"
using namespace gsteer;
#ifdef GSTEER_REJECT
constexpr auto hidden = irreps<"4x0e+2x1e">;
#else
constexpr auto hidden = irreps<"4x0e+2x1o">;
#endif
SteerableMessagePassing<irreps<"2x0e">, irreps<"1x0e+1x1o">, hidden> layer;
