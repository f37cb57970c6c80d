# SPDX-License-Identifier: MIT
file(REMOVE_RECURSE pictures)

# Draws into pictures/new, which does not exist before, and leaves what the program printed in `output`.
function(draw expected)
  execute_process(COMMAND ${PROGRAM} --output pictures/new ${ARGN}
    RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(expected STREQUAL "passes" AND NOT result EQUAL 0)
    message(FATAL_ERROR "${ARGN}: exit code ${result}\n${output}")
  elseif(expected STREQUAL "fails" AND NOT result MATCHES "^[1-9][0-9]*$")  # nor may it crash
    message(FATAL_ERROR "${ARGN}: expected an error, got ${result}\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

draw(passes --pixels 16)
foreach(line
    "so2_trivial_irrep0.png: trivial -> irrep 0 of SO.2., dimension 4"
    "so2_trivial_irrep1.png: trivial -> irrep 1 of SO.2., dimension 6"
    "so2_trivial_irrep2.png: trivial -> irrep 2 of SO.2., dimension 6"
    "so2_trivial_irrep3.png: trivial -> irrep 3 of SO.2., dimension 2"
    "so2_irrep1_irrep1.png: irrep 1 -> irrep 1 of SO.2., dimension 10"
    "o2_vector_pseudoscalar.png: irrep 1,1 -> irrep 1,0 of O.2., dimension 3"
    "c8_trivial_regular.png: trivial -> regular of C8, dimension 11"
    "c4_regular_regular.png: regular -> regular of C4, dimension 24"
    "d4_trivial_regular.png: trivial -> regular of D4, dimension 11"
    "d4_scalar_pseudoscalar.png: irrep 0,0 -> irrep 1,0 of D4, dimension 1"
    "kernel_gallery.png: overview")
  if(NOT output MATCHES "${line}")
    message(FATAL_ERROR "expected a line '${line}' in\n${output}")
  endif()
endforeach()

file(GLOB pictures pictures/new/*)
list(LENGTH pictures count)
if(NOT count EQUAL 11)
  message(FATAL_ERROR "expected 11 pictures, got ${count}: ${pictures}")
endif()
foreach(picture IN LISTS pictures)
  file(READ ${picture} start LIMIT 16 HEX)
  file(SIZE ${picture} size)
  if(NOT start STREQUAL "89504e470d0a1a0a0000000d49484452" OR size LESS 500)
    message(FATAL_ERROR "${picture} is not a picture: ${size} bytes that begin with ${start}")
  endif()
endforeach()
file(SIZE pictures/new/kernel_gallery.png size)
if(size GREATER 200000)
  message(FATAL_ERROR "the overview is too large for a README: ${size} bytes")
endif()

file(REMOVE_RECURSE pictures)
draw(passes --only c8_trivial_regular --pixels 20)
file(GLOB pictures RELATIVE ${CMAKE_CURRENT_BINARY_DIR} pictures/new/*)
if(NOT pictures STREQUAL "pictures/new/c8_trivial_regular.png")
  message(FATAL_ERROR "--only: expected one picture, got ${pictures}")
endif()

draw(fails --only no_such_picture)
if(NOT output MATCHES "no_such_picture")
  message(FATAL_ERROR "an error should name what is wrong: ${output}")
endif()
draw(fails --pixels 0)
file(WRITE pictures/file "")
draw(fails --output pictures/file/below)
