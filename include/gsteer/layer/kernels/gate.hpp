// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "gsteer/layer/kernels/rows.hpp"
#include "gsteer/representation/irrep_list.hpp"

namespace gsteer::detail {

/// Scalars that one function is applied to.
struct ActivatedBlock {
  int in = 0;   ///< first channel of the input
  int out = 0;  ///< first channel of the output, if they are no gates
  int at = 0;   ///< scalars before it
  int copies = 0;
  bool gate = false;
  bool odd = false;
};

/// Irreps that are multiplied with one gate each.
struct GatedBlock {
  int in = 0, out = 0;  ///< first channels
  int gate = 0;         ///< the ActivatedBlock of its gates
  int first = 0;        ///< which of these belongs to the first copy
  int copies = 0, size = 1;
};

/// A gate with the types erased: where the scalars, the gates and what these open lie among the
/// channels of the input, which e3nn sorts.
struct GatePlan {
  int in_channels = 0, out_channels = 0;
  int scalars = 0;  ///< all that functions are applied to, gates included
  std::vector<ActivatedBlock> activated;
  std::vector<GatedBlock> gated;
};

/// Plan of act(scalars) + gated * act(gates), the input being sorted(scalars + gates + gated).
/// Blocks of gated are cut where those of the gates end.
[[gnu::cold]] inline GatePlan plan_gate(const IrrepList& scalars, const IrrepList& gates,
                                        const IrrepList& gated) {
  IrrepList all = scalars;
  all.insert(all.end(), gates.begin(), gates.end());
  all.insert(all.end(), gated.begin(), gated.end());
  std::vector<int> place(all.size());
  int at = 0;
  for (const int i : sorting_order(all)) {
    place[static_cast<std::size_t>(i)] = at;
    at += channels({all[static_cast<std::size_t>(i)]});
  }
  GatePlan plan{at, 0, 0, {}, {}};
  std::size_t block = 0;
  const auto activate = [&](const IrrepList& list, bool gate) {
    for (const auto& item : list) {
      plan.activated.push_back({place[block++], plan.out_channels, plan.scalars, item.copies, gate,
                                item.label.parity == 1});
      plan.scalars += item.copies;
      if (!gate) plan.out_channels += item.copies;
    }
  };
  activate(scalars, false);
  auto gate = plan.activated.size();
  activate(gates, true);
  int used = 0;  // copies of the block of gates that are taken
  for (const auto& item : gated) {
    int in = place[block++];
    for (int left = item.copies; left > 0;) {
      while (plan.activated[gate].copies == used) {
        ++gate;
        used = 0;
      }
      const int copies = std::min(left, plan.activated[gate].copies - used);
      const int size = irrep_dimension(item.label);
      plan.gated.push_back({in, plan.out_channels, static_cast<int>(gate), used, copies, size});
      in += copies * size;
      plan.out_channels += copies * size;
      used += copies;
      left -= copies;
    }
  }
  return plan;
}

/// The arithmetic of a gate on some rows. Numbers of the scalars, their functions' values f and
/// derivatives d and h, are stored [block][row][copy], so that each function sees one array.
template <class Scalar>
struct GateRows {
  const GatePlan& plan;
  int rows;

  std::ptrdiff_t of(const ActivatedBlock& block, int row) const {
    return std::ptrdiff_t{block.at} * rows + std::ptrdiff_t{row} * block.copies;
  }
  std::ptrdiff_t of(const GatedBlock& block, int row) const {
    return of(plan.activated[static_cast<std::size_t>(block.gate)], row) + block.first;
  }
  std::ptrdiff_t input(int row) const { return std::ptrdiff_t{row} * plan.in_channels; }
  std::ptrdiff_t output(int row) const { return std::ptrdiff_t{row} * plan.out_channels; }

  /// v = the scalars of x.
  void gather(const Scalar* x, Scalar* v) const {
    for_each_row(rows, plan.in_channels, [&](int row) {
      for (const auto& block : plan.activated)
        std::copy_n(x + input(row) + block.in, block.copies, v + of(block, row));
    });
  }

  /// z = (f, f x)
  void forward(const Scalar* x, const Scalar* f, Scalar* z) const {
    for_each_row(rows, plan.in_channels, [&](int row) {
      for (const auto& block : plan.activated)
        if (!block.gate) std::copy_n(f + of(block, row), block.copies, z + output(row) + block.out);
      for (const auto& block : plan.gated) {
        const Scalar *from = x + input(row) + block.in, *factor = f + of(block, row);
        Scalar* to = z + output(row) + block.out;
        for (int u = 0; u < block.copies; ++u)
          for (int i = 0; i < block.size; ++i)
            to[u * block.size + i] = factor[u] * from[u * block.size + i];
      }
    });
  }

