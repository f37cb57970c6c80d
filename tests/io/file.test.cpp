// SPDX-License-Identifier: MIT
#include "gsteer/io/file.hpp"

#include "catch.hpp"
#include "io/directory.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#endif

using namespace gsteer;
using Catch::Matchers::ContainsSubstring;

namespace {

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

}  // namespace

TEST_CASE("a file comes back as it was written") {
  const Directory directory;
  const auto path = directory.path / "data";
  for (const std::size_t size : {0u, 1u, 100'000u}) {
    std::vector<std::byte> bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 7);
    write_file_atomically(path, bytes);
    CHECK(read_file(path) == bytes);
    CHECK(directory.names() == std::vector<std::string>{"data"});
  }
}

TEST_CASE("what cannot be read says why") {
  const Directory directory;
  CHECK_THROWS_WITH(read_file(directory.path / "absent"),
                    ContainsSubstring("absent: cannot open the file: No such file"));
  CHECK_THROWS_WITH(read_file(directory.path),
                    ContainsSubstring("expected a regular file, got a directory"));
  CHECK_THROWS_AS(read_file(directory.path), Error);
}

TEST_CASE("what cannot be written says why and leaves nothing behind") {
  const Directory directory;
  const auto bytes = bytes_of("new");
  CHECK_THROWS_WITH(write_file_atomically(directory.path / "absent" / "file", bytes),
                    ContainsSubstring("cannot create the file"));
  CHECK_THROWS_WITH(write_file_atomically(directory.path, bytes),
                    ContainsSubstring("expected a regular file to replace, got a directory"));
  CHECK_THROWS_WITH(write_file_atomically(directory.path / "absent" / "", bytes),
                    ContainsSubstring("expected the name of a file"));
  CHECK_THROWS_WITH(write_file_atomically("", bytes),
                    ContainsSubstring("'': expected the name of a file"));
  CHECK(directory.names().empty());
}

TEST_CASE("names in messages are short and printable") {
  CHECK(detail::in_quotes("a\nb\x1b[0m") == "'a?b?[0m'");
  CHECK(detail::in_quotes(std::string(1000, 'x')) == "'" + std::string(100, 'x') + "...'");
}

#if defined(__unix__) || defined(__APPLE__)

TEST_CASE("a pipe is refused, not waited for") {
  const Directory directory;
  const auto path = directory.path / "pipe";
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  CHECK_THROWS_WITH(read_file(path), ContainsSubstring("expected a regular file, got a pipe"));
  CHECK_THROWS_WITH(write_file_atomically(path, bytes_of("new")), ContainsSubstring("got a pipe"));
  CHECK_THROWS_WITH(read_file("/dev/null"),
                    ContainsSubstring("expected a regular file, got a device"));
}

TEST_CASE("a write that fails halfway leaves the old file and no other") {
  const Directory directory;
  const auto path = directory.path / "data";
  write_file_atomically(path, bytes_of("old"));

  // The system refuses to let any file grow beyond 1000 bytes: the way a full disk looks to a
  // program.
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{1000, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  std::string message;
  try {
    write_file_atomically(path, std::vector<std::byte>(5000));
  } catch (const Error& error) {
    message = error.what();
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);

  CHECK_THAT(message, ContainsSubstring("cannot write"));
  CHECK(read_file(path) == bytes_of("old"));
  CHECK(directory.names() == std::vector<std::string>{"data"});
}

TEST_CASE("replacing a file keeps its permissions and the links to it") {
  using std::filesystem::perms;
  const Directory directory;
  const auto path = directory.path / "data", link = directory.path / "link";
  write_file_atomically(path, bytes_of("old"));
  std::filesystem::permissions(path, perms::owner_read | perms::owner_write);
  std::filesystem::create_symlink("data", link);

  write_file_atomically(link, bytes_of("new"));
  CHECK(std::filesystem::is_symlink(link));
  CHECK(read_file(path) == bytes_of("new"));
  CHECK(std::filesystem::status(path).permissions() == (perms::owner_read | perms::owner_write));

  std::filesystem::remove(path);
  CHECK_THROWS_WITH(write_file_atomically(link, bytes_of("new")),
                    ContainsSubstring("the symbolic link leads nowhere"));
  CHECK(directory.names() == std::vector<std::string>{"link"});
}

#endif
