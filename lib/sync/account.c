/* SPDX-License-Identifier: MIT */
#include "sync/account.h"

#include "sync/recognise.h"
#include "sync/request.h"
#include "wire/mailbox_name.h"

enum {
    NEW_IN_A_CHAIN = CPMSYNC_RESYNC_RANGE * CPMSYNC_REQUEST_RANGES, /* of a mailbox that was never synchronised */
    PROVING = 8 /* visits in a chain that show what a server bears: about as many as the window of commands holds */
};

/* A command of ours. */
struct errand {
    struct cpmsync_session_command command; /* the first member */
    struct cpmsync_account *account;
    bool busy;
};

/* A visit under way. */
struct stop {
    struct cpmsync_account *account;
    char *key; /* NULL: free */
};

struct cpmsync_account {
    struct cpmsync_account_config config;
    struct cpmsync_roster roster;
    char *first;                                                      /* may be NULL */
    enum { NOT_VISITED, UNDER_WAY, VISITED, UNFINISHED } first_visit; /* ahead of the plan */

    struct errand unselect;
    struct errand list;
    bool with_status; /* LIST brings STATUS lines */
    struct errand statuses[CPMSYNC_ACCOUNT_STATUSES];
    size_t asked;     /* entries whose STATUS was asked for, or need not be */
    bool doubted;     /* it is known of which the MAILBOXID is to be asked for; */
    size_t asked_ids; /* entries before it are done with */
    size_t errands;

    bool awaits_first;            /* mailboxes are to be renamed in the store, which the first visit writes to */
    struct cpmsync_err first_err; /* of the first visit: it failed, and is not tried again */
    uint32_t first_uidvalidity;   /* as it was cached before */
    bool planned;
    size_t next;       /* entries before it were visited in the chain, or are not to be */
    size_t next_alone; /* likewise, alone */
    struct stop stops[CPMSYNC_ACCOUNT_VISITS];
    size_t visits;
    size_t chained; /* visits there were in the chain */

    struct cpmsync_err err;
    bool over;     /* nothing more is begun */
    unsigned held; /* we are inside something that goes on by itself */
};

static void go_on(struct cpmsync_account *account);

static struct cpmsync_session *session_of(const struct cpmsync_account *account)
{
    return account->config.chain->session;
}

static bool lives(const struct cpmsync_account *account)
{
    return cpmsync_session_state(session_of(account)) != CPMSYNC_SESSION_FAILED;
}

/* ---- ending */

/* The first error counts. */
static void note(struct cpmsync_account *account, const struct cpmsync_err *err)
{
    if (!account->err.error)
        account->err = *err;
}

static void give_up(struct cpmsync_account *account, int error, const struct cpmsync_response *tagged)
{
    struct cpmsync_err err;

    cpmsync_err_clear(&err);
    if (tagged)
        cpmsync_err_server(&err, error, tagged->code.name, tagged->text, true);
    else
        cpmsync_err_set(&err, error);
    note(account, &err);
    account->over = true;
}

/* `text`: of MISSING. */
static void tell(
    struct cpmsync_account *account, enum cpmsync_event_type type, const char *mailbox, int error, const char *text)
{
    struct cpmsync_event event;

    memset(&event, 0, sizeof event);
    event.size = sizeof event;
    event.type = type;
    event.mailbox = mailbox;
    event.error = error;
    event.text = text;
    account->config.event(account->config.ctx, &event);
}

/* ---- LIST and STATUS */

static void errand_data(struct cpmsync_session_command *command, const struct cpmsync_response *response)
{
    struct cpmsync_account *account = ((struct errand *)command)->account;

    cpmsync_roster_data(&account->roster, response);
}

static void begin_errand(struct cpmsync_account *account, struct errand *errand, const char *name)
{
    memset(errand, 0, sizeof *errand);
    errand->account = account;
    errand->command.data = errand_data;
    cpmsync_command_init(&errand->command.text, account->config.mem, CPMSYNC_COMMAND_LINE_MAX * 2,
        cpmsync_session_literals(session_of(account)));
    cpmsync_command_begin(&errand->command.text, name);
}

static int submit_errand(struct cpmsync_account *account, struct errand *errand)
{
    int error = cpmsync_command_end(&errand->command.text);

    if (!error)
        error = cpmsync_session_submit(session_of(account), &errand->command);
    if (error) {
        cpmsync_command_clear(&errand->command.text);
        return error;
    }
    errand->busy = true;
    account->errands++;
    return 0;
}

