// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>

#include "gsteer/core/buffer.hpp"
#include "gsteer/core/parallel.hpp"
#include "gsteer/core/scratch.hpp"
#include "gsteer/layer/kernels/tensor_product_mix.hpp"

namespace gsteer::detail {

/// The four places of the multilinear form F(x, y, w, z) of a TensorProductPlan.
enum class TensorRole { in1, in2, weights, out };

/// Values for the places of F, a batch of rows: x, y, z in the layout of PointField, [row][block]
/// [copy][component], w in that of e3nn, one set of weights for all rows or one for each. The place
/// that a derivative is taken in is not read.
template <class Scalar>
struct TensorArguments {
  const Scalar* x = nullptr;
  const Scalar* y = nullptr;
  const Scalar* w = nullptr;
  const Scalar* z = nullptr;
};

/// The rows of one operand as the arithmetic reads them, [block][component][copy].
template <class Scalar>
const Scalar* load_rows(const OperandLayout& layout, const Scalar* from, int rows, Scalar* space) {
  if (layout.transposed.empty() || !from) return from;
  std::copy_n(from, std::ptrdiff_t{rows} * layout.channels, space);
  for (int row = 0; row < rows; ++row)
    for (const auto& block : layout.transposed) {
      const auto offset = std::ptrdiff_t{row} * layout.channels + block.offset;
      const Scalar* source = from + offset;
      Scalar* to = space + offset;
      for (int i = 0; i < block.size; ++i)
        for (int u = 0; u < block.copies; ++u)
          to[i * block.copies + u] = source[u * block.size + i];
    }
  return space;
}

/// Adds rows in the layout of the arithmetic to those of a field.
template <class Scalar>
void add_rows(const OperandLayout& layout, const Scalar* from, int rows, Scalar* result) {
  for (int row = 0; row < rows; ++row) {
    const Scalar* source = from + std::ptrdiff_t{row} * layout.channels;
    Scalar* to = result + std::ptrdiff_t{row} * layout.channels;
    int done = 0;
    for (const auto& block : layout.transposed) {
      for (int i = done; i < block.offset; ++i) to[i] += source[i];
      for (int i = 0; i < block.size; ++i)
        for (int u = 0; u < block.copies; ++u)
          to[block.offset + u * block.size + i] += source[block.offset + i * block.copies + u];
      done = block.offset + block.copies * block.size;
    }
    for (int i = done; i < layout.channels; ++i) to[i] += source[i];
  }
}

/// Weights between the order of e3nn and that of the pairs.
template <class Scalar>
void order_weights(const TensorProductPlan& plan, const Scalar* from, Scalar* to) {
  for (const auto& path : plan.paths) {
    const int width = path.mix == Mix::dense ? path.copies_out : 1;
    const Scalar* source = from + path.weight_offset;
    Scalar* target = to + path.weight_offset;
    if (path.order.empty()) {
      std::copy_n(source, path.weights(), target);
    } else if (path.weighted) {
      for (int p = 0; p < path.pair_count; ++p)
        std::copy_n(source + std::ptrdiff_t{path.order[static_cast<std::size_t>(p)]} * width, width,
                    target + std::ptrdiff_t{p} * width);
    }
  }
}
template <class Scalar>
void add_ordered_weights(const TensorProductPlan& plan, const Scalar* from, Scalar* to) {
  for (const auto& path : plan.paths) {
    if (!path.weighted) continue;
    const int width = path.mix == Mix::dense ? path.copies_out : 1;
    for (int p = 0; p < path.pair_count; ++p) {
      const int at = path.order.empty() ? p : path.order[static_cast<std::size_t>(p)];
      const Scalar* source = from + path.weight_offset + std::ptrdiff_t{p} * width;
      Scalar* target = to + path.weight_offset + std::ptrdiff_t{at} * width;
      for (int k = 0; k < width; ++k) target[k] += source[k];
    }
  }
}

/// One call of add_tensor_product: what does not depend on the rows.
template <class Scalar>
struct TensorProductCall {
  const TensorProductPlan& plan;
  TensorRole role;
  bool shared;  ///< one set of weights for all rows
  bool reordered;

