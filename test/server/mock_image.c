/* SPDX-License-Identifier: MIT */
#include "mock_image.h"

#include <cpmsync/error.h>

#ifdef CPMSYNC_MOCK_WITH_GD
#include <gd.h>

enum { SIDE_MAX = 8192 };

bool cpmsync_mock_has_images(void)
{
    return true;
}

static void say_nothing(int priority, const char *format, va_list arguments)
{
    (void)priority, (void)format, (void)arguments;
}

static gdImagePtr read_image(const char *type, struct cpmsync_slice image)
{
    void *data = (void *)(uintptr_t)image.data;
    int len = image.len < INT32_MAX ? (int)image.len : 0;
    gdSetErrorMethod(say_nothing); /* broken pictures are no news */
    return strcmp(type, "image/jpeg") == 0  ? gdImageCreateFromJpegPtr(len, data)
           : strcmp(type, "image/png") == 0 ? gdImageCreateFromPngPtr(len, data)
                                            : gdImageCreateFromGifPtr(len, data);
}

static void *write_image(const char *type, gdImagePtr image, int *len)
{
    return strcmp(type, "image/jpeg") == 0  ? gdImageJpegPtr(image, len, 85)
           : strcmp(type, "image/png") == 0 ? gdImagePngPtr(image, len)
                                            : gdImageGifPtr(image, len);
}

/* A side that is not given follows the one that is. */
static uint32_t side(uint32_t wanted, int own, uint32_t other, int other_own)
{
    if (wanted || !other)
        return wanted ? wanted : (uint32_t)own;
    uint64_t scaled = (uint64_t)own * other / (uint64_t)other_own;
    return scaled ? (uint32_t)(scaled < UINT32_MAX ? scaled : UINT32_MAX) : 1;
}

static int write_scaled(gdImagePtr image, const char *to, uint32_t width, uint32_t height, struct cpmsync_buf *out)
{
    gdImagePtr canvas = gdImageCreateTrueColor((int)width, (int)height);
    int len = 0, error = CPMSYNC_ERR_NOMEM;
    if (!canvas)
        return error;
    gdImageCopyResampled(canvas, image, 0, 0, 0, 0, (int)width, (int)height, gdImageSX(image), gdImageSY(image));
    void *data = write_image(to, canvas, &len);
    if (data)
        error = cpmsync_buf_add(out, data, (size_t)len);
    gdFree(data);
    gdImageDestroy(canvas);
    return error;
}

int cpmsync_mock_image_convert(const char *from, const char *to, uint32_t width, uint32_t height,
    struct cpmsync_slice image, struct cpmsync_buf *out)
{
    gdImagePtr picture = read_image(from, image);
    int error = CPMSYNC_ERR_LIMIT;
    if (!picture)
        return CPMSYNC_ERR_UNSUPPORTED;
    uint32_t x = side(width, gdImageSX(picture), height, gdImageSY(picture));
    uint32_t y = side(height, gdImageSY(picture), width, gdImageSX(picture));
    if (x <= SIDE_MAX && y <= SIDE_MAX)
        error = write_scaled(picture, to, x, y, out);
    gdImageDestroy(picture);
    return error;
}

#else

bool cpmsync_mock_has_images(void)
{
    return false;
}

int cpmsync_mock_image_convert(const char *from, const char *to, uint32_t width, uint32_t height,
    struct cpmsync_slice image, struct cpmsync_buf *out)
{
    (void)from, (void)to, (void)width, (void)height, (void)image, (void)out;
    return CPMSYNC_ERR_UNSUPPORTED;
}

#endif
