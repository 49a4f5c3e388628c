# build.json beside the outputs says of what they were made. It goes when one of them is about to be replaced, and not
# before: where a source does not compile, or the build is ended early, what is there is what build.json says.
function(sparring_stamped)
  foreach(target ${ARGN})
    if(TARGET ${target})
      add_custom_command(TARGET ${target} PRE_LINK
        COMMAND ${CMAKE_COMMAND} -E rm -f "${SPARRING_OUTPUT}/build.json" VERBATIM)
    endif()
  endforeach()
endfunction()
