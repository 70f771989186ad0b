/* Features of one's own in the engine: their memory, the events they take in, their values. */
#include "feature_internal.h"

#define ALIGNMENT ((size_t)16)

bool lfi_users_begin(lf_feature_engine *engine, const lf_feature_users *users)
{
    const size_t count = lf_feature_users_count(users);
    engine->users = count > 0 ? users : NULL;
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        const size_t own = lf_feature_users_at(users, i)->state_bytes;
        bytes += (own + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
    if (bytes == 0) {
        return true;
    }
    engine->user_states = lf_allocate(engine->allocator, bytes + ALIGNMENT, 1);
    if (engine->user_states == NULL) {
        return false;
    }
    engine->user_state_bytes = bytes + ALIGNMENT;
    const size_t over = (size_t)((uintptr_t)engine->user_states % ALIGNMENT);
    unsigned char *at = engine->user_states + (over > 0 ? ALIGNMENT - over : 0);
    for (size_t i = 0; i < count; i++) {
        const size_t own = lf_feature_users_at(users, i)->state_bytes;
        engine->user_state[i] = own > 0 ? at : NULL;
        at += (own + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
    return true;
}

void lfi_users_restart(lf_feature_engine *engine)
{
    if (engine->user_states != NULL) {
        memset(engine->user_states, 0, engine->user_state_bytes);
    }
}

void lfi_users_update(lf_feature_engine *engine, const lf_event *event, const lf_trade *trades)
{
    for (size_t i = 0; i < lf_feature_users_count(engine->users); i++) {
        const lf_feature_user *const user = lf_feature_users_at(engine->users, i);
        if (user->take != NULL) {
            user->take(event, trades, engine->user_state[i]);
        }
    }
}

void lf_feature_user_row(lf_feature_engine *engine, int64_t t_ns, const double *row, double *values)
{
    const lf_instrument *const instrument = &engine->instrument;
    const bool is_inside =
        t_ns >= instrument->session_open_ns && t_ns < instrument->session_close_ns;
    const lf_feature_view view = {
        .ts_ns = t_ns,
        .start_ns = engine->start_ns,
        .session_open_ns = instrument->session_open_ns,
        .session_close_ns = instrument->session_close_ns,
        .tick_nano = instrument->tick_nano,
        .lot_nano = instrument->lot_nano,
        .mid2 = engine->last.mid2,
        .level_count = instrument->level_count,
        .quotes = engine->quotes,
    };
    const int64_t age_ns = engine->start_ns == LF_TIME_NONE ? 0 : t_ns - engine->start_ns;
    for (size_t i = 0; i < lf_feature_users_count(engine->users); i++) {
        const lf_feature_user *const user = lf_feature_users_at(engine->users, i);
        double value = NAN;
        if (engine->is_valid && is_inside && age_ns >= user->warmup_ns) {
            value = user->value(&view, row, engine->user_state[i]);
        }
        values[i] = isfinite(value) ? value : NAN;
    }
}
