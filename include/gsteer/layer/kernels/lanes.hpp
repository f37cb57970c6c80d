// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>

namespace gsteer::detail {

/// L numbers, in the vectors of the machine. Eigen's own vector operations, not its expressions:
/// these cost a user more to compile than all the rest of a convolution.
template <class Scalar, int L>
struct Lanes {
  using Packet = typename Eigen::internal::find_best_packet<Scalar, L>::type;
  static constexpr int width = Eigen::internal::unpacket_traits<Packet>::size;
  static constexpr int count = L / width;
  Packet part[count];

  static void load(Lanes& v, const Scalar* p) {
    for (int i = 0; i < count; ++i) v.part[i] = Eigen::internal::ploadu<Packet>(p + i * width);
  }
  void store(Scalar* p) const {
    for (int i = 0; i < count; ++i) Eigen::internal::pstoreu(p + i * width, part[i]);
  }
  void clear() {
    for (int i = 0; i < count; ++i) part[i] = Eigen::internal::pset1<Packet>(Scalar{0});
  }
  /// sum += w v
  static void add_scaled(Lanes& sum, Scalar w, const Lanes& v) {
    for (int i = 0; i < count; ++i)
      sum.part[i] =
          Eigen::internal::pmadd(Eigen::internal::pset1<Packet>(w), v.part[i], sum.part[i]);
  }
  /// sum += a b, lane by lane
  static void add_product(Lanes& sum, const Lanes& a, const Lanes& b) {
    for (int i = 0; i < count; ++i)
      sum.part[i] = Eigen::internal::pmadd(a.part[i], b.part[i], sum.part[i]);
  }
  void add(const Lanes& v) {
    for (int i = 0; i < count; ++i) part[i] = Eigen::internal::padd(part[i], v.part[i]);
  }
  void subtract(const Lanes& v) {
    for (int i = 0; i < count; ++i) part[i] = Eigen::internal::psub(part[i], v.part[i]);
  }
  /// a + b and a - b.
  static void sum_and_difference(Lanes& sum, Lanes& difference, const Lanes& a, const Lanes& b) {
    for (int i = 0; i < count; ++i) {
      const Packet x = a.part[i], y = b.part[i];
      sum.part[i] = Eigen::internal::padd(x, y);
      difference.part[i] = Eigen::internal::psub(x, y);
    }
  }
  /// *p += v.
  void add_to(Scalar* p) const {
    for (int i = 0; i < count; ++i)
      Eigen::internal::pstoreu(
          p + i * width,
          Eigen::internal::padd(Eigen::internal::ploadu<Packet>(p + i * width), part[i]));
  }
  Scalar total() const {
    Scalar sum = 0;
    for (int i = 0; i < count; ++i) sum += Eigen::internal::predux(part[i]);
    return sum;
  }
};

}  // namespace gsteer::detail
