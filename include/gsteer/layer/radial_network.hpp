// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "gsteer/core/buffer.hpp"
#include "gsteer/core/error.hpp"
#include "gsteer/core/matrix.hpp"
#include "gsteer/core/parallel.hpp"
#include "gsteer/core/random.hpp"
#include "gsteer/layer/moments.hpp"
#include "gsteer/layer/parameter.hpp"

namespace gsteer {

/// The network that turns radial functions of the length of an edge into the weights of its kernel:
/// linear maps without bias and c silu in between, c = unit_moment_factor(silu),
///   h_0 = x,   h_k = c silu(h_{k-1} W_k / sqrt(d_{k-1})),   y = h_K W_{K+1} / sqrt(d_K),
/// with W_k of d_{k-1} x d_k. Weights of unit variance keep the variance of unit noise. This is
/// e3nn's FullyConnectedNet, with its layout of weights.
///
/// Rows are edges: all arguments are row-major, x and its like n x inputs(), y and its like n x
/// outputs(). All layers of some hundred rows are done while they are in the cache, such parts in
/// parallel. It is a layer in the sense of layer/layer.hpp, second derivatives included; results go
/// to memory of the caller. Memory is allocated for the largest n so far.
template <class Scalar_>
class RadialNetwork {
 public:
  using Scalar = Scalar_;

  /// The weights begin as zeros: see initialize. \throws Error unless all sizes are positive
  [[gnu::cold]] RadialNetwork(int inputs, const std::vector<int>& hidden, int outputs) {
    sizes_.push_back(inputs);
    sizes_.insert(sizes_.end(), hidden.begin(), hidden.end());
    sizes_.push_back(outputs);
    for (const int size : sizes_)
      expect(size > 0, "RadialNetwork: expected layers of positive size, got ", size);
    const double factor = unit_moment_factor(silu{});
    for (std::size_t k = 0; k + 1 < sizes_.size(); ++k) {
      offsets_.push_back(weight_count_);
      weights_.emplace_back(sizes_[k] * sizes_[k + 1]);
      weight_count_ += weights_.back().value.size();
      scales_.push_back(static_cast<Scalar>((k == 0 ? 1 : factor) / std::sqrt(1.0 * sizes_[k])));
    }
    widest_ = *std::max_element(sizes_.begin(), sizes_.end());
    for (auto* buffers : {&value_, &argument_, &gradient_, &value_tangent_, &argument_tangent_})
      buffers->resize(sizes_.size());
  }

  int inputs() const { return sizes_.front(); }
  int outputs() const { return sizes_.back(); }

  /// Draws all weights from the normal distribution.
  [[gnu::cold]] void initialize(Rng& rng) {
    for (auto& weight : weights_)
      for (auto& w : weight.value) w = static_cast<Scalar>(rng.normal());
  }

  template <class Visit>
  void visit_parameters(Visit&& visit) {
    for (std::size_t k = 0; k < weights_.size(); ++k)
      visit(std::to_string(k).append(".weight"), weights_[k]);
  }

  /// y for use; safe to call from many threads.
  void apply(const Scalar* x, int n, Scalar* y) const {
    check(n >= 0, "expected n >= 0 rows");
    for_each_part(n, [&](Part part) {
      Scalar *from = scratch(0), *to = scratch(1);
      scaled_copy(part.of(x, inputs()), from, part.rows * inputs(), scales_[0]);
      for (std::size_t k = 0; k < last(); ++k) {
        map(from, to, k, part.rows);
        for (int i = 0; i < part.rows * sizes_[k + 1]; i += block)
          at(to + i) = scales_[k + 1] * silu{}.value(load(to + i));
        std::swap(from, to);
      }
      map(from, part.of(y, outputs()), last(), part.rows);
    });
  }

