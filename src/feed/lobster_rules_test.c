/*
 * Goal: each rule of the LOBSTER reader (docs/formats/lobster.md) by itself, each error with its
 * whole text. Method: a row is the two files as texts and the
 * events they must give as one line, or the error, M and B standing for the two files.
 *
 * Events: kind letter (A add, C cancel, D delete, X execution, H hidden, Q cross, T halt), flags (m
 * masked, r reset), side, seconds after midnight, #id, size@price units, then bids and asks as
 * lots@ticks, then the trade as {sign size@units}, hidden ones with h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "feed_testing.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
/* 2012-06-21 begins in New York, four hours behind UTC. */
#define MIDNIGHT_NS (INT64_C(1340251200) * LF_NS_PER_SECOND)

static lf_testing_folder folder;
static char message_path[512], book_path[512];

static int make_folder(void **state)
{
    (void)state;
    if (!lf_testing_folder_make(&folder)) {
        return -1;
    }
    (void)snprintf(message_path, sizeof message_path, "%s", lf_testing_path(&folder, "m.csv"));
    (void)snprintf(book_path, sizeof book_path, "%s", lf_testing_path(&folder, "o.csv"));
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    lf_testing_folder_remove(&folder);
    return 0;
}

/* ---- events as text --------------------------------------------------------------------- */

/* Text that grows. */
typedef struct text {
    char *to;
    size_t room, used;
} text;

__attribute__((format(printf, 2, 3))) static void put(text *out, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    const int bytes = vsnprintf(out->to + out->used, out->room - out->used, format, list);
    va_end(list);
    assert_true(bytes >= 0 && (size_t)bytes < out->room - out->used);
    out->used += (size_t)bytes;
}

static void put_event(void *context, const lf_event *e, const lf_trade *trades)
{
    text *out = context;
    const int64_t since = e->ts_exchange_ns - MIDNIGHT_NS;
    put(out,
        "%c%s%s%+d %lld.%09lld #%llu %lld@%lld",
        "ACDXHQT??"[e->kind],
        (e->flags & LF_EVENT_MASKED) != 0 ? "m" : "",
        (e->flags & LF_EVENT_RESET) != 0 ? "r" : "",
        e->side,
        (long long)(since / LF_NS_PER_SECOND),
        (long long)(since % LF_NS_PER_SECOND),
        (unsigned long long)e->order_id,
        (long long)e->size_lots,
        (long long)e->price_units);
    for (int side = 0; side < 2; side++) {
        const int64_t *ticks = side == 0 ? e->quotes.bid_ticks : e->quotes.ask_ticks;
        const int64_t *lots = side == 0 ? e->quotes.bid_lots : e->quotes.ask_lots;
        put(out, side == 0 ? " [" : " | ");
        for (int m = 0; m < LF_LEVELS_MAX; m++) {
            if (lots[m] > 0) {
                put(out, "%s%lld@%lld", m > 0 ? " " : "", (long long)lots[m], (long long)ticks[m]);
            } else {
                assert_true(ticks[m] == (side == 0 ? LF_BID_NONE : LF_ASK_NONE) && lots[m] == 0);
            }
        }
    }
    put(out, "]");
    for (int i = 0; i < e->trade_count; i++) {
        const lf_trade *t = &trades[e->trade_first + (uint32_t)i];
        put(out,
            " {%+d %lld@%lld%s}",
            t->sign,
            (long long)t->size_lots,
            (long long)t->price_units,
            t->hidden ? " h" : "");
    }
    put(out, "; ");
}

/* Read all; out has the events, or the error with M and B for the files. */
static lf_status read_texts(
    const char *message,
    const char *book,
    int32_t level_count,
    const lf_feed_options *options,
    lf_feed_stats *stats,
    text *out
)
{
    lf_error error = {.message = ""};
    ft_write_bytes(message_path, message, strlen(message));
    ft_write_bytes(book_path, book, strlen(book));
    const lf_source source = ft_pair_source(message_path, book_path, level_count);
    out->used = 0;
    out->to[0] = '\0';
    const lf_status status = ft_read_events(&source, options, put_event, out, stats, &error);
    if (status != LF_OK) {
        out->used = 0;
        for (const char *p = error.message; *p != '\0';) {
            const bool is_m = strncmp(p, message_path, strlen(message_path)) == 0;
            const bool is_b = strncmp(p, book_path, strlen(book_path)) == 0;
            put(out, "%c", is_m ? 'M' : (is_b ? 'B' : *p));
            p += is_m ? strlen(message_path) : (is_b ? strlen(book_path) : 1);
        }
    }
    return status;
}

