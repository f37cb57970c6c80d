// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "gsteer/core/error.hpp"
#include "gsteer/group/irrep.hpp"

namespace gsteer {

/// A direct sum of irreps of O(3) as e3nn has it: blocks of copies side by side, in any order, the
/// same irrep as often as one likes. The label is (parity, l), parity 1 = odd under the inversion.
///
/// Everything here works at compile time and at run time alike.
using IrrepList = std::vector<irrep_copies>;

/// 2 l + 1.
constexpr int irrep_dimension(irrep_label label) { return 2 * label.frequency + 1; }

/// Number of channels.
constexpr int channels(const IrrepList& list) {
  int sum = 0;
  for (const auto& block : list) sum += block.copies * irrep_dimension(block.label);
  return sum;
}

/// Number of irreps, copies counted.
constexpr int irrep_count(const IrrepList& list) {
  int sum = 0;
  for (const auto& block : list) sum += block.copies;
  return sum;
}

/// The highest l of a block with copies; -1 if there is none.
constexpr int l_max(const IrrepList& list) {
  int highest = -1;
  for (const auto& block : list)
    if (block.copies > 0) highest = std::max(highest, block.label.frequency);
  return highest;
}

/// Where a block of a list lies among the channels.
struct IrrepSlice {
  int offset = 0;
  int size = 0;

  friend constexpr bool operator==(IrrepSlice, IrrepSlice) = default;
};

/// The slice of each block. A channel of copy u and component i lies at offset + u (2 l + 1) + i.
constexpr std::vector<IrrepSlice> slices(const IrrepList& list) {
  std::vector<IrrepSlice> all;
  int offset = 0;
  for (const auto& block : list) {
    all.push_back({offset, block.copies * irrep_dimension(block.label)});
    offset += all.back().size;
  }
  return all;
}

/// Neighbors of one label made one block, blocks of no copies left out. The channels stay where
/// they are.
constexpr IrrepList simplified(const IrrepList& list) {
  IrrepList result;
  for (const auto& block : list) {
    if (block.copies == 0) continue;
    if (!result.empty() && result.back().label == block.label)
      result.back().copies += block.copies;
    else
      result.push_back(block);
  }
  return result;
}

/// The order of e3nn: 0o, 0e, 1o, 1e, 2o, ...
constexpr bool sorts_before(irrep_label a, irrep_label b) {
  return a.frequency != b.frequency ? a.frequency < b.frequency : a.parity > b.parity;
}

/// Which block of a list stands at each place of the sorted one; equal labels keep their order.
constexpr std::vector<int> sorting_order(const IrrepList& list) {
  std::vector<int> order;
  for (int i = 0; i < static_cast<int>(list.size()); ++i) {
    auto at = order.size();
    order.push_back(i);
    for (; at > 0 && sorts_before(list[static_cast<std::size_t>(i)].label,
                                  list[static_cast<std::size_t>(order[at - 1])].label);
         --at)
      order[at] = order[at - 1];
    order[at] = i;
  }
  return order;
}

constexpr IrrepList sorted(const IrrepList& list) {
  IrrepList result;
  for (const int i : sorting_order(list)) result.push_back(list[static_cast<std::size_t>(i)]);
  return result;
}

/// The blocks of `list` whose irrep occurs in `kept`.
constexpr IrrepList filtered(const IrrepList& list, const IrrepList& kept) {
  IrrepList result;
  for (const auto& block : list)
    for (const auto& keep : kept)
      if (keep.label == block.label) {
        result.push_back(block);
        break;
      }
  return result;
}

/// The irreps in the product of two: l = |l1 - l2|, ..., l1 + l2, parities multiplied.
constexpr IrrepList irrep_product(irrep_label a, irrep_label b) {
  IrrepList result;
  const int low = std::max(a.frequency, b.frequency) - std::min(a.frequency, b.frequency);
  for (int l = low; l <= a.frequency + b.frequency; ++l)
    result.push_back({{(a.parity + b.parity) % 2, l}, 1});
  return result;
}

/// Whether an irrep occurs in the product of two others.
constexpr bool occurs_in_product(irrep_label c, irrep_label a, irrep_label b) {
  const int low = std::max(a.frequency, b.frequency) - std::min(a.frequency, b.frequency);
  return c.parity == (a.parity + b.parity) % 2 && low <= c.frequency &&
         c.frequency <= a.frequency + b.frequency;
}

/// The irreps of the tensor product of two lists, sorted and simplified.
constexpr IrrepList product_irreps(const IrrepList& a, const IrrepList& b) {
  IrrepList all;
  for (const auto& left : a)
    for (const auto& right : b)
      for (const auto& item : irrep_product(left.label, right.label))
        all.push_back({item.label, left.copies * right.copies});
  return simplified(sorted(all));
}

/// 1x0e+1x1o+1x2e+...: the representation of the spherical harmonics up to l_max.
constexpr IrrepList harmonic_irreps(int l_max) {
  IrrepList all;
  for (int l = 0; l <= l_max; ++l) all.push_back({{l % 2, l}, 1});
  return all;
}

/// "16x1o".
inline std::string to_string(const irrep_copies& block) {
  std::string text = std::to_string(block.copies);
  text.append("x").append(std::to_string(block.label.frequency));
  return text.append(block.label.parity == 0 ? "e" : "o");
}

/// "32x0e+16x1o", the spelling of e3nn.
inline std::string to_string(const IrrepList& list) {
  std::string text;
  for (const auto& block : list) text.append(text.empty() ? "" : "+").append(to_string(block));
  return text;
}

}  // namespace gsteer
