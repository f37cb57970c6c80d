// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "gsteer/layer/kernels/rows.hpp"
#include "gsteer/layer/parameter.hpp"
#include "gsteer/representation/layout.hpp"

namespace gsteer::detail {

/// The arithmetic of BatchNorm and InstanceNorm; one instance for each scalar type.
///
/// A field x of n channels has invariant directions D_d: orthogonal, of square length n, so that
/// the one of a permutation is (1, ..., 1). Over a set of N vectors (all pixels of a batch, or of
/// one item)
///   mean  m = sum over d of mu_d D_d,  mu_d = mean of D_d . x / n
///   v = mean of |x - m|^2 / n,  s = sqrt(v + epsilon)
///   y = scale z + sum over d of bias_d D_d,  z = (x - m) / s.
/// Both m and v are invariant, so y transforms as x does. The gradient of a loss L with respect to
/// y, through the statistics:
///   dL/dbias_d = sum of D_d . dy,  dL/dscale = sum of z . dy
///   dx = scale / s (dy - (sum over d of dL/dbias_d D_d + dL/dscale z) / (n N)).
///
/// Sums run in double in a fixed order: first along each row (a channel of an item), then over the
/// rows of a field.
template <class Scalar>
class Normalization {
 public:
  /// What the statistics of one input are. A set is the whole batch, or each item.
  struct Moments {
    int batch = 0, points = 0, sets = 1;
    std::vector<double> row_mean;  ///< [batch][channel]
    std::vector<double> mean;      ///< mu: [set][invariant direction]
    std::vector<double> center;    ///< m: [set][channel]
    std::vector<double> variance;  ///< v: [set][field]
  };

  /// y = (x - center) factor + shift, for each channel of each set.
  struct Affine {
    int channels = 0;
    std::vector<Scalar> center, factor, shift;
  };

  Normalization(const channel_layout& layout, double epsilon, bool affine) : epsilon_(epsilon) {
    expect(epsilon > 0, "normalization: expected epsilon > 0, got ", epsilon);
    for (const auto& block : layout) {
      directions_.push_back(std::sqrt(block.size) * invariant_directions(block));
      const auto count = static_cast<int>(directions_.back().cols());
      for (int copy = 0; copy < block.copies; ++copy, invariants_ += count)
        fields_.push_back({channels_ + copy * block.size, block.size, invariants_, count,
                           directions_.size() - 1});
      channels_ += block.copies * block.size;
    }
    if (!affine) return;
    scale = Parameter<Scalar>(fields(), 1);
    bias = Parameter<Scalar>(invariants_);
  }

  int fields() const { return static_cast<int>(fields_.size()); }
  /// The invariant directions of all fields together.
  int invariants() const { return invariants_; }

  Moments measure(const Scalar* x, int batch, int points, bool each_item) const {
    Moments m{batch, points, each_item ? batch : 1, {}, {}, {}, {}};
    const std::size_t rows = at(batch) * at(channels_);
    m.row_mean.resize(rows);
    m.mean.resize(at(m.sets) * at(invariants_));
    m.center.resize(at(m.sets) * at(channels_));
    m.variance.resize(at(m.sets) * at(fields()));
    std::vector<double> squares(rows);  // about the mean of the row
    row_moments(x, batch * channels_, points, m.row_mean.data(), squares.data());
    parallel_for(fields(), [&](int f) {
      const field& l = fields_[at(f)];
      const double vectors = static_cast<double>(batch / m.sets);
      for (int set = 0; set < m.sets; ++set) {
        double* mu = m.mean.data() + index(set, invariants_, l.invariant);
        for_each_row_of(l, m, set, [&](int c, std::size_t row) {
          for (int d = 0; d < l.invariants; ++d) mu[d] += direction(l, c, d) * m.row_mean[row];
        });
        for (int d = 0; d < l.invariants; ++d) mu[d] /= vectors * l.size;
        center(l, mu, m.center.data() + index(set, channels_, l.channel));
        double sum = 0;
        for_each_row_of(l, m, set, [&](int c, std::size_t row) {
          const double d = m.row_mean[row] - m.center[index(set, channels_, l.channel + c)];
          sum += squares[row] + points * d * d;
        });
        m.variance[index(set, fields(), f)] = sum / (vectors * points * l.size);
      }
    });
    return m;
  }

