// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "gsteer/layer/kernels/channelwise.hpp"
#include "gsteer/layer/kernels/rows.hpp"
#include "gsteer/layer/parameter.hpp"
#include "gsteer/representation/layout.hpp"

namespace gsteer {

/// What the variance of a field is: the mean square of its channels, or the square of its length;
/// e3nn's 'component' and 'norm'.
enum class FieldVariance { component, norm };

}  // namespace gsteer

namespace gsteer::detail {

/// The arithmetic of BatchNorm and InstanceNorm; one instance for each scalar type.
///
/// A field x of n channels has invariant directions D_d: orthogonal, of square length n, so that
/// the one of a permutation is (1, ..., 1). Over a set of N vectors (all pixels of a batch, or of
/// one item)
///   mean  m = sum over d of mu_d D_d,  mu_d = mean of D_d . x / n
///   v = mean of |x - m|^2 / w,  s = sqrt(v + epsilon),  w = n (component) or 1 (norm)
///   y = scale z + sum over d of bias_d D_d,  z = (x - m) / s.
/// Both m and v are invariant, so y transforms as x does. The gradient of a loss L with respect to
/// y, through the statistics:
///   dL/dbias_d = sum of D_d . dy,  dL/dscale = sum of z . dy
///   dx = scale / s (dy - sum over d of dL/dbias_d D_d / (n N) - dL/dscale z / (w N)).
///
/// Let P v = v - its mean in the sense above, and <u, v> the sum over all vectors / (w N). Then
///   ds = <z, dx>,  dz = (P dx - <z, dx> z) / s,  J v = scale / s (P v - <z, v> z) = J^T v,
/// and as x moves along dx and g along dg, with r = <z, dx>, q = <z, g>, k = <P dx, P g>,
///   D(J^T g) = J^T dg + scale / s^2 ((3 r q - k) z - r P g - q P dx)
///   D(dL/dscale) = w N (<z, dg> + (k - r q) / s),  D(dL/dbias_d) = sum of D_d . dg.
///
/// Sums run in double in a fixed order: first along each row (a channel of an item), then over the
/// rows of a field.
template <class Scalar>
class Normalization {
 public:
  /// What the statistics of one input are. A set is the whole batch, or each item.
  struct Moments {
    int batch = 0, points = 0, sets = 1;
    PooledVector<double> row_mean;  ///< [batch][channel]; not of feature vectors
    PooledVector<double> mean;      ///< mu: [set][invariant direction]
    PooledVector<double> center;    ///< m: [set][channel]
    PooledVector<double> variance;  ///< v: [set][field]
  };

  /// y = (x - center) factor + shift, for each channel of each set.
  struct Affine {
    int channels = 0;
    PooledVector<Scalar> center, factor, shift;
  };

  /// What J and its derivative need of a direction v at the input.
  struct Direction {
    PooledVector<double> mean;    ///< [invariant direction]
    PooledVector<double> center;  ///< v - P v: [channel]
    PooledVector<double> along;   ///< <z, v>: [field]
  };

