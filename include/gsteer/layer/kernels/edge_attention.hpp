// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "gsteer/core/buffer.hpp"
#include "gsteer/core/parallel.hpp"
#include "gsteer/layer/kernels/edge_product.hpp"
#include "gsteer/layer/kernels/edge_softmax.hpp"

namespace gsteer::detail {

/// What attention on a graph depends on; also their tangents and their gradients. Layouts are those
/// of EdgeProduct.
template <class Number>
struct AttentionArguments {
  Number* query = nullptr;          ///< like the messages of the keys
  Number* key = nullptr;            ///< features that keys are made of, of each sender
  Number* value = nullptr;          ///< features that values are made of
  Number* key_weights = nullptr;    ///< [edge][weight], of the tensor product
  Number* value_weights = nullptr;  ///< [edge][weight]
  Number* harmonics = nullptr;      ///< [harmonic][edge]
  Number* bias = nullptr;           ///< [edge], added to the logits
};

/// Memory for what attention depends on, or for the gradients of all that.
template <class Scalar>
struct AttentionBuffers {
  Buffer<Scalar> query, key, value, key_weights, value_weights, harmonics, bias;

  void fit(const EdgePlan& keys, const EdgePlan& values, const Graph& graph) {
    const int nodes = graph.nodes(), edges = graph.edges();
    grow(query, keys.message_size(nodes));
    for (auto* features : {&key, &value}) grow(*features, std::ptrdiff_t{nodes} * keys.in_channels);
    grow(key_weights, std::ptrdiff_t{edges} * keys.weights);
    grow(value_weights, std::ptrdiff_t{edges} * values.weights);
    grow(harmonics, std::ptrdiff_t{edges} * keys.harmonics);
    grow(bias, edges);
  }
  static void grow(Buffer<Scalar>& buffer, std::ptrdiff_t size) {
    if (buffer.size() < static_cast<std::size_t>(size))
      buffer = Buffer<Scalar>(static_cast<std::size_t>(size));
  }
};

/// Multi-head attention between the nodes of a graph: with the tensor products of edge e, T_k(e) x
/// and T_v(e) x, of features of its sender,
///   z(e, h) = scale <q(receiver), T_k(e) x_k(sender)>_h + bias(e),   a = softmax of z,
///   messages(i) = sum over edges e into i of  a(e, h) T_v(e) x_v(sender)  in the channels of h.
/// Head h has the h-th part of the channels of each path (mode uvu: a path ends in as many channels
/// as it begins with).
///
/// Neither keys nor values are ever made. A tensor product is linear in its weights, so that a
/// weighted sum of values is that of EdgeProduct with weights times a; and the derivative of <q,
/// T_k x> by the weights, summed over a head with the weights, is the logit. All derivatives are
/// again products of EdgeProduct, with the logits' gradients in the place of a.
template <class Scalar>
class EdgeAttention {
 public:
  using Inputs = AttentionArguments<const Scalar>;
  using Outputs = AttentionArguments<Scalar>;

  /// `heads` must divide the channels of every path.
  [[gnu::cold]] EdgeAttention(EdgePlan keys, EdgePlan values, int heads)
      : heads_(heads),
        key_plan_(std::move(keys)),
        value_plan_(std::move(values)),
        key_head_(heads_of(key_plan_)),
        value_head_(heads_of(value_plan_)) {
    int size = 0;
    for (const auto& group : key_plan_.groups) size += group.size * group.columns;
    scale_ = static_cast<Scalar>(1 / std::sqrt(1.0 * size / heads));
  }

  const EdgePlan& key_plan() const { return key_plan_; }
  const EdgePlan& value_plan() const { return value_plan_; }
  int heads() const { return heads_; }
  /// The weights a, [edge][head], of the last forward.
  const Scalar* attention() const { return a_.data(); }

