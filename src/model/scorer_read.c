/*
 * Reads LightGBM's text format into a forest. The text is not trusted: every size, index and child
 * is checked here, so that scoring can do without checks.
 *
 * A file is a head of key=value lines, one block of key=value lines for each tree, the line "end
 * of trees", and a tail (importances, parameters) that is not needed.
 */
#include "model_internal.h"

#include <math.h>
#include <string.h>

/* A piece of the text and the line it stands on. */
typedef struct span {
    const char *text;
    size_t bytes;
    int64_t line;
} span;

typedef struct reader {
    const char *text;
    size_t bytes;
    size_t next; /* first byte not read yet */
    int64_t line;
    const char *name;
    lf_error *error;
    lf_scorer *scorer;
} reader;

/* Keys that are read; TREE_* belong to a tree's block, the others to the head. */
enum {
    KEY_VERSION,
    KEY_NUM_CLASS,
    KEY_TREES_PER_ITERATION,
    KEY_MAX_FEATURE,
    KEY_OBJECTIVE,
    KEY_FEATURE_NAMES,
    KEY_TREE_SIZES,
    HEAD_KEYS,
    TREE_NUM_LEAVES = 0,
    TREE_NUM_CAT,
    TREE_SPLIT_FEATURE,
    TREE_THRESHOLD,
    TREE_DECISION_TYPE,
    TREE_LEFT_CHILD,
    TREE_RIGHT_CHILD,
    TREE_LEAF_VALUE,
    TREE_CAT_BOUNDARIES,
    TREE_CAT_THRESHOLD,
    TREE_IS_LINEAR,
    TREE_KEYS,
};

static const char *const HEAD_NAMES[HEAD_KEYS] = {
    "version",
    "num_class",
    "num_tree_per_iteration",
    "max_feature_idx",
    "objective",
    "feature_names",
    "tree_sizes",
};

static const char *const TREE_NAMES[TREE_KEYS] = {
    "num_leaves",
    "num_cat",
    "split_feature",
    "threshold",
    "decision_type",
    "left_child",
    "right_child",
    "leaf_value",
    "cat_boundaries",
    "cat_threshold",
    "is_linear",
};

static lf_status bad(reader *r, int64_t line, const char *text)
{
    return lf_error_set_at(
        r->error,
        LF_FORMAT,
        r->name,
        line,
        LF_POSITION_NONE,
        "%s; this is no whole LightGBM text model, train or copy it again.",
        text
    );
}

/* The next line without its end; false at the end of the text. */
static bool next_line(reader *r, span *out)
{
    if (r->next >= r->bytes) {
        return false;
    }
    const char *begin = r->text + r->next;
    const char *end = memchr(begin, '\n', r->bytes - r->next);
    size_t bytes = end == NULL ? r->bytes - r->next : (size_t)(end - begin);
    r->next += bytes + (end != NULL);
    r->line++;
    if (bytes > 0 && begin[bytes - 1] == '\r') {
        bytes--;
    }
    *out = (span){.text = begin, .bytes = bytes, .line = r->line};
    return true;
}

static bool is_text(span s, const char *text)
{
    return s.bytes == strlen(text) && memcmp(s.text, text, s.bytes) == 0;
}

/* The next word of a span, words parted by spaces; false when there is none. */
static bool next_word(span *rest, span *word)
{
    while (rest->bytes > 0 && rest->text[0] == ' ') {
        rest->text++;
        rest->bytes--;
    }
    size_t bytes = 0;
    while (bytes < rest->bytes && rest->text[bytes] != ' ') {
        bytes++;
    }
    *word = (span){.text = rest->text, .bytes = bytes, .line = rest->line};
    rest->text += bytes;
    rest->bytes -= bytes;
    return bytes > 0;
}

/* Keep the value of a key=value line under its index; other keys pass. */
static lf_status
keep_value(reader *r, span line, const char *const *names, size_t name_count, span *values)
{
    const char *equals = memchr(line.text, '=', line.bytes);
    if (equals == NULL) {
        return LF_OK;
    }
    const span key = {line.text, (size_t)(equals - line.text), line.line};
    for (size_t i = 0; i < name_count; i++) {
        if (is_text(key, names[i])) {
            if (values[i].text != NULL) {
                return bad(r, line.line, "a key stands twice in one block");
            }
            values[i] = (span){equals + 1, line.bytes - key.bytes - 1, line.line};
            return LF_OK;
        }
    }
    return LF_OK;
}

