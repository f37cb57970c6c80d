// SPDX-License-Identifier: MIT
// The regions of a brain that the networks tell apart.
#pragma once

#include <array>

#include "support/picture.hpp"

namespace example {

/// What the networks tell apart: regions of the atlas AAL (Tzourio-Mazoyer et al., NeuroImage 15,
/// 2002), merged.
struct Region {
  const char* name;
  Color color;
};
inline constexpr std::array<Region, 6> regions{{{"cerebellum", {214, 96, 77}},
                                                {"basal ganglia, thalamus", {150, 90, 170}},
                                                {"insula, hippocampus", {240, 190, 60}},
                                                {"temporal lobe", {90, 170, 90}},
                                                {"occipital lobe", {70, 130, 190}},
                                                {"frontal lobe", {140, 200, 200}}}};
inline constexpr int region_count = static_cast<int>(regions.size());

/// The merged region of a label of AAL; -1 for those that are left out (parietal lobe, cingulum,
/// what lies in the middle plane, ...).
inline int region_of(int label) {
  const auto in = [label](int first, int last) { return label >= first && label <= last; };
  if (in(91, 108)) return 0;
  if (in(71, 78)) return 1;
  if (in(29, 30) || in(37, 42)) return 2;
  if (in(55, 56) || in(79, 90)) return 3;
  if (in(43, 54)) return 4;
  if (in(1, 16) || in(19, 20) || in(23, 28)) return 5;
  return -1;
}

}  // namespace example
