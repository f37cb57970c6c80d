// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstddef>

namespace gsteer::detail {

#ifdef __GNUC__  // vector types as template arguments
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wignored-attributes"
#endif
/// to[i * to_row + p] = from[p * from_row + i] for i < rows, p < cols; the two do not overlap.
/// Squares of vectors in registers, the last ones over the ones before where sizes do not divide.
/// Vectors have 32 bytes at most: of what Eigen does with longer ones, g++ 12 warns. Not inlined:
/// with sizes that it knows, g++ unrolls it and warns, too.
template <class Scalar>
[[gnu::noinline]] void transpose(Scalar* to, std::ptrdiff_t to_row, const Scalar* from,
                                 std::ptrdiff_t from_row, int rows, int cols) {
  constexpr int longest = 32 / static_cast<int>(sizeof(Scalar));
  using Packet = typename Eigen::internal::find_best_packet<Scalar, longest>::type;
  constexpr int width = Eigen::internal::unpacket_traits<Packet>::size;
  if constexpr (width > 1)
    if (rows >= width && cols >= width) {
      for (int a = 0; a < rows; a += width)
        for (int b = 0; b < cols; b += width) {
          const int i = std::min(a, rows - width), p = std::min(b, cols - width);
          Eigen::internal::PacketBlock<Packet, width> square;
          for (int k = 0; k < width; ++k)
            square.packet[k] = Eigen::internal::ploadu<Packet>(from + (p + k) * from_row + i);
          Eigen::internal::ptranspose(square);
          for (int k = 0; k < width; ++k)
            Eigen::internal::pstoreu(to + (i + k) * to_row + p, square.packet[k]);
        }
      return;
    }
  for (int i = 0; i < rows; ++i)
    for (int p = 0; p < cols; ++p) to[i * to_row + p] = from[p * from_row + i];
}
#ifdef __GNUC__
#pragma GCC diagnostic pop
#endif

}  // namespace gsteer::detail
