# Pages as C files: web/ and what npm fetches into web/node_modules once. Afterwards a build needs
# neither npm nor the network.

# lf_page(TARGET PAGE PREFIX): add web/PAGE.html to a target, as PREFIX_parts and PREFIX_part_bytes.
function(lf_page target page prefix)
    set(out ${CMAKE_BINARY_DIR}/page/${page}_page.c)
    file(GLOB parts CONFIGURE_DEPENDS
        ${CMAKE_SOURCE_DIR}/web/*.html ${CMAKE_SOURCE_DIR}/web/*.css ${CMAKE_SOURCE_DIR}/web/*.js)
    add_custom_command(OUTPUT ${out}
        COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/tools/make_page.py ${page} ${prefix} ${out}
            --venv ${LOBFLOW_VENV}
        DEPENDS ${parts} ${CMAKE_SOURCE_DIR}/web/package-lock.json
            ${CMAKE_SOURCE_DIR}/tools/make_page.py ${CMAKE_SOURCE_DIR}/tools/fetch_web.py
        COMMENT "Putting the page ${page} together"
        VERBATIM)
    target_sources(${target} PRIVATE ${out})
endfunction()
