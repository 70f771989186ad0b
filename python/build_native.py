#!/usr/bin/env python3
"""Write the C source of lobflow's Python module from the public headers.

The headers are the one description of the library: the compiler's preprocessor expands them, what
cffi's parser does not take is cut out, and cffi makes a module for the stable ABI from the rest.

    build_native.py INCLUDE_FOLDER OUT.c
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import cffi

# Macros that Python needs by name.
CONSTANTS = (
    "LF_LEVELS_MAX", "LF_CONFIG_PATHS_MAX", "LF_MODEL_FEATURES_MAX", "LF_HEAD_COUNT",
    "LF_FEATURE_FITTED_COUNT",
)

# Called by the library while it works; defined in Python.
CALLBACKS = """
extern "Python" bool lobflow_on_progress(void *context, const char *stage, double share);
extern "Python" bool lobflow_on_share(void *context, double share);
extern "Python" bool lobflow_on_day(void *context, int32_t day, double share);
extern "Python" lf_status lobflow_on_decide(
    void *context, void *state, const lf_strategy_view *view, const double *features, lf_action *action);
extern "Python" void lobflow_on_sentence(void *context, const char *sentence);
"""

# The Arrow stream as a capsule: the consumer releases the stream, or the capsule does when it was
# never consumed.
CAPSULE = r"""
#include <Python.h>
#include <stdlib.h>
#include <lobflow/lobflow.h>

static void lobflow_capsule_end(PyObject *capsule)
{
    struct ArrowArrayStream *stream = PyCapsule_GetPointer(capsule, "arrow_array_stream");
    if (stream == NULL) {
        PyErr_Clear();
        return;
    }
    if (stream->release != NULL) {
        stream->release(stream);
    }
    free(stream);
}

static void *const lobflow_capsule_end_address = (void *)(uintptr_t)&lobflow_capsule_end;
/* A frame as a capsule's stream; NULL: error says why. The capsule owns the stream. */
static void *lobflow_stream_new(const lf_frame *frame, lf_error *error)
{
    struct ArrowArrayStream *stream = calloc(1, sizeof *stream);
    if (stream == NULL) {
        (void)lf_error_set(error, LF_NOMEM, "no memory for a stream of rows.");
        return NULL;
    }
    if (lf_frame_export(frame, stream, error) != LF_OK) {
        free(stream);
        return NULL;
    }
    return stream;
}
"""


def expand(include):
    """The public headers as plain declarations."""
    with tempfile.TemporaryDirectory() as folder:
        # Empty stand-ins: the system's own headers are not cffi's business.
        for name in ("assert.h", "stdarg.h", "stdbool.h", "stddef.h", "stdint.h", "stdio.h", "math.h", "string.h"):
            pathlib.Path(folder, name).write_text("")
        defines = ["-DLF_API=", "-DLF_MUST_CHECK=", "-DLF_PRINTF(a,b)=", "-Dstatic_assert(...)=",
                   "-DINT64_C(x)=x", "-DUINT64_C(x)=x", "-DINT8_C(x)=x", "-U__GNUC__"]
        return subprocess.run(
            [os.environ.get("CC", "cc"), "-E", "-P", "-nostdinc", *defines, "-I", folder, "-I", str(include),
             str(include / "lobflow/lobflow.h")],
            check=True, capture_output=True, text=True,
        ).stdout


def without_bodies(text):
    """Cut out inline functions: Python has its own ways for what they do."""
    out, at = [], 0
    for match in re.finditer(r"static inline", text):
        if match.start() < at:
            continue
        out.append(text[at:match.start()])
        depth, i = 0, text.index("{", match.start())
        while True:
            depth += {"{": 1, "}": -1}.get(text[i], 0)
            i += 1
            if depth == 0:
                break
        at = i
    out.append(text[at:])
    return "".join(out)


def declarations(include):
    """What cffi parses."""
    text = without_bodies(expand(include))
    # Functions that take a va_list cannot be called from Python.
    text = re.sub(r"[^;{}]*\bva_list\b[^;]*;", "", text)
    text = re.sub(r"\bstatic const\b[^;]*;", "", text)
    constants = "".join(f"#define {name} ...\n" for name in CONSTANTS)
    return text + constants


def main():
    include, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    ffi = cffi.FFI()
    ffi.cdef(declarations(include))
    ffi.cdef(CALLBACKS)
    ffi.cdef("""
void *lobflow_stream_new(const lf_frame *frame, lf_error *error);
static void *const lobflow_capsule_end_address;
""")
    ffi.set_source("lobflow._native", CAPSULE, py_limited_api=True)
    ffi.emit_c_code(str(out))


if __name__ == "__main__":
    main()
