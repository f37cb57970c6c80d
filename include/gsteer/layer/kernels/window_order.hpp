// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>

#include "gsteer/core/buffer.hpp"
#include "gsteer/layer/kernels/windows.hpp"

namespace gsteer::detail {

/// The windows of a picture in parts, so that a product over windows of one part can leave out
/// taps along x of which they see nothing.
struct WindowOrder {
  /// Windows pixel[first, first + count) see nothing of other taps along x than [low, high).
  struct Part {
    int first, count;
    int low, high;
  };
  Buffer<Part> parts;  ///< with room for one of each column
  int count = 0;       ///< of parts
  Buffer<int> pixel;
  int width, lines;
};

/// The order in which the windows of `batch` pictures make the least work, taken `together` at a
/// time: that of memory, or by columns.
[[gnu::cold]] inline WindowOrder order_windows(const Windows& w, int batch, int together) {
  const auto size = w.output();
  const int width = size[2], lines = size[0] * size[1], taps = w.kernel[2];
  const auto work = [&](int columns, int seen) {
    const auto windows = std::ptrdiff_t{batch} * lines * columns;
    return (windows + together - 1) / together * seen;
  };
  const auto cells = [](int n) { return static_cast<std::size_t>(n); };
  WindowOrder order{Buffer<WindowOrder::Part>::uninitialized(cells(width)), 0,
                    Buffer<int>::uninitialized(cells(width * lines)), width, lines};
  // First the columns of each part, then its windows.
  WindowOrder::Part* last = nullptr;
  for (int x = 0; x < width; ++x) {
    int low = 0, high = taps;
    while (low < high && w.source(2, x, low) < 0) ++low;
    while (low < high && w.source(2, x, high - 1) < 0) --high;
    if (last && last->low == low && last->high == high) {
      ++last->count;
    } else {
      last = order.parts.data() + order.count++;
      *last = {x, 1, low, high};
    }
  }
  std::ptrdiff_t by_columns = 0;
  for (int i = 0; i < order.count; ++i) {
    const auto& part = order.parts[cells(i)];
    by_columns += work(part.count, part.high - part.low);
  }
  if (by_columns >= work(width, taps)) {
    order.parts[0] = {0, width, 0, taps};
    order.count = 1;
  }

  int* pixel = order.pixel.data();
  for (int i = 0; i < order.count; ++i) {
    auto& part = order.parts[cells(i)];
    for (int line = 0; line < lines; ++line)
      for (int x = part.first; x < part.first + part.count; ++x) *pixel++ = line * width + x;
    part.first *= lines;
    part.count *= lines;
  }
  return order;
}

/// At most Most windows of some pictures, those of each part of the order together, as tiles.
template <int Most>
struct SomeWindows {
  /// Windows [first, first + count) of these: nothing of other taps along x than [low, high), in
  /// lines from `top` to `bottom`.
  struct Tile {
    int first, count;
    int low, high;
    int top, bottom;
  };
  int count = 0, tiles = 0;
  int image[Most], pixel[Most];
  Tile tile[Most];

  /// Those from number `begin` on, `together` to a tile.
  SomeWindows(const WindowOrder& order, int images, int begin, int together) {
    int start = 0;
    for (int q = 0; q < order.count; ++q) {
      const auto& part = order.parts[static_cast<std::size_t>(q)];
      const int stop = start + part.count * images, last = std::min(begin + Most, stop);
      for (int i = std::max(begin, start), m = 0; i < last; i += m) {
        m = std::min(together, last - i);
        const int first = count;
        for (int j = i - start; j < i - start + m; ++j, ++count) {
          image[count] = j / part.count;
          pixel[count] = order.pixel[static_cast<std::size_t>(part.first + j % part.count)];
        }
        const bool one = image[first] == image[count - 1];
        tile[tiles++] = {first,
                         m,
                         part.low,
                         part.high,
                         one ? pixel[first] / order.width : 0,
                         one ? pixel[count - 1] / order.width : order.lines - 1};
      }
      start = stop;
    }
  }
};

}  // namespace gsteer::detail
