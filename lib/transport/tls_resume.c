/* SPDX-License-Identifier: MIT */
#include "transport/tls_resume.h"

#define SESSION_MS ((int64_t)CPMSYNC_TLS_SESSION_SECONDS * 1000)

int64_t cpmsync_tls_wall_time(const struct cpmsync_tls_connector *connector)
{
    const struct cpmsync_tls_config *config = &connector->config;
    int64_t wall = config->wall_time ? config->wall_time(config->session_ctx) : 0;
    return wall > 0 ? wall : 0;
}

static bool keeps_in_memory(const struct cpmsync_tls_connector *connector)
{
    return !connector->config.session_load && !connector->config.session_save;
}

void cpmsync_tls_forget_session(struct cpmsync_tls_connector *connector)
{
    cpmsync_tls_wipe_free(connector->mem, connector->session, connector->session_len);
    connector->session = NULL;
    connector->session_len = 0;
    if (connector->config.session_save)
        connector->config.session_save(connector->config.session_ctx, NULL, 0);
}

void cpmsync_tls_keep_session(struct cpmsync_tls *tls)
{
    struct cpmsync_tls_connector *connector = tls->connector;
    uint8_t *data;
    size_t len;
    if (connector->config.no_resumption)
        return;
    if (cpmsync_tls_session_write(connector->mem, &tls->ssl, &tls->facts, &data, &len))
        return;
    if (keeps_in_memory(connector)) {
        cpmsync_tls_wipe_free(connector->mem, connector->session, connector->session_len);
        connector->session = data;
        connector->session_len = len;
        connector->session_checked = tls->session_checked;
        return;
    }
    if (connector->config.session_save)
        connector->config.session_save(connector->config.session_ctx, data, len);
    cpmsync_tls_wipe_free(connector->mem, data, len);
}

/* Offers these octets if they are bound to what we are about to do; else they are of no more use. */
static void offer_octets(struct cpmsync_tls *tls, const uint8_t *data, size_t len)
{
    struct cpmsync_tls_connector *connector = tls->connector;
    struct cpmsync_tls_session_facts facts;
    if (cpmsync_tls_session_facts(data, len, &facts))
        return;
    if (!cpmsync_tls_session_is_valid(&facts, tls->facts.digest, cpmsync_tls_wall_time(connector))) {
        cpmsync_tls_forget_session(connector);
        return;
    }
    if (cpmsync_tls_session_offer(&tls->ssl, data, len))
        return;
    tls->offered = true;
    tls->facts.checked = facts.checked;
}

void cpmsync_tls_offer_session(struct cpmsync_tls *tls)
{
    const struct cpmsync_tls_connector *connector = tls->connector;
    const struct cpmsync_tls_config *config = &connector->config;
    if (config->no_resumption || cpmsync_tls_trust_digest(&connector->trust, &connector->binding, tls->facts.digest))
        return;
    if (keeps_in_memory(connector)) {
        if (!connector->session || tls->now - connector->session_checked >= SESSION_MS)
            return;
        offer_octets(tls, connector->session, connector->session_len);
        tls->session_checked = connector->session_checked;
        return;
    }
    if (!config->session_load)
        return;
    uint8_t *data = cpmsync_mem_alloc(connector->mem, CPMSYNC_TLS_SESSION_MAX);
    if (!data)
        return;
    int64_t len = config->session_load(config->session_ctx, data, CPMSYNC_TLS_SESSION_MAX);
    if (len > 0 && len <= CPMSYNC_TLS_SESSION_MAX)
        offer_octets(tls, data, (size_t)len);
    cpmsync_tls_wipe_free(connector->mem, data, CPMSYNC_TLS_SESSION_MAX);
}