static lf_status
read_int(reader *r, span value, const char *name, int64_t least, int64_t most, int64_t *out)
{
    if (value.text != NULL && lf_int64_parse(value.text, value.bytes, out) == LF_OK &&
        *out >= least && *out <= most) {
        return LF_OK;
    }
    return lf_error_set_at(
        r->error,
        LF_FORMAT,
        r->name,
        value.text == NULL ? r->line : value.line,
        LF_POSITION_NONE,
        "%s must be a whole number from %lld to %lld, found \"%.*s\".",
        name,
        (long long)least,
        (long long)most,
        value.bytes > 40 ? 40 : (int)value.bytes,
        value.text == NULL ? "" : value.text
    );
}

/* The next whole number of a list. */
static lf_status
next_int(reader *r, span *rest, const char *name, int64_t least, int64_t most, int64_t *out)
{
    span word;
    if (rest->text == NULL || !next_word(rest, &word)) {
        return lf_error_set_at(
            r->error,
            LF_FORMAT,
            r->name,
            rest->text == NULL ? r->line : rest->line,
            LF_POSITION_NONE,
            "%s is missing or has too few numbers.",
            name
        );
    }
    return read_int(r, word, name, least, most, out);
}

/* The next number of a list: finite, or for thresholds infinite too, which is how LightGBM writes a
   split of the missing from all others. */
static lf_status
next_double(reader *r, span *rest, const char *name, bool allows_infinity, double *out)
{
    span word;
    const bool found = rest->text != NULL && next_word(rest, &word);
    if (found && lf_double_parse(word.text, word.bytes, out) == LF_OK &&
        (isfinite(*out) || (allows_infinity && isinf(*out)))) {
        return LF_OK;
    }
    return lf_error_set_at(
        r->error,
        LF_FORMAT,
        r->name,
        rest->text == NULL ? r->line : rest->line,
        LF_POSITION_NONE,
        "%s needs one %snumber for each node or leaf, found \"%.*s\".",
        name,
        allows_infinity ? "" : "finite ",
        !found            ? 0
        : word.bytes > 40 ? 40
                          : (int)word.bytes,
        !found ? "" : word.text
    );
}

/* Nothing may be left of a list. */
static lf_status end_list(reader *r, span rest, const char *name)
{
    span word;
    if (!next_word(&rest, &word)) {
        return LF_OK;
    }
    return lf_error_set_at(
        r->error,
        LF_FORMAT,
        r->name,
        rest.line,
        LF_POSITION_NONE,
        "%s has more numbers than the tree has nodes or leaves.",
        name
    );
}

/* ---- the head --------------------------------------------------------------------------- */

static lf_status unsupported(reader *r, span value, const char *what, const char *instead)
{
    return lf_error_set_at(
        r->error,
        LF_UNSUPPORTED,
        r->name,
        value.text == NULL ? r->line : value.line,
        LF_POSITION_NONE,
        "%s \"%.*s\" is not supported; %s.",
        what,
        value.bytes > 40 ? 40 : (int)value.bytes,
        value.text == NULL ? "" : value.text,
        instead
    );
}

static lf_status read_objective(reader *r, span value)
{
    static const struct {
        const char *name;
        lfi_output output;
        bool has_classes;
    } known[] = {
        {"binary", LFI_OUTPUT_SIGMOID, false},
        {"cross_entropy", LFI_OUTPUT_SIGMOID, false},
        {"multiclass", LFI_OUTPUT_SOFTMAX, true},
        {"multiclassova", LFI_OUTPUT_SIGMOID, true},
        {"cross_entropy_lambda", LFI_OUTPUT_LOG1P_EXP, false},
        {"regression", LFI_OUTPUT_IDENTITY, false},
        {"regression_l1", LFI_OUTPUT_IDENTITY, false},
        {"huber", LFI_OUTPUT_IDENTITY, false},
        {"fair", LFI_OUTPUT_IDENTITY, false},
        {"quantile", LFI_OUTPUT_IDENTITY, false},
        {"mape", LFI_OUTPUT_IDENTITY, false},
        {"poisson", LFI_OUTPUT_EXP, false},
        {"gamma", LFI_OUTPUT_EXP, false},
        {"tweedie", LFI_OUTPUT_EXP, false},
        {"lambdarank", LFI_OUTPUT_IDENTITY, false},
        {"rank_xendcg", LFI_OUTPUT_IDENTITY, false},
        {"custom", LFI_OUTPUT_IDENTITY, true},
    };
    span rest = value;
    span word = {0};
    r->scorer->sigmoid = 1;
    if (value.text == NULL || !next_word(&rest, &word)) {
        return LF_OK; /* a model of an own objective: raw scores are all there is */
    }
    size_t i = 0;
    while (i < sizeof known / sizeof known[0] && !is_text(word, known[i].name)) {
        i++;
    }
    if (i == sizeof known / sizeof known[0]) {
        return unsupported(r, word, "the objective", "use binary or regression");
    }
    if (r->scorer->output_count > 1 && !known[i].has_classes) {
        return unsupported(r, word, "num_class above 1 with", "use multiclass");
    }
    r->scorer->output = known[i].output;
    while (next_word(&rest, &word)) {
        if (is_text(word, "sqrt")) {
            r->scorer->output = LFI_OUTPUT_SIGNED_SQUARE;
        } else if (word.bytes > 8 && memcmp(word.text, "sigmoid:", 8) == 0) {
            span number = {word.text + 8, word.bytes - 8, word.line};
            const lf_status status = next_double(r, &number, "sigmoid", false, &r->scorer->sigmoid);
            if (status != LF_OK) {
                return status;
            }
        }
    }
    return LF_OK;
}

