/* plan_unit: inkand under systemd: a unit, or what the packaged one lacks. */
#include "base/buf.h"
#include "base/limits.h"
#include "setup/plan.h"

static const char unit_text[] =
#include "unit.inc" /* contrib/systemd/inkand.service */
	;

static str unit_of(const struct plan *p)
{
	struct buf b = buf_of(p->m->arena, LIMIT_CONFIG_BYTES);
	str text = str_of(unit_text), line;

	while (str_split(&text, '\n', &line)) {
		if (str_starts(line, STR("ExecStart=")))
			buf_printf(&b, "ExecStart=%s -f -x %s", p->m->inkand,
				   SETUP_INKAN_CONF);
		else if (str_starts(line, STR("Group=")))
			buf_printf(&b, "Group=%s", p->m->mail_group);
		else if (str_starts(line, STR("#ReadWritePaths=")))
			buf_printf(&b, "ReadWritePaths=%s/inkan",
				   p->m->queue_dir);
		else
			buf_put(&b, line);
		if (text.p && (text.n || line.n))
			buf_putc(&b, '\n');
	}
	return buf_str(&b);
}

bool plan_unit(struct plan *p, struct err *e)
{
	const char *const dir = "/etc/systemd/system";
	const struct account root = { true, 0, 0 };
	struct buf b = buf_of(p->m->arena, 4096);

	if (!p->m->systemd || !p->m->inkand)
		return true;
	if (!p->m->packaged_unit)
		return plan_file(p,
				 path_join(p->m->arena, dir, "inkand.service"),
				 unit_of(p), e);
	plan_dir(p, path_join(p->m->arena, dir, "inkand.service.d"), 0755,
		 root);
	buf_printf(&b, "[Service]\nGroup=%s\nReadWritePaths=%s/inkan\n",
		   p->m->mail_group, p->m->queue_dir);
	return plan_file(
		p, path_join(p->m->arena, dir, "inkand.service.d/setup.conf"),
		buf_str(&b), e);
}
