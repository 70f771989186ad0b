/* Reads a TOML file into a configuration: the one file that knows toml++. */
#include "cli.h"

#include <cmath>
#include <sstream>
#include <string>

#include <toml++/toml.h>

namespace
{

/* Where errors are put. */
struct place {
    const char *path;
    lf_config *config;
    lf_error *error;
};

lf_status fail_at(const place &at, const toml::source_region &source, const std::string &message)
{
    const auto line = static_cast<int64_t>(source.begin.line);
    return lf_error_set_at(
        at.error,
        LF_RANGE,
        at.path,
        line > 0 ? line : LF_POSITION_NONE,
        LF_POSITION_NONE,
        "%s",
        message.c_str()
    );
}

/* One value that is no list; dates become their text. */
lf_status
set_scalar(const place &at, const char *section, const std::string &key, const toml::node &node)
{
    lf_config_value value = {};
    std::string text;
    value.kind = LF_CONFIG_TEXT;
    if (const auto *boolean = node.as_boolean()) {
        value.kind = LF_CONFIG_BOOL;
        value.boolean = boolean->get();
    } else if (const auto *integer = node.as_integer()) {
        value.kind = LF_CONFIG_INTEGER;
        value.integer = integer->get();
    } else if (const auto *number = node.as_floating_point()) {
        value.kind = LF_CONFIG_NUMBER;
        value.number = number->get();
    } else if (const auto *string = node.as_string()) {
        text = string->get();
    } else if (const auto *date = node.as_date()) {
        std::ostringstream out;
        out << date->get();
        text = out.str();
    } else {
        return fail_at(
            at, node.source(), std::string(section) + "." + key + " has a value of a wrong kind."
        );
    }
    if (text.find('\0') != std::string::npos) {
        return fail_at(at, node.source(), std::string(section) + "." + key + " holds a NUL.");
    }
    value.text = text.c_str();
    lf_error inner;
    if (lf_config_set(at.config, section, key.c_str(), &value, &inner) != LF_OK) {
        return fail_at(at, node.source(), inner.message);
    }
    return LF_OK;
}

lf_status
set_key(const place &at, const char *section, const std::string &key, const toml::node &node)
{
    const auto *list = node.as_array();
    if (list == nullptr) {
        return set_scalar(at, section, key, node);
    }
    for (const toml::node &item : *list) {
        const lf_status status = set_scalar(at, section, key, item);
        if (status != LF_OK) {
            return status;
        }
    }
    return LF_OK;
}

lf_status set_section(const place &at, const std::string &section, const toml::table &table)
{
    for (const auto &[key, node] : table) {
        if (section == "model" && key.str() == "preset") {
            continue; /* was first */
        }
        const lf_status status = set_key(at, section.c_str(), std::string(key.str()), node);
        if (status != LF_OK) {
            return status;
        }
    }
    return LF_OK;
}

lf_status set_all(const place &at, const char *preset, const toml::table &root)
{
    /* The preset gives the other keys of its section new defaults, so it comes first. */
    lf_status status = LF_OK;
    const toml::node_view<const toml::node> written = root["model"]["preset"];
    if (preset != nullptr) {
        status = lf_config_set_text(at.config, "model.preset", preset, at.error);
    } else if (written) {
        status = set_key(at, "model", "preset", *written.node());
    }
    for (const auto &[name, node] : root) {
        if (status != LF_OK) {
            return status;
        }
        const toml::table *const table = node.as_table();
        if (table == nullptr) {
            std::string message(name.str());
            message += " stands outside of a section; every key belongs to one, such as [risk].";
            return fail_at(at, node.source(), message);
        }
        status = set_section(at, std::string(name.str()), *table);
    }
    return status;
}

} // namespace

lf_status cli_toml(const char *path, const char *preset, lf_config *config, lf_error *error)
{
    char *text = nullptr;
    size_t bytes = 0;
    const lf_status status = lf_file_read_all(nullptr, path, &text, &bytes, error);
    if (status != LF_OK) {
        return status;
    }
    const std::string content(text, bytes);
    lf_release(nullptr, text);
    const place at = {path, config, error};
    try {
        return set_all(at, preset, toml::parse(content, std::string_view(path)));
    } catch (const toml::parse_error &fault) {
        return fail_at(at, fault.source(), std::string(fault.description()) + ".");
    } catch (const std::bad_alloc &) {
        return lf_error_set(error, LF_NOMEM, "No memory to read %s.", path);
    }
}