/* Copies the names; there must be one for each feature. */
static lf_status read_names(reader *r, span value)
{
    lf_scorer *scorer = r->scorer;
    scorer->names = lf_allocate(scorer->allocator, value.bytes + 1, 1);
    scorer->name_offsets =
        lf_allocate(scorer->allocator, scorer->feature_count, sizeof *scorer->name_offsets);
    if (scorer->names == NULL || scorer->name_offsets == NULL) {
        return lf_error_set(r->error, LF_NOMEM, "%s: not enough memory for the names.", r->name);
    }
    span word;
    size_t count = 0;
    size_t used = 0;
    for (; next_word(&value, &word); count++) {
        if (count >= scorer->feature_count) {
            return bad(r, value.line, "feature_names has more names than max_feature_idx + 1");
        }
        scorer->name_offsets[count] = used;
        memcpy(scorer->names + used, word.text, word.bytes);
        used += word.bytes;
        scorer->names[used++] = '\0';
    }
    if (count != scorer->feature_count) {
        return bad(r, value.line, "feature_names has fewer names than max_feature_idx + 1");
    }
    return LF_OK;
}

static lf_status use_head(reader *r, const span *values)
{
    int64_t number = 0;
    if (!is_text(values[KEY_VERSION], "v4") && !is_text(values[KEY_VERSION], "v3")) {
        return unsupported(r, values[KEY_VERSION], "the version", "save it with LightGBM 3 or 4");
    }
    /* A tree of each class is in the text, or scoring would have nothing to do for it. */
    const int64_t most_outputs = (int64_t)(r->bytes / 2);
    if (read_int(r, values[KEY_NUM_CLASS], "num_class", 1, most_outputs, &number) != LF_OK) {
        return LF_FORMAT;
    }
    const int64_t classes = number;
    const span per = values[KEY_TREES_PER_ITERATION];
    if (read_int(r, per, "num_tree_per_iteration", 1, most_outputs, &number) != LF_OK) {
        return LF_FORMAT;
    }
    if (number != classes) {
        return unsupported(r, per, "num_tree_per_iteration", "it must be num_class");
    }
    r->scorer->output_count = (size_t)number;
    /* Each feature has a name and a space in the text, so a text cannot have more of them. */
    const int64_t most = (int64_t)(r->bytes / 2);
    if (read_int(r, values[KEY_MAX_FEATURE], "max_feature_idx", 0, most, &number) != LF_OK) {
        return LF_FORMAT;
    }
    r->scorer->feature_count = (size_t)number + 1;
    if (values[KEY_FEATURE_NAMES].text == NULL) {
        return bad(r, r->line, "feature_names is missing");
    }
    const lf_status status = read_names(r, values[KEY_FEATURE_NAMES]);
    return status != LF_OK ? status : read_objective(r, values[KEY_OBJECTIVE]);
}

static size_t count_words(span value)
{
    span word;
    size_t count = 0;
    while (value.text != NULL && next_word(&value, &word)) {
        count++;
    }
    return count;
}

