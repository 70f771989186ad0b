/*
 * Goal: the days behind what a person types are found, all of them and each once, or the reason why
 * not is told. Method: a row is a tree of empty files, the paths typed and the options, and one
 * line of text: the days found, or the error.
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
#define PARTS_MAX 8

static lf_testing_folder folder;

/* ---- names ------------------------------------------------------------------------------ */

static const struct name_case {
    const char *path;
    const char *parsed; /* "SYMBOL DATE KIND LEVELS", or NULL */
} name_cases[] = {
    {"AAPL_2012-06-21_34200000_57600000_message_10.csv", "AAPL 2012-06-21 m 10"},
    {"AAPL_2012-06-21_34200000_57600000_orderbook_1.csv", "AAPL 2012-06-21 o 1"},
    {"/some_folder_message_2/BRK.B_2020-02-29_0_1_message_50.csv.gz", "BRK.B 2020-02-29 m 50"},
    {"A_2012-06-21_message_5.csv.xz", "A 2012-06-21 m 5"},
    {"A-B_2012-06-21_x_message_5.csv.zst", "A-B 2012-06-21 m 5"},
    {"7203_2012-06-21_x_message_5.csv.bz2", "7203 2012-06-21 m 5"},
    {"AAPL_2012-06-21_34200000_57600000_message_10.csv.bak", NULL},
    {"AAPL_2012-06-21_34200000_57600000_message_10.csv~", NULL},
    {"AAPL_2012-06-21_34200000_57600000_message_10.txt", NULL},
    {"AAPL_2012-06-21_34200000_57600000_message_.csv", NULL},
    {"AAPL_2012-06-21_34200000_57600000_message_1000.csv", NULL},
    {"AAPL_2012-02-30_34200000_57600000_message_10.csv", NULL},
    {"AAPL_20120621_34200000_57600000_message_10.csv", NULL},
    {"AAPL_2012-06_message_10.csv", NULL},
    {"_2012-06-21_x_message_10.csv", NULL},
    {"._AAPL_2012-06-21_x_message_10.csv", NULL},
    {"sub\\AAPL_2012-06-21_x_message_10.csv", NULL},
    {"A$_message_1.csv", NULL},
    {"0123456789012345678901234567890_2012-06-21_x_message_1.csv",
     "0123456789012345678901234567890 2012-06-21 m 1"},
    {"01234567890123456789012345678901_2012-06-21_x_message_1.csv", NULL},
    {"_message_1.csv", NULL},
    {"", NULL},
};

static void test_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(name_cases); i++) {
        lfi_lobster_name name;
        char parsed[80], date[11];
        if (!lfi_lobster_name_parse(name_cases[i].path, &name)) {
            if (name_cases[i].parsed != NULL) {
                fail_msg("%s", name_cases[i].path);
            }
            continue;
        }
        assert_non_null(name_cases[i].parsed);
        lf_date_format(name.date, date);
        (void)snprintf(
            parsed,
            sizeof parsed,
            "%s %s %c %d",
            name.symbol,
            date,
            name.is_message ? 'm' : 'o',
            (int)name.level_count
        );
        assert_string_equal(parsed, name_cases[i].parsed);
    }
}

/* ---- trees ------------------------------------------------------------------------------ */

#define ALGOSEEK "Date,Timestamp,EventType,Ticker,Price,Quantity,Exchange,Conditions\n"
/* Files of a day: A1M is symbol A, day 1, message, 10 levels. */
#define DAY(symbol, day, kind, levels) \
    symbol "_2020-01-0" day "_34200000_57600000_" kind "_" levels ".csv"
#define A1M DAY("A", "1", "message", "10")
#define A1O DAY("A", "1", "orderbook", "10")
#define A1M5 DAY("A", "1", "message", "5")
#define A1O5 DAY("A", "1", "orderbook", "5")
#define A2M DAY("A", "2", "message", "10")
#define A2O DAY("A", "2", "orderbook", "10")
#define B1M DAY("B", "1", "message", "10")
#define B1O DAY("B", "1", "orderbook", "10")

