# SPDX-License-Identifier: MIT
# Compiles every public header on its own, every warning an error. BUILD is kept, so that a second run is quick.
string(REPLACE "|" ";" PREFIX_PATH "${PREFIX_PATH}")
set(fetched "")
if(FETCHED_EIGEN)
  set(fetched -DFETCHCONTENT_SOURCE_DIR_EIGEN3=${FETCHED_EIGEN})
endif()
execute_process(COMMAND ${CMAKE_COMMAND} -S ${GSTEER} -B ${BUILD} -G ${GENERATOR}
  -DCMAKE_MAKE_PROGRAM=${MAKE_PROGRAM} -DCMAKE_CXX_COMPILER=${COMPILER} "-DCMAKE_PREFIX_PATH=${PREFIX_PATH}" ${fetched}
  -DCMAKE_BUILD_TYPE=Debug "-DCMAKE_CXX_FLAGS=${FLAGS}" -DGSTEER_BUILD_TESTS=OFF -DGSTEER_BUILD_EXAMPLES=OFF
  COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} --build ${BUILD} --parallel 2 --target all_verify_interface_header_sets
  COMMAND_ERROR_IS_FATAL ANY)
