// expect: gsteer: cartesian<...>: expected up to six different letters
#include "gsteer/representation/cartesian.hpp"
using namespace gsteer;
#ifdef GSTEER_REJECT
constexpr auto f = cartesian<"ij=jk">;
#else
constexpr auto f = cartesian<"ij=ji">;
#endif
static_assert(f.size() == 6);
