// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>

#include "exhibit.hpp"
#include "support/picture.hpp"

namespace gallery {

/// A few kernels of several groups on one picture 900 pixels wide, for the README. `exhibit` gives
/// the exhibit of a name.
example::Picture draw_overview(const std::function<Exhibit(const std::string&)>& exhibit);

}  // namespace gallery
