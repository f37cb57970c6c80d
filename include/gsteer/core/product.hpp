// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstddef>
#include <utility>

#include "gsteer/core/scratch.hpp"
#include "gsteer/core/transpose.hpp"

namespace gsteer::detail {

/// A matrix in memory: element (i, j) at data[i * row + j * column].
template <class Scalar>
struct Strided {
  const Scalar* data;
  std::ptrdiff_t row, column;

  const Scalar* at(std::ptrdiff_t i, std::ptrdiff_t j) const { return data + i * row + j * column; }
  Strided from(std::ptrdiff_t i, std::ptrdiff_t j) const { return {at(i, j), row, column}; }
};

/// A piece of the inner dimension of a product whose rows lie anywhere.
template <class Scalar>
struct Strip {
  std::ptrdiff_t offset;  ///< of the rows of A
  const Scalar* b;
};

/// The inner dimension of a product of which both factors are taken line by line.
struct Lines {
  const std::ptrdiff_t* start;  ///< of each line in a row of A
  int count;
  std::ptrdiff_t step;  ///< from one number of the line to the next
  std::ptrdiff_t b;     ///< from one line of B to the next
};

/// A part of a product that is summed in registers: Rows rows of some vectors of columns.
template <class Scalar, int Rows, int Vectors>
class ProductTile {
 public:
  using Packet = typename Eigen::internal::packet_traits<Scalar>::type;
  static constexpr int width = Eigen::internal::packet_traits<Scalar>::size;
  static constexpr int columns = Vectors * width;
  static constexpr int panel = 2 * width;  ///< from a row of B to the next, where B is packed

  /// C (+)= A B for the first `rows` rows of A and `cols` columns of C.
  [[gnu::noinline]] static void run(const Strided<Scalar>& a, int rows, const Scalar* b,
                                    std::ptrdiff_t stride, int k, Scalar* c, std::ptrdiff_t ldc,
                                    int cols, bool add) {
    const Scalar* row[Rows];  // rows that are missing repeat the last one, and are not stored
    for (int r = 0; r < Rows; ++r) row[r] = a.at(std::min(r, rows - 1), 0);
    Packet sum[Rows * Vectors];
    clear(sum, all);
    std::ptrdiff_t at = 0;
    for (int p = 0; p < k; ++p, at += a.column, b += stride) step(sum, row, at, b, all);
    put(sum, c, ldc, rows, cols, add);
  }

  /// c[r][first...] += sum over strips of A(r) B, where row r of A is at row[r] + the strip's
  /// offset. Rows rows of A are read, `rows` of c written; c has no more than these.
  [[gnu::noinline]] static void gather(const Scalar* const* row, const Strip<Scalar>* strips,
                                       int count, int k, Scalar* const* c, std::ptrdiff_t first,
                                       int rows, int cols) {
    Packet sum[Rows * Vectors];
    clear(sum, all);
    for (int s = 0; s < count; ++s) {
      const Scalar* b = strips[s].b;
      std::ptrdiff_t at = strips[s].offset;
      for (int p = 0; p < k; ++p, ++at, b += panel) step(sum, row, at, b, all);
    }
    put_rows(sum, c, first, rows, cols);
  }

  /// C += A B, where A(r, (l, p)) is at a[place[r] + lines.start[l] + p * lines.step], and row (l,
  /// p) of B at b + l * lines.b + p * panel, p < k. Rows rows of A are read, `rows` of C written.
  [[gnu::noinline]] static void correlate(const Scalar* a, const std::ptrdiff_t* place,
                                          const Lines& lines, int k, const Scalar* b, Scalar* c,
                                          int rows, int cols) {
    const Scalar* row[Rows];
    for (int r = 0; r < Rows; ++r) row[r] = a + place[r];
    Packet sum[Rows * Vectors];
    clear(sum, all);
    for (int l = 0; l < lines.count; ++l) {
      const Scalar* from = b + l * lines.b;
      std::ptrdiff_t at = lines.start[l];
      for (int p = 0; p < k; ++p, at += lines.step, from += panel) step(sum, row, at, from, all);
    }
    put(sum, c, panel, rows, cols, true);
  }

 private:
  // Folds: at -O2, g++ would not unroll loops over the sums, and would keep them in memory.
  using All = std::make_integer_sequence<int, Rows * Vectors>;
  static constexpr All all{};

