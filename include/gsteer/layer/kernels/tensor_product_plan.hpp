// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "gsteer/group/wigner_3j.hpp"
#include "gsteer/layer/tensor_paths.hpp"

namespace gsteer::detail {

/// Which pairs of a copy u of the first block and a copy v of the second one a path multiplies.
enum class Pairs { all, equal, below };  // below: u < v

/// What a path makes of its pairs: each output copy a weighted sum of all of them, or each pair
/// added to one output copy.
enum class Mix { dense, single };

/// One entry of a Clebsch-Gordan tensor times the coefficient of the path.
struct CouplingValue {
  int b = 0;
  double value = 0;
};

/// The entries that couple component a of the one factor with component c of the result.
struct Coupling {
  int a = 0, c = 0;
  int first = 0, last = 0;  ///< entries [first, last)
};

/// A path as the arithmetic sees it. One of the two factors, `a`, has its copies along the vector
/// instructions, of the other one, `b`, each copy turns the coupling into a small matrix; which
/// factor takes which part (`swapped`) is a question of speed only. Pairs are numbered copy of b
/// by copy of b, those of a changing fastest.
struct PlannedPath {
  bool swapped = false;                            ///< a is the second input
  int offset_a = 0, offset_b = 0, offset_out = 0;  ///< first channels of the blocks
  int copies_a = 0, copies_b = 0, copies_out = 0;
  int size_a = 1, size_b = 1, size_out = 1;  ///< 2 l + 1
  Pairs pairs = Pairs::all;
  Mix mix = Mix::dense;
  bool weighted = true;
  int weight_offset = 0;  ///< in e3nn's flat array
  int pair_count = 0;
  /// The number of a pair in the weights: w[order[p]] if single, the row w[order[p] copies_out ...]
  /// if dense. Empty if order[p] = p.
  std::vector<int> order;
  /// The output copy of a pair, if single. Empty if p for the pairs of the first copy of b, and the
  /// same for all the others.
  std::vector<int> target;
  std::vector<CouplingValue> entries;
  std::vector<Coupling> couplings;       ///< by c, then a
  std::vector<Coupling> couplings_by_a;  ///< by a, then c

