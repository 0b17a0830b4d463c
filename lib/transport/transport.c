/* SPDX-License-Identifier: MIT */
#include <cpmsync/transport.h>

void cpmsync_connector_free(struct cpmsync_connector *connector)
{
    if (!connector || !connector->ops)
        return;
    connector->ops->free(connector->self);
    connector->ops = NULL;
    connector->self = NULL;
}

/* The transports this build leaves out. */

#if !defined(CPMSYNC_WITH_SOCKETS)
int cpmsync_connector_tcp(struct cpmsync_connector *connector, const struct cpmsync_tcp_config *config)
{
    (void)connector;
    (void)config;
    return CPMSYNC_ERR_UNSUPPORTED;
}
#endif

#if !defined(CPMSYNC_WITH_TLS)
int cpmsync_connector_tls(
    struct cpmsync_connector *connector, struct cpmsync_connector *inner, const struct cpmsync_tls_config *config)
{
    (void)connector;
    (void)config;
    cpmsync_connector_free(inner);
    return CPMSYNC_ERR_UNSUPPORTED;
}

int cpmsync_tls_trust_answer(struct cpmsync_tls_connector *connector, uint64_t id, int verdict)
{
    (void)connector;
    (void)id;
    (void)verdict;
    return CPMSYNC_ERR_UNSUPPORTED;
}
#endif
