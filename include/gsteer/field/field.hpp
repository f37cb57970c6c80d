// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <limits>
#include <ostream>
#include <type_traits>
#include <utility>

#include "gsteer/core/buffer.hpp"
#include "gsteer/core/error.hpp"
#include "gsteer/core/matrix.hpp"
#include "gsteer/representation/features.hpp"

namespace gsteer {

/// A regular grid of points in R^Dimension; sizes in the order (z,) y, x.
template <int Dimension>
struct Grid {
  static_assert(Dimension >= 1 && Dimension <= 3, "gsteer: grids have one to three dimensions");
  std::array<int, Dimension> sizes{};

  int points() const {
    int n = 1;
    for (const int size : sizes) n *= size;
    return n;
  }
  /// Sizes (z, y, x), 1 where there is no such axis.
  std::array<int, 3> zyx() const {
    std::array<int, 3> all{1, 1, 1};
    for (std::size_t i = 0; i < sizes.size(); ++i) all[i + 3 - sizes.size()] = sizes[i];
    return all;
  }
  friend bool operator==(const Grid&, const Grid&) = default;
};

/// No grid: one feature vector for each point of a batch. `PointField` has the layout [point,
/// channel].
struct Point {
  static constexpr int points() { return 1; }
  friend bool operator==(Point, Point) = default;
};

/// For messages: "28 x 28".
template <int Dimension>
std::ostream& operator<<(std::ostream& text, const Grid<Dimension>& grid) {
  for (std::size_t i = 0; i < grid.sizes.size(); ++i)
    text << (i == 0 ? "" : " x ") << grid.sizes[i];
  return text;
}
inline std::ostream& operator<<(std::ostream& text, Point) { return text << "a point"; }

namespace detail {

/// The numbers in a batch with so many channels. \throws Error if the batch or a size of the space
/// is not positive, if an int does not count its points, or if memory cannot hold them
template <class Space>
std::size_t field_size(int batch, int channels, const Space& space) {
  double points = 1;
  bool positive = batch >= 1;
  if constexpr (!std::is_same_v<Space, Point>)
    for (const int size : space.sizes) {
      positive = positive && size >= 1;
      points *= size;
    }
  expect(positive, "Field: expected a batch and a grid of positive size, got ", batch, " items on ",
         space);
  constexpr int most = std::numeric_limits<int>::max();
  expect(points <= most, "Field: expected a grid of at most ", most, " points, got ", space);
  expect(points * batch * channels < 0x1p59, "Field: expected fewer than 2^59 numbers, got ", batch,
         " items of ", channels, " channels on ", space);
  return static_cast<std::size_t>(batch) * static_cast<std::size_t>(channels) *
         static_cast<std::size_t>(space.points());
}

}  // namespace detail

/// Data over a space, with a representation of a group attached: a batch of feature maps, [batch,
/// channel, (z,) y, x], contiguous. The last axis is +x, the one before runs along -y, the one
/// before along -z: a rotation is counter-clockwise when the picture is looked at.
///
/// Owns its memory, or maps memory of the caller (`map`). A copy always owns; a moved-from field is
/// empty, a batch of none. Use the aliases GridField and PointField.
template <feature_type Features, class Scalar_, class Space_>
class Field {
 public:
  using features = Features;
  using Scalar = Scalar_;
  using Space = Space_;
  static_assert(std::is_floating_point_v<Scalar>, "gsteer: fields hold float or double");

  Field() = default;
  Field(const Field&) = default;
  Field& operator=(const Field&) = default;
  Field(Field&& other) noexcept
      : batch_(std::exchange(other.batch_, 0)),
        space_(std::exchange(other.space_, {})),
        data_(std::move(other.data_)) {}
  Field& operator=(Field&& other) noexcept {
    batch_ = std::exchange(other.batch_, 0);
    space_ = std::exchange(other.space_, {});
    data_ = std::move(other.data_);
    return *this;
  }

  /// A batch of zeros. \throws Error if a size is not positive
  Field(int batch, const Space& space)
      : batch_(batch), space_(space), data_(detail::field_size(batch, channels(), space)) {}

  /// A batch of pictures of height x width. \throws Error if a size is not positive
  Field(int batch, int height, int width) requires std::is_same_v<Space, Grid<2>>
      : Field(batch, Grid<2>{{height, width}}) {}
  /// A batch of volumes. \throws Error if a size is not positive
  Field(int batch, int depth, int height, int width) requires std::is_same_v<Space, Grid<3>>
      : Field(batch, Grid<3>{{depth, height, width}}) {}
  /// A batch of signals. \throws Error if a size is not positive
  Field(int batch, int width) requires std::is_same_v<Space, Grid<1>>
      : Field(batch, Grid<1>{{width}}) {}
  explicit Field(int batch) requires std::is_same_v<Space, Point> : Field(batch, Point{}) {}

