// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "gsteer/core/matrix.hpp"
#include "gsteer/group/subgroup.hpp"
#include "gsteer/layer/kernels/rows.hpp"
#include "gsteer/layer/pointwise.hpp"

namespace gsteer {

/// A field of functions on a group G or a quotient of it, by their parts of frequency <= frequency,
/// in irreps: the copies k of each irrep psi stand for functions g -> c . psi(g) v_k, the v_k the
/// columns of invariants(psi). band_limited_of and band_limited_quotient_of are such.
template <class A>
concept band_limited_field = field_kind<A> && requires(irrep_label label) {
  { A::frequency } -> std::convertible_to<int>;
  { A::invariants(label) } -> std::convertible_to<Eigen::MatrixXd>;
};

/// The matrix A that takes the coefficients c of a field to the values, at the elements of a rule,
/// one a row, of the function that they stand for (Peter and Weyl):
///   (A c)(g) = sum over irreps psi, copies k, rows m of sqrt(d_psi / size) c(psi, k, m) (psi(g)
///   v_k)(m).
/// Then (A rho(u) c)(g) = (A c)(u^-1 g): the field transforms as the function is moved over the
/// group. The factor gives values of unit variance for coefficients of unit variance.
template <band_limited_field Field>
[[gnu::cold]] Eigen::MatrixXd inverse_fourier_transform(
    const haar_quadrature_rule<typename Field::group>& rule) {
  Eigen::MatrixXd A(static_cast<Eigen::Index>(rule.size()), Field::size);
  int first = 0;
  for (const auto& item : Field::content()) {
    const Eigen::MatrixXd v = Field::invariants(item.label);
    const auto d = static_cast<int>(v.rows());
    const double scale = std::sqrt(static_cast<double>(d) / Field::size);
    Eigen::Index row = 0;
    for (const auto& [g, weight] : rule) {
      const Eigen::MatrixXd moved =
          detail::product(Field::group::irrep_matrix(item.label, g), v);  // d x copies
      for (Eigen::Index i = 0; i < moved.size(); ++i) A(row, first + i) = scale * moved.data()[i];
      ++row;
    }
    first += item.copies * d;
  }
  return A;
}

namespace detail {

/// size A^T W of a matrix A, see fourier_transform.
template <class Element>
[[gnu::cold]] Eigen::MatrixXd left_inverse(const Eigen::MatrixXd& A,
                                           const std::vector<std::pair<Element, double>>& rule) {
  Eigen::MatrixXd B(A.cols(), A.rows());
  for (Eigen::Index i = 0; i < A.rows(); ++i)
    for (Eigen::Index j = 0; j < A.cols(); ++j)
      B(j, i) = static_cast<double>(A.cols()) * rule[static_cast<std::size_t>(i)].second * A(i, j);
  return B;
}

}  // namespace detail

/// The matrix B = size A^T W that takes values at the elements of a rule, of weights W, to the
/// coefficients of the function of frequency <= frequency that is nearest in the mean square. By
/// Schur's orthogonality B A = 1 if the rule is exact to twice that frequency.
template <band_limited_field Field>
Eigen::MatrixXd fourier_transform(const haar_quadrature_rule<typename Field::group>& rule) {
  return detail::left_inverse(inverse_fourier_transform<Field>(rule), rule);
}

namespace detail {

/// How FourierPointwise samples the fields of a group, as `Samples` say. Where it exists:
/// - degree(samples): up to what sum of frequencies products of entries of irreps are averaged
///   exactly
/// - rule<Field>(samples): the elements
template <class G, class Samples>
struct fourier_sampling {
  static constexpr bool exists = false;
};

/// The rotations by j / samples of a turn, then, if G has reflections, the same after the
/// reflection f. All of a finite group, or a trapezoidal rule.
template <plane_group G>
struct fourier_sampling<G, int> {
  static constexpr bool exists = true;
  static constexpr int degree(int samples) {
    if (G::order == 0) return samples - 1;
    return samples == G::symmetry.rotations ? std::numeric_limits<int>::max() : -1;
  }
  template <class>
  static haar_quadrature_rule<G> rule(int samples) {
    haar_quadrature_rule<G> elements;
    const int sheets = G::symmetry.reflection ? 2 : 1;
    for (int flip = 0; flip < sheets; ++flip)
      for (int i = 0; i < samples; ++i)
        elements.emplace_back(G::from_plane({flip, static_cast<double>(i) / samples}),
                              1.0 / (sheets * samples));
    return elements;
  }
};

/// All elements of a finite group, which stands for their number.
template <finite_group G>
struct fourier_sampling<G, G> {
  static constexpr bool exists = true;
  static constexpr int degree(G) { return std::numeric_limits<int>::max(); }
  template <class>
  static haar_quadrature_rule<G> rule(G) {
    return all_elements<G>();
  }
};

}  // namespace detail

/// The same for band_limited<G, L> of a group of the plane at `samples` rotations and, if G has
/// reflections, after them at as many reflections.
template <plane_group G, int L>
Eigen::MatrixXd inverse_fourier_transform(int samples) {
  using Field = band_limited_of<G, L>;
  return inverse_fourier_transform<Field>(
      detail::fourier_sampling<G, int>::template rule<Field>(samples));
}

namespace detail {

/// Which fields FourierPointwise takes, and whether there are enough samples.
template <class Field, auto Samples>
struct fourier_field {
  using sampling = fourier_sampling<typename Field::group, std::remove_cvref_t<decltype(Samples)>>;
  static constexpr bool is_scalar = Field::size == 1 && Field::content().copies({}) == 1;
  /// Schur's orthogonality of the copies holds for irreps of type R, and where there is one copy.
  static constexpr bool is_orthogonal = [] {
    for (const auto& item : Field::content())
      if (item.copies > 1 && endomorphism_dimension(Field::group::type_of_irrep(item.label)) > 1)
        return false;
    return true;
  }();
  static constexpr bool exists =
      is_scalar || (band_limited_field<Field> && sampling::exists && is_orthogonal);
  static constexpr bool enough = [] {
    if constexpr (exists && !is_scalar)
      return sampling::degree(Samples) >= 2 * Field::frequency;
    else
      return true;
  }();
};

template <class F, auto Samples>
struct fourier_rules;
template <int... N, class... Fields, auto Samples>
struct fourier_rules<features<copies<N, Fields>...>, Samples> {
  static constexpr bool fields = (fourier_field<Fields, Samples>::exists && ...);
  static constexpr bool enough = (fourier_field<Fields, Samples>::enough && ...);
};

/// The fields of one kind in a feature space, sampled: values = A x, result = B f(values). One
/// instance for each scalar type.
///
/// On a grid the vectors are the columns of a field, one a pixel; on points they are rows, one a
/// field.
template <class Scalar>
class SampledFields {
 public:
  SampledFields(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b, int offset, int copies,
                int channels)
      : offset_(offset),
        copies_(copies),
        channels_(channels),
        a_(a.cast<Scalar>()),
        b_(b.cast<Scalar>()) {
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
/// coefficients of one; it is sampled, the function f is applied to the samples, and the result is
/// projected back on frequencies <= L. Trivial fields get f itself.
///
/// `Samples` are, for a group of the plane, a number of equally spaced rotations (on both sheets,
/// if G has reflections). The layer commutes exactly with the rotations by multiples of 2 pi /
/// Samples (and their products with the reflection), so on grids with all lattice symmetries if
/// Samples is a multiple of 4. With other elements the error is that of aliasing, which falls as
/// Samples grows. A finite group is sampled as a whole, and the layer commutes with it exactly;
/// `Samples` can be the group itself, for one of space it must: FourierPointwise<F, icosahedral>.
/// For SO(3) and O(3) see fourier3.hpp. Use the alias FourierPointwise.
template <feature_type F, auto Samples, pointwise_function Function = relu, class Scalar_ = float>
class fourier_pointwise {
  using rules = detail::fourier_rules<F, Samples>;

 public:
  using in = F;
  using out = F;
  using Scalar = Scalar_;

  static_assert(
      rules::fields,
      "gsteer: FourierPointwise takes fields band_limited<G, L> and trivial ones, and "
      "quotients: of a group of the plane with a number of samples, of a finite group "
      "with this group, of SO(3) and O(3) with a sphere_grid (gsteer/layer/fourier3.hpp); "
      "on regular fields use ReLU, on single irreps NormNonlinearity or Gated");
  static_assert(!rules::fields || rules::enough,
                "gsteer: FourierPointwise needs at least 2 L + 1 samples for band_limited<G, L> of "
                "a continuous group of the plane, as many as it has rotations for that of a finite "
                "one, and a grid of degree >= 2 L for that of SO(3) and O(3)");

  explicit fourier_pointwise(Function function = {}) : function_(function) {
    F::for_each_kind([&]<class Field>(int count, int offset) {
      using field = detail::fourier_field<Field, Samples>;
      if constexpr (field::is_scalar) {
        const Eigen::MatrixXd one = Eigen::MatrixXd::Ones(1, 1);
        kinds_.emplace_back(one, one, offset, count, F::size);
      } else if constexpr (rules::fields) {
        const auto rule = field::sampling::template rule<Field>(Samples);
        const Eigen::MatrixXd A = inverse_fourier_transform<Field>(rule);
        kinds_.emplace_back(A, detail::left_inverse(A, rule), offset, count, F::size);
      }
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
template <auto F, auto Samples, class Scalar = float, class Function = relu>
using FourierPointwise = fourier_pointwise<features_of<F>, Samples, Function, Scalar>;

}  // namespace gsteer
