// Depth messages of a Binance capture read with simdjson on demand; built and started by
// binance.py.
//
//     binance_simdjson FILE ROUNDS TICK_PLACES LOT_PLACES
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <vector>

#include <simdjson.h>

namespace
{

struct sums {
    size_t messages = 0, levels = 0;
    int64_t ids = 0;
    double prices = 0, sizes = 0;
};

// Prices and sizes as doubles, the fastest that simdjson makes of texts.
void read_side(simdjson::ondemand::array side, sums &out)
{
    for (simdjson::ondemand::array level : side) {
        auto part = level.begin();
        const double price = (*part).get_double_in_string();
        ++part;
        const double size = (*part).get_double_in_string();
        ++part;
        out.prices += price;
        out.sizes += size;
        out.levels++;
    }
}

// Keys in the order in which the venue sends them, which is what on demand likes best.
sums read_messages(
    simdjson::ondemand::parser &parser,
    const char *text,
    const std::vector<size_t> &begins, // of the messages, and where the last one ends, plus one
    size_t room
)
{
    sums out;
    for (size_t k = 0; k + 1 < begins.size(); k++) {
        const size_t at = begins[k], end = begins[k + 1] - 1;
        auto document =
            parser.iterate(simdjson::padded_string_view(text + at, end - at, room - at));
        simdjson::ondemand::object root = document.get_object();
        simdjson::ondemand::object data = root["data"];
        int64_t times = int64_t(data["E"]);
        int64_t time = 0;
        if (data["T"].get(time) == simdjson::SUCCESS) {
            times += time;
        }
        times += int64_t(data["U"]);
        const int64_t id = int64_t(data["u"]);
        if (data["pu"].get(time) == simdjson::SUCCESS) {
            times += time;
        }
        read_side(data["b"], out);
        read_side(data["a"], out);
        out.ids += id + (times == 0);
        out.messages++;
    }
    return out;
}

// Time of this thread: other work on the machine does not count.
long long now_ns()
{
    timespec at = {};
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
    return at.tv_sec * 1000000000LL + at.tv_nsec;
}

} // namespace

int main(int count, char **words)
{
    if (count != 5) {
        return 2;
    }
    auto file = simdjson::padded_string::load(words[1]);
    const simdjson::padded_string text = std::move(file.value());
    // Found before anything is timed; every message ends in a newline.
    std::vector<size_t> begins = {0};
    for (size_t i = 0; i < text.size(); i++) {
        if (text.data()[i] == '\n') {
            begins.push_back(i + 1);
        }
    }
    simdjson::ondemand::parser parser;
    sums out;
    printf(
        "{\"implementation\": \"%s\", \"ns\": [",
        simdjson::get_active_implementation()->name().c_str()
    );
    const int rounds = atoi(words[2]);
    for (int i = 0; i < rounds + 1; i++) {
        const long long begin = now_ns();
        out = read_messages(parser, text.data(), begins, text.size() + simdjson::SIMDJSON_PADDING);
        const long long end = now_ns();
        if (i > 0) {
            printf("%s%lld", i > 1 ? ", " : "", end - begin);
        }
    }
    printf(
        "], \"messages\": %zu, \"levels\": %zu, \"ids\": %lld, \"prices\": %lld, \"sizes\": "
        "%lld}\n",
        out.messages,
        out.levels,
        static_cast<long long>(out.ids),
        static_cast<long long>(std::llround(out.prices * std::pow(10, atoi(words[3])))),
        static_cast<long long>(std::llround(out.sizes * std::pow(10, atoi(words[4]))))
    );
    return 0;
}