  /// y for training.
  void forward(const Scalar* x, int n, Scalar* y) {
    check(n >= 0, "expected n >= 0 rows");
    rows_ = n;
    has_gradient_ = has_tangent_ = false;
    reserve(value_, 0, last());
    reserve(argument_, 1, last());
    for_each_part(n, [&](Part part) {
      scaled_copy(part.of(x, inputs()), row(value_, 0, part), part.rows * inputs(), scales_[0]);
      for (std::size_t k = 0; k < last(); ++k) {
        Scalar *const z = row(argument_, k + 1, part), *const h = row(value_, k + 1, part);
        map(row(value_, k, part), z, k, part.rows);
        for (int i = 0; i < part.rows * sizes_[k + 1]; i += block)
          at(h + i) = scales_[k + 1] * silu{}.value(load(z + i));
      }
      map(row(value_, last(), part), part.of(y, outputs()), last(), part.rows);
    });
  }

  /// gx = J^T g, unless gx is null; adds to the gradients of the weights. \throws Error before
  /// forward
  void backward(const Scalar* g, Scalar* gx) {
    check(rows_ >= 0, "backward before forward");
    for_weight_gradients([&](Part part, auto weight_gradient) {
      Scalar *gz = scratch(0), *gh = scratch(1);
      std::copy_n(part.of(g, outputs()), part.rows * outputs(), gz);
      for (std::size_t k = last();; --k) {
        add_outer(row(value_, k, part), gz, weight_gradient(k), k, part.rows);
        if (k == 0) break;
        map_transposed(gz, gh, k, part.rows);
        multiply_by_slopes(gh, gh, k, part);
        std::swap(gz, gh);
      }
      if (gx) input_gradient(gz, part.of(gx, inputs()), part.rows);
    });
  }

  /// gx = J^T g; leaves the gradients of the weights as they are. Remembers g. \throws Error before
  /// forward
  void backward_input(const Scalar* g, Scalar* gx) {
    check(rows_ >= 0, "backward_input before forward");
    reserve(gradient_, 1, last() + 1);
    has_gradient_ = true;
    for_each_part(rows_, [&](Part part) {
      Scalar* const gz = scratch(0);
      std::copy_n(part.of(g, outputs()), part.rows * outputs(), row(gradient_, last() + 1, part));
      std::copy_n(part.of(g, outputs()), part.rows * outputs(), gz);
      for (std::size_t k = last(); k > 0; --k) {
        Scalar* const gh = row(gradient_, k, part);
        map_transposed(gz, gh, k, part.rows);
        multiply_by_slopes(gh, gz, k, part);
      }
      input_gradient(gz, part.of(gx, inputs()), part.rows);
    });
  }

  /// dy = J dx. Remembers dx. \throws Error before forward
  void forward_tangent(const Scalar* dx, Scalar* dy) {
    check(rows_ >= 0, "forward_tangent before forward");
    reserve(value_tangent_, 0, last());
    reserve(argument_tangent_, 1, last());
    has_tangent_ = true;
    for_each_part(rows_, [&](Part part) {
      scaled_copy(part.of(dx, inputs()), row(value_tangent_, 0, part), part.rows * inputs(),
                  scales_[0]);
      for (std::size_t k = 0; k < last(); ++k) {
        Scalar* const dz = row(argument_tangent_, k + 1, part);
        map(row(value_tangent_, k, part), dz, k, part.rows);
        multiply_by_slopes(dz, row(value_tangent_, k + 1, part), k + 1, part);
      }
      map(row(value_tangent_, last(), part), part.of(dy, outputs()), last(), part.rows);
    });
  }

