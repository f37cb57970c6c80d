// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "gsteer/core/buffer.hpp"
#include "gsteer/layer/kernels/field_channels.hpp"
#include "gsteer/layer/kernels/rows.hpp"

namespace gsteer::detail {

/// The fields of a batch. Numbers that belong to a field as a whole are stored
/// [item][field][point].
struct FieldBatch {
  int batch, points;
  const field_channels& all;
  bool vectors = false;  ///< feature vectors: one point, the channels of a field side by side

  int fields() const { return static_cast<int>(all.fields.size()); }
  int channels(int field) const { return all.fields[static_cast<std::size_t>(field)].size; }
  std::size_t size() const {
    return static_cast<std::size_t>(batch) * all.fields.size() * static_cast<std::size_t>(points);
  }
  /// Where a field starts in a tensor whose items have `count` channels, those of the fields first.
  std::ptrdiff_t channel(int b, int field, int count) const {
    return (std::ptrdiff_t{b} * count + all.fields[static_cast<std::size_t>(field)].first) * points;
  }
  std::ptrdiff_t whole(int b, int field) const {
    return (std::ptrdiff_t{b} * fields() + field) * points;
  }

  /// body(item, field), in parallel; a task of feature vectors has all fields of its items.
  template <class Body>
  void for_each(Body&& body) const {
    const int together = vectors ? fields() : 1, parts = fields() / together;
    for_each_row(batch * parts, points * all.channels / parts, [&](int row) {
      const int b = row / parts;
      for (int i = row % parts * together, end = i + together; i < end; ++i) body(b, i);
    });
  }
};

/// A tensor [item][channel][point]; it may have more channels than the fields that are looked at.
template <class Scalar>
struct Channels {
  Scalar* data;
  int count;
};

/// The inner product <x, y> of each field at each point.
template <class Scalar>
Buffer<Scalar> field_products(const FieldBatch& f, Channels<const Scalar> x,
                              Channels<const Scalar> y) {
  Buffer<Scalar> products(f.size());
  f.for_each([&](int b, int i) {
    Scalar* sum = products.data() + f.whole(b, i);
    const Scalar *u = x.data + f.channel(b, i, x.count), *v = y.data + f.channel(b, i, y.count);
    if (f.vectors) {
      for (int c = 0; c < f.channels(i); ++c) *sum += u[c] * v[c];
      return;
    }
    for (int c = 0; c < f.channels(i); ++c, u += f.points, v += f.points)
      for (int p = 0; p < f.points; ++p) sum[p] += u[p] * v[p];
  });
  return products;
}

/// y = s x, one number s for each field and point; y may be x.
template <class Scalar>
void scale_fields(const FieldBatch& f, Channels<Scalar> y, const Scalar* factors,
                  Channels<const Scalar> x) {
  f.for_each([&](int b, int i) {
    const Scalar* s = factors + f.whole(b, i);
    const Scalar* u = x.data + f.channel(b, i, x.count);
    Scalar* v = y.data + f.channel(b, i, y.count);
    if (f.vectors) {
      for (int c = 0; c < f.channels(i); ++c) v[c] = *s * u[c];
      return;
    }
    for (int c = 0; c < f.channels(i); ++c, u += f.points, v += f.points)
      for (int p = 0; p < f.points; ++p) v[p] = s[p] * u[p];
  });
}

/// y = s y + t x.
template <class Scalar>
void combine_fields(const FieldBatch& f, Channels<Scalar> y, const Scalar* s, const Scalar* t,
                    Channels<const Scalar> x) {
  f.for_each([&](int b, int i) {
    const Scalar *keep = s + f.whole(b, i), *add = t + f.whole(b, i);
    const Scalar* u = x.data + f.channel(b, i, x.count);
    Scalar* v = y.data + f.channel(b, i, y.count);
    if (f.vectors) {
      for (int c = 0; c < f.channels(i); ++c) v[c] = *keep * v[c] + *add * u[c];
      return;
    }
    for (int c = 0; c < f.channels(i); ++c, u += f.points, v += f.points)
      for (int p = 0; p < f.points; ++p) v[p] = keep[p] * v[p] + add[p] * u[p];
  });
}

}  // namespace gsteer::detail