static void end_errand(struct cpmsync_account *account, struct errand *errand)
{
    cpmsync_command_clear(&errand->command.text);
    errand->busy = false;
    account->errands--;
}

static bool uses_mod_sequences(const struct cpmsync_account *account)
{
    return cpmsync_plan_mod_sequences(session_of(account), account->config.chain->facts);
}

static void add_items(struct cpmsync_account *account, struct cpmsync_command *text)
{
    cpmsync_command_open(text);
    cpmsync_command_atom(text, "UIDVALIDITY");
    cpmsync_command_atom(text, "UIDNEXT");
    cpmsync_command_atom(text, "MESSAGES");
    if (uses_mod_sequences(account))
        cpmsync_command_atom(text, "HIGHESTMODSEQ");
    cpmsync_command_close(text);
}

/* What STATUS says of a mailbox that is selected need not be what others see (R8). */
static void unselect_done(struct cpmsync_session_command *command, int error, const struct cpmsync_response *tagged)
{
    struct errand *errand = (struct errand *)command;
    struct cpmsync_account *account = errand->account;

    end_errand(account, errand);
    account->config.chain->selected = error ? CPMSYNC_SELECTED_YES : CPMSYNC_SELECTED_NO;
    if (!error)
        cpmsync_chain_unselected(account->config.chain);
    else if (!tagged)
        give_up(account, error, NULL);
    go_on(account);
}

static int submit_unselect(struct cpmsync_account *account)
{
    if (account->config.chain->selected == CPMSYNC_SELECTED_NO || !cpmsync_session_can(session_of(account), "UNSELECT"))
        return 0;
    begin_errand(account, &account->unselect, "UNSELECT");
    account->unselect.command.done = unselect_done;
    account->unselect.command.rules = CPMSYNC_COMMAND_SELECT;
    int error = submit_errand(account, &account->unselect);
    if (!error)
        account->config.chain->selected = CPMSYNC_SELECTED_ENDING;
    return error;
}

static void list_done(struct cpmsync_session_command *command, int error, const struct cpmsync_response *tagged);

static int submit_list(struct cpmsync_account *account)
{
    struct cpmsync_command *text = &account->list.command.text;

    begin_errand(account, &account->list, "LIST");
    account->list.command.done = list_done;
    account->with_status =
        cpmsync_session_can(session_of(account), "LIST-STATUS") && !account->config.chain->facts->no_list_status;
    cpmsync_command_string(text, CPMSYNC_SLICE(""));
    cpmsync_command_string(text, CPMSYNC_SLICE("*"));
    if (account->with_status) {
        cpmsync_command_atom(text, "RETURN");
        cpmsync_command_open(text);
        cpmsync_command_atom(text, "STATUS");
        add_items(account, text);
        cpmsync_command_close(text);
    }
    return submit_errand(account, &account->list);
}

static void list_done(struct cpmsync_session_command *command, int error, const struct cpmsync_response *tagged)
{
    struct errand *list = (struct errand *)command;
    struct cpmsync_account *account = list->account;

    end_errand(account, list);
    if (!error)
        error = cpmsync_roster_sort(&account->roster);
    if (error == CPMSYNC_ERR_BAD && account->with_status && !account->over) {
        account->config.chain->facts->no_list_status = true;
        cpmsync_roster_clear(&account->roster);
        error = submit_list(account);
        tagged = NULL;
    }
    if (error)
        give_up(account, error, error == CPMSYNC_ERR_NO || error == CPMSYNC_ERR_BAD ? tagged : NULL);
    go_on(account);
}

/* A mailbox whose STATUS is refused is visited: SELECT tells more. */
static void status_done(struct cpmsync_session_command *command, int error, const struct cpmsync_response *tagged)
{
    struct errand *errand = (struct errand *)command;
    struct cpmsync_account *account = errand->account;

    end_errand(account, errand);
    if (error && !tagged)
        give_up(account, error, NULL);
    go_on(account);
}

/* `id`: its MAILBOXID, else what LIST did not bring. */
static int submit_status(
    struct cpmsync_account *account, const struct cpmsync_roster_entry *entry, bool id, bool refill)
{
    struct errand *errand = account->statuses;
    struct cpmsync_buf wire;

