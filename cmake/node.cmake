# Node-API headers: from cmake-js where it drives the build, else from the installed packages.
if(NOT CMAKE_JS_INC)
  foreach(expression "require('node-api-headers').include_dir" "require('node-addon-api').include_dir")
    execute_process(COMMAND node -p "require('path').resolve(${expression})"
      WORKING_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" OUTPUT_VARIABLE directory
      OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
    list(APPEND CMAKE_JS_INC "${directory}")
  endforeach()
endif()

add_library(node_api INTERFACE)
target_include_directories(node_api SYSTEM INTERFACE ${CMAKE_JS_INC})
# Without CPP_EXCEPTIONS_ALL a std::exception in a synchronous method aborts the process.
target_compile_definitions(node_api INTERFACE NAPI_VERSION=8 NODE_ADDON_API_CPP_EXCEPTIONS NODE_ADDON_API_CPP_EXCEPTIONS_ALL
  # A worker that is being terminated lets nothing be thrown: without this, that aborts the process.
  NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS)
