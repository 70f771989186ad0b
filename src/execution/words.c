/* The words of the module: texts of its enums, both ways. */
#include <lobflow/execution.h>

#include <string.h>

#define WORD(name, code, text) [code] = text,

static const char *const kind_words[] = {LF_ORDER_KIND_MAP(WORD)};
static const char *const state_words[] = {LF_ORDER_STATE_MAP(WORD)};
static const char *const reject_words[] = {LF_REJECT_MAP(WORD)};
static const char *const liquidity_words[] = {LF_LIQUIDITY_MAP(WORD)};
static const char *const schedule_words[] = {LF_FEE_SCHEDULE_MAP(WORD)};
static const char *const impact_words[] = {LF_IMPACT_MAP(WORD)};
static const char *const timeout_words[] = {LF_TIMEOUT_MAP(WORD)};
static const char *const queue_words[] = {LF_QUEUE_MAP(WORD)};
static const char *const latency_words[] = {LF_LATENCY_MODEL_MAP(WORD)};
static const char *const self_trade_words[] = {LF_SELF_TRADE_MAP(WORD)};

#undef WORD

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static_assert(COUNT(state_words) == LF_ORDER_STATE_COUNT, "LF_ORDER_STATE_COUNT follows its map");
static_assert(COUNT(reject_words) == LF_REJECT_COUNT, "LF_REJECT_COUNT follows its map");
static_assert(COUNT(latency_words) == LF_LATENCY_MODEL_COUNT, "its count follows its map");
static_assert(COUNT(queue_words) == LF_QUEUE_COUNT, "LF_QUEUE_COUNT follows its map");
static_assert(COUNT(liquidity_words) == LF_LIQUIDITY_COUNT, "LF_LIQUIDITY_COUNT follows its map");

static const char *word_at(const char *const *words, size_t count, size_t index)
{
    return index < count ? words[index] : "unknown";
}

/* Index of a text, or count with an error that names the key and the choices. */
static lf_status word_find(
    const char *key,
    const char *const *words,
    size_t count,
    const char *text,
    size_t *out,
    lf_error *error
)
{
    char choices[256] = "";
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text, words[i]) == 0) {
            *out = i;
            return LF_OK;
        }
        const size_t bytes = strlen(words[i]);
        if (used + bytes + 3 < sizeof choices) {
            memcpy(choices + used, i == 0 ? "" : ", ", i == 0 ? 0 : 2);
            used += i == 0 ? 0 : 2;
            memcpy(choices + used, words[i], bytes + 1);
            used += bytes;
        }
    }
    const char *const near = lf_suggest(text, words, count);
    return lf_error_set(
        error,
        LF_NOT_FOUND,
        "%s is \"%s\"; write one of %s%s%s%s.",
        key,
        text,
        choices,
        near != NULL ? " (did you mean \"" : "",
        near != NULL ? near : "",
        near != NULL ? "\"?)" : ""
    );
}

const char *lf_order_kind_name(lf_order_kind kind)
{
    return word_at(kind_words, COUNT(kind_words), (size_t)kind);
}

const char *lf_order_state_name(lf_order_state state)
{
    return word_at(state_words, COUNT(state_words), (size_t)state);
}

const char *lf_reject_name(lf_reject reject)
{
    return word_at(reject_words, COUNT(reject_words), (size_t)reject);
}

const char *lf_liquidity_name(lf_liquidity liquidity)
{
    return word_at(liquidity_words, COUNT(liquidity_words), (size_t)liquidity);
}

const char *lf_fee_schedule_name(lf_fee_schedule schedule)
{
    return word_at(schedule_words, COUNT(schedule_words), (size_t)schedule);
}

const char *lf_impact_name(lf_impact impact)
{
    return word_at(impact_words, COUNT(impact_words), (size_t)impact);
}

const char *lf_timeout_name(lf_timeout timeout)
{
    return word_at(timeout_words, COUNT(timeout_words), (size_t)timeout);
}

const char *lf_queue_model_name(lf_queue_model model)
{
    return word_at(queue_words, COUNT(queue_words), (size_t)model);
}

const char *lf_latency_model_name(lf_latency_model model)
{
    return word_at(latency_words, COUNT(latency_words), (size_t)model);
}

const char *lf_self_trade_name(lf_self_trade rule)
{
    return word_at(self_trade_words, COUNT(self_trade_words), (size_t)rule);
}

lf_status lf_order_kind_parse(const char *text, lf_order_kind *out, lf_error *error)
{
    size_t index = 0;
    const lf_status status =
        word_find("execution.entry", kind_words, COUNT(kind_words), text, &index, error);
    if (status == LF_OK) {
        *out = (lf_order_kind)index;
    }
    return status;
}

lf_status lf_fee_schedule_parse(const char *text, lf_fee_schedule *out, lf_error *error)
{
    size_t index = 0;
    const lf_status status =
        word_find("execution.fees", schedule_words, COUNT(schedule_words), text, &index, error);
    if (status == LF_OK) {
        *out = (lf_fee_schedule)index;
    }
    return status;
}

lf_status lf_impact_parse(const char *text, lf_impact *out, lf_error *error)
{
    size_t index = 0;
    const lf_status status =
        word_find("execution.impact", impact_words, COUNT(impact_words), text, &index, error);
    if (status == LF_OK) {
        *out = (lf_impact)index;
    }
    return status;
}

lf_status lf_timeout_parse(const char *text, lf_timeout *out, lf_error *error)
{
    size_t index = 0;
    const lf_status status = word_find(
        "execution.passive_timeout", timeout_words, COUNT(timeout_words), text, &index, error
    );
    if (status == LF_OK) {
        *out = (lf_timeout)index;
    }
    return status;
}