  template <int... I>
  [[gnu::always_inline]] static void clear(Packet* sum, std::integer_sequence<int, I...>) {
    const Packet zero = Eigen::internal::pset1<Packet>(Scalar{0});
    ((sum[I] = zero), ...);
  }
  template <int... I>
  [[gnu::always_inline]] static void step(Packet* sum, const Scalar* const* row, std::ptrdiff_t at,
                                          const Scalar* b, std::integer_sequence<int, I...>) {
    (add_product(sum[I], row[I / Vectors][at], b + I % Vectors * width), ...);
  }
  template <int... I>
  [[gnu::always_inline]] static void store(const Packet* sum, Scalar* c, std::ptrdiff_t ldc,
                                           std::integer_sequence<int, I...>) {
    (put_vector(c + I / Vectors * ldc + I % Vectors * width, sum[I]), ...);
  }
  template <int... I>
  [[gnu::always_inline]] static void add_to(const Packet* sum, Scalar* c, std::ptrdiff_t ldc,
                                            std::integer_sequence<int, I...>) {
    (add_vector(c + I / Vectors * ldc + I % Vectors * width, sum[I]), ...);
  }
  template <int... I>
  [[gnu::always_inline]] static void add_rows(const Packet* sum, Scalar* const* c,
                                              std::ptrdiff_t first,
                                              std::integer_sequence<int, I...>) {
    (add_vector(c[I / Vectors] + first + I % Vectors * width, sum[I]), ...);
  }
  // Functions of their own, because to look up one of Eigen's for each sum takes g++ longer.
  [[gnu::always_inline]] static void add_product(Packet& sum, Scalar a, const Scalar* b) {
    using namespace Eigen::internal;
    sum = pmadd(pset1<Packet>(a), ploadu<Packet>(b), sum);
  }
  [[gnu::always_inline]] static void put_vector(Scalar* c, const Packet& value) {
    Eigen::internal::pstoreu(c, value);
  }
  [[gnu::always_inline]] static void add_vector(Scalar* c, const Packet& value) {
    Eigen::internal::pstoreu(c, Eigen::internal::padd(Eigen::internal::ploadu<Packet>(c), value));
  }
  [[gnu::always_inline]] static void put(const Packet* sum, Scalar* c, std::ptrdiff_t ldc, int rows,
                                         int cols, bool add) {
    if (rows == Rows && cols == columns)
      return add ? add_to(sum, c, ldc, all) : store(sum, c, ldc, all);
    Scalar full[Rows * columns];
    store(sum, full, columns, all);
    for (int r = 0; r < rows; ++r)
      for (int j = 0; j < cols; ++j)
        c[r * ldc + j] = full[r * columns + j] + (add ? c[r * ldc + j] : Scalar{0});
  }
  [[gnu::always_inline]] static void put_rows(const Packet* sum, Scalar* const* c,
                                              std::ptrdiff_t first, int rows, int cols) {
    if (rows == Rows && cols == columns) return add_rows(sum, c, first, all);
    Scalar full[Rows * columns];
    store(sum, full, columns, all);
    for (int r = 0; r < rows; ++r)
      for (int j = 0; j < cols; ++j) c[r][first + j] += full[r * columns + j];
  }
};

/// C (+)= A B by tiles in registers. Elements of A are broadcast from where they lie; B passes in
/// panels of two vectors of columns, copied next to each other first where they lie far apart. On
/// the shapes of this library, a few hundred rows and tens of columns, this is nearer to the limit
/// of the machine than Eigen's product, which copies both factors for every call, and one
/// instance serves all orders of storage. Each element is summed in an order that depends on k
/// alone.
template <class Scalar>
class Product {
 public:
  using Packet = typename Eigen::internal::packet_traits<Scalar>::type;
  static constexpr int width = Eigen::internal::packet_traits<Scalar>::size;
  static constexpr int panel = ProductTile<Scalar, 1, 2>::panel;
  /// Rows of a tile: with two vectors of columns, the sums fill most registers.
  static constexpr int rows = EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS >= 32 ? 12 : 6;
  static constexpr int depth = 1024 / width * 2;  ///< a panel of it takes half of the first cache

  static void run(Scalar* c, std::ptrdiff_t ldc, const Strided<Scalar>& a, const Strided<Scalar>& b,
                  int m, int n, int k, bool add) {
    if (k == 0 && !add)
      for (int i = 0; i < m; ++i) std::fill_n(c + i * ldc, n, Scalar{0});
    for (int p = 0; p < k; p += depth)
      for (int j = 0; j < n; j += breadth)
        slice(c + j, ldc, a.from(0, p), b.from(p, j), m, std::min(breadth, n - j),
              std::min(depth, k - p), add || p > 0);
  }

  /// c[r][first...] += sum over strips of A(r) B for m <= `rows` rows and a panel's `cols` columns;
  /// see ProductTile::gather. `row` has `rows` entries, c has m.
  static void gather(const Scalar* const* row, int m, const Strip<Scalar>* strips, int count, int k,
                     Scalar* const* c, int first, int cols) {
    const bool narrow = cols <= width;
    if (3 * m > rows) {
      if (narrow)
        ProductTile<Scalar, rows, 1>::gather(row, strips, count, k, c, first, m, cols);
      else
        ProductTile<Scalar, rows, 2>::gather(row, strips, count, k, c, first, m, cols);
    } else {
      if (narrow)
        ProductTile<Scalar, rows / 3, 1>::gather(row, strips, count, k, c, first, m, cols);
      else
        ProductTile<Scalar, rows / 3, 2>::gather(row, strips, count, k, c, first, m, cols);
    }
  }