/* Reads up to the first line of the first tree, or "end of trees". */
static lf_status read_head(reader *r, span *line, size_t *tree_sizes, bool *has_sizes)
{
    span values[HEAD_KEYS] = {{0}};
    if (!next_line(r, line) || !is_text(*line, "tree")) {
        return bad(r, 1, "the first line is not \"tree\"");
    }
    for (;;) {
        if (!next_line(r, line)) {
            return bad(r, r->line, "the text ends in its head");
        }
        if (is_text(*line, "end of trees") ||
            (line->bytes > 5 && memcmp(line->text, "Tree=", 5) == 0)) {
            break;
        }
        if (is_text(*line, "average_output")) {
            r->scorer->is_average = true;
        }
        const lf_status status = keep_value(r, *line, HEAD_NAMES, HEAD_KEYS, values);
        if (status != LF_OK) {
            return status;
        }
    }
    *has_sizes = values[KEY_TREE_SIZES].text != NULL;
    *tree_sizes = count_words(values[KEY_TREE_SIZES]);
    return use_head(r, values);
}

/* ---- the trees -------------------------------------------------------------------------- */

/* One tree while it is read: where its nodes and leaves begin in the forest. */
typedef struct tree {
    const span *values; /* [TREE_KEYS] */
    size_t node_first, node_count;
    size_t leaf_first, leaf_count;
    size_t category_count;
} tree;

static lf_status no_memory(reader *r)
{
    return lf_error_set(r->error, LF_NOMEM, "%s: not enough memory for the trees.", r->name);
}

static lf_status read_leaves(reader *r, const tree *t)
{
    lf_scorer *s = r->scorer;
    span rest = t->values[TREE_LEAF_VALUE];
    for (size_t i = 0; i < t->leaf_count; i++) {
        const lf_status status =
            next_double(r, &rest, "leaf_value", false, &s->leaves[t->leaf_first + i]);
        if (status != LF_OK) {
            return status;
        }
    }
    return end_list(r, rest, "leaf_value");
}

/* A child of the file (node index, or complement of a leaf index of its tree) in the forest. */
static int32_t place_child(const tree *t, int64_t child)
{
    return child >= 0 ? (int32_t)((int64_t)t->node_first + child)
                      : (int32_t)(child - (int64_t)t->leaf_first);
}

static lf_status read_node(reader *r, const tree *t, span rest[5], lfi_node *node)
{
    const int64_t nodes = (int64_t)t->node_count;
    const int64_t leaves = (int64_t)t->leaf_count;
    const int64_t features = (int64_t)r->scorer->feature_count;
    int64_t feature = 0;
    int64_t decision = 0;
    int64_t left = 0;
    int64_t right = 0;
    if (next_int(r, &rest[0], "split_feature", 0, features - 1, &feature) != LF_OK ||
        next_double(r, &rest[1], "threshold", true, &node->threshold) != LF_OK ||
        /* Bit 0 category, bit 1 default left, bits 2 and 3 the missing kind, which is at most 2. */
        next_int(r, &rest[2], "decision_type", 0, 11, &decision) != LF_OK ||
        next_int(r, &rest[3], "left_child", -leaves, nodes - 1, &left) != LF_OK ||
        next_int(r, &rest[4], "right_child", -leaves, nodes - 1, &right) != LF_OK) {
        return LF_FORMAT;
    }
    node->feature = (uint32_t)feature;
    node->is_category = (decision & 1) != 0;
    node->is_default_left = (decision & 2) != 0;
    node->missing = (uint8_t)((decision >> 2) & 3);
    node->left = place_child(t, left);
    node->right = place_child(t, right);
    return LF_OK;
}

static lf_status read_nodes(reader *r, const tree *t)
{
    static const int keys[5] = {
        TREE_SPLIT_FEATURE,
        TREE_THRESHOLD,
        TREE_DECISION_TYPE,
        TREE_LEFT_CHILD,
        TREE_RIGHT_CHILD,
    };
    span rest[5];
    for (int k = 0; k < 5; k++) {
        rest[k] = t->values[keys[k]];
    }
    lf_status status = LF_OK;
    for (size_t i = 0; i < t->node_count && status == LF_OK; i++) {
        status = read_node(r, t, rest, &r->scorer->nodes[t->node_first + i]);
    }
    for (int k = 0; k < 5 && status == LF_OK; k++) {
        status = end_list(r, rest[k], TREE_NAMES[keys[k]]);
    }
    return status;
}

/* Where the sets of a tree begin among its words, one more than there are sets; owned by the
   caller even on failure. */
