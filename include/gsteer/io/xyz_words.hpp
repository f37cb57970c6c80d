// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <charconv>
#include <clocale>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

// Words, numbers and brackets of an extended XYZ file.

namespace gsteer::detail {

inline constexpr std::string_view xyz_blanks = " \t\r\v\f";
inline constexpr std::string_view xyz_separators = " \t\r\v\f\n,[]{}";  // in an array
/// A string with one of these in it needs quotes.
inline constexpr std::string_view xyz_special = " \t\r\v\f\n=\",[]{}\\";

inline std::string_view xyz_trimmed(std::string_view line) {
  line = line.substr(0, line.find_last_not_of(xyz_blanks) + 1);
  return line.substr(std::min(line.find_first_not_of(xyz_blanks), line.size()));
}

inline std::vector<std::string_view> xyz_words(std::string_view text, std::string_view between) {
  std::vector<std::string_view> words;
  for (std::size_t end = 0;;) {
    const auto begin = text.find_first_not_of(between, end);
    if (begin == std::string_view::npos) return words;
    end = std::min(text.find_first_of(between, begin), text.size());
    words.push_back(text.substr(begin, end - begin));
  }
}

/// Whether all of a text is one finite number; Fortran writes 1.0D+00 for 1.0e+00.
inline bool xyz_read(std::string_view text, double& value) {
  std::string copy;
  if (const auto d = text.find_first_of("dD"); d != text.npos)
    text = copy.append(text, 0, d).append("e").append(text, d + 1);
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
#ifdef __cpp_lib_to_chars
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && stop == text.data() + text.size() && std::isfinite(value);
#else  // No from_chars but for integers; strtod has the decimal point of the program's locale.
  if (text.empty() || text.find_first_not_of("0123456789.eE+-") != text.npos) return false;
  std::string local(text);
  if (const auto point = text.find('.'); point != text.npos)
    local.replace(point, 1, std::localeconv()->decimal_point);
  char* stop = nullptr;
  value = std::strtod(local.c_str(), &stop);
  return stop == local.c_str() + local.size() && std::isfinite(value);
#endif
}
inline bool xyz_read(std::string_view text, std::int64_t& value) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && stop == text.data() + text.size();
}
inline bool xyz_read(std::string_view text, bool& value) {
  value = text == "T" || text == "true" || text == "True" || text == "TRUE";
  return value || text == "F" || text == "false" || text == "False" || text == "FALSE";
}
/// What should stand in a column of a type, if a word does not fit; otherwise null.
inline const char* xyz_mismatch(std::string_view word, char type, double& number) {
  bool logical = false;
  if (type == 'R') return xyz_read(word, number) ? nullptr : "a finite number";
  if (std::int64_t n = 0; type == 'I') return xyz_read(word, n) ? nullptr : "an integer";
  return type == 'S' || xyz_read(word, logical) ? nullptr : "T or F";
}

/// The string in quotes or the array in brackets that a text begins with; empty if it has no end.
inline std::string_view xyz_closed(std::string_view text) {
  const char open = text.front(), close = open == '[' ? ']' : open == '{' ? '}' : '"';
  int depth = 1;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == close && --depth == 0) return text.substr(0, i + 1);
    if (text[i] == open) ++depth;
    if (text[i] == '\\') ++i;
  }
  return {};
}

}  // namespace gsteer::detail
