// expect: gsteer: a Potential adds up energies: its network gives each atom one scalar
#include "gsteer/layer/interaction.hpp"
#include "gsteer/layer/potential.hpp"
using namespace gsteer;
constexpr auto one = irreps<"1x0e">;
constexpr auto edge = irreps<"0e+1o">;
#ifdef GSTEER_REJECT
constexpr auto energy = irreps<"2x0e">;
#else
constexpr auto energy = irreps<"1x0e">;
#endif
Potential potential(Sequential{MessagePassing<one, edge, irreps<"4x0e">>{},
                               IrrepsLinear<irreps<"4x0e">, energy>{}});
