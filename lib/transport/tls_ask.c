/* SPDX-License-Identifier: MIT */
#include "transport/tls_ask.h"

#include <string.h>

bool cpmsync_tls_asks(const struct cpmsync_tls_connector *connector)
{
    return connector->config.trust != NULL;
}

int cpmsync_tls_ask_collect(struct cpmsync_tls *tls, const mbedtls_x509_crt *certificate, int depth)
{
    struct cpmsync_tls_ask *ask = &tls->ask;
    if (depth < 0 || depth >= CPMSYNC_TLS_CHAIN_MAX)
        return MBEDTLS_ERR_X509_FATAL_ERROR;
    size_t at = (size_t)depth;
    cpmsync_mem_free(tls->connector->mem, ask->chain[at]);
    ask->chain[at] = cpmsync_mem_alloc(tls->connector->mem, certificate->raw.len);
    if (!ask->chain[at])
        return MBEDTLS_ERR_X509_ALLOC_FAILED;
    memcpy(ask->chain[at], certificate->raw.p, certificate->raw.len);
    ask->lens[at] = certificate->raw.len;
    if (ask->count <= at)
        ask->count = at + 1;
    return 0;
}

static void ask_app(struct cpmsync_tls *tls)
{
    struct cpmsync_tls_connector *connector = tls->connector;
    struct cpmsync_tls_ask *ask = &tls->ask;
    struct cpmsync_tls_question question = {.size = sizeof(question)};
    ask->id = ++connector->asked;
    ask->flags = mbedtls_ssl_get_verify_result(&tls->ssl);
    question.connector = connector;
    question.id = ask->id;
    question.host = connector->host;
    question.chain = (const uint8_t *const *)ask->chain;
    question.chain_lens = ask->lens;
    question.chain_count = ask->count;
    question.x509_flags = ask->flags;
    int verdict = connector->config.trust(connector->config.trust_ctx, &question);
    if (ask->verdict == CPMSYNC_TLS_LATER) /* else it was answered inside */
        ask->verdict = verdict == CPMSYNC_TLS_LATER || verdict == CPMSYNC_TLS_TRUST ? verdict : CPMSYNC_TLS_REFUSE;
    cpmsync_tls_ask_clear(tls);
}

int cpmsync_tls_ask_verdict(struct cpmsync_tls *tls)
{
    if (!tls->ask.id)
        ask_app(tls);
    tls->ask.due = false;
    return tls->ask.verdict;
}

bool cpmsync_tls_ask_is_due(const struct cpmsync_tls *tls)
{
    return tls->ask.due;
}

static bool waits(const struct cpmsync_tls *tls)
{
    return tls->state == CPMSYNC_TLS_HANDSHAKE && tls->ask.id && tls->ask.verdict == CPMSYNC_TLS_LATER;
}

void cpmsync_tls_ask_clear(struct cpmsync_tls *tls)
{
    for (size_t i = 0; i < tls->ask.count; i++) {
        cpmsync_mem_free(tls->connector->mem, tls->ask.chain[i]);
        tls->ask.chain[i] = NULL;
    }
    tls->ask.count = 0;
}

int cpmsync_tls_trust_answer(struct cpmsync_tls_connector *connector, uint64_t id, int verdict)
{
    if (!connector || (verdict != CPMSYNC_TLS_TRUST && verdict != CPMSYNC_TLS_REFUSE))
        return CPMSYNC_ERR_INVALID_ARGUMENT;
    for (struct cpmsync_tls *tls = connector->open; tls; tls = tls->next)
        if (tls->ask.id == id && waits(tls)) {
            tls->ask.verdict = verdict;
            tls->ask.due = true;
            return 0;
        }
    return CPMSYNC_ERR_NOT_FOUND;
}
