// expect: gsteer: irreps<...>: expected the parity after l
// names: unreadable_irreps<.*parity_expected, 11.*, '?z'?>
#include "gsteer/representation/irreps.hpp"
using namespace gsteer;
#ifdef GSTEER_REJECT
constexpr auto f = irreps<"16x0e + 8x1z + 2e">;
#else
constexpr auto f = irreps<"16x0e + 8x1o + 2e">;
#endif
static_assert(f.size() == 45);
