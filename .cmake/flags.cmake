# SPDX-License-Identifier: MIT
# gsteer.flags: how this project compiles its own programs.
include(CheckCXXCompilerFlag)
include(CheckCXXSourceRuns)

add_library(gsteer.flags INTERFACE)

if(MSVC)
  set(GSTEER_WARNINGS /W4)
  set(werror /WX)
else()
  # In C++, g++ does not count the conversion of signs among those of -Wconversion; clang does.
  set(GSTEER_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion)
  set(werror -Werror)
endif()
target_compile_options(gsteer.flags INTERFACE ${GSTEER_WARNINGS} $<$<BOOL:${GSTEER_WERROR}>:${werror}>)

# On x86-64, Eigen 3.4 is faster with AVX2 than with the AVX-512 that -march=native would turn on.
if(GSTEER_NATIVE AND NOT MSVC AND NOT CMAKE_CROSSCOMPILING)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$")
    set(CMAKE_REQUIRED_FLAGS -march=x86-64-v3)
    check_cxx_source_runs("
      int main() {
        __builtin_cpu_init();
        return __builtin_cpu_supports(\"avx2\") && __builtin_cpu_supports(\"fma\") && __builtin_cpu_supports(\"bmi2\") ? 0 : 1;
      }" GSTEER_RUNS_X86_64_V3)
    unset(CMAKE_REQUIRED_FLAGS)
    if(GSTEER_RUNS_X86_64_V3)
      target_compile_options(gsteer.flags INTERFACE -march=x86-64-v3)
    endif()
  else()
    check_cxx_compiler_flag(-mcpu=native GSTEER_HAS_MCPU_NATIVE)
    if(GSTEER_HAS_MCPU_NATIVE)
      target_compile_options(gsteer.flags INTERFACE -mcpu=native)
    else()
      check_cxx_compiler_flag(-march=native GSTEER_HAS_MARCH_NATIVE)
      if(GSTEER_HAS_MARCH_NATIVE)
        target_compile_options(gsteer.flags INTERFACE -march=native)
      endif()
    endif()
  endif()
endif()

# gsteer.openmp: OpenMP, if it is found, for benchmarks; any program of a user's can do the same. Tests and examples have
# threads of the library's own, but for those of OpenMP: its threads spin while they wait, at the cost of other programs.
# The sanitizer of threads does not see how g++'s OpenMP synchronizes them.
if(NOT GSTEER_SANITIZE MATCHES "thread")
  find_package(OpenMP QUIET COMPONENTS CXX)
endif()
add_library(gsteer.openmp INTERFACE)
if(GSTEER_OPENMP)
  target_link_libraries(gsteer.openmp INTERFACE $<TARGET_NAME_IF_EXISTS:OpenMP::OpenMP_CXX>)
endif()

if(GSTEER_SANITIZE)
  target_compile_options(gsteer.flags INTERFACE
    -fsanitize=${GSTEER_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g1)
  target_link_options(gsteer.flags INTERFACE -fsanitize=${GSTEER_SANITIZE})
endif()
