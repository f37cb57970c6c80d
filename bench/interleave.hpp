// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <ctime>
#include <functional>
#include <vector>

namespace bench {

using Run = std::function<void()>;

/// Seconds on the wall, or seconds of all threads of this process together: where there is one, the
/// same but for what other programs on the machine take.
enum class Clock { wall, cpu };

inline double now(Clock clock) {
  if (clock == Clock::cpu) return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Seconds that `calls` calls take.
inline double seconds(const Run& run, int calls, Clock clock) {
  const double start = now(clock);
  for (int i = 0; i < calls; ++i) run();
  return now(clock) - start;
}

inline double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// The median time in seconds of one call of each, taken in turns so that what else happens on the
/// machine meets all of them: at least seven rounds and until `budget` seconds have passed. What
/// takes less than two milliseconds is called several times a round. Empty functions are left out
/// and give 0.
inline std::vector<double> interleave(const std::vector<Run>& runs, double budget,
                                      Clock clock = Clock::cpu) {
  std::vector<int> calls(runs.size());
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (!runs[i]) continue;
    runs[i]();  // the first call makes caches and memory ready
    const double once = std::max(1e-8, seconds(runs[i], 1, Clock::wall));
    calls[i] = static_cast<int>(std::clamp(2e-3 / once, 1.0, 1e5));
  }
  std::vector<std::vector<double>> times(runs.size());
  double spent = 0;
  for (int round = 0; round < 7 || spent < budget; ++round)
    for (std::size_t i = 0; i < runs.size(); ++i) {
      if (!runs[i]) continue;
      const double time = seconds(runs[i], calls[i], clock);
      spent += time;
      times[i].push_back(time / calls[i]);
    }
  std::vector<double> medians;
  for (auto& t : times) medians.push_back(t.empty() ? 0 : median(std::move(t)));
  return medians;
}

}  // namespace bench
