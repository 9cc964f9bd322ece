# SPDX-License-Identifier: BSD-3-Clause
# ctest -L desktop: each plug-in in its host's library. desktop_programs (make check-desktop) needs the programs
# themselves, and a minute.

function(flowzip_desktop_test name timeout)
  add_test(NAME desktop_${name} COMMAND ${ARGN})
  set_tests_properties(desktop_${name} PROPERTIES TIMEOUT ${timeout} LABELS desktop)
endfunction()

function(flowzip_desktop_program name source)
  add_executable(${name} "tests/${source}")
  target_link_libraries(${name} PRIVATE flowzip_flags flowzip_shared ZLIB::ZLIB ${ARGN})
  target_include_directories(${name} SYSTEM PRIVATE "${XXHASH_INCLUDE_DIR}")
  add_dependencies(desktop ${name})
endfunction()

set(test_arguments $<TARGET_FILE:flowzip> "${PROJECT_SOURCE_DIR}")
if(TARGET pixbufloader-flowzip)
  flowzip_desktop_program(pixbuf_test pixbuf_test.cc PkgConfig::GDK_PIXBUF)
  flowzip_desktop_test(gdk_pixbuf 600 "${CMAKE_CURRENT_SOURCE_DIR}/tests/plugin_test.sh" gdk-pixbuf
    $<TARGET_FILE:pixbuf_test> $<TARGET_FILE:pixbufloader-flowzip> ${test_arguments})
endif()
foreach(version 5 6)
  if(TARGET qt${version}-flowzip)
    flowzip_desktop_program(qt${version}_test qt_test.cc Qt${version}::Gui)
    flowzip_desktop_test(qt${version} 600 "${CMAKE_CURRENT_SOURCE_DIR}/tests/plugin_test.sh" qt
      $<TARGET_FILE:qt${version}_test> $<TARGET_FILE:qt${version}-flowzip> ${test_arguments})
  endif()
endforeach()
find_program(VIPS_COMMAND vips)
find_program(TIME_COMMAND time)
if(TARGET vips-flowzip AND VIPS_COMMAND AND TIME_COMMAND)
  flowzip_desktop_program(make_file make_file.cc)
  flowzip_desktop_test(vips 900 "${CMAKE_CURRENT_SOURCE_DIR}/tests/vips_test.sh"
    $<TARGET_FILE:make_file> $<TARGET_FILE:vips-flowzip> ${test_arguments})
endif()
if(FLOWZIP_DESKTOP_PROGRAMS)
  flowzip_desktop_test(programs 900 "${CMAKE_CURRENT_SOURCE_DIR}/tests/desktop_test.sh"
    "${PROJECT_BINARY_DIR}" ${test_arguments})
endif()
