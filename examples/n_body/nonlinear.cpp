// SPDX-License-Identifier: MIT
#include "n_body/networks.hpp"
#include "n_body/training.hpp"

namespace example {

Result learn_nonlinear(const Task& task, std::uint64_t seed, const Notes& notes,
                       const std::filesystem::path& resume) {
  constexpr double rate = 0.03;
  return learn(
      "nonlinear", [](auto scalar) { return make_nonlinear<decltype(scalar)>(); }, rate, task, seed,
      notes, resume);
}

}  // namespace example
