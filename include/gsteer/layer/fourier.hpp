// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "gsteer/core/matrix.hpp"
#include "gsteer/group/subgroup.hpp"
#include "gsteer/layer/kernels/rows.hpp"
#include "gsteer/layer/pointwise.hpp"

namespace gsteer {

/// The matrix A that takes the coefficients c of a field band_limited<G, L> to the values, at
/// equally spaced elements, of the function on the group that they stand for (Peter and Weyl):
///   (A c)(g) = sum over irreps psi, copies k, rows m of sqrt(d_psi / size) c(psi, k, m) psi(g)(m,
///   k).
/// Then (A rho(u) c)(g) = (A c)(u^-1 g): the field transforms as the function is moved over the
/// group.
///
/// Rows: the rotations by j / samples of a turn, then, if G has reflections, the same after the
/// reflection f. The factor gives values of unit variance for coefficients of unit variance. By
/// Schur's orthogonality A^T A = rows / size * 1 if samples >= 2 L + 1, or if these are all
/// elements of a finite group; the least-squares inverse is then size / rows A^T.
template <plane_group G, int L>
Eigen::MatrixXd inverse_fourier_transform(int samples) {
  using Field = band_limited_of<G, L>;
  const int sheets = G::symmetry.reflection ? 2 : 1;
  Eigen::MatrixXd A(sheets * samples, Field::size);
  for (int row = 0; row < A.rows(); ++row) {
    const auto g = G::from_plane({row / samples, static_cast<double>(row % samples) / samples});
    int column = 0;
    for (const auto& item : Field::content()) {
      const Eigen::MatrixXd psi = G::irrep_matrix(item.label, g);
      const double scale = std::sqrt(static_cast<double>(psi.rows()) / Field::size);
      for (int k = 0; k < item.copies; ++k)
        for (int m = 0; m < psi.rows(); ++m) A(row, column++) = scale * psi(m, k);
    }
  }
  return A;
}

namespace detail {

/// Which fields FourierPointwise takes, and how many samples they need.
template <class Field>
struct fourier_field {
  static constexpr bool is_scalar = Field::size == 1 && Field::content().copies({}) == 1;
  static constexpr bool exists = is_scalar;
  static constexpr bool enough(int) { return true; }
  static Eigen::MatrixXd synthesis(int) { return Eigen::MatrixXd::Ones(1, 1); }
};
template <plane_group G, int L>
struct fourier_field<band_limited_of<G, L>> {
  static constexpr bool exists = true;
  static constexpr bool enough(int samples) {
    return G::order == 0 ? samples >= 2 * L + 1 : samples == G::symmetry.rotations;
  }
  static Eigen::MatrixXd synthesis(int samples) { return inverse_fourier_transform<G, L>(samples); }
};

template <class F>
struct fourier_rules;
template <int... N, class... Fields>
struct fourier_rules<features<copies<N, Fields>...>> {
  static constexpr bool fields = (fourier_field<Fields>::exists && ...);
  static constexpr bool enough(int samples) {
    return (fourier_field<Fields>::enough(samples) && ...);
  }
};

/// The fields of one kind in a feature space, sampled: values = A x, result = B f(values). One
/// instance for each scalar type.
///
/// On a grid the vectors are the columns of a field, one a pixel; on points they are rows, one a
/// field.
template <class Scalar>
class SampledFields {
 public:
  SampledFields(const Eigen::MatrixXd& synthesis, int offset, int copies, int channels)
      : offset_(offset), copies_(copies), channels_(channels) {
    const double size = static_cast<double>(synthesis.cols()),
                 rows = static_cast<double>(synthesis.rows());
    a_ = synthesis.cast<Scalar>();
    b_ = (size / rows * synthesis.transpose()).cast<Scalar>();
    a_transposed_ = a_.transpose();
    b_transposed_ = b_.transpose();
  }

  /// y = B f(A x); y may be x.
  template <class Function>
  void forward(const Function& f, const Scalar* x, Scalar* y, int batch, int points) const {
    for_each_strip(batch, points, [&](std::ptrdiff_t at, int n, Scalar* values, Scalar*) {
      multiply(a_, x + at, values, n, points, 1);
      map_values(values, values, n,
                 [&](const auto& v, const auto&) { return f.value(NumberBlock<Scalar>(v)); });
      multiply(b_, values, y + at, n, points, -1);
    });
  }

  /// g = A^T (f'(A x) * B^T g), in place.
  template <class Function>
  void backward(const Function& f, const Scalar* x, Scalar* g, int batch, int points) const {
    for_each_strip(batch, points, [&](std::ptrdiff_t at, int n, Scalar* values, Scalar* gradient) {
      multiply(a_, x + at, values, n, points, 1);
      multiply(b_transposed_, g + at, gradient, n, points, 1);
      map_values(values, gradient, n, [&](const auto& v, const auto& d) {
        return NumberBlock<Scalar>(f.derivative(NumberBlock<Scalar>(v)) * d);
      });
      multiply(a_transposed_, gradient, g + at, n, points, -1);
    });
  }

 private:
  static constexpr int strip = 128;  ///< vectors at a time: their samples stay in the cache