/* "x.zip=one,two" is an archive with members of these names, "x=text" a file with a text. */
static const struct tree_case {
    const char *files[PARTS_MAX];
    const char *typed[PARTS_MAX];
    lf_feed_options options;
    /* "SYMBOL day levels path[+path2];" for each, paths below the folder; or the error. */
    const char *found;
    lf_status status;
} tree_cases[] = {
    /* Pairs. */
    {.files = {A1M, A1O}, .typed = {A1M, A1O}, .found = "A 1 10 " A1M "+" A1O ";"},
    {.files = {A1M, A1O}, .typed = {A1O, A1M}, .found = "A 1 10 " A1M "+" A1O ";"},
    {.files = {A1M, A1O}, .typed = {A1M}, .found = "A 1 10 " A1M "+" A1O ";"},
    {.files = {A1M, A1O}, .typed = {A1O}, .found = "A 1 10 " A1M "+" A1O ";"},
    {.files = {A1M, A1O}, .typed = {A1M, A1M, A1O}, .found = "A 1 10 " A1M "+" A1O ";"},
    {.files = {"x/" A1M, "y/" A1O},
     .typed = {"x/" A1M, "y/" A1O},
     .found = "A 1 10 x/" A1M "+y/" A1O ";"},
    {.files = {A1M},
     .typed = {A1M},
     .status = LF_FORMAT,
     .found = "@" A1M ": the orderbook file of A, 2020-01-01, 10 levels is missing; a LOBSTER day "
              "needs both"},
    {.files = {A1O},
     .typed = {A1O},
     .status = LF_FORMAT,
     .found = "@" A1O ": the message file of A, 2020-01-01, 10 levels is missing; a LOBSTER day "
              "needs both"},
    {.files = {A1M5, A1O},
     .typed = {A1M5, A1O},
     .status = LF_FORMAT,
     .found = "@" A1M5 ": the orderbook file of A, 2020-01-01, 5 levels is missing; a LOBSTER day "
              "needs both"},
    /* Folders: in order of date and symbol, two levels deep, other and hidden files passed over. */
    {.files = {"d/" A2M, "d/" A2O, "d/" B1M, "d/" B1O, "d/" A1M, "d/" A1O, "d/ReadMe.txt=hi"},
     .typed = {"d"},
     .found = "A 1 10 d/" A1M "+d/" A1O ";B 1 10 d/" B1M "+d/" B1O ";A 2 10 d/" A2M "+d/" A2O ";"},
    {.files = {"d/e/f/" A1M, "d/e/f/" A1O, "d/e/f/g/" A2M, "d/e/f/g/" A2O, "d/.h/" B1M},
     .typed = {"d"},
     .found = "A 1 10 d/e/f/" A1M "+d/e/f/" A1O ";"},
    {.files = {"d/x/" A1M, "d/y/" A1O},
     .typed = {"d"},
     .status = LF_FORMAT,
     .found = "@d/x/" A1M ": the orderbook file of A, 2020-01-01, 10 levels is missing; a LOBSTER "
              "day needs both"},
    {.files = {"d/ReadMe.txt=hi"},
     .typed = {"d"},
     .status = LF_NOT_FOUND,
     .found = "@d: nothing here that lobflow reads: LOBSTER archives, message and orderbook files, "
              "AlgoSeek TAQ files, Databento or NASDAQ ITCH files, captures of Binance, Coinbase "
              "or CME, "
              "or csv files of data.binance.vision"},
    {.typed = {"gone"}, .status = LF_NOT_FOUND, .found = "@gone: there is no such file or folder"},
    /* Archives. */
    {.files = {"a.zip=" A1O "," A1M ",ReadMe.txt"}, .typed = {"a.zip"}, .found = "A 1 10 a.zip;"},
    {.files = {"a.7z=sub/" A1M ",sub/" A1O}, .typed = {"a.7z"}, .found = "A 1 10 a.7z;"},
    {.files = {"a.zip=" A1M "," B1M "," A1O "," B1O ",__MACOSX/._" A1M},
     .typed = {"a.zip"},
     .found = "A 1 10 a.zip;B 1 10 a.zip;"},
    {.files = {"d/a.zip=" A1M "," A1O, "d/b.7z=" B1M "," B1O, "d/c.zip=other", "d/" A2M, "d/" A2O},
     .typed = {"d"},
     .found = "A 1 10 d/a.zip;B 1 10 d/b.7z;A 2 10 d/" A2M "+d/" A2O ";"},
    {.files = {"a.zip=" A1M},
     .typed = {"a.zip"},
     .status = LF_FORMAT,
     .found = "@a.zip: the orderbook file of A, 2020-01-01, 10 levels is missing from the "
              "archive; a LOBSTER day needs both"},
    {.files = {"a.zip=" A1M, "b.zip=" A1O},
     .typed = {"a.zip", "b.zip"},
     .status = LF_FORMAT,
     .found = "@a.zip: the orderbook file of A, 2020-01-01, 10 levels is missing from the "
              "archive; a LOBSTER day needs both"},
    {.files = {"a.zip=x/" A1M ",y/" A1M "," A1O},
     .typed = {"a.zip"},
     .status = LF_DATA,
     .found = "@a.zip: two message files of A, 2020-01-01, 10 levels are here, both in the "
              "archive; only one can be meant"},
    {.files = {"a.zip=other"},
     .typed = {"a.zip"},
     .status = LF_FORMAT,
     .found =
         "@a.zip: the archive holds no LOBSTER message and orderbook files "
         "(SYMBOL_YYYY-MM-DD_START_END_message_LEVELS.csv), no capture of Binance or Coinbase and "
         "no csv file of data.binance.vision"},
    /* An archive and a half pair are not mixed. */
    {.files = {"d/a.zip=" A1M "," A1O, "d/" A1M},
     .typed = {"d"},
     .status = LF_FORMAT,
     .found = "@d/" A1M ": the orderbook file of A, 2020-01-01, 10 levels is missing; a LOBSTER "
              "day needs both"},
    /* Twice the same day. */
    {.files = {"d/a.zip=" A1M "," A1O, "d/" A1M, "d/" A1O},
     .typed = {"d"},
     .status = LF_DATA,
     .found = "A of 2020-01-01 is there twice: @d/" A1M " (10 levels) and @d/a.zip (10 levels); "
              "name one of them"},
    {.files = {"a.zip=" A1M "," A1O},
     .typed = {"a.zip", "a.zip"},
     .status = LF_DATA,
     .found = "A of 2020-01-01 is there twice: @a.zip (10 levels) and @a.zip (10 levels); name one "
              "of them"},
    {.files = {"d/" A1M, "d/" A1O, "d/" A1M5, "d/" A1O5},
     .typed = {"d"},
     .status = LF_DATA,
     .found = "A of 2020-01-01 is there twice: @d/" A1M5 " (5 levels) and @d/" A1M
              " (10 levels); name one of them or give --levels"},
    {.files = {"d/" A1M, "d/A_2020-01-01_1_2_message_10.csv", "d/" A1O},
     .typed = {"d"},
     .status = LF_DATA,
     .found = "@d/A_2020-01-01_1_2_message_10.csv: two message files of A, 2020-01-01, 10 levels "
              "are here, the other is @d/" A1M "; only one can be meant"},
    /* Days that are one file lie among the others. */
    {.files =
         {"d/t.csv=Date,Timestamp,EventType,Ticker,Price,Quantity,Exchange,Conditions\n"
          "20200101,09:30:00.000,QUOTE BID NB,C,10.00,100,NYSE,00000000\n",
          "d/" A1M,
          "d/" A1O,
          "d/" A2M,
          "d/" A2O},
     .typed = {"d"},
     .found = "A 1 10 d/" A1M "+d/" A1O ";C 1 1 d/t.csv;A 2 10 d/" A2M "+d/" A2O ";"},
    /* A file of several symbols has days of each; one that is called as its symbol has no other. */
    {.files =
         {"d/t.csv=" ALGOSEEK "20200101,09:30:00.1,TRADE,C,1.5,100,NYSE,0\n"
          "20200101,09:30:00.2,TRADE,CD,1.5,100,NYSE,0\n",
          "d/" A1M,
          "d/" A1O},
     .typed = {"d"},
     .options = {.symbol = "CD"},
     .found = "CD 1 1 d/t.csv;"},
    {.files =
         {"d/C.csv=" ALGOSEEK "20200101,09:30:00.1,TRADE,C,1.5,100,NYSE,0\n"
          "20200101,09:30:00.2,TRADE,CD,1.5,100,NYSE,0\n",
          "d/" A1M,
          "d/" A1O},
     .typed = {"d"},
     .options = {.symbol = "CD"},
     .status = LF_NOT_FOUND,
     .found = "no day of symbol CD here; the first is C, 2020-01-01, 1 levels"},
    /* Options choose. */
    {.files = {"d/" A1M, "d/" A1O, "d/" A1M5, "d/" A1O5},
     .typed = {"d"},
     .options = {.level_count = 5},
     .found = "A 1 5 d/" A1M5 "+d/" A1O5 ";"},
    {.files = {"a.zip=" A1M "," B1M "," A1O "," B1O "," A2M "," A2O},
     .typed = {"a.zip"},
     .options = {.symbol = "A"},
     .found = "A 1 10 a.zip;A 2 10 a.zip;"},
    {.files = {"a.zip=" A1M "," B1M "," A1O "," B1O "," A2M "," A2O},
     .typed = {"a.zip"},
     .options = {.symbol = "A", .date = "2020-01-02"},
     .found = "A 2 10 a.zip;"},
    {.files = {"a.zip=" A1M "," B1M "," A1O "," B1O},
     .typed = {"a.zip"},
     .options = {.symbol = "B,A"},
     .found = "A 1 10 a.zip;B 1 10 a.zip;"},
    {.files = {"a.zip=" A1M "," B1M "," A1O "," B1O},
     .typed = {"a.zip"},
     .options = {.symbol = "A,C,B"},
     .status = LF_NOT_FOUND,
     .found = "no day of symbol C here; the first is A, 2020-01-01, 10 levels"},
    {.files = {"a.zip=" A1M "," B1M "," A1O "," B1O},
     .typed = {"a.zip"},
     .options = {.symbol = "C"},
     .status = LF_NOT_FOUND,
     .found = "no day of symbol C here; the first is A, 2020-01-01, 10 levels"},
    {.files = {"a.zip=" A1M "," B1M "," A1O "," B1O},
     .typed = {"a.zip"},
     .options = {.date = "20200102"},
     .status = LF_NOT_FOUND,
     .found = "no day with date 2020-01-02 here; the first is A, 2020-01-01, 10 levels"},
    {.files = {"a.zip=" A1M "," B1M "," A1O "," B1O},
     .typed = {"a.zip"},
     .options = {.level_count = 3},
     .status = LF_NOT_FOUND,
     .found = "no day with 3 levels here; the first is A, 2020-01-01, 10 levels"},
    /* An only day is what the options say. */
    {.files = {A1M, A1O},
     .typed = {A1M},
     .options = {.symbol = "Z", .date = "2020-01-09", .level_count = 3},
     .found = "Z 9 3 " A1M "+" A1O ";"},
    /* Files whose names say nothing. */
    {.files = {"m=34200.1,1,1,1,100,1", "o=1,2,3,4,5,6,7,8"},
     .typed = {"m", "o"},
     .options = {.symbol = "Z", .date = "2020-01-09"},
     .found = "Z 9 2 m+o;"},
    {.files = {"m=34200.1,1,1,1,100,1", "o=1,2,3,4"},
     .typed = {"o", "m", "o"},
     .options = {.format = "lobster", .symbol = "Z", .date = "2020-01-09", .level_count = 1},
     .found = "Z 9 1 m+o;"},
    {.files = {"m=34200.1,1,1,1,100,1"},
     .typed = {"m"},
     .options = {.symbol = "Z", .date = "2020-01-09"},
     .status = LF_FORMAT,
     .found = "@m: a LOBSTER message file without its partner; name the orderbook file too"},
    {.files = {"m=34200.1,1,1,1,100,1", "n=34200.1,1,1,1,100,1"},
     .typed = {"m", "n"},
     .options = {.symbol = "Z", .date = "2020-01-09"},
     .status = LF_DATA,
     .found = "@m and @n are both LOBSTER message files of one day; name one"},
    {.files = {"m=34200.1,1,1,1,100,1"},
     .typed = {"m"},
     .options = {.symbol = "Z"},
     .status = LF_FORMAT,
     .found = "@m: looks like LOBSTER, but its name does not say symbol and date; give --symbol "
              "and --date"},
    {.files = {"t=hello, world"},
     .typed = {"t"},
     .options = {.symbol = "Z", .date = "2020-01-09"},
     .status = LF_FORMAT,
     .found = "@t: not a format that lobflow reads; it reads Databento files (.dbn, .dbn.zst), "
              "NASDAQ ITCH files, network captures of ITCH and of CME MDP 3.0 (.pcap, .pcapng), "
              "AlgoSeek TAQ files (.csv, .csv.gz), captures of Binance and Coinbase (lines of "
              "JSON, plain or packed), bookTicker, trades and aggTrades of data.binance.vision, "
              "LOBSTER archives (.zip, .7z), folders and file pairs named "
              "SYMBOL_YYYY-MM-DD_START_END_message_LEVELS.csv and ..._orderbook_LEVELS.csv"},
    {.files = {"t=1,2,3"},
     .typed = {"t"},
     .status = LF_FORMAT,
     .found = "@t: not a format that lobflow reads; it reads Databento files (.dbn, .dbn.zst), "
              "NASDAQ ITCH files, network captures of ITCH and of CME MDP 3.0 (.pcap, .pcapng), "
              "AlgoSeek TAQ files (.csv, .csv.gz), captures of Binance and Coinbase (lines of "
              "JSON, plain or packed), bookTicker, trades and aggTrades of data.binance.vision, "
              "LOBSTER archives (.zip, .7z), folders and file pairs named "
              "SYMBOL_YYYY-MM-DD_START_END_message_LEVELS.csv and ..._orderbook_LEVELS.csv"},
    /* Options that mean nothing. */
    {.files = {A1M, A1O},
     .typed = {A1M},
     .options = {.date = "2020-02-30"},
     .status = LF_RANGE,
     .found = "\"2020-02-30\" is no date; write YYYY-MM-DD"},
    {.files = {A1M, A1O},
     .typed = {A1M},
     .options = {.symbol = "01234567890123456789012345678901"},
     .status = LF_RANGE,
     .found = "the symbol \"01234567890123456789012345678901\" is too long"},
    {.files = {A1M, A1O},
     .typed = {A1M},
     .options = {.format = "fix"},
     .status = LF_NOT_FOUND,
     .found = "unknown format \"fix\"; known: lobster, algoseek, dbn, itch, binance, binance_csv, "
              "coinbase, cme"},
};

