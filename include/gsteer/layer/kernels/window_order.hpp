// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>

#include "gsteer/core/memory.hpp"
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
  PooledVector<Part> parts;
  PooledVector<int> pixel;
  int width, lines;
};

/// The order in which the windows of `batch` pictures make the least work, taken `together` at a
/// time: that of memory, or by columns.
[[gnu::cold]] inline WindowOrder order_windows(const Windows& w, int batch, int together) {
  const auto size = w.output();
  const int lines = size[0] * size[1], taps = w.kernel[2];
  const auto work = [&](int columns, int seen) {
    const auto windows = std::ptrdiff_t{batch} * lines * columns;
    return (windows + together - 1) / together * seen;
  };
  struct Columns {
    int begin, end, low, high;
  };
  PooledVector<Columns> spans;
  for (int x = 0; x < size[2]; ++x) {
    int low = 0, high = taps;
    while (low < high && w.source(2, x, low) < 0) ++low;
    while (low < high && w.source(2, x, high - 1) < 0) --high;
    if (!spans.empty() && spans.back().low == low && spans.back().high == high)
      ++spans.back().end;
    else
      spans.push_back({x, x + 1, low, high});
  }
  std::ptrdiff_t by_columns = 0;
  for (const auto& s : spans) by_columns += work(s.end - s.begin, s.high - s.low);
  if (by_columns >= work(size[2], taps)) spans.assign(1, {0, size[2], 0, taps});

  WindowOrder order{{}, {}, size[2], lines};
  for (const auto& s : spans) {
    order.parts.push_back(
        {static_cast<int>(order.pixel.size()), lines * (s.end - s.begin), s.low, s.high});
    for (int line = 0; line < lines; ++line)
      for (int x = s.begin; x < s.end; ++x) order.pixel.push_back(line * size[2] + x);
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
    for (const auto& part : order.parts) {
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
