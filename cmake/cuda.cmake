# native/cuda as a library of its own, where libtorch is a CUDA build and CUDA's headers are there: from
# CUDA_HOME, the wheels beside it (site-packages/nvidia), the toolkit of the nvcc on the PATH or /usr/local/cuda, if that
# is the CUDA that libtorch is linked to.
set(SPARRING_CUDA ON CACHE STRING
  "Build native/cuda: ON leaves it out where libtorch is a CPU build or CUDA's headers are missing, REQUIRED does not, OFF always")
set(SPARRING_CUDA_FOUND OFF)
# All is looked for anew each time: what a build folder remembers may be another CUDA's.
foreach(remembered LIBTORCH_CUDA LIBTORCH_C10_CUDA NVCC CUDA_INCLUDE CUDA_CRT_INCLUDE CUDA_CCCL_INCLUDE CUDA_RUNTIME
    NVRTC_INCLUDE NVRTC_LIBRARY NCCL_INCLUDE)
  unset(${remembered} CACHE)
endforeach()
find_library(LIBTORCH_CUDA torch_cuda PATHS "${LIBTORCH_LIBDIR}" NO_DEFAULT_PATH)
find_library(LIBTORCH_C10_CUDA c10_cuda PATHS "${LIBTORCH_LIBDIR}" NO_DEFAULT_PATH)
set(left_out STATUS)
if(SPARRING_CUDA STREQUAL REQUIRED)
  set(left_out FATAL_ERROR)
endif()
if(NOT SPARRING_CUDA)
  return()
elseif(NOT LIBTORCH_CUDA)
  message(${left_out} "native/cuda is left out: the libtorch in ${LIBTORCH_LIBDIR} is a CPU build")
  return()
endif()

# By its own word: what is on the PATH may be a link or a script, with the toolkit elsewhere.
set(toolkit "")
find_program(NVCC nvcc)
if(NVCC)
  execute_process(COMMAND "${NVCC}" -v none OUTPUT_VARIABLE said ERROR_VARIABLE said)
  if(said MATCHES "#\\$ TOP=([^\r\n]+)")
    get_filename_component(toolkit "${CMAKE_MATCH_1}" ABSOLUTE)
  endif()
endif()

get_filename_component(packages "${LIBTORCH_LIBDIR}/../.." ABSOLUTE)
file(GLOB nvidia "${packages}/nvidia/cu1[0-9]" "${packages}/nvidia/cuda_runtime")
set(places "$ENV{CUDA_HOME}" ${nvidia} ${toolkit} /usr/local/cuda)
# Those of the CUDA that libtorch is linked to: a toolkit of another one, as CUDA_HOME or /usr/local/cuda may be, would
# bring a second runtime into the process, or none that the loader finds.
set(wanted "CUDA")
file(STRINGS "${LIBTORCH_C10_CUDA}" runtime REGEX "^libcudart\\.so\\.[0-9]+$" LIMIT_COUNT 1)
if(runtime)
  set(wanted "the CUDA of ${runtime}")
  set(all ${places})
  set(places "")
  foreach(place ${all})
    if(EXISTS "${place}/lib/${runtime}" OR EXISTS "${place}/lib64/${runtime}")
      list(APPEND places "${place}")
    endif()
  endforeach()
endif()
# crt/host_defines.h and nv/target are packages of their own since CUDA 13: without them nothing of c10/cuda compiles.
find_path(CUDA_INCLUDE cuda_runtime_api.h PATHS ${places} PATH_SUFFIXES include NO_DEFAULT_PATH)
find_path(CUDA_CRT_INCLUDE crt/host_defines.h PATHS ${places} PATH_SUFFIXES include NO_DEFAULT_PATH)
find_path(CUDA_CCCL_INCLUDE nv/target PATHS ${places} PATH_SUFFIXES include include/cccl NO_DEFAULT_PATH)
# pip's runtime has no name without a version.
find_library(CUDA_RUNTIME NAMES ${runtime} cudart libcudart.so.13 libcudart.so.12 PATHS ${places} PATH_SUFFIXES lib lib64
  NO_DEFAULT_PATH)
foreach(needed CUDA_INCLUDE CUDA_CRT_INCLUDE CUDA_CCCL_INCLUDE CUDA_RUNTIME)
  if(NOT ${needed})
    message(${left_out} "native/cuda is left out: ${needed} of ${wanted} was not found (pip: nvidia-cuda-runtime, nvidia-cuda-crt, nvidia-cuda-cccl)")
    return()
  endif()
endforeach()
set(SPARRING_CUDA_FOUND ON)

