// expect: gsteer: all layers of a network compute in float, or all in double
#include "gsteer/gsteer.hpp"
using namespace gsteer;
constexpr auto G = C<4>;
#ifdef GSTEER_REJECT
auto net = Sequential{Conv2d<trivial<G>, regular<G>, 5>{}, ReLU<regular<G>, double>{}};
#else
auto net = Sequential{Conv2d<trivial<G>, regular<G>, 5>{}, ReLU<regular<G>>{}};
#endif
