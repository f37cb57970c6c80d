// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "gsteer/core/memory.hpp"
#include "gsteer/core/scratch.hpp"
#include "gsteer/core/transpose.hpp"
#include "gsteer/layer/kernels/lanes.hpp"

namespace gsteer::detail {

/// A linear map along one axis, as a sparse matrix: outputs [begin[o], begin[o + 1]) list the
/// inputs and their weights.
struct AxisMap {
  int inputs = 0;
  PooledVector<int> begin{0};
  PooledVector<int> source;
  PooledVector<double> weight;

  int outputs() const { return static_cast<int>(begin.size()) - 1; }

  void add(int from, double factor) {
    source.push_back(from);
    weight.push_back(factor);
  }
  void finish_output() { begin.push_back(static_cast<int>(source.size())); }

  bool identity() const {
    if (outputs() != inputs || source.size() != static_cast<std::size_t>(inputs)) return false;
    for (std::size_t o = 0; o < source.size(); ++o) {
      if (begin[o] != static_cast<int>(o) || source[o] != begin[o] || weight[o] != 1) return false;
    }
    return true;
  }

  AxisMap transposed() const {
    PooledVector<PooledVector<std::pair<int, double>>> rows(static_cast<std::size_t>(inputs));
    for (int o = 0; o < outputs(); ++o) {
      for (auto e = static_cast<std::size_t>(begin[static_cast<std::size_t>(o)]);
           e < static_cast<std::size_t>(begin[static_cast<std::size_t>(o) + 1]); ++e) {
        rows[static_cast<std::size_t>(source[e])].emplace_back(o, weight[e]);
      }
    }
    AxisMap result;
    result.inputs = outputs();
    for (const auto& row : rows) {
      for (const auto& [from, factor] : row) result.add(from, factor);
      result.finish_output();
    }
    return result;
  }
};

/// A map of a grid that acts on each axis on its own: averages, blurs and interpolations are of
/// this kind.
using GridMap = std::array<AxisMap, 3>;

inline GridMap transposed(const GridMap& map) {
  return {map[0].transposed(), map[1].transposed(), map[2].transposed()};
}

/// Each row of `out`, `size` >= L numbers, is a weighted sum of rows of `in`: of L numbers at a
/// time, the last ones over the ones before.
template <int L, class Scalar>
void combine_rows(Scalar* out, const Scalar* in, const AxisMap& map, std::ptrdiff_t size) {
  const int *begin = map.begin.data(), *source = map.source.data();
  const double* weight = map.weight.data();
  for (int o = 0; o < map.outputs(); ++o, out += size)
    for (std::ptrdiff_t i = 0; i < size; i += L) {
      const std::ptrdiff_t at = std::min(i, size - L);
      Lanes<Scalar, L> sum, row;
      sum.clear();
      for (int e = begin[o]; e < begin[o + 1]; ++e) {
        Lanes<Scalar, L>::load(row, in + source[e] * size + at);
        Lanes<Scalar, L>::add_scaled(sum, static_cast<Scalar>(weight[e]), row);
      }
      sum.store(out + at);
    }
}
template <class Scalar>
void combine_rows(Scalar* out, const Scalar* in, const AxisMap& map, std::ptrdiff_t size) {
  if (size >= 16) return combine_rows<16>(out, in, map, size);
  if (size >= 8) return combine_rows<8>(out, in, map, size);
  const int *begin = map.begin.data(), *source = map.source.data();
  for (int o = 0; o < map.outputs(); ++o)
    for (std::ptrdiff_t i = 0; i < size; ++i) {
      Scalar sum{0};
      for (int e = begin[o]; e < begin[o + 1]; ++e)
        sum += static_cast<Scalar>(map.weight.data()[e]) * in[source[e] * size + i];
      *out++ = sum;
    }
}

/// out = map applied along the middle axis of in [before, map.inputs, after].
template <class Scalar>
void apply_axis(Scalar* out, const Scalar* in, const AxisMap& map, int before, int after) {
  const std::ptrdiff_t n = map.inputs, m = map.outputs();
  if (after > 1 || before < 8) {
    for (int b = 0; b < before; ++b)
      combine_rows(out + b * m * after, in + b * n * after, map, after);
    return;
  }
  // Neighbors along the last axis: some lines are laid side by side, and back.
  constexpr int most = 16;
  Scalar* const lines = scratch<Scalar>(Slot::turned, most * (n + m));
  Scalar* const results = lines + most * n;
  for (int b = 0; b < before; b += most) {
    const int some = std::min(most, before - b);
    transpose(lines, some, in + b * n, n, map.inputs, some);
    combine_rows(results, lines, map, some);
    transpose(out + b * m, m, results, some, some, map.outputs());
  }
}

}  // namespace gsteer::detail
