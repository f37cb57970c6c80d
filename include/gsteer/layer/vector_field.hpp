// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "gsteer/core/matrix.hpp"
#include "gsteer/group/cyclic.hpp"
#include "gsteer/layer/kernels/field_channels.hpp"
#include "gsteer/layer/layer.hpp"
#include "gsteer/layer/remembered.hpp"

namespace gsteer {

namespace detail {

template <class F>
struct vector_field_rules {
  static constexpr bool hold = false;
  static constexpr int fields = 1, rotations = 3;
};
template <int Fields, int N>
struct vector_field_rules<features<copies<Fields, regular_of<cyclic<N>>>>> {
  static constexpr bool hold = N >= 3;
  static constexpr int fields = Fields, rotations = N >= 3 ? N : 3;
};

}  // namespace detail

/// From n regular fields of C_N to n vectors: the direction of the largest channel k, with its
/// value as length,
///   x -> max(0, x_k) (cos(2 pi k / N), sin(2 pi k / N)).   (Marcos et al., Rotation equivariant
///   vector field networks, 2017)
/// A rotation moves the largest channel along and turns the vector by the same angle. Where two
/// channels are equal the first is taken, which need not commute with a rotation: exact ties
/// (constant data, say) are where equivariance ends. Use the alias VectorField.
template <feature_type F, class Scalar_ = float>
class vector_field {
  using rules = detail::vector_field_rules<F>;
  static_assert(rules::hold,
                "gsteer: VectorField takes n * regular<C<N>> with N >= 3, whose channels are "
                "directions of the plane; for "
                "other fields use NormNonlinearity or Gated");
  static constexpr int N = rules::rotations;

 public:
  using in = F;
  using out = features<copies<rules::fields, irrep_of<cyclic<N>, 1>>>;
  using Scalar = Scalar_;

  template <class Space>
  Field<out, Scalar, Space> forward(Field<in, Scalar, Space> x) {
    shape_.set(x);
    largest_ = Largest(x);
    return vectors(largest_, x);
  }

  template <class Space>
  Field<in, Scalar, Space> backward(const Field<out, Scalar, Space>& gradient) {
    shape_.check("VectorField", gradient);
    const Matrix<Scalar> direction = directions();
    Field<in, Scalar, Space> d_in(gradient.batch(), gradient.space());
    for_each_field(gradient, [&](std::ptrdiff_t field, int points) {
      const Scalar* length = largest_.value.data() + field * points;
      const std::int32_t* channel = largest_.channel.data() + field * points;
      const Scalar* g = gradient.data() + field * 2 * points;
      Scalar* d = d_in.data() + field * N * points;
      for (int p = 0; p < points; ++p)
        if (length[p] > 0)
          d[channel[p] * points + p] =
              direction(0, channel[p]) * g[p] + direction(1, channel[p]) * g[points + p];
    });
    return d_in;
  }

  auto freeze() const {
    return make_frozen<in, out, Scalar>([](const auto& x) { return vectors(Largest(x), x); });
  }

 private:
  /// The largest channel of each field, and which it is: [item][field][point].
  struct Largest {
    Buffer<Scalar> value;
    Buffer<std::int32_t> channel;

    Largest() = default;
    template <class X>
    explicit Largest(const X& x) : value(x.size() / N), channel(x.size() / N) {
      detail::max_of_fields(value.data(), channel.data(), x.data(),
                            detail::channels_of_fields<in>(), x.batch(), x.points());
    }
  };

  /// Column k is the unit vector of channel k.
  static Matrix<Scalar> directions() {
    Matrix<Scalar> all(2, N);
    for (int k = 0; k < N; ++k)
      all.col(k) =
          cyclic<N>::irrep_matrix({0, 1}, cyclic<N>::element_at(k)).col(0).template cast<Scalar>();
    return all;
  }

  /// body(number of the field in the batch, points)
  template <class X, class Body>
  static void for_each_field(const X& x, Body&& body) {
    detail::for_each_row(x.batch() * rules::fields, x.points() * N,
                         [&](int row) { body(std::ptrdiff_t{row}, x.points()); });
  }

  template <class Space>
  static Field<out, Scalar, Space> vectors(const Largest& largest,
                                           const Field<in, Scalar, Space>& x) {
    const Matrix<Scalar> direction = directions();
    auto y = Field<out, Scalar, Space>::uninitialized(x.batch(), x.space());
    for_each_field(x, [&](std::ptrdiff_t field, int points) {
      const Scalar* value = largest.value.data() + field * points;
      const std::int32_t* channel = largest.channel.data() + field * points;
      Scalar* v = y.data() + field * 2 * points;
      for (int p = 0; p < points; ++p) {
        const Scalar length = value[p] < 0 ? 0 : value[p];
        v[p] = length * direction(0, channel[p]);
        v[points + p] = length * direction(1, channel[p]);
      }
    });
    return y;
  }

  Largest largest_;
  detail::RememberedShape shape_;
};

/// Vectors from regular fields given as values: VectorField<16 * regular<C<8>>>{} gives 16 *
/// irrep<C<8>, 1>.
template <auto F, class Scalar = float>
using VectorField = vector_field<features_of<F>, Scalar>;

}  // namespace gsteer