  /// C += A B for m <= `rows` rows of a panel, of which `cols` columns are wanted, by lines; see
  /// ProductTile::correlate. `place` has `rows` entries.
  static void correlate(const Scalar* a, const std::ptrdiff_t* place, const Lines& lines, int k,
                        const Scalar* b, Scalar* c, int m, int cols) {
    if (cols <= width)
      ProductTile<Scalar, rows, 1>::correlate(a, place, lines, k, b, c, m, width);
    else
      ProductTile<Scalar, rows, 2>::correlate(a, place, lines, k, b, c, m, panel);
  }

 private:
  static constexpr int breadth = 1024;  ///< panels of it, most of the second
  static constexpr int height = 240;    ///< rows that a panel meets before the next comes

  static void slice(Scalar* c, std::ptrdiff_t ldc, const Strided<Scalar>& a,
                    const Strided<Scalar>& b, int m, int n, int k, bool add) {
    // Few rows do not pay for a copy, nor do columns that lie together as they are.
    const bool in_place = b.column == 1 && (m <= 2 * rows || b.row <= 4 * panel);
    const int copied = in_place ? 1 : (n + panel - 1) / panel;
    Scalar* const panels = scratch<Scalar>(Slot::panels, std::ptrdiff_t{copied} * panel * k);
    if (!in_place) pack(b, n, k, panels);
    for (int i = 0; i < m; i += height)
      for (int j = 0; j < n; j += panel) {
        const int cols = std::min(panel, n - j);
        const Scalar* from = in_place ? b.at(0, j) : panels + std::ptrdiff_t{j} * k;
        if (in_place && cols < panel) {
          pack(b.from(0, j), cols, k, panels);
          from = panels;
        }
        const std::ptrdiff_t stride = from == b.at(0, j) ? b.row : panel;
        const int last = std::min(m, i + height);
        if (cols > width)
          column<2>(a, i, last, from, stride, k, c + j, ldc, cols, add);
        else
          column<1>(a, i, last, from, stride, k, c + j, ldc, cols, add);
      }
  }

  /// Rows [i, last) of a panel of columns of C.
  template <int Vectors>
  static void column(const Strided<Scalar>& a, int i, int last, const Scalar* b,
                     std::ptrdiff_t stride, int k, Scalar* c, std::ptrdiff_t ldc, int cols,
                     bool add) {
    for (int r = 0; i < last; i += r) {
      // Two tiles of two thirds, rather than one of a third, in which sums wait for each other.
      const int left = last - i;
      r = left > rows && 3 * left <= 4 * rows ? 2 * rows / 3 : std::min(rows, left);
      Scalar* const to = c + i * ldc;
      const auto part = a.from(i, 0);
      if (3 * r > 2 * rows)
        ProductTile<Scalar, rows, Vectors>::run(part, r, b, stride, k, to, ldc, cols, add);
      else if (3 * r > rows)
        ProductTile<Scalar, 2 * rows / 3, Vectors>::run(part, r, b, stride, k, to, ldc, cols, add);
      else
        ProductTile<Scalar, rows / 3, Vectors>::run(part, r, b, stride, k, to, ldc, cols, add);
    }
  }

  /// The columns of B as panels [panel][k][column], the last one filled up with zeros. A few rows
  /// of all panels at a time, so that few pages of memory are read at once.
  static void pack(const Strided<Scalar>& b, int n, int k, Scalar* panels) {
    constexpr int some = 2 * width;
    for (int p = 0; p < k; p += some)
      for (int j = 0; j < n; j += panel) {
        const int cols = std::min(panel, n - j), count = std::min(some, k - p);
        Scalar* to = panels + std::ptrdiff_t{j} * k + std::ptrdiff_t{p} * panel;
        if (b.column == 1 && cols == panel)
          copy(b.at(p, j), b.row, count, to);
        else if (b.row == 1 && cols == panel)
          transpose(to, panel, b.at(p, j), b.column, count, cols);
        else
          for (int q = 0; q < count; ++q)
            for (int x = 0; x < panel; ++x)
              to[q * panel + x] = x < cols ? *b.at(p + q, j + x) : Scalar{0};
      }
  }
  static void copy(const Scalar* from, std::ptrdiff_t stride, int count, Scalar* to) {
    for (int q = 0; q < count; ++q, from += stride, to += panel)
      for (int x = 0; x < panel; x += width)
        Eigen::internal::pstoreu(to + x, Eigen::internal::ploadu<Packet>(from + x));
  }
};

}  // namespace gsteer::detail
