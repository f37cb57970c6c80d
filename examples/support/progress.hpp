// SPDX-License-Identifier: MIT
// A line that says how far long work has come, where somebody watches.
#pragma once

#include <cstdio>

#ifdef _WIN32
#include <io.h>
#else
#include <unistd.h>
#endif

namespace example {

/// Whether the output goes to a terminal and not to a file.
inline bool is_watched() {
#ifdef _WIN32
  return _isatty(_fileno(stdout)) != 0;
#else
  return isatty(fileno(stdout)) != 0;
#endif
}

/// printf that writes over its own line; in a file it would be thousands of lines, and is left out.
template <class... Values>
void show_progress(const char* format, Values... values) {
  static const bool watched = is_watched();
  if (!watched) return;
  std::printf("\r");
  std::printf(format, values...);
  std::fflush(stdout);
}

/// Back to the start of the line, for a line that stays.
inline void end_progress() {
  static const bool watched = is_watched();
  if (watched) std::printf("\r%70s\r", "");
}

}  // namespace example
