/* What the files of the label module share: the knots of a path. */
#ifndef LOBFLOW_LABEL_INTERNAL_H
#define LOBFLOW_LABEL_INTERNAL_H

#include <lobflow/label.h>

/* The state from a time on. */
typedef struct lfi_knot {
    int64_t ts_ns;
    int64_t mid2;   /* 0: not valid */
    int64_t breaks; /* resets and halts up to now */
} lfi_knot;

struct lf_label_path {
    const lf_allocator *allocator;
    lf_allocator own_allocator;
    int64_t open_ns;
    int64_t close_ns;
    lf_clock clock;
    lfi_knot *knots; /* [count], ascending times */
    size_t count;
    size_t capacity;
};

/* The knot that holds at a time, looked for from *cursor on, which is the number of knots up to a
   time that is not later; a zero one before all. */
lfi_knot lfi_knot_at(const lf_label_path *path, int64_t t_ns, size_t *cursor);

/* Two states lie on one unbroken stretch and both have a mid. */
static inline bool lfi_knots_connected(lfi_knot from, lfi_knot to)
{
    return from.mid2 > 0 && to.mid2 > 0 && from.breaks == to.breaks;
}

#endif
