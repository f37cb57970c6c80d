// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>

#include "gsteer/core/error.hpp"

namespace gsteer {

/// Random numbers that are the same on every platform, with a state that can be saved.
///
/// The generator is xoshiro256++ seeded by SplitMix64 (Blackman and Vigna, "Scrambled linear
/// pseudorandom number generators", ACM TOMS 47, 2021). It is a UniformRandomBitGenerator, but the
/// distributions of the standard library give different numbers on different platforms: use the
/// members instead.
class Rng {
 public:
  using result_type = std::uint64_t;
  using State = std::array<std::uint64_t, 4>;

  explicit Rng(std::uint64_t seed) {
    for (auto& word : state_) {
      seed += 0x9e3779b97f4a7c15u;
      std::uint64_t z = seed;
      z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
      z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
      word = z ^ (z >> 31);
    }
  }

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }

  result_type operator()() {
    const std::uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
    const std::uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  /// Uniform in [0, 1), a multiple of 2^-53.
  double uniform() { return static_cast<double>((*this)() >> 11) * 0x1p-53; }

  /// Uniform in [low, high).
  double uniform(double low, double high) { return low + (high - low) * uniform(); }

  /// Uniform in {0, ..., count - 1}, without bias.
  /// \throws Error if count is not positive
  int below(int count) {
    expect(count > 0, "Rng::below: expected a positive count, got ", count);
    const auto n = static_cast<std::uint64_t>(count);
    const std::uint64_t limit = max() - max() % n;
    std::uint64_t draw = (*this)();
    while (draw >= limit) draw = (*this)();
    return static_cast<int>(draw % n);
  }

  /// Gaussian of mean 0 and standard deviation 1 (Box and Muller). Stateless between calls: half of
  /// each pair is dropped, so that the four words are the whole state.
  double normal() {
    const double radius = std::sqrt(-2 * std::log(1 - uniform()));
    return radius * std::cos(2 * std::numbers::pi * uniform());
  }

  /// An independent generator, for a part of the work that must not depend on how much the rest
  /// draws.
  Rng split() { return Rng((*this)()); }

  const State& state() const { return state_; }
  void restore(const State& state) {
    expect(state != State{}, "Rng::restore: an all-zero state is not one this generator can reach");
    state_ = state;
  }

 private:
  State state_{};
};

}  // namespace gsteer
