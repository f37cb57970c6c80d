// expect: gsteer: cartesian<...>: only the tensor zero obeys this formula
#include "gsteer/representation/cartesian.hpp"
using namespace gsteer;
#ifdef GSTEER_REJECT
constexpr auto f = cartesian<"ijkl=-jikl=-ikjl=-ijlk">;
#else
constexpr auto f = cartesian<"ijkl=-jikl=-ijlk">;
#endif
static_assert(f.size() == 9);
