// expect: gsteer: the elementwise product needs as many irreps on both sides
#include "gsteer/layer/tensor_product.hpp"
using namespace gsteer;
#ifdef GSTEER_REJECT
ElementwiseTensorProduct<irreps<"4x0e+2x1o">, irreps<"5x0e">> product;
#else
ElementwiseTensorProduct<irreps<"4x0e+2x1o">, irreps<"6x0e">> product;
#endif
