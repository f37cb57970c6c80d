// SPDX-License-Identifier: MIT
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

namespace gsteer {

/// A mistake in the data: a shape, a file, a setting. The text says what was expected and what
/// came. Mistakes in the structure of a network are no exceptions: they do not compile.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws an Error whose text is the parts written one after the other: `fail("expected ", 3, "
/// channels, got ", n)`.
template <class... Parts>
[[noreturn, gnu::cold]] void fail(const Parts&... parts) {
  std::ostringstream text;
  (text << ... << parts);
  throw Error(text.str());
}

/// fail(parts...) unless the condition holds.
template <class... Parts>
void expect(bool condition, const Parts&... parts) {
  if (!condition) fail(parts...);
}

}  // namespace gsteer
