/* Where the fields of CME's templates stand, in the generations and with the sizes there are. */
#include "cme.h"

/* Templates up to here have a layout. */
#define TEMPLATES 70

/* The fields in order: kind, is_old, is_long, size, security, number, level, action, type, bytes.
 */
static const lfi_cme_layout layouts[TEMPLATES] = {
    [32] = {LFI_CME_BOOK, true, false, 8, 12, 16, 24, 25, 26, 27},
    [46] = {LFI_CME_BOOK, false, false, 8, 12, 16, 24, 25, 26, 27},
    [64] = {LFI_CME_BOOK, false, true, 8, 16, 20, 28, 29, 30, 31},
    /* The type of a trade is its aggressor. */
    [42] = {LFI_CME_TRADES, true, false, 8, 12, 16, 0, 25, 24, 26},
    [48] = {LFI_CME_TRADES, false, false, 8, 12, 16, 0, 25, 24, 26},
    [65] = {LFI_CME_TRADES, false, true, 8, 16, 20, 0, 33, 32, 34},
    [38] = {LFI_CME_SNAPSHOT, true, false, 8, 0, 0, 16, 0, 21, 22},
    [52] = {LFI_CME_SNAPSHOT, false, false, 8, 0, 0, 16, 0, 21, 22},
    [69] = {LFI_CME_SNAPSHOT, false, true, 8, 0, 0, 20, 0, 22, 23},
    [43] = {LFI_CME_ORDERS, true, false, 24, 28, 0, 0, 32, 33, 34},
    [47] = {LFI_CME_ORDERS, false, false, 24, 28, 0, 0, 32, 33, 34},
    [44] = {LFI_CME_QUEUES, true, false, 24, 0, 0, 0, 0, 28, 29},
    [53] = {LFI_CME_QUEUES, false, false, 24, 0, 0, 0, 0, 28, 29},
    /* Statistics are not read, but they are numbered with the others. */
    [33] = {LFI_CME_NUMBERED, true, false, 0, 12, 16, 0, 0, 0, 20},
    [49] = {LFI_CME_NUMBERED, false, false, 0, 12, 16, 0, 0, 0, 20},
    [34] = {LFI_CME_NUMBERED, true, false, 0, 24, 28, 0, 0, 0, 32},
    [50] = {LFI_CME_NUMBERED, false, false, 0, 24, 28, 0, 0, 0, 32},
    [35] = {LFI_CME_NUMBERED, true, false, 0, 8, 12, 0, 0, 0, 16},
    [51] = {LFI_CME_NUMBERED, false, false, 0, 8, 12, 0, 0, 0, 16},
    [67] = {LFI_CME_NUMBERED, false, true, 0, 16, 20, 0, 0, 0, 24},
    [36] = {LFI_CME_NUMBERED, true, false, 0, 12, 16, 0, 0, 0, 20},
    [37] = {LFI_CME_NUMBERED, false, false, 0, 4, 8, 0, 0, 0, 12},
    [66] = {LFI_CME_NUMBERED, false, true, 0, 8, 12, 0, 0, 0, 16},
};

const lfi_cme_layout *lfi_cme_layout_of(uint16_t template_id)
{
    static const lfi_cme_layout none;
    return template_id < TEMPLATES ? &layouts[template_id] : &none;
}

int64_t lfi_cme_lots(const lfi_cme_layout *layout, const unsigned char *entry)
{
    const unsigned char *const at = entry + layout->size;
    if (layout->is_long) {
        const uint64_t lots = lfi_cme_64(at);
        return lots <= LFI_CME_LOTS_MAX ? (int64_t)lots : LFI_CME_NONE;
    }
    const int32_t lots = (int32_t)lfi_cme_32(at);
    return lots >= 0 && lots != INT32_MAX ? lots : LFI_CME_NONE;
}
