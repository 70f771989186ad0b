/* Finds and loads the Arrow plugin when a Parquet or Arrow file is asked for. */
#include <lobflow/frame.h>

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "frame_internal.h"

#define PLUGIN_FILE "liblobflow_arrow.so"
#define PATH_BYTES 4096

/* Folder of a file's path, cut in place; false when the path names no folder. */
static bool cut_to_folder(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash == NULL) {
        return false;
    }
    *slash = '\0';
    return true;
}

/* Never unloaded: Arrow's threads and statics do not survive it. */
static void *open_plugin(const char *path)
{
    return dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
}

static void *open_in_folder(const char *folder, const char *below)
{
    char path[PATH_BYTES + 64];
    (void)snprintf(path, sizeof path, "%s/%s" PLUGIN_FILE, folder, below);
    return access(path, F_OK) == 0 ? open_plugin(path) : NULL;
}

/* Beside the library or program, or in the lib folder beside the program's bin folder. */
static void *open_beside(char *file)
{
    if (!cut_to_folder(file)) {
        return NULL;
    }
    void *handle = open_in_folder(file, "");
    return handle != NULL ? handle : open_in_folder(file, "../lib/");
}

static void *search_plugin(void)
{
    char path[PATH_BYTES];
    Dl_info here;
    void *handle = NULL;
    if (dladdr((const void *)(uintptr_t)&lfi_plugin_load, &here) != 0 && here.dli_fname != NULL &&
        strlen(here.dli_fname) < sizeof path) {
        memcpy(path, here.dli_fname, strlen(here.dli_fname) + 1);
        handle = open_beside(path);
    }
    if (handle == NULL) {
        const ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
        if (length > 0) {
            path[length] = '\0';
            handle = open_beside(path);
        }
    }
    return handle != NULL ? handle : open_plugin(PLUGIN_FILE);
}

static lf_status plugin_missing(const char *wanted, lf_error *error)
{
    const char *reason = dlerror();
    return lf_error_set(
        error,
        LF_DEPENDENCY,
        "Parquet and Arrow files need the plugin %s, which cannot be loaded: %.500s. Run "
        "`make setup` and build again (it takes Arrow from the Python package pyarrow), set "
        "LOBFLOW_ARROW_PLUGIN to its path, or use a .csv file.",
        wanted,
        reason != NULL ? reason : "it is not there"
    );
}

lf_status lfi_plugin_load(const lfi_arrow_plugin **out, lf_error *error)
{
    const char *named = getenv("LOBFLOW_ARROW_PLUGIN");
    const bool is_named = named != NULL && named[0] != '\0';
    void *handle = is_named ? open_plugin(named) : search_plugin();
    if (handle == NULL) {
        return plugin_missing(is_named ? named : PLUGIN_FILE, error);
    }
    void *symbol = dlsym(handle, LFI_ARROW_SYMBOL);
    lfi_arrow_entry entry = NULL;
    /* C has no cast from an object pointer to a function pointer; POSIX gives both one size. */
    memcpy(&entry, &symbol, sizeof entry);
    const lfi_arrow_plugin *plugin = entry != NULL ? entry() : NULL;
    (void)dlclose(handle);
    if (plugin == NULL || plugin->abi != LFI_ARROW_ABI || plugin->struct_bytes != sizeof *plugin) {
        return lf_error_set(
            error,
            LF_DEPENDENCY,
            "The plugin %s belongs to another version of lobflow; build both together.",
            is_named ? named : PLUGIN_FILE
        );
    }
    *out = plugin;
    return LF_OK;
}
