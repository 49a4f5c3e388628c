# Links libtorch from a folder with include/ and lib/ (the `torch` folder of a pip wheel, or a libtorch zip).
# find_package(Torch) is avoided on purpose: against a CUDA build it insists on a CUDA toolkit of the same version.
set(SPARRING_LIBTORCH "$ENV{LIBTORCH}" CACHE PATH "libtorch: the folder that holds include/ and lib/")
if(NOT SPARRING_LIBTORCH)
  message(FATAL_ERROR "Expected SPARRING_LIBTORCH to name a libtorch folder (include/, lib/); run `npm run setup`, which finds one")
endif()

# Anew each time: what a build folder remembers may be another libtorch's.
foreach(remembered LIBTORCH_INCLUDE LIBTORCH_CPU LIBTORCH_C10)
  unset(${remembered} CACHE)
endforeach()
find_path(LIBTORCH_INCLUDE torch/csrc/api/include/torch/version.h
  PATHS "${SPARRING_LIBTORCH}/include" NO_DEFAULT_PATH REQUIRED)
find_library(LIBTORCH_CPU torch_cpu PATHS "${SPARRING_LIBTORCH}/lib" NO_DEFAULT_PATH REQUIRED)
find_library(LIBTORCH_C10 c10 PATHS "${SPARRING_LIBTORCH}/lib" NO_DEFAULT_PATH REQUIRED)
get_filename_component(LIBTORCH_LIBDIR "${LIBTORCH_CPU}" DIRECTORY)

# The numbers moved from torch/version.h to torch/headeronly/version.h on the way.
foreach(candidate torch/headeronly/version.h torch/csrc/api/include/torch/version.h)
  if(EXISTS "${LIBTORCH_INCLUDE}/${candidate}")
    file(STRINGS "${LIBTORCH_INCLUDE}/${candidate}" numbers REGEX "#define TORCH_VERSION_(MAJOR|MINOR|PATCH) ")
    if(numbers)
      break()
    endif()
  endif()
endforeach()
string(REGEX REPLACE "[^;]*MAJOR ([0-9]+);[^;]*MINOR ([0-9]+);[^;]*PATCH ([0-9]+).*" "\\1.\\2.\\3" LIBTORCH_VERSION "${numbers}")
if(LIBTORCH_VERSION VERSION_LESS 2.11 OR LIBTORCH_VERSION VERSION_GREATER_EQUAL 2.15)
  message(FATAL_ERROR "Expected libtorch 2.11 to 2.14 for SPARRING_LIBTORCH but received ${LIBTORCH_VERSION} in ${SPARRING_LIBTORCH}")
endif()
message(STATUS "libtorch ${LIBTORCH_VERSION} in ${SPARRING_LIBTORCH}")

add_library(libtorch INTERFACE)
target_include_directories(libtorch SYSTEM INTERFACE "${LIBTORCH_INCLUDE}" "${LIBTORCH_INCLUDE}/torch/csrc/api/include")
target_link_libraries(libtorch INTERFACE "${LIBTORCH_CPU}" "${LIBTORCH_C10}" ${CMAKE_DL_LIBS})
target_compile_definitions(libtorch INTERFACE SPARRING_LIBTORCH_VERSION="${LIBTORCH_VERSION}")

# Without OpenMP at::parallel_for is a plain loop, and nothing says so. The library is libtorch's own: a second one would
# have threads of its own.
file(GLOB openmp "${LIBTORCH_LIBDIR}/libgomp*.so*" "${SPARRING_LIBTORCH}/../torch.libs/libgomp*.so*")
if(openmp)
  list(GET openmp 0 openmp)
  get_filename_component(LIBTORCH_OPENMP_LIBDIR "${openmp}" DIRECTORY)
else()
  set(openmp -fopenmp)
endif()
target_compile_options(libtorch INTERFACE -fopenmp)
target_link_libraries(libtorch INTERFACE "${openmp}")