/* ---- rules ------------------------------------------------------------------------------ */

#define UNEDITED "; check that this is an unedited LOBSTER file"
#define FIRST "34200.000000000,1,1,5,1000000,1\n"
#define FIRST_BOOK "1000100,7,1000000,5\n"
#define FIRST_EVENT "A+1 34200.000000000 #1 5@1000000 [5@10000 | 7@10001]; "

static const struct rule_case {
    const char *message, *book;
    int32_t level_count; /* 0: 1 */
    bool strict;
    const char *wanted;
    lf_status status;
} rule_cases[] = {
    /* What each type becomes. */
    {.message = FIRST, .book = FIRST_BOOK, .wanted = FIRST_EVENT},
    {.message = FIRST "34200.5,2,1,2,1000000,1\n34200.5,3,1,3,1000000,1\n",
     .book = FIRST_BOOK "1000100,7,1000000,3\n1000100,7,999900,8\n",
     .wanted = FIRST_EVENT "C+1 34200.500000000 #1 2@1000000 [3@10000 | 7@10001]; "
                           "D+1 34200.500000000 #1 3@1000000 [8@9999 | 7@10001]; "},
    {.message = FIRST "34200.1,4,2,3,1000100,-1\n34200.2,4,1,5,1000000,1\n",
     .book = FIRST_BOOK "1000100,4,1000000,5\n1000100,4,999900,8\n",
     .wanted = FIRST_EVENT "X-1 34200.100000000 #2 3@1000100 [5@10000 | 4@10001] {+1 3@1000100}; "
                           "X+1 34200.200000000 #1 5@1000000 [8@9999 | 4@10001] {-1 5@1000000}; "},
    {.message = FIRST "34200.1,5,0,30,1000050,-1\n34200.1,5,0,1,1000033,1\n",
     .book = FIRST_BOOK FIRST_BOOK FIRST_BOOK,
     .wanted =
         FIRST_EVENT "H-1 34200.100000000 #0 30@1000050 [5@10000 | 7@10001] {+1 30@1000050 h}; "
                     "H+1 34200.100000000 #0 1@1000033 [5@10000 | 7@10001] {-1 1@1000033 h}; "},
    {.message = FIRST "34200.1,6,-1,10470,2237500,-1\n34200.2,6,0,0,0,0\n",
     .book = FIRST_BOOK FIRST_BOOK FIRST_BOOK,
     .wanted = FIRST_EVENT "Q-1 34200.100000000 #0 10470@2237500 [5@10000 | 7@10001]; "
                           "Q+0 34200.200000000 #0 0@0 [5@10000 | 7@10001]; "},
    /* A halt masks until trading resumes; what resumes it is a reset. */
    {.message = FIRST "34201,7,0,0,-1,-1\n34202,7,0,0,-1,-1\n34203,7,0,0,0,-1\n"
                      "34204,1,9,1,1000000,1\n34205,7,0,0,1,-1\n34206,2,9,1,1000000,1\n",
     .book = FIRST_BOOK FIRST_BOOK FIRST_BOOK FIRST_BOOK
     "1000100,7,1000000,6\n1000100,7,1000000,6\n" FIRST_BOOK,
     .wanted = FIRST_EVENT "Tm+0 34201.000000000 #0 0@0 [5@10000 | 7@10001]; "
                           "Tm+0 34202.000000000 #0 0@0 [5@10000 | 7@10001]; "
                           "Tm+0 34203.000000000 #0 0@0 [5@10000 | 7@10001]; "
                           "Am+1 34204.000000000 #9 1@1000000 [6@10000 | 7@10001]; "
                           "Tr+0 34205.000000000 #0 0@0 [6@10000 | 7@10001]; "
                           "C+1 34206.000000000 #9 1@1000000 [5@10000 | 7@10001]; "},
    /* Quoting may resume without a halt in the file; that masks nothing. */
    {.message = "34201,7,0,0,0,0\n" FIRST,
     .book = FIRST_BOOK FIRST_BOOK,
     .status = LF_FORMAT,
     .wanted = "M:2: field 1 (time) goes back by 1s; rows must be in time order"},
    {.message = "34200,7,0,0,0,0\n34200,7,0,0,1,1\n",
     .book = FIRST_BOOK FIRST_BOOK,
     .wanted = "T+0 34200.000000000 #0 0@0 [5@10000 | 7@10001]; "
               "Tr+0 34200.000000000 #0 0@0 [5@10000 | 7@10001]; "},
    /* Time is decimal text: short, long (the tenth digit is cut), at both ends of the day. */
    {.message = "0,1,1,5,1000000,1\n",
     .book = FIRST_BOOK,
     .wanted = "A+1 0.000000000 #1 5@1000000 [5@10000 | 7@10001]; "},
    {.message = "34200.0174596179,1,1,5,1000000,1\n",
     .book = FIRST_BOOK,
     .wanted = "A+1 34200.017459617 #1 5@1000000 [5@10000 | 7@10001]; "},
    {.message = "34200.999999999999999,1,1,5,1000000,1\n",
     .book = FIRST_BOOK,
     .wanted = "A+1 34200.999999999 #1 5@1000000 [5@10000 | 7@10001]; "},
    {.message = "9.25,1,1,5,1000000,1\n",
     .book = FIRST_BOOK,
     .wanted = "A+1 9.250000000 #1 5@1000000 [5@10000 | 7@10001]; "},
    {.message = "86399.999999999,1,1,5,1000000,1\n",
     .book = FIRST_BOOK,
     .wanted = "A+1 86399.999999999 #1 5@1000000 [5@10000 | 7@10001]; "},
    {.message = "86400.0,1,1,5,1000000,1\n",
     .book = FIRST_BOOK,
     .status = LF_FORMAT,
     .wanted = "M:1: field 1 (time) must be seconds after midnight, below 86400, such as "
               "34200.017459617, found \"86400.0\"" UNEDITED},
    {.message = "99999.000000000,1,1,5,1000000,1\n",
     .book = FIRST_BOOK,
     .status = LF_FORMAT,
     .wanted = "M:1: field 1 (time) must be seconds after midnight, below 86400, such as "
               "34200.017459617, found \"99999.000000000\"" UNEDITED},
    {.message = FIRST "34199.999999999,1,1,5,1000000,1\n",
     .book = FIRST_BOOK FIRST_BOOK,
     .status = LF_FORMAT,
     .wanted = "M:2: field 1 (time) goes back by 1ns; rows must be in time order"},
    /* Levels that are missing, on one side or behind others; a size of 0 is none. */
    {.message = FIRST,
     .book = "9999999999,0,1000000,5,9999999999,0,999900,2\n",
     .level_count = 2,
     .wanted = "A+1 34200.000000000 #1 5@1000000 [5@10000 2@9999 | ]; "},
    {.message = FIRST,
     .book = "1000100,7,-9999999999,0,1000200,0,-9999999999,0\n",
     .level_count = 2,
     .wanted = "A+1 34200.000000000 #1 5@1000000 [ | 7@10001]; "},
    /* The largest numbers that fit. */
    {.message = "34200.1,1,999999999999999999,9999999999,9999999900,1\n",
     .book = "9999999999,0,9999999900,9999999999\n",
     .wanted = "A+1 34200.100000000 #999999999999999999 9999999999@9999999900 "
               "[9999999999@99999999 | ]; "},
    /* Ends of lines and files. */
    {.message = "34200.000000000,1,1,5,1000000,1\r\n",
     .book = "1000100,7,1000000,5\r\n",
     .wanted = FIRST_EVENT},
    {.message = "34200.000000000,1,1,5,1000000,1",
     .book = "1000100,7,1000000,5",
     .wanted = FIRST_EVENT},
    {.message = FIRST "\n", .book = FIRST_BOOK "\r\n\n\n", .wanted = FIRST_EVENT},
    {.message = FIRST, .book = FIRST_BOOK "\n", .wanted = FIRST_EVENT},
    {.message = FIRST "\n\n" FIRST,
     .book = FIRST_BOOK FIRST_BOOK,
     .status = LF_FORMAT,
     .wanted = "M:2: the line is empty, but rows follow" UNEDITED},
    {.message = FIRST FIRST,
     .book = FIRST_BOOK "\r\n" FIRST_BOOK,
     .status = LF_FORMAT,
     .wanted = "B:2: the line is empty, but rows follow" UNEDITED},
    {.message = FIRST FIRST,
     .book = FIRST_BOOK,
     .status = LF_FORMAT,
     .wanted = "B:1: the file ends here, but its partner M has more rows; both must have one row "
               "per event"},
    {.message = FIRST,
     .book = FIRST_BOOK FIRST_BOOK,
     .status = LF_FORMAT,
     .wanted = "M:1: the file ends here, but its partner B has more rows; both must have one row "
               "per event"},
    {.message = "",
     .book = FIRST_BOOK,
     .status = LF_FORMAT,
     .wanted =
         "M: the file is empty, but its partner B has more rows; both must have one row per event"},
    {.message = FIRST,
     .book = "",
     .status = LF_FORMAT,
     .wanted =
         "B: the file is empty, but its partner M has more rows; both must have one row per event"},
    {.message = "",
     .book = "",
     .status = LF_FORMAT,
     .wanted = "M: the file is empty; a LOBSTER day has one row per event"},
    {.message = "\n",
     .book = "\r\n",
     .status = LF_FORMAT,
     .wanted = "M: the file is empty; a LOBSTER day has one row per event"},
    /* Message rows that are none. */
    {.message = FIRST "34200.1,1,1,5,10x0000,1\n",
     .book = FIRST_BOOK FIRST_BOOK,
     .status = LF_FORMAT,
     .wanted = "M:2: field 5 (price) must be an integer of at most 10 digits, found "
               "\"10x0000\"" UNEDITED},
    {.message = "34200.1.2,1,1,5,1000000,1\n",
     .book = FIRST_BOOK,
     .status = LF_FORMAT,
     .wanted = "M:1: field 1 (time) must be seconds after midnight, below 86400, such as "
               "34200.017459617, found \"34200.1.2\"" UNEDITED},
    {.message = "-1,1,1,5,1000000,1\n",
     .book = FIRST_BOOK,
     .status = LF_FORMAT,
     .wanted = "M:1: field 1 (time) must be seconds after midnight, below 86400, such as "
               "34200.017459617, found \"-1\"" UNEDITED},
    {.message = ",1,1,5,1000000,1\n",
     .book = FIRST_BOOK,
     .status = LF_FORMAT,
     .wanted = "M:1: field 1 (time) must be seconds after midnight, below 86400, such as "
               "34200.017459617, found \"\"" UNEDITED},
    {.message = "1,8,1,5,1000000,1\n",
     .book = FIRST_BOOK,
     .status = LF_FORMAT,
     .wanted = "M:1: field 2 (type) must be 1 to 7, found \"8\"" UNEDITED},
    {.message = "1,0,1,5,1000000,1\n",
     .book = FIRST_BOOK,
     .status = LF_FORMAT,
     .wanted = "M:1: field 2 (type) must be 1 to 7, found \"0\"" UNEDITED},
    {.message = "1,10,1,5,1000000,1\n",
     .book = FIRST_BOOK,
     .status = LF_FORMAT,
     .wanted = "M:1: field 2 (type) must be 1 to 7, found \"10\"" UNEDITED},
    {.message = "1,1,1234567890123456789,5,1000000,1\n",
     .book = FIRST_BOOK,
     .status = LF_FORMAT,
     .wanted = "M:1: field 3 (order id) must be an integer of at most 18 digits, found "
               "\"1234567890123456789\"" UNEDITED},
    {.message = "1,1,-1,5,1000000,1\n",
     .book = FIRST_BOOK,
     .status = LF_FORMAT,
     .wanted = "M:1: field 3 (order id) must be an integer, 0 or more, of at most 18 digits, found "
               "\"-1\"" UNEDITED},
    {.message = "1,1,1,0,1000000,1\n",
     .book = FIRST_BOOK,
     .status = LF_FORMAT,
     .wanted =
         "M:1: field 4 (size) must be a size above 0 of at most 10 digits, found \"0\"" UNEDITED},
    {.message = "1,1,1,-5,1000000,1\n",
     .book = FIRST_BOOK,
     .status = LF_FORMAT,
     .wanted =
         "M:1: field 4 (size) must be a size above 0 of at most 10 digits, found \"-5\"" UNEDITED},
    {.message = "1,6,1,-5,1000000,1\n",
     .book = FIRST_BOOK,
     .status = LF_FORMAT,
     .wanted = "M:1: field 4 (size) must be a size, 0 or more, found \"-5\"" UNEDITED},
    {.message = "1,1,1,12345678901,1000000,1\n",
     .book = FIRST_BOOK,
     .status = LF_FORMAT,
     .wanted = "M:1: field 4 (size) must be an integer of at most 10 digits, found "
               "\"12345678901\"" UNEDITED},
    {.message = "1,1,1,,1000000,1\n",
     .book = FIRST_BOOK,
     .status = LF_FORMAT,
     .wanted = "M:1: field 4 (size) must be an integer of at most 10 digits, found \"\"" UNEDITED},
    {.message = "1,1,1,5,10000000000,1\n",
     .book = FIRST_BOOK,
     .status = LF_FORMAT,
     .wanted = "M:1: field 5 (price) must be an integer of at most 10 digits, found "
               "\"10000000000\"" UNEDITED},
    {.message = "1,1,1,5,1000050,1\n",
     .book = FIRST_BOOK,
     .status = LF_FORMAT,
     .wanted = "M:1: field 5 (price) must be a price above 0 in 1/10000, on a whole cent, found "
               "\"1000050\"" UNEDITED},
    {.message = "34200.000000000,4,1,5,1000050,1\n",
     .book = FIRST_BOOK,
     .status = LF_FORMAT,
     .wanted = "M:1: field 5 (price) must be a price above 0 in 1/10000, on a whole cent, found "
               "\"1000050\"" UNEDITED},
    {.message = "1,3,1,5,-100,1\n",
     .book = FIRST_BOOK,
     .status = LF_FORMAT,
     .wanted = "M:1: field 5 (price) must be a price above 0 in 1/10000, on a whole cent, found "
               "\"-100\"" UNEDITED},
    {.message = "1,5,1,5,0,1\n",
     .book = FIRST_BOOK,
     .status = LF_FORMAT,
     .wanted = "M:1: field 5 (price) must be a price above 0 in 1/10000, found \"0\"" UNEDITED},
    {.message = "1,7,0,0,2,1\n",
     .book = FIRST_BOOK,
     .status = LF_FORMAT,
     .wanted = "M:1: field 5 (price) must be -1 (a halt begins), 0 (quoting resumes) or 1 (trading "
               "resumes), found \"2\"" UNEDITED},
    {.message = "1,1,1,5,1000000,0\n",
     .book = FIRST_BOOK,
     .status = LF_FORMAT,
     .wanted = "M:1: field 6 (direction) must be 1 or -1, found \"0\"" UNEDITED},
    {.message = "1,1,1,5,1000000,2\n",
     .book = FIRST_BOOK,
     .status = LF_FORMAT,
     .wanted = "M:1: field 6 (direction) must be 1 or -1, found \"2\"" UNEDITED},
    {.message = "1,1,1,5,1000000,1 \n",
     .book = FIRST_BOOK,
     .status = LF_FORMAT,
     .wanted = "M:1: field 6 (direction) must be 1 or -1, found \"1 \"" UNEDITED},
    {.message = "1,1,1,5,1000000\n",
     .book = FIRST_BOOK,
     .status = LF_FORMAT,
     .wanted =
         "M:1: the row must be 6 fields with commas between, found \"1,1,1,5,1000000\"" UNEDITED},
    {.message = "1,1,1,5,1000000,1,\n",
     .book = FIRST_BOOK,
     .status = LF_FORMAT,
     .wanted = "M:1: the row must be 6 fields with commas between, found "
               "\"1,1,1,5,1000000,1,\"" UNEDITED},
    {.message = "\x1b[31m\x7f\xff and more than forty bytes of something else\n",
     .book = FIRST_BOOK,
     .status = LF_FORMAT,
     .wanted = "M:1: the row must be 6 fields with commas between, found "
               "\"?[31m?? and more than forty bytes of som\"..." UNEDITED},
    /* Orderbook rows that are none. */
    {.message = FIRST,
     .book = "1000100,7,1000000,5,1000200,7,999900,5\n",
     .status = LF_FORMAT,
     .wanted = "B:1: the row must be 4 fields for 1 levels, found "
               "\"1000100,7,1000000,5,1000200,7,999900,5\"" UNEDITED},
    {.message = FIRST FIRST,
     .book = FIRST_BOOK "1000100,7,1000000\n",
     .status = LF_FORMAT,
     .wanted = "B:2: the row must be 4 fields for 1 levels, found \"1000100,7,1000000\"" UNEDITED},
    {.message = FIRST FIRST,
     .book = FIRST_BOOK "1000100,7,1000000,5,\n",
     .status = LF_FORMAT,
     .wanted =
         "B:2: the row must be 4 fields for 1 levels, found \"1000100,7,1000000,5,\"" UNEDITED},
    {.message = FIRST FIRST,
     .book = FIRST_BOOK "1000100,7,1000000,5l\n",
     .status = LF_FORMAT,
     .wanted = "B:2: field 4 (bid size of level 1) must be a size, 0 or more, of at most 10 "
               "digits, found \"5l\"" UNEDITED},
    {.message = FIRST,
     .book = "10001000000,7,1000000,5\n",
     .status = LF_FORMAT,
     .wanted = "B:1: field 1 (ask price of level 1) must be a price above 0 in 1/10000 on a whole "
               "cent, at "
               "most 10 digits, or 9999999999 for none, found \"10001000000\"" UNEDITED},
    {.message = FIRST,
     .book = "1000150,7,1000000,5\n",
     .status = LF_FORMAT,
     .wanted = "B:1: field 1 (ask price of level 1) must be a price above 0 in 1/10000 on a whole "
               "cent, at "
               "most 10 digits, or 9999999999 for none, found \"1000150\"" UNEDITED},
    {.message = FIRST,
     .book = "-9999999999,0,1000000,5\n",
     .status = LF_FORMAT,
     .wanted = "B:1: field 1 (ask price of level 1) must be a price above 0 in 1/10000 on a whole "
               "cent, at "
               "most 10 digits, or 9999999999 for none, found \"-9999999999\"" UNEDITED},
    {.message = FIRST,
     .book = "1000100,7,9999999999,0\n",
     .status = LF_FORMAT,
     .wanted = "B:1: field 3 (bid price of level 1) must be a price above 0 in 1/10000 on a whole "
               "cent, at "
               "most 10 digits, or -9999999999 for none, found \"9999999999\"" UNEDITED},
    {.message = FIRST,
     .book = "1000100,7,0,0\n",
     .status = LF_FORMAT,
     .wanted = "B:1: field 3 (bid price of level 1) must be a price above 0 in 1/10000 on a whole "
               "cent, at "
               "most 10 digits, or -9999999999 for none, found \"0\"" UNEDITED},
    {.message = FIRST,
     .book = "1000100,7,-9999999999,5\n",
     .status = LF_FORMAT,
     .wanted =
         "B:1: field 4 (bid size of level 1) must be 0, because the level has no price, found "
         "\"5\"" UNEDITED},
    {.message = FIRST,
     .book = "1000100,-7,1000000,5\n",
     .status = LF_FORMAT,
     .wanted = "B:1: field 2 (ask size of level 1) must be a size, 0 or more, of at most 10 "
               "digits, found "
               "\"-7\"" UNEDITED},
    {.message = FIRST,
     .book = "1000100,7,1000000,5,1000200,1,999900,-\n",
     .level_count = 2,
     .status = LF_FORMAT,
     .wanted = "B:1: field 8 (bid size of level 2) must be a size, 0 or more, of at most 10 "
               "digits, found "
               "\"-\"" UNEDITED},
    /* Strict: what else is counted. */
    {.message = FIRST "34200.5,2,1,2,1000000,1\n",
     .book = FIRST_BOOK FIRST_BOOK,
     .strict = true,
     .status = LF_DATA,
     .wanted = "M:2: the book does not change by the size of the message at its "
               "price; without strict such rows are counted"},
    {.message = FIRST "34200.5,5,0,2,1000000,1\n",
     .book = FIRST_BOOK "1000100,7,1000000,4\n",
     .strict = true,
     .status = LF_DATA,
     .wanted = "M:2: the book does not change by the size of "
               "the message at its price; without strict such rows are counted"},
    {.message = FIRST,
     .book = "1000000,7,1000000,5\n",
     .strict = true,
     .status = LF_DATA,
     .wanted = "B:1: the best bid is at or above the best ask; without strict such rows are "
               "counted"},
    {.message = FIRST,
     .book = "1000100,7,1000000,5,1000100,7,999900,5\n",
     .level_count = 2,
     .strict = true,
     .status = LF_DATA,
     .wanted = "B:1: the levels are not in the order of their "
               "prices; without strict such rows are counted"},
    {.message = FIRST "34200.5,2,1,2,1000000,1\n34200.6,5,0,9,1000000,1\n",
     .book = FIRST_BOOK "1000100,7,1000000,3\n1000100,7,1000000,3\n",
     .strict = true,
     .wanted =
         FIRST_EVENT "C+1 34200.500000000 #1 2@1000000 [3@10000 | 7@10001]; "
                     "H+1 34200.600000000 #0 9@1000000 [3@10000 | 7@10001] {-1 9@1000000 h}; "},
};