  /// gx = J^T g = (d g, d <x, g>, f g), d = f'.
  void transposed(const Scalar* x, const Scalar* f, const Scalar* d, const Scalar* g,
                  Scalar* gx) const {
    for_each_row(rows, plan.in_channels, [&](int row) {
      for (const auto& block : plan.activated)
        if (!block.gate) {
          const Scalar *slope = d + of(block, row), *from = g + output(row) + block.out;
          Scalar* to = gx + input(row) + block.in;
          for (int u = 0; u < block.copies; ++u) to[u] = slope[u] * from[u];
        }
      for (const auto& block : plan.gated) {
        const Scalar *in = x + input(row) + block.in, *from = g + output(row) + block.out;
        const Scalar *factor = f + of(block, row), *slope = d + of(block, row);
        Scalar *to = gx + input(row) + block.in, *gate = gx + input(row) + gate_channel(block);
        for (int u = 0; u < block.copies; ++u) {
          Scalar product{0};
          for (int i = u * block.size; i < (u + 1) * block.size; ++i) {
            to[i] = factor[u] * from[i];
            product += in[i] * from[i];
          }
          gate[u] = slope[u] * product;
        }
      }
    });
  }

  /// dz = J dx, dv the scalars of dx.
  void tangent(const Scalar* x, const Scalar* f, const Scalar* d, const Scalar* dx,
               const Scalar* dv, Scalar* dz) const {
    for_each_row(rows, plan.in_channels, [&](int row) {
      for (const auto& block : plan.activated)
        if (!block.gate) {
          const Scalar *slope = d + of(block, row), *dvs = dv + of(block, row);
          Scalar* to = dz + output(row) + block.out;
          for (int u = 0; u < block.copies; ++u) to[u] = slope[u] * dvs[u];
        }
      for (const auto& block : plan.gated) {
        const Scalar *in = x + input(row) + block.in, *d_in = dx + input(row) + block.in;
        const Scalar *factor = f + of(block, row), *slope = d + of(block, row),
                     *dvs = dv + of(block, row);
        Scalar* to = dz + output(row) + block.out;
        for (int u = 0; u < block.copies; ++u)
          for (int i = u * block.size; i < (u + 1) * block.size; ++i)
            to[i] = factor[u] * d_in[i] + slope[u] * dvs[u] * in[i];
      }
    });
  }

  /// gx = J^T dg + (dJ / dx . dx)^T g, h = f''.
  void transposed_tangent(const Scalar* x, const Scalar* f, const Scalar* d, const Scalar* h,
                          const Scalar* g, const Scalar* dx, const Scalar* dv, const Scalar* dg,
                          Scalar* gx) const {
    transposed(x, f, d, dg, gx);
    for_each_row(rows, plan.in_channels, [&](int row) {
      for (const auto& block : plan.activated)
        if (!block.gate) {
          const Scalar *bend = h + of(block, row), *dvs = dv + of(block, row),
                       *from = g + output(row) + block.out;
          Scalar* to = gx + input(row) + block.in;
          for (int u = 0; u < block.copies; ++u) to[u] += bend[u] * dvs[u] * from[u];
        }
      for (const auto& block : plan.gated) {
        const Scalar *in = x + input(row) + block.in, *d_in = dx + input(row) + block.in,
                     *from = g + output(row) + block.out;
        const Scalar *slope = d + of(block, row), *bend = h + of(block, row),
                     *dvs = dv + of(block, row);
        Scalar *to = gx + input(row) + block.in, *gate = gx + input(row) + gate_channel(block);
        for (int u = 0; u < block.copies; ++u) {
          Scalar product{0}, d_product{0};
          for (int i = u * block.size; i < (u + 1) * block.size; ++i) {
            to[i] += slope[u] * dvs[u] * from[i];
            product += in[i] * from[i];
            d_product += d_in[i] * from[i];
          }
          gate[u] += slope[u] * d_product + bend[u] * dvs[u] * product;
        }
      }
    });
  }

 private:
  int gate_channel(const GatedBlock& block) const {
    return plan.activated[static_cast<std::size_t>(block.gate)].in + block.first;
  }
};

}  // namespace gsteer::detail
