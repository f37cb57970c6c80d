// expect: gsteer: a layer of this network has no second derivatives
// names: gsteer::relu
#include "gsteer/layer/interaction.hpp"
#include "gsteer/layer/norm_nonlinearity.hpp"
#include "gsteer/layer/potential.hpp"
using namespace gsteer;
constexpr auto one = irreps<"1x0e">;
constexpr auto edge = irreps<"0e+1o">;
constexpr auto hidden = irreps<"4x0e+2x1o">;
#ifdef GSTEER_REJECT
using Function = relu;
#else
using Function = softplus;
#endif
using Network =
    Sequential<message_passing<features_of<one>, features_of<edge>, features_of<hidden>>,
               norm_nonlinearity<features_of<hidden>, Function>,
               irreps_linear<features_of<hidden>, features_of<one>>>;
void train(Potential<Network>& potential, const Graph& graph) {
  const auto result = potential.evaluate(graph);
  potential.backward(result.energies, result.forces);
}
