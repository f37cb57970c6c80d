// SPDX-License-Identifier: MIT
#include "n_body/networks.hpp"
#include "n_body/training.hpp"

namespace example {

Result learn_attention(const Task& task, std::uint64_t seed, const Notes& notes,
                       const std::filesystem::path& resume) {
  constexpr double rate = 0.01;
  return learn(
      "attention", [](auto scalar) { return make_attention<decltype(scalar)>(); }, rate, task, seed,
      notes, resume);
}

}  // namespace example
