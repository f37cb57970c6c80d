// expect: gsteer: no irrep of the output occurs in the product of the inputs
#include "gsteer/layer/tensor_product.hpp"
using namespace gsteer;
#ifdef GSTEER_REJECT
FullyConnectedTensorProduct<irreps<"4x0e+2x1o">, irreps<"0e+1o">, irreps<"3x0o">> product;
#else
FullyConnectedTensorProduct<irreps<"4x0e+2x1e">, irreps<"0e+1o">, irreps<"3x0o">> product;
#endif
