/*
 * Goal: what a strategy sends, when, and why, in every situation that a row, an event, a timer or a
 * report can bring about. Method: a row of the table is a list of messages with their times and the
 * requests they must cause, as one line of text short enough to be worked out by hand.
 *
 * A request is "time:what": B100m a marketable buy of 100 without a limit (m102: at most 102),
 * S40p102 a passive sell of 40 at 102, x2 a cancel of order 2, then the reason, with the cause in
 * brackets where it is another. Times are ms after the open; +2: sent 2 ms after the decision.
 *
 * The session has 120 s, rows every second, the last 20 s are for leaving; positions are held for
 * 10 s, passive orders rest for 5 s, the stop lies 3 ticks from the mid at the decision.
 */
#include "strategy_testing.h"

static const scenario entries[] = {
    {"nothing without a signal", "", {QUOTE, {'w', 120000, 0, 0, 0}}, ""},
    {"a signal for up buys", "", {QUOTE, LONG(1), {'w', 1000, 0, 0, 0}}, "1000+2:B100m entry "},
    {"a signal for down sells", "", {QUOTE, SHORT(1), {'w', 1000, 0, 0, 0}}, "1000+2:S100m entry "},
    {"weak flow does nothing", "", {QUOTE, {'p', 1000, 60, 10, 0}, {'w', 5000, 0, 0, 0}}, ""},
    {"flow against the model does nothing",
     "",
     {QUOTE, {'p', 1000, 60, -15, 0}, {'w', 5000, 0, 0, 0}},
     ""},
    {"unless it is extreme",
     "",
     {QUOTE, {'p', 1000, 60, -35, 0}, {'w', 5000, 0, 0, 0}},
     "1000+2:B100m entry "},
    {"T10 no decision in a halt", "", {{'q', 500, 100, 102, 1}, LONG(1), {'w', 5000, 0, 0, 0}}, ""},
    {"no decision before the first state", "", {LONG(1), {'w', 5000, 0, 0, 0}}, ""},
    {"no decision on a crossed book",
     "",
     {{'q', 500, 102, 100, 0}, LONG(1), {'w', 5000, 0, 0, 0}},
     ""},
    {"a state of the same instant is seen",
     "",
     {{'q', 1000, 100, 102, 0}, LONG(1), {'w', 1000, 0, 0, 0}},
     "1000+2:B100m entry "},
    {"the size is cut to the largest position",
     "M",
     {QUOTE, LONG(1), {'w', 1000, 0, 0, 0}},
     "1000+2:B50m entry "},
    {"a limit at the touch",
     "T",
     {QUOTE, SHORT(1), {'w', 1000, 0, 0, 0}},
     "1000+2:S100m100 entry "},
    {"passive at the touch", "P", {QUOTE, LONG(1), {'w', 1000, 0, 0, 0}}, "1000+2:B100p100 entry "},
    {"one order at a time",
     "",
     {QUOTE, LONG(1), LONG(2), SHORT(3), {'w', 5000, 0, 0, 0}},
     "1000+2:B100m entry "},
    {"a refused entry waits for the next signal",
     "P",
     {QUOTE, LONG(1), {'w', 1000, 0, 0, 0}, {'r', 1022, 0, 0, 0}, LONG(3), {'w', 5000, 0, 0, 0}},
     "1000+2:B100p100 entry 3000+2:B100p100 entry "},
    {"no entry while leaving time runs",
     "",
     {QUOTE, LONG(100), LONG(101), {'w', 120000, 0, 0, 0}},
     ""},
    {"the last entry before it",
     "",
     {QUOTE, LONG(99), {'w', 99000, 0, 0, 0}},
     "99000+2:B100m entry "},
};

