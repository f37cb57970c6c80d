// expect: gsteer: a Potential begins with .*scalars \(0e\)
#include "gsteer/layer/interaction.hpp"
#include "gsteer/layer/potential.hpp"
using namespace gsteer;
#ifdef GSTEER_REJECT
constexpr auto begin = irreps<"1x0e+1x1o">;
#else
constexpr auto begin = irreps<"4x0e">;
#endif
Potential potential(Sequential{MessagePassing<begin, irreps<"0e+1o">, irreps<"1x0e">>{}});
