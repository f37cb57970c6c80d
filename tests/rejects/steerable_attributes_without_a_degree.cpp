// expect: gsteer: steerable attributes are spherical harmonics
#include "gsteer/layer/steerable_message_passing.hpp"
using namespace gsteer;
#ifdef GSTEER_REJECT
constexpr auto attributes = irreps<"1x0e+1x2e">;
#else
constexpr auto attributes = irreps<"1x0e+1x1o+1x2e">;
#endif
SteerableMessagePassing<irreps<"2x0e">, attributes, irreps<"4x0e">> layer;
