// expect: gsteer: a tensor product of irreps maps between fields of one group, O\(3\)
#include "gsteer/group/orthogonal2.hpp"
#include "gsteer/layer/tensor_product.hpp"
using namespace gsteer;
#ifdef GSTEER_REJECT
TensorProduct<irreps<"4x0e">, 4 * trivial<SO<2>>, irreps<"4x0e">> product({{0, 0, 0}});
#else
TensorProduct<irreps<"4x0e">, irreps<"4x0e">, irreps<"4x0e">> product({{0, 0, 0}});
#endif