  /// Moves running statistics towards those of one input. The variance that is recorded divides by
  /// n N minus the number of means taken from the data, as an unbiased one does: for scalars N - 1,
  /// as in PyTorch.
  void track(const Moments& m, double momentum, Parameter<Scalar>& mean,
             Parameter<Scalar>& variance) const {
    const auto move = [momentum](Scalar& value, double to) {
      value = static_cast<Scalar>((1 - momentum) * static_cast<double>(value) + momentum * to);
    };
    for (std::size_t i = 0; i < m.mean.size(); ++i) move(mean.value[i], m.mean[i]);
    for (std::size_t f = 0; f < fields_.size(); ++f) {
      const double count = static_cast<double>(m.batch) * m.points * fields_[f].size;
      move(variance.value[f], m.variance[f] * count / (count - fields_[f].invariants));
    }
  }

  /// Running statistics as those of one set.
  Moments recall(const Parameter<Scalar>& mean, const Parameter<Scalar>& variance) const {
    Moments m;
    m.mean.assign(mean.value.begin(), mean.value.end());
    m.variance.assign(variance.value.begin(), variance.value.end());
    m.center.resize(at(channels_));
    for (const field& l : fields_)
      center(l, m.mean.data() + l.invariant, m.center.data() + l.channel);
    return m;
  }

  /// The map that these statistics make of the layer.
  Affine affine(const Moments& m) const {
    Affine map{channels_, {m.center.begin(), m.center.end()}, {}, {}};
    map.factor.resize(m.center.size());
    map.shift.resize(m.center.size());
    for (int set = 0; set < m.sets; ++set)
      for (int f = 0; f < fields(); ++f) {
        const field& l = fields_[at(f)];
        for (int c = 0; c < l.size; ++c) {
          const std::size_t to = index(set, channels_, l.channel + c);
          map.factor[to] = static_cast<Scalar>(factor(m, set, f));
          for (int d = 0; d < (scaled() ? l.invariants : 0); ++d)
            map.shift[to] +=
                static_cast<Scalar>(direction(l, c, d)) * bias.value[at(l.invariant + d)];
        }
      }
    return map;
  }

  /// y = map(x); y may be x.
  static void apply(const Affine& map, Scalar* y, const Scalar* x, int batch, int points) {
    const bool each_item = map.center.size() > at(map.channels);
    for_each_row(batch * map.channels, points, [&](int row) {
      const std::size_t from = at(each_item ? row : row % map.channels);
      const ConstRow in(x + std::ptrdiff_t{row} * points, points);
      Row(y + std::ptrdiff_t{row} * points, points) =
          (in - map.center[from]) * map.factor[from] + map.shift[from];
    });
  }

