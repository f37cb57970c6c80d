# SPDX-License-Identifier: MIT
# Dependencies: the installed package if there is one, else a download.
include(FetchContent)

# Finds a package of which only headers are used, or downloads it and defines `target` by its folder `include`.
# The rest of the arguments is FetchContent_Declare's. Its own CMake files are not run (SOURCE_SUBDIR names no folder).
function(gsteer_find_headers package target include)
  if(TARGET ${target})
    return()
  endif()
  FetchContent_Declare(${package} SOURCE_SUBDIR headers-only ${ARGN})
  FetchContent_MakeAvailable(${package})
  if(NOT TARGET ${target})
    string(TOLOWER ${package} name)
    add_library(${target} INTERFACE IMPORTED GLOBAL)
    target_include_directories(${target} INTERFACE ${${name}_SOURCE_DIR}/${include})
  endif()
endfunction()

function(gsteer_find_eigen)
  if(NOT TARGET Eigen3::Eigen AND NOT DEFINED FETCHCONTENT_SOURCE_DIR_EIGEN3)
    find_package(Eigen3 3.4 QUIET)  # its version file rejects ranges such as 3.4...5
    if(NOT TARGET Eigen3::Eigen)
      find_package(Eigen3 5 QUIET)
    endif()
  endif()
  gsteer_find_headers(Eigen3 Eigen3::Eigen ""
    URL https://gitlab.com/libeigen/eigen/-/archive/3.4.0/eigen-3.4.0.tar.gz
    FIND_PACKAGE_ARGS 3.4)
endfunction()

function(gsteer_find_json)
  gsteer_find_headers(nlohmann_json nlohmann_json::nlohmann_json include
    URL https://github.com/nlohmann/json/releases/download/v3.11.3/json.tar.xz
    FIND_PACKAGE_ARGS 3.9)
endfunction()

function(gsteer_find_cli11)
  gsteer_find_headers(CLI11 CLI11::CLI11 include
    URL https://github.com/CLIUtils/CLI11/archive/refs/tags/v2.4.2.tar.gz
    FIND_PACKAGE_ARGS 2.1)
endfunction()

# gsteer.stb: #include <stb/stb_image_write.h>
function(gsteer_find_stb)
  if(TARGET gsteer.stb)
    return()
  endif()
  find_path(GSTEER_STB_INCLUDE_DIR stb/stb_image_write.h)
  set(folder ${GSTEER_STB_INCLUDE_DIR})
  if(NOT folder)
    set(folder ${FETCHCONTENT_BASE_DIR}/stb-include)
    FetchContent_Declare(stb SOURCE_DIR ${folder}/stb SOURCE_SUBDIR headers-only
      URL https://github.com/nothings/stb/archive/5c205738c191bcb0abc65c4febfa9bd25ff35234.tar.gz)
    FetchContent_MakeAvailable(stb)
  endif()
  add_library(gsteer.stb INTERFACE IMPORTED GLOBAL)
  target_include_directories(gsteer.stb INTERFACE ${folder})
endfunction()

# Catch2::Catch2WithMain, of version 2 or 3.
function(gsteer_find_catch2)
  if(NOT TARGET Catch2::Catch2)
    FetchContent_Declare(Catch2
      URL https://github.com/catchorg/Catch2/archive/refs/tags/v3.7.1.tar.gz
      FIND_PACKAGE_ARGS)
    FetchContent_MakeAvailable(Catch2)
  endif()
  if(NOT TARGET Catch2::Catch2WithMain)  # some packages of version 2 leave it out
    file(CONFIGURE OUTPUT catch_main.cpp CONTENT "#define CATCH_CONFIG_MAIN\n#include <catch2/catch.hpp>\n")
    add_library(gsteer.tests.main STATIC ${CMAKE_CURRENT_BINARY_DIR}/catch_main.cpp)
    target_link_libraries(gsteer.tests.main PUBLIC Catch2::Catch2)
    add_library(Catch2::Catch2WithMain ALIAS gsteer.tests.main)
  endif()
endfunction()

function(gsteer_find_benchmark)
  if(NOT TARGET benchmark::benchmark)
    set(BENCHMARK_ENABLE_TESTING OFF)
    set(BENCHMARK_ENABLE_INSTALL OFF)
    FetchContent_Declare(benchmark
      URL https://github.com/google/benchmark/archive/refs/tags/v1.9.1.tar.gz
      FIND_PACKAGE_ARGS)
    FetchContent_MakeAvailable(benchmark)
  endif()
endfunction()

# gsteer.onednn and gsteer.pytorch: whom the benchmarks compare with. Too large to be downloaded: they are there or not.
function(gsteer_find_peers)
  find_package(OpenMP QUIET)  # by which oneDNN is told the number of threads
  find_path(GSTEER_ONEDNN_INCLUDE_DIR oneapi/dnnl/dnnl.hpp)  # Debian's dnnl-config.cmake fails without OpenCL's headers
  find_library(GSTEER_ONEDNN_LIBRARY dnnl)
  if(GSTEER_ONEDNN_INCLUDE_DIR AND GSTEER_ONEDNN_LIBRARY AND TARGET OpenMP::OpenMP_CXX)
    add_library(gsteer.onednn INTERFACE IMPORTED)
    target_include_directories(gsteer.onednn INTERFACE ${GSTEER_ONEDNN_INCLUDE_DIR})
    target_link_libraries(gsteer.onednn INTERFACE ${GSTEER_ONEDNN_LIBRARY} OpenMP::OpenMP_CXX)
  else()
    message(STATUS "oneDNN not found: the benchmarks do without it")
  endif()
  find_package(Torch QUIET)
  if(TARGET torch)
    add_library(gsteer.pytorch INTERFACE IMPORTED)
    target_link_libraries(gsteer.pytorch INTERFACE ${TORCH_LIBRARIES})
  else()
    message(STATUS "PyTorch's C++ library not found: the benchmarks do without it")
  endif()
endfunction()
