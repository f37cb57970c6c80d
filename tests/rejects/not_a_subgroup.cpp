// expect: gsteer: a representation can be restricted to a subgroup of its group only
#include "gsteer/gsteer.hpp"
using namespace gsteer;
#ifdef GSTEER_REJECT
constexpr auto f = restrict_to<C<3>>(regular<C<8>>);
#else
constexpr auto f = restrict_to<C<4>>(regular<C<8>>);
#endif
static_assert(f.size() == 8);
