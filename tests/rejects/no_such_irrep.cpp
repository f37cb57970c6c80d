// expect: gsteer: the group has no irrep of this label
#include "gsteer/gsteer.hpp"
using namespace gsteer;
#ifdef GSTEER_REJECT
constexpr auto f = irrep<C<8>, 5>;
#else
constexpr auto f = irrep<C<8>, 4>;
#endif
static_assert(f.size() == 1);