static lf_status read_boundaries(reader *r, const tree *t, size_t words, uint32_t **out)
{
    span rest = t->values[TREE_CAT_BOUNDARIES];
    if (count_words(rest) != t->category_count + 1) {
        return bad(
            r, rest.text == NULL ? r->line : rest.line, "cat_boundaries must be num_cat + 1"
        );
    }
    uint32_t *bounds = lf_allocate(r->scorer->allocator, t->category_count + 1, sizeof *bounds);
    *out = bounds;
    if (bounds == NULL) {
        return no_memory(r);
    }
    int64_t bound = 0;
    for (size_t i = 0; i <= t->category_count; i++) {
        /* The last bound is the least of the next one, so they never descend. */
        if (next_int(r, &rest, "cat_boundaries", bound, (int64_t)words, &bound) != LF_OK) {
            return LF_FORMAT;
        }
        bounds[i] = (uint32_t)bound;
    }
    return LF_OK;
}

static lf_status read_words(reader *r, const tree *t, size_t words)
{
    lf_scorer *s = r->scorer;
    span rest = t->values[TREE_CAT_THRESHOLD];
    const size_t needed = s->word_count + words;
    if (needed > UINT32_MAX ||
        lf_grow(s->allocator, (void **)&s->words, &s->word_capacity, needed, sizeof *s->words) !=
            LF_OK) {
        return no_memory(r);
    }
    for (size_t i = 0; i < words; i++) {
        int64_t word = 0;
        if (next_int(r, &rest, "cat_threshold", 0, UINT32_MAX, &word) != LF_OK) {
            return LF_FORMAT;
        }
        s->words[s->word_count++] = (uint32_t)word;
    }
    return LF_OK;
}

/* Gives each category split its set; its threshold is the number of the set. */
static lf_status read_categories(reader *r, const tree *t)
{
    lf_scorer *s = r->scorer;
    const size_t words = count_words(t->values[TREE_CAT_THRESHOLD]);
    const size_t word_first = s->word_count;
    uint32_t *bounds = NULL;
    lf_status status = t->category_count > 0 ? read_boundaries(r, t, words, &bounds) : LF_OK;
    if (status == LF_OK) {
        status = read_words(r, t, words);
    }
    for (size_t i = 0; i < t->node_count && status == LF_OK; i++) {
        lfi_node *node = &s->nodes[t->node_first + i];
        if (!node->is_category) {
            continue;
        }
        if (!(node->threshold >= 0 && node->threshold < (double)t->category_count)) {
            status = bad(r, t->values[TREE_THRESHOLD].line, "a category split has no set");
            break;
        }
        const size_t set = (size_t)node->threshold;
        node->word_first = (uint32_t)word_first + bounds[set];
        node->word_count = bounds[set + 1] - bounds[set];
    }
    lf_release(s->allocator, bounds);
    return status;
}

/* Each node and each leaf must be reached from the root exactly once: no cycle, nothing shared. */
static lf_status check_shape(reader *r, const tree *t)
{
    lf_scorer *s = r->scorer;
    int32_t *stack = lf_allocate(s->allocator, t->node_count + 1, sizeof *stack);
    uint8_t *seen = lf_allocate(s->allocator, t->node_count + t->leaf_count, sizeof *seen);
    lf_status status = stack == NULL || seen == NULL ? no_memory(r) : LF_OK;
    size_t depth = 0;
    size_t reached = 0;
    if (status == LF_OK) {
        stack[depth++] = (int32_t)t->node_first;
        seen[0] = 1;
    }
    while (status == LF_OK && depth > 0) {
        const lfi_node *node = &s->nodes[stack[--depth]];
        const int32_t children[2] = {node->left, node->right};
        reached++;
        for (int k = 0; k < 2; k++) {
            const int32_t child = children[k];
            const size_t place = child >= 0 ? (size_t)child - t->node_first
                                            : t->node_count + (size_t)~child - t->leaf_first;
            if (seen[place]) {
                status = bad(r, t->values[TREE_LEFT_CHILD].line, "a node has two parents");
                break;
            }
            seen[place] = 1;
            reached += child < 0;
            if (child >= 0) {
                stack[depth++] = child;
            }
        }
    }
    if (status == LF_OK && reached != t->node_count + t->leaf_count) {
        status = bad(r, t->values[TREE_LEFT_CHILD].line, "part of a tree hangs from no root");
    }
    lf_release(s->allocator, stack);
    lf_release(s->allocator, seen);
    return status;
}