static void make_archive(const char *name, char *list)
{
    ft_member members[PARTS_MAX];
    size_t count = 0;
    for (char *part = strtok(list, ","); part != NULL; part = strtok(NULL, ",")) {
        assert_true(count < PARTS_MAX);
        members[count++] = (ft_member){part, "x\n"};
    }
    const bool is_zip = strstr(name, ".zip") != NULL;
    (void)ft_pack(
        &folder, name, &(ft_archive){is_zip ? "zip" : "7zip", NULL, NULL, NULL}, members, count
    );
}

static void make_file(const char *what)
{
    char copy[512];
    (void)snprintf(copy, sizeof copy, "%s", what);
    char *slash = strrchr(copy, '/');
    char *text = strchr(copy, '=');
    if (text != NULL) {
        *text++ = '\0';
        slash = strrchr(copy, '/');
    }
    if (slash != NULL) {
        *slash = '\0';
        assert_int_equal(lf_mkdirs(lf_testing_path(&folder, copy), NULL), LF_OK);
        *slash = '/';
    }
    if (text != NULL && (strstr(copy, ".zip") != NULL || strstr(copy, ".7z") != NULL)) {
        make_archive(copy, text);
    } else {
        (void)ft_write(&folder, copy, text != NULL ? text : "");
    }
}

