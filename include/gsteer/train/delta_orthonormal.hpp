// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstddef>
#include <vector>

#include "gsteer/core/matrix.hpp"
#include "gsteer/core/random.hpp"
#include "gsteer/kernel/space.hpp"

namespace gsteer::detail {

/// rows x cols, the rows or the columns (whichever are fewer) orthonormal and uniformly
/// distributed: a slice of a Haar orthogonal matrix, by the Gram-Schmidt process on Gaussian
/// vectors.
inline Eigen::MatrixXd random_isometry(int rows, int cols, Rng& rng) {
  const int count = std::min(rows, cols), length = std::max(rows, cols);
  Eigen::MatrixXd q(length, count);
  for (int j = 0; j < count; ++j) {
    Eigen::MatrixXd v(length, 1);
    do {
      for (int i = 0; i < length; ++i) v(i, 0) = rng.normal();
      v /= v.norm();
      remove_projection(v, q, static_cast<int>(j));
    } while (v.norm() < 1e-6);
    q.col(j) = v.col(0) / v.norm();
  }
  if (rows < cols) q.transposeInPlace();
  return q;
}

/// The copies of every irrep in a layout, numbered: first[block][slot] is the number of the first
/// field's copy.
struct NumberedIrreps {
  explicit NumberedIrreps(const channel_layout& layout) {
    for (const auto& block : layout) {
      auto& numbers = first.emplace_back();
      for (const auto& slot : block.irreps) {
        auto found = std::find_if(counts.begin(), counts.end(), [&](const irrep_copies& entry) {
          return entry.label == slot.label;
        });
        if (found == counts.end()) found = counts.insert(found, {slot.label, 0});
        numbers.push_back(found->copies);
        found->copies += block.copies;
      }
    }
  }
  std::vector<std::vector<int>> first;
  std::vector<irrep_copies> counts;
};

/// Coefficients for Initialization::delta_orthonormal, of one group of fields.
/// \throws Error if no ring is at the center
inline std::vector<double> delta_orthonormal_coefficients(const kernel_space& space, Rng& rng) {
  const auto* const ring = std::find_if(space.profile.begin(), space.profile.end(),
                                        [](const kernel_ring& r) { return r.radius == 0; });
  expect(ring != space.profile.end(),
         "initialize: delta_orthonormal needs a kernel with a ring of radius 0");
  const int center = static_cast<int>(ring - space.profile.begin());
  std::vector<double> w(static_cast<std::size_t>(space.size));
  const NumberedIrreps in(space.in), out(space.out);
  for (const auto& [label, inputs] : in.counts)
    for (const auto& [same, outputs] : out.counts) {
      if (!(label == same)) continue;
      const Eigen::MatrixXd mixing = random_isometry(outputs, inputs, rng);
      Eigen::MatrixXd directions;  // for each output copy, a unit vector of endomorphisms
      for (const auto& block : space.blocks) {
        const auto p = static_cast<std::size_t>(block.out_block),
                   q = static_cast<std::size_t>(block.in_block);
        for (const auto& slot : block.slots) {
          const auto a = static_cast<std::size_t>(slot.out_slot),
                     b = static_cast<std::size_t>(slot.in_slot);
          if (!(space.out[p].irreps[a].label == label && space.in[q].irreps[b].label == label))
            continue;
          std::vector<int> at_center;
          int index = slot.first;
          for (const auto& term : space.terms_of(slot)) {
            if (term.ring == center && term.frequency == 0) at_center.push_back(index);
            ++index;
          }
          const int endomorphisms = static_cast<int>(at_center.size());
          if (directions.size() == 0) {
            directions.resize(endomorphisms, outputs);
            for (int o = 0; o < outputs; ++o)
              directions.col(o) = random_isometry(endomorphisms, 1, rng);
          }
          for (int o = 0; o < space.out[p].copies; ++o)
            for (int i = 0; i < space.in[q].copies; ++i)
              for (int e = 0; e < endomorphisms; ++e)
                w[static_cast<std::size_t>(block.first +
                                           (o * space.in[q].copies + i) * block.dimension +
                                           at_center[static_cast<std::size_t>(e)])] =
                    mixing(out.first[p][a] + o, in.first[q][b] + i) *
                    directions(e, out.first[p][a] + o);
        }
      }
    }
  return w;
}

}  // namespace gsteer::detail
