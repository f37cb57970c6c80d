// SPDX-License-Identifier: MIT
// Whether a file can be written, asked before the long work whose result it is to hold.
#pragma once

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include "gsteer/core/error.hpp"

namespace example {

/// What the system says against writing to a file; nothing if it can be written. Leaves everything
/// as it was.
inline std::error_code try_to_write(const std::filesystem::path& path) {
  std::error_code ignored;
  const bool is_new = std::filesystem::symlink_status(path, ignored).type() ==
                      std::filesystem::file_type::not_found;
  errno = 0;
  const bool opens = std::ofstream(path, std::ios::app).is_open();
  const int reason = errno != 0 ? errno : EIO;
  if (!opens) return {reason, std::generic_category()};
  if (is_new) std::filesystem::remove(path, ignored);
  return {};
}

/// \throws gsteer::Error if `path` cannot be written
inline void expect_writable(const std::filesystem::path& path) {
  const auto error = try_to_write(path);
  gsteer::expect(!error, "expected a file that can be written, got '", path.string(),
                 "': ", error.message());
}

/// The same for a file that is replaced as a whole: gsteer::write_file_atomically writes another
/// one beside it, which takes its name.
/// \throws gsteer::Error if that cannot be done
inline void expect_replaceable(const std::filesystem::path& path) {
  std::error_code ignored;
  const bool exists = std::filesystem::exists(path, ignored);
  gsteer::expect(!exists || std::filesystem::is_regular_file(path, ignored),
                 "expected a regular file to write, got '", path.string(), "'");
  // A symbolic link stays one.
  auto beside = exists ? std::filesystem::canonical(path, ignored) : path;
  beside += ".try";
  const auto error = try_to_write(beside);
  gsteer::expect(!error, "expected a file that can be written, got '", path.string(),
                 "': ", error.message());
}

}  // namespace example
