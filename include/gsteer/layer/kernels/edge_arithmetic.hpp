// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cstddef>

namespace gsteer::detail {

// What a kernel works on at a time: as many channels as the machine has lanes, or one. Tags,
// because g++ warns of vector types as template arguments.
template <class Scalar>
struct ManyChannels {
  using type = typename Eigen::internal::packet_traits<Scalar>::type;
};
template <class Scalar>
struct OneChannel {
  using type = Scalar;
};

/// A packet of channels, and the same with a derivative along some direction: the product rule then
/// gives the tangents of every kernel below from its own text. The result of a kernel is the value,
/// or the derivative.
template <class Channels>
struct Plain {
  using Packet = typename Channels::type;
  static constexpr int packets = 1;
  Packet value;

  template <class Scalar>
  static Plain load(const Scalar* v, const Scalar*, std::ptrdiff_t i) {
    return {Eigen::internal::ploadu<Packet>(v + i)};
  }
  template <class Scalar>
  static Plain broadcast(const Scalar* v, const Scalar*, std::ptrdiff_t i) {
    return {Eigen::internal::pset1<Packet>(v[i])};
  }
  static Plain zero() { return {Eigen::internal::pzero(Packet{})}; }
  static Plain product(const Plain& a, const Plain& b) {
    return {Eigen::internal::pmul(a.value, b.value)};
  }
  /// c + a b
  static Plain add(const Plain& a, const Plain& b, const Plain& c) {
    return {Eigen::internal::pmadd(a.value, b.value, c.value)};
  }
  /// c + the result of a b
  static Packet add_result(const Plain& a, const Plain& b, const Packet& c) {
    return Eigen::internal::pmadd(a.value, b.value, c);
  }
};

template <class Channels>
struct Dual {
  using Packet = typename Channels::type;
  static constexpr int packets = 2;
  Packet value, tangent;

  template <class Scalar>
  static Dual load(const Scalar* v, const Scalar* t, std::ptrdiff_t i) {
    return {Eigen::internal::ploadu<Packet>(v + i), Eigen::internal::ploadu<Packet>(t + i)};
  }
  template <class Scalar>
  static Dual broadcast(const Scalar* v, const Scalar* t, std::ptrdiff_t i) {
    return {Eigen::internal::pset1<Packet>(v[i]), Eigen::internal::pset1<Packet>(t[i])};
  }
  static Dual zero() {
    return {Eigen::internal::pzero(Packet{}), Eigen::internal::pzero(Packet{})};
  }
  static Dual product(const Dual& a, const Dual& b) {
    return {Eigen::internal::pmul(a.value, b.value),
            Eigen::internal::pmadd(a.value, b.tangent, Eigen::internal::pmul(a.tangent, b.value))};
  }
  static Dual add(const Dual& a, const Dual& b, const Dual& c) {
    return {Eigen::internal::pmadd(a.value, b.value, c.value), add_result(a, b, c.tangent)};
  }
  static Packet add_result(const Dual& a, const Dual& b, const Packet& c) {
    return Eigen::internal::pmadd(a.value, b.tangent,
                                  Eigen::internal::pmadd(a.tangent, b.value, c));
  }
};

/// Numbers, and (for dual arithmetic) their derivatives in an array of the same layout.
template <class Scalar>
struct Numbers {
  const Scalar* value = nullptr;
  const Scalar* tangent = nullptr;

  Numbers at(std::ptrdiff_t i) const { return {value + i, tangent ? tangent + i : nullptr}; }
};

}  // namespace gsteer::detail
