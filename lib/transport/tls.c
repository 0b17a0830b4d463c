/* SPDX-License-Identifier: MIT */
#include <cpmsync/transport.h>

#include <string.h>

#include "base/sized.h"
#include "transport/address.h"
#include "transport/tls_stream.h"

#define HANDSHAKE_TIMEOUT_MS 60000

static int connector_open(void *self, int64_t now, struct cpmsync_transport *transport)
{
    return cpmsync_tls_open(self, now, transport);
}

/* Waking is the matter of whoever has descriptors. */

static size_t connector_pollfds(void *self, struct cpmsync_pollfd *fds, size_t max)
{
    const struct cpmsync_connector *inner = &((struct cpmsync_tls_connector *)self)->inner;
    return inner->ops->pollfds ? inner->ops->pollfds(inner->self, fds, max) : 0;
}

static int connector_wake(void *self)
{
    const struct cpmsync_connector *inner = &((struct cpmsync_tls_connector *)self)->inner;
    return inner->ops->wake ? inner->ops->wake(inner->self) : CPMSYNC_ERR_UNSUPPORTED;
}

static void connector_woken(void *self)
{
    const struct cpmsync_connector *inner = &((struct cpmsync_tls_connector *)self)->inner;
    if (inner->ops->woken)
        inner->ops->woken(inner->self);
}

static void connector_free(void *self)
{
    struct cpmsync_tls_connector *connector = self;
    const struct cpmsync_allocator *mem = connector->mem;
    cpmsync_tls_wipe_free(mem, connector->session, connector->session_len);
    cpmsync_tls_random_clear(&connector->random);
    cpmsync_mem_free(mem, connector->host);
    cpmsync_mem_free(mem, connector->account);
    cpmsync_mem_free(mem, connector->ca_file);
    cpmsync_mem_free(mem, connector->ca_data);
    cpmsync_mem_free(mem, connector->pins);
    cpmsync_connector_free(&connector->inner);
    cpmsync_mem_free(mem, connector);
}

static const struct cpmsync_connector_ops connector_ops = {
    sizeof(struct cpmsync_connector_ops),
    connector_open,
    connector_pollfds,
    connector_wake,
    connector_woken,
    connector_free,
};

static int check_config(struct cpmsync_tls_config *config, const struct cpmsync_tls_config *given)
{
    int error = cpmsync_sized_read(config, sizeof(*config), given);
    if (error)
        return error;
    size_t host_len = config->host ? strlen(config->host) : 0;
    if (!host_len || host_len > MBEDTLS_SSL_MAX_HOST_NAME_LEN || !config->ca_data != !config->ca_data_len)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    if (!config->pins != !config->pin_count || config->pin_count > CPMSYNC_TLS_PINS_MAX)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    if (config->handshake_timeout_ms < CPMSYNC_OFF)
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    if (!config->handshake_timeout_ms)
        config->handshake_timeout_ms = HANDSHAKE_TIMEOUT_MS;
#if defined(CPMSYNC_TLS_PSA_UNGUARDED)
    if (!config->single_thread)
        return CPMSYNC_ERR_STATE;
#endif
    return 0;
}

static int copy_trust(struct cpmsync_tls_connector *connector)
{
    const struct cpmsync_tls_config *config = &connector->config;
    const struct cpmsync_allocator *mem = connector->mem;
    if (config->ca_file)
        connector->ca_file = cpmsync_mem_copy(mem, config->ca_file, strlen(config->ca_file));
    if (config->ca_data)
        connector->ca_data = (uint8_t *)cpmsync_mem_copy(mem, config->ca_data, config->ca_data_len);
    if (config->pins)
        connector->pins = cpmsync_mem_alloc(mem, config->pin_count * CPMSYNC_TLS_PIN_LEN);
    if ((config->ca_file && !connector->ca_file) || (config->ca_data && !connector->ca_data) ||
        (config->pins && !connector->pins))
        return CPMSYNC_ERR_NOMEM;
    if (config->pins)
        memcpy(connector->pins, config->pins, config->pin_count * CPMSYNC_TLS_PIN_LEN);
    connector->trust.ca_file = connector->ca_file;
    connector->trust.ca_data = connector->ca_data;
    connector->trust.ca_data_len = config->ca_data_len;
    connector->trust.pins = (const uint8_t(*)[CPMSYNC_TLS_PIN_LEN])connector->pins;
    connector->trust.pin_count = config->pin_count;
    connector->trust.asks = config->trust != NULL;
    return 0;
}

static int copy_settings(struct cpmsync_tls_connector *connector)
{
    struct cpmsync_tls_config *config = &connector->config;
    const char *account = config->account ? config->account : "";
    size_t host_len = strlen(config->host);
    if (host_len > 1 && config->host[host_len - 1] == '.') /* certificates hold names without it */
        host_len--;
    connector->host = cpmsync_mem_copy(connector->mem, config->host, host_len);
    connector->account = cpmsync_mem_copy(connector->mem, account, strlen(account));
    if (!connector->host || !connector->account || copy_trust(connector))
        return CPMSYNC_ERR_NOMEM;
    config->host = config->account = config->ca_file = NULL;
    config->ca_data = NULL;
    config->pins = NULL;
    connector->binding.host = connector->host;
    connector->binding.port = config->port;
    connector->binding.account = connector->account;
    connector->binding.starttls = config->starttls;
    if (!cpmsync_address_parse(connector->host, &connector->address, NULL))
        connector->address.family = 0;
    return 0;
}

int cpmsync_connector_tls(
    struct cpmsync_connector *out, struct cpmsync_connector *inner, const struct cpmsync_tls_config *given)
{
    struct cpmsync_tls_config config;
    struct cpmsync_tls_connector *connector = NULL;
    int error = out && inner && inner->ops ? check_config(&config, given) : CPMSYNC_ERR_INVALID_ARGUMENT;
    if (error)
        goto refused;
    connector = cpmsync_mem_zalloc(config.allocator, sizeof(*connector));
    if (!connector) {
        error = CPMSYNC_ERR_NOMEM;
        goto refused;
    }
    connector->mem = config.allocator;
    connector->config = config;
    connector->inner = *inner;
    inner->ops = NULL;
    error = copy_settings(connector);
    if (error) {
        connector_free(connector);
        return error;
    }
    out->ops = &connector_ops;
    out->self = connector;
    return 0;

refused:
    cpmsync_connector_free(inner);
    return error;
}