  void forward(const Graph& graph, const Inputs& in, Scalar* messages) {
    const int edges = graph.edges();
    fit(overlap_, edges, key_plan_.weights);
    fit(weighted_, edges, value_plan_.weights);
    for (auto* buffer : {&logits_, &a_}) fit(*buffer, edges, heads_);
    EdgeProduct<Scalar>(key_plan_).template backward<Plain>(
        graph, {in.key, nullptr}, {in.key_weights, nullptr}, {in.harmonics, nullptr},
        {in.query, nullptr}, nullptr, overlap_.data(), nullptr);
    for_each_edge(edges, [&](std::ptrdiff_t e) {
      Scalar* const z = logits_.data() + e * heads_;
      std::fill_n(z, heads_, Scalar{0});
      add_by_head(key_head_, at(in.key_weights, e, key_plan_), at(overlap_, e, key_plan_), z);
      for (int h = 0; h < heads_; ++h) z[h] = scale_ * z[h] + in.bias[e];
    });
    edge_softmax(graph, heads_, logits_.data(), a_.data());
    for_each_edge(edges, [&](std::ptrdiff_t e) {
      multiply_by_head<false>(value_head_, at(in.value_weights, e, value_plan_),
                              a_.data() + e * heads_, at(weighted_, e, value_plan_));
    });
    EdgeProduct<Scalar>(value_plan_)
        .template forward<Plain>(graph, {in.value, nullptr}, {weighted_.data(), nullptr},
                                 {in.harmonics, nullptr}, messages);
  }

  /// From the gradient with respect to the messages to those of all arguments, overwritten. After
  /// forward.
  void backward(const Graph& graph, const Inputs& in, const Scalar* g, const Outputs& out) {
    const int edges = graph.edges();
    const std::ptrdiff_t harmonics = std::ptrdiff_t{key_plan_.harmonics} * edges;
    fit(g_weighted_, edges, value_plan_.weights);
    fit(key_weighted_, edges, key_plan_.weights);
    fit(key_harmonics_, edges, key_plan_.harmonics);
    for (auto* buffer : {&ga_, &gz_}) fit(*buffer, edges, heads_);
    EdgeProduct<Scalar>(value_plan_)
        .template backward<Plain>(graph, {in.value, nullptr}, {weighted_.data(), nullptr},
                                  {in.harmonics, nullptr}, {g, nullptr}, out.value,
                                  g_weighted_.data(), out.harmonics);
    for_each_edge(edges, [&](std::ptrdiff_t e) {
      const Scalar *const gw = at(g_weighted_, e, value_plan_), *const a = a_.data() + e * heads_;
      std::fill_n(ga_.data() + e * heads_, heads_, Scalar{0});
      add_by_head(value_head_, at(in.value_weights, e, value_plan_), gw, ga_.data() + e * heads_);
      multiply_by_head<false>(value_head_, gw, a, at(out.value_weights, e, value_plan_));
    });
    edge_softmax_derivative(graph, heads_, a_.data(), ga_.data(), gz_.data());
    for_each_edge(edges, [&](std::ptrdiff_t e) {
      Scalar* const gz = gz_.data() + e * heads_;
      out.bias[e] = sum_and_scale(gz);
      multiply_by_head<false>(key_head_, at(in.key_weights, e, key_plan_), gz,
                              at(key_weighted_, e, key_plan_));
      multiply_by_head<false>(key_head_, at(overlap_, e, key_plan_), gz,
                              at(out.key_weights, e, key_plan_));
    });
    const EdgeProduct<Scalar> keys(key_plan_);
    keys.template forward<Plain>(graph, {in.key, nullptr}, {key_weighted_.data(), nullptr},
                                 {in.harmonics, nullptr}, out.query);
    // Its gradient by the weights is the overlap that forward has found.
    keys.template backward<Plain>(graph, {in.key, nullptr}, {key_weighted_.data(), nullptr},
                                  {in.harmonics, nullptr}, {in.query, nullptr}, out.key,
                                  overlap_.data(), key_harmonics_.data());
    for (std::ptrdiff_t i = 0; i < harmonics; ++i) out.harmonics[i] += key_harmonics_.data()[i];
  }