  /// The pairs of copy v of b: their number and the first of them.
  int pairs_of(int v) const { return pairs == Pairs::below ? v : copies_a; }
  int first_pair(int v) const { return pairs == Pairs::below ? v * (v - 1) / 2 : v * copies_a; }
  int weights() const { return weighted ? pair_count * (mix == Mix::dense ? copies_out : 1) : 0; }
};

/// A block whose copies have more than one component, and more than one of them: in memory the
/// components change fastest, for the arithmetic the copies shall.
struct TransposedBlock {
  int offset, copies, size;
};

struct OperandLayout {
  int channels = 0;
  std::vector<TransposedBlock> transposed;
};

/// A tensor product of e3nn with the types erased,
///   F(x, y, w, z) = sum over paths of  c  sum W(u, v, w) C(i, j, k) x(u, i) y(v, j) z(w, k).
struct TensorProductPlan {
  OperandLayout in1, in2, out;
  int weights = 0;
  std::vector<PlannedPath> paths;
  std::size_t largest_pairs = 0;  ///< the most numbers a row that the pairs of a path have
  std::size_t largest_order = 0;  ///< the most pairs of a path
  int largest_side = 1;           ///< the most components of an irrep
};

[[gnu::cold]] inline OperandLayout operand_layout(const IrrepList& list) {
  OperandLayout layout;
  for (const auto& block : list) {
    const int size = irrep_dimension(block.label);
    if (block.copies > 1 && size > 1)
      layout.transposed.push_back({layout.channels, block.copies, size});
    layout.channels += block.copies * size;
  }
  return layout;
}

/// Number and first pair of u < v in the weights of e3nn: row by row of u.
inline int triangle_index(int u, int v, int n) { return u * (2 * n - u - 1) / 2 + v - u - 1; }

/// The couplings of a path: C(i, j, k) times its coefficient, sorted for sums over the components
/// of b.
[[gnu::cold]] inline void couple(PlannedPath& path, int l1, int l2, int l3, double coefficient) {
  const auto tensor = wigner_3j(l1, l2, l3);
  for (int c = 0; c < path.size_out; ++c)
    for (int a = 0; a < path.size_a; ++a) {
      Coupling coupling{a, c, static_cast<int>(path.entries.size()), 0};
      for (int b = 0; b < path.size_b; ++b) {
        const double value = path.swapped ? tensor(b, a, c) : tensor(a, b, c);
        if (std::abs(value) > 1e-14) path.entries.push_back({b, coefficient * value});
      }
      coupling.last = static_cast<int>(path.entries.size());
      if (coupling.last > coupling.first) path.couplings.push_back(coupling);
    }
  for (int a = 0; a < path.size_a; ++a)
    for (const auto& coupling : path.couplings)
      if (coupling.a == a) path.couplings_by_a.push_back(coupling);
}

/// Fills in which pairs a path has and where their weights and results lie.
[[gnu::cold]] inline void number_pairs(PlannedPath& path, ConnectionMode mode) {
  using enum ConnectionMode;
  path.pairs = mode == uuw || mode == uuu
                   ? Pairs::equal
                   : (mode == uvu_below || mode == uv_below_w ? Pairs::below : Pairs::all);
  path.mix = mode == uvw || (mode == uuw && path.weighted) || mode == uv_below_w ? Mix::dense
                                                                                 : Mix::single;
  const int na = path.copies_a, nb = path.copies_b;
  path.pair_count = path.pairs == Pairs::all     ? na * nb
                    : path.pairs == Pairs::equal ? na
                                                 : na * (na - 1) / 2;
  const auto number = [&](int a, int b) {  // of a pair in the weights
    if (path.pairs == Pairs::below) return triangle_index(a, b, na);
    return path.swapped ? b * na + a : a * nb + b;
  };
  if (path.pairs == Pairs::equal) {
    if (mode == uuw && !path.weighted) path.target.assign(static_cast<std::size_t>(na), 0);
    return;
  }
  bool in_order = true;
  std::vector<int> order;
  for (int b = 0; b < nb; ++b)
    for (int a = 0; a < path.pairs_of(b); ++a) {
      order.push_back(number(a, b));
      in_order = in_order && order.back() == path.first_pair(b) + a;
    }
  if (mode == uvuv || mode == uvu_below) {
    if (nb > 1) path.target = order;
  }
  if (!in_order) path.order = std::move(order);
}

/// \throws Error if a path does not fit the blocks it names
[[gnu::cold]] inline TensorProductPlan plan_tensor_product(const TensorProductSpec& spec,
                                                           const TensorProductOptions& options) {
  TensorProductPlan plan{
      operand_layout(spec.in1), operand_layout(spec.in2), operand_layout(spec.out), 0, {}, 0, 0, 1};
  const auto coefficients = path_coefficients(spec, options);
  const auto first = slices(spec.in1), second = slices(spec.in2), third = slices(spec.out);
  for (std::size_t n = 0; n < spec.paths.size(); ++n) {
    const TensorPath& from = spec.paths[n];
    using enum ConnectionMode;
    const auto at = [](int i) { return static_cast<std::size_t>(i); };
    const irrep_copies in1 = spec.in1[at(from.in1)], in2 = spec.in2[at(from.in2)],
                       out = spec.out[at(from.out)];
    if (in1.copies == 0 || in2.copies == 0 || out.copies == 0) continue;
    PlannedPath path;
    // uvv is uvu with the factors exchanged; where both do, long vectors are better.
    path.swapped =
        from.mode == uvv || ((from.mode == uvw || from.mode == uvuv) && in2.copies > in1.copies);
    const auto &a = path.swapped ? in2 : in1, &b = path.swapped ? in1 : in2;
    path.offset_a = (path.swapped ? second[at(from.in2)] : first[at(from.in1)]).offset;
    path.offset_b = (path.swapped ? first[at(from.in1)] : second[at(from.in2)]).offset;
    path.offset_out = third[at(from.out)].offset;
    path.copies_a = a.copies;
    path.copies_b = b.copies;
    path.copies_out = out.copies;
    path.size_a = irrep_dimension(a.label);
    path.size_b = irrep_dimension(b.label);
    path.size_out = irrep_dimension(out.label);
    path.weighted = from.weighted;
    number_pairs(path, from.mode);
    if (path.pair_count == 0) continue;
    path.weight_offset = plan.weights;
    plan.weights += path.weights();
    couple(path, in1.label.frequency, in2.label.frequency, out.label.frequency, coefficients[n]);
    plan.largest_order = std::max(plan.largest_order, at(path.pair_count));
    plan.largest_pairs = std::max(plan.largest_pairs, at(path.pair_count) * at(path.size_out));
    plan.largest_side = std::max({plan.largest_side, path.size_a, path.size_b, path.size_out});
    plan.paths.push_back(std::move(path));
  }
  return plan;
}

}  // namespace gsteer::detail