    while (errand->busy)
        errand++;
    begin_errand(account, errand, "STATUS");
    errand->command.done = status_done;
    if (refill)
        errand->command.rules = CPMSYNC_COMMAND_REFILL;
    cpmsync_buf_init(&wire, account->config.mem, CPMSYNC_MAILBOX_NAME_MAX);
    int error = cpmsync_mailbox_name_encode(
        cpmsync_slice_of(entry->key, entry->len), cpmsync_session_utf8_names(session_of(account)), &wire);
    cpmsync_command_astring(&errand->command.text, cpmsync_buf_slice(&wire));
    if (id) {
        cpmsync_command_open(&errand->command.text);
        cpmsync_command_atom(&errand->command.text, "MAILBOXID");
        cpmsync_command_close(&errand->command.text);
    } else {
        add_items(account, &errand->command.text);
    }
    if (!error)
        error = submit_errand(account, errand);
    else
        cpmsync_command_clear(&errand->command.text);
    cpmsync_buf_clear(&wire);
    return error;
}

/* Without mod-sequences STATUS could not say that nothing changed; but what has identifiers is looked for by UIDVALIDITY. */
static void ask_statuses(struct cpmsync_account *account)
{
    bool refill = account->asked != 0;

    bool of_use = uses_mod_sequences(account) || cpmsync_session_can(session_of(account), "OBJECTID");

    if (account->with_status || !of_use)
        account->asked = account->roster.count;
    while (!account->over && account->asked < account->roster.count && account->errands < CPMSYNC_ACCOUNT_STATUSES) {
        const struct cpmsync_roster_entry *entry = &account->roster.entries[account->asked++];
        int error = entry->closed ? 0 : submit_status(account, entry, false, refill);
        if (error)
            give_up(account, error, NULL);
    }
}

/* Where something cached may have another name now (RFC 8474): one flight more. */
static void ask_ids(struct cpmsync_account *account)
{
    bool refill = account->asked_ids != 0;
    size_t count = 0;

    if (!account->doubted && cpmsync_session_can(session_of(account), "OBJECTID")) {
        int error = cpmsync_recognise_doubts(&account->roster, account->config.chain->store, &count);
        if (error)
            give_up(account, error, NULL);
    }
    if (!account->doubted && count == 0)
        account->asked_ids = account->roster.count;
    account->doubted = true;
    while (
        !account->over && account->asked_ids < account->roster.count && account->errands < CPMSYNC_ACCOUNT_STATUSES) {
        const struct cpmsync_roster_entry *entry = &account->roster.entries[account->asked_ids++];
        int error = entry->doubtful ? submit_status(account, entry, true, refill) : 0;
        if (error)
            give_up(account, error, NULL);
    }
}

/* ---- visits */

/* Its whole answer can be asked for ahead of any of it. */
static bool may_chain(const struct cpmsync_account *account, const struct cpmsync_roster_entry *entry)
{
    const struct cpmsync_chain *chain = account->config.chain;

    return cpmsync_plan_qresync(chain->session, chain->facts) && cpmsync_chain_may_follow(chain) &&
           (entry->resumed || (entry->uidnext && entry->uidnext - 1 <= NEW_IN_A_CHAIN));
}

static bool is_first(const struct cpmsync_account *account, const char *key)
{
    return account->first && strcmp(account->first, key) == 0;
}

/* The connection, the store or the memory: nothing further is of use. */
static bool is_general(int error)
{
    enum cpmsync_error_class class = cpmsync_error_class(error);

    return class == CPMSYNC_CLASS_STORE || class == CPMSYNC_CLASS_NETWORK || class == CPMSYNC_CLASS_TLS ||
           error == CPMSYNC_ERR_NOMEM || error == CPMSYNC_ERR_CANCELLED || error == CPMSYNC_ERR_PROTOCOL ||
           error == CPMSYNC_ERR_DEADLINE;
}

/* That the mailbox on the screen is not there is no failure if it has another name, which the plan will tell. */
static bool may_have_moved(const struct cpmsync_account *account, const char *key, const struct cpmsync_err *err)
{
    return err->error == CPMSYNC_ERR_NO_MAILBOX && !account->planned && is_first(account, key);
}