  /// Numbers of scratch memory that `rows` rows need at once.
  std::ptrdiff_t scratch_size(int rows) const {
    const auto numbers = static_cast<std::ptrdiff_t>(plan.largest_pairs) +
                         2 * (plan.in1.channels + plan.in2.channels + plan.out.channels) +
                         (shared || !reordered ? 0 : plan.weights);
    return numbers * rows;
  }

  /// Adds what some rows contribute; `f` and `result` point to the first of them. Shared weights
  /// come, and their gradient goes, in the order of the pairs. With the role in1, `second` may be
  /// where the derivative in in2 goes; it costs little besides.
  void run(const TensorArguments<Scalar>& f, int rows, Scalar* result, Scalar* second,
           PooledVector<Term<Scalar>>& terms) const {
    const bool both = second != nullptr;
    Scalar* space = scratch<Scalar>(Slot::tile, scratch_size(rows));
    const auto take = [&space](std::ptrdiff_t count) {
      Scalar* taken = space;
      space += count;
      return taken;
    };
    Scalar* const pairs = take(static_cast<std::ptrdiff_t>(plan.largest_pairs) * rows);
    Scalar* const space1 = take(std::ptrdiff_t{rows} * plan.in1.channels);
    Scalar* const space2 = take(std::ptrdiff_t{rows} * plan.in2.channels);
    Scalar* const space3 = take(std::ptrdiff_t{rows} * plan.out.channels);
    const Scalar* const x =
        role == TensorRole::in1 && !both ? nullptr : load_rows(plan.in1, f.x, rows, space1);
    const Scalar* const y =
        role == TensorRole::in2 ? nullptr : load_rows(plan.in2, f.y, rows, space2);
    const Scalar* const z =
        role == TensorRole::out ? nullptr : load_rows(plan.out, f.z, rows, space3);
    const std::ptrdiff_t weight_stride = shared ? 0 : plan.weights;
    const Scalar* w = f.w;
    Scalar* gradient_w = result;
    if (!shared && reordered) {
      Scalar* ordered = take(std::ptrdiff_t{rows} * plan.weights);
      if (role == TensorRole::weights) {
        std::fill_n(ordered, std::ptrdiff_t{rows} * plan.weights, Scalar{0});
        gradient_w = ordered;
      } else {
        for (int row = 0; row < rows; ++row)
          order_weights(plan, f.w + row * weight_stride, ordered + row * weight_stride);
        w = ordered;
      }
    }

    // Where the results are gathered, in the layout of the arithmetic.
    const OperandLayout& layout =
        role == TensorRole::in1 ? plan.in1 : (role == TensorRole::in2 ? plan.in2 : plan.out);
    const auto gather = [&](const OperandLayout& of, Scalar* target) {
      if (of.transposed.empty()) return target;
      const auto size = std::ptrdiff_t{rows} * of.channels;
      return std::fill_n(take(size), size, Scalar{0}) - size;
    };
    Scalar* const gathered = role == TensorRole::weights ? result : gather(layout, result);
    Scalar* const gathered_second = both ? gather(plan.in2, second) : nullptr;

    for (const auto& path : plan.paths) {
      const MixRows<Scalar> m{path, rows, w ? w + path.weight_offset : nullptr, weight_stride,
                              plan.out.channels};
      const auto stride_a = path.swapped ? plan.in2.channels : plan.in1.channels,
                 stride_b = path.swapped ? plan.in1.channels : plan.in2.channels;
      const auto row_of = [](auto* base, int offset, int stride, int row) {
        return base + std::ptrdiff_t{row} * stride + offset;
      };
      const Scalar *a = path.swapped ? y : x, *b = path.swapped ? x : y;
      if (role == TensorRole::out || role == TensorRole::weights) {
        for (int row = 0; row < rows; ++row)
          pairs_forward(path, row_of(a, path.offset_a, stride_a, row),
                        row_of(b, path.offset_b, stride_b, row), pairs + row * m.pair_stride(),
                        terms);
        if (role == TensorRole::out)
          mix_forward(m, pairs, gathered + path.offset_out, terms);
        else
          mix_into_weights(m, pairs, z + path.offset_out, gradient_w + path.weight_offset);
        continue;
      }
      mix_into_pairs(m, z + path.offset_out, pairs);
      const bool into_a = (role == TensorRole::in1) != path.swapped;
      Scalar* const by_a = into_a ? gathered : gathered_second;
      Scalar* const by_b = into_a ? gathered_second : gathered;
      for (int row = 0; row < rows; ++row) {
        const Scalar* p = pairs + row * m.pair_stride();
        if (by_a)
          pairs_into_a(path, row_of(b, path.offset_b, stride_b, row), p,
                       row_of(by_a, path.offset_a, stride_a, row), terms);
        if (by_b)
          pairs_into_b(path, row_of(a, path.offset_a, stride_a, row), p,
                       row_of(by_b, path.offset_b, stride_b, row));
      }
    }

    if (role == TensorRole::weights) {
      if (gradient_w != result)
        for (int row = 0; row < rows; ++row)
          add_ordered_weights(plan, gradient_w + row * weight_stride, result + row * weight_stride);
    } else if (gathered != result) {
      add_rows(layout, gathered, rows, result);
    }
    if (gathered_second != second) add_rows(plan.in2, gathered_second, rows, second);
  }
};

/// result += the derivative of F in one place: [rows][channels] for in1, in2 and out; for the
/// weights [rows][weights], or [weights] summed over the rows if `shared`. F is linear in each
/// place, so this is the tensor product itself, each of its gradients, and, with arguments
/// exchanged, each derivative of these. With the role in1, `second` += the derivative in in2, too,
/// unless it is null.
template <class Scalar>
void add_tensor_product(const TensorProductPlan& plan, TensorRole role,
                        const TensorArguments<Scalar>& f, int rows, bool shared, Scalar* result,
                        Scalar* second = nullptr) {
  if (rows == 0 || plan.paths.empty()) return;
  const bool reordered = std::any_of(plan.paths.begin(), plan.paths.end(), [](const auto& path) {
    return path.weighted && !path.order.empty();
  });
  const TensorProductCall<Scalar> call{plan, role, shared, reordered};
  const bool sum = shared && role == TensorRole::weights;
  const auto count = static_cast<std::size_t>(plan.weights);

  Buffer<Scalar> ordered(shared && reordered && !sum ? count : 0);
  if (!ordered.empty()) order_weights(plan, f.w, ordered.data());

  // Tiles: pairs for the second cache, enough rows for a matrix product.
  const int tile = static_cast<int>(
      std::clamp<std::size_t>((1u << 17) / std::max<std::size_t>(1, plan.largest_pairs), 8, 64));
  const int tiles = (rows - 1) / tile + 1;
  const int tasks = sum ? std::min(tiles, 8) : tiles;
  Buffer<Scalar> sums(sum ? count * static_cast<std::size_t>(tasks) : 0);
  parallel_for(tasks, [&](int task) {
    PooledVector<Term<Scalar>> terms;
    const int end = static_cast<int>(std::ptrdiff_t{tiles} * (task + 1) / tasks);
    for (int t = static_cast<int>(std::ptrdiff_t{tiles} * task / tasks); t < end; ++t) {
      const std::ptrdiff_t first = std::ptrdiff_t{t} * tile;
      const auto from = [first](const Scalar* base, int stride) {
        return base ? base + first * stride : nullptr;
      };
      const TensorArguments<Scalar> part{
          from(f.x, plan.in1.channels), from(f.y, plan.in2.channels),
          shared ? (ordered.empty() ? f.w : ordered.data()) : from(f.w, plan.weights),
          from(f.z, plan.out.channels)};
      Scalar* target = nullptr;
      if (sum)
        target = sums.data() + static_cast<std::size_t>(task) * count;
      else if (role == TensorRole::weights)
        target = result + first * plan.weights;
      else
        target = result + first * (role == TensorRole::in1   ? plan.in1.channels
                                   : role == TensorRole::in2 ? plan.in2.channels
                                                             : plan.out.channels);
      call.run(part, static_cast<int>(std::min<std::ptrdiff_t>(tile, rows - first)), target,
               second ? second + first * plan.in2.channels : nullptr, terms);
    }
  });
  if (sum)
    for (int task = 0; task < tasks; ++task)
      add_ordered_weights(plan, sums.data() + static_cast<std::size_t>(task) * count, result);
}

}  // namespace gsteer::detail
