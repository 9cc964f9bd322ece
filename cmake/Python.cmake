# SPDX-License-Identifier: BSD-3-Clause
# The Python package (python/): laid out in the build folder, where the tests use it, with the
# library inside; `pip install ./python` makes the same (python/setup.py). It is installed only if
# FLOWZIP_PYTHON_DIR says where to, and without the library, which it then finds in the system:
# for packages of distributions.

set(FLOWZIP_PYTHON_DIR "" CACHE STRING
    "Where to install the Python package, as lib/python3/dist-packages; empty: nowhere")

set(source "${CMAKE_CURRENT_SOURCE_DIR}/python")
set(FLOWZIP_PYTHON_BUILD "${CMAKE_CURRENT_BINARY_DIR}/python")
set(dist_info "flowzip-${PROJECT_VERSION}.dist-info")
file(CONFIGURE OUTPUT "${FLOWZIP_PYTHON_BUILD}/${dist_info}/METADATA" @ONLY CONTENT
"Metadata-Version: 2.1
Name: flowzip
Version: @PROJECT_VERSION@
Summary: Lossless image compression by an integer flow, for NumPy, Pillow and Zarr
License: BSD-3-Clause
Requires-Python: >=3.9
Requires-Dist: numpy
")
configure_file("${source}/entry_points.txt"
               "${FLOWZIP_PYTHON_BUILD}/${dist_info}/entry_points.txt" COPYONLY)

file(GLOB_RECURSE sources CONFIGURE_DEPENDS RELATIVE "${source}"
     "${source}/flowzip/*.py" "${source}/flowzip/py.typed")
set(outputs)
foreach(file ${sources})
  add_custom_command(OUTPUT "${FLOWZIP_PYTHON_BUILD}/${file}" DEPENDS "${source}/${file}"
    COMMAND "${CMAKE_COMMAND}" -E copy "${source}/${file}" "${FLOWZIP_PYTHON_BUILD}/${file}")
  list(APPEND outputs "${FLOWZIP_PYTHON_BUILD}/${file}")
  if(FLOWZIP_PYTHON_DIR)
    get_filename_component(folder "${file}" DIRECTORY)
    install(FILES "${source}/${file}" DESTINATION "${FLOWZIP_PYTHON_DIR}/${folder}"
            COMPONENT python)
  endif()
endforeach()
if(FLOWZIP_PYTHON_DIR)
  install(DIRECTORY "${FLOWZIP_PYTHON_BUILD}/${dist_info}" DESTINATION "${FLOWZIP_PYTHON_DIR}"
          COMPONENT python)
endif()
set(inside "${FLOWZIP_PYTHON_BUILD}/flowzip/$<TARGET_SONAME_FILE_NAME:flowzip_shared>")
add_custom_target(flowzip_python ALL DEPENDS ${outputs}
  COMMAND "${CMAKE_COMMAND}" -E copy_if_different "$<TARGET_FILE:flowzip_shared>" "${inside}")
add_dependencies(flowzip_python flowzip_shared)