  Normalization(const channel_layout& layout, double epsilon, bool affine,
                FieldVariance variance = FieldVariance::component)
      : epsilon_(epsilon), variance_(variance) {
    expect(epsilon > 0 && std::isfinite(epsilon), "normalization: expected epsilon > 0, got ",
           epsilon);
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
    PooledVector<double> squares(rows);  // about the mean of the row
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
        m.variance[index(set, fields(), f)] = sum / (vectors * points * divisor(l));
      }
    });
    return m;
  }

  /// Moves running statistics towards those of one input. An unbiased variance divides by n N minus
  /// the number of means taken from the data: for scalars N - 1, as in PyTorch.
  void track(const Moments& m, double momentum, bool unbiased, Parameter<Scalar>& mean,
             Parameter<Scalar>& variance) const {
    const auto move = [momentum](Scalar& value, double to) {
      value = static_cast<Scalar>((1 - momentum) * static_cast<double>(value) + momentum * to);
    };
    for (std::size_t i = 0; i < m.mean.size(); ++i) move(mean.value[i], m.mean[i]);
    for (std::size_t f = 0; f < fields_.size(); ++f) {
      const double count = static_cast<double>(m.batch) * m.points * fields_[f].size;
      const int means = unbiased ? fields_[f].invariants : 0;
      move(variance.value[f], m.variance[f] * count / (count - means));
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
    if (points == 1 && !each_item) {
      const ConstRow center(map.center.data(), map.channels),
          factor(map.factor.data(), map.channels), shift(map.shift.data(), map.channels);
      for_each_row(batch, map.channels, [&](int b) {
        const std::ptrdiff_t first = std::ptrdiff_t{b} * map.channels;
        Row(y + first, map.channels) =
            (ConstRow(x + first, map.channels) - center) * factor + shift;
      });
      return;
    }
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
    PooledVector<double> sum(at(rows)), product(at(rows));
    row_products(d, x, m.row_mean.data(), rows, points, sum.data(), product.data());
    // dx = keep d - pull (x - center) - shift
    PooledVector<Scalar> keep(m.center.size()), pull(m.center.size()), shift(m.center.size());
    parallel_for(fields(), [&](int f) {
      const field& l = fields_[at(f)];
      PooledVector<double> d_bias(at(l.invariants));
      for (int set = 0; set < m.sets; ++set) {
        std::fill(d_bias.begin(), d_bias.end(), 0.0);
        double d_scale = 0;
        for_each_row_of(l, m, set, [&](int c, std::size_t row) {
          const double offset = m.row_mean[row] - m.center[index(set, channels_, l.channel + c)];
          d_scale += product[row] + offset * sum[row];
          for (int i = 0; i < l.invariants; ++i) d_bias[at(i)] += direction(l, c, i) * sum[row];
        });
        const double s = deviation(m, set, f), a = factor(m, set, f);
        const double vectors = static_cast<double>(m.batch / m.sets) * points;
        const double count = vectors * l.size;
        d_scale /= s;
        for (int c = 0; c < l.size; ++c) {
          const std::size_t to = index(set, channels_, l.channel + c);
          double invariant = 0;
          for (int i = 0; i < l.invariants; ++i) invariant += direction(l, c, i) * d_bias[at(i)];
          keep[to] = static_cast<Scalar>(a);
          pull[to] = static_cast<Scalar>(a * d_scale / (vectors * divisor(l) * s));
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

  // The same for feature vectors [item][channel], all of them one set.

  Moments measure_vectors(const Scalar* x, int batch) const {
    Moments m{batch, 1, 1, {}, {}, {}, {}};
    find_mean(x, batch, m.mean, m.center);
    const auto squares = channel_sums(batch, channels_, [&](std::size_t i, std::size_t c) {
      const double d = static_cast<double>(x[i]) - m.center[c];
      return d * d;
    });
    for (const field& l : fields_)
      m.variance.push_back(field_sum(l, squares) / (static_cast<double>(batch) * divisor(l)));
    return m;
  }

  Direction direction(const Scalar* v, const Scalar* x, const Moments& m) const {
    Direction result;
    find_mean(v, m.batch, result.mean, result.center);
    const auto products = channel_sums(m.batch, channels_, [&](std::size_t i, std::size_t c) {
      return (static_cast<double>(x[i]) - m.center[c]) * static_cast<double>(v[i]);
    });
    for (int f = 0; f < fields(); ++f) {
      const field& l = fields_[at(f)];
      result.along.push_back(field_sum(l, products) / (weight(l, m) * deviation(m, 0, f)));
    }
    return result;
  }

  /// Turns v, a direction at x, into J v = J^T v.
  void differentiate(Scalar* v, const Direction& of_v, const Scalar* x, const Moments& m) const {
    CenteredSum<Scalar> sum(channels_, {{v, of_v.center}, {x, m.center}});
    for (int f = 0; f < fields(); ++f) {
      const double a = factor(m, 0, f);
      sum.set(fields_[at(f)].channel, fields_[at(f)].size,
              {a, -a * of_v.along[at(f)] / deviation(m, 0, f)});
    }
    sum.evaluate(v, m.batch);
  }

  void backward_vectors(Scalar* d, const Scalar* x, const Moments& m) {
    const auto of_d = direction(d, x, m);
    differentiate(d, of_d, x, m);
    add_gradients(m, of_d.along, of_d.mean);
  }

  /// Turns dg into the derivative of J^T g along (dx, dg); adds those of the gradients of scale and
  /// bias.
  void backward_tangent(Scalar* dg, const Scalar* x, const Moments& m, const Scalar* g,
                        const Direction& of_g, const Scalar* dx, const Direction& of_dx) {
    auto of_dg = direction(dg, x, m);
    const auto products = channel_sums(m.batch, channels_, [&](std::size_t i, std::size_t c) {
      return (static_cast<double>(g[i]) - of_g.center[c]) *
             (static_cast<double>(dx[i]) - of_dx.center[c]);
    });
    CenteredSum<Scalar> sum(
        channels_, {{dg, of_dg.center}, {x, m.center}, {g, of_g.center}, {dx, of_dx.center}});
    for (int i = 0; i < fields(); ++i) {
      const field& l = fields_[at(i)];
      const double s = deviation(m, 0, i), a = factor(m, 0, i);
      const double r = of_dx.along[at(i)], q = of_g.along[at(i)];
      const double k = field_sum(l, products) / weight(l, m);
      double& p = of_dg.along[at(i)];
      sum.set(l.channel, l.size, {a, a * ((3 * r * q - k) / s - p) / s, -a * r / s, -a * q / s});
      p += (k - r * q) / s;
    }
    sum.evaluate(dg, m.batch);
    add_gradients(m, of_dg.along, of_dg.mean);
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
  /// w
  int divisor(const field& l) const { return variance_ == FieldVariance::norm ? 1 : l.size; }
  /// w N
  double weight(const field& l, const Moments& m) const {
    return static_cast<double>(m.batch) * divisor(l);
  }
  static double field_sum(const field& l, const PooledVector<double>& channels) {
    double sum = 0;
    for (int c = 0; c < l.size; ++c) sum += channels[at(l.channel + c)];
    return sum;
  }
  void find_mean(const Scalar* v, int batch, PooledVector<double>& mean,
                 PooledVector<double>& channels) const {
    const auto sums = channel_sums(
        batch, channels_, [v](std::size_t i, std::size_t) { return static_cast<double>(v[i]); });
    mean.resize(at(invariants_));
    channels.resize(at(channels_));
    for (const field& l : fields_) {
      for (int d = 0; d < l.invariants; ++d) {
        double& mu = mean[at(l.invariant + d)];
        for (int c = 0; c < l.size; ++c) mu += direction(l, c, d) * sums[at(l.channel + c)];
        mu /= static_cast<double>(batch) * l.size;
      }
      center(l, mean.data() + l.invariant, channels.data() + l.channel);
    }
  }
  /// Of <z, dy> of each field, and the mean of dy.
  void add_gradients(const Moments& m, const PooledVector<double>& along,
                     const PooledVector<double>& mean) {
    if (!scaled()) return;
    for (std::size_t f = 0; f < fields_.size(); ++f) {
      const field& l = fields_[f];
      scale.gradient[f] += static_cast<Scalar>(weight(l, m) * along[f]);
      for (auto d = at(l.invariant), end = d + at(l.invariants); d < end; ++d)
        bias.gradient[d] += static_cast<Scalar>(static_cast<double>(m.batch) * l.size * mean[d]);
    }
  }
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
  FieldVariance variance_;
  int channels_ = 0, invariants_ = 0;
  std::vector<field> fields_;
  std::vector<Eigen::MatrixXd> directions_;
};

}  // namespace gsteer::detail
