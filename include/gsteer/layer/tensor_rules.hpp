// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "gsteer/layer/tensor_paths.hpp"

namespace gsteer {

// The paths of e3nn's particular tensor products, in its order, which is that of the weights. All
// of them work at compile time: some decide what the output is.

/// FullyConnectedTensorProduct: every pair of blocks to every block that it can reach.
constexpr TensorProductSpec fully_connected_paths(const IrrepList& in1, const IrrepList& in2,
                                                  const IrrepList& out) {
  TensorProductSpec spec{in1, in2, out, {}};
  for (std::size_t i = 0; i < in1.size(); ++i)
    for (std::size_t j = 0; j < in2.size(); ++j)
      for (std::size_t k = 0; k < out.size(); ++k)
        if (occurs_in_product(out[k].label, in1[i].label, in2[j].label))
          spec.paths.push_back({static_cast<int>(i), static_cast<int>(j), static_cast<int>(k),
                                ConnectionMode::uvw, true, 1});
  return spec;
}

namespace detail {

/// Sorts the output blocks of a specification; they are not merged, each path keeps its own.
constexpr TensorProductSpec with_sorted_output(TensorProductSpec spec) {
  const auto order = sorting_order(spec.out);
  std::vector<int> place = order;  // clang 14 knows no vector(n) of libstdc++ at compile time
  for (std::size_t i = 0; i < order.size(); ++i)
    place[static_cast<std::size_t>(order[i])] = static_cast<int>(i);
  for (auto& path : spec.paths) path.out = place[static_cast<std::size_t>(path.out)];
  spec.out = sorted(spec.out);
  return spec;
}

/// One more path, to a block of its own.
constexpr void add_path_and_block(TensorProductSpec& spec, TensorPath path, irrep_copies block) {
  path.out = static_cast<int>(spec.out.size());
  spec.paths.push_back(path);
  spec.out.push_back(block);
}

}  // namespace detail

/// FullTensorProduct: every irrep of the product, for every pair of copies; no weights.
constexpr TensorProductSpec full_paths(const IrrepList& in1, const IrrepList& in2) {
  TensorProductSpec spec{simplified(in1), simplified(in2), {}, {}};
  for (std::size_t i = 0; i < spec.in1.size(); ++i)
    for (std::size_t j = 0; j < spec.in2.size(); ++j)
      for (const auto& item : irrep_product(spec.in1[i].label, spec.in2[j].label))
        detail::add_path_and_block(
            spec, {static_cast<int>(i), static_cast<int>(j), 0, ConnectionMode::uvuv, false, 1},
            {item.label, spec.in1[i].copies * spec.in2[j].copies});
  return detail::with_sorted_output(std::move(spec));
}

/// ElementwiseTensorProduct: irrep n of the one with irrep n of the other; no weights, output not
/// sorted. Both lists need the same irrep_count.
constexpr TensorProductSpec elementwise_paths(const IrrepList& in1, const IrrepList& in2) {
  TensorProductSpec spec{simplified(in1), simplified(in2), {}, {}};
  auto &a = spec.in1, &b = spec.in2;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    // Blocks are cut so that both lists have them in common.
    const auto cut = [i](IrrepList& list, int copies) {
      list.insert(list.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                  {list[i].label, list[i].copies - copies});
      list[i].copies = copies;
    };
    if (a[i].copies < b[i].copies) cut(b, a[i].copies);
    if (b[i].copies < a[i].copies) cut(a, b[i].copies);
    for (const auto& item : irrep_product(a[i].label, b[i].label))
      detail::add_path_and_block(
          spec, {static_cast<int>(i), static_cast<int>(i), 0, ConnectionMode::uuu, false, 1},
          {item.label, a[i].copies});
  }
  return spec;
}

namespace detail {

/// What e3nn puts into path_weight for a square, alpha of IrrepNormalization: the components of x
/// (x) x are not independent where both copies are the same (`equal`).
constexpr double square_weight(IrrepNormalization normalization, irrep_label in1, irrep_label in2,
                               irrep_label out, bool equal) {
  const double d1 = irrep_dimension(in1), d2 = irrep_dimension(in2), d3 = irrep_dimension(out);
  if (normalization == IrrepNormalization::component)
    return !equal ? d3 : (out.frequency == 0 ? d3 / (d1 + 2) : d3 / 2);
  if (normalization == IrrepNormalization::norm)
    return !equal ? d1 * d2 : (out.frequency == 0 ? d3 * d1 : d1 * (d1 + 2) / 2);
  return 1;
}

}  // namespace detail

/// TensorSquare of all pairs: what is different in x (x) x. Every irrep for every pair of copies,
/// the antisymmetric ones of a copy with itself left out, which are zero; no weights. The options
/// must say IrrepNormalization::none, the normalization is in path_weight.
constexpr TensorProductSpec square_paths(const IrrepList& in, IrrepNormalization normalization) {
  const auto list = simplified(in);
  TensorProductSpec spec{list, list, {}, {}};
  for (int i = 0; i < static_cast<int>(list.size()); ++i)
    for (int j = i; j < static_cast<int>(list.size()); ++j) {
      const auto a = list[static_cast<std::size_t>(i)], b = list[static_cast<std::size_t>(j)];
      for (const auto& item : irrep_product(a.label, b.label)) {
        const auto weight = [&](bool equal) {
          return detail::square_weight(normalization, a.label, b.label, item.label, equal);
        };
        if (i < j) {
          detail::add_path_and_block(spec, {i, j, 0, ConnectionMode::uvuv, false, weight(false)},
                                     {item.label, a.copies * b.copies});
          continue;
        }
        if (a.copies > 1)
          detail::add_path_and_block(spec,
                                     {i, i, 0, ConnectionMode::uvu_below, false, weight(false)},
                                     {item.label, a.copies * (a.copies - 1) / 2});
        if (item.label.frequency % 2 == 0)
          detail::add_path_and_block(spec, {i, i, 0, ConnectionMode::uuu, false, weight(true)},
                                     {item.label, a.copies});
      }
    }
  return detail::with_sorted_output(std::move(spec));
}

/// TensorSquare to a given output: the same pairs, mixed by weights.
constexpr TensorProductSpec square_paths(const IrrepList& in, const IrrepList& out,
                                         IrrepNormalization normalization) {
  const auto list = simplified(in);
  TensorProductSpec spec{list, list, out, {}};
  for (int i = 0; i < static_cast<int>(list.size()); ++i)
    for (int j = i; j < static_cast<int>(list.size()); ++j)
      for (int k = 0; k < static_cast<int>(out.size()); ++k) {
        const auto a = list[static_cast<std::size_t>(i)].label,
                   b = list[static_cast<std::size_t>(j)].label,
                   c = out[static_cast<std::size_t>(k)].label;
        if (!occurs_in_product(c, a, b)) continue;
        const auto add = [&](ConnectionMode mode, bool equal) {
          spec.paths.push_back(
              {i, j, k, mode, true, detail::square_weight(normalization, a, b, c, equal)});
        };
        if (i < j) {
          add(ConnectionMode::uvw, false);
        } else {
          if (list[static_cast<std::size_t>(i)].copies > 1) add(ConnectionMode::uv_below_w, false);
          if (c.frequency % 2 == 0) add(ConnectionMode::uuw, true);
        }
      }
  return spec;
}

}  // namespace gsteer
