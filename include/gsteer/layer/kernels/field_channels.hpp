// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "gsteer/layer/kernels/rows.hpp"
#include "gsteer/representation/features.hpp"

namespace gsteer::detail {

/// Where the channels of every field stand.
struct field_channels {
  struct field {
    int first, size;
  };
  std::vector<field> fields;
  int channels;
};
template <feature_type F>
const field_channels& channels_of_fields() {
  static const field_channels all = [] {
    field_channels found{{}, F::size};
    F::for_each_kind([&]<class Kind>(int count, int offset) {
      for (int i = 0; i < count; ++i) found.fields.push_back({offset + i * Kind::size, Kind::size});
    });
    return found;
  }();
  return all;
}

/// body(row of the result, channels of the field, row of its first channel) for every field of
/// every item, in parallel.
template <class Body>
void for_each_field(const field_channels& all, int batch, int points, Body&& body) {
  const int count = static_cast<int>(all.fields.size());
  for_each_row(batch * count, points, [&](int row) {
    const auto f = all.fields[static_cast<std::size_t>(row % count)];
    body(std::ptrdiff_t{row} * points, f.size,
         (std::ptrdiff_t{row / count} * all.channels + f.first) * points);
  });
}

/// best = max(best, x), where = channel if x is larger; a NaN stays. Values first and no branches:
/// so written, g++ and clang vectorize it.
template <class Scalar>
void keep_larger(Scalar* best, std::int32_t* where, const Scalar* x, int count, int channel) {
  for (int i = 0; i < count; ++i) {
    const Scalar value = x[i], now = best[i];
    const std::int32_t old = where[i];
    const bool better = (value > now) | ((value != value) & (now == now));
    where[i] = better ? channel : old;
    best[i] = better ? value : now;
  }
}

/// out = the largest channel of each field, argmax = which one, the first of equal ones.
template <class Scalar>
void max_of_fields(Scalar* out, std::int32_t* argmax, const Scalar* in, const field_channels& all,
                   int batch, int points) {
  for_each_field(all, batch, points, [=](auto to, int size, auto from) {
    std::copy_n(in + from, points, out + to);
    std::fill_n(argmax + to, points, 0);
    for (int c = 1; c < size; ++c)
      keep_larger(out + to, argmax + to, in + from + std::ptrdiff_t{c} * points, points, c);
  });
}

}  // namespace gsteer::detail
