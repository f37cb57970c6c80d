# SPDX-License-Identifier: MIT
# HOW=install: installs the build INSTALL under BUILD/stage. Any other HOW: configures, builds and runs the consumer.
if(HOW STREQUAL "install")
  file(REMOVE_RECURSE ${BUILD}/stage)
  execute_process(COMMAND ${CMAKE_COMMAND} --install ${INSTALL} --prefix ${BUILD}/stage COMMAND_ERROR_IS_FATAL ANY)
  return()
endif()

string(REPLACE "|" ";" PREFIX_PATH "${PREFIX_PATH}")
set(options "")
if(HOW STREQUAL "find_package_without_json")
  list(APPEND options -DCMAKE_DISABLE_FIND_PACKAGE_nlohmann_json=ON)
elseif(HOW STREQUAL "fetch_content")
  list(APPEND options -DFETCHCONTENT_SOURCE_DIR_GSTEER=${GSTEER})
endif()
if(HOW MATCHES "find_package")
  list(PREPEND PREFIX_PATH ${BUILD}/stage)
elseif(FETCHED_EIGEN)
  list(APPEND options -DFETCHCONTENT_SOURCE_DIR_EIGEN3=${FETCHED_EIGEN})
endif()

file(REMOVE_RECURSE ${BUILD}/${HOW})
execute_process(COMMAND ${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR} -B ${BUILD}/${HOW} -G ${GENERATOR}
  -DCMAKE_MAKE_PROGRAM=${MAKE_PROGRAM} -DCMAKE_CXX_COMPILER=${COMPILER} "-DCMAKE_PREFIX_PATH=${PREFIX_PATH}"
  -DCMAKE_BUILD_TYPE=Debug -DCONSUMER_HOW=${HOW} -DCONSUMER_GSTEER=${GSTEER} ${options}
  COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} --build ${BUILD}/${HOW} COMMAND_ERROR_IS_FATAL ANY)
set(programs consumer)
if(NOT HOW STREQUAL "find_package_without_json")
  list(APPEND programs consumer_io)
endif()
foreach(program IN LISTS programs)
  execute_process(COMMAND ${BUILD}/${HOW}/${program} WORKING_DIRECTORY ${BUILD}/${HOW} COMMAND_ERROR_IS_FATAL ANY)
endforeach()
