// expect: gsteer: a Potential adds up energies: its network gives each atom one scalar
#include "gsteer/layer/interaction.hpp"
#include "gsteer/layer/potential.hpp"
using namespace gsteer;
#ifdef GSTEER_REJECT
constexpr auto energy = irreps<"1x0o">;  // would change its sign in a mirror
#else
constexpr auto energy = irreps<"1x0e">;
#endif
constexpr auto hidden = irreps<"4x0e+4x0o">;
Potential potential(Sequential{MessagePassing<irreps<"1x0e">, irreps<"0e+1o">, hidden>{},
                               IrrepsLinear<hidden, energy>{}});
