// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "gsteer/core/random.hpp"
#include "gsteer/kernel/space.hpp"

namespace gsteer::detail {

/// Which coefficients start as what; one group of fields. The order of the draws is that of the
/// coefficients.
inline std::vector<double> generalized_he_coefficients(const kernel_space& space, Rng& rng) {
  std::vector<double> w(static_cast<std::size_t>(space.size));
  const auto label_in = [&](const kernel_space::block_pair& block,
                            const kernel_space::slot_pair& slot) {
    return space.in[static_cast<std::size_t>(block.in_block)]
        .irreps[static_cast<std::size_t>(slot.in_slot)]
        .label;
  };
  // reaching[p][a]: the irreps that reach slot a of the fields of block p, with the number of their
  // basis elements
  std::vector<std::vector<std::vector<std::pair<irrep_label, int>>>> reaching;
  for (const auto& block : space.out) reaching.emplace_back(block.irreps.size());
  const auto elements = [&](const kernel_space::block_pair& block,
                            const kernel_space::slot_pair& slot) -> auto& {
    return reaching[static_cast<std::size_t>(block.out_block)]
                   [static_cast<std::size_t>(slot.out_slot)];
  };
  const auto same_label = [](irrep_label label) {
    return [label](const auto& entry) { return entry.first == label; };
  };
  for (const auto& block : space.blocks)
    for (const auto& slot : block.slots) {
      auto& list = elements(block, slot);
      const auto label = label_in(block, slot);
      auto found = std::find_if(list.begin(), list.end(), same_label(label));
      if (found == list.end()) found = list.insert(found, {label, 0});
      found->second += slot.size * space.in[static_cast<std::size_t>(block.in_block)].copies;
    }
  for (const auto& block : space.blocks) {
    const int pairs = space.out[static_cast<std::size_t>(block.out_block)].copies *
                      space.in[static_cast<std::size_t>(block.in_block)].copies;
    for (int pair = 0; pair < pairs; ++pair)
      for (const auto& slot : block.slots) {
        const auto& list = elements(block, slot);
        const auto found =
            std::find_if(list.begin(), list.end(), same_label(label_in(block, slot)));
        const double deviation = 1 / std::sqrt(static_cast<double>(list.size()) * found->second);
        const int first = block.first + pair * block.dimension + slot.first;
        for (int t = 0; t < slot.size; ++t)
          w[static_cast<std::size_t>(first + t)] = deviation * rng.normal();
      }
  }
  return w;
}

}  // namespace gsteer::detail
