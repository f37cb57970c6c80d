// expect: gsteer: a tensor product is one of irreps of one group
#include "gsteer/gsteer.hpp"
using namespace gsteer;
#ifdef GSTEER_REJECT
constexpr auto product = product_of_irreps<irreps<"1x1o">, irrep<SO<3>, 1>>;
#else
constexpr auto product = product_of_irreps<without_parity<irreps<"1x1o">>, irrep<SO<3>, 1>>;
#endif