  /// dgx, the derivative of J^T g as x moves along dx and g along dg, for the g and dx of the last
  /// backward_input and forward_tangent; null if not wanted. Adds the derivatives of the gradients
  /// of the weights to them. \throws Error before backward_input and forward_tangent
  void backward_tangent(const Scalar* dg, Scalar* dgx) {
    check(has_gradient_ && has_tangent_,
          "backward_tangent before backward_input and forward_tangent");
    // With gz = slope gh, slope = s silu'(z): dgz = slope dgh + s silu''(z) dz gh.
    for_weight_gradients([&](Part part, auto weight_gradient) {
      Scalar *const gz = scratch(0), *dgz = scratch(1), *dgh = scratch(2);
      std::copy_n(row(gradient_, last() + 1, part), part.rows * outputs(), gz);
      std::copy_n(part.of(dg, outputs()), part.rows * outputs(), dgz);
      for (std::size_t k = last();; --k) {
        add_outer(row(value_tangent_, k, part), gz, weight_gradient(k), k, part.rows);
        add_outer(row(value_, k, part), dgz, weight_gradient(k), k, part.rows);
        if (k == 0) break;
        map_transposed(dgz, dgh, k, part.rows);
        const Scalar* const gh = row(gradient_, k, part);
        multiply_by_slopes(gh, gz, k, part);
        multiply_by_slopes(dgh, dgh, k, part);
        const Scalar *const z = row(argument_, k, part), *dz = row(argument_tangent_, k, part);
        for (int i = 0; i < part.rows * sizes_[k]; i += block)
          at(dgh + i) +=
              scales_[k] * silu{}.second_derivative(load(z + i)) * load(dz + i) * load(gh + i);
        std::swap(dgz, dgh);
      }
      if (dgx) input_gradient(dgz, part.of(dgx, inputs()), part.rows);
    });
  }

 private:
  // Loops over numbers run over whole blocks: every buffer has room for one more at its end.
  static constexpr int block = NumberBlock<Scalar>::SizeAtCompileTime;
  // A multiple of the block in any width; few enough for the stack memory of the products.
  static constexpr int part_rows = 128;

  struct Part {
    int first, rows;
    template <class Pointer>
    Pointer of(Pointer matrix, int width) const {
      return matrix + static_cast<std::ptrdiff_t>(first) * width;
    }
  };
  using Buffers = std::vector<Buffer<Scalar>>;

  static void check(bool condition, const char* what) {
    expect(condition, "RadialNetwork: ", what);
  }
  static NumberBlock<Scalar> load(const Scalar* p) {
    return Eigen::Map<const NumberBlock<Scalar>>(p);
  }
  static Eigen::Map<NumberBlock<Scalar>> at(Scalar* p) {
    return Eigen::Map<NumberBlock<Scalar>>(p);
  }

  /// The last linear map.
  std::size_t last() const { return weights_.size() - 1; }

  static Part part_at(int i, int rows) {
    return {i * part_rows, std::min(part_rows, rows - i * part_rows)};
  }
  static int part_count(int rows) { return rows / part_rows + (rows % part_rows > 0 ? 1 : 0); }
  template <class Body>
  static void for_each_part(int rows, const Body& body) {
    parallel_for(part_count(rows), [&](int i) { body(part_at(i, rows)); });
  }

  /// body(part, weight_gradient), where weight_gradient(k) is what to add the gradient of map k to.
  /// Parts in a few groups, each with sums of its own, added in order: the result does not depend
  /// on threads.
  template <class Body>
  void for_weight_gradients(const Body& body) {
    const int parts = part_count(rows_), groups = std::clamp(parts / 4, 1, 8);
    const auto total = static_cast<std::size_t>(groups) * weight_count_;
    if (groups > 1 && partial_.size() < total) partial_ = Buffer<Scalar>(total);
    parallel_for(groups, [&](int group) {
      Scalar* const sums = partial_.data() + static_cast<std::size_t>(group) * weight_count_;
      if (groups > 1) std::fill_n(sums, weight_count_, Scalar{0});
      for (int i = parts * group / groups; i < parts * (group + 1) / groups; ++i)
        body(part_at(i, rows_), [&](std::size_t k) {
          return groups > 1 ? sums + offsets_[k] : weights_[k].gradient.data();
        });
    });
    if (groups == 1) return;
    for (std::size_t k = 0; k < weights_.size(); ++k)
      for (std::size_t group = 0; group < static_cast<std::size_t>(groups); ++group) {
        const Scalar* const sums = partial_.data() + group * weight_count_ + offsets_[k];
        for (std::size_t i = 0; i < weights_[k].gradient.size(); ++i)
          weights_[k].gradient[i] += sums[i];
      }
  }

