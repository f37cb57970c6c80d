// expect: gsteer: irreps<...>: expected \+ between two irreps
// names: unreadable_irreps<.*plus_expected, 6.*, '?8'?, '?x'?, '?1'?, '?o'?>
#include "gsteer/representation/irreps.hpp"
using namespace gsteer;
#ifdef GSTEER_REJECT
constexpr auto f = irreps<"16x0e 8x1o">;
#else
constexpr auto f = irreps<"16x0e+8x1o">;
#endif
static_assert(f.size() == 40);