static const scenario exits[] = {
    {"held for 10 s from the fill",
     "",
     {QUOTE, LONG(1), {'f', 1022, 100, 102, 0}, {'w', 20000, 0, 0, 0}},
     "1000+2:B100m entry 11022:S100m hold "},
    {"a signal on the same side neither adds nor extends",
     "",
     {QUOTE, LONG(1), {'f', 1022, 100, 102, 0}, LONG(5), {'w', 20000, 0, 0, 0}},
     "1000+2:B100m entry 11022:S100m hold "},
    {"a timer goes before the row of its instant",
     "",
     {QUOTE, LONG(1), {'f', 2000, 100, 102, 0}, SHORT(12), {'w', 15000, 0, 0, 0}},
     "1000+2:B100m entry 12000:S100m hold "},
    {"an exit keeps its limit",
     "T",
     {QUOTE, LONG(1), {'f', 1022, 100, 102, 0}, {'w', 20000, 0, 0, 0}},
     "1000+2:B100m102 entry 11022:S100m100 hold "},
    {"an exit that did not fill is sent again",
     "",
     {QUOTE,
      LONG(1),
      {'f', 1022, 100, 102, 0},
      {'f', 11044, 30, 100, 0},
      {'x', 11044, 0, 0, 0},
      {'w', 20000, 0, 0, 0}},
     "1000+2:B100m entry 11022:S100m hold 12044:S70m hold "},
    {"a halt: nothing is sent until it is over",
     "T",
     {QUOTE,
      LONG(1),
      {'f', 1022, 100, 102, 0},
      {'q', 11000, 100, 102, 1},
      {'w', 15000, 0, 0, 0},
      {'q', 15500, 98, 101, 0},
      {'w', 16000, 0, 0, 0}},
     "1000+2:B100m102 entry 15500:S100m98 hold "},
    {"a halt before the exit arrived",
     "",
     {QUOTE,
      LONG(1),
      {'f', 1022, 100, 102, 0},
      {'w', 11022, 0, 0, 0},
      {'q', 11030, 100, 102, 1},
      {'r', 11044, 0, 0, 0},
      {'w', 15000, 0, 0, 0},
      {'q', 15500, 98, 101, 0},
      {'w', 16000, 0, 0, 0}},
     "1000+2:B100m entry 11022:S100m hold 15500:S100m hold "},
    {"the state after a halt is beyond the stop",
     "T",
     {QUOTE,
      LONG(1),
      {'f', 1022, 100, 102, 0},
      {'q', 11000, 100, 102, 1},
      {'w', 15000, 0, 0, 0},
      {'q', 15500, 95, 97, 0},
      {'w', 16000, 0, 0, 0}},
     "1000+2:B100m102 entry 15500:S100m stop "},
    {"masked to the end: the position is left alone",
     "",
     {QUOTE,
      LONG(95),
      {'f', 95022, 100, 102, 0},
      {'q', 96000, 100, 102, 1},
      {'w', 120000, 0, 0, 0},
      {'q', 120500, 100, 102, 0}},
     "95000+2:B100m entry "},
    {"stop at 3 ticks from the mid at the decision",
     "",
     {QUOTE, LONG(1), {'f', 1022, 100, 102, 0}, {'q', 3000, 97, 99, 0}},
     "1000+2:B100m entry 3000:S100m stop "},
    {"half a tick less is no stop",
     "",
     {QUOTE, LONG(1), {'f', 1022, 100, 102, 0}, {'q', 3000, 97, 100, 0}},
     "1000+2:B100m entry "},
    {"stop of a short position, without its limit",
     "T",
     {QUOTE, SHORT(1), {'f', 1022, 100, 100, 0}, {'q', 3000, 103, 105, 0}},
     "1000+2:S100m100 entry 3000:B100m stop "},
    {"a state that is not valid stops nothing",
     "",
     {QUOTE, LONG(1), {'f', 1022, 100, 102, 0}, {'q', 3000, 90, 91, 1}, {'q', 3001, 92, 91, 0}},
     "1000+2:B100m entry "},
    {"two median spreads are farther than 3 ticks",
     "W",
     {QUOTE, LONG(1), {'f', 1022, 100, 102, 0}, {'q', 3000, 96, 99, 0}, {'q', 3001, 96, 98, 0}},
     "1000+2:B100m entry 3001:S100m stop "},
    {"a stop between half ticks lies at the next one",
     "H",
     {QUOTE, LONG(1), {'f', 1022, 100, 102, 0}, {'q', 3000, 98, 100, 0}, {'q', 3001, 98, 99, 0}},
     "1000+2:B100m entry 3001:S100m stop "},
    {"without a stop",
     "N",
     {QUOTE, LONG(1), {'f', 1022, 100, 102, 0}, {'q', 3000, 50, 51, 0}},
     "1000+2:B100m entry "},
    {"a stop while the entry is still being filled",
     "",
     {QUOTE,
      LONG(1),
      {'f', 1022, 40, 102, 0},
      {'q', 1030, 97, 99, 0},
      {'x', 1040, 0, 0, 0},
      {'w', 5000, 0, 0, 0}},
     "1000+2:B100m entry 1040:S40m stop "},
    {"out before the session ends",
     "",
     {QUOTE, LONG(95), {'f', 95022, 100, 102, 0}, {'w', 120000, 0, 0, 0}},
     "95000+2:B100m entry 100000:S100m session_end "},
    {"again until the close, and not after it",
     "",
     {QUOTE,
      LONG(95),
      {'f', 95022, 100, 102, 0},
      {'r', 100020, 0, 0, 0},
      {'r', 119500, 0, 0, 0},
      {'w', 130000, 0, 0, 0}},
     "95000+2:B100m entry 100000:S100m session_end 101020:S100m session_end "},
    {"without leaving time the day ends with the position",
     "F",
     {QUOTE, LONG(115), {'f', 115022, 100, 102, 0}, {'w', 130000, 0, 0, 0}},
     "115000+2:B100m entry "},
    {"beyond the stop after the close: too late for an order",
     "F",
     {QUOTE, LONG(115), {'f', 115022, 100, 102, 0}, {'q', 120000, 90, 92, 0}},
     "115000+2:B100m entry "},
    {"beyond the loss limit after the close",
     "FNL",
     {QUOTE, LONG(115), {'f', 115022, 100, 102, 0}, {'q', 120000, 90, 92, 0}},
     "115000+2:B100m entry "},
    {"a reversal that the close ended leaves the old position",
     "FP",
     {QUOTE,
      LONG(111),
      {'f', 111022, 100, 100, 0},
      SHORT(115),
      {'w', 119999, 0, 0, 0},
      {'e', 120010, 0, 0, 0},
      {'w', 130000, 0, 0, 0}},
     "111000+2:B100p100 entry 115000+2:S200p102 reverse "},
    {"an entry on its way when leaving time begins",
     "",
     {QUOTE, LONG(99), {'w', 100000, 0, 0, 0}, {'f', 100010, 100, 102, 0}, {'w', 119000, 0, 0, 0}},
     "99000+2:B100m entry 100010:S100m session_end "},
    {"the loss limit is looked at after every event",
     "NL",
     {QUOTE,
      LONG(1),
      {'f', 1022, 100, 102, 0},
      {'q', 3500, 99, 102, 0},
      {'q', 3600, 99, 101, 0},
      {'f', 3620, 100, 99, 0},
      LONG(6),
      {'w', 9000, 0, 0, 0}},
     "1000+2:B100m entry 3600:S100m loss_limit "},
    {"a loss that is taken counts as well",
     "L",
     {QUOTE,
      LONG(1),
      {'f', 1022, 100, 102, 0},
      {'f', 11040, 100, 100, 0},
      LONG(13),
      {'w', 19000, 0, 0, 0}},
     "1000+2:B100m entry 11022:S100m hold "},
};