static void test_rules(void **state)
{
    (void)state;
    static char room[8192];
    text out = {room, sizeof room, 0};
    for (size_t i = 0; i < COUNT(rule_cases); i++) {
        const struct rule_case *c = &rule_cases[i];
        const lf_feed_options options = {.strict = c->strict};
        const int32_t levels = c->level_count > 0 ? c->level_count : 1;
        const lf_status status = read_texts(c->message, c->book, levels, &options, NULL, &out);
        if (status != c->status || strcmp(room, c->wanted) != 0) {
            fail_msg("case %zu: status %d\n  %s\nnot\n  %s", i, (int)status, room, c->wanted);
        }
    }
}

/* ---- counts ----------------------------------------------------------------------------- */

static void test_stats(void **state)
{
    (void)state;
    static char room[8192];
    text out = {room, sizeof room, 0};
    lf_feed_stats s;
    /* Fits, does not fit, hidden that moves, one-sided, crossed, halt, cross. */
    const char *message = FIRST "34201,2,1,1,1000000,1\n34202,2,1,2,1000000,1\n"
                                "34203,5,0,2,1000000,1\n34204,3,1,6,1000000,1\n"
                                "34205,1,1,3,1000100,1\n34206,7,0,0,-1,0\n34207,7,0,0,1,0\n"
                                "34208,6,-1,5,1000000,1\n";
    const char *book = FIRST_BOOK "1000100,7,1000000,4\n1000100,7,1000000,3\n1000100,7,1000000,6\n"
                                  "1000100,7,-9999999999,0\n1000100,7,1000100,3\n"
                                  "1000100,7,1000100,3\n1000200,7,1000100,3\n"
                                  "1000200,7,1000000,3\n";
    assert_int_equal(read_texts(message, book, 1, NULL, &s, &out), LF_OK);
    static const int64_t kinds[LF_EVENT_KIND_COUNT] = {2, 2, 1, 0, 1, 1, 2, 0, 0, 0};
    assert_memory_equal(s.kind_counts, kinds, sizeof kinds);
    assert_int_equal(s.event_count, 9);
    assert_int_equal(s.halt_count, 1);
    assert_int_equal(s.gap_count, 2);
    assert_int_equal(s.check_count, 4);
    assert_int_equal(s.violation_count, 2);
    assert_int_equal(s.first_violation_line, 3);
    assert_int_equal(s.one_sided_count, 1);
    assert_int_equal(s.crossed_count, 2);
    assert_int_equal(s.first_ts_ns, MIDNIGHT_NS + 34200 * LF_NS_PER_SECOND);
    assert_int_equal(s.last_ts_ns, MIDNIGHT_NS + 34208 * LF_NS_PER_SECOND);
    assert_int_equal(s.text_bytes, strlen(message) + strlen(book));
    assert_int_equal(s.input_bytes, s.text_bytes);
    assert_int_equal(s.input_bytes_total, s.text_bytes);
}

/* Levels out of order, a gap between them, and order again. */
static void test_order_of_levels(void **state)
{
    (void)state;
    static char room[8192];
    text out = {room, sizeof room, 0};
    lf_feed_stats s;
    const char *message = "1,6,0,0,0,0\n2,6,0,0,0,0\n3,6,0,0,0,0\n4,6,0,0,0,0\n5,6,0,0,0,0\n";
    const char *book = "300,1,200,1,400,1,100,1\n"
                       "300,1,200,1,400,1,200,1\n"
                       "300,1,200,1,400,2,200,1\n"
                       "300,1,-9999999999,0,400,2,100,1\n"
                       "300,1,200,1,9999999999,0,-9999999999,0\n";
    assert_int_equal(read_texts(message, book, 2, NULL, &s, &out), LF_OK);
    assert_int_equal(s.violation_count, 3);
    assert_int_equal(s.first_violation_line, 2);
    assert_int_equal(s.one_sided_count, 1);
    assert_int_equal(s.check_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_stats),
        cmocka_unit_test(test_order_of_levels),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
