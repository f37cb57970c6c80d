// expect: gsteer: a network on graphs is given the graph
#include "gsteer/layer/interaction.hpp"
using namespace gsteer;
constexpr auto node = irreps<"4x0e">;
using Network = decltype(make_interaction<node, irreps<"0e+1o">, irreps<"4x0e+2x1o">>(1));
auto result(Network& net, const PointField<node>& x, const Graph& graph) {
#ifdef GSTEER_REJECT
  static_cast<void>(graph);
  return net.forward(x);
#else
  return net.forward(x, graph);
#endif
}