static const scenario reversals[] = {
    {"the opposite signal closes and opens in one order",
     "",
     {QUOTE,
      LONG(1),
      {'f', 1022, 100, 102, 0},
      SHORT(5),
      {'f', 5022, 200, 100, 0},
      {'w', 20000, 0, 0, 0}},
     "1000+2:B100m entry 5000+2:S200m reverse 15022:B100m hold "},
    {"fills in pieces: the new position begins with the piece that turns it",
     "",
     {QUOTE,
      LONG(1),
      {'f', 1022, 100, 102, 0},
      SHORT(5),
      {'f', 5022, 60, 100, 0},
      {'f', 5023, 60, 100, 0},
      {'f', 5024, 80, 100, 0},
      {'w', 20000, 0, 0, 0}},
     "1000+2:B100m entry 5000+2:S200m reverse 15023:B100m hold "},
    {"a rest that did not fill leaves the old position to its own time",
     "",
     {QUOTE,
      LONG(1),
      {'f', 1022, 100, 102, 0},
      SHORT(5),
      {'f', 5022, 60, 100, 0},
      {'x', 5022, 0, 0, 0},
      {'w', 20000, 0, 0, 0}},
     "1000+2:B100m entry 5000+2:S200m reverse 11022:S40m hold "},
    {"the old position's time ends while the reversal is on its way",
     "",
     {QUOTE,
      LONG(1),
      {'f', 1022, 100, 102, 0},
      SHORT(11),
      {'f', 11030, 200, 100, 0},
      {'w', 30000, 0, 0, 0}},
     "1000+2:B100m entry 11000+2:S200m reverse 21030:B100m hold "},
    {"the old position's stop is hit while the reversal is on its way",
     "",
     {QUOTE,
      LONG(1),
      {'f', 1022, 100, 102, 0},
      SHORT(5),
      {'w', 5000, 0, 0, 0},
      {'q', 5010, 97, 99, 0},
      {'f', 5022, 200, 97, 0},
      {'w', 30000, 0, 0, 0}},
     "1000+2:B100m entry 5000+2:S200m reverse 15022:B100m hold "},
    {"leaving time begins while the reversal is on its way",
     "",
     {QUOTE,
      LONG(95),
      {'f', 95022, 100, 102, 0},
      SHORT(99),
      {'w', 100000, 0, 0, 0},
      {'f', 100001, 200, 100, 0},
      {'w', 119000, 0, 0, 0}},
     "95000+2:B100m entry 99000+2:S200m reverse 100001:B100m session_end "},
    {"a passive reversal that ran out of time still closes",
     "P",
     {QUOTE,
      LONG(1),
      {'f', 1100, 100, 100, 0},
      SHORT(4),
      {'w', 9002, 0, 0, 0},
      {'x', 9022, 0, 0, 0},
      {'w', 10000, 0, 0, 0}},
     "1000+2:B100p100 entry 4000+2:S200p102 reverse 9002:x2 9022:S100m cross(reverse) "},
    {"a refused one as well",
     "P",
     {QUOTE,
      LONG(1),
      {'f', 1100, 100, 100, 0},
      SHORT(4),
      {'w', 4000, 0, 0, 0},
      {'r', 4022, 0, 0, 0},
      {'w', 6000, 0, 0, 0}},
     "1000+2:B100p100 entry 4000+2:S200p102 reverse 4022:S100m cross(reverse) "},
    {"one that a later signal takes back leaves the position",
     "P",
     {QUOTE,
      LONG(1),
      {'f', 1100, 100, 100, 0},
      SHORT(4),
      LONG(6),
      {'w', 6000, 0, 0, 0},
      {'x', 6022, 0, 0, 0},
      {'w', 11100, 0, 0, 0}},
     "1000+2:B100p100 entry 4000+2:S200p102 reverse 6000+2:x2 11100:S100p102 hold "},
};