  /// Turns the gradient d with respect to y into that with respect to x; adds to the gradients of
  /// scale and bias.
  void backward(Scalar* d, const Scalar* x, const Moments& m) {
    const int points = m.points, rows = m.batch * channels_;
    std::vector<double> sum(at(rows)), product(at(rows));
    row_products(d, x, m.row_mean.data(), rows, points, sum.data(), product.data());
    // dx = keep d - pull (x - center) - shift
    std::vector<Scalar> keep(m.center.size()), pull(m.center.size()), shift(m.center.size());
    parallel_for(fields(), [&](int f) {
      const field& l = fields_[at(f)];
      std::vector<double> d_bias(at(l.invariants));
      for (int set = 0; set < m.sets; ++set) {
        std::fill(d_bias.begin(), d_bias.end(), 0.0);
        double d_scale = 0;
        for_each_row_of(l, m, set, [&](int c, std::size_t row) {
          const double offset = m.row_mean[row] - m.center[index(set, channels_, l.channel + c)];
          d_scale += product[row] + offset * sum[row];
          for (int i = 0; i < l.invariants; ++i) d_bias[at(i)] += direction(l, c, i) * sum[row];
        });
        const double s = deviation(m, set, f), a = factor(m, set, f);
        const double count = static_cast<double>(m.batch / m.sets) * points * l.size;
        d_scale /= s;
        for (int c = 0; c < l.size; ++c) {
          const std::size_t to = index(set, channels_, l.channel + c);
          double invariant = 0;
          for (int i = 0; i < l.invariants; ++i) invariant += direction(l, c, i) * d_bias[at(i)];
          keep[to] = static_cast<Scalar>(a);
          pull[to] = static_cast<Scalar>(a * d_scale / (count * s));
          shift[to] = static_cast<Scalar>(a * invariant / count);
        }
        if (!scaled()) continue;
        scale.gradient[at(f)] += static_cast<Scalar>(d_scale);
        for (int i = 0; i < l.invariants; ++i)
          bias.gradient[at(l.invariant + i)] += static_cast<Scalar>(d_bias[at(i)]);
      }
    });
    for_each_row(rows, points, [&](int row) {
      const std::size_t from = at(m.sets > 1 ? row : row % channels_);
      const auto center = static_cast<Scalar>(m.center[from]);
      const ConstRow in(x + std::ptrdiff_t{row} * points, points);
      Row g(d + std::ptrdiff_t{row} * points, points);
      g = keep[from] * g - (pull[from] * (in - center) + shift[from]);
    });
  }

  template <class Visit>
  void visit_parameters(Visit&& visit) {
    if (scaled()) visit("scale", scale);
    if (!bias.value.empty()) visit("bias", bias);
  }

  Parameter<Scalar> scale;  ///< [field]; empty if not affine
  Parameter<Scalar> bias;   ///< [invariant direction]

 private:
  using Row = Eigen::Map<Eigen::Array<Scalar, Eigen::Dynamic, 1>>;
  using ConstRow = Eigen::Map<const Eigen::Array<Scalar, Eigen::Dynamic, 1>>;

  /// One field: its channels and its invariant directions among all.
  struct field {
    int channel, size, invariant, invariants;
    std::size_t kind;  ///< index into directions_
  };

  static std::size_t at(int i) { return static_cast<std::size_t>(i); }
  static std::size_t index(int row, int columns, int column) {
    return at(row) * at(columns) + at(column);
  }
  double direction(const field& l, int c, int d) const { return directions_[l.kind](c, d); }
  bool scaled() const { return !scale.value.empty(); }
  double deviation(const Moments& m, int set, int f) const {
    return std::sqrt(m.variance[index(set, fields(), f)] + epsilon_);
  }
  double factor(const Moments& m, int set, int f) const {
    return (scaled() ? static_cast<double>(scale.value[at(f)]) : 1.0) / deviation(m, set, f);
  }
  void center(const field& l, const double* mu, double* channels) const {
    for (int c = 0; c < l.size; ++c)
      for (int d = 0; d < l.invariants; ++d) channels[c] += direction(l, c, d) * mu[d];
  }
  /// body(channel of the field, row) for the rows of a field that belong to a set.
  template <class Body>
  void for_each_row_of(const field& l, const Moments& m, int set, Body&& body) const {
    const int items = m.batch / m.sets;
    for (int b = set * items; b < (set + 1) * items; ++b)
      for (int c = 0; c < l.size; ++c) body(c, index(b, channels_, l.channel + c));
  }

  double epsilon_;
  int channels_ = 0, invariants_ = 0;
  std::vector<field> fields_;
  std::vector<Eigen::MatrixXd> directions_;
};

}  // namespace gsteer::detail
