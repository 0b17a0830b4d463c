/* SPDX-License-Identifier: MIT */
/* fuzz_<name> FILE...: each file is one input. */
#include "fuzz/fuzz.h"

static uint8_t *read_file(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = NULL;

    *len = 0;
    if (!file)
        return NULL;
    if (fseek(file, 0, SEEK_END) == 0) {
        long size = ftell(file);
        if (size >= 0 && fseek(file, 0, SEEK_SET) == 0 && (data = malloc((size_t)size + 1)) != NULL)
            *len = fread(data, 1, (size_t)size, file);
    }
    fclose(file);
    return data;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: %s FILE...\n", argv[0]);
        return 2;
    }
    for (int i = 1; i < argc; i++) {
        size_t len;
        uint8_t *data = read_file(argv[i], &len);
        if (!data) {
            fprintf(stderr, "%s cannot be read\n", argv[i]);
            return 1;
        }
        fprintf(stderr, "%s: %zu octets\n", argv[i], len);
        LLVMFuzzerTestOneInput(data, len);
        free(data);
    }
    printf("%d inputs\n", argc - 1);
    return 0;
}
