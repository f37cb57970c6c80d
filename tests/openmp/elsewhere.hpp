// SPDX-License-Identifier: MIT
#pragma once

/// A loop over the same body in a file that is compiled without OpenMP.
void loop_without_openmp(int count, void (*body)(int));