static const scenario passives[] = {
    {"an entry's time is over",
     "P",
     {QUOTE, LONG(1), {'w', 7000, 0, 0, 0}, {'x', 7012, 0, 0, 0}, {'w', 30000, 0, 0, 0}},
     "1000+2:B100p100 entry 6002:x1 "},
    {"part of it was filled",
     "P",
     {QUOTE,
      LONG(1),
      {'f', 2000, 30, 100, 0},
      {'w', 6002, 0, 0, 0},
      {'x', 6022, 0, 0, 0},
      {'w', 17000, 0, 0, 0},
      {'x', 17020, 0, 0, 0},
      {'w', 30000, 0, 0, 0}},
     "1000+2:B100p100 entry 6002:x1 12000:S30p102 hold 17000:x2 17020:S30m cross(hold) "},
    {"the rest crosses",
     "PC",
     {QUOTE,
      LONG(1),
      {'f', 2000, 30, 100, 0},
      {'w', 6002, 0, 0, 0},
      {'x', 6022, 0, 0, 0},
      {'w', 7000, 0, 0, 0}},
     "1000+2:B100p100 entry 6002:x1 6022:B70m cross(entry) "},
    {"no rest crosses in a halt",
     "PC",
     {QUOTE,
      LONG(1),
      {'f', 2000, 30, 100, 0},
      {'w', 6002, 0, 0, 0},
      {'q', 6010, 100, 102, 1},
      {'x', 6022, 0, 0, 0},
      {'w', 7000, 0, 0, 0},
      {'q', 7500, 100, 102, 0},
      {'w', 11000, 0, 0, 0}},
     "1000+2:B100p100 entry 6002:x1 "},
    {"a patient exit that waited still runs out of time",
     "P",
     {QUOTE,
      LONG(1),
      {'f', 2000, 100, 100, 0},
      {'q', 11500, 100, 102, 1},
      {'w', 13000, 0, 0, 0},
      {'q', 13500, 100, 102, 0},
      {'w', 19000, 0, 0, 0}},
     "1000+2:B100p100 entry 13500:S100p102 hold 18500:x2 "},
    {"the cancel comes too late",
     "PC",
     {QUOTE,
      LONG(1),
      {'w', 6002, 0, 0, 0},
      {'f', 6010, 100, 100, 0},
      {'k', 6022, 0, 0, 0},
      {'w', 16010, 0, 0, 0}},
     "1000+2:B100p100 entry 6002:x1 16010:S100p102 hold "},
    {"the opposite signal takes an entry back",
     "P",
     {QUOTE, LONG(1), SHORT(3), {'w', 3000, 0, 0, 0}, {'x', 3022, 0, 0, 0}, {'w', 9000, 0, 0, 0}},
     "1000+2:B100p100 entry 3000+2:x1 "},
    {"never before the order that it takes back",
     "P",
     {QUOTE,
      LONG(1),
      {'f', 1100, 100, 100, 0},
      SHORT(4),
      {'w', 4000, 0, 0, 0},
      {'q', 4001, 97, 99, 0},
      {'x', 4030, 0, 0, 0}},
     "1000+2:B100p100 entry 4000+2:S200p102 reverse 4001+1:x2 4030:S100m stop "},
    {"one cancel is enough",
     "P",
     {QUOTE, LONG(1), SHORT(6), SHORT(7), {'w', 7000, 0, 0, 0}, {'x', 7010, 0, 0, 0}},
     "1000+2:B100p100 entry 6000+2:x1 "},
    {"a cancel for leaving time",
     "P",
     {QUOTE, LONG(97), {'w', 100000, 0, 0, 0}, {'x', 100020, 0, 0, 0}, {'w', 119000, 0, 0, 0}},
     "97000+2:B100p100 entry 100000:x1 "},
    {"an expired exit crosses",
     "P",
     {QUOTE,
      LONG(1),
      {'f', 2000, 100, 100, 0},
      {'w', 12000, 0, 0, 0},
      {'e', 12500, 0, 0, 0},
      {'w', 13000, 0, 0, 0}},
     "1000+2:B100p100 entry 12000:S100p102 hold 12500:S100m cross(hold) "},
    {"a stop makes a patient exit urgent",
     "P",
     {QUOTE,
      LONG(1),
      {'f', 2000, 100, 100, 0},
      {'w', 12000, 0, 0, 0},
      {'q', 12100, 97, 99, 0},
      {'x', 12120, 0, 0, 0},
      {'w', 13000, 0, 0, 0}},
     "1000+2:B100p100 entry 12000:S100p102 hold 12100:x2 12120:S100m stop "},
    {"a signal does not disturb an exit",
     "P",
     {QUOTE,
      LONG(1),
      {'f', 2000, 100, 100, 0},
      LONG(13),
      {'w', 15000, 0, 0, 0},
      {'f', 15500, 100, 102, 0},
      {'w', 16000, 0, 0, 0}},
     "1000+2:B100p100 entry 12000:S100p102 hold "},
};