static void visited(void *ctx, const struct cpmsync_err *err, bool unfinished)
{
    struct stop *stop = ctx;
    struct cpmsync_account *account = stop->account;
    struct cpmsync_roster_entry *entry =
        account->planned ? cpmsync_roster_find(&account->roster, cpmsync_slice_str(stop->key)) : NULL;

    account->visits--;
    account->held++;
    if (err->error && is_general(err->error)) {
        note(account, err);
        if (!account->over && lives(account))
            cpmsync_chain_stop(account->config.chain, err->error);
        account->over = true;
    } else if (err->error && lives(account) && !may_have_moved(account, stop->key, err)) {
        note(account, err);
        tell(account, CPMSYNC_EVENT_MAILBOX_FAILED, stop->key, err->error, NULL);
    }
    account->held--;
    if (entry) {
        entry->again = unfinished && !err->error;
    } else if (is_first(account, stop->key)) {
        account->first_err = *err;
        account->first_visit = unfinished && !err->error ? UNFINISHED : VISITED;
    }
    cpmsync_mem_free(account->config.mem, stop->key);
    stop->key = NULL;
    go_on(account);
}

static int visit(
    struct cpmsync_account *account, struct cpmsync_slice key, const struct cpmsync_status_hint *hint, unsigned how)
{
    struct stop *stop = account->stops;

    while (stop->key)
        stop++;
    stop->account = account;
    stop->key = cpmsync_mem_copy(account->config.mem, key.data, key.len);
    if (!stop->key)
        return CPMSYNC_ERR_NOMEM;
    int error = cpmsync_chain_visit(account->config.chain, key, hint, how, visited, stop);
    if (error) {
        cpmsync_mem_free(account->config.mem, stop->key);
        stop->key = NULL;
        return error;
    }
    account->visits++;
    return 0;
}

/* False if that failed at once. */
static bool visit_entry(struct cpmsync_account *account, const struct cpmsync_roster_entry *entry, unsigned how)
{
    struct cpmsync_status_hint hint;
    struct cpmsync_err err;

    cpmsync_roster_hint(entry, &hint);
    int error = visit(account, cpmsync_slice_of(entry->key, entry->len), entry->again ? NULL : &hint, how);
    if (!error)
        return true;
    cpmsync_err_clear(&err);
    cpmsync_err_set(&err, error);
    note(account, &err);
    if (is_general(error))
        account->over = true;
    else
        tell(account, CPMSYNC_EVENT_MAILBOX_FAILED, entry->key, error, NULL);
    return false;
}

/* Those that can be in the same flight. */
static void visit_in_chain(struct cpmsync_account *account)
{
    unsigned how = CPMSYNC_VISIT_CHAINED | (account->next ? CPMSYNC_VISIT_REFILL : 0);

    while (!account->over && account->next < account->roster.count && account->visits < CPMSYNC_ACCOUNT_VISITS) {
        struct cpmsync_roster_entry *entry = &account->roster.entries[account->next++];
        if (entry->state != CPMSYNC_ROSTER_DIFFERS || entry->again)
            continue;
        if (may_chain(account, entry))
            account->chained += visit_entry(account, entry, how);
        else
            entry->again = true;
    }
}

/* The others, one at a time, the one on the screen ahead. */
static void visit_alone(struct cpmsync_account *account)
{
    struct cpmsync_roster_entry *entry = account->first && account->next_alone == 0
                                             ? cpmsync_roster_find(&account->roster, cpmsync_slice_str(account->first))
                                             : NULL;

    while ((!entry || !entry->again) && account->next_alone < account->roster.count)
        entry = &account->roster.entries[account->next_alone++];
    if (!entry || !entry->again)
        return;
    visit_entry(account, entry, 0);
    entry->again = false;
}

/* ---- the plan */

/* 0 if it is not cached. */
static uint32_t cached_uidvalidity(const struct cpmsync_account *account, const char *key)
{
    const struct cpmsync_store *store = account->config.chain->store;
    struct cpmsync_store_mailbox record;

    memset(&record, 0, sizeof record);
    record.size = sizeof record;
    return store->ops->mailbox_get(store->self, (const uint8_t *)key, strlen(key), &record) ? 0 : record.uidvalidity;
}

