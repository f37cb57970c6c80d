// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "gsteer/core/matrix.hpp"
#include "gsteer/core/parallel.hpp"
#include "gsteer/core/scratch.hpp"
#include "gsteer/representation/field_bases.hpp"
#include "gsteer/representation/layout.hpp"

namespace gsteer::detail {

/// Feature vectors, [row][channel], in the basis of irreps and in another order of channels, and
/// back. Both are orthogonal maps: each is the adjoint of the other.
template <class Scalar>
class IrrepRows {
 public:
  /// Component r of copy i of the fields of kind q goes to position[q][r] + i of `width` channels;
  /// those that nothing goes to are 0.
  [[gnu::cold]] IrrepRows(const channel_layout& layout,
                          const std::vector<std::vector<int>>& position, int width)
      : channels_(gsteer::channels(layout)), width_(width), bases_(layout) {
    for (std::size_t q = 0; q < layout.size(); ++q)
      kinds_.push_back({layout[q].offset, layout[q].copies, layout[q].size,
                        is_identity(layout[q].basis), position[q]});
  }

  int width() const { return width_; }

  /// u = Q^T x
  void to_irreps(const Scalar* x, int rows, Scalar* u) const {
    for_each_tile(rows, [&](int first, int count) {
      Scalar* const to = u + std::ptrdiff_t{first} * width_;
      std::fill_n(to, std::ptrdiff_t{count} * width_, Scalar{0});
      for (std::size_t q = 0; q < kinds_.size(); ++q) {
        const Kind& kind = kinds_[q];
        const Scalar* from = x + std::ptrdiff_t{first} * channels_ + kind.offset;
        std::ptrdiff_t stride = channels_;
        if (!kind.plain) {
          Scalar* fields = scratch<Scalar>(Slot::tile, std::ptrdiff_t{count} * kind.channels());
          for (int row = 0; row < count; ++row)
            std::copy_n(from + row * stride, kind.channels(), fields + row * kind.channels());
          stride = kind.channels();
          Scalar* turned = scratch<Scalar>(Slot::turned, count * stride);
          multiply(turned, kind.size, static_cast<const Scalar*>(fields), kind.size, bases_.of(q),
                   kind.size, count * kind.copies, kind.size, kind.size, false);
          from = turned;
        }
        for (int row = 0; row < count; ++row)
          for (int r = 0; r < kind.size; ++r)
            for (int i = 0; i < kind.copies; ++i)
              to[std::ptrdiff_t{row} * width_ + kind.position[static_cast<std::size_t>(r)] + i] =
                  from[row * stride + i * kind.size + r];
      }
    });
  }

  /// x = Q u
  void from_irreps(const Scalar* u, int rows, Scalar* x) const {
    for_each_tile(rows, [&](int first, int count) {
      const Scalar* const from = u + std::ptrdiff_t{first} * width_;
      for (std::size_t q = 0; q < kinds_.size(); ++q) {
        const Kind& kind = kinds_[q];
        Scalar* const target = x + std::ptrdiff_t{first} * channels_ + kind.offset;
        Scalar* to = target;
        std::ptrdiff_t stride = channels_;
        if (!kind.plain) {
          stride = kind.channels();
          to = scratch<Scalar>(Slot::turned, count * stride);
        }
        for (int row = 0; row < count; ++row)
          for (int r = 0; r < kind.size; ++r)
            for (int i = 0; i < kind.copies; ++i)
              to[row * stride + i * kind.size + r] =
                  from[std::ptrdiff_t{row} * width_ + kind.position[static_cast<std::size_t>(r)] +
                       i];
        if (kind.plain) continue;
        Scalar* fields = scratch<Scalar>(Slot::tile, count * stride);
        multiply_transposed_b(fields, kind.size, static_cast<const Scalar*>(to), kind.size,
                              bases_.of(q), kind.size, count * kind.copies, kind.size, kind.size,
                              false);
        for (int row = 0; row < count; ++row)
          std::copy_n(fields + row * stride, kind.channels(),
                      target + std::ptrdiff_t{row} * channels_);
      }
    });
  }

 private:
  struct Kind {
    int offset, copies, size;
    bool plain;  ///< the basis is the identity
    std::vector<int> position;

    int channels() const { return copies * size; }
  };

  [[gnu::cold]] static bool is_identity(const Eigen::MatrixXd& a) {
    for (Eigen::Index i = 0; i < a.rows(); ++i)
      for (Eigen::Index j = 0; j < a.cols(); ++j)
        if (a(i, j) != (i == j ? 1 : 0)) return false;
    return true;
  }

  template <class Body>
  static void for_each_tile(int rows, Body&& body) {
    constexpr int tile = 64;
    parallel_for((rows + tile - 1) / tile,
                 [&](int i) { body(i * tile, std::min(tile, rows - i * tile)); });
  }

  int channels_, width_;
  std::vector<Kind> kinds_;
  FieldBases<Scalar> bases_;
};

}  // namespace gsteer::detail
