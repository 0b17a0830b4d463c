/* SPDX-License-Identifier: MIT */
/* The process is killed at each write of the SQLite store: in front of each call that changes the disk, and at the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/scratch_dir.h"
#include "sweep/sweep_disk.h"

static char path[80];

/* True if there was such a call. All commits that returned are there. */
static bool kill_at(struct sweep_scene *scene, uint64_t call)
{
    struct sweep_disk disk;

    bool good = sweep_disk_live(&disk, scene, call);
    bool stopped = *powerloss_refused(scene->disk) > 0;
    powerloss_kill(scene->disk);
    good = good && sweep_disk_next(&disk, disk.done);
    if (!sweep_disk_close(&disk) || !good) {
        uint64_t calls = scene->calls;
        enum sweep_prior prior = scene->prior;
        sweep_scene_close(scene);
        fail_msg("killed behind call %u of %u (store before: %d): %s", (unsigned)call, (unsigned)calls, prior,
            disk.sweep.why);
    }
    return stopped;
}

static void kill_everywhere(void **state)
{
    const struct golden *golden = *state;
    struct sweep_scene scene;
    size_t tried = 0;
    size_t there = 0;

    for (enum sweep_prior prior = SWEEP_PRIOR_CLOSED; prior < SWEEP_PRIORS; prior++) {
        if (!sweep_prior_fits(golden, prior))
            continue;
        sweep_scene_open(&scene, golden, prior, path);
        for (uint64_t call = 0; call <= scene.calls; call++)
            tried += kill_at(&scene, call) == (call < scene.calls);
        there += (size_t)scene.calls + 1;
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
    int failed = sweep_main(argc, argv, "kills", kill_everywhere);
    scratch_dir_remove(directory);
    return failed;
}
