# SPDX-License-Identifier: BSD-3-Clause
# flowzip-train: tools/train/*.cc. Everything but main.cc is a library, for the tests.

file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/tools/train/*.cc")
set(main "${CMAKE_CURRENT_SOURCE_DIR}/tools/train/main.cc")
list(REMOVE_ITEM sources "${main}")
add_library(flowzip_trainer STATIC ${sources})
target_link_libraries(flowzip_trainer PUBLIC flowzip_flags flowzip_codec flowzip_files)
# The loops of training: vector exp and log, this machine's widest vectors, matrix units where there
# are any. Nothing of the codec is in these files.
option(FLOWZIP_TRAIN_NATIVE "Compile the trainer's loops for this machine" ON)
set(loop_flags -O3 -ffast-math)
if(FLOWZIP_TRAIN_NATIVE)
  list(APPEND loop_flags -march=native)
endif()
set_source_files_properties(tools/train/features.cc tools/train/gemm.cc tools/train/net.cc
                            PROPERTIES COMPILE_OPTIONS "${loop_flags}")

add_executable(flowzip-train "${main}")
target_link_libraries(flowzip-train PRIVATE flowzip_trainer CLI11::CLI11)
set_target_properties(flowzip-train PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")