/* Mailboxes that were renamed are renamed in the store, and the app is told, unless the first visit is to end before that. */
static int follow_renames(struct cpmsync_account *account)
{
    const struct cpmsync_chain *chain = account->config.chain;
    bool visited_first = account->first_visit == VISITED || account->first_visit == UNFINISHED;
    bool is_fresh = visited_first && cached_uidvalidity(account, account->first) != account->first_uidvalidity;
    struct cpmsync_slice fresh = cpmsync_slice_str(is_fresh ? account->first : "");
    struct cpmsync_renames renames;

    cpmsync_renames_init(&renames, account->config.mem);
    int error = cpmsync_recognise(&account->roster, chain->store, fresh, &renames);
    account->awaits_first = !error && renames.count && account->first_visit == UNDER_WAY;
    if (!account->awaits_first && !error && renames.count)
        error = cpmsync_renames_store(&renames, chain->store);
    bool moved = !error && account->first && cpmsync_renames_from(&renames, account->first);
    if (!error && visited_first && !account->first_err.error && cpmsync_renames_to(&renames, account->first))
        account->first_visit = NOT_VISITED; /* what is cached by that name now is older */
    if (!error && renames.count && !account->awaits_first)
        error = cpmsync_renames_tell(chain->store, account->config.mem, account->config.event, account->config.ctx);
    cpmsync_renames_clear(&renames);
    if (!account->awaits_first && account->first_err.error == CPMSYNC_ERR_NO_MAILBOX && !moved) {
        note(account, &account->first_err);
        tell(account, CPMSYNC_EVENT_MAILBOX_FAILED, account->first, account->first_err.error, NULL);
    }
    return error;
}

static void plan(struct cpmsync_account *account)
{
    int error = follow_renames(account);
    bool visited_first = account->first_visit != NOT_VISITED;

    if (account->awaits_first)
        return;
    if (!error && visited_first)
        error = cpmsync_roster_add(&account->roster, cpmsync_slice_str(account->first));
    if (!error)
        error = cpmsync_roster_compare(&account->roster, account->config.chain->store);
    account->planned = true;
    if (error)
        give_up(account, error, NULL);
    for (size_t i = 0; !account->over && i < account->roster.count; i++) {
        struct cpmsync_roster_entry *entry = &account->roster.entries[i];
        if (visited_first && is_first(account, entry->key)) {
            entry->state = CPMSYNC_ROSTER_UNCHANGED; /* by now, or soon; listed or not */
            entry->again = account->first_visit == UNFINISHED;
        } else if (entry->stored && (entry->state == CPMSYNC_ROSTER_MISSING || entry->state == CPMSYNC_ROSTER_CLOSED)) {
            tell(account, CPMSYNC_EVENT_MAILBOX_MISSING, entry->key, 0, entry->closed);
        }
    }
}

/* What is possible now. True when it is over. */
static bool advance(struct cpmsync_account *account)
{
    if (!account->over && !account->list.busy && !account->planned) {
        ask_statuses(account);
        if (account->errands == 0 || account->doubted)
            ask_ids(account);
        bool waits = account->errands || (account->awaits_first && account->first_visit == UNDER_WAY);
        if (!account->over && !waits)
            plan(account);
    }
    if (!account->over && account->planned)
        visit_in_chain(account);
    while (!account->over && account->planned && account->visits == 0 && account->next_alone < account->roster.count)
        visit_alone(account);
    return account->errands == 0 && account->visits == 0 && (account->over || account->planned);
}

/* The server bore what was sent without waiting for answers, or did not (R5). */
static void judge(const struct cpmsync_account *account)
{
    struct cpmsync_server_facts *facts = account->config.chain->facts;
    int error = account->err.error;

    if (error == 0 && account->chained >= PROVING)
        facts->proven = true;
    else if (error == CPMSYNC_ERR_BAD || error == CPMSYNC_ERR_PROTOCOL)
        facts->proven = false;
}

static void go_on(struct cpmsync_account *account)
{
    /* When the connection ended, whoever frees us knows better why. */
    if (account->held || !lives(account))
        return;
    account->held++;
    bool over = advance(account);
    account->held--;
    if (!over)
        return;
    judge(account);
    account->config.done(account->config.ctx, &account->err);
}

/* The first flight. The first mailbox is visited in it where that can be the whole of it. An error only if nothing was sent. */
static int depart(struct cpmsync_account *account)
{
    struct cpmsync_roster_entry known;

    int error = submit_unselect(account);
    if (!error)
        error = submit_list(account);
    if (error && account->errands == 0)
        return error;
    if (error)
        give_up(account, error, NULL);
    memset(&known, 0, sizeof known);
    known.key = account->first;
    known.resumed = true;
    if (!account->over && account->first && may_chain(account, &known)) {
        account->first_uidvalidity = cached_uidvalidity(account, account->first);
        known.len = strlen(known.key);
        account->first_visit = visit_entry(account, &known, CPMSYNC_VISIT_CHAINED) ? UNDER_WAY : VISITED;
    }
    return 0;
}

