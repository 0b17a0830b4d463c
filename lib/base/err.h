/* SPDX-License-Identifier: MIT */
/* The last error of something, with the words that came along (public texts: cpmsync/error.h). */
#ifndef CPMSYNC_BASE_ERR_H
#define CPMSYNC_BASE_ERR_H

#include <cpmsync/error.h>

#include "base/slice.h"

enum { CPMSYNC_ERR_TEXT_MAX = 256, CPMSYNC_ERR_CODE_MAX = 32 };

/* Holds an error by value, without memory of its own; texts are cut at their end. */
struct cpmsync_err {
    int error;
    uint32_t x509_flags;
    int backend_code;
    bool trusted;
    char text[CPMSYNC_ERR_TEXT_MAX];
    char code[CPMSYNC_ERR_CODE_MAX];
};

void cpmsync_err_clear(struct cpmsync_err *err);
/* Sets the error; keeps nothing of an earlier one. Returns `error`. */
int cpmsync_err_set(struct cpmsync_err *err, int error);
/* With the server's words; control octets become '?'. Returns `error`. */
int cpmsync_err_server(
    struct cpmsync_err *err, int error, struct cpmsync_slice code, struct cpmsync_slice text, bool trusted);
/* As the public struct; strings point into *err. */
void cpmsync_err_fault(const struct cpmsync_err *err, struct cpmsync_fault *fault);
/* From a public struct (NULL: `otherwise`). */
void cpmsync_err_from_fault(struct cpmsync_err *err, const struct cpmsync_fault *fault, int otherwise);

#endif
