#include "setup/apply.h"

#include "base/buf.h"
#include "base/tr.h"
#include "setup/change.h"
#include "setup/service.h"

static void tell(const struct apply_options *o, const char *sentence)
{
	if (o->tell)
		o->tell(o->arg, sentence);
}

static bool is_live(const struct setup_run *r)
{
	return !*r->root;
}

/* All that is written for lack of room or of rights fails here, before anything
 * is in place. */
static bool prepare(struct setup_run *r, struct err *e)
{
	for (size_t i = 0; i < r->n_changes; i++)
		if (!change_prepare(r->arena, &r->change[i], e))
			return false;
	return true;
}

static void forget(struct setup_run *r)
{
	for (size_t i = 0; i < r->n_changes; i++)
		change_forget(r->arena, &r->change[i]);
}

/* The same for the way back: refused here, nothing has been undone. */
static bool prepare_undo(struct setup_run *r, struct err *e)
{
	for (size_t i = 0; i < r->n_changes; i++)
		if (!change_prepare_undo(r->arena, &r->change[i], e)) {
			forget(r);
			return false;
		}
	return true;
}

static bool do_changes(struct setup_run *r, bool postfix, bool *any,
		       struct err *e)
{
	for (size_t i = 0; i < r->n_changes; i++) {
		if (r->change[i].postfix != postfix)
			continue;
		*any = true;
		if (!change_do(r->arena, &r->change[i], e))
			return false;
	}
	return true;
}

static bool clean_main(const struct setup_run *r, struct err *e)
{
	bool changed;

	return !is_live(r) ||
	       proof_clean(r->arena,
			   path_join(r->arena, r->postfix_dir, "main.cf"),
			   &changed, e);
}

static bool go_live(struct setup_run *r, const struct apply_options *o,
		    const char **words, struct err *e)
{
	bool any = false;

	if (is_live(r)) {
		if (!service_start_inkand(r, e))
			return false;
		tell(o, _("inkand runs and answers"));
	}
	if (!do_changes(r, true, &any, e))
		return false;
	if (!is_live(r))
		return true;
	/* one that does not run reads its files when it starts */
	if (r->dovecot && (r->server || r->dovecot_ran)) {
		if (!service_start_dovecot(r, e))
			return false;
		tell(o, _("Dovecot runs with its new configuration"));
	}
	if (!(r->server ? service_start_postfix(r, e)
			: service_reload_postfix(r, true, e)))
		return false;
	tell(o, _("Postfix hands its mail to inkand"));
	if (o->test) {
		if (!proof_run(r, &o->proof, words, e))
			return false;
		tell(o, _("mail through Postfix was signed, and verifies"));
	}
	if (r->stop_opendkim) {
		if (!service_stop_opendkim(r, e))
			return false;
		tell(o, _("OpenDKIM is stopped"));
	}
	return true;
}

/* The failure, and what became of it. */
static bool failed(struct setup_run *r, const struct apply_options *o,
		   struct err *e)
{
	struct err why = *e, undo;

	if (apply_undo(r, o, &undo))
		(void)err_set(e, why.code,
			      _("%.350s. Everything was taken back."),
			      why.text);
	else
		(void)err_set(e, why.code,
			      _("%.200s. Taking it back failed too: %.150s. "
				"Mend that, then: inkan setup --undo"),
			      why.text, undo.text);
	return false;
}

bool apply_run(struct setup_run *r, const struct apply_options *o,
	       const char **words, struct err *e)
{
	bool any = false;

	if (!clean_main(r, e) || !prepare(r, e) ||
	    !do_changes(r, false, &any, e) || !go_live(r, o, words, e) ||
	    !setup_run_mark(r, "applied", e))
		return failed(r, o, e);
	return true;
}

/* Nothing is undone over the work of others. */
static bool check_places(struct setup_run *r, struct err *e)
{
	for (size_t i = 0; i < r->n_changes; i++) {
		enum change_place place;

		if (r->change[i].lines)
			continue;
		if (!change_place(r->arena, &r->change[i], &place, e))
			return false;
		if (place == PLACE_OTHER)
			return err_set(e, ERR_CREATE,
				       _("%s was changed after setup: put "
					 "your change aside and run --undo "
					 "again, or lose it with --undo "
					 "--force"),
				       r->change[i].path);
	}
	return true;
}

static bool undo_changes(struct setup_run *r, bool postfix, struct err *e)
{
	const char *kept = path_below(r->arena, r->root, SETUP_KEPT_KEYS);

	for (size_t i = r->n_changes; i-- > 0;)
		if (r->change[i].postfix == postfix &&
		    !change_undo(r->arena, &r->change[i], kept, e))
			return false;
	return true;
}

static bool undo_live(struct setup_run *r, const struct apply_options *o,
		      struct err *e)
{
	if (is_live(r) && r->stop_opendkim) {
		if (!service_start_opendkim(r, e))
			return false;
		tell(o, _("OpenDKIM runs and answers"));
	}
	if (!undo_changes(r, true, e))
		return false;
	if (!is_live(r))
		return true;
	if (r->dovecot && (r->server || r->dovecot_ran) &&
	    !service_settle_dovecot(r, e))
		return false;
	if (!service_settle_postfix(r, e))
		return false;
	tell(o, _("Postfix is as it was"));
	/* an earlier run still needs it, with its own configuration */
	return r->number > 1 || service_stop_inkand(r, e);
}

bool apply_undo(struct setup_run *r, const struct apply_options *o,
		struct err *e)
{
	if (!clean_main(r, e) ||
	    (!o->force && !r->undoing && !check_places(r, e)) ||
	    !prepare_undo(r, e) || !setup_run_mark(r, "undo", e) ||
	    !undo_live(r, o, e) || !undo_changes(r, false, e) ||
	    (is_live(r) && r->number > 1 && !service_start_inkand(r, e)))
		return false;
	forget(r);
	return setup_run_end(r, e);
}
