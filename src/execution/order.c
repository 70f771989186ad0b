/* The life of an order: which state may follow which. */
#include <lobflow/execution.h>

#define TO(state) (1u << LF_ORDER_STATE_##state)

/* One bit for each state that may follow; a state without a bit is an end. */
static const unsigned next_states[LF_ORDER_STATE_COUNT] = {
    [LF_ORDER_STATE_SENT] = TO(RESTING) | TO(REJECTED),
    /* A modified order rests on. */
    [LF_ORDER_STATE_RESTING] =
        TO(RESTING) | TO(WORKING_PARTIAL) | TO(FILLED) | TO(CANCELLED) | TO(EXPIRED),
    [LF_ORDER_STATE_WORKING_PARTIAL] =
        TO(WORKING_PARTIAL) | TO(FILLED) | TO(CANCELLED) | TO(EXPIRED),
};

#undef TO

bool lf_order_state_may(lf_order_state from, lf_order_state to)
{
    return (size_t)from < LF_ORDER_STATE_COUNT && (size_t)to < LF_ORDER_STATE_COUNT &&
           (next_states[from] >> to & 1u) != 0;
}

bool lf_order_state_done(lf_order_state state)
{
    return (size_t)state < LF_ORDER_STATE_COUNT && next_states[state] == 0;
}
