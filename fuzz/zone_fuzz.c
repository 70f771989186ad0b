/* Fuzzes the reader of time zone files: any bytes are refused or give a zone whose offsets can be
   asked for at every instant. */
#include <lobflow/base.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/tmp/lobflow-fuzz-zone-%ld", (long)getpid());
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(data, 1, bytes, file) != bytes || fclose(file) != 0 ||
        setenv("TZDIR", "/tmp", 1) != 0) {
        abort();
    }
    lf_zone *zone = NULL;
    lf_error error = {.message = ""};
    const lf_status status = lf_zone_create(NULL, path + 5, &zone, &error);
    if (status != LF_OK && (zone != NULL || error.message[0] == '\0')) {
        abort();
    }
    for (int32_t year = 1700; status == LF_OK && year < 2250; year += 7) {
        const int64_t time_ns = lf_zone_to_utc(zone, (lf_date){year, 1 + year % 12, 1}, 0);
        (void)lf_zone_offset_s(zone, time_ns);
    }
    lf_zone_destroy(zone);
    (void)unlink(path);
    return 0;
}