static const scenario brakes[] = {
    {"the kill switch with a position: out, and no entry for the rest of the day",
     "T",
     {QUOTE,
      LONG(1),
      {'f', 1022, 100, 102, 0},
      {'K', 3000, 0, 0, 0},
      {'K', 3001, 0, 0, 0},
      {'f', 3020, 100, 100, 0},
      LONG(6),
      {'w', 30000, 0, 0, 0}},
     "1000+2:B100m102 entry 3000:S100m kill "},
    {"the kill switch takes back an entry that rests",
     "P",
     {QUOTE,
      LONG(1),
      {'a', 1012, 0, 0, 0},
      {'K', 1500, 0, 0, 0},
      {'f', 1510, 30, 100, 0},
      {'x', 1520, 0, 0, 0},
      LONG(6),
      {'w', 9000, 0, 0, 0}},
     "1000+2:B100p100 entry 1500:x1 1520:S30m kill "},
    {"the kill switch makes a patient exit urgent",
     "P",
     {QUOTE,
      LONG(1),
      {'f', 2000, 100, 100, 0},
      {'w', 12000, 0, 0, 0},
      {'K', 12100, 0, 0, 0},
      {'x', 12120, 0, 0, 0},
      {'w', 13000, 0, 0, 0}},
     "1000+2:B100p100 entry 12000:S100p102 hold 12100:x2 12120:S100m kill "},
    {"the kill switch without a position",
     "",
     {QUOTE, {'K', 600, 0, 0, 0}, LONG(1), {'w', 9000, 0, 0, 0}},
     ""},
    {"two rejects in a row kill",
     "K",
     {QUOTE,
      LONG(1),
      {'r', 1022, 0, 0, 0},
      LONG(2),
      {'r', 2022, 0, 0, 0},
      LONG(3),
      {'w', 9000, 0, 0, 0}},
     "1000+2:B100m entry 2000+2:B100m entry "},
    {"a reject between fills does not",
     "K",
     {QUOTE,
      LONG(1),
      {'r', 1022, 0, 0, 0},
      LONG(2),
      {'f', 2022, 100, 102, 0},
      {'r', 12044, 0, 0, 0},
      {'f', 13060, 100, 100, 0},
      LONG(15),
      {'w', 16000, 0, 0, 0}},
     "1000+2:B100m entry 2000+2:B100m entry 12022:S100m hold 13044:S100m hold 15000+2:B100m "
     "entry "},
    {"the third of a second waits when it is an exit",
     "2PC",
     {QUOTE,
      LONG(1),
      {'f', 1100, 100, 100, 0},
      {'q', 1200, 97, 99, 0},
      {'r', 1210, 0, 0, 0},
      {'w', 2300, 0, 0, 0}},
     "1000+2:B100p100 entry 1200:S100m stop 2210:S100m stop "},
    {"an entry beyond the limit is given up, and the next one is not",
     "1",
     {QUOTE,
      LONG(1),
      {'f', 1022, 100, 102, 0},
      {'q', 2500, 97, 99, 0},
      {'f', 2520, 100, 97, 0},
      LONG(3),
      LONG(4),
      {'w', 4500, 0, 0, 0}},
     "1000+2:B100m entry 2500:S100m stop 4000+2:B100m entry "},
    {"an exit within a second of two requests waits for its turn",
     "2P",
     {QUOTE,
      LONG(1),
      {'f', 1100, 40, 100, 0},
      {'q', 1200, 97, 99, 0},
      {'x', 1220, 0, 0, 0},
      {'w', 2300, 0, 0, 0}},
     "1000+2:B100p100 entry 1200:x1 2000:S40m stop "},
};