/* A text in which each path of the folder is cut to what follows it, or marked with '@'. */
static void shorten(const char *text, const char *mark, char *out, size_t room)
{
    const size_t prefix = strlen(folder.path);
    size_t used = 0;
    while (*text != '\0') {
        if (strncmp(text, folder.path, prefix) == 0) {
            text += prefix + 1;
            used += (size_t)snprintf(out + used, room - used, "%s", mark);
        } else {
            assert_true(used + 1 < room);
            out[used++] = *text++;
        }
    }
    out[used] = '\0';
}

static void list_found(const lf_source_list *list, char *out, size_t room)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < list->count; i++) {
        const lf_source *s = &list->sources[i];
        char text[2200];
        assert_string_equal(s->format, s->symbol[0] == 'C' ? "algoseek" : "lobster");
        (void)snprintf(
            text,
            sizeof text,
            "%s %d %d %s%s%s;",
            s->symbol,
            (int)s->date.day,
            (int)s->level_count,
            s->path,
            s->path2[0] != '\0' ? "+" : "",
            s->path2
        );
        shorten(text, "", out + used, room - used);
        used += strlen(out + used);
    }
}

static void run_tree(const struct tree_case *c, size_t index)
{
    char paths[PARTS_MAX][1024], got[4096];
    const char *typed[PARTS_MAX];
    size_t count = 0;
    assert_true(lf_testing_folder_make(&folder));
    for (size_t i = 0; i < PARTS_MAX && c->files[i] != NULL; i++) {
        make_file(c->files[i]);
    }
    for (; count < PARTS_MAX && c->typed[count] != NULL; count++) {
        (void)snprintf(
            paths[count], sizeof paths[count], "%s", lf_testing_path(&folder, c->typed[count])
        );
        typed[count] = paths[count];
    }
    lf_source_list list;
    lf_error error = {.message = ""};
    const lf_status status = lf_feed_find(typed, count, &c->options, &list, &error);
    if (status == LF_OK) {
        list_found(&list, got, sizeof got);
    } else {
        assert_int_equal(list.count, 0);
        assert_null(list.sources);
        shorten(error.message, "@", got, sizeof got);
    }
    lf_testing_folder_remove(&folder);
    if (status != c->status || strcmp(got, c->found) != 0) {
        fail_msg("case %zu: status %d\n  %s\nnot\n  %s", index, (int)status, got, c->found);
    }
    lf_source_list_clear(&list);
}