  /// Works on the caller's memory, [batch, channel, points], which must stay alive. \throws Error
  /// if a size is not positive
  static Field map(Scalar* data, int batch, const Space& space) {
    Field field;
    field.batch_ = batch;
    field.space_ = space;
    field.data_ = Buffer<Scalar>::map(data, detail::field_size(batch, channels(), space));
    return field;
  }
  static Field map(Scalar* data, int batch, int height,
                   int width) requires std::is_same_v<Space, Grid<2>> {
    return map(data, batch, Grid<2>{{height, width}});
  }

  /// A batch of any content, for what is overwritten as a whole. \throws Error if a size is not
  /// positive
  static Field uninitialized(int batch, const Space& space) {
    Field field;
    field.batch_ = batch;
    field.space_ = space;
    field.data_ = Buffer<Scalar>::uninitialized(detail::field_size(batch, channels(), space));
    return field;
  }

  static constexpr int channels() { return Features::size; }
  int batch() const { return batch_; }
  const Space& space() const { return space_; }
  /// Points of the space: pixels, or 1.
  int points() const { return space_.points(); }
  int depth() const requires(!std::is_same_v<Space, Point>) { return space_.zyx()[0]; }
  int height() const requires(!std::is_same_v<Space, Point>) { return space_.zyx()[1]; }
  int width() const requires(!std::is_same_v<Space, Point>) { return space_.zyx()[2]; }

  /// All numbers, batch * channels * points of them.
  std::size_t size() const { return data_.size(); }
  bool empty() const { return data_.empty(); }
  Scalar* data() { return data_.data(); }
  const Scalar* data() const { return data_.data(); }
  Buffer<Scalar>& values() { return data_; }
  const Buffer<Scalar>& values() const { return data_; }

  /// One item of the batch as a matrix, channels x points.
  MatrixMap<Scalar> item(int b) {
    return {data() + offset(b), channels(), points(), Eigen::OuterStride<>(points())};
  }
  ConstMatrixMap<Scalar> item(int b) const {
    return {data() + offset(b), channels(), points(), Eigen::OuterStride<>(points())};
  }

  Scalar& operator()(int b, int channel, int y, int x) requires std::is_same_v<Space, Grid<2>> {
    return data_[at(b, channel, 0, y, x)];
  }
  Scalar operator()(int b, int channel, int y,
                    int x) const requires std::is_same_v<Space, Grid<2>> {
    return data_[at(b, channel, 0, y, x)];
  }
  Scalar& operator()(int b, int channel, int z, int y,
                     int x) requires std::is_same_v<Space, Grid<3>> {
    return data_[at(b, channel, z, y, x)];
  }
  Scalar operator()(int b, int channel, int z, int y,
                    int x) const requires std::is_same_v<Space, Grid<3>> {
    return data_[at(b, channel, z, y, x)];
  }
  Scalar& operator()(int b, int channel, int x) requires std::is_same_v<Space, Grid<1>> {
    return data_[at(b, channel, 0, 0, x)];
  }
  Scalar operator()(int b, int channel, int x) const requires std::is_same_v<Space, Grid<1>> {
    return data_[at(b, channel, 0, 0, x)];
  }
  Scalar& operator()(int b, int channel) requires std::is_same_v<Space, Point> {
    return data_[offset(b) + static_cast<std::size_t>(channel)];
  }
  Scalar operator()(int b, int channel) const requires std::is_same_v<Space, Point> {
    return data_[offset(b) + static_cast<std::size_t>(channel)];
  }

 private:
  std::size_t at(int b, int channel, int z, int y, int x) const {
    const auto sizes = space_.zyx();
    return offset(b) + static_cast<std::size_t>(channel) * static_cast<std::size_t>(points()) +
           static_cast<std::size_t>((z * sizes[1] + y) * sizes[2] + x);
  }
  std::size_t offset(int b) const {
    return static_cast<std::size_t>(b) * static_cast<std::size_t>(channels()) *
           static_cast<std::size_t>(points());
  }

  int batch_ = 0;
  Space space_{};
  Buffer<Scalar> data_;
};

/// Feature maps of the representation F on a grid, of the space that its group acts on unless told
/// otherwise.
template <auto F, class Scalar = float, int Dimension = features_of<F>::group::dimension>
using GridField = Field<features_of<F>, Scalar, Grid<Dimension>>;

/// Feature vectors of the representation F, one a point.
template <auto F, class Scalar = float>
using PointField = Field<features_of<F>, Scalar, Point>;

}  // namespace gsteer
