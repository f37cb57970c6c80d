// expect: gsteer: a direct sum needs one group on both sides
#include "gsteer/gsteer.hpp"
using namespace gsteer;
#ifdef GSTEER_REJECT
constexpr auto sum = trivial<C<8>> + regular<C<4>>;
#else
constexpr auto sum = trivial<C<4>> + regular<C<4>>;
#endif
static_assert(sum.size() == 5);
