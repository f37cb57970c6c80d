// SPDX-License-Identifier: MIT
#include "n_body/networks.hpp"
#include "n_body/training.hpp"

namespace example {

Result learn_linear(const Task& task, std::uint64_t seed, const Notes& notes,
                    const std::filesystem::path& resume) {
  constexpr double rate = 0.01;
  return learn(
      "linear", [](auto scalar) { return make_linear<decltype(scalar)>(); }, rate, task, seed,
      notes, resume);
}

}  // namespace example
