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

namespace detail {

/// A part of a message: how it is written, so that one body writes all messages.
struct MessagePart {
  const void* part;
  void (*write)(std::ostream& text, const void* part);

  MessagePart(const char* part_)
      : part(part_),
        write([](std::ostream& text, const void* p) { text << static_cast<const char*>(p); }) {}
  template <class Part>
  MessagePart(const Part& part_)
      : part(&part_),
        write([](std::ostream& text, const void* p) { text << *static_cast<const Part*>(p); }) {}
};

[[gnu::cold, gnu::noinline]] inline std::string text_of(const MessagePart* parts, int count) {
  std::ostringstream text;
  for (int i = 0; i < count; ++i) parts[i].write(text, parts[i].part);
  return text.str();
}

[[noreturn, gnu::cold, gnu::noinline]] inline void throw_error(const MessagePart* parts,
                                                               int count) {
  throw Error(text_of(parts, count));
}

/// The parts written one after the other.
template <class... Parts>
std::string join_text(const Parts&... parts) {
  const MessagePart all[] = {MessagePart(parts)...};
  return text_of(all, static_cast<int>(sizeof...(parts)));
}

}  // namespace detail

/// Throws an Error whose text is the parts written one after the other: `fail("expected ", 3, "
/// channels, got ", n)`.
template <class... Parts>
[[noreturn, gnu::cold, gnu::noinline]] void fail(const Parts&... parts) {
  const detail::MessagePart all[] = {detail::MessagePart(parts)...};
  detail::throw_error(all, static_cast<int>(sizeof...(parts)));
}

/// fail(parts...) unless the condition holds.
template <class... Parts>
void expect(bool condition, const Parts&... parts) {
  if (!condition) fail(parts...);
}

}  // namespace gsteer