  /// Memory for rows_ rows of the widths of layers first to last.
  void reserve(Buffers& buffers, std::size_t first, std::size_t last) const {
    for (std::size_t k = first; k <= last; ++k) {
      const auto size = static_cast<std::size_t>(rows_) * static_cast<std::size_t>(sizes_[k]) +
                        static_cast<std::size_t>(block);
      if (buffers[k].size() < size) buffers[k] = Buffer<Scalar>(size);
    }
  }
  Scalar* row(Buffers& buffers, std::size_t k, Part part) const {
    return part.of(buffers[k].data(), sizes_[k]);
  }
  /// Memory of this thread for one part of the widest layer.
  Scalar* scratch(std::size_t slot) const {
    thread_local std::array<Buffer<Scalar>, 3> memory;
    const auto size = static_cast<std::size_t>(part_rows * widest_ + block);
    if (memory[slot].size() < size) memory[slot] = Buffer<Scalar>(size);
    return memory[slot].data();
  }

  static void scaled_copy(const Scalar* from, Scalar* to, int size, Scalar scale) {
    for (int i = 0; i < size; ++i) to[i] = scale * from[i];
  }
  /// y = x W_k.
  void map(const Scalar* x, Scalar* y, std::size_t k, int rows) const {
    const int in = sizes_[k], out = sizes_[k + 1];
    detail::multiply(y, out, x, in, weights_[k].value.data(), out, rows, out, in, false);
  }
  /// x = y W_k^T.
  void map_transposed(const Scalar* y, Scalar* x, std::size_t k, int rows) const {
    const int in = sizes_[k], out = sizes_[k + 1];
    detail::multiply_transposed_b(x, in, y, out, weights_[k].value.data(), out, rows, in, out,
                                  false);
  }
  /// w += x^T y, of the shape of W_k.
  void add_outer(const Scalar* x, const Scalar* y, Scalar* w, std::size_t k, int rows) const {
    const int in = sizes_[k], out = sizes_[k + 1];
    detail::multiply_transposed_a(w, out, x, in, y, out, in, out, rows, true);
  }
  /// y = x dh_k/dz_k, for the arguments z of this part; y may be x.
  void multiply_by_slopes(const Scalar* x, Scalar* y, std::size_t k, Part part) {
    const Scalar* const z = row(argument_, k, part);
    for (int i = 0; i < part.rows * sizes_[k]; i += block)
      at(y + i) = scales_[k] * silu{}.derivative(load(z + i)) * load(x + i);
  }
  void input_gradient(const Scalar* gz, Scalar* gx, int rows) const {
    map_transposed(gz, gx, 0, rows);
    scaled_copy(gx, gx, rows * inputs(), scales_[0]);
  }

  std::vector<int> sizes_;
  std::vector<Parameter<Scalar>> weights_;
  std::vector<std::size_t> offsets_;  // of each weight matrix among all weights
  std::size_t weight_count_ = 0;
  // What h_k is multiplied by, the factor of silu and that of the next linear map at once.
  std::vector<Scalar> scales_;
  int widest_ = 0;

  int rows_ = -1;
  bool has_gradient_ = false, has_tangent_ = false;
  // By layer, row-major: scaled h, z, the gradients with respect to h and y, and tangents.
  Buffers value_, argument_, gradient_, value_tangent_, argument_tangent_;
  Buffer<Scalar> partial_;
};

}  // namespace gsteer
