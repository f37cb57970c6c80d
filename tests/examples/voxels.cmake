# SPDX-License-Identifier: MIT
# The example of volumes on a training of seconds: it runs, writes its picture, the steerable network answers the same however the
# lattice is turned, results do not depend on the number of threads, a resumed run ends in the weights of one that was not stopped,
# and files that are no volumes are refused.
function(run result)
  execute_process(COMMAND ${PROGRAM} ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE err)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "${PROGRAM} ${ARGN}: ${code}\n${out}\n${err}")
  endif()
  set(${result} "${out}" PARENT_SCOPE)
endfunction()
function(same a b why)
  execute_process(COMMAND ${CMAKE_COMMAND} -E compare_files ${a} ${b} RESULT_VARIABLE code)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "${a} and ${b} differ: ${why}")
  endif()
endfunction()
function(refuse message)
  execute_process(COMMAND ${PROGRAM} ${ARGN} RESULT_VARIABLE code OUTPUT_QUIET ERROR_VARIABLE err)
  if(code EQUAL 0 OR NOT err MATCHES "voxels: .*${message}")
    message(FATAL_ERROR "${ARGN}: ${code}, expected '${message}' in\n${err}")
  endif()
endfunction()

set(short --steps 2 --batch 4 --test 5 --no-cnn)
file(REMOVE one.safetensors two.safetensors killed.safetensors regions.png)
find_program(bash bash REQUIRED)  # to kill a run
run(out --quick --output regions.png)
if(NOT out MATCHES "O\\(3\\) +[0-9]+ parameters +upright +([0-9.]+) % +lattice +([0-9.]+) %")
  message(FATAL_ERROR "no result in\n${out}")
endif()
if(NOT CMAKE_MATCH_1 STREQUAL CMAKE_MATCH_2)
  message(FATAL_ERROR "the steerable network answers differently when the lattice is turned:\n${out}")
endif()
if(NOT out MATCHES "plain CNN +[0-9]+ parameters")
  message(FATAL_ERROR "no plain CNN in\n${out}")
endif()
file(READ regions.png magic LIMIT 8 HEX)
if(NOT magic STREQUAL "89504e470d0a1a0a")
  message(FATAL_ERROR "regions.png is no PNG")
endif()

run(out ${short} --epochs 2 --threads 1 --save one.safetensors)
run(out ${short} --epochs 2 --threads 2 --save two.safetensors)
same(one.safetensors two.safetensors "results depend on the number of threads")

# kill -9 as soon as there is a checkpoint, at whatever point the training then is.
execute_process(COMMAND ${bash} -c "
  '${PROGRAM}' --steps 2 --batch 4 --test 5 --no-cnn --epochs 2 --save killed.safetensors > killed.log 2>&1 &
  for i in $(seq 2000); do [ -s killed.safetensors ] && break; sleep 0.01; done
  kill -9 $! 2>/dev/null; wait $! 2>/dev/null; [ -s killed.safetensors ]"
  RESULT_VARIABLE code)
if(NOT code EQUAL 0)
  message(FATAL_ERROR "the run to be killed wrote no checkpoint")
endif()
run(out ${short} --epochs 2 --resume killed.safetensors --save killed.safetensors)
if(NOT out MATCHES "resumed after epoch [12]")
  message(FATAL_ERROR "not resumed:\n${out}")
endif()
if(NOT out MATCHES "resumed after epoch 2")
  same(one.safetensors killed.safetensors "a resumed run must end where one that was never killed does")
endif()

# The files that ship are what --make-cut makes of them.
file(MAKE_DIRECTORY cut)
run(out --make-cut cut)
foreach(name ch2bet aal)
  same(cut/${name}.nii ${DATA}/${name}.nii "a cut of the cut is the cut")
endforeach()

# Damaged volumes. (What is before the voxels is 352 bytes long, with zeros that cmake cannot write: other files stand in.)
file(MAKE_DIRECTORY broken)
file(COPY ${DATA}/aal.nii DESTINATION broken)
refuse("ch2bet.nii" --data broken)
file(WRITE broken/ch2bet.nii "short")
refuse("expected a header of 352 bytes, the file has 5" --data broken)
string(REPEAT "no volume " 100 text)
file(WRITE broken/ch2bet.nii "${text}")
refuse("expected a little-endian NIfTI-1 file" --data broken)
execute_process(COMMAND ${bash} -c "head -c 1000 '${DATA}/ch2bet.nii' > broken/ch2bet.nii")
refuse("voxels, the file ends after 648" --data broken)
execute_process(COMMAND ${bash} -c "gzip -c '${DATA}/ch2bet.nii' > broken/ch2bet.nii")
refuse("got a gzip archive: unpack it with gunzip" --data broken)
# One byte of the header changed: sizes, type of voxels, a reversed axis.
execute_process(COMMAND ${bash} -c "
  patched() { { head -c $1 '${DATA}/ch2bet.nii'; printf \"$2\"; tail -c +$(($1 + 2)) '${DATA}/ch2bet.nii'; } > $3/ch2bet.nii; }
  for name in size type axis grid; do mkdir -p $name; cp '${DATA}/aal.nii' $name; done
  patched 43 '\\xff' size; patched 70 '\\x04' type; patched 283 '\\xc0' axis; patched 294 '\\x40' grid")
refuse("expected sizes of 1 to 2048" --data size)
refuse("expected voxels of type 2" --data type)
refuse("expected axes to the right, the front and up" --data axis)
refuse("expected ch2bet.nii and aal.nii on one grid" --data grid)
refuse("regions.png" --resume regions.png)
