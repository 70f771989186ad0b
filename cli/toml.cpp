/* Reads a TOML file into a configuration: the one file that knows toml++. */
#include "synth.h"

#include <cmath>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

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

/* Numbers of [synth]: one, or a list. */
lf_status set_synth_key(
    const place &at, const std::string &key, const toml::node &node, lf_synth_model *model
)
{
    std::vector<double> values;
    const auto take = [&values](const toml::node &item) {
        const std::optional<double> number = item.value<double>();
        values.push_back(number.value_or(std::nan("")));
        return number.has_value();
    };
    bool is_fine = true;
    if (const auto *list = node.as_array()) {
        for (const toml::node &item : *list) {
            is_fine = take(item) && is_fine;
        }
    } else {
        is_fine = take(node);
    }
    if (!is_fine) {
        return fail_at(at, node.source(), "synth." + key + " must be a number or a list of them.");
    }
    lf_error inner;
    if (lf_synth_model_set(model, key.c_str(), values.data(), values.size(), &inner) != LF_OK) {
        return fail_at(at, node.source(), inner.message);
    }
    return LF_OK;
}

lf_status
set_synth(const place &at, const toml::table &root, lf_synth_preset *preset, lf_synth_model *model)
{
    const toml::table *const section = root["synth"].as_table();
    if (section == nullptr || root.size() != 1) {
        return fail_at(at, root.source(), "A model of a market is one section, [synth].");
    }
    const std::string name = (*section)["preset"].value_or(std::string("small_tick"));
    if (name != "small_tick" && name != "large_tick") {
        return fail_at(
            at, section->source(), "synth.preset is \"" + name + "\": small_tick or large_tick."
        );
    }
    *preset = name == "large_tick" ? LF_SYNTH_LARGE_TICK : LF_SYNTH_SMALL_TICK;
    lf_synth_model_default(*preset, model);
    for (const auto &[key, node] : *section) {
        const lf_status status =
            key.str() == "preset" ? LF_OK : set_synth_key(at, std::string(key.str()), node, model);
        if (status != LF_OK) {
            return status;
        }
    }
    return LF_OK;
}

/* Read and parse a file, and hand its table on. */
template <typename Use> lf_status with_file(const place &at, const Use &use)
{
    char *text = nullptr;
    size_t bytes = 0;
    const lf_status status = lf_file_read_all(nullptr, at.path, &text, &bytes, at.error);
    if (status != LF_OK) {
        return status;
    }
    const std::string content(text, bytes);
    lf_release(nullptr, text);
    try {
        return use(toml::parse(content, std::string_view(at.path)));
    } catch (const toml::parse_error &fault) {
        return fail_at(at, fault.source(), std::string(fault.description()) + ".");
    } catch (const std::bad_alloc &) {
        return lf_error_set(at.error, LF_NOMEM, "No memory to read %s.", at.path);
    }
}

} // namespace

lf_status
cli_toml_synth(const char *path, lf_synth_preset *preset, lf_synth_model *model, lf_error *error)
{
    const place at = {path, nullptr, error};
    return with_file(at, [&](const toml::table &root) {
        return set_synth(at, root, preset, model);
    });
}

lf_status cli_toml(const char *path, const char *preset, lf_config *config, lf_error *error)
{
    const place at = {path, config, error};
    return with_file(at, [&](const toml::table &root) { return set_all(at, preset, root); });
}