# Kernels are compiled where they run, by the NVRTC that libtorch_cuda is linked to: its header is needed, and their
# source as one text.
find_path(NVRTC_INCLUDE nvrtc.h PATHS ${places} "${packages}/nvidia/cuda_nvrtc" PATH_SUFFIXES include NO_DEFAULT_PATH)
file(GLOB cuda_sources CONFIGURE_DEPENDS native/cuda/*.cc)
find_library(NVRTC_LIBRARY NAMES libnvrtc.so.13 libnvrtc.so.12 nvrtc PATHS ${places} "${packages}/nvidia/cuda_nvrtc"
  PATH_SUFFIXES lib lib64 NO_DEFAULT_PATH)
if(NOT NVRTC_INCLUDE)
  list(FILTER cuda_sources EXCLUDE REGEX "/compiler.cc$")
  message(STATUS "native/cuda is without kernels of its own: nvrtc.h was not found (pip: nvidia-cuda-nvrtc)")
endif()
file(GLOB kernel_headers CONFIGURE_DEPENDS native/cuda/kernels/*.h)
file(GLOB kernel_files CONFIGURE_DEPENDS native/cuda/kernels/*.cu)
list(PREPEND kernel_files ${kernel_headers})
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${kernel_files})
set(kernel_sources "")
foreach(file ${kernel_files})
  file(READ "${file}" source)
  string(APPEND kernel_sources "${source}")
endforeach()
file(CONFIGURE OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/generated/kernel_sources.h" @ONLY NEWLINE_STYLE UNIX
  CONTENT "#pragma once\nstatic const char kKernelSources[] = R\"cuda(@kernel_sources@)cuda\";\n")

add_library(sparring_cuda SHARED ${cuda_sources})
if(NVRTC_INCLUDE)
  target_include_directories(sparring_cuda PRIVATE "${CMAKE_CURRENT_BINARY_DIR}/generated")
  target_include_directories(sparring_cuda SYSTEM PRIVATE "${NVRTC_INCLUDE}")
  target_compile_definitions(sparring_cuda PRIVATE SPARRING_NVRTC)
  # Where no libtorch_cuda that needs it has loaded it already: the loader does not look into the wheels.
  if(NVRTC_LIBRARY)
    get_filename_component(NVRTC_LIBDIR "${NVRTC_LIBRARY}" DIRECTORY)
    set_property(TARGET sparring_cuda APPEND PROPERTY INSTALL_RPATH "${NVRTC_LIBDIR}")
  endif()
endif()
target_include_directories(sparring_cuda PRIVATE native)
target_include_directories(sparring_cuda SYSTEM PRIVATE "${CUDA_INCLUDE}" "${CUDA_CRT_INCLUDE}" "${CUDA_CCCL_INCLUDE}")
target_include_directories(sparring_cuda SYSTEM BEFORE PRIVATE native/cuda/names)
target_compile_options(sparring_cuda PRIVATE -Wall -Wextra)
# From where on libtorch drops cuBLAS's workspaces with a graph: not by its version, as it came between two.
file(STRINGS "${LIBTORCH_INCLUDE}/ATen/cuda/CUDAContextLight.h" drops_workspaces REGEX clearCublasWorkspacesForStream)
if(drops_workspaces)
  target_compile_definitions(sparring_cuda PRIVATE SPARRING_DROPS_WORKSPACES)
endif()
# The linker would leave out libtorch_cuda, whose symbols only its own static initialisers need; what libtorch_cuda
# itself needs (cuDNN, cuBLAS, ...) is found by its own rpath when it is loaded.
target_link_libraries(sparring_cuda PRIVATE libtorch -Wl,--no-as-needed "${LIBTORCH_CUDA}" "${LIBTORCH_C10_CUDA}"
  -Wl,--as-needed "${CUDA_RUNTIME}" -Wl,--no-undefined -Wl,--allow-shlib-undefined)
# Only its header, that of the wheel before any other: the library is what libtorch_cuda itself is linked to.
find_path(NCCL_INCLUDE nccl.h PATHS "${packages}/nvidia/nccl" "$ENV{CUDA_HOME}" /usr/local/cuda /usr PATH_SUFFIXES include NO_DEFAULT_PATH)
if(NCCL_INCLUDE)
  target_include_directories(sparring_cuda SYSTEM BEFORE PRIVATE "${NCCL_INCLUDE}")
  target_compile_definitions(sparring_cuda PRIVATE SPARRING_NCCL)
else()
  message(STATUS "native/cuda is without NCCL: nccl.h was not found (pip: nvidia-nccl-cu13)")
endif()
message(STATUS "native/cuda with CUDA's headers in ${CUDA_INCLUDE}")