static lf_status begin_tree(reader *r, const span *values, tree *t)
{
    lf_scorer *s = r->scorer;
    int64_t leaves = 0;
    int64_t categories = 0;
    const span linear = values[TREE_IS_LINEAR];
    if (linear.text != NULL && !is_text(linear, "0")) {
        return unsupported(r, linear, "is_linear", "train with linear_tree=false");
    }
    /* Each leaf value takes two bytes of text at least. */
    const int64_t most = (int64_t)(r->bytes / 2);
    if (read_int(r, values[TREE_NUM_LEAVES], "num_leaves", 1, most, &leaves) != LF_OK) {
        return LF_FORMAT;
    }
    if (values[TREE_NUM_CAT].text != NULL &&
        read_int(r, values[TREE_NUM_CAT], "num_cat", 0, most, &categories) != LF_OK) {
        return LF_FORMAT;
    }
    *t = (tree){
        .values = values,
        .node_first = s->node_count,
        .node_count = (size_t)leaves - 1,
        .leaf_first = s->leaf_count,
        .leaf_count = (size_t)leaves,
        .category_count = (size_t)categories,
    };
    const size_t nodes = t->node_first + t->node_count;
    const size_t ends = t->leaf_first + t->leaf_count;
    if (ends > INT32_MAX ||
        lf_grow(s->allocator, (void **)&s->nodes, &s->node_capacity, nodes, sizeof(lfi_node)) !=
            LF_OK ||
        lf_grow(s->allocator, (void **)&s->leaves, &s->leaf_capacity, ends, sizeof(double)) !=
            LF_OK ||
        lf_grow(
            s->allocator, (void **)&s->roots, &s->root_capacity, s->tree_count + 1, sizeof(int32_t)
        ) != LF_OK) {
        return no_memory(r);
    }
    return LF_OK;
}

static lf_status use_tree(reader *r, const span *values)
{
    lf_scorer *s = r->scorer;
    tree t = {0};
    lf_status status = begin_tree(r, values, &t);
    if (status == LF_OK) {
        status = read_leaves(r, &t);
    }
    if (status != LF_OK) {
        return status;
    }
    if (t.node_count > 0) {
        status = read_nodes(r, &t);
        if (status == LF_OK) {
            status = read_categories(r, &t);
        }
        if (status == LF_OK) {
            status = check_shape(r, &t);
        }
    }
    s->node_count += t.node_count;
    s->leaf_count += t.leaf_count;
    s->roots[s->tree_count++] = t.node_count > 0 ? (int32_t)t.node_first : ~(int32_t)t.leaf_first;
    return status;
}

/* Reads the block whose "Tree=" line was the last one, and the line after it. */
static lf_status read_tree(reader *r, span *line)
{
    span values[TREE_KEYS] = {{0}};
    for (;;) {
        if (!next_line(r, line)) {
            return bad(r, r->line, "the text ends before the line \"end of trees\"");
        }
        if (is_text(*line, "end of trees") ||
            (line->bytes > 5 && memcmp(line->text, "Tree=", 5) == 0)) {
            return use_tree(r, values);
        }
        const lf_status status = keep_value(r, *line, TREE_NAMES, TREE_KEYS, values);
        if (status != LF_OK) {
            return status;
        }
    }
}

static lf_status read_model(reader *r)
{
    span line;
    size_t tree_sizes = 0;
    bool has_sizes = false;
    lf_status status = read_head(r, &line, &tree_sizes, &has_sizes);
    while (status == LF_OK && !is_text(line, "end of trees")) {
        status = read_tree(r, &line);
    }
    if (status == LF_OK && has_sizes && tree_sizes != r->scorer->tree_count) {
        status = bad(r, r->line, "tree_sizes names another number of trees than there are");
    }
    if (status == LF_OK && r->scorer->tree_count % r->scorer->output_count != 0) {
        status = bad(r, r->line, "some class has fewer trees than another");
    }
    return status;
}

lf_status lf_scorer_create(
    const lf_allocator *allocator,
    const char *text,
    size_t bytes,
    const char *name,
    lf_scorer **out,
    lf_error *error
)
{
    *out = NULL;
    lf_scorer *scorer = lf_allocate(allocator, 1, sizeof *scorer);
    if (scorer == NULL) {
        return lf_error_set(error, LF_NOMEM, "%s: not enough memory for a model.", name);
    }
    scorer->allocator = allocator;
    reader r = {
        .text = text,
        .bytes = bytes,
        .name = name,
        .error = error,
        .scorer = scorer,
    };
    lf_status status = read_model(&r);
    if (status == LF_OK && lfi_scorer_prepare(scorer) != LF_OK) {
        status = no_memory(&r);
    }
    if (status != LF_OK) {
        lf_scorer_destroy(scorer);
        return status;
    }
    *out = scorer;
    return LF_OK;
}
