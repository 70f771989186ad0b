# The page of the report as a C file: web/ and uPlot, which npm fetches into web/node_modules once.
# Afterwards a build needs neither npm nor the network.

# lf_page(TARGET): add the page to an object library.
function(lf_page target)
    set(out ${CMAKE_BINARY_DIR}/page/report_page.c)
    file(GLOB parts CONFIGURE_DEPENDS
        ${CMAKE_SOURCE_DIR}/web/*.html ${CMAKE_SOURCE_DIR}/web/*.css ${CMAKE_SOURCE_DIR}/web/*.js)
    add_custom_command(OUTPUT ${out}
        COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/tools/make_page.py ${out} --venv ${LOBFLOW_VENV}
        DEPENDS ${parts} ${CMAKE_SOURCE_DIR}/web/package-lock.json
            ${CMAKE_SOURCE_DIR}/tools/make_page.py ${CMAKE_SOURCE_DIR}/tools/fetch_web.py
        COMMENT "Putting the page of the report together"
        VERBATIM)
    target_sources(${target} PRIVATE ${out})
endfunction()