/* What differs is known already. */
static void take_over(struct cpmsync_account *account, struct cpmsync_roster *told)
{
    account->roster = *told;
    cpmsync_roster_init(told, account->config.mem, account->config.mailboxes_max);
    account->planned = true;
}

void cpmsync_account_go(struct cpmsync_account *account)
{
    for (size_t i = 0; i < account->roster.count; i++)
        if (account->roster.entries[i].state == CPMSYNC_ROSTER_MISSING)
            tell(account, CPMSYNC_EVENT_MAILBOX_MISSING, account->roster.entries[i].key, 0,
                account->roster.entries[i].closed);
    go_on(account);
}

bool cpmsync_account_learnt(const struct cpmsync_account *account)
{
    return account->planned;
}

bool cpmsync_account_asks(const struct cpmsync_account *account)
{
    return account->errands != 0;
}

int cpmsync_account_new(
    struct cpmsync_account **out, const struct cpmsync_account_config *config, struct cpmsync_slice first)
{
    *out = NULL;
    struct cpmsync_account *account = cpmsync_mem_zalloc(config->mem, sizeof *account);
    if (!account)
        return CPMSYNC_ERR_NOMEM;
    account->config = *config;
    cpmsync_err_clear(&account->err);
    cpmsync_err_clear(&account->first_err);
    cpmsync_roster_init(&account->roster, config->mem, config->mailboxes_max);
    account->roster.utf8 = cpmsync_session_utf8_names(config->chain->session);
    account->roster.fields = config->chain->fields;
    if (first.len)
        account->first = cpmsync_mem_copy(config->mem, first.data, first.len);
    int error = first.len && !account->first ? CPMSYNC_ERR_NOMEM : 0;
    if (!error && config->hints)
        error = cpmsync_roster_take_oldnames(&account->roster, config->hints);
    if (!error && config->told)
        take_over(account, config->told);
    else if (!error)
        error = depart(account);
    if (error) {
        cpmsync_account_free(account);
        return error;
    }
    *out = account;
    return 0;
}

void cpmsync_account_free(struct cpmsync_account *account)
{
    if (!account)
        return;
    for (size_t i = 0; i < CPMSYNC_ACCOUNT_VISITS; i++)
        cpmsync_mem_free(account->config.mem, account->stops[i].key);
    cpmsync_roster_clear(&account->roster);
    cpmsync_mem_free(account->config.mem, account->first);
    cpmsync_mem_free(account->config.mem, account);
}

/* What is not up to date, as far as that is known. */
static void tell_left(struct cpmsync_account *account)
{
    for (size_t i = 0; i < CPMSYNC_ACCOUNT_VISITS; i++)
        if (account->stops[i].key)
            tell(account, CPMSYNC_EVENT_MAILBOX_LEFT, account->stops[i].key, 0, NULL);
    for (size_t i = 0; account->planned && i < account->roster.count; i++) {
        const struct cpmsync_roster_entry *entry = &account->roster.entries[i];
        if (entry->again || (i >= account->next && entry->state == CPMSYNC_ROSTER_DIFFERS))
            tell(account, CPMSYNC_EVENT_MAILBOX_LEFT, entry->key, 0, NULL);
    }
}

void cpmsync_account_stop(struct cpmsync_account *account, int error)
{
    bool over = account->over;

    give_up(account, error, NULL);
    account->held++; /* who hears what is left may stop it, too */
    if (error == CPMSYNC_ERR_DEADLINE && !over)
        tell_left(account);
    if (account->unselect.busy)
        cpmsync_session_withdraw(session_of(account), &account->unselect.command);
    if (account->list.busy)
        cpmsync_session_withdraw(session_of(account), &account->list.command);
    for (size_t i = 0; i < CPMSYNC_ACCOUNT_STATUSES; i++)
        if (account->statuses[i].busy)
            cpmsync_session_withdraw(session_of(account), &account->statuses[i].command);
    cpmsync_chain_stop(account->config.chain, error);
    account->held--;
    go_on(account);
}
