# How every part of lobflow is compiled, and the functions that declare modules and tests.

add_library(lf_flags INTERFACE)
target_include_directories(lf_flags INTERFACE ${CMAKE_SOURCE_DIR}/include)
target_compile_definitions(lf_flags INTERFACE _GNU_SOURCE)
target_compile_options(lf_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror
    $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes -Wmissing-prototypes>
    # Results must be the same on every machine: no fused multiply-add, no reordering.
    -ffp-contract=off -fno-math-errno
    # Nobody puts other functions in the place of ours, so our own calls need no detour.
    -fno-semantic-interposition)
# For modules that copy and clear small structs at every event: gcc does it by a string instruction,
# which takes longer to begin than most of them take to copy.
if(CMAKE_C_COMPILER_ID STREQUAL "GNU" AND CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    set(LF_PLAIN_COPIES
        -mmemcpy-strategy=libcall:-1:noalign -mmemset-strategy=libcall:-1:noalign)
endif()
if(LOBFLOW_SANITIZE)
    target_compile_options(lf_flags INTERFACE
        -fsanitize=${LOBFLOW_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(lf_flags INTERFACE -fsanitize=${LOBFLOW_SANITIZE})
endif()

find_package(PkgConfig REQUIRED)

# lf_module(NAME [NEEDS module...] [LINK library...] [EXTERNAL pkg-config-module...])
#
# Builds src/NAME/*.c (without *_test.c and *_bench.c) into an object library and each *_test.c
# into a test program. NEEDS is the layer rule: tools/check_layers.py refuses an include of any
# other module's header, and this list is what it reads.
function(lf_module name)
    cmake_parse_arguments(ARG "" "" "NEEDS;LINK;EXTERNAL" ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.c)
    file(GLOB tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*_test.c)
    if(tests)
        list(REMOVE_ITEM sources ${tests})
    endif()

    if(NOT sources) # not written yet
        file(WRITE ${CMAKE_BINARY_DIR}/empty/${name}.c "typedef int lfi_${name}_empty;\n")
        set(sources ${CMAKE_BINARY_DIR}/empty/${name}.c)
    endif()
    add_library(lf_${name} OBJECT ${sources})
    target_compile_definitions(lf_${name} PRIVATE LOBFLOW_BUILDING)
    target_link_libraries(lf_${name} PUBLIC lf_flags)
    set(libraries m ${ARG_LINK})
    foreach(external IN LISTS ARG_EXTERNAL)
        string(MAKE_C_IDENTIFIER ${external} id)
        pkg_check_modules(${id} REQUIRED IMPORTED_TARGET GLOBAL ${external})
        target_link_libraries(lf_${name} PUBLIC PkgConfig::${id})
        list(APPEND libraries PkgConfig::${id})
    endforeach()

    # All a test links: its own module's objects and those of everything below it.
    set(closure ${name})
    foreach(need IN LISTS ARG_NEEDS)
        get_property(below GLOBAL PROPERTY lf_closure_${need})
        list(APPEND closure ${below})
        get_property(below GLOBAL PROPERTY lf_libraries_${need})
        list(APPEND libraries ${below})
    endforeach()
    list(REMOVE_DUPLICATES closure)
    list(REMOVE_DUPLICATES libraries)
    set_property(GLOBAL PROPERTY lf_closure_${name} ${closure})
    set_property(GLOBAL PROPERTY lf_libraries_${name} ${libraries})
    set_property(GLOBAL APPEND PROPERTY lf_modules ${name})

    if(LOBFLOW_TESTS)
        foreach(test IN LISTS tests)
            get_filename_component(stem ${test} NAME_WE)
            lf_test(${name}_${stem} SOURCES ${test} MODULES ${name})
        endforeach()
    endif()
endfunction()

# lf_objects(TARGET module...): link the objects of modules and all below them into TARGET.
function(lf_objects target)
    set(closure "")
    set(libraries "")
    foreach(module IN LISTS ARGN)
        get_property(below GLOBAL PROPERTY lf_closure_${module})
        list(APPEND closure ${below})
        get_property(below GLOBAL PROPERTY lf_libraries_${module})
        list(APPEND libraries ${below})
    endforeach()
    list(REMOVE_DUPLICATES closure)
    list(REMOVE_DUPLICATES libraries)
    foreach(module IN LISTS closure)
        target_sources(${target} PRIVATE $<TARGET_OBJECTS:lf_${module}>)
    endforeach()
    target_link_libraries(${target} PRIVATE lf_flags ${libraries} ${CMAKE_DL_LIBS})
endfunction()

# lf_test(NAME SOURCES file... MODULES module...): a cmocka program run by ctest. It gets the
# checkout's place, the tools it may start and the reference data folder (which may be absent).
function(lf_test name)
    cmake_parse_arguments(ARG "" "" "SOURCES;MODULES" ${ARGN})
    pkg_check_modules(cmocka REQUIRED IMPORTED_TARGET cmocka)
    add_executable(${name} ${ARG_SOURCES})
    lf_objects(${name} ${ARG_MODULES})
    target_link_libraries(${name} PRIVATE PkgConfig::cmocka)
    target_compile_definitions(${name} PRIVATE
        LOBFLOW_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
        LOBFLOW_BINARY_DIR="${CMAKE_BINARY_DIR}"
        LOBFLOW_SHARED_DIR="${CMAKE_SOURCE_DIR}/../shared")
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES TIMEOUT 300)
endfunction()