static void test_brakes(void **state)
{
    PLAY_ALL(brakes)
}

static void test_entries(void **state)
{
    PLAY_ALL(entries)
}

static void test_exits(void **state)
{
    PLAY_ALL(exits)
}

static void test_reversals(void **state)
{
    PLAY_ALL(reversals)
}

static void test_passive_orders(void **state)
{
    PLAY_ALL(passives)
}

/* ---- counts and reports that cannot be -------------------------------------------------- */

static void test_counts(void **state)
{
    (void)state;
    static const scenario row = {
        "counts",
        "PL",
        {QUOTE, LONG(1), {'w', 1000, 0, 0, 0}},
        "",
    };
    desk self;
    start(&self, &row);
    const lf_event event = state_of(&row.messages[0]);
    assert_int_equal(lf_pipeline_event(self.pipeline, OPEN_NS + 500 * MS, &event, NULL), LF_OK);
    wake_until(&self, OPEN_NS + 6003 * MS);
    static const message told[] = {
        {'a', 6004, 0, 0, 0},
        {'f', 6005, 60, 100, 0},
        {'f', 6006, 40, 100, 0},
        {'k', 6022, 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
        const lf_report report = report_of(&self, &told[i]);
        const int64_t ts_ns = OPEN_NS + told[i].ms * MS;
        assert_int_equal(lf_pipeline_report(self.pipeline, 0, ts_ns, &report, NULL), LF_OK);
    }
    /* 60 ticks against 100 lots are a loss of 60 USD: the day is over. */
    const message fall = {'q', 8005, 39, 41, 0};
    const lf_event low = state_of(&fall);
    assert_int_equal(lf_pipeline_event(self.pipeline, OPEN_NS + 8005 * MS, &low, NULL), LF_OK);
    drain(&self);
    const message out = {'f', 8006, 100, 40, 0};
    const lf_report report = report_of(&self, &out);
    assert_int_equal(
        lf_pipeline_report(self.pipeline, 0, OPEN_NS + 8006 * MS, &report, NULL), LF_OK
    );
    const lf_strategy_stats *const stats = lf_pipeline_stats_of(self.pipeline, 0);
    assert_int_equal(stats->signal_count, 1);
    assert_int_equal(stats->signal_counts[LF_RULE_CONTINUATION], 1);
    assert_int_equal(stats->order_counts[LF_REASON_ENTRY], 1);
    assert_int_equal(stats->fill_count, 3);
    assert_int_equal(stats->cancel_race_count, 1);
    assert_true(stats->stopped);
    assert_int_equal(stats->in_position_ns, 2001 * MS);
    assert_int_equal(lf_pipeline_ledger(self.pipeline, 0)->position_lots, 0);
    assert_int_equal(lf_pipeline_ledger(self.pipeline, 0)->cash_nano, INT64_C(-60000000000));
    assert_int_equal(lf_pipeline_mid2(self.pipeline), 80);
    lf_pipeline_destroy(self.pipeline);
}

/* Reports that no order allows stop the run. */
static void test_impossible_reports(void **state)
{
    (void)state;
    static const scenario row = {"entry", "", {QUOTE, LONG(1)}, ""};
    static const struct {
        const char *name;
        int64_t id, lots, filled;
        int32_t side;
    } rows[] = {
        {"another order", 7, 10, 10, 1},
        {"more than was asked", 1, 101, 101, 1},
        {"a sum that is not the sum", 1, 10, 20, 1},
        {"the other side", 1, 10, 10, -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        desk self;
        start(&self, &row);
        const lf_event event = state_of(&row.messages[0]);
        assert_int_equal(lf_pipeline_event(self.pipeline, OPEN_NS + 500 * MS, &event, NULL), LF_OK);
        wake_until(&self, OPEN_NS + 1001 * MS);
        const lf_report report = {
            .order_id = (uint64_t)rows[i].id,
            .kind = LF_REPORT_FILL,
            .state = LF_ORDER_STATE_WORKING_PARTIAL,
            .filled_lots = rows[i].filled,
            .fill = {.lots = rows[i].lots, .side = rows[i].side, .order_id = (uint64_t)rows[i].id},
        };
        lf_error error;
        if (lf_pipeline_report(self.pipeline, 0, OPEN_NS + 1022 * MS, &report, &error) !=
            LF_INVARIANT) {
            fail_msg("%s was believed", rows[i].name);
        }
        assert_int_equal(lf_pipeline_ledger(self.pipeline, 0)->fill_count, 0);
        lf_pipeline_destroy(self.pipeline);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entries),
        cmocka_unit_test(test_exits),
        cmocka_unit_test(test_reversals),
        cmocka_unit_test(test_passive_orders),
        cmocka_unit_test(test_brakes),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_impossible_reports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