  /// body(start, vectors, space for samples, more of it)
  template <class Body>
  void for_each_strip(int batch, int points, Body&& body) const {
    const int size = static_cast<int>(a_.cols()), vectors = points == 1 ? copies_ : points;
    const int groups = points == 1 ? 1 : copies_, strips = (vectors - 1) / strip + 1;
    for_each_row(batch * groups * strips, std::min(vectors, strip) * static_cast<int>(a_.rows()),
                 [&](int task) {
                   thread_local std::vector<Scalar> samples;
                   const auto room = static_cast<std::size_t>(strip * a_.rows());
                   if (samples.size() < 2 * room) samples.resize(2 * room);
                   const int first = task % strips * strip, group = task / strips % groups,
                             b = task / strips / groups;
                   const std::ptrdiff_t channel =
                       std::ptrdiff_t{b} * channels_ + offset_ + group * size;
                   body(channel * points + (points == 1 ? first * size : first),
                        std::min(strip, vectors - first), samples.data(), samples.data() + room);
                 });
  }

  /// out = M in for n vectors. The samples are packed; the field (`in` if direction > 0, else
  /// `out`) has rows of `points`.
  static void multiply(const Matrix<Scalar>& m, const Scalar* in, Scalar* out, int n, int points,
                       int direction) {
    const int rows = static_cast<int>(m.rows()), columns = static_cast<int>(m.cols());
    if (points == 1)
      multiply_transposed_b(out, rows, in, columns, m.data(), columns, n, rows, columns, false);
    else
      detail::multiply(out, direction > 0 ? n : points, m.data(), columns, in,
                       direction > 0 ? points : n, rows, n, columns, false);
  }

  template <class Map>
  void map_values(const Scalar* x, Scalar* y, int n, Map map) const {
    map_blocks(x, y, static_cast<std::size_t>(n * a_.rows()), map);
  }

  int offset_, copies_, channels_;
  Matrix<Scalar> a_, b_, a_transposed_, b_transposed_;
};

}  // namespace detail

/// A pointwise function of functions on the group: each field band_limited<G, L> holds the Fourier
/// coefficients of one; it is sampled at `Samples` equally spaced rotations (on both sheets, if G
/// has reflections), the function f is applied to the samples, and the result is projected back on
/// frequencies <= L. Trivial fields get f itself.
///
/// It commutes exactly with the rotations by multiples of 2 pi / Samples (and their products with
/// the reflection), so on grids with all lattice symmetries if Samples is a multiple of 4. With
/// other elements the error is that of aliasing, which falls as Samples grows. A finite group is
/// sampled as a whole, and the layer commutes with it exactly. Use the alias FourierPointwise.
template <feature_type F, int Samples, pointwise_function Function = relu, class Scalar_ = float>
class fourier_pointwise {
  using rules = detail::fourier_rules<F>;
  static_assert(rules::fields,
                "gsteer: FourierPointwise takes fields band_limited<G, L> and trivial ones, of a "
                "group of the plane; on "
                "regular fields use ReLU, on single irreps NormNonlinearity or Gated");
  static_assert(!rules::fields || rules::enough(Samples),
                "gsteer: FourierPointwise needs at least 2 L + 1 samples for band_limited<G, L> of "
                "a continuous group, and of "
                "a finite one as many as it has rotations");

 public:
  using in = F;
  using out = F;
  using Scalar = Scalar_;

  explicit fourier_pointwise(Function function = {}) : function_(function) {
    F::for_each_kind([&]<class Field>(int count, int offset) {
      if constexpr (rules::fields)
        kinds_.emplace_back(detail::fourier_field<Field>::synthesis(Samples), offset, count,
                            F::size);
    });
  }

  template <class Space>
  Field<F, Scalar, Space> forward(Field<F, Scalar, Space> x) {
    auto y = input_.recycle(x);
    for (const auto& kind : kinds_)
      kind.forward(function_, x.data(), y.data(), x.batch(), x.points());
    input_.take(std::move(x));
    return y;
  }

  template <class Space>
  Field<F, Scalar, Space> backward(Field<F, Scalar, Space> gradient) {
    input_.check("FourierPointwise", gradient);
    auto d_in = detail::overwritable(std::move(gradient));
    for (const auto& kind : kinds_)
      kind.backward(function_, input_.values.data(), d_in.data(), d_in.batch(), d_in.points());
    return d_in;
  }

  auto freeze() const {
    return make_frozen<F, F, Scalar>([f = function_, kinds = kinds_](auto x) {
      auto y = detail::overwritable(std::move(x));
      for (const auto& kind : kinds) kind.forward(f, y.data(), y.data(), y.batch(), y.points());
      return y;
    });
  }

 private:
  Function function_;
  std::vector<detail::SampledFields<Scalar>> kinds_;
  detail::RememberedInput<Scalar> input_;
};

/// On fields given as values: FourierPointwise<8 * band_limited<SO<2>, 3>, 16>{}; with another
/// function FourierPointwise<hidden, 16, float, elu>{}.
template <auto F, int Samples, class Scalar = float, class Function = relu>
using FourierPointwise = fourier_pointwise<features_of<F>, Samples, Function, Scalar>;

}  // namespace gsteer
