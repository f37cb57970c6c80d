// SPDX-License-Identifier: MIT
// One experiment. Each group is a translation unit of its own, so that they compile side by side.
#pragma once

#include <string>

#include "rotated_digits/training.hpp"

namespace example {

struct RunOptions {
  TrainingOptions training;
  std::filesystem::path folder = GSTEER_EXAMPLE_DATA;
  int limit = 0;
  bool plain = true;
  std::string picture = "rotated_digits.png";
};

void run_c4(const RunOptions& options);
void run_c8(const RunOptions& options);
void run_c16(const RunOptions& options);
void run_d4(const RunOptions& options);

}  // namespace example
