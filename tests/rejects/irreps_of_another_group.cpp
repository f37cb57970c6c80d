// expect: gsteer: expected irreps of O\(3\) side by side
#include "gsteer/group/cyclic.hpp"
#include "gsteer/representation/irreps.hpp"
using namespace gsteer;
#ifdef GSTEER_REJECT
constexpr auto f = sorted_irreps<irrep<C<4>, 1> + trivial<C<4>>>;
#else
constexpr auto f = sorted_irreps<irrep<O<3>, 1, 1> + trivial<O<3>>>;
#endif