static void test_trees(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(tree_cases); i++) {
        run_tree(&tree_cases[i], i);
    }
}

/* ---- odd places ------------------------------------------------------------------------- */

static void expect_error(const char *path, lf_status status, const char *text)
{
    lf_source_list list;
    lf_error error = {.message = ""};
    assert_int_equal(lf_feed_find(&path, 1, NULL, &list, &error), status);
    assert_non_null(strstr(error.message, text));
}

static void test_odd_places(void **state)
{
    (void)state;
    char path[1100];
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    expect_error(path, LF_RANGE, "xxx: the path is too long");
    expect_error("/dev/null", LF_FORMAT, "/dev/null: neither file nor folder");
    assert_true(lf_testing_folder_make(&folder));
    (void)ft_write(&folder, "cut.zip", "PK\x03\x04 and no more");
    expect_error(folder.path, LF_FORMAT, "cut.zip: ");
    lf_testing_folder_remove(&folder);
    lf_source_list list;
    assert_int_equal(lf_feed_find(NULL, 0, NULL, &list, NULL), LF_NOT_FOUND);
    assert_int_equal(list.count, 0);
    lf_source_list_clear(&list);
}

/* Many days in one folder: found in order, in time that does not grow with the square. */
static void test_many_days(void **state)
{
    (void)state;
    enum {
        DAYS = 1200
    };
    assert_true(lf_testing_folder_make(&folder));
    for (int i = 0; i < DAYS; i++) {
        char name[80], date[11];
        lf_date_format(lf_date_from_days(18000 + (i * 7) % DAYS), date);
        (void)snprintf(name, sizeof name, "A_%s_1_2_message_1.csv", date);
        (void)ft_write(&folder, name, "");
        (void)snprintf(name, sizeof name, "A_%s_1_2_orderbook_1.csv", date);
        (void)ft_write(&folder, name, "");
    }
    lf_source_list list;
    const char *path = folder.path;
    assert_int_equal(lf_feed_find(&path, 1, NULL, &list, NULL), LF_OK);
    assert_int_equal(list.count, DAYS);
    for (int i = 0; i < DAYS; i++) {
        assert_int_equal(lf_date_to_days(list.sources[i].date), 18000 + i);
    }
    lf_source_list_clear(&list);
    lf_testing_folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_trees),
        cmocka_unit_test(test_odd_places),
        cmocka_unit_test(test_many_days),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
