// SPDX-License-Identifier: MIT
// What all networks are given. Each is a translation unit of its own, so that they compile side by
// side.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "n_body/result.hpp"
#include "n_body/samples.hpp"

namespace example {

struct TrainingOptions {
  int epochs = 40;
  int batch = 25;
  double learning_rate = 0;  ///< at the start; 0: one that suits the network
  double weight_decay = 0;
  int checks = 40;               ///< on the validation set, at equal distances
  std::filesystem::path save{};  ///< checkpoint after every epoch; empty: none
};

struct Task {
  TrainingOptions training;
  std::vector<Sample> train, validation, test;
  double time = 1;  ///< between what is known and what is asked for
  double unit = 1;  ///< root mean square of what is missing in x + v t
  int shown = 0;    ///< the test sample in the picture
};

/// Where a run stands, as notes of a checkpoint: its settings, what has been finished ("result.0",
/// ...), and the result so far of the network that the checkpoint holds ("unfinished").
using Notes = std::map<std::string, std::string>;

/// Trains a network, from the checkpoint `resume` if that is not empty, and tests it.
Result learn_linear(const Task& task, std::uint64_t seed, const Notes& notes,
                    const std::filesystem::path& resume);
Result learn_attention(const Task& task, std::uint64_t seed, const Notes& notes,
                       const std::filesystem::path& resume);
Result learn_nonlinear(const Task& task, std::uint64_t seed, const Notes& notes,
                       const std::filesystem::path& resume);

}  // namespace example
