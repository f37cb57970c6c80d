// SPDX-License-Identifier: MIT
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#if defined(__unix__) || defined(__APPLE__)
#define GSTEER_DETAIL_POSIX_FILES
#include <fcntl.h>
#include <unistd.h>
#endif

#include "gsteer/core/error.hpp"

namespace gsteer {
namespace detail {

/// A name out of a file, fit for an error message: short, and no control characters that would
/// reach a terminal.
inline std::string in_quotes(std::string_view name) {
  constexpr std::size_t longest = 100;
  std::string text = "'";
  for (const char c : name.substr(0, longest))
    text += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return text + (name.size() > longest ? "...'" : "'");
}

inline std::string system_message(int code) { return std::generic_category().message(code); }

/// Why `path` cannot be taken for a regular file; empty if it is one, or if there is nothing there.
inline std::string not_a_regular_file(const std::filesystem::path& path) {
  std::error_code error;
  switch (std::filesystem::status(path, error).type()) {
    case std::filesystem::file_type::regular:
    case std::filesystem::file_type::not_found:
      return {};
    case std::filesystem::file_type::none:
      return "a path that cannot be looked up (" + error.message() + ")";
    case std::filesystem::file_type::directory:
      return "a directory";
    case std::filesystem::file_type::fifo:
      return "a pipe";
    case std::filesystem::file_type::socket:
      return "a socket";
    default:
      return "a device";
  }
}

/// A new file with a name of its own in `directory`. It is removed again unless it is renamed.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::filesystem::path& directory) {
    std::random_device random;
    const auto path = directory / (".gsteer-" + std::to_string(random()) + "-" +
                                   std::to_string(random()) + ".tmp");
#ifdef GSTEER_DETAIL_POSIX_FILES
    file_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    expect(file_ >= 0, path.string(), ": cannot create the file: ", system_message(errno));
#else
    file_.open(path, std::ios::binary);
    expect(file_.is_open(), path.string(), ": cannot create the file");
#endif
    path_ = path;
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
#ifdef GSTEER_DETAIL_POSIX_FILES
    if (file_ >= 0) ::close(file_);
#else
    file_.close();
#endif
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove(path_, ignored);
  }

  /// Writes everything, waits until the disk has it, and closes the file.
  void write(std::span<const std::byte> bytes) {
#ifdef GSTEER_DETAIL_POSIX_FILES
    while (!bytes.empty()) {
      const auto written = ::write(file_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      expect(written >= 0, path_.string(), ": cannot write: ", system_message(errno));
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    expect(::fsync(file_) == 0, path_.string(), ": cannot write to disk: ", system_message(errno));
    const int closed = ::close(file_);
    file_ = -1;  // closed even if close reports an error
    expect(closed == 0, path_.string(), ": cannot write: ", system_message(errno));
#else
    file_.write(reinterpret_cast<const char*>(bytes.data()),
                static_cast<std::streamsize>(bytes.size()));
    file_.close();
    expect(!file_.fail(), path_.string(), ": cannot write");
#endif
  }

  /// Takes the place of `target`, and its permissions if it exists.
  void rename_to(const std::filesystem::path& target) {
    std::error_code error;
    const auto old = std::filesystem::status(target, error);
    if (std::filesystem::exists(old)) {
      std::filesystem::permissions(path_, old.permissions(), error);
      expect(!error, target.string(),
             ": cannot keep the permissions of the file: ", error.message());
    }
    std::filesystem::rename(path_, target, error);
    expect(!error, target.string(), ": cannot replace the file: ", error.message());
    path_.clear();
  }

 private:
  std::filesystem::path path_;
#ifdef GSTEER_DETAIL_POSIX_FILES
  int file_ = -1;
#else
  std::ofstream file_;
#endif
};

/// Waits until the disk knows the names in a directory, as far as the platform and the file system
/// can tell.
inline void sync_directory([[maybe_unused]] const std::filesystem::path& directory) {
#ifdef GSTEER_DETAIL_POSIX_FILES
  const int file = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return;  // a directory may be writable and yet not readable
  const int code = ::fsync(file) == 0 ? 0 : errno;
  ::close(file);
  expect(code != EIO, directory.string(), ": cannot write to disk: ", system_message(code));
#endif
}

}  // namespace detail

/// The content of a regular file.
/// \throws Error if it is missing, something else (a directory, a pipe), or cannot be read to its
/// end
inline std::vector<std::byte> read_file(const std::filesystem::path& path) {
  const auto other = detail::not_a_regular_file(path);
  expect(other.empty(), path.string(), ": expected a regular file, got ", other);
  std::ifstream file(path, std::ios::binary);
  expect(file.is_open(), path.string(), ": cannot open the file: ", detail::system_message(errno));
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  expect(!error, path.string(), ": cannot tell the size of the file: ", error.message());
  std::vector<std::byte> bytes(static_cast<std::size_t>(size));
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size));
  expect(static_cast<std::uintmax_t>(file.gcount()) == size, path.string(), ": expected ", size,
         " bytes, could read ", file.gcount());
  expect(file.peek() == std::ifstream::traits_type::eof(), path.string(), ": the file grew beyond ",
         size, " bytes while it was read");
  return bytes;
}

/// Creates or replaces a file so that at every moment, whatever fails, the path leads to the whole
/// old or the whole new content.
///
/// The bytes go to a temporary file in the same directory, which then takes the name. A symbolic
/// link stays one: the file it leads to is replaced. If an Error says that writing failed, the old
/// file is untouched and no temporary file is left; only a disk that breaks after the renaming
/// leaves the new one.
/// \throws Error if the directory is missing, the path is not a regular file, or the system refuses
/// (a full disk)
inline void write_file_atomically(const std::filesystem::path& path,
                                  std::span<const std::byte> bytes) {
  const auto other = detail::not_a_regular_file(path);
  expect(other.empty(), path.string(), ": expected a regular file to replace, got ", other);
  expect(path.has_filename(), detail::in_quotes(path.string()),
         ": expected the name of a file to write");
  std::error_code error;
  auto target = path;
  if (std::filesystem::is_symlink(std::filesystem::symlink_status(path, error))) {
    target = std::filesystem::canonical(path, error);
    expect(!error, path.string(), ": the symbolic link leads nowhere: ", error.message());
  }
  const auto directory =
      target.has_parent_path() ? target.parent_path() : std::filesystem::path(".");
  detail::TemporaryFile file(directory);
  file.write(bytes);
  file.rename_to(target);
  detail::sync_directory(directory);
}

}  // namespace gsteer

#undef GSTEER_DETAIL_POSIX_FILES
