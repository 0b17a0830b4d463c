/* SPDX-License-Identifier: MIT */
/* Pictures from one format and size to another, by libgd where the build has it. */
#ifndef CPMSYNC_MOCK_IMAGE_H
#define CPMSYNC_MOCK_IMAGE_H

#include "base/buf.h"

/* Whether this build converts pictures. */
bool cpmsync_mock_has_images(void);

/* Types are such as "image/png". A width or height of 0 follows the other, and the picture's own where both are. Appends.
 * CPMSYNC_ERR_UNSUPPORTED for what is no such picture, _LIMIT for one too large to make. */
int cpmsync_mock_image_convert(const char *from, const char *to, uint32_t width, uint32_t height,
    struct cpmsync_slice image, struct cpmsync_buf *out);

#endif
