// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace gsteer {

/// What check_group or check_representation found: by how much each law is missed at worst.
class law_report {
 public:
  explicit law_report(std::string of) : subject(std::move(of)) {}

  /// Notes that a law was tried once more; of all residuals of a law the largest is kept, NaN if
  /// there is one.
  void record(const std::string& law, double residual) {
    double& worst = laws[law];
    if (!std::isnan(worst) && !(residual <= worst)) worst = residual;
  }

  /// The laws that do not hold, in words; empty if all do.
  std::vector<std::string> complaints(double tolerance = 1e-9) const {
    std::vector<std::string> all;
    for (const auto& [law, residual] : laws)
      if (!(residual <= tolerance))
        all.push_back(subject + ": " + law + ": missed by " + std::to_string(residual));
    return all;
  }

  std::string subject;
  std::map<std::string, double> laws;  ///< and their residuals
};

}  // namespace gsteer
