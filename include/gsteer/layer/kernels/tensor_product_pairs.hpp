// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstddef>
#include <vector>

#include "gsteer/core/memory.hpp"
#include "gsteer/layer/kernels/tensor_product_plan.hpp"

// The first half of a tensor product, for one row: the pairs
//   T(c, p) = sum over components of C(a, b, c) x_a(u) x_b(v),   p the number of the pair (u, v),
// and the two adjoints of this bilinear map. Rows are in the layout [block][component][copy].

namespace gsteer::detail {

/// A vector and its factor.
template <class Scalar>
struct Term {
  const Scalar* row;
  Scalar factor;
};

/// to (+)= the sum of factor * row, n numbers each. Sixteen floats at a time stay in registers
/// while all terms are added.
template <class Scalar>
void combine(Scalar* to, int n, const Term<Scalar>* first, const Term<Scalar>* last, bool add) {
  constexpr int lanes = 64 / static_cast<int>(sizeof(Scalar));
  int i = 0;
  using Lanes = Eigen::Array<Scalar, lanes, 1>;
  for (; i + lanes <= n; i += lanes) {
    Lanes sum = Lanes::Zero();
    if (add) sum = Eigen::Map<const Lanes>(to + i);
    for (const auto* term = first; term != last; ++term)
      sum += term->factor * Eigen::Map<const Lanes>(term->row + i);
    Eigen::Map<Lanes>(to + i) = sum;
  }
  for (; i < n; ++i) {
    Scalar sum = add ? to[i] : Scalar{0};
    for (const auto* term = first; term != last; ++term) sum += term->factor * term->row[i];
    to[i] = sum;
  }
}

/// <x, y>, in an order that depends on n alone.
template <class Scalar>
Scalar dot(const Scalar* x, const Scalar* y, int n) {
  constexpr int lanes = 64 / static_cast<int>(sizeof(Scalar));
  Scalar partial[lanes] = {};
  int i = 0;
  for (; i + lanes <= n; i += lanes)
    for (int l = 0; l < lanes; ++l) partial[l] += x[i + l] * y[i + l];
  Scalar rest{0};
  for (; i < n; ++i) rest += x[i] * y[i];
  if (n < lanes) return rest;
  for (int half = lanes / 2; half > 0; half /= 2)
    for (int l = 0; l < half; ++l) partial[l] += partial[l + half];
  return partial[0] + rest;
}

/// The factors of the couplings for one copy of b: m = sum over components of C(a, b, c) x_b.
template <class Scalar>
Scalar coupling_factor(const PlannedPath& path, const Coupling& coupling, const Scalar* b, int v) {
  Scalar m{0};
  for (int e = coupling.first; e < coupling.last; ++e) {
    const auto& entry = path.entries[static_cast<std::size_t>(e)];
    m += static_cast<Scalar>(entry.value) * b[entry.b * path.copies_b + v];
  }
  return m;
}

/// combine for each run of couplings that write to the same component; `key` says which that is,
/// `from` which component is read. Components that nothing writes to become zero unless `add`.
template <class Scalar, class Key, class From>
void combine_couplings(const PlannedPath& path, const std::vector<Coupling>& couplings,
                       const Scalar* b, int v, Scalar* to, int stride, int count, int n, bool add,
                       PooledVector<Term<Scalar>>& terms, Key key, From from) {
  auto next = couplings.begin();
  for (int component = 0; component < count; ++component) {
    terms.clear();
    for (; next != couplings.end() && key(*next) == component; ++next)
      terms.push_back({from(*next), coupling_factor(path, *next, b, v)});
    combine(to + std::ptrdiff_t{component} * stride, n, terms.data(), terms.data() + terms.size(),
            add);
  }
}

/// T(a, b), overwritten: pairs is [size_out][pair_count]; a and b point to the blocks.
template <class Scalar>
void pairs_forward(const PlannedPath& path, const Scalar* a, const Scalar* b, Scalar* pairs,
                   PooledVector<Term<Scalar>>& terms) {
  if (path.pairs == Pairs::equal) {
    std::fill_n(pairs, path.size_out * path.pair_count, Scalar{0});
    for (const auto& coupling : path.couplings)
      for (int e = coupling.first; e < coupling.last; ++e) {
        const auto& entry = path.entries[static_cast<std::size_t>(e)];
        const auto factor = static_cast<Scalar>(entry.value);
        const Scalar *x = a + coupling.a * path.copies_a, *y = b + entry.b * path.copies_b;
        Scalar* to = pairs + coupling.c * path.pair_count;
        for (int u = 0; u < path.pair_count; ++u) to[u] += factor * x[u] * y[u];
      }
    return;
  }
  for (int v = 0; v < path.copies_b; ++v)
    combine_couplings(
        path, path.couplings, b, v, pairs + path.first_pair(v), path.pair_count, path.size_out,
        path.pairs_of(v), false, terms, [](const Coupling& q) { return q.c; },
        [&](const Coupling& q) { return a + std::ptrdiff_t{q.a} * path.copies_a; });
}

/// gradient_a += the derivative of <T(a, b), pairs> in a.
template <class Scalar>
void pairs_into_a(const PlannedPath& path, const Scalar* b, const Scalar* pairs, Scalar* gradient_a,
                  PooledVector<Term<Scalar>>& terms) {
  if (path.pairs == Pairs::equal) {
    for (const auto& coupling : path.couplings)
      for (int e = coupling.first; e < coupling.last; ++e) {
        const auto& entry = path.entries[static_cast<std::size_t>(e)];
        const auto factor = static_cast<Scalar>(entry.value);
        const Scalar *from = pairs + coupling.c * path.pair_count, *y = b + entry.b * path.copies_b;
        Scalar* to = gradient_a + coupling.a * path.copies_a;
        for (int u = 0; u < path.pair_count; ++u) to[u] += factor * y[u] * from[u];
      }
    return;
  }
  for (int v = 0; v < path.copies_b; ++v)
    combine_couplings(
        path, path.couplings_by_a, b, v, gradient_a, path.copies_a, path.size_a, path.pairs_of(v),
        true, terms, [](const Coupling& q) { return q.a; },
        [&](const Coupling& q) {
          return pairs + std::ptrdiff_t{q.c} * path.pair_count + path.first_pair(v);
        });
}

/// gradient_b += the derivative of <T(a, b), pairs> in b.
template <class Scalar>
void pairs_into_b(const PlannedPath& path, const Scalar* a, const Scalar* pairs,
                  Scalar* gradient_b) {
  for (const auto& coupling : path.couplings) {
    const Scalar *x = a + coupling.a * path.copies_a, *from = pairs + coupling.c * path.pair_count;
    for (int v = 0; v < path.copies_b; ++v) {
      const Scalar sum = path.pairs == Pairs::equal
                             ? x[v] * from[v]
                             : dot(x, from + path.first_pair(v), path.pairs_of(v));
      for (int e = coupling.first; e < coupling.last; ++e) {
        const auto& entry = path.entries[static_cast<std::size_t>(e)];
        gradient_b[entry.b * path.copies_b + v] += static_cast<Scalar>(entry.value) * sum;
      }
    }
  }
}

}  // namespace gsteer::detail
