/* SPDX-License-Identifier: MIT */
/*
 * The power goes at each write of the SQLite store. At each position all of what was not flushed is lost, and random
 * subsets of it, sector by sector.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/scratch_dir.h"
#include "sweep/sweep_disk.h"

/* The first loses all. */
static const unsigned subsets[SWEEP_PRIORS] = {3, 2, 2};

static char path[80];

static uint32_t seed_of(const struct golden *golden, uint64_t call, unsigned subset)
{
    uint32_t seed = (uint32_t)call * 2654435761U + subset;

    for (const char *name = golden_name(golden); *name; name++)
        seed = seed * 16777619U + (unsigned char)*name;
    return seed;
}

static void cut_power(const struct sweep_scene *scene, uint64_t call, unsigned subset)
{
    uint32_t seed = seed_of(scene->golden, call, subset);

    if (subset == 0)
        powerloss_cut_all(scene->disk);
    else
        powerloss_cut_random(scene->disk, &seed);
}

/* True if there was such a call. The durable commits that returned are there. */
static bool cut_at(struct sweep_scene *scene, uint64_t call, unsigned subset)
{
    struct sweep_disk disk;

    bool good = sweep_disk_live(&disk, scene, call);
    bool stopped = *powerloss_refused(scene->disk) > 0;
    cut_power(scene, call, subset);
    disk.sweep.unmirrored = golden_lies(scene->golden);
    good = good && sweep_disk_next(&disk, disk.durable);
    if (!sweep_disk_close(&disk) || !good) {
        uint64_t calls = scene->calls;
        enum sweep_prior prior = scene->prior;
        sweep_scene_close(scene);
        fail_msg("power lost behind call %u of %u, subset %u (store before: %d): %s", (unsigned)call, (unsigned)calls,
            subset, prior, disk.sweep.why);
    }
    return stopped;
}

/* Where flushing does nothing, as with synchronous = OFF, the journal is lost at the end: that must show. */
static void expect_loss(struct sweep_scene *scene)
{
    struct sweep_disk disk;

    powerloss_ignore_flush(scene->disk, true);
    bool good = sweep_disk_live(&disk, scene, scene->calls);
    powerloss_cut_all(scene->disk);
    powerloss_ignore_flush(scene->disk, false);
    assert_true(good);
    assert_false(sweep_disk_next(&disk, disk.durable));
    assert_true(sweep_disk_close(&disk));
}

static void cut_everywhere(void **state)
{
    const struct golden *golden = *state;
    struct sweep_scene scene;
    size_t tried = 0;
    size_t there = 0;

    for (enum sweep_prior prior = SWEEP_PRIOR_CLOSED; prior < SWEEP_PRIORS; prior++) {
        if (!sweep_prior_fits(golden, prior))
            continue;
        sweep_scene_open(&scene, golden, prior, path);
        expect_loss(&scene);
        for (uint64_t call = 0; call <= scene.calls; call++)
            for (unsigned subset = 0; subset < subsets[prior]; subset++)
                tried += cut_at(&scene, call, subset) == (call < scene.calls);
        there += subsets[prior] * ((size_t)scene.calls + 1);
        sweep_scene_close(&scene);
    }
    sweep_counted(golden, tried, there);
}

int main(int argc, char **argv)
{
    char directory[32];

    if (scratch_dir_make(directory, sizeof directory))
        return 2;
    snprintf(path, sizeof path, "%s/store", directory);
    int failed = sweep_main(argc, argv, "power losses", cut_everywhere);
    scratch_dir_remove(directory);
    return failed;
}