  /// The derivative of the messages along the tangents `d` of all arguments. After forward.
  void forward_tangent(const Graph& graph, const Inputs& in, const Inputs& d, Scalar* d_messages) {
    const int edges = graph.edges();
    fit(d_overlap_, edges, key_plan_.weights);
    fit(d_weighted_, edges, value_plan_.weights);
    for (auto* buffer : {&dz_, &da_}) fit(*buffer, edges, heads_);
    EdgeProduct<Scalar>(key_plan_).template backward<Dual>(
        graph, {in.key, d.key}, {in.key_weights, d.key_weights}, {in.harmonics, d.harmonics},
        {in.query, d.query}, nullptr, d_overlap_.data(), nullptr);
    for_each_edge(edges, [&](std::ptrdiff_t e) {
      Scalar* const dz = dz_.data() + e * heads_;
      std::fill_n(dz, heads_, Scalar{0});
      add_by_head(key_head_, at(d.key_weights, e, key_plan_), at(overlap_, e, key_plan_), dz);
      add_by_head(key_head_, at(in.key_weights, e, key_plan_), at(d_overlap_, e, key_plan_), dz);
      for (int h = 0; h < heads_; ++h) dz[h] = scale_ * dz[h] + d.bias[e];
    });
    edge_softmax_derivative(graph, heads_, a_.data(), dz_.data(), da_.data());
    for_each_edge(edges, [&](std::ptrdiff_t e) {
      Scalar* const to = at(d_weighted_, e, value_plan_);
      multiply_by_head<false>(value_head_, at(d.value_weights, e, value_plan_),
                              a_.data() + e * heads_, to);
      multiply_by_head<true>(value_head_, at(in.value_weights, e, value_plan_),
                             da_.data() + e * heads_, to);
    });
    EdgeProduct<Scalar>(value_plan_)
        .template forward<Dual>(graph, {in.value, d.value}, {weighted_.data(), d_weighted_.data()},
                                {in.harmonics, d.harmonics}, d_messages);
  }

  /// The derivative of `backward` as the arguments move along `d` and g along dg, overwritten.
  /// After backward and forward_tangent.
  void backward_tangent(const Graph& graph, const Inputs& in, const Inputs& d, const Scalar* g,
                        const Scalar* dg, const Outputs& out) {
    const int edges = graph.edges();
    const std::ptrdiff_t harmonics = std::ptrdiff_t{key_plan_.harmonics} * edges;
    fit(dg_weighted_, edges, value_plan_.weights);
    fit(d_key_weighted_, edges, key_plan_.weights);
    for (auto* buffer : {&dga_, &dgz_}) fit(*buffer, edges, heads_);
    EdgeProduct<Scalar>(value_plan_)
        .template backward<Dual>(graph, {in.value, d.value}, {weighted_.data(), d_weighted_.data()},
                                 {in.harmonics, d.harmonics}, {g, dg}, out.value,
                                 dg_weighted_.data(), out.harmonics);
    for_each_edge(edges, [&](std::ptrdiff_t e) {
      const Scalar *const gw = at(g_weighted_, e, value_plan_), *const dgw = at(dg_weighted_, e,
                                                                                value_plan_);
      Scalar *const dga = dga_.data() + e * heads_, *to = at(out.value_weights, e, value_plan_);
      std::fill_n(dga, heads_, Scalar{0});
      add_by_head(value_head_, at(in.value_weights, e, value_plan_), dgw, dga);
      add_by_head(value_head_, at(d.value_weights, e, value_plan_), gw, dga);
      multiply_by_head<false>(value_head_, dgw, a_.data() + e * heads_, to);
      multiply_by_head<true>(value_head_, gw, da_.data() + e * heads_, to);
    });
    edge_softmax_second_derivative(graph, heads_, a_.data(), da_.data(), ga_.data(), dga_.data(),
                                   dgz_.data());
    for_each_edge(edges, [&](std::ptrdiff_t e) {
      const Scalar* const gz = gz_.data() + e * heads_;
      Scalar *const dgz = dgz_.data() + e * heads_, *weighted = at(d_key_weighted_, e, key_plan_),
                    *to = at(out.key_weights, e, key_plan_);
      out.bias[e] = sum_and_scale(dgz);
      multiply_by_head<false>(key_head_, at(d.key_weights, e, key_plan_), gz, weighted);
      multiply_by_head<true>(key_head_, at(in.key_weights, e, key_plan_), dgz, weighted);
      multiply_by_head<false>(key_head_, at(d_overlap_, e, key_plan_), gz, to);
      multiply_by_head<true>(key_head_, at(overlap_, e, key_plan_), dgz, to);
    });
    const EdgeProduct<Scalar> keys(key_plan_);
    const Numbers<Scalar> weighted{key_weighted_.data(), d_key_weighted_.data()};
    keys.template forward<Dual>(graph, {in.key, d.key}, weighted, {in.harmonics, d.harmonics},
                                out.query);
    keys.template backward<Dual>(graph, {in.key, d.key}, weighted, {in.harmonics, d.harmonics},
                                 {in.query, d.query}, out.key, d_overlap_.data(),
                                 key_harmonics_.data());
    for (std::ptrdiff_t i = 0; i < harmonics; ++i) out.harmonics[i] += key_harmonics_.data()[i];
  }

