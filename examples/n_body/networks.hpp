// SPDX-License-Identifier: MIT
// Three networks for the same task, of four layers and about as many parameters each.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "n_body/data.hpp"

namespace example {

namespace fields {
inline constexpr auto hidden = irreps<"32x0e + 32x1o">;
inline constexpr auto harmonics = irreps<"1x0e + 1x1o + 1x2e">;
inline constexpr auto gated = gate_input<irreps<"32x0e">, irreps<"32x0e">, irreps<"32x1o">>;
}  // namespace fields

/// A layer whose messages are linear in what the sender is: what the sum of messages means to a
/// particle depends on its charge, then a gate follows,
///   f_i' = gate(W_q(i) f_i + W'_q(i) sum over j of message(W''_q(j) f_j)).
/// So a layer can represent the forces at a time, q_i sum over j of q_j R(|x|) x / |x|.
template <auto In, class Layer>
auto around(Layer layer) {
  using namespace fields;
  using Scalar = typename Layer::Scalar;
  constexpr int charges = 2;
  return Sequential{Residual{Sequential{LinearByKind<In, In, Scalar>{charges}, std::move(layer),
                                        LinearByKind<gated, gated, Scalar>{charges}},
                             LinearByKind<In, gated, Scalar>{charges}},
                    Gate<irreps<"32x0e">, irreps<"32x0e">, irreps<"32x1o">, Scalar>{}};
}

/// Linear messages: tensor field networks, in the form of NequIP.
template <class Scalar>
auto make_linear() {
  using namespace fields;
  const auto layer = [] {
    return around<hidden>(
        MessagePassing<hidden, harmonics, gated, Scalar>{{.cutoff = 1,
                                                          .radial_functions = 16,
                                                          .radial = RadialFunction::gaussian,
                                                          .hidden = {64, 64},
                                                          .average_neighbors = 4}});
  };
  return Sequential{LinearByKind<state, hidden, Scalar>{2},      layer(), layer(), layer(), layer(),
                    IrrepsLinear<hidden, displacement, Scalar>{}};
}

/// Attention: the SE(3)-Transformer.
template <class Scalar>
auto make_attention() {
  using namespace fields;
  const auto layer = [] {
    return around<hidden>(
        Attention<hidden, harmonics, gated, Scalar>{{.heads = 4,
                                                     .cutoff = 1,
                                                     .radial_functions = 16,
                                                     .radial = RadialFunction::gaussian,
                                                     .hidden = {32, 32}}});
  };
  return Sequential{LinearByKind<state, hidden, Scalar>{2},      layer(), layer(), layer(), layer(),
                    IrrepsLinear<hidden, displacement, Scalar>{}};
}

/// Non-linear messages: SEGNN. It knows charges only as products, and so cannot but say the same if
/// all of them change their sign.
template <class Scalar_>
class NonlinearNetwork {
  using Embedding = IrrepsLinear<fields::state, fields::hidden, Scalar_>;
  using Layer = SteerableMessagePassing<fields::hidden, fields::direction, fields::hidden, Scalar_,
                                        edge_scalars>;
  using Readout = IrrepsLinear<fields::hidden, fields::displacement, Scalar_>;

 public:
  using in = typename Embedding::in;
  using out = typename Readout::out;
  using Scalar = Scalar_;

  auto forward(const Batch<Scalar>& batch) {
    auto h = embedding_.forward(batch.states);
    for (auto& layer : layers_) h = layer.forward(h, batch.graph, batch.attributes);
    return readout_.forward(std::move(h));
  }
  auto backward(const Field<out, Scalar, Point>& gradient, Eigen::MatrixXd& d_vectors) {
    auto g = readout_.backward(gradient);
    for (auto layer = layers_.rbegin(); layer != layers_.rend(); ++layer)
      g = layer->backward(g, d_vectors);
    return embedding_.backward(g);
  }

  template <class Visit>
  void for_each_layer(Visit&& visit) {
    visit(std::string("embedding"), embedding_);
    for (std::size_t i = 0; i < layers_.size(); ++i) visit(std::to_string(i), layers_[i]);
    visit(std::string("readout"), readout_);
  }

 private:
  Embedding embedding_;
  std::vector<Layer> layers_ = std::vector<Layer>(
      4, Layer{{.aggregation = Aggregation::normalized, .average_neighbors = 4}});
  Readout readout_;
};

template <class Scalar>
auto make_nonlinear() {
  return NonlinearNetwork<Scalar>{};
}

/// Minus the mean over the particles of each system: a projection, and its own transpose.
template <class Rows>
Rows without_mean(Rows rows, const Graph& graph) {
  for (int i = 0; i < graph.graphs(); ++i)
    for (int c = 0; c < rows.channels(); ++c) {
      const int first = graph.first_node(i), end = graph.first_node(i + 1);
      typename Rows::Scalar mean{0};
      for (int k = first; k < end; ++k) mean += rows(k, c);
      mean /= static_cast<typename Rows::Scalar>(end - first);
      for (int k = first; k < end; ++k) rows(k, c) -= mean;
    }
  return rows;
}

/// What a network says, without what would move the center of mass.
template <class Net, class Scalar>
auto answers(Net& net, const Batch<Scalar>& batch) {
  if constexpr (requires { net.forward(batch); })
    return without_mean(net.forward(batch), batch.graph);
  else
    return without_mean(net.forward(batch.states, batch.graph), batch.graph);
}

}  // namespace example
