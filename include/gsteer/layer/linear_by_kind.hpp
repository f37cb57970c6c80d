// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "gsteer/field/graph.hpp"
#include "gsteer/layer/irreps_linear.hpp"

namespace gsteer {

/// An equivariant linear map for each kind of node (Graph::kinds), such as its chemical element:
///   y_i = W(kind of i) x_i,   each W an IrrepsLinear of its own.
/// From one scalar it is an embedding, a row of numbers for each kind. Between features it is the
/// self-connection of NequIP, the fully connected tensor product with the kinds one-hot, in the
/// normalization of the linear map (a node has one kind). Use the alias LinearByKind.
template <class In, class Out, class Scalar_ = float>
class linear_by_kind {
 public:
  using in = In;
  using out = Out;
  using Scalar = Scalar_;
  using Input = Field<In, Scalar, Point>;
  using Output = Field<Out, Scalar, Point>;

  /// \throws Error unless there is at least one kind
  explicit linear_by_kind(int kinds, IrrepsLinearOptions options = {}) {
    expect(kinds >= 1, "LinearByKind: expected at least one kind of node, got ", kinds);
    maps_.assign(static_cast<std::size_t>(kinds), irreps_linear<In, Out, Scalar>(options));
    rows_.resize(maps_.size());
  }

  int kinds() const { return static_cast<int>(maps_.size()); }

  /// [node, in] -> [node, out]. \throws Error unless there is a feature vector for every node, of a
  /// kind that has a map
  Output forward(const Input& x, const Graph& graph) {
    sort(graph.kinds(), x.batch(), rows_);
    return pass<Output>(x, [](auto& map, Input part) { return map.forward(std::move(part)); });
  }
  Input backward(const Output& g) {
    return pass<Input>(g, [](auto& map, const Output& part) { return map.backward(part); });
  }
  Input backward_input(const Output& g) {
    return pass<Input>(g, [](auto& map, const Output& part) { return map.backward_input(part); });
  }
  Output forward_tangent(const Input& dx) {
    return pass<Output>(dx,
                        [](auto& map, Input part) { return map.forward_tangent(std::move(part)); });
  }
  Input backward_tangent(const Output& dg) {
    return pass<Input>(dg,
                       [](auto& map, const Output& part) { return map.backward_tangent(part); });
  }

  /// For use: forward(x, graph) is const and may be called from many threads.
  class Frozen {
   public:
    using in = In;
    using out = Out;
    using Scalar = Scalar_;
    explicit Frozen(const linear_by_kind& layer) {
      for (const auto& map : layer.maps_) maps_.push_back(map.freeze());
    }
    Output forward(const Input& x, const Graph& graph) const {
      Rows rows(maps_.size());
      sort(graph.kinds(), x.batch(), rows);
      return pass_rows<Output>(
          maps_, rows, x, [](const auto& map, const Input& part) { return map.forward(part); });
    }
    const Frozen& freeze() const { return *this; }

   private:
    std::vector<decltype(std::declval<const irreps_linear<In, Out, Scalar_>&>().freeze())> maps_;
  };
  Frozen freeze() const { return Frozen(*this); }

  /// visit(name, map) for each kind.
  template <class Visit>
  void for_each_layer(Visit&& visit) {
    for (std::size_t k = 0; k < maps_.size(); ++k) visit(std::to_string(k), maps_[k]);
  }

 private:
  using Rows = std::vector<std::vector<int>>;  // the nodes of each kind

  static void sort(const std::vector<int>& kinds, int batch, Rows& rows) {
    expect(static_cast<std::size_t>(batch) == kinds.size(), "LinearByKind: expected features of ",
           kinds.size(), " nodes, got ", batch);
    for (auto& row : rows) row.clear();
    for (std::size_t i = 0; i < kinds.size(); ++i) {
      expect(static_cast<std::size_t>(kinds[i]) < rows.size(), "LinearByKind: node ", i,
             " is of kind ", kinds[i], ", and there are maps for ", rows.size(), " kinds");
      rows[static_cast<std::size_t>(kinds[i])].push_back(static_cast<int>(i));
    }
  }

  template <class To, class From, class Pass>
  To pass(const From& from, const Pass& map_pass) {
    std::size_t nodes = 0;
    for (const auto& row : rows_) nodes += row.size();
    expect(nodes > 0, "LinearByKind: a derivative before forward");
    expect(static_cast<std::size_t>(from.batch()) == nodes, "LinearByKind: expected numbers for ",
           nodes, " nodes, got ", from.batch());
    return pass_rows<To>(maps_, rows_, from, map_pass);
  }

  /// Each kind's rows through its map.
  template <class To, class Maps, class From, class Pass>
  static To pass_rows(Maps& maps, const Rows& rows, const From& from, const Pass& map_pass) {
    To to(from.batch());
    for (std::size_t k = 0; k < maps.size(); ++k) {
      if (rows[k].empty()) continue;
      From part(static_cast<int>(rows[k].size()));
      const auto copy_row = [](const auto& a, int i, auto& b, int j) {
        std::copy_n(a.data() + std::ptrdiff_t{i} * a.channels(), a.channels(),
                    b.data() + std::ptrdiff_t{j} * b.channels());
      };
      for (int i = 0; i < part.batch(); ++i)
        copy_row(from, rows[k][static_cast<std::size_t>(i)], part, i);
      const auto result = map_pass(maps[k], std::move(part));
      for (int i = 0; i < result.batch(); ++i)
        copy_row(result, i, to, rows[k][static_cast<std::size_t>(i)]);
    }
    return to;
  }

  std::vector<irreps_linear<In, Out, Scalar>> maps_;
  Rows rows_;
};

/// LinearByKind<irreps<"1x0e">, irreps<"32x0e">>{3}: an embedding of three kinds.
template <auto In, auto Out, class Scalar = float>
using LinearByKind = linear_by_kind<features_of<In>, features_of<Out>, Scalar>;

}  // namespace gsteer