 private:
  /// Some weights of an edge, side by side, that belong to one head.
  struct Part {
    int first, count, head;
  };

  [[gnu::cold]] std::vector<Part> heads_of(const EdgePlan& plan) const {
    std::vector<Part> parts;
    for (const auto& path : plan.paths) {
      const int count = path.channels / heads_;
      for (int h = 0; h < heads_; ++h) parts.push_back({path.weight_offset + h * count, count, h});
    }
    return parts;
  }

  /// sums(h) += the inner product of the parts of x and y that belong to h.
  static void add_by_head(const std::vector<Part>& parts, const Scalar* x, const Scalar* y,
                          Scalar* sums) {
    for (const Part& part : parts) {
      Scalar sum = 0;
      for (int i = part.first; i < part.first + part.count; ++i) sum += x[i] * y[i];
      sums[part.head] += sum;
    }
  }
  /// y (+)= x times the factor of the head.
  template <bool Add>
  static void multiply_by_head(const std::vector<Part>& parts, const Scalar* x,
                               const Scalar* factors, Scalar* y) {
    for (const Part& part : parts) {
      const Scalar factor = factors[part.head];
      for (int i = part.first; i < part.first + part.count; ++i)
        y[i] = Add ? y[i] + factor * x[i] : factor * x[i];
    }
  }
  /// The sum over heads, which is the gradient of the bias; then makes the gradient of the logits
  /// that of the inner products.
  Scalar sum_and_scale(Scalar* gz) const {
    Scalar sum = 0;
    for (int h = 0; h < heads_; ++h) {
      sum += gz[h];
      gz[h] *= scale_;
    }
    return sum;
  }

  static void fit(Buffer<Scalar>& buffer, int rows, int width) {
    const auto n = static_cast<std::size_t>(rows) * static_cast<std::size_t>(width);
    if (buffer.size() < n) buffer = Buffer<Scalar>(n);
  }
  template <class Number>
  static Number* at(Number* weights, std::ptrdiff_t edge, const EdgePlan& plan) {
    return weights + edge * plan.weights;
  }
  static Scalar* at(Buffer<Scalar>& weights, std::ptrdiff_t edge, const EdgePlan& plan) {
    return weights.data() + edge * plan.weights;
  }
  /// Edges in pieces of some, in parallel.
  template <class Body>
  static void for_each_edge(int edges, const Body& body) {
    parallel_pieces(edges, 64, [&](int first, int last) {
      for (int e = first; e < last; ++e) body(e);
    });
  }

  int heads_;
  EdgePlan key_plan_, value_plan_;
  std::vector<Part> key_head_, value_head_;
  Scalar scale_ = 1;
  // [edge][weight]: the derivatives of <q, T_k x> by the weights, and weights times a or gz.
  Buffer<Scalar> overlap_, weighted_, g_weighted_, key_weighted_;
  Buffer<Scalar> d_overlap_, d_weighted_, dg_weighted_, d_key_weighted_;
  // [edge][head]: logits z, weights a, and their derivatives.
  Buffer<Scalar> logits_, a_, ga_, gz_, dz_, da_, dga_, dgz_;
  Buffer<Scalar> key_harmonics_;
};

}  // namespace gsteer::detail
